"""trivy-operator's reports of a cluster: one for each container of what is active, with the gaps that real clusters have."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from tui.demo.estate.cluster_builder import ClusterBuilder, ClusterObjects
from tui.demo.estate.model import Controller, Kinds, PodModel
from tui.demo.vulnerabilities.images import ScannedImages
from tui.demo.vulnerabilities.trivy import OperatorReport

__all__ = ["SKIPPED", "STALE", "operator_reports"]

# Left out by the operator's settings, and by a scan job that never ends.
SKIPPED = frozenset({("prod-weu", "vendor"), ("prod-weu", "legacy"), ("prod-neu", "logistics"), ("prod-neu", "platform")})
FAILED = frozenset({"directory"})
# Written before the operator could no longer start its jobs for these; days.
STALE = {("search", "indexer"): 120, ("kube-system", "konnectivity-agent"): 120}
_KINDS = frozenset({Kinds.REPLICASET, Kinds.STATEFULSET, Kinds.DAEMONSET, Kinds.JOB, Kinds.REPLICATIONCONTROLLER})


def operator_reports(
    estate: ClusterObjects, raiser: ClusterBuilder, images: ScannedImages, now: datetime
) -> Iterator[OperatorReport]:
    """The reports of one cluster."""
    pods: dict[str, PodModel] = {}
    for pod in estate.pods:
        if pod.owner is not None and pod.containers[0].image_id:
            pods.setdefault(pod.owner.uid, pod)
    for controller in estate.controllers:
        active = pods.get(controller.uid) if controller.kind in _KINDS else None
        if active is not None and not _is_left_out(estate.name, controller):
            yield from _of(controller, active, raiser, images, now)


def _is_left_out(cluster: str, controller: Controller) -> bool:
    return (cluster, controller.namespace) in SKIPPED or controller.selector.get("app") in FAILED


def _of(
    controller: Controller, pod: PodModel, raiser: ClusterBuilder, images: ScannedImages, now: datetime
) -> Iterator[OperatorReport]:
    days = STALE.get((controller.namespace, controller.selector.get("app", "")), 0)
    hours = int(controller.uid[:2], 16) % 20  # each report is renewed every day, at a time of its own
    scanned = now - timedelta(days=days) if days else max(pod.created, now - timedelta(hours=hours, minutes=7))
    for container in pod.containers:
        if container.image_id:
            yield OperatorReport(
                controller, container.box.name, images.running(container.box.image, container.image_id), scanned, raiser.uid()
            )
