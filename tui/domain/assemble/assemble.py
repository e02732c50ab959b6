"""From facts to a snapshot: joined, related, judged. Pure, but for what it keeps of the last time to do no work twice."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import datetime

from tui.domain.assemble.contexts import ContextFactory, Evidence, Sessions
from tui.domain.assemble.demands import DemandJoin
from tui.domain.assemble.images import ImageJudge
from tui.domain.assemble.places import JudgedImages
from tui.domain.assemble.reading import Reading, can_follow
from tui.domain.assemble.same_cluster import without_doubles
from tui.domain.assemble.shown import Frame, frame_of, summary_of
from tui.domain.assemble.uses import ShownImages
from tui.domain.assemble.wanted_artifacts import ArtifactDemands
from tui.domain.assemble.workloads import Circumstances, Silence, WorkloadJudge
from tui.domain.builds.attribution import BuildsJoin
from tui.domain.checks.asking import Questions
from tui.domain.checks.checks import BUILT_IN, READS, Checks
from tui.domain.checks.gate import gates_of
from tui.domain.checks.scan import scanners_of
from tui.domain.checks.signature import are_signatures_awaited
from tui.domain.common.memo import Address, Memo, Trace, changed_keys, with_more
from tui.domain.common.text import full_stop
from tui.domain.facts.demand import ArtifactDemand, Demand
from tui.domain.facts.events import SourceHealth, SourceId, SourceKind
from tui.domain.facts.facts import Facts, TrustFacts
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
from tui.domain.policy.policy import Policy
from tui.domain.policy.rulebook import RuleBook
from tui.domain.scans.scanned import ScanJoin
from tui.domain.scans.unused import FILES, with_unused
from tui.domain.snapshot.snapshot import ImageKey, Snapshot
from tui.domain.workloads.drift import DriftJudge
from tui.domain.workloads.history import Observer, Suspicions
from tui.domain.workloads.join import ImageUses, WorkloadJoin

__all__ = ["Assembler"]


class _RoundMemory:
    """All that is kept from one round to the next; every part brings itself up to date with what changed before it."""

    def __init__(self, checks: Checks) -> None:
        trace = self.trace = Trace()
        reading = self.reading = Reading(trace)
        self.trust = TrustFacts()
        self.scans = ScanJoin(reading.catalog, reading.bases)
        self.joined = WorkloadJoin(trace, DriftJudge(trace, reading.catalog, reading.registries))
        self.uses = ImageUses()
        self.used: dict[ImageKey, tuple[str, ...]] = {}
        self.users: Mapping[ImageKey, tuple[ObjectKey, ...]] = {}
        self.contexts = ContextFactory(trace, reading, self.used)
        self.judge = ImageJudge(self.contexts, Questions(checks.image, READS))
        self.judged = JudgedImages(self.judge, self.used)
        self.observer = Observer(trace, reading.catalog, reading.lineage, reading.bases)
        self.suspicions = Suspicions(trace, self.observer)
        self.workloads = WorkloadJudge(trace, self.judged, self.suspicions, Questions(checks.container, READS))
        self.shown = ShownImages(trace, reading, self.judged, self.uses.images)
        self.builds = BuildsJoin()
        self.frame: Frame | None = None
        self.needing_nodes: set[ObjectKey] = set()
        self.awaiting: set[ImageKey] = set()


class Assembler:
    """Makes snapshots, numbered from 1. Each part is made anew only as far as facts changed that it follows from."""

    def __init__(self, checks: Checks = BUILT_IN) -> None:
        self._number = 0
        self._checks = checks
        self._freshness = Freshness()
        self._kept = _RoundMemory(checks)
        self._whole = True
        self._book: Memo[RuleBook] = Memo()
        self._demands = DemandJoin()
        self._artifacts = ArtifactDemands()

    def demands(self, facts: Facts) -> tuple[Demand, ...]:
        """What registries are to be asked for; the very same as long as nothing has changed that it follows from."""
        return self._demands.of(facts)

    def artifacts(self, facts: Facts) -> tuple[ArtifactDemand, ...]:
        """What is to be examined of what is attached to images; likewise."""
        self._demands.of(facts)
        return self._artifacts.of(facts.images, self._demands.urgency)

    def assemble(self, facts: Facts, policy: Policy, now: datetime) -> Snapshot:
        """The snapshot of these facts, judged by a policy. The same facts give the same snapshot but for its number."""
        facts = without_doubles(self._freshness.of(facts, policy.limits, now))
        if not (self._whole and can_follow(self._kept.reading.facts, facts.images)):
            self._kept = _RoundMemory(self._checks)
        state, self._whole = self._kept, False
        book = RuleBook(policy, now)
        book = self._book.get(book.key, lambda: book)
        # Ages are judged by the hour: what did not change stays the very same.
        hour = now.replace(minute=0, second=0, microsecond=0)
        gates = gates_of(facts.health, facts.trust.constraints)
        under = Circumstances(book, hour, _silences(facts.health), _lost_scopes(facts.health), gates)
        _renew(state, facts, under)
        state.trace.reads = set()  # what nothing follows from need not be kept
        self._whole = True
        self._number += 1
        return self._snapshot(state, facts, under, now)

    def _snapshot(self, state: _RoundMemory, facts: Facts, under: Circumstances, now: datetime) -> Snapshot:
        images, workloads, builds = state.shown.images, state.workloads.workloads, state.builds.builds
        frame = state.frame or Frame({}, {}, ())
        health = with_unused(facts.health, facts.trust.scans.get(FILES, {}), images)
        return Snapshot(
            number=self._number,
            as_of=now,
            images=images,
            bases=frame.bases,
            derived=frame.derived,
            roots=frame.roots,
            workloads=workloads,
            users=state.users,
            sources=tuple(health[source] for source in sorted(health, key=str)),
            summary=summary_of(images, workloads),
            complete=self._is_complete(facts, state),
            gates=under.gates,
            jobs=builds.jobs,
            runs=builds.runs,
            builders=builds.builders,
            policies={registry: read.policies for registry, read in facts.images.policies.items()},
        )

    def settle(self) -> bool:
        """Get a bit readier for the next change, where there is time for it. Says whether there was anything to do."""
        return self._kept.trace.settle() or self._demands.settle()

    @property
    def due(self) -> datetime | None:
        """When something that was judged last grows too old, so that it must be judged again though nobody says anything."""
        return self._freshness.due

    def _is_complete(self, facts: Facts, state: _RoundMemory) -> bool:
        """Whether nothing is missing that a question needs."""
        if state.needing_nodes and nodes_refused(facts.health):
            return False
        return is_complete(facts.health) and not self._is_outstanding(facts) and not state.awaiting

    def _is_outstanding(self, facts: Facts) -> bool:
        self._demands.of(facts)
        return self._demands.outstanding


# ---- a round: each step adds what changed by it


def _renew(state: _RoundMemory, facts: Facts, under: Circumstances) -> None:
    state.trace.reads.clear()
    lost = {source.name: text for source, text in lost_sources(facts.health, SourceKind.REGISTRY).items()}
    changed = state.reading.renew(facts.images, lost, unsurveyed_registries(facts.health))
    is_framed = state.frame is not None and not state.reading.moved
    workloads = state.joined.renew(facts.cluster, changed)
    changed = with_more(changed, workloads)
    uses = _renew_uses(state, workloads)
    assert under.now is not None
    changed = with_more(changed, _renew_trust(state, facts, changed, under.now) | uses)
    # How what runs differs from what ran before does not hang on how it is judged.
    state.observer.signatures_lost = signatures_lost(facts.health)
    observed = with_more(changed, state.observer.renew(facts.images, facts.trust, changed))
    suspicions = state.suspicions.renew(state.joined.workloads, observed)
    by_place = _judged_by_place(state, under)
    judged = _judge_images(state, under, with_more(changed, state.contexts.renew(_evidence(state, facts), changed)))
    others = state.workloads.renew(state.joined.workloads, under, with_more(with_more(changed, suspicions), judged))
    shown = state.shown.renew(changed, {*judged, *by_place, *_run_by(state, others)}, state.workloads.workloads)
    state.builds.renew(facts.builds, state.shown.images, shown)
    _await(state, {*uses, *shown})
    if not is_framed or state.shown.moved:
        state.frame = frame_of(state.reading.lineage, state.reading.bases, state.shown.images)


def _renew_uses(state: _RoundMemory, workloads: set[ObjectKey]) -> set[ImageKey]:
    joined = state.joined.workloads
    for key in workloads:
        needs_node = key in joined and any(container.needs_node for container in joined[key].containers)
        (state.needing_nodes.add if needs_node else state.needing_nodes.discard)(key)
    images = state.uses.renew(joined, workloads)
    for image in images:
        users = state.uses.images.get(image)
        if users is None:
            state.used.pop(image, None)
        else:
            state.used[image] = tuple(sorted(users.names))
    if images:
        users_of = {key: tuple(users.users) for key in images if (users := state.uses.images.get(key)) and users.users}
        state.users = {**{key: keys for key, keys in state.users.items() if key not in images}, **users_of}
    return images


def _renew_trust(state: _RoundMemory, facts: Facts, changed: Set[Address], now: datetime) -> set[Address]:
    """What was found on images, and what scanners say of them."""
    before, state.trust = state.trust.signatures, facts.trust
    images: set[Address] = set()
    for name in changed_keys(before, facts.trust.signatures):
        old, new = before.get(name, {}), facts.trust.signatures.get(name, {})
        for digest in old.keys() | new.keys():
            if old.get(digest) != new.get(digest):
                images.update(state.reading.catalog.holding(name, digest))
    index = state.scans.scans.index
    images |= state.scans.renew(facts.trust.scans, state.reading.registries, changed, now)
    if state.scans.scans.index is not index:
        images.update(state.used.keys() - state.reading.catalog.images.keys())
    return images


def _evidence(state: _RoundMemory, facts: Facts) -> Evidence:
    sessions = Sessions(registry_sessions(facts.health), signatures_lost(facts.health))
    return Evidence(facts.trust, sessions, state.scans.scans, scanners_of(facts.health, facts.trust.scans))


def _judge_images(state: _RoundMemory, under: Circumstances, changed: Set[Address]) -> set[ImageKey]:
    assert under.book is not None
    assert under.now is not None
    keys = {address for address in changed if isinstance(address, ImageKey)}
    state.judged.forget(keys if under.book is state.judge.book and under.now == state.judge.now else None)
    catalog, used = state.reading.catalog.images, state.used
    return state.judge.renew(keys, lambda key: key in catalog or key in used, under.book, under.now)


def _judged_by_place(state: _RoundMemory, under: Circumstances) -> Set[ImageKey]:
    """What is shown by the rules of the places that use it, where these are others now: its own rules may be as they were."""
    assert under.book is not None
    before = state.judge.book
    is_same = under.book is before and under.now == state.judge.now
    return frozenset() if is_same or not (before.varies or under.book.varies) else state.uses.images.keys()


def _run_by(state: _RoundMemory, workloads: set[ObjectKey]) -> set[ImageKey]:
    now = (state.workloads.workloads.get(key) for key in workloads)
    return {image for workload in now if workload is not None for container in workload.containers for image in container.runs}


def _await(state: _RoundMemory, images: set[ImageKey]) -> None:
    """Note of which images that run, or would, the signatures are still to be looked for."""
    for key in images:
        image = state.shown.images.get(key)
        awaits = image is not None and key in state.uses.images and are_signatures_awaited(image.checks)
        (state.awaiting.add if awaits else state.awaiting.discard)(key)


def _silences(health: Mapping[SourceId, SourceHealth]) -> dict[SourceId, Silence]:
    """The clusters that do not answer, and what would help those that do not answer all."""
    lost = lost_sources(health, SourceKind.CLUSTER)
    clusters = {
        source: source_health
        for source, source_health in health.items()
        if source_health.kind is SourceKind.CLUSTER and (source_health.remedy or source in lost)
    }
    return {
        source: Silence(lost.get(source, ""), source_health.as_of if source in lost else None, source_health.remedy)
        for source, source_health in clusters.items()
    }


def _lost_scopes(health: Mapping[SourceId, SourceHealth]) -> dict[tuple[SourceId, str], Silence]:
    """The namespaces of clusters that could be read once and cannot now."""
    return {
        (source, scope): Silence(full_stop(f"Namespace {scope} of {source.name} cannot be read any more: {why}"))
        for source, source_health in health.items()
        for scope, why in source_health.lost_scopes
    }
