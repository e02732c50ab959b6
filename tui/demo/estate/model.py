"""Pods, controllers and nodes as the demo keeps them; `tui.demo.estate.objects` writes them as the API server would."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

__all__ = [
    "Box",
    "Container",
    "Controller",
    "Kinds",
    "NodeModel",
    "Owner",
    "PodModel",
    "Slot",
    "revision_hash",
    "revision_labels",
]


class Slot(StrEnum):
    """Where a container stands."""

    MAIN = "containers"
    INIT = "initContainers"
    SIDECAR = "sidecar"
    EPHEMERAL = "ephemeralContainers"


class Kinds(StrEnum):
    """Kinds of controllers."""

    DEPLOYMENT = "Deployment"
    REPLICASET = "ReplicaSet"
    STATEFULSET = "StatefulSet"
    DAEMONSET = "DaemonSet"
    JOB = "Job"
    CRONJOB = "CronJob"
    ROLLOUT = "Rollout"
    REPLICATIONCONTROLLER = "ReplicationController"


@dataclass(frozen=True, slots=True)
class Box:
    """A container of a template."""

    name: str
    image: str
    slot: Slot = Slot.MAIN
    pull: str = "IfNotPresent"


@dataclass(slots=True)
class Container:
    """A container of a pod with its state: `running`, `waiting`, `terminated`, or empty before anything happened."""

    box: Box
    image_id: str = ""
    state: str = "running"
    reason: str = ""
    message: str = ""
    restarts: int = 0
    started: datetime | None = None
    shown_image: str = ""


@dataclass(frozen=True, slots=True)
class Owner:
    """An ownerReference with controller=true."""

    api_version: str
    kind: str
    name: str
    uid: str


@dataclass(slots=True)
class PodModel:
    """A pod; `template` is the number of the template that it was made of, `unscheduled` why no node takes it."""

    namespace: str
    name: str
    uid: str
    node: str
    created: datetime
    containers: list[Container]
    owner: Owner | None = None
    phase: str = "Running"
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    deleting: datetime | None = None
    template: int = 1
    unready: bool = False
    unscheduled: str = ""

    @property
    def ready(self) -> bool:
        """Whether every regular container runs, and says that it is ready."""
        return (
            not self.unready
            and self.phase == "Running"
            and all(container.state == "running" for container in self.containers if container.box.slot is Slot.MAIN)
        )


@dataclass(slots=True)
class Controller:
    """An object that owns pods, or owns such an owner.

    `template` counts its templates and `template_annotations` are the newest one's; `observed` is the generation that its
    controller has seen (None: the newest); `pods`, `updated` are counts while it rolls out (None: all there is); `refused` says
    why no pod can be made. `restart_at`, `restarted_at` and `pod_hash` are an Argo Rollout's. `writer` is the field manager of
    its image, and how it wrote: `Update` or `Apply`.
    """

    kind: Kinds
    namespace: str
    name: str
    uid: str
    created: datetime
    boxes: tuple[Box, ...]
    replicas: int | None = None
    ready: int = 0
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    selector: dict[str, str] = field(default_factory=dict)
    owner: Owner | None = None
    schedule: str = ""
    suspended: bool = False
    arch: str = ""
    generation: int = 1
    template: int = 1
    template_annotations: dict[str, str] = field(default_factory=dict)
    observed: int | None = None
    pods: int | None = None
    updated: int | None = None
    refused: str = ""
    paused: bool = False
    restart_at: str = ""
    restarted_at: str = ""
    pod_hash: str = ""
    writer: tuple[str, str] = ("kubectl-client-side-apply", "Update")

    @property
    def revision_hash(self) -> str:
        """What pods of a StatefulSet or DaemonSet carry for the template that they were made of."""
        return revision_hash(self.uid, self.template)

    @property
    def reference(self) -> Owner:
        """As pods and ReplicaSets name it."""
        group = {"Job": "batch/v1", "CronJob": "batch/v1", "Rollout": "argoproj.io/v1alpha1", "ReplicationController": "v1"}
        return Owner(group.get(self.kind, "apps/v1"), self.kind, self.name, self.uid)


def revision_hash(uid: str, template: int) -> str:
    """Ten letters that stand for one template of one object."""
    return sha256(f"{uid}:{template}".encode()).hexdigest()[:10]


def revision_labels(model: Controller) -> dict[str, str]:
    """What pods carry that are not those of a ReplicaSet."""
    match model.kind:
        case Kinds.STATEFULSET:
            return {"controller-revision-hash": f"{model.name}-{model.revision_hash}"}
        case Kinds.DAEMONSET:
            return {"controller-revision-hash": model.revision_hash, "pod-template-generation": str(model.template)}
        case _:
            return {}


@dataclass(frozen=True, slots=True)
class NodeModel:
    """A node."""

    name: str
    uid: str
    created: datetime
    arch: str = "amd64"
    runtime: str = "containerd://1.7.28-1"
    pool: str = "apps"
