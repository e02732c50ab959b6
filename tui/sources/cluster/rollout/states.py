"""From a workload's object to its state: counts, strategy, template, and what cannot be done to it.

Counts of each kind: kubernetes.io/docs/reference/kubernetes-api/workload-resources; kubectl's
pkg/polymorphichelpers/rollout_status.go.
"""

from __future__ import annotations

import msgspec

from tui.domain.common.redaction import quoted
from tui.domain.common.text import clean
from tui.domain.facts.rollout import Condition, GitOwner, RolloutState, Strategy
from tui.domain.facts.workload import ObjectKey
from tui.sources.cluster.facts import ClusterFacts
from tui.sources.cluster.rollout.keepers import owner_of
from tui.sources.cluster.rollout.kinds import RESTARTED_AT, WorkloadKind
from tui.sources.cluster.rollout.wire import Workload

__all__ = ["state_of"]

_MAX = 253
_ROLLING = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Rollout"})


def state_of(key: ObjectKey, kind: WorkloadKind, workload: Workload, facts: ClusterFacts) -> RolloutState:
    """All that the object itself says."""
    meta, spec, template = workload.metadata, workload.spec, workload.template
    owner = owner_of(meta)
    desired, replicas, updated, ready, available = _counts(kind.kind, workload)
    state = RolloutState(
        key=key,
        uid=clean(meta.uid, _MAX),
        api_version=kind.api_version,
        resource_version=clean(meta.resource_version, _MAX),
        generation=meta.generation,
        observed=_observed(workload) if kind.kind in _ROLLING else None,
        desired=desired,
        replicas=replicas,
        updated=updated,
        ready=ready,
        available=available,
        strategy=_strategy(kind.kind, workload),
        suspended=bool(spec and spec.suspend),
        restarting=kind.kind == "Rollout" and workload.restarting,
        containers=facts.template(template.spec if template else None),
        restarted_at=_restarted_at(kind.kind, workload),
        conditions=_conditions(workload),
        owner=owner,
    )
    restartable, pinnable, scalable = _obstacles(kind, workload, state, owner)
    return msgspec.structs.replace(state, restartable=restartable, pinnable=pinnable, scalable=scalable)


def _counts(kind: str, workload: Workload) -> tuple[int | None, int | None, int | None, int | None, int | None]:
    """Desired, all, updated, ready and available pods; the server leaves a zero out."""
    spec, status = workload.spec, workload.status
    if kind not in _ROLLING or spec is None:
        desired = spec.replicas if spec and kind in ("ReplicaSet", "ReplicationController") else None
        return desired, None, None, None, None
    if status is None:
        return (None if kind == "DaemonSet" else 1 if spec.replicas is None else spec.replicas), 0, 0, 0, 0
    if kind == "DaemonSet":
        numbers = (
            status.desired_number_scheduled,
            status.current_number_scheduled,
            status.updated_number_scheduled,
            status.number_ready,
            status.number_available,
        )
        desired, replicas, updated, ready, available = (number or 0 for number in numbers)
        return desired, replicas, updated, ready, available
    counts = (status.replicas, status.updated_replicas, status.ready_replicas, status.available_replicas)
    replicas, updated, ready, available = (number or 0 for number in counts)
    return 1 if spec.replicas is None else spec.replicas, replicas, updated, ready, available


def _observed(workload: Workload) -> int | None:
    """The generation that the controller has seen; 0 before it has seen any (argo-rollouts writes it as a text)."""
    shown = workload.status.observed_generation if workload.status else None
    if isinstance(shown, str):
        return int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 19 else None
    return shown or 0


def _strategy(kind: str, workload: Workload) -> Strategy | None:
    spec = workload.spec
    if spec is None or kind not in _ROLLING:
        return None
    written = spec.update_strategy if kind in ("StatefulSet", "DaemonSet") else spec.strategy
    name, rolling = (written.type if written else ""), (written.rolling_update if written else None)
    if kind == "Rollout":
        name = "canary" if written and written.canary is not None else "blueGreen" if written and written.blue_green else name
        rolling = written.canary if written else None
    return Strategy(
        clean(name, 60) or "RollingUpdate",
        _share(rolling.max_unavailable if rolling else None),
        _share(rolling.max_surge if rolling else None),
        (rolling.partition if rolling else None) or 0,
        bool(spec.paused),
    )


def _share(written: int | str | None) -> str:
    return "" if written is None else clean(str(written), 20)


def _restarted_at(kind: str, workload: Workload) -> str:
    if kind == "Rollout":
        return clean((workload.spec.restart_at if workload.spec else None) or "", 60)
    template = workload.template
    annotations = (template.metadata.annotations if template and template.metadata else None) or {}
    return clean(annotations.get(RESTARTED_AT, ""), 60)


def _conditions(workload: Workload) -> tuple[Condition, ...]:
    conditions = (workload.status.conditions if workload.status else None) or ()
    return tuple(
        Condition(
            clean(condition.type, 60), clean(condition.status, 20), clean(condition.reason, 80), quoted(condition.message, 400)
        )
        for condition in conditions[:20]
    )


def _obstacles(kind: WorkloadKind, workload: Workload, state: RolloutState, owner: GitOwner | None) -> tuple[str, str, str]:
    """Why it cannot be restarted, pinned and scaled; empty for what can be done."""
    name = f"{state.key.kind} {state.key.name}"
    if workload.metadata.deletion_timestamp is not None:
        words = f"{name} is being deleted."
        return words, words, words
    scalable = "" if kind.scalable else _unscalable(kind, name)
    parent = workload.metadata.controller
    if kind.fixed:
        words = f"{name} belongs to {clean(parent.kind, 60)} {clean(parent.name, _MAX)}: redeploy that." if parent else kind.fixed
        return words, words, words if parent else scalable
    restartable = pinnable = ""
    reference = workload.spec.workload_ref if workload.spec else None
    if reference is not None and reference.name:
        pinnable = f"{name} takes its template from {clean(reference.kind, 60)} {clean(reference.name, _MAX)}: pin that."
    if kind.kind == "Deployment" and state.strategy is not None and state.strategy.paused:
        restartable = f"{name} is paused, and a paused Deployment replaces no pod: resume it first."
    if owner is not None and owner.undoes_pin:
        pinnable = pinnable or _undone(name, owner)
    return restartable, pinnable, scalable


def _unscalable(kind: WorkloadKind, name: str) -> str:
    if kind.kind == "DaemonSet":
        return f"{name} has a pod on each node and no number of them: give it a nodeSelector that no node has, or delete it."
    return f"{name} has no number of pods that could be set."


def _undone(name: str, owner: GitOwner) -> str:
    application = f" (application {owner.application})" if owner.application else ""
    words = f"{owner.name}{application} writes {name} and would undo a pin"
    return f"{words}: change the image where it takes it from ({owner.evidence})."
