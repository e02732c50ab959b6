"""Patches, and whether an object is still what was seen when they were planned.

A restart and a pin are JSON patches: they test the uid, name and image of each container that they are about, where it stands in
what was just read, and a restart also the restart before it. A scale is a merge patch that names the uid and the version that was
just read. The server refuses each when anything of that differs (RFC 6902 4.6, RFC 7386;
kubernetes.io/docs/reference/using-api/api-concepts, "Resource versions" and "Patch and apply").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from tui.domain.common.redaction import quoted
from tui.domain.facts.pointers import image_pointer, json_pointer
from tui.domain.facts.rollout import RolloutState, WorkloadChange
from tui.errors import Changed
from tui.sources.cluster.rollout.kinds import RESTARTED_AT, WorkloadKind
from tui.sources.cluster.rollout.wire import Workload

__all__ = ["APPLY", "JSON_PATCH", "MERGE_PATCH", "apply_of", "differences", "merge_patch", "pin_patch", "restart_value"]
__all__ += ["changed", "restart_patch", "scale_fields"]

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"
_MAX = 300
_UID = "/metadata/uid"
Operation = dict[str, Any]


def restart_value(kind: WorkloadKind, when: datetime) -> str:
    """What a restart writes; an Argo Rollout's field has whole seconds."""
    moment = when.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ" if kind.kind == "Rollout" else "%Y-%m-%dT%H:%M:%S.%fZ")


def restart_patch(kind: WorkloadKind, workload: Workload, value: str) -> list[Operation]:
    """A JSON patch that writes the restart into what was just read: its containers, and the restart before, must still be so."""
    tests = [_test(_UID, workload.metadata.uid)]
    for place, name, image in _containers(workload):
        tests += _container_tests(kind, place, name, image)
    before, path, wished = _restart(kind, workload, value)
    return [*tests, _test(path, before), {"op": "add", "path": path, "value": wished}]


def _restart(kind: WorkloadKind, workload: Workload, value: str) -> tuple[str | None, str, Any]:
    """The restart before, and where and what is written: with the members around it, where the template has none of them."""
    if kind.kind == "Rollout":
        return workload.spec.restart_at if workload.spec else None, json_pointer("spec", "restartAt"), value
    metadata = workload.template.metadata if workload.template else None
    if metadata is None:
        return None, json_pointer(*kind.template, "metadata"), {"annotations": {RESTARTED_AT: value}}
    if metadata.annotations is None:
        return None, json_pointer(*kind.template, "metadata", "annotations"), {RESTARTED_AT: value}
    return metadata.annotations.get(RESTARTED_AT), json_pointer(*kind.template, "metadata", "annotations", RESTARTED_AT), value


def scale_fields(kind: WorkloadKind, replicas: int) -> dict[str, Any]:
    """The part of the object that sets the number of pods; CronJobs and Jobs are suspended instead."""
    return {"spec": {"suspend": replicas == 0}} if kind.suspends else {"spec": {"replicas": replicas}}


def merge_patch(workload: Workload, fields: Mapping[str, Any]) -> dict[str, Any]:
    """A merge patch that only this version of this object takes."""
    meta = workload.metadata
    return {"metadata": {"uid": meta.uid, "resourceVersion": meta.resource_version}, **fields}


def pin_patch(kind: WorkloadKind, workload: Workload, images: Mapping[str, str]) -> list[Operation]:
    """A JSON patch that puts images in place of those that were just read; empty when all are there already."""
    operations: list[Operation] = []
    for place, name, image in _containers(workload):
        if name in images and images[name] != image:
            operations += _container_tests(kind, place, name, image)
            operations.append({"op": "replace", "path": image_pointer(kind.kind, place), "value": images[name]})
    return [_test(_UID, workload.metadata.uid), *operations] if operations else []


def _container_tests(kind: WorkloadKind, place: tuple[str, int], name: str, image: str) -> list[Operation]:
    """That this container stands at this place, with this image."""
    return [_test(json_pointer(*kind.template, "spec", *place, "name"), name), _test(image_pointer(kind.kind, place), image)]


def _test(path: str, value: object) -> Operation:
    return {"op": "test", "path": path, "value": value}


def apply_of(kind: WorkloadKind, workload: Workload, images: Mapping[str, str]) -> dict[str, Any]:
    """The images alone, for server-side apply; the uid keeps it from making an object that is gone."""
    lists: dict[str, list[dict[str, str]]] = {}
    for place, name, _ in _containers(workload):
        if name in images:
            lists.setdefault(place[0], []).append({"name": name, "image": images[name]})
    fields: dict[str, Any] = {"spec": lists}
    for part in reversed(kind.template):
        fields = {part: fields}
    meta = workload.metadata
    head = {"name": meta.name, "namespace": meta.namespace, "uid": meta.uid}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": head, **fields}


def _containers(workload: Workload) -> Iterator[tuple[tuple[str, int], str, str]]:
    """Where each container stands in the pod's spec (list and number), its name and its image."""
    template = workload.template
    spec = template.spec if template else None
    if spec is None:
        return
    for list_name, containers in (("initContainers", spec.init_containers), ("containers", spec.containers)):
        for number, container in enumerate(containers or ()):
            yield (list_name, number), container.name, container.image


def differences(
    planned: RolloutState, now: RolloutState, change: WorkloadChange, containers: Mapping[str, str]
) -> tuple[str, ...]:
    """What is other than was seen, of what this change depends on; `containers` are those that it is about, empty for all."""
    if planned.uid != now.uid:
        return (f"It is another object of the same name (uid {now.uid} instead of {planned.uid}).",)
    sentences: list[str] = []
    if change is WorkloadChange.SCALE:
        if planned.desired != now.desired:
            sentences.append(f"It has {now.desired} replicas instead of {planned.desired}.")
        if planned.suspended != now.suspended:
            sentences.append("It is suspended by now." if now.suspended else "It is not suspended any more.")
        return tuple(sentences)
    if change is WorkloadChange.RESTART and planned.restarted_at != now.restarted_at:
        sentences.append(f"Somebody else restarted it at {now.restarted_at or 'an unknown time'}.")
    before, after = _images(planned), _images(now)
    for name in sorted(before.keys() | after.keys()):
        if (not containers or name in containers) and before.get(name) != after.get(name):
            sentences.append(_difference(name, before.get(name), after.get(name)))
    return tuple(sentences)


def _images(state: RolloutState) -> dict[str, str]:
    return {container.name: container.image for container in state.containers}


def _difference(name: str, before: str | None, after: str | None) -> str:
    if after is None:
        return f"Container {name} is not there any more."
    if before is None:
        return f"Container {name} is new, with {quoted(after, _MAX)}."
    return f"Container {name} has {quoted(after, _MAX)} instead of {quoted(before, _MAX)}."


def changed(state: RolloutState, sentences: tuple[str, ...]) -> Changed:
    """The error that shows what differs."""
    return Changed(
        f"{state.key.kind} {state.key.name} is not as it was when this was planned; nothing was changed. {' '.join(sentences)}",
        "Look at what changed, and make a new plan.",
        differences=sentences,
    )
