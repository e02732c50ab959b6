"""The pods of a workload: which of them are of its newest template, and what each container runs.

Sources: kubernetes.io/docs/concepts/workloads/controllers (labels `controller-revision-hash`, `pod-template-generation`,
annotation `deployment.kubernetes.io/revision`); argo-rollouts (`rollouts-pod-template-hash`, `status.currentPodHash`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from tui.domain.facts.reference import parse_image_id
from tui.domain.facts.rollout import RunningImage
from tui.domain.facts.workload import ContainerType, Pod
from tui.sources.cluster.rollout.kinds import RESTARTED_AT
from tui.sources.cluster.rollout.wire import JobItem, PodItem, SetItem, Workload

__all__ = ["PodOfWorkload", "current_set", "is_current", "newest_jobs", "running_images"]

_REVISION = "deployment.kubernetes.io/revision"
_GENERATION = "deprecated.daemonset.template.generation"
MOST_JOBS = 5


class PodOfWorkload(msgspec.Struct, frozen=True):
    """A pod: its facts, its own object, and whether it is of the newest template (None: that cannot be told)."""

    pod: Pod
    item: PodItem
    current: bool | None

    @property
    def ready(self) -> bool:
        """Whether it takes requests."""
        conditions = (self.item.status.conditions if self.item.status else None) or ()
        return not self.pod.deleting and any(condition.type == "Ready" and condition.status == "True" for condition in conditions)

    @property
    def ended(self) -> bool:
        """Whether it will not run again: evicted, or done."""
        return self.pod.phase in ("Succeeded", "Failed")


def current_set(workload: Workload, sets: Iterable[SetItem]) -> str:
    """The uid of the ReplicaSet of the newest template, empty when its controller has not made one yet."""
    status, annotations = workload.status, workload.metadata.annotations or {}
    for item in sets:
        labels = item.metadata.labels or {}
        if status is not None and status.current_pod_hash:
            if labels.get("rollouts-pod-template-hash") == status.current_pod_hash:
                return item.metadata.uid
        elif (item.metadata.annotations or {}).get(_REVISION, "-") == annotations.get(_REVISION, ""):
            return item.metadata.uid
    return ""


def is_current(workload: Workload, kind: str, item: PodItem, newest: str, *, observed: bool) -> bool | None:
    """Whether a pod is of the newest template; `newest` is the uid of its ReplicaSet, `observed` that the controller knows it.

    A template that its controller has not seen yet has no pods.
    """
    labels, status = item.metadata.labels or {}, workload.status
    if kind == "CronJob":
        return _of_template(workload, item)
    if not observed:
        return False
    if kind == "Rollout" and workload.restarting and _older(item, workload):
        return False
    owner = item.metadata.controller
    match kind:
        case "Deployment" | "Rollout":
            return owner is not None and owner.uid == newest if newest else None
        case "StatefulSet":
            revision = status.update_revision if status else ""
            return labels.get("controller-revision-hash") == revision if revision else None
        case "DaemonSet":
            generation = (workload.metadata.annotations or {}).get(_GENERATION)
            shown = labels.get("pod-template-generation")
            return shown == generation if generation and shown else None
        case _:
            return True


def _older(item: PodItem, workload: Workload) -> bool:
    """A pod that is older than the time at which an Argo Rollout is to have been restarted."""
    wished, created = workload.spec.restart_at if workload.spec else None, item.metadata.creation_timestamp
    try:
        return created is not None and wished is not None and created < datetime.fromisoformat(wished)
    except (ValueError, TypeError):
        return False


def _of_template(workload: Workload, item: PodItem) -> bool | None:
    """A pod of a CronJob's Job: made after the last restart that was wished for, if there was one."""
    template = workload.template
    wished = ((template.metadata.annotations if template and template.metadata else None) or {}).get(RESTARTED_AT, "")
    return (item.metadata.annotations or {}).get(RESTARTED_AT, "") == wished if wished else None


def newest_jobs(items: Sequence[JobItem]) -> list[JobItem]:
    """The Jobs of a CronJob that matter: those that run, and the newest."""
    ordered = sorted(items, key=lambda item: _made(item), reverse=True)
    running = [item for item in ordered if item.status is not None and item.status.active]
    return list({item.metadata.uid: item for item in [*ordered[:1], *running]}.values())[:MOST_JOBS]


def _made(item: JobItem) -> float:
    created = item.metadata.creation_timestamp
    return created.timestamp() if created else 0.0


def running_images(pods: Iterable[PodOfWorkload], *, ended: bool) -> tuple[RunningImage, ...]:
    """What the containers run, counted; pods that have `ended` count only where the workload is to end them."""
    count: Counter[tuple[str, str, str, bool | None]] = Counter()
    ready: Counter[tuple[str, str, str, bool | None]] = Counter()
    completed: Counter[tuple[str, str, str, bool | None]] = Counter()
    for pod in pods:
        if pod.ended and not ended:
            continue
        for container in pod.pod.containers:
            if container.type is ContainerType.EPHEMERAL:
                continue
            key = (container.name, container.image, parse_image_id(container.image_id).digest, pod.current)
            count[key] += 1
            ready[key] += pod.ready
            completed[key] += pod.ended
    rows = [RunningImage(*key[:3], count[key], ready[key], key[3], completed[key]) for key in count]
    return tuple(sorted(rows, key=lambda row: (row.container, row.current is not True, row.digest, row.image)))
