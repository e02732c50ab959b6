"""The resources that are listed and watched, and where they are served."""

from __future__ import annotations

import msgspec

from tui.domain.facts.workload import Resource

__all__ = ["KINDS", "LISTED_OWNERS", "ResourceKind"]


class ResourceKind(msgspec.Struct, frozen=True):
    """A resource, the path of its group and version, and its kind."""

    resource: Resource
    prefix: str
    kind: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """As ownerReferences write it."""
        return self.prefix.removeprefix("/apis/").removeprefix("/api/")

    @property
    def group(self) -> str:
        """The API group, empty for the core."""
        return self.api_version.rpartition("/")[0]

    def path(self, namespace: str) -> str:
        """Where it is listed, for one namespace or (empty) the whole cluster."""
        return f"{self.prefix}/namespaces/{namespace}/{self.resource}" if namespace else f"{self.prefix}/{self.resource}"

    def right(self, namespace: str, verb: str = "list") -> str:
        """The right that reading needs, in words."""
        return f"{verb} {self.resource}" + (
            f" in namespace {namespace}" if namespace else " cluster-wide" if self.namespaced else ""
        )


KINDS: tuple[ResourceKind, ...] = (
    # Pods first: they are what the first paint waits for.
    ResourceKind(Resource.PODS, "/api/v1", "Pod"),
    ResourceKind(Resource.DEPLOYMENTS, "/apis/apps/v1", "Deployment"),
    ResourceKind(Resource.REPLICASETS, "/apis/apps/v1", "ReplicaSet"),
    ResourceKind(Resource.STATEFULSETS, "/apis/apps/v1", "StatefulSet"),
    ResourceKind(Resource.DAEMONSETS, "/apis/apps/v1", "DaemonSet"),
    ResourceKind(Resource.JOBS, "/apis/batch/v1", "Job"),
    ResourceKind(Resource.CRONJOBS, "/apis/batch/v1", "CronJob"),
    ResourceKind(Resource.NODES, "/api/v1", "Node", namespaced=False),
    ResourceKind(Resource.REPLICATIONCONTROLLERS, "/api/v1", "ReplicationController"),
)

# Owners of these groups and kinds are listed anyway; every other one is asked for by itself.
LISTED_OWNERS = frozenset((kind.group, kind.kind) for kind in KINDS)
