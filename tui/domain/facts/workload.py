"""Facts about what runs, as API servers tell them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

__all__ = [
    "ContainerType",
    "Controller",
    "Node",
    "ObjectKey",
    "OwnerRef",
    "Pod",
    "PodContainer",
    "Resource",
    "TemplateContainer",
]


class Resource(StrEnum):
    """The resources that are listed and watched; OTHER stands for owners of any other kind."""

    PODS = "pods"
    DEPLOYMENTS = "deployments"
    STATEFULSETS = "statefulsets"
    DAEMONSETS = "daemonsets"
    REPLICASETS = "replicasets"
    REPLICATIONCONTROLLERS = "replicationcontrollers"
    JOBS = "jobs"
    CRONJOBS = "cronjobs"
    NODES = "nodes"
    OTHER = "other"


class ContainerType(StrEnum):
    """Where a container stands in the pod; a sidecar is an init container that restarts always."""

    CONTAINER = "container"
    INIT = "init"
    SIDECAR = "sidecar"
    EPHEMERAL = "ephemeral"
    VOLUME = "volume"


class OwnerRef(msgspec.Struct, frozen=True, gc=False):
    """The controller an object belongs to (metadata.ownerReferences with controller=true)."""

    api_version: str
    kind: str
    name: str
    uid: str


class ObjectKey(msgspec.Struct, frozen=True, gc=False, order=True, cache_hash=True):
    """What an object is called: cluster, namespace (empty for cluster-wide ones), kind, name."""

    cluster: str
    namespace: str
    kind: str
    name: str


class TemplateContainer(msgspec.Struct, frozen=True, gc=False):
    """A container as a pod template declares it; `image` is the text of the spec."""

    name: str
    type: ContainerType
    image: str
    pull_policy: str = ""


class PodContainer(msgspec.Struct, frozen=True, gc=False):
    """A container of a pod: what the spec says and what the status reports.

    `image_id` is the status's `imageID` verbatim, empty when not started. `state` is `running`, `waiting`,
    `terminated` or empty; `reason` and `message` are those of the state.
    """

    name: str
    type: ContainerType
    image: str
    image_id: str = ""
    state: str = ""
    reason: str = ""
    message: str = ""
    restarts: int = 0
    started: datetime | None = None
    pull_policy: str = ""


class Pod(msgspec.Struct, frozen=True, gc=False):
    """A pod with its containers; `mirror` marks a static pod (annotation kubernetes.io/config.mirror).

    `pull_secrets` are the names of its imagePullSecrets.
    """

    cluster: str
    namespace: str
    name: str
    uid: str
    node: str = ""
    phase: str = ""
    owner: OwnerRef | None = None
    containers: tuple[PodContainer, ...] = ()
    created: datetime | None = None
    mirror: bool = False
    deleting: bool = False
    labels: dict[str, str] = {}
    pull_secrets: tuple[str, ...] = ()


class Controller(msgspec.Struct, frozen=True, gc=False):
    """An object that owns pods or owns such an owner: Deployment, ReplicaSet, Job, CronJob, Rollout, ...

    `desired` is the wanted number of pods, None where the kind has none; `suspended` is for CronJobs and Jobs.
    `labels` and `annotations` hold only those that say who manages the object (Helm, Argo CD, Flux, team).
    `readable` is False when only its name is known, from the ownerReference of another object.
    """

    cluster: str
    namespace: str
    kind: str
    name: str
    uid: str
    api_version: str = ""
    owner: OwnerRef | None = None
    containers: tuple[TemplateContainer, ...] = ()
    desired: int | None = None
    ready: int | None = None
    suspended: bool = False
    created: datetime | None = None
    revision: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    readable: bool = True

    @property
    def key(self) -> ObjectKey:
        """What the object is called."""
        return ObjectKey(self.cluster, self.namespace, self.kind, self.name)


class Node(msgspec.Struct, frozen=True, gc=False):
    """A node, as far as images need it; `runtime` is e.g. `containerd://1.7.13`."""

    cluster: str
    name: str
    os: str = ""
    architecture: str = ""
    runtime: str = ""
