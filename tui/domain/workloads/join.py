"""Workloads joined with what registries say, before anything judges them, and what they use of which image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tui.domain.common.source_id import SourceId
from tui.domain.facts.facts import ClusterFacts
from tui.domain.facts.workload import Controller, Node, ObjectKey
from tui.domain.snapshot.snapshot import ImageKey, PodGroup
from tui.domain.workloads.containers import ContainerJoin, joined_of
from tui.domain.workloads.counting import crews_of
from tui.domain.workloads.drift import DriftJudge, RunVariant
from tui.domain.workloads.grouping import WorkloadDraft, WorkloadGrouping
from tui.domain.workloads.owners import managed_by, team_of

__all__ = ["ImageUsers", "JoinedWorkload", "WorkloadJoin", "uses_of"]


@dataclass(frozen=True, slots=True, eq=False)
class JoinedWorkload:
    """A workload before it is judged: it depends on no policy and no time.

    `crews` are its pods by the images that they run, `idle` are images that it would run, ran, or could go back to; `images`
    are all that its judgement looks at. `named` are the digests that its names give of each.
    """

    key: ObjectKey
    group: WorkloadDraft
    containers: tuple[ContainerJoin, ...]
    rollback: tuple[ImageKey, ...]
    controller: Controller | None = None
    managed_by: str = ""
    team: str = ""
    crews: tuple[PodGroup, ...] = ()
    idle: tuple[ImageKey, ...] = ()
    images: tuple[ImageKey, ...] = ()
    named: tuple[tuple[ImageKey, str], ...] = ()


@dataclass(slots=True)
class ImageUsers:
    """What uses an image: workloads that run it, their pods, and workloads that would run it, ran it or could go back to it.

    `names` are the digests that the names of what uses it give.
    """

    users: dict[ObjectKey, None] = field(default_factory=dict)
    idle: dict[ObjectKey, None] = field(default_factory=dict)
    pods: int = 0
    names: set[str] = field(default_factory=set)


class WorkloadJoin:
    """Joins workloads, round after round: one that nothing changed about is the very same object."""

    def __init__(self) -> None:
        self._grouping = WorkloadGrouping()
        self._judge: DriftJudge | None = None
        self._nodes: Mapping[SourceId, Mapping[str, Node]] = {}
        self._last: dict[ObjectKey, JoinedWorkload] = {}

    def join(self, facts: ClusterFacts, judge: DriftJudge) -> dict[ObjectKey, JoinedWorkload]:
        """Every workload, in the order of the keys; the same `judge` finds the same."""
        groups = self._grouping.group(facts)
        kept = self._last if judge is self._judge and facts.nodes == self._nodes else {}
        order = kept if kept.keys() == groups.keys() else sorted(groups)
        self._last = {key: _same(kept.get(key), groups[key]) or _join(key, groups[key], facts, judge) for key in order}
        self._judge, self._nodes = judge, facts.nodes
        return self._last


def _same(known: JoinedWorkload | None, found: WorkloadDraft) -> JoinedWorkload | None:
    """What is known, when it was made of the same."""
    return known if known is not None and known.group == found else None


def _join(key: ObjectKey, found: WorkloadDraft, facts: ClusterFacts, judge: DriftJudge) -> JoinedWorkload:
    containers = joined_of(found, judge, facts.nodes.get(found.source, {}))
    old = [judge.find(RunVariant(each.image)) for controller in found.rollback for each in controller.containers]
    rollback = tuple(sorted({each.declared for each in old if each.declared is not None}))
    words = tuple(_words(found))
    declared = [each.declared for each in containers if each.declared is not None]
    runs = [image for each in containers for image in each.runs]
    crews = crews_of(each.refs for each in containers)
    return JoinedWorkload(
        key=key,
        group=found,
        containers=containers,
        rollback=rollback,
        controller=found.controller,
        managed_by=managed_by(words),
        team=team_of(words),
        crews=crews,
        idle=tuple(dict.fromkeys((*(image for each in containers for image in _idle(each)), *rollback))),
        images=tuple(dict.fromkeys((*runs, *declared, *rollback))),
        named=tuple(
            dict.fromkeys(
                (
                    *(pair for each in containers for pair in each.named),
                    *((each.declared, each.named) for each in old if each.declared is not None and each.named),
                )
            )
        ),
    )


def _idle(container: ContainerJoin) -> Iterator[ImageKey]:
    """What a container would run when it is started anew, and what its pods ran where all have ended."""
    if not container.pods:
        yield from container.runs
    if container.declared is not None:
        yield container.declared


def uses_of(workloads: Mapping[ObjectKey, JoinedWorkload]) -> dict[ImageKey, ImageUsers]:
    """Every image that something runs, would run, or could go back to."""
    found: dict[ImageKey, ImageUsers] = {}
    for workload in workloads.values():
        for crew in workload.crews:
            for image in crew.images:
                use = found.setdefault(image, ImageUsers())
                use.users[workload.key] = None
                use.pods += crew.pods
        for image in workload.idle:
            found.setdefault(image, ImageUsers()).idle[workload.key] = None
        for image, digest in workload.named:
            if image in found:
                found[image].names.add(digest)
    return found


def _words(found: WorkloadDraft) -> Iterator[Mapping[str, str]]:
    """Labels and annotations, those of the top first."""
    own = found.controller
    others = [each for each in found.controllers.values() if own is None or each.uid != own.uid]
    for each in ([own] if own is not None else []) + sorted(others, key=lambda each: each.uid):
        yield each.annotations
        yield each.labels
    if not found.controllers and found.pods:
        yield min(found.pods, key=lambda pod: pod.uid).labels
