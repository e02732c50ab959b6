"""From facts to a snapshot: joined, related, judged. Pure, but for what it keeps of the last time to do no work twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from tui.domain.assemble.contexts import Ancestry, ContextFactory, Sessions
from tui.domain.assemble.images import ImageJudge, Memory
from tui.domain.assemble.places import JudgedImages
from tui.domain.assemble.same_cluster import without_doubles
from tui.domain.assemble.shown import Frame, frame_of, summary_of
from tui.domain.assemble.uses import UseMemory
from tui.domain.assemble.wanted import is_outstanding, references_of, registries_asked, wanted
from tui.domain.assemble.wanted_artifacts import wanted_artifacts
from tui.domain.assemble.workloads import Circumstances, Silence, WorkloadJudge, WorkloadMemory
from tui.domain.builds.attribution import NO_BUILDS, Builds, builds_of
from tui.domain.checks.asking import Questions
from tui.domain.checks.checks import BUILT_IN, READS, Checks
from tui.domain.checks.gate import gates_of
from tui.domain.checks.scan import scanners_of
from tui.domain.checks.signature import is_awaited
from tui.domain.common.memo import ChangeCounter, Memo
from tui.domain.common.text import full_stop
from tui.domain.facts.demand import ArtifactDemand, Demand
from tui.domain.facts.events import SourceHealth, SourceId, SourceKind
from tui.domain.facts.facts import Facts
from tui.domain.facts.freshness import Freshness
from tui.domain.facts.source_health import (
    is_complete,
    lost_sources,
    nodes_refused,
    registry_sessions,
    signatures_lost,
    unsurveyed_registries,
)
from tui.domain.facts.workload import ObjectKey
from tui.domain.lineage.genealogy import lineage_of
from tui.domain.lineage.judged import Bases, judge_bases
from tui.domain.lineage.traits import TraitsOf
from tui.domain.policy.policy import Policy
from tui.domain.policy.rulebook import RuleBook
from tui.domain.registries.catalog import join
from tui.domain.registries.presence import Registries
from tui.domain.scans.scanned import ScanJoin
from tui.domain.scans.unused import FILES, with_unused
from tui.domain.snapshot.snapshot import Image, ImageKey, Snapshot
from tui.domain.workloads.drift import DriftJudge
from tui.domain.workloads.history import Observer, Suspicions
from tui.domain.workloads.impostor import Suspicion
from tui.domain.workloads.join import ImageUsers, JoinedWorkload, WorkloadJoin, uses_of

__all__ = ["Assembler"]


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """What follows from what registries hold, and from which of them answer. `at` is equal as long as that is."""

    at: object
    ancestry: Ancestry
    registries: Registries
    bases: Bases


@dataclass(frozen=True, slots=True, eq=False)
class _Runs:
    """What follows from that and from what clusters run."""

    workloads: Mapping[ObjectKey, JoinedWorkload]
    uses: Mapping[ImageKey, ImageUsers]
    used: Mapping[ImageKey, tuple[str, ...]]
    needs_nodes: bool


class Assembler:
    """Makes snapshots, numbered from 1. Each part is made anew only when facts changed that it follows from."""

    def __init__(self, checks: Checks = BUILT_IN) -> None:
        self._number = 0
        self._freshness = Freshness()
        self._of_images = Questions(checks.image, READS)
        self._of_containers = Questions(checks.container, READS)
        self._ancestry: Memo[Ancestry] = Memo()
        self._read: Memo[_Read] = Memo()
        self._finder: Memo[DriftJudge] = Memo()
        self._runs: Memo[_Runs] = Memo()
        self._grounds: Memo[ContextFactory] = Memo()
        self._book: Memo[RuleBook] = Memo()
        self._judged: Memo[JudgedImages] = Memo()
        self._observer: Memo[Observer] = Memo()
        self._frame: Memo[Frame] = Memo()
        self._builds: Memo[Builds] = Memo()
        self._demands: Memo[tuple[Demand, ...]] = Memo()
        self._artifacts: Memo[tuple[ArtifactDemand, ...]] = Memo()
        self._outstanding: Memo[bool] = Memo()
        self._images: Memory = {}
        self._uses, self._workloads = UseMemory(), WorkloadMemory()
        self._references: Memo[object] = Memo()
        self._odd: Memo[Mapping[tuple[ObjectKey, str], Suspicion]] = Memo()
        self._joined, self._scans, self._suspicions = WorkloadJoin(), ScanJoin(), Suspicions()
        self._changed_scans, self._changed_signatures = ChangeCounter(), ChangeCounter()

    def demands(self, facts: Facts) -> tuple[Demand, ...]:
        """What registries are to be asked for; the very same as long as nothing has changed that it follows from."""
        # Most of what clusters tell, such as a pod that started again, leads to nothing new.
        references = self._references.get(facts.cluster.version, lambda: references_of(facts.cluster))
        at = (references, facts.images.version, registries_asked(facts))
        return self._demands.get(at, lambda: wanted(facts))

    def artifacts(self, facts: Facts) -> tuple[ArtifactDemand, ...]:
        """What is to be examined of what is attached to images; likewise."""
        demands = self.demands(facts)
        return self._artifacts.get((facts.images.version, demands), lambda: wanted_artifacts(facts, demands))

    def assemble(self, facts: Facts, policy: Policy, now: datetime) -> Snapshot:
        """The snapshot of these facts, judged by a policy. The same facts give the same snapshot but for its number."""
        facts = without_doubles(self._freshness.of(facts, policy.limits, now))
        read = self._what_is_read(facts)
        runs = self._what_runs(facts, read)
        judged = self._judge_images(self._grounds_of(facts, read, runs), policy, now)
        images = _with_absent(judged, runs.uses, read.ancestry.lineage.derived, read.registries)
        under = Circumstances(
            judged, _silences(facts.health), _lost_scopes(facts.health), gates_of(facts.health, facts.trust.constraints)
        )
        judge = WorkloadJudge(images, under, self._of_containers, self._what_is_odd(facts, read, runs))
        workloads = self._workloads.all(runs.workloads, judge)
        shown = self._uses.all(images, judged, runs.uses, workloads)
        frame = self._frame.get((read.at, runs.used.keys()), lambda: frame_of(read.ancestry.lineage, read.bases, shown))
        builds = self._builds_of(facts, read, runs, shown)
        self._number += 1
        health = with_unused(facts.health, facts.trust.scans.get(FILES, {}), shown)
        return Snapshot(
            number=self._number,
            as_of=now,
            images=shown,
            bases=frame.bases,
            derived=frame.derived,
            roots=frame.roots,
            workloads=workloads,
            users={key: tuple(use.users) for key, use in runs.uses.items() if use.users},
            sources=tuple(health[source] for source in sorted(health, key=str)),
            summary=summary_of(shown, workloads),
            complete=self._is_complete(facts, shown, runs),
            gates=under.gates,
            jobs=builds.jobs,
            runs=builds.runs,
            builders=builds.builders,
        )

    @property
    def due(self) -> datetime | None:
        """When something that was judged last grows too old, so that it must be judged again though nobody says anything."""
        return self._freshness.due

    # ---- the steps, each kept as long as it is asked for the same

    def _what_is_read(self, facts: Facts) -> _Read:
        lost = {source.name: text for source, text in lost_sources(facts.health, SourceKind.REGISTRY).items()}
        unsurveyed = unsurveyed_registries(facts.health)
        at = (facts.images.version, tuple(sorted(lost.items())), unsurveyed)
        ancestry = self._ancestry.get(facts.images.version, lambda: _ancestry(facts))
        return self._read.get(at, lambda: _read(at, ancestry, Registries(facts.images, lost, unsurveyed)))

    def _what_runs(self, facts: Facts, read: _Read) -> _Runs:
        finder = self._finder.get(read.at, lambda: DriftJudge(read.ancestry.catalog, read.registries))
        return self._runs.get((facts.cluster.version, read.at), lambda: _runs(self._joined.join(facts.cluster, finder)))

    def _grounds_of(self, facts: Facts, read: _Read, runs: _Runs) -> ContextFactory:
        sessions = Sessions(registry_sessions(facts.health), signatures_lost(facts.health))
        scanners = scanners_of(facts.health, facts.trust.scans)
        scans = self._scans.join(facts.trust.scans, read.ancestry.catalog, read.bases, read.registries)
        at = (read.at, sessions, scanners, self._scans_at(facts), self._signed_at(facts))
        grounds = self._grounds.get(
            at,
            lambda: ContextFactory(
                at, facts.images, facts.trust, read.ancestry, read.bases, read.registries, sessions, scans, scanners
            ),
        )
        return replace(grounds, used=runs.used)

    def _judge_images(self, grounds: ContextFactory, policy: Policy, now: datetime) -> JudgedImages:
        book = RuleBook(policy, now)
        book = self._book.get(book.key, lambda: book)
        # Ages are judged by the hour: what did not change stays the very same.
        hour = now.replace(minute=0, second=0, microsecond=0)
        judge = ImageJudge(grounds, self._of_images, book, hour, self._images)
        return self._judged.get((grounds.at, grounds.used, book, hour), lambda: JudgedImages(judge))

    def _what_is_odd(self, facts: Facts, read: _Read, runs: _Runs) -> Mapping[tuple[ObjectKey, str], Suspicion]:
        lost, ancestry = signatures_lost(facts.health), read.ancestry
        observer = self._observer.get(
            (read.at, self._signed_at(facts), lost),
            lambda: Observer(facts.images, facts.trust, ancestry.catalog, ancestry.lineage, read.bases, lost),
        )
        return self._odd.get((runs, observer), lambda: self._suspicions.of(runs.workloads, observer))

    def _builds_of(self, facts: Facts, read: _Read, runs: _Runs, images: Mapping[ImageKey, Image]) -> Builds:
        if not facts.builds.version:
            return NO_BUILDS
        at = (facts.builds.version, read.at, runs.used.keys())
        return self._builds.get(at, lambda: builds_of(facts.builds, images))

    def _is_complete(self, facts: Facts, shown: Mapping[ImageKey, Image], runs: _Runs) -> bool:
        """Whether nothing is missing that a question needs."""
        if runs.needs_nodes and nodes_refused(facts.health):
            return False
        return is_complete(facts.health) and not self._is_outstanding(facts) and not _awaits(shown, runs.uses)

    def _is_outstanding(self, facts: Facts) -> bool:
        demands = self.demands(facts)
        return self._outstanding.get((facts.images.version, demands), lambda: is_outstanding(demands, facts.images))

    def _scans_at(self, facts: Facts) -> int:
        return self._changed_scans.count(facts.trust.scans)

    def _signed_at(self, facts: Facts) -> int:
        return self._changed_signatures.count(facts.trust.signatures)


def _awaits(images: Mapping[ImageKey, Image], uses: Mapping[ImageKey, ImageUsers]) -> bool:
    """Whether the signatures of anything that runs, or would, are still to be looked for."""
    used = (images[key] for key in uses if key in images)
    return any(is_awaited(check) for image in used for check in image.checks)


def _ancestry(facts: Facts) -> Ancestry:
    catalog = join(facts.images)
    return Ancestry(catalog, lineage_of(catalog, facts.images), TraitsOf(catalog, facts.images))


def _read(at: object, ancestry: Ancestry, registries: Registries) -> _Read:
    return _Read(at, ancestry, registries, judge_bases(ancestry.catalog, ancestry.lineage, registries))


def _runs(workloads: Mapping[ObjectKey, JoinedWorkload]) -> _Runs:
    uses = uses_of(workloads)
    needs_nodes = any(container.needs_node for workload in workloads.values() for container in workload.containers)
    return _Runs(workloads, uses, {key: tuple(sorted(use.names)) for key, use in uses.items()}, needs_nodes)


def _silences(health: Mapping[SourceId, SourceHealth]) -> dict[SourceId, Silence]:
    """The clusters that do not answer, and what would help those that do not answer all."""
    lost = lost_sources(health, SourceKind.CLUSTER)
    clusters = {
        source: each for source, each in health.items() if each.kind is SourceKind.CLUSTER and (each.remedy or source in lost)
    }
    return {
        source: Silence(lost.get(source, ""), each.as_of if source in lost else None, each.remedy)
        for source, each in clusters.items()
    }


def _lost_scopes(health: Mapping[SourceId, SourceHealth]) -> dict[tuple[SourceId, str], Silence]:
    """The namespaces of clusters that could be read once and cannot now."""
    return {
        (source, scope): Silence(full_stop(f"Namespace {scope} of {source.name} cannot be read any more: {why}"))
        for source, each in health.items()
        for scope, why in each.lost_scopes
    }


def _with_absent(
    judged: JudgedImages,
    uses: Mapping[ImageKey, ImageUsers],
    derived: Mapping[ImageKey, tuple[ImageKey, ...]],
    registries: Registries,
) -> dict[ImageKey, Image]:
    """What registries hold, without what is gone and needed by nothing, and with what runs but is in no registry.

    What a tag has left behind is needed by nothing either, unless its registry lists it: who starts now never hears of it.
    """
    kept = {
        key: image
        for key, image in judged.known.items()
        if key in uses or key in derived or not (image.absent or registries.is_left_behind(image.name, image.digests, image.tags))
    }
    for key in sorted([key for key in uses if key not in kept]):
        kept[key] = judged.judge.absent(key)
    return kept
