"""What the controllers of a cluster do after a change: new pods come with what the tag names now, old ones end.

One rollout an object, begun anew when the object changes again. Each looks at the pods that are there, does one thing, and looks
again, as the real controllers do. What reverts a change (Argo CD, Flux) does so a little later.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from math import ceil
from typing import Any

from tui.demo.cluster.kinds import ApiResource
from tui.demo.cluster.server import Write
from tui.demo.estate.budgets import evictable
from tui.demo.estate.changing import Declared, declared, read_back, take
from tui.demo.estate.company import Cluster, write_controller
from tui.demo.estate.counted import COUNTED, change_pod, hold_job, keep_template, owner_of
from tui.demo.estate.jobs import run_job
from tui.demo.estate.model import Controller, Kinds, PodModel
from tui.demo.estate.rolling_pods import Holdup, RollingPods

__all__ = ["Roller"]

OBSERVED, STARTS, ENDS, AGAIN, HEALS, NEXT_JOB = 0.2, 0.8, 0.3, 1.0, 3.0, 2.0
"""Seconds until a controller sees a change, a pod is up, a pod is gone, what failed is tried again, and so on."""
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
# An application that is applied whole, so that what is not in Git goes (argo-helm#3654).
APPLIED_WHOLE = frozenset({("fulfilment", "routing")})
_WATCHING = ("argocd.argoproj.io/tracking-id", "kustomize.toolkit.fluxcd.io/name")
_Place = tuple[str, str, str]


class Roller:
    """Rolls the controllers of all clusters.

    `pace` stretches every pause; `holdups` are what goes wrong, by namespace and name.
    """

    def __init__(
        self, clusters: Iterable[Cluster], pace: float = 1.0, holdups: Mapping[tuple[str, str], Holdup] | None = None
    ) -> None:
        self._pace = pace
        self.holdups = dict(holdups or {})
        self.busy: set[_Place] = set()
        self._changed: asyncio.Queue[tuple[Cluster, Controller]] = asyncio.Queue()
        self._git: dict[str, Declared] = {}
        self._clusters = {cluster.estate.name: cluster for cluster in clusters}

    def writer(self, cluster: Cluster) -> Write:
        """What takes changes of a cluster's objects."""

        def write(kind: ApiResource, key: tuple[str, str], after: dict[str, Any], manager: str) -> bool:
            if kind.kind == "Pod":
                return _write_pod(cluster, kind, key, after)
            controllers = cluster.estate.controllers
            places = (
                (controller, (controller.namespace, controller.name))
                for controller in controllers
                if controller.kind == kind.kind
            )
            model = next((controller for controller, place in places if place == key), None)
            if model is None:
                return False
            if model.kind is Kinds.JOB:
                keep_template(model, after)
            self._git.setdefault(model.uid, declared(model))
            model.labels = dict(after["metadata"].get("labels") or {})
            if take(model, read_back(model, after), (manager or "unknown", "Update")):
                self._change(cluster, model)
            else:
                write_controller(cluster.store, model)
            return True

        return write

    def edit(self, cluster: Cluster, model: Controller, wish: Declared, manager: str) -> None:
        """Somebody else declares something for a controller."""
        self._git.setdefault(model.uid, declared(model))
        if take(model, wish, (manager, "Update")):
            self._change(cluster, model)

    def _change(self, cluster: Cluster, model: Controller) -> None:
        self.busy.add(_place(cluster, model))
        write_controller(cluster.store, model)
        self._changed.put_nowait((cluster, model))

    async def run(self) -> None:
        """Until cancelled."""
        under_way: dict[str, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as group:
            while True:
                cluster, model = await self._changed.get()
                if (task := under_way.get(model.uid)) is not None:
                    task.cancel()
                under_way[model.uid] = group.create_task(self._roll(cluster, model, group))
                if _watched(model) and declared(model) != self._wanted(model):
                    group.create_task(self._heal(cluster, model))

    async def _pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds * self._pace)

    # ---- what reverts changes

    def _wanted(self, model: Controller) -> Declared:
        """What Git says, with what its tool leaves alone."""
        git, now = self._git[model.uid], declared(model)
        left_alone = now.annotations
        if (model.namespace, model.name) in APPLIED_WHOLE:
            left_alone = {name: value for name, value in left_alone.items() if name != RESTARTED_AT}
        return replace(git, annotations=left_alone, restart_at=now.restart_at)

    async def _heal(self, cluster: Cluster, model: Controller) -> None:
        await self._pause(HEALS)
        tool = ("argocd-controller", "Update") if _WATCHING[0] in model.annotations else ("kustomize-controller", "Apply")
        if take(model, self._wanted(model), tool):
            self._change(cluster, model)

    # ---- rollouts

    async def _roll(self, cluster: Cluster, model: Controller, group: asyncio.TaskGroup) -> None:
        await self._pause(OBSERVED)
        model.observed = None
        if model.kind is Kinds.CRONJOB:
            write_controller(cluster.store, model)
            await self._next_job(cluster, model, group)
        elif model.kind is Kinds.JOB:
            await hold_job(cluster, model, self._pause, ENDS)
        elif model.kind in COUNTED and (owner := owner_of(cluster, model)) is not None:
            write_controller(cluster.store, model)
            self._change(cluster, owner)
        elif not model.paused:
            pods = RollingPods(cluster, model, self.holdups.get((model.namespace, model.name)))
            pods.count()
            while not await self._step(pods):
                pods.holdup = self.holdups.get((model.namespace, model.name))
            pods.finish()
        else:
            write_controller(cluster.store, model)
        self.busy.discard(_place(cluster, model))

    async def _next_job(self, cluster: Cluster, model: Controller, group: asyncio.TaskGroup) -> None:
        """A Job that has begun goes on to its end, whatever becomes of its CronJob in the meantime."""
        await self._pause(NEXT_JOB)
        if not model.suspended:
            await asyncio.shield(group.create_task(run_job(cluster, model, self._pause)))

    async def _step(self, pods: RollingPods) -> bool:
        """One thing; true when nothing is left to do."""
        waiting = [pod for pod in pods.current if not pod.ready]
        if waiting:
            await self._pause(STARTS)
            pods.start(waiting)
            if not all(pod.ready for pod in waiting):
                await self._pause(AGAIN)
                return False
        surplus = pods.surplus
        if surplus:
            await self._end(pods, surplus)
            return False
        if pods.model.kind in (Kinds.DEPLOYMENT, Kinds.ROLLOUT):
            return await self._step_of_sets(pods)
        return await self._step_in_place(pods)

    async def _step_of_sets(self, pods: RollingPods) -> bool:
        """New pods first, then as many old ones go as are too many."""
        replicas, new, old = pods.wanted, len(pods.current), pods.old
        if new + len(old) > replicas and old:
            await self._end(pods, old[: new + len(old) - replicas])
        elif new < replicas:
            await self._create(pods, min(max(1, ceil(replicas / 4)), replicas - new))
        elif old:
            await self._end(pods, old)
        elif pods.model.restart_at and (outdated := pods.made_before_restart):
            await self._evict(pods, outdated[0])
        else:
            return True
        return False

    async def _evict(self, pods: RollingPods, pod: PodModel) -> None:
        """An Argo Rollout restarts its pods one by one, as far as their budget lets them go."""
        if evictable(pods.cluster.estate, pod):
            await self._end(pods, [pod])
        else:
            pods.count()
            await self._pause(AGAIN)

    async def _step_in_place(self, pods: RollingPods) -> bool:
        """The pod of a place goes before its next one comes: StatefulSets from the highest number, DaemonSets node by node."""
        if missing := pods.missing:
            await self._create(pods, len(missing))
        elif old := pods.old:
            await self._end(pods, old[: pods.at_once])
        else:
            return True
        return False

    async def _create(self, pods: RollingPods, count: int) -> None:
        if not pods.create(count):
            await self._pause(AGAIN)

    async def _end(self, pods: RollingPods, ending: list[PodModel]) -> None:
        pods.end(ending, datetime.now(UTC))
        await self._pause(ENDS)
        pods.gone(ending)


def _write_pod(cluster: Cluster, kind: ApiResource, key: tuple[str, str], after: dict[str, Any]) -> bool:
    pod = next((pod for pod in cluster.estate.pods if (pod.namespace, pod.name) == key), None)
    if pod is not None:
        change_pod(cluster, kind, pod, json.loads(cluster.store.table(kind).entries[key].whole), after)
    return pod is not None


def _place(cluster: Cluster, model: Controller) -> _Place:
    return cluster.estate.name, model.namespace, model.name


def _watched(model: Controller) -> bool:
    return any(mark in model.annotations or mark in model.labels for mark in _WATCHING)
