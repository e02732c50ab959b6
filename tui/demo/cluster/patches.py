"""Patches as kube-apiserver takes them: JSON, merge and strategic merge patches, and server-side apply as far as images go.

Sources: RFC 6902, RFC 7386; kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch (containers are
merged by name); kubernetes.io/docs/reference/using-api/server-side-apply. Words of refusals: kube-apiserver 1.36.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from tui.demo.cluster import status
from tui.demo.cluster.kinds import ApiResource
from tui.demo.http import Reply, Request

__all__ = ["PatchRefused", "missing_image", "patched"]


class PatchRefused(Exception):
    """The patch is not taken; `reply` says why."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def patched(request: Request, kind: ApiResource, current: dict[str, Any]) -> dict[str, Any]:
    """The object as the patch makes it. Raises PatchRefused."""
    content_type = request.headers.get("content-type", "").partition(";")[0]
    try:
        patch = json.loads(request.body)
    except ValueError as error:
        raise PatchRefused(status.bad_request(f"error decoding patch: {error}")) from error
    name = str(current["metadata"]["name"])
    match content_type, patch:
        case "application/json-patch+json", list():
            after = _json_patch(current, patch)
        case "application/merge-patch+json", dict():
            after = _merged(deepcopy(current), patch)
        case "application/strategic-merge-patch+json", dict() if kind.group != "argoproj.io":
            after = _merged(deepcopy(current), patch, by_name=True)
        case "application/apply-patch+yaml", dict():
            after = _applied(current, patch, request.query.get("fieldManager", ""), kind)
        case _:
            raise PatchRefused(status.unsupported())
    _check_identity(current, after, kind, name)
    return after


def _check_identity(current: Mapping[str, Any], after: Mapping[str, Any], kind: ApiResource, name: str) -> None:
    """The version and the uid of a patch are preconditions."""
    before, meta = current["metadata"], after["metadata"]
    if meta.get("uid") != before["uid"]:
        words = f"Precondition failed: UID in precondition: {meta.get('uid')}, UID in object meta: {before['uid']}"
        raise PatchRefused(status.conflict(kind, name, words))
    if meta.get("resourceVersion") != before["resourceVersion"]:
        words = "the object has been modified; please apply your changes to the latest version and try again"
        raise PatchRefused(status.conflict(kind, name, words))


# ---- RFC 6902


def _json_patch(current: dict[str, Any], operations: list[Any]) -> dict[str, Any]:
    after = deepcopy(current)
    for operation in operations:
        try:
            _operate(after, operation)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise PatchRefused(status.invalid_patch()) from error
    return after


def _operate(document: dict[str, Any], operation: Mapping[str, Any]) -> None:
    """One operation. Raises KeyError, IndexError, TypeError and ValueError."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in str(operation["path"]).split("/")[1:]]
    holder: Any = document
    for part in parts[:-1]:
        holder = holder[int(part)] if isinstance(holder, list) else holder[part]
    key: Any = (len(holder) if parts[-1] == "-" else int(parts[-1])) if isinstance(holder, list) else parts[-1]
    match operation["op"]:
        case "test":
            # kube-apiserver 1.36 takes a member that is not there for null (seen).
            member = holder.get(key) if isinstance(holder, dict) else holder[key]
            if member != operation["value"]:
                raise ValueError("test failed")
        case "replace":
            _ = holder[key]
            holder[key] = operation["value"]
        case "add" if isinstance(holder, list):
            holder.insert(key, operation["value"])
        case "add":
            holder[key] = operation["value"]
        case "remove":
            del holder[key]
        case _:
            raise ValueError("unknown operation")


# ---- RFC 7386, and the same with lists by name


def _merged(target: Any, patch: Mapping[str, Any], *, by_name: bool = False) -> dict[str, Any]:
    merged: dict[str, Any] = target if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            merged[key] = _merged(merged.get(key), value, by_name=by_name)
        elif by_name and isinstance(value, list) and key in ("containers", "initContainers"):
            merged[key] = _by_name(merged.get(key) or [], value)
        else:
            merged[key] = value
    return merged


def _by_name(present: list[Any], wished: list[Any]) -> list[Any]:
    members = {member["name"]: member for member in present}
    for member in wished:
        members[member["name"]] = _merged(members.get(member["name"]), member, by_name=True)
    return list(members.values())


# ---- server-side apply


def _applied(current: dict[str, Any], patch: Mapping[str, Any], manager: str, kind: ApiResource) -> dict[str, Any]:
    """What somebody else applied stays theirs: a value of one's own is a conflict."""
    if not manager:
        raise PatchRefused(status.bad_request("PatchOptions.meta.k8s.io is invalid: fieldManager: Required value"))
    after = _merged(deepcopy(current), patch, by_name=True)
    version = f"{kind.group}/{kind.version}" if kind.group else kind.version
    causes = []
    for place, image in _images(after):
        before = dict(_images(current)).get(place)
        owners = [other for other in _owners(current, place) if other != manager]
        if before is not None and before != image and owners:
            causes.append((f'conflict with "{owners[0]}" using {version}', f".{place}.image"))
    if causes:
        raise PatchRefused(status.apply_conflict(causes))
    return after


def missing_image(body: Mapping[str, Any]) -> str | None:
    """The field of a container without an image, None when each has one."""
    if "template" not in body.get("spec", {}) and "jobTemplate" not in body.get("spec", {}):
        return None
    return next((f"{place}.image" for place, image in _images(body) if not isinstance(image, str) or not image), None)


def _images(body: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Where each image of the template stands, and what it is."""
    spec, place = body["spec"], "spec.template.spec"
    if "jobTemplate" in spec:
        spec, place = spec["jobTemplate"]["spec"], "spec.jobTemplate.spec.template.spec"
    for list_name in ("initContainers", "containers"):
        for container in spec["template"]["spec"].get(list_name) or ():
            yield f'{place}.{list_name}[name="{container["name"]}"]', container.get("image")


def _owners(body: Mapping[str, Any], place: str) -> list[str]:
    """The field managers that wrote the image of a container."""
    name = place.partition('name="')[2].rstrip('"]')
    owning = f'"k:{{\\"name\\":\\"{name}\\"}}":{{".":{{}},"f:image"'
    entries = body["metadata"].get("managedFields") or ()
    return [entry["manager"] for entry in entries if owning in json.dumps(entry["fieldsV1"], separators=(",", ":"))]
