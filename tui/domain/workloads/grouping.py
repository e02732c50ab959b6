"""Pods and controllers gathered to workloads: what runs under which top, and what would run if it had pods."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

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
        found = [each for each in self.controllers.values() if each.key == self.top.key]
        return max(found, key=lambda each: each.uid) if found else None

    @property
    def template(self) -> tuple[TemplateContainer, ...]:
        """What new pods would run: the topmost template that is known, of the newest object where there are several."""
        own = self.controller
        if own is not None and own.containers:
            return own.containers
        others = [each for each in self.controllers.values() if each.containers and each.desired != 0]
        return max(others, key=lambda each: (each.created is not None, each.created, each.uid)).containers if others else ()

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
        for each in self.controllers.values():
            old = each.kind == "ReplicaSet" and each.desired == 0 and each.uid not in busy
            if old and each.key != self.top.key and not (present and each.revision == present):
                yield each


@dataclass(frozen=True, slots=True, eq=False)
class _Heads:
    """What follows from the controllers of a source alone: who owns each, by uid, and those that lead to each top."""

    tops: Mapping[str, TopOwner]
    groups: Mapping[ObjectKey, WorkloadDraft]


class WorkloadGrouping:
    """Gathers workloads, round after round: what only pods change costs little."""

    def __init__(self) -> None:
        self._kept: dict[SourceId, tuple[Mapping[str, Controller], _Heads]] = {}

    def group(self, facts: ClusterFacts) -> dict[ObjectKey, WorkloadDraft]:
        """All workloads, with and without pods. An object whose owner cannot be read belongs to what its owner is called."""
        found: dict[ObjectKey, WorkloadDraft] = {}
        for source in sorted({*facts.pods, *facts.controllers}):
            controllers = facts.controllers.get(source, {})
            heads = self._heads(source, controllers)
            for each in heads.groups.values():
                _into(found, source, each.top).controllers.update(each.controllers)
            for pod in facts.pods.get(source, {}).values():
                _into(found, source, _top_of_pod(pod, controllers, heads.tops)).pods.append(pod)
        return {key: each for key, each in found.items() if each.pods or _declares(each)}

    def _heads(self, source: SourceId, controllers: Mapping[str, Controller]) -> _Heads:
        known = self._kept.get(source)
        if known is None or known[0] is not controllers:
            known = self._kept[source] = controllers, _heads_of(source, controllers)
        return known[1]


def _heads_of(source: SourceId, controllers: Mapping[str, Controller]) -> _Heads:
    tops = {uid: top_of(controller, controllers) for uid, controller in controllers.items()}
    groups: dict[ObjectKey, WorkloadDraft] = {}
    for uid, controller in controllers.items():
        if controller.containers or controller.key == tops[uid].key:
            _into(groups, source, tops[uid]).controllers[uid] = controller
    return _Heads(tops, groups)


def _top_of_pod(pod: Pod, controllers: Mapping[str, Controller], tops: Mapping[str, TopOwner]) -> TopOwner:
    known = tops.get(pod.owner.uid) if pod.owner is not None and not pod.mirror else None
    return known or top_of(pod, controllers)


def _into(found: dict[ObjectKey, WorkloadDraft], source: SourceId, top: TopOwner) -> WorkloadDraft:
    known = found.get(top.key)
    if known is None:
        known = found[top.key] = WorkloadDraft(source, top)
    elif top.readable and not known.top.readable:
        known.top = top
    return known


def _declares(each: WorkloadDraft) -> bool:
    """Whether it is worth a row without pods: it was read, and has a template that new pods would come from."""
    return each.controller is not None and bool(each.template)


def by_slot(pods: Iterable[Pod], template: tuple[TemplateContainer, ...]) -> dict[Slot, list[tuple[Pod, PodContainer]]]:
    """The containers of a workload with the pods that have them, in the order in which they are declared, ephemeral ones last."""
    found: dict[Slot, list[tuple[Pod, PodContainer]]] = {(declared.type, declared.name): [] for declared in template}
    for pod in pods:
        for container in pod.containers:
            found.setdefault((container.type, container.name), []).append((pod, container))
    return dict(sorted(found.items(), key=lambda item: item[0][0] is ContainerType.EPHEMERAL))


def platform_of(pod: Pod, nodes: Mapping[str, Node]) -> Platform | None:
    """The platform of a pod's node, None when the node cannot be read or is not chosen yet."""
    node = nodes.get(pod.node)
    return Platform(node.os, node.architecture) if node is not None and node.os and node.architecture else None
