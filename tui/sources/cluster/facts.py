"""From wire objects to facts. Equal texts and label sets are kept once, however many pods say them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

from tui.domain.common.decoding import JsonDecoder, json_decoder
from tui.domain.common.redaction import quoted
from tui.domain.common.text import clean
from tui.domain.facts.workload import ContainerType, Controller, Node, OwnerRef, Pod, PodContainer, TemplateContainer
from tui.sources.cluster.wire import (
    Container,
    ContainerState,
    ContainerStatus,
    ControllerObject,
    MountStatus,
    NodeObject,
    ObjectMeta,
    Owner,
    PodObject,
    PodSpec,
    PodStatus,
    SecretReference,
    Volume,
)

__all__ = ["ClusterFacts", "steady"]

# Longer than the longest reference (host 253, name 255, tag 128, digest 71).
MAX_TEXT = 1024
MAX_MESSAGE = 400
# Facts that are shared are found by the bytes that they were made of: longer ones than honest labels are not worth keeping.
MAX_KEY = 2048
MAX_SHARED = 20_000
# Searched for in what was not decoded, where it stands: hardly any pod has it, and each is looked at.
_mirror = re.compile(rb"kubernetes\.io/config\.mirror").search
_image = re.compile(rb'"image"').search
_REVISIONS = ("deployment.kubernetes.io/revision", "rollout.argoproj.io/revision")
# Who manages an object: the recommended labels, Helm, Argo CD and Flux, and the words teams use for themselves.
_MANAGING = frozenset(
    {
        "app.kubernetes.io/managed-by",
        "app.kubernetes.io/instance",
        "app.kubernetes.io/name",
        "app.kubernetes.io/part-of",
        "app.kubernetes.io/version",
        "helm.sh/chart",
        "meta.helm.sh/release-name",
        "meta.helm.sh/release-namespace",
        "argocd.argoproj.io/instance",
        "argocd.argoproj.io/tracking-id",
        "kustomize.toolkit.fluxcd.io/name",
        "kustomize.toolkit.fluxcd.io/namespace",
        "helm.toolkit.fluxcd.io/name",
        "helm.toolkit.fluxcd.io/namespace",
        "team",
        "owner",
    }
)
_PULLING = frozenset({"ErrImagePull", "ImagePullBackOff"})
_NO_SPEC, _NO_STATUS, _NO_STATE = PodSpec(), PodStatus(), ContainerState()
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_volumes: JsonDecoder[list[Volume] | None] = json_decoder(list[Volume] | None)
_mounts: JsonDecoder[list[MountStatus] | None] = json_decoder(list[MountStatus] | None)
_owners: JsonDecoder[list[Owner] | None] = json_decoder(list[Owner] | None)
_words = json_decoder(dict[str, str] | None)
_secrets: JsonDecoder[list[SecretReference] | None] = json_decoder(list[SecretReference] | None)


class _Texts(dict[str, str]):
    """Texts made harmless, each kept once."""

    def __missing__(self, text: str) -> str:
        cleaned = clean(text, MAX_TEXT)
        if len(text) > MAX_TEXT:
            return cleaned  # nobody shares such a text, and the table would keep all of it
        _bound(self)[text] = cleaned
        return cleaned


class ClusterFacts:
    """Makes the facts of one cluster."""

    def __init__(self, cluster: str) -> None:
        self.cluster = cluster
        # A bound method, not a function of ours: it is called twenty times for each pod.
        self._text = _Texts().__getitem__
        self._owners: dict[bytes, OwnerRef | None] = {}
        self._labels: dict[bytes, dict[str, str]] = {}
        self._pull_secrets: dict[bytes, tuple[str, ...]] = {}

    def pod(self, wire: PodObject) -> Pod:
        """A pod with all its containers."""
        meta, text = wire.metadata, self._text
        spec, status = wire.spec or _NO_SPEC, wire.status or _NO_STATUS
        # By position: names cost half a microsecond a pod.
        return Pod(
            self.cluster,
            text(meta.namespace),
            clean(meta.name, MAX_TEXT),
            clean(meta.uid, MAX_TEXT),
            text(spec.node_name),
            text(status.phase),
            self._owner(meta.owner_references),
            tuple(self._pod_containers(spec, status)),
            meta.creation_timestamp,
            _mirror(meta.annotations) is not None,
            meta.deletion_timestamp is not None,
            self._managing(meta.labels),
            self._secrets(spec.image_pull_secrets),
        )

    def controller(self, wire: ControllerObject, kind: str, api_version: str) -> Controller:
        """A controller of one of the listed kinds."""
        meta, spec, status = wire.metadata, wire.spec, wire.status
        template = spec.template if spec else None
        if spec and spec.job_template and spec.job_template.spec:
            template = spec.job_template.spec.template
        desired = spec.replicas if spec else None
        ready = (status.ready_replicas if kind != "Job" else status.ready) if status else None
        if kind == "DaemonSet" and status:
            desired, ready = status.desired_number_scheduled or 0, status.number_ready
        counted = desired is not None
        annotations = _decode_words(meta.annotations)
        return Controller(
            cluster=self.cluster,
            namespace=self._text(meta.namespace),
            kind=kind,
            name=clean(meta.name, MAX_TEXT),
            uid=clean(meta.uid, MAX_TEXT),
            api_version=api_version,
            owner=self._owner(meta.owner_references),
            containers=self.template(template.spec if template else None),
            desired=desired,
            # The server leaves a zero out.
            ready=(ready or 0) if counted else ready,
            suspended=bool(spec and spec.suspend),
            created=meta.creation_timestamp,
            revision=self._revision(annotations),
            labels=self._managing(meta.labels),
            annotations=self._chosen(annotations),
        )

    def node(self, wire: NodeObject) -> Node:
        """A node, as far as images need it."""
        info = wire.status.node_info if wire.status else None
        name = self._text(wire.metadata.name)
        if info is None:
            return Node(self.cluster, name)
        return Node(
            self.cluster,
            name,
            self._text(info.operating_system),
            self._text(info.architecture),
            self._text(info.container_runtime_version),
        )

    def template(self, spec: PodSpec | None) -> tuple[TemplateContainer, ...]:
        """What a pod template declares."""
        if spec is None:
            return ()
        text = self._text
        declared = [
            TemplateContainer(text(container.name), kind, text(container.image), text(container.image_pull_policy))
            for kind, container in _declared(spec)
        ]
        declared += [
            TemplateContainer(
                text(volume.name), ContainerType.VOLUME, text(volume.image.reference), text(volume.image.pull_policy)
            )
            for volume in _image_volumes(spec.volumes)
            if volume.image
        ]
        return tuple(declared)

    def unreadable(self, namespace: str, owner: OwnerRef) -> Controller:
        """An owner of which only the name is known."""
        return Controller(self.cluster, namespace, owner.kind, owner.name, owner.uid, owner.api_version, readable=False)

    def managers(self, meta: ObjectMeta) -> tuple[dict[str, str], dict[str, str], OwnerRef | None]:
        """Managing labels and annotations, and the owner, of any object."""
        return self._managing(meta.labels), self._chosen(_decode_words(meta.annotations)), self._owner(meta.owner_references)

    def revision(self, meta: ObjectMeta) -> str:
        """The revision that an object says it is at."""
        return self._revision(_decode_words(meta.annotations))

    def _revision(self, annotations: dict[str, str]) -> str:
        return self._text(next((annotations[key] for key in _REVISIONS if key in annotations), ""))

    def _pod_containers(self, spec: PodSpec, status: PodStatus) -> list[PodContainer]:
        # Loops: for the two or three containers of a pod a comprehension costs more than what it does.
        statuses: dict[str, ContainerStatus] = {}
        for item in status.container_statuses or ():
            statuses[item.name] = item
        for item in status.init_container_statuses or ():
            statuses[item.name] = item
        for item in status.ephemeral_container_statuses or ():
            statuses[item.name] = item
        make, get = self._pod_container, statuses.get
        containers: list[PodContainer] = []
        for container in spec.init_containers or ():
            containers.append(make(_init_type(container), container, get(container.name)))
        for container in spec.containers or ():
            containers.append(make(ContainerType.CONTAINER, container, get(container.name)))
        for container in spec.ephemeral_containers or ():
            containers.append(make(ContainerType.EPHEMERAL, container, get(container.name)))
        for volume in _image_volumes(spec.volumes):
            containers.append(self._image_volume(volume, statuses.values()))
        return containers

    def _pod_container(self, kind: ContainerType, container: Container, status: ContainerStatus | None) -> PodContainer:
        text = self._text
        if status is None:
            return PodContainer(text(container.name), kind, text(container.image), pull_policy=text(container.image_pull_policy))
        word, state = _state(status)
        return PodContainer(
            text(container.name),
            kind,
            text(container.image),
            text(status.image_id),
            word,
            text(state.reason) if state.reason else "",
            text(quoted(state.message, MAX_MESSAGE)) if state.message else "",
            status.restart_count,
            state.started_at,
            text(container.image_pull_policy),
        )

    def _image_volume(self, volume: Volume, statuses: Iterable[ContainerStatus]) -> PodContainer:
        assert volume.image is not None
        text = self._text
        image_ref = ""
        mounts = (mount for status in statuses for mount in _decode_mounts(status.volume_mounts))
        for mount in (mount for mount in mounts if mount.name == volume.name):
            if mount.volume_status and mount.volume_status.image:
                image_ref = mount.volume_status.image.image_ref or image_ref
        return PodContainer(
            text(volume.name),
            ContainerType.VOLUME,
            text(volume.image.reference),
            text(image_ref),
            pull_policy=text(volume.image.pull_policy),
        )

    def _owner(self, raw: msgspec.Raw) -> OwnerRef | None:
        body = bytes(raw)
        if not body:
            return None
        try:
            return self._owners[body]
        except KeyError:
            owner = self._controlling(_owners.decode(body) or ())
            if len(body) <= MAX_KEY:
                _bound(self._owners)[body] = owner
            return owner

    def _secrets(self, raw: msgspec.Raw) -> tuple[str, ...]:
        body = bytes(raw)
        if not body:
            return ()
        try:
            return self._pull_secrets[body]
        except KeyError:
            names = tuple(self._text(secret.name) for secret in _secrets.decode(body) or () if secret.name)
            if len(body) <= MAX_KEY:
                _bound(self._pull_secrets)[body] = names
            return names

    def _controlling(self, owners: Iterable[Owner]) -> OwnerRef | None:
        text = self._text
        for owner in owners:
            if owner.controller:
                return OwnerRef(text(owner.api_version), text(owner.kind), text(owner.name), text(owner.uid))
        return None

    def _managing(self, raw: msgspec.Raw) -> dict[str, str]:
        body = bytes(raw)
        labels = self._labels.get(body)
        if labels is None:
            labels = self._chosen(_decode_words(raw))
            if len(body) <= MAX_KEY:
                _bound(self._labels)[body] = labels
        return labels

    def _chosen(self, words: dict[str, str]) -> dict[str, str]:
        return {self._text(key): self._text(value) for key, value in words.items() if key in _MANAGING}


def steady(former: Pod, latest: Pod) -> Pod:
    """The pod as seen, but the known one where all that changed is the word for an image that cannot be pulled.

    The kubelet flips such containers between ErrImagePull and ImagePullBackOff for ever; to an operator nothing happens.
    """
    if former == latest:
        return former
    if len(former.containers) != len(latest.containers) or not any(map(_flipped, former.containers, latest.containers)):
        return latest
    containers = tuple(old if _flipped(old, new) else new for old, new in zip(former.containers, latest.containers, strict=True))
    calm = msgspec.structs.replace(latest, containers=containers)
    return former if calm == former else calm


def _flipped(old: PodContainer, new: PodContainer) -> bool:
    return (
        old.reason in _PULLING
        and old.reason != new.reason
        and new.reason in _PULLING
        and (old.name, old.image, old.image_id, old.restarts) == (new.name, new.image, new.image_id, new.restarts)
    )


def _state(status: ContainerStatus) -> tuple[str, ContainerState]:
    states = status.state
    if states is None:
        return "", _NO_STATE
    if states.running is not None:
        return "running", states.running
    if states.waiting is not None:
        return "waiting", states.waiting
    return ("terminated", states.terminated) if states.terminated is not None else ("", _NO_STATE)


def _init_type(container: Container) -> ContainerType:
    return ContainerType.SIDECAR if container.restart_policy == "Always" else ContainerType.INIT


def _declared(spec: PodSpec) -> Iterator[tuple[ContainerType, Container]]:
    """Containers in the order in which they start."""
    for container in spec.init_containers or ():
        yield _init_type(container), container
    for container in spec.containers or ():
        yield ContainerType.CONTAINER, container
    for container in spec.ephemeral_containers or ():
        yield ContainerType.EPHEMERAL, container


def _image_volumes(raw: msgspec.Raw) -> list[Volume]:
    if _image(raw) is None:
        return []
    return [volume for volume in _volumes.decode(raw) or () if volume.image]


def _decode_mounts(raw: msgspec.Raw) -> list[MountStatus]:
    body = bytes(raw)
    return (_mounts.decode(body) or []) if body else []


def _decode_words(raw: msgspec.Raw) -> dict[str, str]:
    body = bytes(raw)
    return (_words.decode(body) or {}) if body else {}


def _bound(table: dict[_Key, _Value]) -> dict[_Key, _Value]:
    """The table, emptied when it has grown beyond what sharing is worth."""
    if len(table) >= MAX_SHARED:
        table.clear()
    return table
