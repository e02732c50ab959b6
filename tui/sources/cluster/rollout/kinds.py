"""The kinds of workloads that can be redeployed, and how each is restarted.

Sources: kubernetes.io/docs/concepts/workloads; kubectl pkg/polymorphichelpers/objectrestarter.go (what a restart writes);
argo-rollouts docs/features/restart.md (`spec.restartAt`).
"""

from __future__ import annotations

import msgspec

from tui.domain.facts.pointers import template_of

__all__ = ["RESTARTED_AT", "WorkloadKind", "kind_named"]

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"


class WorkloadKind(msgspec.Struct, frozen=True):
    """A kind with a pod template. `scalable` tells that it has `spec.replicas`, or can be suspended.

    `fixed` says why objects of this kind can be neither restarted nor pinned, empty for those that can.
    """

    kind: str
    api_version: str
    resource: str
    scalable: bool = True
    fixed: str = ""

    @property
    def suspends(self) -> bool:
        """Whether it is suspended instead of scaled to zero."""
        return self.kind in ("CronJob", "Job")

    @property
    def template(self) -> tuple[str, ...]:
        """Where the pod template stands in the object."""
        return template_of(self.kind)

    @property
    def group(self) -> str:
        """The API group, empty for the core."""
        return self.api_version.rpartition("/")[0]

    @property
    def prefix(self) -> str:
        """The path of its group and version."""
        return f"/apis/{self.api_version}" if self.group else f"/api/{self.api_version}"

    def right(self, verb: str, namespace: str) -> str:
        """A right in words."""
        return f"{verb} {self.resource} in namespace {namespace}"


_JOB = "A Job runs its pods once and never replaces them: start a new Job, or wait for the next one of its CronJob."
_POD = "A bare pod has no controller that would make it again: delete it, and create it again from its manifest."
_OWNED = "A ReplicaSet does not replace its pods when its template changes: redeploy what owns it, or delete its pods one by one."
_CONTROLLED = "A ReplicationController does not replace its pods when its template changes: delete them one by one."
_KINDS = {
    kind.kind: kind
    for kind in (
        WorkloadKind("Deployment", "apps/v1", "deployments"),
        WorkloadKind("StatefulSet", "apps/v1", "statefulsets"),
        WorkloadKind("DaemonSet", "apps/v1", "daemonsets", scalable=False),
        WorkloadKind("CronJob", "batch/v1", "cronjobs"),
        WorkloadKind("Rollout", "argoproj.io/v1alpha1", "rollouts"),
        WorkloadKind("Job", "batch/v1", "jobs", fixed=_JOB),
        WorkloadKind("ReplicaSet", "apps/v1", "replicasets", fixed=_OWNED),
        WorkloadKind("ReplicationController", "v1", "replicationcontrollers", fixed=_CONTROLLED),
        WorkloadKind("Pod", "v1", "pods", scalable=False, fixed=_POD),
    )
}


def kind_named(kind: str) -> WorkloadKind | None:
    """The kind of this name; None for one that is not known."""
    return _KINDS.get(kind)
