"""Workloads joined with what registries say, before anything judges them, and what they use of which image."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import NamedTuple

from tui.domain.common.memo import Address, Rows, Trace, with_more
from tui.domain.common.source_id import SourceId
from tui.domain.facts.facts import ClusterFacts
from tui.domain.facts.reference import parse_reference
from tui.domain.facts.workload import Controller, Node, ObjectKey
from tui.domain.snapshot.snapshot import ImageKey, PodGroup
from tui.domain.workloads.containers import ContainerJoin, joined_of
from tui.domain.workloads.counting import crews_of
from tui.domain.workloads.drift import DriftJudge, RunVariant
from tui.domain.workloads.grouping import WorkloadDraft, WorkloadGrouping
from tui.domain.workloads.owners import managed_by, team_of

__all__ = ["ImageUsers", "ImageUses", "JoinedWorkload", "WorkloadJoin"]


@dataclass(frozen=True, slots=True)
class JoinedWorkload:
    """A workload before it is judged: it depends on no policy and no time.

    `crews` are its pods by the images that they run, `idle` are images that it would run, ran, or could go back to; `images`
    are all that its judgement looks at. `named_digests` are the digests that its names give of each.
    `lost_names` are names in ReplicaSets kept to go back to that their registries do not have any more.
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
    named_digests: tuple[tuple[ImageKey, str], ...] = ()
    lost_names: tuple[str, ...] = ()


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
    """Joins workloads, round after round: one that nothing changed about is the very same object.

    `workloads` are in no order; `judge` finds what runs.
    """

    def __init__(self, trace: Trace, judge: DriftJudge) -> None:
        self._grouping = WorkloadGrouping(trace)
        self._judge = judge
        self._nodes: Mapping[SourceId, Mapping[str, Node]] = {}
        self._rows: Rows[ObjectKey, JoinedWorkload] = Rows(trace, self._join)
        self.workloads: Mapping[ObjectKey, JoinedWorkload] = self._rows.values

    def renew(self, facts: ClusterFacts, changed: Set[Address]) -> set[ObjectKey]:
        """Join again what changed; the workloads that are others, or gone."""
        changed = with_more(changed, self._judge.renew(changed, self._rows.is_read))
        nodes, self._nodes = self._nodes, facts.nodes
        if nodes != facts.nodes:
            changed = with_more(changed, self._rows.values.keys())
        drafts = self._grouping.renew(facts)
        present = {key for key in drafts if key in self._grouping.workloads}
        return self._rows.refresh(with_more(changed, present), present, drafts - present)

    def _join(self, key: ObjectKey) -> JoinedWorkload:
        draft = self._grouping.workloads[key]
        return _join(key, draft, self._nodes.get(draft.source, {}), self._judge)


def _join(key: ObjectKey, draft: WorkloadDraft, nodes: Mapping[str, Node], judge: DriftJudge) -> JoinedWorkload:
    containers = joined_of(draft, judge, nodes)
    images = sorted({container.image for controller in draft.rollback for container in controller.containers})
    old = [judge.find(RunVariant(image)) for image in images]
    known_images = [image for image, verdict in zip(images, old, strict=True) if verdict.name is not None]
    rollback = tuple(sorted({container.declared for container in old if container.declared is not None}))
    words = tuple(_words(draft))
    declared = [container.declared for container in containers if container.declared is not None]
    runs = [image for container in containers for image in container.runs]
    crews = crews_of(container.refs for container in containers)
    return JoinedWorkload(
        key=key,
        group=draft,
        containers=containers,
        rollback=rollback,
        controller=draft.controller,
        managed_by=managed_by(words),
        team=team_of(words),
        crews=crews,
        idle=tuple(dict.fromkeys((*(image for container in containers for image in _idle(container)), *rollback))),
        images=tuple(dict.fromkeys((*runs, *declared, *rollback))),
        lost_names=tuple(image for image in known_images if judge.word(parse_reference(image)).gone),
        named_digests=tuple(
            dict.fromkeys(
                (
                    *(pair for container in containers for pair in container.named_digests),
                    *(
                        (container.declared, container.named_digest)
                        for container in old
                        if container.declared is not None and container.named_digest
                    ),
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


class _Use(NamedTuple):
    """What one workload makes of an image: `pods` that run it, None for none, and the digests that its names give."""

    pods: int | None = None
    idle: bool = False
    names: tuple[str, ...] = ()


class ImageUses:
    """Every image that something runs, would run, or could go back to, round after round."""

    def __init__(self) -> None:
        self.images: dict[ImageKey, ImageUsers] = {}
        self._by_workload: dict[ObjectKey, dict[ImageKey, _Use]] = {}
        self._by_image: dict[ImageKey, dict[ObjectKey, _Use]] = {}

    def renew(self, workloads: Mapping[ObjectKey, JoinedWorkload], changed: Iterable[ObjectKey]) -> set[ImageKey]:
        """Take in workloads that are others or gone; the images that are used otherwise."""
        images: set[ImageKey] = set()
        for key in changed:
            workload = workloads.get(key)
            before, after = self._by_workload.pop(key, {}), _uses(workload) if workload is not None else {}
            if after:
                self._by_workload[key] = after
            for image in before.keys() | after.keys():
                if before.get(image) != after.get(image):
                    images.add(image)
                    self._put(image, key, after.get(image))
        for image in images:
            self._gather(image)
        return images

    def _put(self, image: ImageKey, key: ObjectKey, use: _Use | None) -> None:
        uses = self._by_image.setdefault(image, {})
        if use is None:
            uses.pop(key, None)
        else:
            uses[key] = use

    def _gather(self, image: ImageKey) -> None:
        uses = self._by_image[image]
        self.images.pop(image, None)
        if not uses:
            del self._by_image[image]
            return
        users = self.images[image] = ImageUsers()
        for key in sorted(uses):
            use = uses[key]
            if use.pods is not None:
                users.users[key] = None
                users.pods += use.pods
            if use.idle:
                users.idle[key] = None
            users.names.update(use.names)


def _uses(workload: JoinedWorkload) -> dict[ImageKey, _Use]:
    pods: dict[ImageKey, int] = {}
    for crew in workload.crews:
        for image in crew.images:
            pods[image] = pods.get(image, 0) + crew.pods
    idle, names = frozenset(workload.idle), dict[ImageKey, list[str]]()
    for image, digest in workload.named_digests:
        names.setdefault(image, []).append(digest)
    images = dict.fromkeys((*pods, *workload.idle))
    return {image: _Use(pods.get(image), image in idle, tuple(names.get(image, ()))) for image in images}


def _words(draft: WorkloadDraft) -> Iterator[Mapping[str, str]]:
    """Labels and annotations, those of the top first."""
    own = draft.controller
    others = [controller for controller in draft.controllers.values() if own is None or controller.uid != own.uid]
    for controller in ([own] if own is not None else []) + sorted(others, key=lambda controller: controller.uid):
        yield controller.annotations
        yield controller.labels
    if not draft.controllers and draft.pods:
        yield min(draft.pods, key=lambda pod: pod.uid).labels
