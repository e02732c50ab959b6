"""From facts to a snapshot: joined, related, judged. Pure, but for what it keeps of the last time to do no work twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from tui.domain.checks import BUILT_IN, Checks
from tui.domain.checks_scan import scanners_of
from tui.domain.demand import ArtifactDemand, Demand
from tui.domain.drift import Judge
from tui.domain.events import SourceHealth, SourceKind, SourceState
from tui.domain.facts import Facts
from tui.domain.gate import gates_of
from tui.domain.genealogy import Bases, judge_bases, lineage_of
from tui.domain.impostor import Suspicion
from tui.domain.join import Catalog, join
from tui.domain.judged_images import ImageJudge, Memory, used
from tui.domain.judged_places import JudgedImages
from tui.domain.judged_workloads import JoinedWorkload, Use, WorkloadJudge, join_workloads, uses_of
from tui.domain.lineage import Lineage
from tui.domain.observed import Observer, suspicions
from tui.domain.policy import Policy
from tui.domain.rulebook import RuleBook
from tui.domain.scanned import ScanJoin
from tui.domain.snapshot import Image, ImageKey, Snapshot, Summary, UnknownBase, Workload
from tui.domain.standing import Registries
from tui.domain.text import full_stop
from tui.domain.traits import TraitsOf
from tui.domain.trust import Check, State
from tui.domain.wanted import is_outstanding, registries_asked, wanted
from tui.domain.wanted_artifacts import wanted_artifacts
from tui.domain.workload import ObjectKey

__all__ = ["Assembler", "is_complete", "lost_sources", "signatures_lost"]

T = TypeVar("T")
Lost = Mapping[str, str]
Suspicions = Mapping[tuple[ObjectKey, str], Suspicion]


class _Kept(Generic[T]):
    """The last answer, as long as it is asked for the same."""

    def __init__(self) -> None:
        self._last: tuple[Hashable, T] | None = None

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        if self._last is None or self._last[0] != key:
            self._last = (key, make())
        return self._last[1]


class _Changes:
    """Counts how often a value was another one than before."""

    def __init__(self) -> None:
        self._last: object = None
        self._count = 0

    def count(self, value: object) -> int:
        if value != self._last:
            self._last = value
            self._count += 1
        return self._count


@dataclass(frozen=True, slots=True, eq=False)
class _Ancestry:
    """What follows from what registries hold alone."""

    catalog: Catalog
    lineage: Lineage
    traits: TraitsOf


@dataclass(frozen=True, slots=True, eq=False)
class _Runs:
    """What follows from that and from what clusters run."""

    workloads: Mapping[ObjectKey, JoinedWorkload]
    uses: Mapping[ImageKey, Use]
    used: frozenset[ImageKey]


class Assembler:
    """Makes snapshots, numbered from 1. Lineage is built anew only when facts about images changed."""

    def __init__(self, checks: Checks = BUILT_IN) -> None:
        self._checks = checks
        self._number = 0
        self._ancestry: _Kept[_Ancestry] = _Kept()
        self._bases: _Kept[Bases] = _Kept()
        self._book: _Kept[RuleBook] = _Kept()
        self._images: _Kept[JudgedImages] = _Kept()
        self._memory: Memory = {}
        self._runs: _Kept[_Runs] = _Kept()
        self._demands: _Kept[tuple[Demand, ...]] = _Kept()
        self._artifacts: _Kept[tuple[ArtifactDemand, ...]] = _Kept()
        self._outstanding: _Kept[bool] = _Kept()
        self._suspicions: _Kept[Suspicions] = _Kept()
        self._scans = ScanJoin()
        self._changed_scans, self._changed_signatures = _Changes(), _Changes()

    def demands(self, facts: Facts) -> tuple[Demand, ...]:
        """What registries are to be asked for; the very same as long as nothing has changed that it follows from."""
        at = (facts.cluster.version, facts.images.version, registries_asked(facts))
        return self._demands.get(at, lambda: wanted(facts))

    def artifacts(self, facts: Facts) -> tuple[ArtifactDemand, ...]:
        """What is to be examined of what is attached to images; likewise."""
        demands = self.demands(facts)
        return self._artifacts.get((facts.images.version, demands), lambda: wanted_artifacts(facts, demands))

    def assemble(self, facts: Facts, policy: Policy, now: datetime) -> Snapshot:
        """The snapshot of these facts, judged by a policy. The same facts give the same snapshot but for its number."""
        lost = lost_sources(facts.health, SourceKind.REGISTRY)
        registries = Registries(facts.images, {name.removeprefix("registry/"): text for name, text in lost.items()})
        images_at = (facts.images.version, tuple(sorted(lost.items())))
        ancestry = self._ancestry.get(facts.images.version, lambda: _ancestry(facts))
        bases = self._bases.get(images_at, lambda: judge_bases(ancestry.catalog, ancestry.lineage, registries))
        runs = self._runs.get((facts.cluster.version, images_at), lambda: _runs(facts, ancestry.catalog, registries))
        book = RuleBook(policy, now)
        book = self._book.get(book.key, lambda: book)
        judge = ImageJudge(
            facts=facts.images,
            catalog=ancestry.catalog,
            traits=ancestry.traits,
            lineage=ancestry.lineage,
            bases=bases,
            checks=self._checks,
            book=book,
            now=_coarse(now),
            signed_in=signed_in(facts.health),
            signed_out=signed_out(facts.health),
            lost=registries.lost,
            trust=facts.trust,
            used=runs.used,
            signatures_lost=signatures_lost(facts.health),
            scans=self._scans.join(facts.trust.scans, ancestry.catalog, bases, registries),
            scanners=scanners_of(facts.health, facts.trust.scans),
            memory=self._memory,
        )
        scans_at = self._changed_scans.count(facts.trust.scans)
        signed_at = self._changed_signatures.count(facts.trust.signatures), judge.signatures_lost
        sessions = judge.signed_in, judge.signed_out
        at = (images_at, book.key, judge.now, sessions, scans_at, signed_at, judge.used, judge.scanners)
        judged = self._images.get(at, lambda: JudgedImages(judge))
        images = _with_absent(judged.known, runs.uses, ancestry.lineage, judge, registries)
        demands = self.demands(facts)
        outstanding = self._outstanding.get((facts.images.version, demands), lambda: is_outstanding(demands, facts.images))
        odd = self._suspicions.get(
            (facts.cluster.version, images_at, signed_at),
            lambda: _suspicions(facts, ancestry, bases, runs, judge.signatures_lost),
        )
        return self._finish(facts, now, runs, judged, images, ancestry.lineage, bases, outstanding, odd)

    def _finish(
        self,
        facts: Facts,
        now: datetime,
        runs: _Runs,
        judged: JudgedImages,
        images: dict[ImageKey, Image],
        lineage: Lineage,
        bases: Bases,
        outstanding: bool,
        odd: Suspicions,
    ) -> Snapshot:
        lost = lost_sources(facts.health, SourceKind.CLUSTER)
        gates = gates_of(facts.health, facts.trust.constraints)
        judge = WorkloadJudge(images, judged, self._checks, _coarse(now), lost, facts.health, gates, odd)
        workloads = {key: judge.workload(joined) for key, joined in runs.workloads.items()}
        shown = _with_uses(images, judged, runs.uses, workloads)
        derived = _derived(lineage, shown)
        self._number += 1
        return Snapshot(
            number=self._number,
            as_of=now,
            images=shown,
            bases=_bases(lineage, bases),
            derived=derived,
            roots=_roots(lineage, shown),
            workloads=workloads,
            users={key: tuple(use.users) for key, use in runs.uses.items() if use.users},
            sources=tuple(facts.health[name] for name in sorted(facts.health)),
            summary=_summary(shown, workloads),
            complete=is_complete(facts.health) and not outstanding,
            gates=gates,
        )


def lost_sources(health: Mapping[str, SourceHealth], kind: SourceKind) -> dict[str, str]:
    """The sources of a kind that do not answer, with a sentence that says since when and why."""
    return {name: _lost(each) for name, each in health.items() if each.kind is kind and each.state is SourceState.FAILED}


def _lost(health: SourceHealth) -> str:
    name = health.name.partition("/")[2] or health.name
    since = f" has not answered since {health.as_of:%Y-%m-%d %H:%M} UTC" if health.as_of is not None else " does not answer"
    return full_stop(f"{name}{since}{f': {health.error}' if health.error else ''}")


def signatures_lost(health: Mapping[str, SourceHealth]) -> str:
    """Why no signatures are looked for, in a sentence; empty while a source looks for them."""
    found = [each for each in health.values() if each.kind is SourceKind.SIGNATURES]
    if not found:
        return "No source of signatures is set up."
    idle = [each for each in found if each.state in (SourceState.FAILED, SourceState.OFF)]
    return f"Signatures are not verified: {idle[0].error or idle[0].state}." if len(idle) == len(found) else ""


def is_complete(health: Mapping[str, SourceHealth]) -> bool:
    """Whether every source that is asked has answered whole. What the configuration turns off is not asked."""
    asked = [each for each in health.values() if each.state is not SourceState.OFF]
    facts = any(each.kind is not SourceKind.POLICY for each in asked)
    return facts and all(each.state is SourceState.OK for each in asked)


def signed_in(health: Mapping[str, SourceHealth]) -> frozenset[str]:
    """The registries that somebody is signed in to and that answer."""
    return frozenset(_registries(each for each in health.values() if each.identity and each.state in _ANSWERING))


def signed_out(health: Mapping[str, SourceHealth]) -> frozenset[str]:
    """The registries where certainly nobody is signed in: they answer strangers, or are not asked."""
    return frozenset(_registries(each for each in health.values() if _is_out(each)))


_ANSWERING = (SourceState.OK, SourceState.PARTIAL, SourceState.LOADING)


def _is_out(health: SourceHealth) -> bool:
    answered = health.state in (SourceState.OK, SourceState.PARTIAL) and not health.identity
    return answered or health.state is SourceState.OFF


def _registries(health: Iterable[SourceHealth]) -> Iterator[str]:
    return (each.name.removeprefix("registry/") for each in health if each.kind is SourceKind.REGISTRY)


def _coarse(now: datetime) -> datetime:
    """Ages are judged by the hour: what did not change stays the very same."""
    return now.replace(minute=0, second=0, microsecond=0)


def _ancestry(facts: Facts) -> _Ancestry:
    catalog = join(facts.images)
    return _Ancestry(catalog, lineage_of(catalog, facts.images), TraitsOf(catalog, facts.images))


def _suspicions(facts: Facts, ancestry: _Ancestry, bases: Bases, runs: _Runs, signatures_lost: str) -> Suspicions:
    observer = Observer(facts.images, facts.trust, ancestry.catalog, ancestry.lineage, bases, signatures_lost)
    return suspicions(runs.workloads, observer)


def _runs(facts: Facts, catalog: Catalog, registries: Registries) -> _Runs:
    workloads = join_workloads(facts.cluster, Judge(catalog, registries))
    uses = uses_of(workloads)
    return _Runs(workloads, uses, frozenset(uses))


def _with_absent(
    known: Mapping[ImageKey, Image],
    uses: Mapping[ImageKey, Use],
    lineage: Lineage,
    judge: ImageJudge,
    registries: Registries,
) -> dict[ImageKey, Image]:
    """What registries hold, without what is gone and needed by nothing, and with what runs but is in no registry."""
    kept = {key: image for key, image in known.items() if not image.absent or key in uses or key in lineage.derived}
    for key in sorted(uses):
        if key not in kept:
            kept[key] = judge.absent(key, registries)
    return kept


def _with_uses(
    images: dict[ImageKey, Image],
    judged: JudgedImages,
    uses: Mapping[ImageKey, Use],
    workloads: Mapping[ObjectKey, Workload],
) -> dict[ImageKey, Image]:
    answers: dict[ImageKey, list[Check]] = {}
    for workload in workloads.values():
        for container in workload.containers:
            for key in container.runs:
                answers.setdefault(key, []).extend(container.checks)
    shown = dict(images)
    for key, use in uses.items():
        shown[key] = used(judged.wherever(images[key], use.users), tuple(answers.get(key, ())), use.pods)
    return shown


def _derived(lineage: Lineage, shown: Mapping[ImageKey, Image]) -> dict[ImageKey, tuple[ImageKey, ...]]:
    found = {
        base: tuple(child for child in children if child in shown or child in lineage.bases)
        for base, children in lineage.derived.items()
    }
    return {base: children for base, children in found.items() if children}


def _bases(lineage: Lineage, bases: Bases) -> dict[ImageKey, UnknownBase]:
    """Unknown bases with the state of what they stand on themselves."""
    return {key: _with_link(base, bases) for key, base in sorted(lineage.bases.items())}


def _with_link(base: UnknownBase, bases: Bases) -> UnknownBase:
    link = bases.links.get(base.key)
    return (
        base if link is None else UnknownBase(base.key, base.kind, base.label, base.reason, link, base.layers, base.repositories)
    )


def _roots(lineage: Lineage, shown: Mapping[ImageKey, Image]) -> tuple[ImageKey, ...]:
    """What stands on nothing: images, unknown bases, and images of which nothing could be read."""
    alone = (key for key, image in shown.items() if image.base is None)
    bases = (key for key, base in lineage.bases.items() if base.base is None)
    return tuple(sorted({*alone, *bases}))


def _summary(images: Mapping[ImageKey, Image], workloads: Mapping[ObjectKey, Workload]) -> Summary:
    counted = Counter(image.verdict for image in images.values())
    working = Counter(workload.verdict for workload in workloads.values())
    states = [state for state in State if state is not State.OFF]
    pods = sum(workload.pods for workload in workloads.values())
    return Summary({state: counted[state] for state in states}, {state: working[state] for state in states}, pods)
