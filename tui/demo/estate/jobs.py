"""One more run of a CronJob."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from tui.demo.estate.company import Cluster, write_controller, write_pod
from tui.demo.estate.model import Controller

__all__ = ["run_job"]

RUNS = 2.5  # seconds
KEPT_JOBS = 3


async def run_job(cluster: Cluster, owner: Controller, pause: Callable[[float], Awaitable[None]]) -> None:
    """It runs, ends well, and the oldest of its runs is cleaned up."""
    job, pod = cluster.raiser.start_job(owner, datetime.now(UTC))
    write_controller(cluster.store, job)
    write_pod(cluster.store, pod)
    await pause(RUNS)
    if pod.phase == "Running":
        job.ready, pod.phase = 0, "Succeeded"
        for container in pod.containers:
            container.state, container.reason = "terminated", "Completed"
        write_pod(cluster.store, pod)
        write_controller(cluster.store, job)
    _clean_up(cluster, owner)


def _clean_up(cluster: Cluster, owner: Controller) -> None:
    jobs = [
        controller
        for controller in cluster.estate.controllers
        if controller.owner is not None and controller.owner.uid == owner.uid
    ]
    for job in jobs[:-KEPT_JOBS]:
        for pod in cluster.estate.pods_of(job.uid):
            cluster.estate.pods.remove(pod)
            write_pod(cluster.store, pod, deleted=True)
        cluster.estate.controllers.remove(job)
        write_controller(cluster.store, job, deleted=True)
