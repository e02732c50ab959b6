"""What ran under each name before: in other workloads and clusters, kept for rollback, left behind by the tag in the registry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from datetime import datetime

import msgspec

from tui.domain.common.memo import Address, Noted, Rows, Trace, with_more
from tui.domain.facts.facts import ImageFacts, TrustFacts
from tui.domain.facts.image import ImageConfig, RepositoryName
from tui.domain.facts.signature import Outcome, Reason, StepName, StepState, Verdict
from tui.domain.facts.workload import ObjectKey
from tui.domain.lineage.genealogy import distribution
from tui.domain.lineage.graph import Lineage
from tui.domain.lineage.judged import Bases
from tui.domain.registries.catalog import Catalog, CatalogImage
from tui.domain.snapshot.snapshot import ImageKey
from tui.domain.workloads.containers import ContainerJoin
from tui.domain.workloads.impostor import LEFT_BEHIND, Observation, Suspicion, builder_of, compare, shape_of
from tui.domain.workloads.join import JoinedWorkload

__all__ = ["Name", "Observer", "Suspicions"]

MAX_GENERATIONS = 30
_UNDECIDED = frozenset({Verdict.INCONCLUSIVE, Verdict.SKIPPED, Verdict.NO_POLICY})
Name = tuple[RepositoryName, str]


class Observer:
    """Makes observations of images, each once; `signatures_lost` says why signatures are not known any more, or is empty."""

    def __init__(self, trace: Trace, catalog: Catalog, lineage: Lineage, bases: Bases) -> None:
        self.signatures_lost = ""
        self._facts, self._trust, self._catalog = ImageFacts(), TrustFacts(), catalog
        self._trace = trace
        self._parents, self._links = Noted(trace, lineage.parents), Noted(trace, bases.links)
        self._seen: Rows[ImageKey, Observation | None] = Rows(trace, self._look)

    def renew(self, facts: ImageFacts, trust: TrustFacts, changed: Set[Address]) -> Set[Address]:
        """Observe again what changed; the images of which something else is seen."""
        self._facts, self._trust = facts, trust
        return self._seen.refresh(changed)

    def observe(self, key: ImageKey) -> Observation | None:
        """What is known of an image; None when it cannot be read."""
        return self._seen.get(key)

    def _look(self, key: ImageKey) -> Observation | None:
        image = self._catalog.image(key)
        return self._observe(image) if image is not None and image.complete else None

    def same_content(self, image: ImageKey, other: ImageKey) -> bool:
        """Whether two images are the same under two names."""
        content, than = self._catalog.image(image), self._catalog.image(other)
        return image == other or (content is not None and than is not None and not {*content.configs}.isdisjoint(than.configs))

    def left_behind(self, name: Name) -> Iterator[ImageKey]:
        """The images that a tag named before, the latest first."""
        self._trace.reads.add(name[0])
        record = self._facts.tags.get(name[0], {}).get(name[1])
        for digest in record.earlier if record is not None else ():
            yield from self._catalog.holding(name[0], digest)[:1]

    def _observe(self, image: CatalogImage) -> Observation:
        configs = [self._catalog.contents.configs[member.config] for member in image.members]
        usual = configs[0]
        return Observation(
            image=image.key,
            place="",
            at=image.pushed or image.created,
            families=frozenset(self._families(image)),
            builder=builder_of(usual.history),
            steps=shape_of(usual.history[self._inherited(usual) :]),
            layers=frozenset(layer for config in configs for layer in config.diff_ids[len(self._base_layers(config)) :]),
            signers=self._signers(image),
        )

    def _base(self, config: ImageConfig) -> ImageConfig | None:
        return self._catalog.contents.config(self._parents.get(config.digest) or "")

    def _base_layers(self, config: ImageConfig) -> tuple[str, ...]:
        base = self._base(config)
        below = base.diff_ids if base is not None else ()
        return below if config.diff_ids[: len(below)] == below else ()

    def _inherited(self, config: ImageConfig) -> int:
        """How many steps of an image's history are its base's."""
        base = self._base(config)
        steps = len(base.history) if base is not None else 0
        return (
            steps
            if base is not None and [s.created_by for s in config.history[:steps]] == [s.created_by for s in base.history]
            else 0
        )

    def _families(self, image: CatalogImage) -> Iterator[str]:
        """Names of the repositories of all its bases, and of its distribution."""
        system = distribution(image, self._catalog)
        if system:
            yield system.partition(" ")[0]
        key = image.key
        for _ in range(MAX_GENERATIONS):
            link = self._links.get(key)
            if link is None:
                return
            if link.base.repository:
                yield link.base.repository.rpartition("/")[2]
            key = link.base

    def _signers(self, image: CatalogImage) -> frozenset[str] | None:
        """Those who signed the image; None unless all was looked at and could be told.

        One whose signature has expired since is the same signer still: what counts is that it is authentic.
        """
        by_digest = self._trust.signatures.get(image.name, {})
        verified = [by_digest[digest] for digest in image.digests if digest in by_digest]
        if image.key.digest not in by_digest or any(signatures.error for signatures in verified):
            return None
        outcomes = [outcome for signatures in verified for outcome in signatures.outcomes]
        signers = frozenset(outcome.signer for outcome in outcomes if _is_authentic(outcome))
        undecided = any(outcome.verdict in _UNDECIDED for outcome in outcomes)
        return None if undecided and not signers else signers


def _is_authentic(outcome: Outcome) -> bool:
    """Whether the signature is by whom it says, and not taken back; expiry and the like do not matter."""
    if outcome.verdict.accepted:
        return True
    steps = [outcome.step(name) for name in (StepName.INTEGRITY, StepName.AUTHENTICITY)]
    passed = all(step is not None and step.state is StepState.PASSED for step in steps)
    return passed and outcome.reason not in (Reason.REVOKED, Reason.WRONG_SUBJECT)


class Suspicions:
    """Looks for containers that run or would run something unlike what ran before under the name, round after round.

    `remembered` are observations of earlier days. Only what may have another answer than before is looked at.
    """

    def __init__(
        self, trace: Trace, observer: Observer, remembered: Mapping[Name, tuple[Observation, ...]] | None = None
    ) -> None:
        self._trace, self._observer = trace, observer
        self._remembered = remembered or {}
        self._lost = ""
        self._workloads: Mapping[ObjectKey, JoinedWorkload] = {}
        self._running = _Running()
        self._answers: Rows[ObjectKey, Mapping[str, Suspicion]] = Rows(trace, self._look)

    def renew(self, workloads: Mapping[ObjectKey, JoinedWorkload], changed: Set[Address]) -> Set[Address]:
        """Look again where something changed; the workloads of which another answer is given."""
        self._workloads = workloads
        if self._observer.signatures_lost != self._lost:
            self._lost = self._observer.signatures_lost
            changed = with_more(changed, self._answers.values.keys())
        keys = {address for address in changed if isinstance(address, ObjectKey)}
        running = {(_RUNNING, name) for name in self._running.take(keys, workloads)}
        present = {key for key in keys if key in workloads}
        return self._answers.refresh(with_more(changed, running), present, keys - present)

    def of(self, key: ObjectKey) -> Mapping[str, Suspicion]:
        """What is odd about a workload, by the names of its containers."""
        return self._answers.get(key)

    def _look(self, key: ObjectKey) -> Mapping[str, Suspicion]:
        workload = self._workloads[key]
        names = {(container.name, container.tag) for container in workload.containers if container.name is not None}
        self._trace.reads.update((_RUNNING, name) for name in names)
        running = self._running.images
        judged = (
            (container.slot[1], _suspicion(workload, container, running, self._observer, self._remembered))
            for container in workload.containers
        )
        return {name: suspicion for name, suspicion in judged if suspicion is not None}


_RUNNING = "running"
"""The address of what runs under a name begins with it."""


class _Running:
    """Which images run under each name, and in which cluster."""

    def __init__(self) -> None:
        self.images: dict[Name, dict[ImageKey, str]] = {}
        self._by_workload: dict[ObjectKey, dict[Name, tuple[ImageKey, ...]]] = {}
        self._workloads: dict[Name, set[ObjectKey]] = {}

    def take(self, keys: Iterable[ObjectKey], workloads: Mapping[ObjectKey, JoinedWorkload]) -> set[Name]:
        """Take in what these workloads run now; the names under which something else runs.

        A name is looked at when all have said what they run: thousands of workloads may have the same proxy.
        """
        names = {name for key in keys for name in self._take(key, workloads.get(key))}
        return {name for name in names if self._gather(name)}

    def _take(self, key: ObjectKey, workload: JoinedWorkload | None) -> set[Name]:
        """The names under which a workload runs something else now."""
        before = self._by_workload.pop(key, {})
        after = _runs_by_name(workload) if workload is not None else {}
        if after:
            self._by_workload[key] = after
        others = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        for name in others:
            self._workloads.setdefault(name, set()).discard(key)
            if name in after:
                self._workloads[name].add(key)
        return others

    def _gather(self, name: Name) -> bool:
        images: dict[ImageKey, str] = {}
        for key in sorted(self._workloads[name]):
            for image in self._by_workload[key][name]:
                images.setdefault(image, f"in {key.cluster}")
        before = self.images.pop(name, {})
        if images:
            self.images[name] = images
        else:
            del self._workloads[name]
        return images != before


def _runs_by_name(workload: JoinedWorkload) -> dict[Name, tuple[ImageKey, ...]]:
    runs: dict[Name, tuple[ImageKey, ...]] = {}
    for container in workload.containers:
        if container.name is not None and container.tag and container.runs:
            name = container.name, container.tag
            runs[name] = tuple(dict.fromkeys((*runs.get(name, ()), *container.runs)))
    return runs


def _suspicion(
    workload: JoinedWorkload,
    container: ContainerJoin,
    running: Mapping[Name, Mapping[ImageKey, str]],
    observer: Observer,
    remembered: Mapping[Name, tuple[Observation, ...]],
) -> Suspicion | None:
    if container.name is None:
        return None
    declared = (container.declared,) if container.declared is not None else ()
    # What cannot be read says nothing, of itself or of others: however many there are, they are not compared.
    judged = [image for image in dict.fromkeys((*container.runs, *declared)) if observer.observe(image) is not None]
    if not judged:
        return None
    name = (container.name, container.tag)
    places = {image: "kept for rollback" for image in workload.rollback if image.name == container.name}
    places.update(dict.fromkeys(observer.left_behind(name), LEFT_BEHIND) if container.tag else {})
    places.update(running.get(name, {}))
    old = remembered.get(name, ())
    observed = {key: (observation, where) for key, where in places.items() if (observation := observer.observe(key)) is not None}
    answers = [_judge(image, observed, observer, old) for image in judged]
    return max(
        (suspicion for suspicion in answers if suspicion is not None),
        key=lambda suspicion: (suspicion.impostor, suspicion.sentence),
        default=None,
    )


def _judge(
    image: ImageKey, places: Mapping[ImageKey, tuple[Observation, str]], observer: Observer, remembered: Iterable[Observation]
) -> Suspicion | None:
    now = observer.observe(image)
    if now is None or now.at is None:
        return None
    placed = [
        _placed(observation, where) for key, (observation, where) in places.items() if not observer.same_content(key, image)
    ]
    before = [observation for observation in (*placed, *remembered) if _is_before(observation.at, now.at)]
    suspicion = compare(now, before) if before else None
    doubt = observer.signatures_lost if suspicion is not None and suspicion.by_signer else ""
    return msgspec.structs.replace(suspicion, doubt=doubt) if suspicion is not None and doubt else suspicion


def _placed(observation: Observation, where: str) -> Observation:
    return Observation(
        observation.image,
        where,
        observation.at,
        observation.families,
        observation.builder,
        observation.steps,
        observation.layers,
        observation.signers,
    )


def _is_before(observed: datetime | None, now: datetime) -> bool:
    return observed is not None and observed < now
