"""Pods, controllers and nodes as the demo keeps them; `tui.demo.estate.objects` writes them as the API server would."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

__all__ = ["Box", "Container", "Controller", "Kinds", "NodeModel", "Owner", "PodModel", "Slot"]


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
    """A pod."""

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

    @property
    def ready(self) -> bool:
        """Whether every regular container runs."""
        return self.phase == "Running" and all(one.state == "running" for one in self.containers if one.box.slot is Slot.MAIN)


@dataclass(slots=True)
class Controller:
    """An object that owns pods, or owns such an owner."""

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

    @property
    def reference(self) -> Owner:
        """As pods and ReplicaSets name it."""
        group = {"Job": "batch/v1", "CronJob": "batch/v1", "Rollout": "argoproj.io/v1alpha1", "ReplicationController": "v1"}
        return Owner(group.get(self.kind, "apps/v1"), self.kind, self.name, self.uid)


@dataclass(frozen=True, slots=True)
class NodeModel:
    """A node."""

    name: str
    uid: str
    created: datetime
    arch: str = "amd64"
    runtime: str = "containerd://1.7.28-1"
    pool: str = "apps"
