"""The pods of one controller while it rolls out: which are of its newest template, how they start, what keeps them from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from math import ceil

from tui.demo.cluster.kinds import kind_of
from tui.demo.content import Json
from tui.demo.estate.budgets import refresh
from tui.demo.estate.company import Cluster, write_controller, write_pod
from tui.demo.estate.model import Box, Container, Controller, Kinds, PodModel, Slot, revision_labels
from tui.demo.estate.objects import metadata_of
from tui.demo.moments import kube_time

__all__ = ["Holdup", "RollingPods"]

_GRACE = timedelta(seconds=30)


class Holdup(StrEnum):
    """What keeps new pods of a workload from coming up."""

    READINESS = "readiness"
    QUOTA = "quota"
    ADMISSION = "admission"
    NODE = "node"


_REFUSED = {
    Holdup.QUOTA: 'pods "{name}" is forbidden: exceeded quota: pods, requested: pods=1, used: pods=40, limited: pods=40',
    Holdup.ADMISSION: 'admission webhook "validation.gatekeeper.sh" denied the request: [allowed-images] {name} is not allowed',
}
_NO_NODE = "0/27 nodes are available: 25 Insufficient memory, 2 node(s) had untolerated taint {sku: gpu}."


class RollingPods:
    """The pods of one controller, and what is done to them."""

    def __init__(self, cluster: Cluster, model: Controller, holdup: Holdup | None) -> None:
        self.cluster, self.model, self.holdup = cluster, model, holdup
        self._set = self._replica_set() if model.kind in (Kinds.DEPLOYMENT, Kinds.ROLLOUT) else None

    # ---- which there are

    @property
    def wanted(self) -> int:
        """How many there shall be."""
        return self.model.replicas or 0

    @property
    def at_once(self) -> int:
        """How many places are taken at once where a pod has a place."""
        return max(1, ceil(self.wanted / 6)) if self.model.kind is Kinds.DAEMONSET else 1

    @property
    def _owners(self) -> set[str]:
        sets = (one.uid for one in self.cluster.estate.controllers if one.owner is not None and one.owner.uid == self.model.uid)
        return set(sets) if self._set is not None else {self.model.uid}

    @property
    def all(self) -> list[PodModel]:
        """All that live."""
        owners = self._owners
        return [
            pod for pod in self.cluster.estate.pods if pod.owner is not None and pod.owner.uid in owners and pod.deleting is None
        ]

    def _is_current(self, pod: PodModel) -> bool:
        if self._set is not None:
            return pod.owner is not None and pod.owner.uid == self._set.uid
        return pod.template == self.model.template

    @property
    def current(self) -> list[PodModel]:
        """Those of the newest template."""
        return [pod for pod in self.all if self._is_current(pod)]

    @property
    def old(self) -> list[PodModel]:
        """Those of older ones, in the order in which they go."""
        old = [pod for pod in self.all if not self._is_current(pod)]
        return sorted(old, key=_number, reverse=True) if self.model.kind is Kinds.STATEFULSET else old

    @property
    def surplus(self) -> list[PodModel]:
        """New ones beyond what is wanted."""
        if self.model.kind is Kinds.STATEFULSET:
            return [pod for pod in self.all if _number(pod) >= self.wanted]
        return self.current[self.wanted :] if self.model.kind is not Kinds.DAEMONSET else []

    @property
    def missing(self) -> list[str]:
        """Numbers or nodes that have no pod."""
        if self.model.kind is Kinds.STATEFULSET:
            taken = {_number(pod) for pod in self.all}
            return [str(number) for number in range(self.wanted) if number not in taken][:1]
        taken_nodes = {pod.node for pod in self.all}
        return [node.name for node in self.cluster.estate.nodes if node.name not in taken_nodes]

    @property
    def made_before_restart(self) -> list[PodModel]:
        """Pods that are older than the time at which an Argo Rollout is to have been restarted."""
        at = datetime.fromisoformat(self.model.restart_at)
        return [pod for pod in self.current if pod.created < at]

    # ---- what is done to them

    def create(self, count: int) -> bool:
        """Make so many; false when they are refused."""
        self.model.refused = ""
        if self.holdup in (Holdup.QUOTA, Holdup.ADMISSION):
            self._refuse(_REFUSED[self.holdup].replace("{name}", f"{self.model.name}-0"))
            return False
        owner = self._set or self.model
        for place in [*self.missing][:count] if self._set is None else [""] * count:
            pod = self._pod(owner, place)
            self.cluster.estate.pods.append(pod)
            write_pod(self.cluster.store, pod)
        self.count()
        return True

    def _pod(self, owner: Controller, place: str) -> PodModel:
        raiser, nodes = self.cluster.raiser, self.cluster.estate.nodes
        daemon = owner.kind is Kinds.DAEMONSET
        end = place if place and not daemon else raiser.word(5)
        fit = [node.name for node in nodes if node.arch == (owner.arch or "amd64")] or [node.name for node in nodes]
        node = place if daemon else fit[len(self.cluster.estate.pods) % len(fit)]
        boxes = [box for box in owner.boxes if box.slot is not Slot.EPHEMERAL]
        made = PodModel(owner.namespace, f"{owner.name}-{end}", raiser.uid(), node, datetime.now(UTC), [], owner.reference)
        made.containers = [Container(box, "", "waiting", "ContainerCreating") for box in boxes]
        made.labels, made.annotations = {**owner.selector, **revision_labels(self.model)}, dict(self.model.template_annotations)
        made.phase, made.template = "Pending", self.model.template
        if self.holdup is Holdup.NODE:
            made.node, made.unscheduled = "", _NO_NODE
            made.containers = [Container(box, "", "") for box in boxes]
        return made

    def start(self, pods: list[PodModel]) -> None:
        """Let them come up, as far as they can."""
        for pod in pods:
            if self.holdup is not Holdup.NODE and pod.unscheduled:
                fit = self.cluster.estate.nodes
                pod.node, pod.unscheduled = fit[len(pod.name) % len(fit)].name, ""
            if pod.node:
                pod.unready = self.holdup is Holdup.READINESS
                start_containers(self.cluster, pod)
            write_pod(self.cluster.store, pod)
        self.count()

    def end(self, pods: list[PodModel], now: datetime) -> None:
        """Tell them to end."""
        for pod in pods:
            pod.deleting = now + _GRACE
            write_pod(self.cluster.store, pod)
        self.count()

    def gone(self, pods: list[PodModel]) -> None:
        """They have ended."""
        for pod in pods:
            if pod in self.cluster.estate.pods:
                self.cluster.estate.pods.remove(pod)
                write_pod(self.cluster.store, pod, gone=True)
        self.count()

    def count(self) -> None:
        """Write the counts as they are now."""
        model, living = self.model, self.all
        model.pods, model.ready = len(living), sum(pod.ready for pod in living)
        model.updated = sum(self._is_current(pod) for pod in living)
        if self._set is not None:
            for one in self.cluster.estate.controllers:
                if one.owner is not None and one.owner.uid == model.uid:
                    self._count_set(one, living)
        write_controller(self.cluster.store, model)
        refresh(self.cluster.estate, self.cluster.store, model)

    def _count_set(self, one: Controller, living: list[PodModel]) -> None:
        own = [pod for pod in living if pod.owner is not None and pod.owner.uid == one.uid]
        counts = len(own), sum(pod.ready for pod in own)
        if counts != (one.replicas, one.ready):
            one.replicas, one.ready = counts
            write_controller(self.cluster.store, one)

    def finish(self) -> None:
        """All is as declared."""
        self.model.pods = self.model.updated = None
        self.model.ready, self.model.refused = sum(pod.ready for pod in self.all), ""
        if self.model.restart_at:
            self.model.restarted_at = self.model.restart_at
        write_controller(self.cluster.store, self.model)

    # ---- beside them

    def _replica_set(self) -> Controller:
        """The one of the template as it is now: an older one is taken again, as by a rollback."""
        model, estate = self.model, self.cluster.estate
        sets = [one for one in estate.controllers if one.owner is not None and one.owner.uid == model.uid]
        for one in sets:
            if (one.boxes, one.template_annotations) == (model.boxes, model.template_annotations):
                made = one
                break
        else:
            mark = self.cluster.raiser.word(10)
            label = "rollouts-pod-template-hash" if model.kind is Kinds.ROLLOUT else "pod-template-hash"
            made = replace(model, kind=Kinds.REPLICASET, name=f"{model.name}-{mark}", uid=self.cluster.raiser.uid())
            made.created, made.owner, made.replicas, made.ready = datetime.now(UTC), model.reference, 0, 0
            made.labels = {"app": model.name, label: mark}
            made.selector, made.annotations, made.observed = dict(made.labels), {}, None
            made.boxes, made.template_annotations = model.boxes, dict(model.template_annotations)
            made.pods = made.updated = None
            estate.controllers.append(made)
        return self._at_revision(made, sets)

    def _at_revision(self, made: Controller, sets: list[Controller]) -> Controller:
        """It carries the highest number of all, and so does its owner."""
        highest = max((int(one.annotations.get(_REVISION, "0")) for one in sets), default=0)
        own = int(made.annotations.get(_REVISION, "0"))
        if own < highest or own == 0:
            made.annotations = {**made.annotations, _REVISION: str(highest + 1)}
        self.model.annotations = {**self.model.annotations, _REVISION: made.annotations[_REVISION]}
        if self.model.kind is Kinds.ROLLOUT:
            self.model.pod_hash = made.labels["rollouts-pod-template-hash"]
        write_controller(self.cluster.store, made)
        return made

    def _refuse(self, message: str) -> None:
        self.model.refused = message
        owner = self._set or self.model
        name = f"{owner.name}.{owner.uid[:8]}"
        self.cluster.store.put(kind_of("Event"), owner.namespace, name, partial(_event, owner, name, message))
        self.count()


_REVISION = "deployment.kubernetes.io/revision"


def start_containers(cluster: Cluster, pod: PodModel) -> None:
    """Pull what the tags name now, and run it; the first image that cannot be pulled keeps the pod waiting."""
    pod.phase = "Pending"
    for container in pod.containers:
        try:
            container.image_id = cluster.raiser.images.pulled(container.box.image)
        except LookupError as error:
            container.state, container.reason, container.message = "waiting", "ErrImagePull", str(error)
            return
        container.state, container.reason, container.message = _up(container.box), "", ""
        container.started = datetime.now(UTC)
    pod.phase = "Running"


def _up(box: Box) -> str:
    return "terminated" if box.slot is Slot.INIT else "running"


def _number(pod: PodModel) -> int:
    end = pod.name.rpartition("-")[2]
    return int(end) if end.isdigit() else 0


def _event(owner: Controller, name: str, message: str, version: str) -> Json:
    now = datetime.now(UTC)
    metadata = metadata_of(name, owner.uid, now, version, owner.namespace)
    about = {"kind": owner.kind, "namespace": owner.namespace, "name": owner.name, "uid": owner.uid}
    found: Json = {"metadata": metadata, "involvedObject": {**about, "apiVersion": owner.reference.api_version}}
    found |= {"reason": "FailedCreate", "message": f"Error creating: {message}", "type": "Warning", "count": 1}
    return {**found, "firstTimestamp": kube_time(now), "lastTimestamp": kube_time(now), "source": {"component": "controller"}}
