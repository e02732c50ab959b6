"""Raises a cluster: workloads become controllers, ReplicaSets and pods on nodes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tui.demo.estate.images_on_nodes import NodeImages, split
from tui.demo.estate.model import Box, Container, Controller, Kinds, NodeModel, Owner, PodModel, Slot, revision_labels
from tui.demo.estate.work import BARE, STATIC, Form, Manager, Work

__all__ = ["ClusterBuilder", "ClusterObjects"]

LETTERS = "bcdfghjklmnpqrstvwxz2456789"


@dataclass(slots=True)
class ClusterObjects:
    """One cluster's objects."""

    name: str
    nodes: list[NodeModel] = field(default_factory=list)
    namespaces: dict[str, datetime] = field(default_factory=dict)
    controllers: list[Controller] = field(default_factory=list)
    pods: list[PodModel] = field(default_factory=list)
    works: dict[str, Work] = field(default_factory=dict)

    def pods_of(self, owner: str) -> list[PodModel]:
        """The pods of one owner, by its uid."""
        return [pod for pod in self.pods if pod.owner is not None and pod.owner.uid == owner]


class ClusterBuilder:
    """Builds one cluster; everything random comes from the seed."""

    def __init__(self, name: str, seed: int, now: datetime, images: NodeImages) -> None:
        self.random = random.Random(f"{seed}:{name}")  # noqa: S311
        self.now, self.images = now, images
        self.estate = ClusterObjects(name)

    def uid(self) -> str:
        """A uid."""
        text = f"{self.random.getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-8{text[17:20]}-{text[20:]}"

    def word(self, length: int) -> str:
        """Letters as generated names have them."""
        return "".join(self.random.choices(LETTERS, k=length))

    def add_nodes(self, pool: str, count: int, arch: str = "amd64", runtime: str = "containerd://1.7.28-1") -> None:
        """A pool of nodes."""
        pool_id = self.random.randint(10_000_000, 39_999_999)
        for number in range(count):
            created = self.now - timedelta(days=60, minutes=number)
            self.estate.nodes.append(
                NodeModel(f"aks-{pool}-{pool_id}-vmss{number:06x}", self.uid(), created, arch, runtime, pool)
            )

    def raise_all(self, works: Sequence[Work]) -> ClusterObjects:
        """Raise every workload that this cluster has."""
        for work in works:
            if self.estate.name.rpartition("-")[2] in work.clusters:
                image = self.images.pinned(work.image, work.pin) if work.pin else work.image
                self._raise(replace(work, image=image))
        return self.estate

    # ---- one workload

    def _raise(self, work: Work) -> None:
        created = self.estate.namespaces.get(work.namespace)
        self.estate.namespaces[work.namespace] = created or self.now - timedelta(days=700)
        if work.kind in (BARE, STATIC):
            self._alone(work)
            return
        owner = self._controller(work)
        match Kinds(work.kind):
            case Kinds.DEPLOYMENT | Kinds.ROLLOUT:
                self._old_sets(work, owner)
                self._pods(work, self._replica_set(work, owner, work.image, work.replicas, work.age))
            case Kinds.CRONJOB:
                self._jobs(work, owner)
            case Kinds.DAEMONSET:
                owner.replicas = owner.ready = len(self.estate.nodes)
                self._pods(work, owner)
            case Kinds.STATEFULSET | Kinds.JOB | Kinds.REPLICASET | Kinds.REPLICATIONCONTROLLER:
                self._pods(work, owner)

    def _controller(self, work: Work) -> Controller:
        labels = {"app": work.name, "app.kubernetes.io/name": work.name, "team": f"team-{work.namespace}"}
        more, annotations = _managed(work)
        controller = Controller(
            Kinds(work.kind),
            work.namespace,
            work.name,
            self.uid(),
            self.now - timedelta(days=work.age * 3 + 30, seconds=self.random.randint(0, 80_000)),
            (Box(work.name, work.image, pull=work.pull), *(box for box in work.extra if box.slot is not Slot.EPHEMERAL)),
            replicas=None if work.kind in (Kinds.CRONJOB, Kinds.JOB) else work.replicas,
            ready=0 if work.trouble and work.trouble.every == 1 else work.replicas,
            labels={**labels, **more},
            annotations={**annotations, **work.annotations},
            selector={"app": work.name},
            schedule=work.schedule,
            suspended=work.suspended,
            arch=work.arch if work.arch != "amd64" else "",
            generation=len(work.rollback) + 1,
            writer=_WRITERS[work.manager],
        )
        if controller.kind in (Kinds.DEPLOYMENT, Kinds.ROLLOUT):
            controller.annotations[_REVISION] = str(controller.generation)
        self.estate.controllers.append(controller)
        self.estate.works[controller.uid] = work
        return controller

    def _old_sets(self, work: Work, owner: Controller) -> None:
        name = split(work.image)[0]
        for place, tag in enumerate(work.rollback):
            old = self._replica_set(work, owner, f"{name}:{tag}", 0, work.age + 30 * (place + 1))
            old.annotations = {_REVISION: str(owner.generation - place - 1)}

    def _replica_set(self, work: Work, owner: Controller, image: str, replicas: int, age: float) -> Controller:
        mark = self.word(10)
        label = "rollouts-pod-template-hash" if owner.kind is Kinds.ROLLOUT else "pod-template-hash"
        replica_set = replace(
            owner,
            kind=Kinds.REPLICASET,
            name=f"{work.name}-{mark}",
            uid=self.uid(),
            created=self.now - timedelta(days=age),
            boxes=(replace(owner.boxes[0], image=image), *owner.boxes[1:]),
            replicas=replicas,
            ready=min(replicas, owner.ready),
            labels={"app": work.name, label: mark},
            annotations={_REVISION: str(owner.generation)},
            selector={"app": work.name, label: mark},
            owner=owner.reference,
        )
        if owner.kind is Kinds.ROLLOUT and replicas:
            owner.pod_hash = mark
        self.estate.controllers.append(replica_set)
        return replica_set

    def _jobs(self, work: Work, owner: Controller) -> None:
        if not work.suspended:
            for hours in (24, 3):
                self._job(work, owner, self.now - timedelta(hours=hours), hours / 24)

    def _job(self, work: Work, owner: Controller, started: datetime, age: float) -> Controller:
        name = f"{work.name}-{int(started.timestamp()) // 60}"
        namesakes = sum(controller.name.startswith(name) for controller in self.estate.controllers)
        job = replace(owner, kind=Kinds.JOB, name=f"{name}-{namesakes}" if namesakes else name, uid=self.uid(), created=started)
        job.owner, job.annotations, job.ready = owner.reference, {}, 0
        job.selector = {**owner.selector, "job-name": job.name}
        self.estate.controllers.append(job)
        self._pods(replace(work, replicas=1, age=age, kind=Kinds.JOB), job)
        return job

    def start_job(self, owner: Controller, now: datetime) -> tuple[Controller, PodModel]:
        """One more run of a CronJob, and its pod, which runs now."""
        self.now = now
        job = self._job(self.estate.works[owner.uid], owner, now, 0.0)
        job.ready = 1
        pod = self.estate.pods[-1]
        pod.phase = "Running"
        for container, box in zip(pod.containers, owner.boxes, strict=False):
            container.state, container.started = "running", now
            if owner.template > 1:  # as somebody has changed it since
                container.box = box
                container.image_id = self.images.pulled(box.image)
        pod.annotations = dict(owner.template_annotations)
        return job, pod

    # ---- pods

    def _pods(self, work: Work, owner: Controller) -> None:
        nodes = self._nodes(work)
        count = len(nodes) if owner.kind is Kinds.DAEMONSET else work.replicas
        for number in range(count):
            end = str(number) if owner.kind is Kinds.STATEFULSET else self.word(5)
            node = nodes[(number + len(self.estate.pods)) % len(nodes)] if owner.kind is not Kinds.DAEMONSET else nodes[number]
            labels = {**owner.selector, **revision_labels(owner)}
            self.estate.pods.append(self.pod(work, owner.reference, f"{owner.name}-{end}", number, node, labels))

    def _nodes(self, work: Work) -> list[NodeModel]:
        if work.kind == Kinds.DAEMONSET:
            return self.estate.nodes
        crio = work.form is Form.BARE
        fit = [node for node in self.estate.nodes if node.arch == work.arch and node.runtime.startswith("cri-o") == crio]
        return fit or self.estate.nodes

    def pod(self, work: Work, owner: Owner | None, name: str, number: int, node: NodeModel, labels: dict[str, str]) -> PodModel:
        """One pod of a workload, as it has been running for a while."""
        age = timedelta(days=work.age * self.random.uniform(0.2, 0.98))
        created = self.now - age
        boxes = (Box(work.name, work.image, pull=work.pull), *work.extra)
        containers = [self.container(work, box, number, node, created) for box in boxes]
        is_done = work.kind == Kinds.JOB
        if is_done:
            for container in containers:
                container.state = "terminated"
        pod = PodModel(work.namespace, name, self.uid(), node.name, created, containers, owner, labels=labels)
        if is_done:
            pod.phase = "Succeeded"
        trouble = work.trouble
        if trouble is not None and number % trouble.every == 0:
            self._stop(pod, work)
        return pod

    def container(self, work: Work, box: Box, number: int, node: NodeModel, created: datetime) -> Container:
        """A container that runs, or for an init container has run."""
        main = box.name == work.name
        run = work.runs[number % len(work.runs)] if work.runs and main else ""
        form = work.form if main else Form.DIGEST
        restarts = self.random.choice((0, 0, 0, 0, 0, 1, 2)) if work.lively else 0
        started = created + timedelta(seconds=self.random.randint(3, 40))
        state = "terminated" if box.slot is Slot.INIT else "running"
        image_id = self.images.image_id(box.image, form, run, node.arch)
        shown = self.images.shown(box.image, run, node.arch)
        return Container(box, image_id, state, "", "", restarts if main else 0, started, shown)

    def _stop(self, pod: PodModel, work: Work) -> None:
        first, trouble = pod.containers[0], work.trouble
        if trouble is None:
            return
        host = split(work.image)[0].partition("/")[0]
        first.state, first.reason = "waiting", trouble.reason
        first.message = trouble.message.replace("{image}", work.image).replace("{host}", host)
        if trouble.reason == "CrashLoopBackOff":
            first.restarts = 41
        else:
            pod.phase, first.image_id = "Pending", ""

    def _alone(self, work: Work) -> None:
        """A pod without a controller, or a static one, whose owner is its node."""
        node = self._nodes(work)[0]
        static = work.kind == STATIC
        owner = Owner("v1", "Node", node.name, node.uid) if static else None
        name = f"{work.name}-{node.name}" if static else work.name
        pod = self.pod(work, owner, name, 0, node, {"app": work.name})
        if static:
            mirror = self.word(32)
            pod.annotations = {"kubernetes.io/config.mirror": mirror, "kubernetes.io/config.source": "file"}
        self.estate.pods.append(pod)


_REVISION = "deployment.kubernetes.io/revision"
_WRITERS = {
    Manager.HELM: ("helm", "Update"),
    Manager.ARGO: ("argocd-controller", "Update"),
    Manager.FLUX: ("kustomize-controller", "Apply"),
    Manager.NONE: ("kubectl-client-side-apply", "Update"),
}


def _managed(work: Work) -> tuple[dict[str, str], dict[str, str]]:
    """Labels and annotations of the tool that manages an object."""
    match work.manager:
        case Manager.HELM:
            release = {"meta.helm.sh/release-name": work.name, "meta.helm.sh/release-namespace": work.namespace}
            return {"app.kubernetes.io/managed-by": "Helm", "helm.sh/chart": f"{work.name}-1.8.0"}, release
        case Manager.ARGO:
            tracking = f"{work.namespace}:apps/{work.kind}:{work.namespace}/{work.name}"
            return {"app.kubernetes.io/instance": work.namespace}, {"argocd.argoproj.io/tracking-id": tracking}
        case Manager.FLUX:
            name = {"kustomize.toolkit.fluxcd.io/name": work.namespace, "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}
            return name, {}
        case Manager.NONE:
            return {}, {}
