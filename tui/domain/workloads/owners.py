"""Who owns a pod in the end, and who manages that.

The chain of controlling ownerReferences is followed by UID, as a name may have been taken by another object since; at most
`LIMIT` steps. An owner that cannot be read keeps its kind and name. Static pods belong to their node and stand for themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tui.domain.common.memo import Noted
from tui.domain.facts.workload import Controller, ObjectKey, OwnerRef, Pod

__all__ = ["LIMIT", "TopOwner", "managed_by", "team_of", "top_of"]

LIMIT = 8


class TopOwner(NamedTuple):
    """The top of a chain; `readable` is False when it is only known by name."""

    key: ObjectKey
    readable: bool = True


def top_of(child: Pod | Controller, controllers: Mapping[str, Controller] | Noted[str, Controller]) -> TopOwner:
    """The top controller of a pod or controller; `controllers` are those of its cluster by uid."""
    if isinstance(child, Pod):
        chain: list[Controller] = []
        key = ObjectKey(child.cluster, child.namespace, "Pod", child.name)
        owner = None if child.mirror else child.owner
    else:
        chain, key, owner = [child], child.key, child.owner
    while owner is not None and owner.kind != "Node" and len(chain) <= LIMIT:
        above = controllers.get(owner.uid)
        if above is None or above in chain:
            return TopOwner(_named(child, owner), readable=False)
        chain.append(above)
        key, owner = above.key, above.owner
    return TopOwner(key, not chain or chain[-1].readable)


def _named(child: Pod | Controller, owner: OwnerRef) -> ObjectKey:
    return ObjectKey(child.cluster, child.namespace, owner.kind, owner.name)


_ARGO = ("argocd.argoproj.io/tracking-id", "argocd.argoproj.io/instance")
_FLUX = ("kustomize.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/name")
_HELM = ("meta.helm.sh/release-name", "helm.sh/chart")


def managed_by(words: Iterable[Mapping[str, str]]) -> str:
    """`Argo CD`, `Flux`, `Helm` or empty, from labels and annotations of a workload and of what it owns.

    Sources: Argo CD "Resource Tracking", Flux kustomize- and helm-controller labels, Helm "Labels and Annotations". A GitOps
    tool comes first: it may well install charts, and it is what would undo a change.
    """
    maps = [labels for labels in words if labels]
    for name, marks in (("Argo CD", _ARGO), ("Flux", _FLUX), ("Helm", _HELM)):
        if any(mark in labels for labels in maps for mark in marks):
            return name
    return "Helm" if any(labels.get("app.kubernetes.io/managed-by") == "Helm" for labels in maps) else ""


def team_of(words: Iterable[Mapping[str, str]]) -> str:
    """The team that a workload's labels name, empty when they name none."""
    maps = list(words)
    teams = (labels.get(label, "") for label in ("team", "owner") for labels in maps)
    return next((name for name in teams if name), "")
