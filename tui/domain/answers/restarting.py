"""What a restart would bring: pods that could not start again, and pods that would start something else.

A node that has an image does not ask for it again unless the pull policy is Always (kubernetes.io, Images, "Image pull
policy"): there a restart on the same node may hide for a while what another node shows at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

import msgspec

from tui.domain.facts.workload import ContainerType, ObjectKey
from tui.domain.snapshot.snapshot import Container, Drift, ImageKey, Snapshot, Workload

__all__ = ["Restart", "RestartOutcome", "Roulette", "restarts_of", "roulette_of"]

_ALWAYS = "Always"


class RestartOutcome(StrEnum):
    """What comes of a restart now. UNKNOWN: nobody can tell."""

    FAILS = "fails"
    CHANGES = "changes"
    SAME = "same"
    UNKNOWN = "unknown"


class Restart(msgspec.Struct, frozen=True):
    """What comes of a restart of one container, which so many `pods` have, by `names`. `becomes` is what it would start instead.

    `hidden` says that a node which has the image starts it all the same, as the pull policy is not Always.
    """

    workload: ObjectKey
    container: str
    outcome: RestartOutcome
    pods: int
    becomes: ImageKey | None = None
    hidden: bool = False
    names: frozenset[str] = frozenset()


class Roulette(msgspec.Struct, frozen=True):
    """How many workloads and pods would fail, would change, or cannot be told; `hidden` are those of the first two whose nodes
    may hide it. A pod counts once, however many of its containers would fail."""

    fails: tuple[ObjectKey, ...] = ()
    changes: tuple[ObjectKey, ...] = ()
    unknown: tuple[ObjectKey, ...] = ()
    failing_pods: int = 0
    changing_pods: int = 0
    hidden: tuple[ObjectKey, ...] = ()


def roulette_of(restarts: Iterable[Restart]) -> Roulette:
    """The restarts counted; a workload is where the worst of its containers puts it."""
    worst: dict[ObjectKey, list[Restart]] = {}
    for restart in restarts:
        worst.setdefault(restart.workload, []).append(restart)
    workloads: dict[RestartOutcome, list[ObjectKey]] = {outcome: [] for outcome in RestartOutcome}
    pods = dict.fromkeys(RestartOutcome, 0)
    hidden = []
    for key, several in sorted(worst.items()):
        outcome = min((restart.outcome for restart in several), key=_RANK.index)
        workloads[outcome].append(key)
        bad = [restart for restart in several if restart.outcome is outcome]
        pods[outcome] += len(frozenset().union(*(restart.names for restart in bad)))
        if outcome in (RestartOutcome.FAILS, RestartOutcome.CHANGES) and any(restart.hidden for restart in bad):
            hidden.append(key)
    return Roulette(
        tuple(workloads[RestartOutcome.FAILS]),
        tuple(workloads[RestartOutcome.CHANGES]),
        tuple(workloads[RestartOutcome.UNKNOWN]),
        pods[RestartOutcome.FAILS],
        pods[RestartOutcome.CHANGES],
        tuple(hidden),
    )


_RANK = (RestartOutcome.FAILS, RestartOutcome.CHANGES, RestartOutcome.UNKNOWN, RestartOutcome.SAME)


def restarts_of(snapshot: Snapshot, workloads: Iterable[ObjectKey]) -> Iterator[Restart]:
    """What a restart brings of every container that runs."""
    for key in workloads:
        workload = snapshot.workloads.get(key)
        for container in workload.containers if workload is not None else ():
            if container.pods and container.type is not ContainerType.EPHEMERAL and workload is not None:
                yield _restart(workload, container, snapshot)


def _restart(workload: Workload, container: Container, snapshot: Snapshot) -> Restart:
    outcome, becomes = _outcome(container, snapshot)
    hidden = outcome in (RestartOutcome.FAILS, RestartOutcome.CHANGES) and container.pull_policy != _ALWAYS
    names = frozenset(pod.name for pod in container.pod_refs if not pod.ended)
    return Restart(workload.key, container.name, outcome, container.pods, becomes, hidden, names)


def _outcome(container: Container, snapshot: Snapshot) -> tuple[RestartOutcome, ImageKey | None]:
    match container.drift:
        case Drift.SAME:
            return RestartOutcome.SAME, None
        case Drift.MOVED | Drift.MIXED if container.pin:
            return RestartOutcome.SAME, None
        case Drift.MOVED | Drift.MIXED:
            return RestartOutcome.CHANGES, container.declared
        case Drift.UNKNOWN:
            return RestartOutcome.UNKNOWN, None
        case Drift.GONE:
            declared = snapshot.images.get(container.declared) if container.declared is not None else None
            if declared is None or declared.gone or not _fits(container, snapshot):
                return RestartOutcome.FAILS, None
            # What ran is gone, and the tag names something: that is what starts.
            return RestartOutcome.CHANGES, container.declared


def _fits(container: Container, snapshot: Snapshot) -> bool:
    """Whether what the name means now has a platform that runs now, as far as both are known."""
    declared = snapshot.images.get(container.declared) if container.declared is not None else None
    running = {
        platform for key in container.runs if (image := snapshot.images.get(key)) is not None for platform in image.platforms
    }
    return declared is None or not declared.platforms or not running or not running.isdisjoint(declared.platforms)
