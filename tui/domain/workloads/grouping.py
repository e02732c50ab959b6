"""Pods and controllers gathered to workloads: what runs under which top, and what would run if it had pods."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tui.domain.common.memo import changed_keys
from tui.domain.common.source_id import SourceId
from tui.domain.facts.facts import ClusterFacts
from tui.domain.facts.image import Platform
from tui.domain.facts.workload import ContainerType, Controller, Node, ObjectKey, Pod, PodContainer, TemplateContainer
from tui.domain.workloads.owners import TopOwner, top_of

__all__ = ["Slot", "WorkloadDraft", "WorkloadGrouping", "by_slot", "platform_of"]

_ENDED = frozenset({"Succeeded", "Failed"})
Slot = tuple[ContainerType, str]
"""A container of a workload: pods may have the same name in another place."""


@dataclass(slots=True)
class WorkloadDraft:
    """A workload in the making. `controllers` are those that lead to it, its own included."""

    source: SourceId
    top: TopOwner
    pods: list[Pod] = field(default_factory=list)
    controllers: dict[str, Controller] = field(default_factory=dict)

    @property
    def controller(self) -> Controller | None:
        """The top controller itself, when it was read."""
        controllers = [controller for controller in self.controllers.values() if controller.key == self.top.key]
        return max(controllers, key=lambda controller: controller.uid) if controllers else None

    @property
    def template(self) -> tuple[TemplateContainer, ...]:
        """What new pods would run: the topmost template that is known, of the newest object where there are several."""
        own = self.controller
        if own is not None and own.containers:
            return own.containers
        others = [controller for controller in self.controllers.values() if controller.containers and controller.desired != 0]
        return (
            max(others, key=lambda controller: (controller.created is not None, controller.created, controller.uid)).containers
            if others
            else ()
        )

    @property
    def live(self) -> list[Pod]:
        """The pods that count: those that have not ended, or the ended ones when there are no others."""
        running = [pod for pod in self.pods if pod.phase not in _ENDED]
        return running or self.pods

    @property
    def rollback(self) -> Iterator[Controller]:
        """ReplicaSets without pods that are kept to go back to: all but the one of the present revision."""
        own = self.controller
        present = own.revision if own is not None else ""
        busy = {pod.owner.uid for pod in self.pods if pod.owner is not None}
        for controller in self.controllers.values():
            old = controller.kind == "ReplicaSet" and controller.desired == 0 and controller.uid not in busy
            if old and controller.key != self.top.key and not (present and controller.revision == present):
                yield controller


@dataclass(frozen=True, slots=True, eq=False)
class _Heads:
    """What follows from the controllers of a source alone: who owns each, by uid, and those that lead to each top."""

    tops: Mapping[str, TopOwner]
    groups: Mapping[ObjectKey, WorkloadDraft]


_NO_PODS: Mapping[str, Pod] = {}
_NO_CONTROLLERS: Mapping[str, Controller] = {}


class _Source:
    """What one source tells, gathered: what only pods change costs little."""

    def __init__(self, source: SourceId) -> None:
        self._source = source
        self._controllers, self._pods = _NO_CONTROLLERS, _NO_PODS
        self._heads = _Heads({}, {})
        self._top: dict[str, TopOwner] = {}
        self._members: dict[ObjectKey, dict[str, Pod]] = {}

    def take(self, pods: Mapping[str, Pod], controllers: Mapping[str, Controller]) -> set[ObjectKey]:
        """Take in what is there now; the workloads that may be others."""
        changed: set[ObjectKey] = set()
        if controllers is not self._controllers:
            changed = self._lead(controllers)
        uids = changed_keys(self._pods, pods)
        for uid in uids:
            changed.update(self._place(uid, pods.get(uid)))
        self._pods = pods
        return changed

    def draft(self, key: ObjectKey) -> WorkloadDraft | None:
        """A workload as far as this source tells of it."""
        head, members = self._heads.groups.get(key), self._members.get(key, {})
        pods = sorted(members.values(), key=lambda pod: (pod.name, pod.uid))
        if head is None and not pods:
            return None
        top = head.top if head is not None else self._top[pods[0].uid]
        if not top.readable:
            top = next((own for pod in pods if (own := self._top[pod.uid]).readable), top)
        return WorkloadDraft(self._source, top, pods, dict(head.controllers) if head is not None else {})

    def _lead(self, controllers: Mapping[str, Controller]) -> set[ObjectKey]:
        """Find anew who leads to whom; pods follow whom they are owned by."""
        before, self._heads = self._heads, _heads_of(self._source, controllers)
        self._controllers = controllers
        keys = before.groups.keys() | self._heads.groups.keys()
        changed = {key for key in keys if before.groups.get(key) != self._heads.groups.get(key)}
        for uid, pod in self._pods.items():
            if _top_of_pod(pod, controllers, self._heads.tops) != self._top[uid]:
                changed.update(self._place(uid, pod))
        return changed

    def _place(self, uid: str, pod: Pod | None) -> Iterator[ObjectKey]:
        """Put a pod where it belongs now; the workloads that it leaves and comes to."""
        before = self._top.pop(uid, None)
        if before is not None:
            yield before.key
            members = self._members[before.key]
            del members[uid]
            if not members:
                del self._members[before.key]
        if pod is not None:
            top = self._top[uid] = _top_of_pod(pod, self._controllers, self._heads.tops)
            self._members.setdefault(top.key, {})[uid] = pod
            yield top.key


class WorkloadGrouping:
    """Gathers workloads, round after round."""

    def __init__(self) -> None:
        self.workloads: dict[ObjectKey, WorkloadDraft] = {}
        self._sources: dict[SourceId, _Source] = {}

    def renew(self, facts: ClusterFacts) -> set[ObjectKey]:
        """Gather what changed, with and without pods; the workloads that are others, or gone.

        An object whose owner cannot be read belongs to what its owner is called.
        """
        changed: set[ObjectKey] = set()
        for name in {*self._sources, *facts.pods, *facts.controllers}:
            source = self._sources.setdefault(name, _Source(name))
            changed |= source.take(facts.pods.get(name, _NO_PODS), facts.controllers.get(name, _NO_CONTROLLERS))
        return {key for key in changed if self._gather(key)}

    def _gather(self, key: ObjectKey) -> bool:
        drafts = (self._sources[name].draft(key) for name in sorted(self._sources, key=str))
        draft = _merged([draft for draft in drafts if draft is not None])
        before = self.workloads.pop(key, None)
        if draft is not None and (draft.pods or _declares(draft)):
            self.workloads[key] = draft
        return before != self.workloads.get(key)


def _merged(drafts: list[WorkloadDraft]) -> WorkloadDraft | None:
    """What several sources tell of one workload."""
    if not drafts:
        return None
    merged, *others = drafts
    for draft in others:
        merged.controllers.update(draft.controllers)
        merged.pods.extend(draft.pods)
        if draft.top.readable and not merged.top.readable:
            merged.top = draft.top
    return merged


def _heads_of(source: SourceId, controllers: Mapping[str, Controller]) -> _Heads:
    tops = {uid: top_of(controller, controllers) for uid, controller in controllers.items()}
    groups: dict[ObjectKey, WorkloadDraft] = {}
    for uid, controller in controllers.items():
        if controller.containers or controller.key == tops[uid].key:
            _into(groups, source, tops[uid]).controllers[uid] = controller
    return _Heads(tops, groups)


def _top_of_pod(pod: Pod, controllers: Mapping[str, Controller], tops: Mapping[str, TopOwner]) -> TopOwner:
    owner = tops.get(pod.owner.uid) if pod.owner is not None and not pod.mirror else None
    return owner or top_of(pod, controllers)


def _into(drafts: dict[ObjectKey, WorkloadDraft], source: SourceId, top: TopOwner) -> WorkloadDraft:
    draft = drafts.get(top.key)
    if draft is None:
        draft = drafts[top.key] = WorkloadDraft(source, top)
    elif top.readable and not draft.top.readable:
        draft.top = top
    return draft


def _declares(draft: WorkloadDraft) -> bool:
    """Whether it is worth a row without pods: it was read, and has a template that new pods would come from."""
    return draft.controller is not None and bool(draft.template)


def by_slot(pods: Iterable[Pod], template: tuple[TemplateContainer, ...]) -> dict[Slot, list[tuple[Pod, PodContainer]]]:
    """The containers of a workload with the pods that have them, in the order in which they are declared, ephemeral ones last."""
    slots: dict[Slot, list[tuple[Pod, PodContainer]]] = {(declared.type, declared.name): [] for declared in template}
    for pod in pods:
        for container in pod.containers:
            slots.setdefault((container.type, container.name), []).append((pod, container))
    return dict(sorted(slots.items(), key=lambda item: item[0][0] is ContainerType.EPHEMERAL))


def platform_of(pod: Pod, nodes: Mapping[str, Node]) -> Platform | None:
    """The platform of a pod's node, None when the node cannot be read or is not chosen yet."""
    node = nodes.get(pod.node)
    return Platform(node.os, node.architecture) if node is not None and node.os and node.architecture else None
