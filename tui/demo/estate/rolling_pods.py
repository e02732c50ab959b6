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

# What never replaces a pod, whatever its template says.
_COUNTING = (Kinds.REPLICASET, Kinds.REPLICATIONCONTROLLER, Kinds.JOB)
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
        sets = (
            controller.uid
            for controller in self.cluster.estate.controllers
            if controller.owner is not None and controller.owner.uid == self.model.uid
        )
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
        return self.model.kind in _COUNTING or pod.template == self.model.template

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
            numbers = {_number(pod) for pod in self.all}
            return [str(number) for number in range(self.wanted) if number not in numbers][:1]
        if self.model.kind in _COUNTING:
            return [""] * (self.wanted - len(self.all))
        taken_nodes = {pod.node for pod in self.all}
        return [node.name for node in self.cluster.estate.nodes if node.name not in taken_nodes]

    @property
    def made_before_restart(self) -> list[PodModel]:
        """Pods that are older than the time at which an Argo Rollout is to have been restarted."""
        restart = datetime.fromisoformat(self.model.restart_at)
        return [pod for pod in self.current if pod.created < restart]

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
        pod = PodModel(owner.namespace, f"{owner.name}-{end}", raiser.uid(), node, datetime.now(UTC), [], owner.reference)
        pod.containers = [Container(box, "", "waiting", "ContainerCreating") for box in boxes]
        pod.labels, pod.annotations = {**owner.selector, **revision_labels(self.model)}, dict(self.model.template_annotations)
        pod.phase, pod.template = "Pending", self.model.template
        if self.holdup is Holdup.NODE:
            pod.node, pod.unscheduled = "", _NO_NODE
            pod.containers = [Container(box, "", "") for box in boxes]
        return pod

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
                write_pod(self.cluster.store, pod, deleted=True)
        self.count()

    def count(self) -> None:
        """Write the counts as they are now."""
        model, living = self.model, self.all
        model.pods, model.ready = len(living), sum(pod.ready for pod in living)
        model.updated = sum(self._is_current(pod) for pod in living)
        if self._set is not None:
            for replica_set in self.cluster.estate.controllers:
                if replica_set.owner is not None and replica_set.owner.uid == model.uid:
                    self._count_set(replica_set, living)
        write_controller(self.cluster.store, model)
        refresh(self.cluster.estate, self.cluster.store, model)

    def _count_set(self, replica_set: Controller, living: list[PodModel]) -> None:
        own = [pod for pod in living if pod.owner is not None and pod.owner.uid == replica_set.uid]
        counts = len(own), sum(pod.ready for pod in own)
        if counts != (replica_set.replicas, replica_set.ready):
            replica_set.replicas, replica_set.ready = counts
            write_controller(self.cluster.store, replica_set)

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
        sets = [
            replica_set
            for replica_set in estate.controllers
            if replica_set.owner is not None and replica_set.owner.uid == model.uid
        ]
        for replica_set in sets:
            if (replica_set.boxes, replica_set.template_annotations) == (model.boxes, model.template_annotations):
                current = replica_set
                break
        else:
            mark = self.cluster.raiser.word(10)
            label = "rollouts-pod-template-hash" if model.kind is Kinds.ROLLOUT else "pod-template-hash"
            current = replace(model, kind=Kinds.REPLICASET, name=f"{model.name}-{mark}", uid=self.cluster.raiser.uid())
            current.created, current.owner, current.replicas, current.ready = datetime.now(UTC), model.reference, 0, 0
            current.labels = {"app": model.name, label: mark}
            current.selector, current.annotations, current.observed = dict(current.labels), {}, None
            current.boxes, current.template_annotations = model.boxes, dict(model.template_annotations)
            current.pods = current.updated = None
            estate.controllers.append(current)
        return self._at_revision(current, sets)

    def _at_revision(self, current: Controller, sets: list[Controller]) -> Controller:
        """It carries the highest number of all, and so does its owner."""
        highest = max((int(replica_set.annotations.get(_REVISION, "0")) for replica_set in sets), default=0)
        own = int(current.annotations.get(_REVISION, "0"))
        if own < highest or own == 0:
            current.annotations = {**current.annotations, _REVISION: str(highest + 1)}
        self.model.annotations = {**self.model.annotations, _REVISION: current.annotations[_REVISION]}
        if self.model.kind is Kinds.ROLLOUT:
            self.model.pod_hash = current.labels["rollouts-pod-template-hash"]
        write_controller(self.cluster.store, current)
        return current

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
    event: Json = {"metadata": metadata, "involvedObject": {**about, "apiVersion": owner.reference.api_version}}
    event |= {"reason": "FailedCreate", "message": f"Error creating: {message}", "type": "Warning", "count": 1}
    return {**event, "firstTimestamp": kube_time(now), "lastTimestamp": kube_time(now), "source": {"component": "controller"}}
