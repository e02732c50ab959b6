"""What the server serves: /version, /api, /apis and the resources of each group."""

from __future__ import annotations

from tui.demo.cluster.kinds import KINDS
from tui.demo.content import Json

__all__ = ["VERSION", "api_groups", "api_resources", "api_versions", "version_info"]

VERSION = "v1.33.5"
_CHANGED = ["get", "patch", "update"]
_GROUPS = tuple(dict.fromkeys((kind.group, kind.version) for kind in KINDS if kind.group))


def version_info() -> Json:
    """GET /version."""
    version: Json = {"major": "1", "minor": "33", "gitVersion": VERSION, "gitTreeState": "clean", "platform": "linux/amd64"}
    return {**version, "gitCommit": "b8c1a3e1a3d9f3f4b40d1c3f6b3f2e6a9f0a7c11", "goVersion": "go1.24.6", "compiler": "gc"}


def api_versions(path: str) -> Json | None:
    """GET /api."""
    if path != "/api":
        return None
    address = {"clientCIDR": "0.0.0.0/0", "serverAddress": "10.0.0.1:443"}
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [address]}


def api_groups(path: str) -> Json | None:
    """GET /apis."""
    if path != "/apis":
        return None
    groups = [
        {"name": group, "versions": [_version(group, version)], "preferredVersion": _version(group, version)}
        for group, version in _GROUPS
    ]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def _version(group: str, version: str) -> Json:
    return {"groupVersion": f"{group}/{version}", "version": version}


def api_resources(path: str) -> Json | None:
    """GET /api/v1 and /apis/GROUP/VERSION."""
    prefix = path.removeprefix("/apis/") if path.startswith("/apis/") else path.removeprefix("/api/")
    kinds = [kind for kind in KINDS if kind.api_version == prefix and path.startswith("/apis/") == bool(kind.group)]
    if not kinds:
        return None
    resources: list[Json] = []
    for kind in kinds:
        resource: Json = {
            "name": kind.resource,
            "singularName": kind.kind.lower(),
            "namespaced": kind.namespaced,
            "kind": kind.kind,
        }
        resource["verbs"] = list(kind.verbs)
        resources.append({**resource, "shortNames": list(kind.short)} if kind.short else resource)
        if kind.scale:
            names: Json = {"name": f"{kind.resource}/scale", "singularName": "", "namespaced": True}
            resources.append({**names, "group": "autoscaling", "version": "v1", "kind": "Scale", "verbs": _CHANGED})
        if kind.status:
            resources.append({**resource, "name": f"{kind.resource}/status", "singularName": "", "verbs": _CHANGED})
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": prefix, "resources": resources}
