"""What registries are asked for, from the facts alone: what runs or would run first, then what that is built on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, assert_never

from tui.domain.common.memo import changed_keys
from tui.domain.common.source_id import SourceKind
from tui.domain.facts.configured import configured_claims
from tui.domain.facts.demand import Demand, Priority
from tui.domain.facts.facts import ClusterFacts, Facts, ImageFacts
from tui.domain.facts.image import Claim, ClaimKind, ImageConfig, Manifest, ManifestKind, RepositoryName
from tui.domain.facts.reference import ImageIdKind, parse_image_id, parse_reference
from tui.domain.facts.workload import Controller, Pod
from tui.domain.lineage.genealogy import said_of
from tui.domain.registries.contents import Contents
from tui.domain.registries.presence import Registries
from tui.domain.registries.public import PUBLIC, is_public
from tui.domain.registries.runnable import is_attestation
from tui.errors import InvalidReference

__all__ = ["PUBLIC", "References", "is_outstanding", "references_of", "registries_asked", "wanted"]

MAX_BASES = 2000
MAX_GENERATIONS = 12


class _Running(NamedTuple):
    """A reference as a spec writes it, with an `imageID` that a node reported for it (empty: declared only)."""

    image: str
    image_id: str


def wanted(facts: Facts) -> tuple[Demand, ...]:
    """Every manifest that the facts make us want to know; the order is stable, most urgent first."""
    registries = Registries(facts.images)
    running = list(_merged(_demands(sorted(references_of(facts.cluster)), registries)))
    known = {demand.name.registry for demand in running} | {name.registry for name in facts.images.held} | registries_asked(facts)
    bases = _bases(running, facts.images, registries, frozenset(known) | PUBLIC)
    return tuple(_merged([*running, *bases]))


def is_outstanding(demands: Iterable[Demand], facts: ImageFacts) -> bool:
    """Whether anything that is wanted has not been answered in any way yet."""
    registries = Registries(facts)
    return any(not _is_answered(demand, registries) for demand in demands)


def _is_answered(demand: Demand, registries: Registries) -> bool:
    pinned = ":" in demand.reference
    word = registries.digest(demand.name, demand.reference) if pinned else registries.tag(demand.name, demand.reference)
    return word.at is not None or word.kind is not None


def registries_asked(facts: Facts) -> frozenset[str]:
    """The registries that are asked already, or that the configuration says not to ask."""
    return frozenset(source.name for source in facts.health if source.kind is SourceKind.REGISTRY and source.name)


def references_of(facts: ClusterFacts) -> frozenset[_Running]:
    """Every distinct pair of reference and imageID; templates of workloads without pods and of old ReplicaSets included."""
    found: set[_Running] = set()
    for pods in facts.pods.values():
        for pod in pods.values():
            found.update(_Running(container.image, container.image_id) for container in pod.containers)
    for controllers in facts.controllers.values():
        for controller in controllers.values():
            found.update(_Running(container.image, "") for container in controller.containers)
    return frozenset(found)


class References:
    """Keeps those pairs, round after round: only objects that are others than before are looked at."""

    def __init__(self) -> None:
        self._facts = ClusterFacts()
        self._uses: Counter[_Running] = Counter()
        self._references: frozenset[_Running] = frozenset()

    def of(self, facts: ClusterFacts) -> frozenset[_Running]:
        """The pairs of these facts; the very same as long as there is no other."""
        before, self._facts = self._facts, facts
        changed = False
        for source in {**before.pods, **facts.pods}:
            changed |= self._renew(before.pods.get(source, {}), facts.pods.get(source, {}))
        for table in {**before.controllers, **facts.controllers}:
            changed |= self._renew(before.controllers.get(table, {}), facts.controllers.get(table, {}))
        if changed:
            self._references = frozenset(self._uses)
        return self._references

    def _renew(self, before: Mapping[str, Pod | Controller], after: Mapping[str, Pod | Controller]) -> bool:
        """Take in what changed in a table. Says whether a pair came or went by it."""
        uses: Counter[_Running] = Counter()
        for uid in changed_keys(before, after):
            uses.update(_references(after.get(uid)))
            uses.subtract(_references(before.get(uid)))
        changed = False
        for pair, more in uses.items():
            number = self._uses[pair] + more
            changed = changed or (self._uses[pair] == 0) != (number == 0)
            if number:
                self._uses[pair] = number
            else:
                del self._uses[pair]
        return changed


def _references(user: Pod | Controller | None) -> Iterator[_Running]:
    match user:
        case Pod():
            return (_Running(container.image, container.image_id) for container in user.containers)
        case Controller():
            return (_Running(container.image, "") for container in user.containers)
        case None:
            return iter(())
        case _:
            assert_never(user)


def _demands(running: Iterable[_Running], registries: Registries) -> Iterator[Demand]:
    for each in running:
        try:
            reference = parse_reference(each.image)
        except InvalidReference:
            continue
        name = RepositoryName(reference.registry, reference.repository)
        found = parse_image_id(each.image_id)
        differs = found.kind is not ImageIdKind.NONE and not _is_current(name, reference.tag, found.digest, registries)
        if reference.digest:
            yield Demand(name, reference.digest, referrers=True)
        if reference.tag:
            word = registries.tag(name, reference.tag)
            yield Demand(name, reference.tag, referrers=True, history=word.gone or (differs and not reference.digest))
        if found.kind is ImageIdKind.REPO_DIGEST:
            yield from _reported(name, found.name or name, found.digest, registries)


def _is_current(name: RepositoryName, tag: str, digest: str, registries: Registries) -> bool:
    """Whether what runs is what the tag names, or the tag has not been read yet: then there is nothing to tell apart."""
    word = registries.tag(name, tag) if tag else None
    return word is None or not word.there or word.digest == digest


def _reported(name: RepositoryName, reported: RepositoryName, digest: str, registries: Registries) -> Iterator[Demand]:
    """The running digest under the spec's name; where the node says it is from only when it is not to be had there.

    A node reports any of the names that it has for a content, mirrors and names that its runtime made up among them.
    """
    yield Demand(name, digest, referrers=True)
    if reported != name:
        word = registries.digest(name, digest)
        if word.kind is not None and not word.there:
            yield Demand(reported, digest, referrers=True)


def _merged(demands: Iterable[Demand]) -> Iterator[Demand]:
    """One demand for each thing, asking for all that any of them asks."""
    found: dict[tuple[RepositoryName, str], Demand] = {}
    for demand in demands:
        key = (demand.name, demand.reference)
        known = found.get(key)
        if known is not None:
            demand = Demand(
                demand.name,
                demand.reference,
                min(known.priority, demand.priority),
                known.referrers or demand.referrers,
                known.history or demand.history,
            )
        found[key] = demand
    yield from found.values()


# ---- bases


def _bases(running: Sequence[Demand], facts: ImageFacts, registries: Registries, hosts: frozenset[str]) -> list[Demand]:
    """The bases that images are said to stand on, and theirs in turn, as far as they are known by now."""
    contents = Contents(facts.manifests, facts.configs)
    seen: set[str] = set()
    found: dict[Demand, None] = {}
    claims = _configured(running, facts)
    generation = [digest for demand in running if (digest := _digest_of(demand, registries))]
    for _ in range(MAX_GENERATIONS):
        claims += [claim for digest in generation if digest not in seen for claim in _claims(digest, contents, facts)]
        seen.update(generation)
        demands = [demand for claim in claims for demand in _demands_of(claim, hosts)]
        fresh = [demand for demand in dict.fromkeys(demands) if demand not in found][: MAX_BASES - len(found)]
        if not fresh:
            break
        found.update(dict.fromkeys(fresh))
        claims = _configured(fresh, facts)
        generation = [digest for demand in fresh if (digest := _digest_of(demand, registries))]
    return list(found)


def _configured(demands: Iterable[Demand], facts: ImageFacts) -> list[Claim]:
    """What the settings say of the bases of the repositories that are asked for; usually nothing."""
    names = dict.fromkeys(demand.name for demand in demands) if facts.configured else ()
    return [claim for name in names for claim in configured_claims(name, facts.configured)]


def _digest_of(demand: Demand, registries: Registries) -> str:
    return demand.reference if ":" in demand.reference else registries.tag(demand.name, demand.reference).digest


def _claims(digest: str, contents: Contents, facts: ImageFacts) -> Iterator[Claim]:
    manifest = facts.manifests.get(digest)
    if manifest is None:
        return
    yield from said_of(manifest, _config(manifest, facts), facts)
    if manifest.kind is ManifestKind.INDEX:
        for child in manifest.children:
            below = facts.manifests.get(child.digest)
            if below is not None and not is_attestation(child, below):
                yield from said_of(below, _config(below, facts), facts, child)


def _config(manifest: Manifest, facts: ImageFacts) -> ImageConfig | None:
    return facts.configs.get(manifest.config.digest) if manifest.config is not None else None


def _demands_of(claim: Claim, hosts: frozenset[str]) -> Iterator[Demand]:
    """The base by tag, to see whether it moved on, and by digest, to have what was built on; with the other tags beside it.

    An image may have been built from any of those; the repositories of everybody have too many to be asked for each.
    """
    if claim.scratch or not claim.reference:
        return
    try:
        reference = parse_reference(claim.reference)
    except InvalidReference:
        return
    if reference.registry not in hosts and claim.kind is not ClaimKind.CONFIGURED:
        return
    name = RepositoryName(reference.registry, reference.repository)
    attached = not is_public(reference.registry)  # everybody shares their budget for what is attached
    if reference.tag:
        yield Demand(name, reference.tag, Priority.BASE, referrers=attached, history=attached)
    for digest in dict.fromkeys(filter(None, (reference.digest, claim.digest))):
        yield Demand(name, digest, Priority.BASE, referrers=attached, history=attached)
