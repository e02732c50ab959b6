"""Which logs of pods there are for a row: of a pod its containers, of a workload those of all its pods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tui.domain.facts.build import Run
from tui.domain.facts.inquiries import PodLog
from tui.domain.facts.workload import ContainerType, ObjectKey
from tui.domain.snapshot.snapshot import Attribution, Container, PodRef, Snapshot
from tui.presenters.keys import RowSubject
from tui.presenters.tabs.lines import images_of

__all__ = ["PodLogs", "build_run", "pod_logs"]

_FIRST = (ContainerType.CONTAINER, ContainerType.SIDECAR, ContainerType.INIT, ContainerType.EPHEMERAL)


class PodLogs(NamedTuple):
    """The logs of one pod, by container: the one that was asked for first."""

    pod: str
    logs: tuple[PodLog, ...]


def pod_logs(subject: RowSubject, snapshot: Snapshot) -> Sequence[PodLogs]:
    """The pods of a row with their logs, those that tell most first: of a row that is about no pod and no workload none."""
    workload = snapshot.workloads.get(subject.workload) if subject.workload and not subject.is_image_inside else None
    if workload is None:
        return ()
    pods: dict[str, list[tuple[Container, PodRef]]] = {}
    for container in sorted(workload.containers, key=lambda container: _place(container, subject)):
        for pod in container.pod_refs if container.type in _FIRST else ():
            if subject.pod is None or pod.name == subject.pod.name:
                pods.setdefault(pod.name, []).append((container, pod))
    ranked = sorted(pods.values(), key=lambda parts: _rank([pod for _, pod in parts]), reverse=True)
    return [PodLogs(parts[0][1].name, tuple(_logs(workload.key, parts))) for parts in ranked]


def _place(container: Container, subject: RowSubject) -> tuple[bool, int]:
    """The container that the row names comes first, then those that do the work."""
    part = subject.container.name if subject.container is not None else subject.pod.container if subject.pod else ""
    return container.name != part, _FIRST.index(container.type) if container.type in _FIRST else len(_FIRST)


def _rank(pods: Sequence[PodRef]) -> tuple[bool, int, float]:
    """How much the logs of a pod tell: of one in trouble most, then of one that was restarted, then of the newest."""
    in_trouble = any(pod.state == "waiting" or (pod.phase == "Failed") for pod in pods)
    created = max((pod.created.timestamp() for pod in pods if pod.created is not None), default=0.0)
    return in_trouble, sum(pod.restarts for pod in pods), created


def _logs(workload: ObjectKey, parts: Sequence[tuple[Container, PodRef]]) -> Iterator[PodLog]:
    for container, pod in parts:
        yield PodLog(workload.cluster, workload.namespace, pod.name, container.name)


def build_run(subject: RowSubject, snapshot: Snapshot) -> Run | None:
    """The run that built the image of a row; where nobody knows which, the newest that has ended of the job known best."""
    for row in images_of(subject, snapshot):
        for attribution in snapshot.builders.get(row.key, ()) if row.key is not None else ():
            ended = [run for run in _runs(attribution, snapshot) if run.state.ended]
            own = next((run for run in ended if run.id == attribution.run), None)
            if own is not None or ended:
                return own or ended[0]
    return None


def _runs(attribution: Attribution, snapshot: Snapshot) -> Sequence[Run]:
    return snapshot.runs.get(attribution.job, ()) if attribution.job is not None else ()
