"""The few fields of Kubernetes objects that are used, decoded straight from bytes.

Names and shapes: kubernetes.io/docs/reference/kubernetes-api. Go writes empty lists and maps as null or leaves them out,
so every one of them may be None. Fields that are not named here are skipped without being built.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

__all__ = [
    "Container",
    "ContainerState",
    "ContainerStatus",
    "ControllerObject",
    "ListMeta",
    "MountStatus",
    "NamespaceObject",
    "NodeObject",
    "ObjectMeta",
    "Owner",
    "PodObject",
    "PodSpec",
    "PodStatus",
    "SecretReference",
    "Template",
    "Volume",
]


class _Wire(msgspec.Struct, rename="camel", gc=False):
    """A part of an object; short-lived and without cycles, so the collector need not know it."""


class Owner(_Wire):
    """metadata.ownerReferences[]."""

    api_version: str
    kind: str
    name: str
    uid: str
    controller: bool | None = None


class ObjectMeta(_Wire):
    """metadata. Owners, labels and annotations stay bytes: pods of one owner share them, and few are ever looked at."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    owner_references: msgspec.Raw = msgspec.Raw()
    labels: msgspec.Raw = msgspec.Raw()
    annotations: msgspec.Raw = msgspec.Raw()


class ListMeta(_Wire):
    """metadata of a list; `remaining_item_count` is absent with a selector."""

    resource_version: str = ""
    continue_token: str = msgspec.field(default="", name="continue")
    remaining_item_count: int | None = None


class Container(_Wire):
    """A container of a pod spec or template."""

    name: str
    image: str = ""
    image_pull_policy: str = ""
    restart_policy: str = ""


class _ImageVolume(_Wire):
    reference: str = ""
    pull_policy: str = ""


class Volume(_Wire):
    """A volume, used only when it is an image (KEP-4639)."""

    name: str
    image: _ImageVolume | None = None


class SecretReference(_Wire):
    """spec.imagePullSecrets[]."""

    name: str | None = None


class PodSpec(_Wire):
    """The spec of a pod or of a template."""

    containers: list[Container] | None = None
    init_containers: list[Container] | None = None
    ephemeral_containers: list[Container] | None = None
    # Hardly any volume is an image: the others are not built.
    volumes: msgspec.Raw = msgspec.Raw()
    node_name: str = ""
    # Those of the service account stand here too: admission puts them in. Pods of one owner share them.
    image_pull_secrets: msgspec.Raw = msgspec.Raw()


class ContainerState(_Wire):
    """One of running, waiting and terminated, with the fields of all three."""

    reason: str = ""
    message: str = ""
    started_at: datetime | None = None


class _States(_Wire):
    running: ContainerState | None = None
    waiting: ContainerState | None = None
    terminated: ContainerState | None = None


class _MountedImage(_Wire):
    image_ref: str = ""


class _VolumeStatus(_Wire):
    image: _MountedImage | None = None


class MountStatus(_Wire):
    """status.containerStatuses[].volumeMounts[], used only for volumes that are images."""

    name: str
    volume_status: _VolumeStatus | None = None


class ContainerStatus(_Wire):
    """status.containerStatuses[] and its two sisters."""

    name: str
    image_id: str = msgspec.field(default="", name="imageID")
    restart_count: int = 0
    state: _States | None = None
    volume_mounts: msgspec.Raw = msgspec.Raw()


class PodStatus(_Wire):
    """status of a pod."""

    phase: str = ""
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None
    ephemeral_container_statuses: list[ContainerStatus] | None = None


class PodObject(_Wire):
    """v1 Pod."""

    metadata: ObjectMeta
    spec: PodSpec | None = None
    status: PodStatus | None = None


class Template(_Wire):
    """A pod template."""

    spec: PodSpec | None = None


class _JobSpec(_Wire):
    template: Template | None = None


class _JobTemplate(_Wire):
    spec: _JobSpec | None = None


class _ControllerSpec(_Wire):
    replicas: int | None = None
    suspend: bool | None = None
    template: Template | None = None
    job_template: _JobTemplate | None = None


class _ControllerStatus(_Wire):
    ready_replicas: int | None = None
    number_ready: int | None = None
    desired_number_scheduled: int | None = None
    ready: int | None = None


class ControllerObject(_Wire):
    """Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, Job and CronJob in one."""

    metadata: ObjectMeta
    spec: _ControllerSpec | None = None
    status: _ControllerStatus | None = None


class _NodeInfo(_Wire):
    operating_system: str = ""
    architecture: str = ""
    container_runtime_version: str = ""


class _NodeStatus(_Wire):
    node_info: _NodeInfo | None = None


class NodeObject(_Wire):
    """v1 Node."""

    metadata: ObjectMeta
    status: _NodeStatus | None = None


class NamespaceObject(_Wire):
    """v1 Namespace."""

    metadata: ObjectMeta
