"""What registries are asked for: what runs or would run first, then what that is built on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

from tui.domain.assemble.references import Reference
from tui.domain.common.memo import Trace
from tui.domain.facts.demand import Demand, Priority
from tui.domain.facts.facts import ImageFacts
from tui.domain.facts.image import Claim, ClaimKind, ImageConfig, Manifest, ManifestKind, RepositoryName
from tui.domain.facts.reference import ImageIdKind, parse_image_id, parse_reference
from tui.domain.lineage.genealogy import said_of
from tui.domain.registries.presence import Registries
from tui.domain.registries.public import is_public
from tui.domain.registries.runnable import is_attestation
from tui.errors import InvalidReference

__all__ = ["base_demands", "claims_on", "demands_of", "merged"]


def demands_of(running: Reference, registries: Registries) -> Iterator[Demand]:
    """What is wanted because a container runs, or would run, this."""
    try:
        reference = parse_reference(running.image)
    except InvalidReference:
        return
    name = reference.name
    reported = parse_image_id(running.image_id)
    differs = reported.kind is not ImageIdKind.NONE and not _is_current(name, reference.tag, reported.digest, registries)
    if reference.digest:
        yield Demand(name, reference.digest, referrers=True)
    if reference.tag:
        presence = registries.tag(name, reference.tag)
        yield Demand(name, reference.tag, referrers=True, history=presence.gone or (differs and not reference.digest))
    if reported.kind is ImageIdKind.REPO_DIGEST:
        yield from _reported(name, reported.name or name, reported.digest, registries)


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


def merged(demands: Iterable[Demand]) -> Iterator[Demand]:
    """One demand for each thing, asking for all that any of them asks."""
    by_reference: dict[tuple[RepositoryName, str], Demand] = {}
    for demand in demands:
        key = (demand.name, demand.reference)
        earlier = by_reference.get(key)
        if earlier is not None:
            demand = Demand(
                demand.name,
                demand.reference,
                min(earlier.priority, demand.priority),
                earlier.referrers or demand.referrers,
                earlier.history or demand.history,
            )
        by_reference[key] = demand
    yield from by_reference.values()


def claims_on(manifest: Manifest, facts: ImageFacts, trace: Trace) -> Iterator[Claim]:
    """What is said of the bases of a manifest and of its platforms; what is read for that is noted."""
    trace.reads.add(manifest.digest)
    yield from said_of(manifest, _config(manifest, facts, trace), facts)
    if manifest.kind is ManifestKind.INDEX:
        for child in manifest.children:
            trace.reads.add(child.digest)
            below = facts.manifests.get(child.digest)
            if below is not None and not is_attestation(child, below):
                yield from said_of(below, _config(below, facts, trace), facts, child)


def _config(manifest: Manifest, facts: ImageFacts, trace: Trace) -> ImageConfig | None:
    if manifest.config is None:
        return None
    trace.reads.add(manifest.config.digest)
    return facts.configs.get(manifest.config.digest)


def base_demands(claim: Claim, hosts: Set[str]) -> Iterator[Demand]:
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
    name = reference.name
    attached = not is_public(reference.registry)  # everybody shares their budget for what is attached
    if reference.tag:
        yield Demand(name, reference.tag, Priority.BASE, referrers=attached, history=attached)
    for digest in dict.fromkeys(filter(None, (reference.digest, claim.digest))):
        yield Demand(name, digest, Priority.BASE, referrers=attached, history=attached)
