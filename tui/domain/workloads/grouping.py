"""Pods and controllers gathered to workloads: what runs under which top, and what would run if it had pods."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from tui.domain.common.memo import Noted, Rows, Trace, changed_keys
from tui.domain.common.source_id import SourceId
from tui.domain.facts.facts import ClusterFacts
from tui.domain.facts.image import Platform
from tui.domain.facts.workload import ContainerType, Controller, Node, ObjectKey, Pod, PodContainer, TemplateContainer
from tui.domain.workloads.owners import TopOwner, top_of

__all__ = ["Slot", "WorkloadDraft", "WorkloadGrouping", "by_slot", "platform_of"]

K = TypeVar("K")
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


_NO_PODS: Mapping[str, Pod] = {}
_NO_CONTROLLERS: Mapping[str, Controller] = {}


class _Source:
    """What one source tells, gathered: what changes costs as much as hangs on it.

    A pod whose owner is known is a member of what that belongs to; `_orphans` are the others, by the uids of their owners.
    """

    def __init__(self, source: SourceId, trace: Trace) -> None:
        self._source, self._trace = source, trace
        self._controllers, self._pods = _NO_CONTROLLERS, _NO_PODS
        self._tops: Rows[str, TopOwner] = Rows(trace, self._top_of)
        self._heads: dict[ObjectKey, set[str]] = {}
        self._top: dict[str, TopOwner] = {}
        self._members: dict[ObjectKey, dict[str, Pod]] = {}
        self._orphans: dict[str, set[str]] = {}

    def take(self, pods: Mapping[str, Pod], controllers: Mapping[str, Controller]) -> set[ObjectKey]:
        """Take in what is there now; the workloads that may be others."""
        changed = set(self._lead(controllers))
        uids = changed_keys(self._pods, pods)
        for uid in uids:
            changed.update(self._place(uid, pods.get(uid)))
        self._pods = pods
        return changed

    def draft(self, key: ObjectKey) -> WorkloadDraft | None:
        """A workload as far as this source tells of it."""
        if key not in self._heads and key not in self._members:
            return None  # as most sources say of most workloads, which are each in one cluster
        heads, members = sorted(self._heads.get(key, ())), self._members.get(key, {})
        pods = sorted(members.values(), key=lambda pod: (pod.name, pod.uid))
        tops = [*(self._tops.values[uid] for uid in heads), *(self._top[pod.uid] for pod in pods)]
        if not tops:
            return None
        top = next((top for top in tops if top.readable), tops[0])
        return WorkloadDraft(self._source, top, pods, {uid: self._controllers[uid] for uid in heads})

    def _lead(self, controllers: Mapping[str, Controller]) -> Iterator[ObjectKey]:
        """Find anew whom those controllers lead to that changed, and those below them; pods follow whom they are owned by."""
        before, self._controllers = self._controllers, controllers
        uids = changed_keys(before, controllers)
        removed = {uid for uid in uids if uid not in controllers}
        tops = {uid: self._tops.values.get(uid) for uid in {*uids, *self._tops.readers_of(uids)}}
        self._tops.refresh(uids, uids - removed, removed)
        for uid, top in tops.items():
            if uid in uids or top != self._tops.values.get(uid):
                yield from self._head(uid, top)
            if top != self._tops.values.get(uid):
                for pod in self._owned(uid, top):
                    yield from self._place(pod.uid, pod)

    def _top_of(self, uid: str) -> TopOwner:
        return top_of(self._controllers[uid], Noted(self._trace, self._controllers))

    def _head(self, uid: str, before: TopOwner | None) -> Iterator[ObjectKey]:
        """Put a controller where it leads to now, if it tells anything of that; the workloads that it left and leads to."""
        if before is not None:
            yield before.key
            _take_out(self._heads, before.key, uid)
        controller, top = self._controllers.get(uid), self._tops.values.get(uid)
        if controller is not None and top is not None and (controller.containers or controller.key == top.key):
            self._heads.setdefault(top.key, set()).add(uid)
            yield top.key

    def _owned(self, uid: str, top: TopOwner | None) -> list[Pod]:
        """The pods of a controller that belonged to a top, or nowhere while it was not known."""
        if top is None:
            return [self._member(pod) for pod in self._orphans.get(uid, ())]
        return [pod for pod in self._members.get(top.key, {}).values() if pod.owner is not None and pod.owner.uid == uid]

    def _member(self, uid: str) -> Pod:
        return self._members[self._top[uid].key][uid]

    def _place(self, uid: str, pod: Pod | None) -> Iterator[ObjectKey]:
        """Put a pod where it belongs now; the workloads that it leaves and comes to."""
        if uid in self._top:
            yield self._remove(uid)
        if pod is not None:
            owner = pod.owner.uid if pod.owner is not None and not pod.mirror else ""
            owner_top = self._tops.values.get(owner) if owner else None
            if owner and owner_top is None:
                self._orphans.setdefault(owner, set()).add(uid)
            top = self._top[uid] = owner_top or top_of(pod, self._controllers)
            self._members.setdefault(top.key, {})[uid] = pod
            yield top.key

    def _remove(self, uid: str) -> ObjectKey:
        key = self._top.pop(uid).key
        members = self._members[key]
        pod = members.pop(uid)
        if not members:
            del self._members[key]
        if pod.owner is not None:
            _take_out(self._orphans, pod.owner.uid, uid)
        return key


class WorkloadGrouping:
    """Gathers workloads, round after round."""

    def __init__(self, trace: Trace) -> None:
        self.workloads: dict[ObjectKey, WorkloadDraft] = {}
        self._trace = trace
        self._sources: dict[SourceId, _Source] = {}

    def renew(self, facts: ClusterFacts) -> set[ObjectKey]:
        """Gather what changed, with and without pods; the workloads that are others, or gone.

        An object whose owner cannot be read belongs to what its owner is called.
        """
        changed: set[ObjectKey] = set()
        for name in {*self._sources, *facts.pods, *facts.controllers}:
            source = self._source(name)
            changed |= source.take(facts.pods.get(name, _NO_PODS), facts.controllers.get(name, _NO_CONTROLLERS))
        sources = [self._sources[name] for name in sorted(self._sources, key=str)]
        return {key for key in changed if self._gather(key, sources)}

    def _source(self, name: SourceId) -> _Source:
        if name not in self._sources:
            self._sources[name] = _Source(name, self._trace)
        return self._sources[name]

    def _gather(self, key: ObjectKey, sources: Iterable[_Source]) -> bool:
        drafts = (source.draft(key) for source in sources)
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


def _take_out(uids: dict[K, set[str]], key: K, uid: str) -> None:
    """Take a uid out of those under a key, and the key with the last."""
    if key in uids:
        uids[key].discard(uid)
        if not uids[key]:
            del uids[key]


def _declares(draft: WorkloadDraft) -> bool:
    """Whether it is worth a row without pods: it was read, and has a template that new pods would come from."""
    return draft.controller is not None and bool(draft.template)


def by_slot(pods: Iterable[Pod], template: tuple[TemplateContainer, ...]) -> dict[Slot, list[tuple[Pod, PodContainer]]]:
    """The containers of a workload with the pods that have them, in the order in which they are declared, ephemeral ones last."""
    slots: dict[Slot, list[tuple[Pod, PodContainer]]] = {(declared.type, declared.name): [] for declared in template}
    for pod in pods:
        for container in pod.containers:
            slot = container.type, container.name
            instances = slots.get(slot)
            if instances is None:
                instances = slots[slot] = []
            instances.append((pod, container))
    return dict(sorted(slots.items(), key=lambda item: item[0][0] is ContainerType.EPHEMERAL))


def platform_of(pod: Pod, nodes: Mapping[str, Node]) -> Platform | None:
    """The platform of a pod's node, None when the node cannot be read or is not chosen yet."""
    node = nodes.get(pod.node)
    return Platform(node.os, node.architecture) if node is not None and node.os and node.architecture else None
