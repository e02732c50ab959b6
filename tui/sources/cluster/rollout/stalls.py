"""Why a rollout does not get on, from what the objects and events say; each with the next step.

Sources: kubernetes.io/docs/concepts/workloads/controllers/deployment ("Failed Deployment"), pod-lifecycle, resource-quotas,
admission webhooks; argo-rollouts docs/features/restart.md (a restart evicts, so that PodDisruptionBudgets hold it up).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from tui.domain.common.redaction import quoted
from tui.domain.facts.rollout import Budget, RolloutState, Stall, StallKind
from tui.domain.facts.workload import PodContainer
from tui.domain.workloads.pull_failures import PULL_REASONS
from tui.sources.cluster.rollout.pods import PodOfWorkload
from tui.sources.cluster.rollout.wire import EventItem

__all__ = ["Evidence", "stalls_of"]

PATIENCE = timedelta(seconds=30)
"""How long a container may run without being ready, or a pod take to end after its time, before it is told."""
_MAX = 240
_CRASHES = frozenset(
    {"CrashLoopBackOff", "RunContainerError", "CreateContainerError", "CreateContainerConfigError", "StartError"}
)
_ADMISSION = re.compile(r"admission webhook|denied the request|ValidatingAdmissionPolicy|violates PodSecurity|is forbidden")


class Evidence(msgspec.Struct, frozen=True):
    """What is there to judge by: pods, and events of whatever is to make pods (None: they cannot be read)."""

    pods: Sequence[PodOfWorkload]
    events: Sequence[EventItem] | None
    now: datetime


def stalls_of(state: RolloutState, evidence: Evidence) -> tuple[Stall, ...]:
    """Every reason, those that somebody decided on first; nothing for a rollout that is done."""
    if state.settled is True and not state.suspended:
        return ()
    stalls = [*_decided(state), *_refused(state, evidence.events or ()), *_pods(state, evidence)]
    if state.settled is False and not stalls:
        stalls = [*_deadline(state), *_budgets(state)]
    return tuple(stalls)


def _decided(state: RolloutState) -> Iterator[Stall]:
    name, strategy = f"{state.key.kind} {state.key.name}", state.strategy
    where, resource = f"-n {state.key.namespace}", f"{state.key.kind.lower()} {state.key.name}"
    if state.observed is not None and state.observed < state.generation:
        yield Stall(
            StallKind.NOT_OBSERVED,
            f"The controller has not yet taken notice of the last change of {name}.",
            "It does so within seconds; if not, ask whoever runs the cluster whether its controllers run.",
        )
    if state.suspended:
        yield Stall(
            StallKind.SUSPENDED,
            f"{name} is suspended, so that no pod is started.",
            f"When it is to run again, set spec.suspend to false: kubectl edit {resource} {where}.",
        )
    if strategy is None:
        return
    if strategy.paused:
        resume = (
            f"kubectl argo rollouts promote {state.key.name} {where}"
            if state.key.kind == "Rollout"
            else f"kubectl rollout resume deployment/{state.key.name} {where}"
        )
        yield Stall(StallKind.PAUSED, f"{name} is paused: no pod is replaced until it is resumed.", f"{resume}.")
    old = _old(state)
    if strategy.name == "OnDelete" and old:
        yield Stall(
            StallKind.ON_DELETE,
            f"{name} replaces a pod only when somebody deletes it (strategy OnDelete).",
            f"Delete the {old} old {'pod' if old == 1 else 'pods'} one by one: kubectl delete pod NAME {where}.",
            old,
        )
    if strategy.partition and state.desired is not None and strategy.partition > 0 and old:
        yield Stall(
            StallKind.PARTITION,
            f"{name} leaves the pods below number {strategy.partition} as they are (partition).",
            "Set spec.updateStrategy.rollingUpdate.partition to 0 when they are to follow.",
            min(strategy.partition, state.desired),
        )


def _old(state: RolloutState) -> int:
    return max((state.desired or 0) - (state.updated or 0), 0)


def _refused(state: RolloutState, events: Iterable[EventItem]) -> Iterator[Stall]:
    """Pods that could not be made: conditions tell it of Deployments, events of all others."""
    messages = [
        condition.message for condition in state.conditions if condition.type == "ReplicaFailure" and condition.status == "True"
    ]
    if not messages:
        failed = [event for event in events if event.reason == "FailedCreate"]
        messages = [max(failed, key=_when).message] if failed else []
    for message in messages:
        yield _refusal(message)


def _when(event: EventItem) -> float:
    time = event.last_timestamp or event.event_time
    return time.timestamp() if time else 0.0


def _refusal(message: str) -> Stall:
    message_text = quoted(message, _MAX)
    if "exceeded quota" in message:
        return Stall(
            StallKind.QUOTA,
            f"No new pod can be made: the namespace's quota is used up. {message_text}",
            "Free some of it, or have the quota raised: kubectl describe quota.",
        )
    if _ADMISSION.search(message):
        return Stall(
            StallKind.ADMISSION,
            f"Admission refuses the new pods. {message_text}",
            "Change what it objects to, or ask whoever keeps the rule that the message names.",
        )
    return Stall(StallKind.OTHER, f"No new pod can be made. {message_text}", "Look at the events: kubectl get events.")


def _pods(state: RolloutState, evidence: Evidence) -> Iterator[Stall]:
    """What holds up pods of the newest template, by kind and sentence, and old ones that do not end."""
    new = [pod for pod in evidence.pods if pod.current is not False and not pod.ended and not pod.pod.deleting]
    judges: tuple[Callable[[PodOfWorkload], Stall | None], ...] = (
        _pulling,
        _crashing,
        _unscheduled,
        lambda pod: _unready(pod, evidence.now),
    )
    counted: dict[tuple[StallKind, str], Stall] = {}
    for pod in new:
        stall = next((stall for judge in judges if (stall := judge(pod)) is not None), None)
        if stall is not None:
            key = (stall.kind, stall.sentence)
            counted[key] = msgspec.structs.replace(stall, pods=counted[key].pods + 1 if key in counted else 1)
    yield from counted.values()
    late = [pod for pod in evidence.pods if _overdue(pod, evidence.now)]
    if late:
        first = late[0].pod
        yield Stall(
            StallKind.NODE,
            f"Pod {first.name} should have ended, but its node {first.node} does not say that it has.",
            f"See whether the node is well: kubectl get node {first.node}.",
            len(late),
        )


def _waiting(pod: PodOfWorkload, reasons: frozenset[str]) -> PodContainer | None:
    return next(
        (container for container in pod.pod.containers if container.state == "waiting" and container.reason in reasons), None
    )


def _pulling(pod: PodOfWorkload) -> Stall | None:
    container = _waiting(pod, PULL_REASONS)
    if container is None:
        return None
    # The kubelet's words alternate between the fault and its waiting: the image is what lasts.
    return Stall(
        StallKind.IMAGE_PULL,
        f"Container {container.name} cannot get its image {quoted(container.image, _MAX)} ({container.reason}).",
        f"Look at what the node says: kubectl describe pod {pod.pod.name} -n {pod.pod.namespace}.",
    )


def _crashing(pod: PodOfWorkload) -> Stall | None:
    container = _waiting(pod, _CRASHES)
    if container is None:
        return None
    logs = f"kubectl logs {pod.pod.name} -c {container.name} -n {pod.pod.namespace} --previous"
    return Stall(
        StallKind.CRASH, f"Container {container.name} of the new pods ends again and again ({container.reason}).", f"{logs}."
    )


def _unscheduled(pod: PodOfWorkload) -> Stall | None:
    conditions = (pod.item.status.conditions if pod.item.status else None) or ()
    for condition in conditions:
        if condition.type == "PodScheduled" and condition.status == "False":
            return Stall(
                StallKind.NODE,
                f"No node takes the new pods: {quoted(condition.message or condition.reason, _MAX)}",
                "Add nodes, or free some: the message counts what each node lacks.",
            )
    return None


def _unready(pod: PodOfWorkload, now: datetime) -> Stall | None:
    if pod.ready or pod.pod.phase != "Running":
        return None
    started = [
        container.started for container in pod.pod.containers if container.state == "running" and container.started is not None
    ]
    if not started or now - max(started) < PATIENCE:
        return None
    return Stall(
        StallKind.READINESS,
        "New pods run, but do not get ready: their readiness probe does not succeed.",
        f"kubectl logs {pod.pod.name} -n {pod.pod.namespace}, and kubectl describe pod for what the probe says.",
    )


def _overdue(pod: PodOfWorkload, now: datetime) -> bool:
    # The timestamp is when it should be gone, its grace period included.
    due = pod.item.metadata.deletion_timestamp
    return due is not None and now - due > PATIENCE


def _deadline(state: RolloutState) -> Iterator[Stall]:
    for condition in state.conditions:
        if condition.type == "Progressing" and condition.status == "False":
            yield Stall(
                StallKind.DEADLINE,
                f"{state.key.kind} {state.key.name} has made no progress within its deadline. {quoted(condition.message, _MAX)}",
                f"kubectl describe {state.key.kind.lower()} {state.key.name} -n {state.key.namespace}.",
            )


def _budgets(state: RolloutState) -> Iterator[Stall]:
    for budget in state.budgets or ():
        if budget.allowed == 0:
            yield Stall(StallKind.BUDGET, _budget_words(state, budget), _BUDGET_REMEDY)


_BUDGET_REMEDY = "Let more pods get ready, add a replica, or relax the budget while the rollout lasts."


def _budget_words(state: RolloutState, budget: Budget) -> str:
    healthy = f" ({budget.healthy} of {budget.desired} needed are healthy)" if budget.healthy is not None else ""
    words = f"PodDisruptionBudget {budget.name} lets no pod be evicted now{healthy}"
    if state.key.kind == "Rollout":
        return f"{words}, and an Argo Rollout restarts its pods by evicting them."
    return f"{words}. The controller itself does not heed it, but drains of nodes and whatever evicts pods wait for it."
