"""Pods that do not start: what each step of their pulls says, whom to ask for what, and what else keeps them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from enum import StrEnum

import msgspec

from tui.domain.answers.context import AnswerContext
from tui.domain.common.trust import State
from tui.domain.facts.demand import Demand, Priority
from tui.domain.facts.patterns import is_azure_registry
from tui.domain.facts.pulls import Cause, PullExam, PullStep
from tui.domain.facts.reference import parse_reference
from tui.domain.facts.workload import ObjectKey
from tui.domain.snapshot.snapshot import Container, PodRef, Snapshot, Workload
from tui.domain.workloads.pull_failures import is_pulling
from tui.errors import InvalidReference

__all__ = [
    "Grant",
    "GrantKind",
    "Pull",
    "Pulls",
    "Trouble",
    "demands_of_pulls",
    "grant_for",
    "pulls_among",
    "pulls_of",
    "troubles_of",
]


class GrantKind(StrEnum):
    """What a node lacks to pull. ROLE: a role for the kubelet's identity. SECRET: the imagePullSecrets that the pod names are
    refused. LOGIN: it names none, and the registry is not Azure's."""

    ROLE = "role"
    SECRET = "secret"
    LOGIN = "login"


class Grant(msgspec.Struct, frozen=True):
    """What to ask for: the `role` on the `registry` (and `repository`, where it gives rights by repository), or the `secrets`.

    `sure` is False where it is not known whether the registry gives rights by repository: there AcrPull counts for nothing.
    """

    kind: GrantKind
    registry: str
    repository: str = ""
    role: str = ""
    secrets: tuple[str, ...] = ()
    sure: bool = True


class Pull(msgspec.Struct, frozen=True):
    """A container that cannot get its image, in one or several workloads that name the same; `grant` where it is a right."""

    image: str
    exam: PullExam
    sentence: str
    workloads: tuple[ObjectKey, ...]
    pods: int
    grant: Grant | None = None


class Trouble(msgspec.Struct, frozen=True):
    """What else keeps pods from running: the reason of their state (`CrashLoopBackOff`), how many and where."""

    reason: str
    pods: int
    workloads: tuple[ObjectKey, ...]


class Pulls(msgspec.Struct, frozen=True):
    """Every failing pull, the widest first, and what else keeps the pods of these workloads from running."""

    pulls: tuple[Pull, ...] = ()
    troubles: tuple[Trouble, ...] = ()


def pulls_among(snapshot: Snapshot, workloads: Iterable[ObjectKey]) -> Pulls:
    """The pulls that fail in these workloads."""
    keys = tuple(workloads)
    rows: dict[tuple[str, Cause, str], list[tuple[Workload, Container]]] = {}
    for key in keys:
        workload = snapshot.workloads.get(key)
        for container in workload.containers if workload is not None else ():
            if workload is not None and container.pull is not None:
                rows.setdefault((container.image, container.pull.cause, container.pull.message), []).append((workload, container))
    pulls = sorted((_pull(snapshot, users) for users in rows.values()), key=lambda pull: (-pull.pods, pull.image))
    return Pulls(tuple(pulls), troubles_of(snapshot, keys))


def pulls_of(context: AnswerContext) -> Pulls:
    """What keeps the pods of the workloads found."""
    return pulls_among(context.snapshot, context.selection.workloads)


def _pull(snapshot: Snapshot, users: list[tuple[Workload, Container]]) -> Pull:
    _, first = users[0]
    assert first.pull is not None
    return Pull(
        first.image,
        first.pull,
        first.trouble,
        tuple(sorted({workload.key for workload, _ in users})),
        sum(1 for _, container in users for pod in container.pod_refs if not pod.ended and is_pulling(pod)),
        grant_for(snapshot, first),
    )


# ---- rights


def grant_for(snapshot: Snapshot, container: Container) -> Grant | None:
    """What to ask for where a right is missing; None where that is not what is wrong.

    Sources: roles of Azure (AcrPull; Container Registry Repository Reader where a registry gives rights by repository, which
    takes no notice of AcrPull), kubernetes.io "Pull an image from a private registry".
    """
    if container.pull is None or container.pull.cause is not Cause.RIGHT:
        return None
    try:
        reference = parse_reference(container.image)
    except InvalidReference:
        return None
    registry, secrets = reference.registry, container.pull.secrets or ()
    if secrets:
        return Grant(GrantKind.SECRET, registry, reference.repository, secrets=secrets)
    if not is_azure_registry(registry):
        return Grant(GrantKind.LOGIN, registry, reference.repository)
    resource = snapshot.policies.get(registry)
    if resource is None or resource.by_repository is None:
        return Grant(GrantKind.ROLE, registry, reference.repository, "AcrPull", sure=False)
    role = "Container Registry Repository Reader" if resource.by_repository else "AcrPull"
    return Grant(GrantKind.ROLE, registry, reference.repository if resource.by_repository else "", role)


def demands_of_pulls(workload: Workload) -> tuple[Demand, ...]:
    """What to ask registries about the failing pulls of a workload: the names of which they have not said that they are there."""
    demands = []
    for container in workload.containers:
        if container.pull is None or container.name_of is None:
            continue
        states = [container.pull.state(step) for step in (PullStep.REPOSITORY, PullStep.TAG, PullStep.DIGEST)]
        if any(state in (State.UNKNOWN, State.FAIL) for state in states):
            demands.append(Demand(container.name_of, container.pin or container.tag, Priority.OPENED, history=True))
    return tuple(demands)


# ---- what else keeps pods


def troubles_of(snapshot: Snapshot, workloads: Iterable[ObjectKey]) -> tuple[Trouble, ...]:
    """The reasons, besides pulls, for which containers of pods wait; the most frequent first."""
    pods: Counter[str] = Counter()
    where: dict[str, dict[ObjectKey, None]] = {}
    for key, reason in _waiting(snapshot, workloads):
        pods[reason] += 1
        where.setdefault(reason, {})[key] = None
    return tuple(Trouble(reason, number, tuple(where[reason])) for reason, number in pods.most_common())


def _waiting(snapshot: Snapshot, workloads: Iterable[ObjectKey]) -> Iterator[tuple[ObjectKey, str]]:
    for key in workloads:
        workload = snapshot.workloads.get(key)
        counted: set[tuple[str, str]] = set()
        for container in workload.containers if workload is not None else ():
            for pod in container.pod_refs:
                if _waits(pod) and (pod.name, pod.reason) not in counted:
                    counted.add((pod.name, pod.reason))
                    yield key, pod.reason


def _waits(pod: PodRef) -> bool:
    return not pod.ended and pod.state == "waiting" and bool(pod.reason) and not is_pulling(pod) and pod.reason not in _USUAL


_USUAL = frozenset({"ContainerCreating", "PodInitializing"})
"""What every pod waits for at first (kubernetes pkg/kubelet/kubelet_pods.go)."""
