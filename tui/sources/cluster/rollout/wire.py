"""What is read of workloads that roll out, beyond what the watches read (`cluster.wire`).

Shapes: kubernetes.io/docs/reference/kubernetes-api (apps/v1, batch/v1, policy/v1, core/v1 Event); argo-rollouts types.go
(`observedGeneration` is a text there). Go leaves zeros, empty lists and maps out, or writes null.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from tui.sources.cluster.wire import Owner, Template

__all__ = ["Conditions", "EventItem", "ManagedFields", "Meta", "PodItem", "PodTrouble", "SelectorWire", "SetItem", "Workload"]
__all__ += ["BudgetItem", "JobItem", "Listing"]


class _Wire(msgspec.Struct, rename="camel", gc=False):
    """A part of an object."""


class ManagedFields(_Wire):
    """metadata.managedFields[]: who wrote what; `fields_v1` is a tree of `f:` and `k:` keys."""

    manager: str = ""
    operation: str = ""
    time: datetime | None = None
    subresource: str = ""
    fields_v1: msgspec.Raw = msgspec.field(default=msgspec.Raw(), name="fieldsV1")


class Meta(_Wire):
    """metadata."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: list[Owner] | None = None
    managed_fields: list[ManagedFields] | None = None

    @property
    def controller(self) -> Owner | None:
        """The owner that controls it."""
        return next((owner for owner in self.owner_references or () if owner.controller), None)


class _TemplateMeta(_Wire):
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class _WholeTemplate(Template):
    metadata: _TemplateMeta | None = None


class _JobSpec(_Wire):
    template: _WholeTemplate | None = None


class _JobTemplate(_Wire):
    spec: _JobSpec | None = None


class _Requirement(_Wire):
    key: str = ""
    operator: str = ""
    values: list[str] | None = None


class SelectorWire(_Wire):
    """A label selector."""

    match_labels: dict[str, str] | None = None
    match_expressions: list[_Requirement] | None = None


class _RollingUpdate(_Wire):
    max_unavailable: int | str | None = None
    max_surge: int | str | None = None
    partition: int | None = None


class _Strategy(_Wire):
    type: str = ""
    rolling_update: _RollingUpdate | None = None
    canary: _RollingUpdate | None = None
    blue_green: msgspec.Raw | None = None


class _WorkloadRef(_Wire):
    kind: str = ""
    name: str = ""


class _Spec(_Wire):
    replicas: int | None = None
    # A ReplicationController has a bare map here.
    selector: msgspec.Raw = msgspec.Raw()
    strategy: _Strategy | None = None
    update_strategy: _Strategy | None = None
    paused: bool | None = None
    suspend: bool | None = None
    restart_at: str | None = None
    template: _WholeTemplate | None = None
    job_template: _JobTemplate | None = None
    workload_ref: _WorkloadRef | None = None


class Conditions(_Wire):
    """status.conditions[]."""

    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""


class _Status(_Wire):
    observed_generation: int | str | None = None
    replicas: int | None = None
    updated_replicas: int | None = None
    ready_replicas: int | None = None
    available_replicas: int | None = None
    current_number_scheduled: int | None = None
    desired_number_scheduled: int | None = None
    updated_number_scheduled: int | None = None
    number_ready: int | None = None
    number_available: int | None = None
    update_revision: str = ""
    current_pod_hash: str = ""
    restarted_at: str | None = None
    conditions: list[Conditions] | None = None


class Workload(_Wire):
    """Any of the kinds; `spec` of a Pod is its own template."""

    metadata: Meta
    spec: _Spec | None = None
    status: _Status | None = None

    @property
    def restarting(self) -> bool:
        """Whether an Argo Rollout is to be restarted and its controller has not yet said that it has."""
        wished = self.spec.restart_at if self.spec else None
        return bool(wished) and wished != (self.status.restarted_at if self.status else None)

    @property
    def template(self) -> _WholeTemplate | None:
        """The pod template."""
        if self.spec is None:
            return None
        job = self.spec.job_template
        return (job.spec.template if job.spec else None) if job else self.spec.template


class SetItem(_Wire):
    """A ReplicaSet, as far as it stands between a workload and its pods."""

    metadata: Meta
    status: _Status | None = None


class _JobStatus(_Wire):
    active: int | None = None


class JobItem(_Wire):
    """A Job of a CronJob."""

    metadata: Meta
    status: _JobStatus | None = None


class PodTrouble(_Wire):
    """status of a pod, as far as it says why it does not get ready."""

    phase: str = ""
    conditions: list[Conditions] | None = None


class PodItem(_Wire):
    """A pod, beside the facts made of it."""

    metadata: Meta
    status: PodTrouble | None = None


class _BudgetSpec(_Wire):
    min_available: int | str | None = None
    max_unavailable: int | str | None = None
    selector: SelectorWire | None = None


class _BudgetStatus(_Wire):
    disruptions_allowed: int | None = None
    current_healthy: int | None = None
    desired_healthy: int | None = None


class BudgetItem(_Wire):
    """policy/v1 PodDisruptionBudget."""

    metadata: Meta
    spec: _BudgetSpec | None = None
    status: _BudgetStatus | None = None


class EventItem(_Wire):
    """core/v1 Event."""

    type: str = ""
    reason: str = ""
    message: str = ""
    last_timestamp: datetime | None = None
    event_time: datetime | None = None


class Listing(_Wire):
    """A list, its items still bytes; `token` asks for more."""

    items: list[msgspec.Raw] | None = None
    metadata: Continued | None = None


class Continued(_Wire):
    """metadata of a list."""

    token: str = msgspec.field(default="", name="continue")
