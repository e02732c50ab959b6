"""Who else writes a workload, and would undo what is changed here.

Sources: Argo CD "Resource Tracking" (tracking-id), Flux kustomize- and helm-controller labels, Helm "Labels
and Annotations", kubernetes.io/docs/reference/using-api/server-side-apply (managedFields).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tui.domain.common.decoding import DECODING, from_json
from tui.domain.common.text import clean
from tui.domain.facts.rollout import GitOwner
from tui.domain.workloads.owners import managed_by
from tui.sources.cluster.client import FIELD_MANAGER
from tui.sources.cluster.rollout.wire import ManagedFields, Meta

__all__ = ["appliers_of_image", "owner_of"]

_MAX = 120
# Field managers by which tools write that do so again and again; `helm` writes at the next upgrade.
_TOOLS = (
    ("argocd", "Argo CD"),
    ("kustomize-controller", "Flux"),
    ("helm-controller", "Flux"),
    ("helm", "Helm"),
    ("pulumi", "Pulumi"),
    ("HashiCorp", "Terraform"),
    ("Terraform", "Terraform"),
)
_BY_HAND = ("kubectl", "kube-controller-manager", "before-first-apply", "k9s", "Lens", "Mozilla", FIELD_MANAGER)


def owner_of(meta: Meta) -> GitOwner | None:
    """What would undo a change of the image, by labels and annotations, an owning object, or the image's last writer."""
    labels, annotations = meta.labels or {}, meta.annotations or {}
    if name := managed_by((labels, annotations)):
        return GitOwner(name, _application(name, labels, annotations), _evidence(name, labels, annotations))
    if (parent := meta.controller) is not None:
        return GitOwner(f"{clean(parent.kind, _MAX)} {clean(parent.name, _MAX)}", evidence="metadata.ownerReferences")
    writers = [fields for fields in meta.managed_fields or () if _writes_image(fields)]
    if not writers:
        return None
    last = max(writers, key=lambda fields: fields.time.timestamp() if fields.time else 0.0)
    manager = clean(last.manager, _MAX)
    evidence = f"field manager {manager} of the image in metadata.managedFields"
    tool = next((tool for prefix, tool in _TOOLS if manager.startswith(prefix)), "")
    if tool:
        return GitOwner(tool, labels.get("app.kubernetes.io/instance", "") if tool == "Argo CD" else "", evidence)
    if not manager or manager.startswith(_BY_HAND):
        return None
    return GitOwner(manager, evidence=evidence, undoes_pin=False)


def appliers_of_image(meta: Meta) -> tuple[str, ...]:
    """Who has declared the image by server-side apply: a change by anybody else is a conflict with them."""
    fields = (fields for fields in meta.managed_fields or () if fields.operation == "Apply" and fields.manager != FIELD_MANAGER)
    return tuple(clean(applied.manager, _MAX) for applied in fields if _writes_image(applied))


def _application(name: str, labels: Mapping[str, str], annotations: Mapping[str, str]) -> str:
    match name:
        case "Argo CD":
            tracked = annotations.get("argocd.argoproj.io/tracking-id", "").partition(":")[0]
            return clean(tracked or labels.get("argocd.argoproj.io/instance", ""), _MAX)
        case "Flux":
            for tool in ("kustomize", "helm"):
                if (application := labels.get(f"{tool}.toolkit.fluxcd.io/name", "")) != "":
                    place = labels.get(f"{tool}.toolkit.fluxcd.io/namespace", "")
                    return clean(f"{place}/{application}" if place else application, _MAX)
            return ""
        case _:
            return clean(annotations.get("meta.helm.sh/release-name", labels.get("app.kubernetes.io/instance", "")), _MAX)


_MARKS = {
    "Argo CD": ("argocd.argoproj.io/tracking-id", "argocd.argoproj.io/instance"),
    "Flux": ("kustomize.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/name"),
    "Helm": ("meta.helm.sh/release-name", "helm.sh/chart", "app.kubernetes.io/managed-by"),
}


def _evidence(name: str, labels: Mapping[str, str], annotations: Mapping[str, str]) -> str:
    for mark in _MARKS[name]:
        if mark in annotations:
            return f"annotation {mark}"
        if mark in labels:
            return f"label {mark}"
    return ""


def _writes_image(fields: ManagedFields) -> bool:
    """Whether this entry owns the image of a container of the template."""
    if fields.subresource or b'"f:image"' not in bytes(fields.fields_v1):
        return False
    try:
        tree = from_json(fields.fields_v1, dict[str, Any])
    except DECODING:
        return False
    return any("f:image" in container for container in _containers(tree))


def _containers(tree: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    spec = _inner(tree, "f:spec")
    for template in (_inner(spec, "f:template"), _inner(_inner(spec, "f:jobTemplate"), "f:spec", "f:template")):
        for list_name in ("f:containers", "f:initContainers"):
            for member in _inner(template, "f:spec", list_name).values():
                if isinstance(member, dict):
                    yield member


def _inner(tree: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    for key in keys:
        inner = tree.get(key)
        if not isinstance(inner, dict):
            return {}
        tree = inner
    return tree
