"""The subresource `scale` of what has a number of pods: GET and PATCH as kube-apiserver answers them.

Source: kubernetes.io/docs/reference/kubernetes-api/autoscaling-resources/scale-v1; `kubectl scale` on kube-apiserver 1.36.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from tui.demo.cluster import status
from tui.demo.cluster.kinds import ApiResource
from tui.demo.cluster.patches import PatchRefused, patched
from tui.demo.http import Request

__all__ = ["scale_of", "scaled"]

_META = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")


def scale_of(body: dict[str, Any]) -> dict[str, Any]:
    """The number of pods of an object, as its own small object."""
    metadata = {name: body["metadata"][name] for name in _META if name in body["metadata"]}
    selector = body["spec"].get("selector") or {}
    labels = ",".join(f"{name}={value}" for name, value in sorted(selector.get("matchLabels", selector).items()))
    counts = {"replicas": (body.get("status") or {}).get("replicas", 0), **({"selector": labels} if labels else {})}
    spec = {"replicas": body["spec"]["replicas"]} if body["spec"].get("replicas") else {}
    return {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata, "spec": spec, "status": counts}


def scaled(request: Request, kind: ApiResource, body: dict[str, Any]) -> dict[str, Any]:
    """The object with the number that a patch of its scale has. Raises PatchRefused."""
    scale = patched(request, kind, scale_of(body))
    wish = (scale.get("spec") or {}).get("replicas", 0)
    if not isinstance(wish, int) or isinstance(wish, bool):
        raise PatchRefused(status.invalid_patch())
    if wish < 0:
        raise PatchRefused(status.negative_scale(str(body["metadata"]["name"]), wish))
    after = deepcopy(body)
    after["spec"]["replicas"] = wish
    return after
