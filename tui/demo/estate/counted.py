"""What becomes of objects that count pods and roll nothing, once they are changed, and of a pod that is changed itself.

A ReplicaSet and a ReplicationController keep as many pods as they are told, whatever their template has become by now; that of
a Deployment is put right by its owner. A Job ends its pods while it is suspended. A pod takes another image where it is, and
nothing else. What is refused: words of kube-apiserver 1.36.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tui.demo.cluster import status
from tui.demo.cluster.kinds import ApiResource, kind_of
from tui.demo.cluster.patches import PatchRefused
from tui.demo.estate.company import Cluster, write_controller, write_pod
from tui.demo.estate.controllers import controller
from tui.demo.estate.model import Controller, Kinds, PodModel
from tui.demo.estate.rolling_pods import RollingPods, start_containers

__all__ = ["COUNTED", "change_pod", "hold_job", "keep_template", "owner_of"]

COUNTED = (Kinds.REPLICASET, Kinds.REPLICATIONCONTROLLER)
Pause = Callable[[float], Awaitable[None]]
_POD_FIELDS = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def owner_of(cluster: Cluster, model: Controller) -> Controller | None:
    """The controller that owns another one."""
    owner = model.owner
    return next((other for other in cluster.estate.controllers if owner is not None and other.uid == owner.uid), None)


def keep_template(model: Controller, body: Mapping[str, Any]) -> None:
    """The template of a Job stays as it is. Raises PatchRefused."""
    before = controller(model, "")["spec"]
    assert isinstance(before, dict)
    if body["spec"].get("template") != before["template"]:
        raise PatchRefused(status.unalterable(kind_of(model.kind), model.name, "spec.template", "field is immutable"))


async def hold_job(cluster: Cluster, job: Controller, pause: Pause, ends: float) -> None:
    """The pods of a Job that is suspended end; one that has ended has none."""
    pods = [pod for pod in cluster.estate.pods_of(job.uid) if pod.phase in ("Running", "Pending")]
    rolling = RollingPods(cluster, job, None)
    if job.suspended and pods:
        rolling.end(pods, datetime.now(UTC))
        await pause(ends)
        rolling.gone(pods)
    job.ready = sum(pod.ready for pod in cluster.estate.pods_of(job.uid))
    write_controller(cluster.store, job)


def change_pod(cluster: Cluster, kind: ApiResource, pod: PodModel, before: Mapping[str, Any], body: Mapping[str, Any]) -> None:
    """Another image for containers of a pod: they start anew. Raises PatchRefused for any other change of its spec."""
    if _without_images(before["spec"]) != _without_images(body["spec"]):
        raise PatchRefused(status.unalterable(kind, pod.name, "spec", _POD_FIELDS, forbidden=True))
    images = _images(body["spec"])
    changed = [container for container in pod.containers if images.get(container.box.name) not in (None, container.box.image)]
    for container in changed:
        container.box = replace(container.box, image=images[container.box.name])
    if changed:
        start_containers(cluster, pod)
    write_pod(cluster.store, pod)


def _images(spec: Mapping[str, Any]) -> dict[str, str]:
    return {item["name"]: item["image"] for item in (*spec.get("initContainers", ()), *spec["containers"])}


def _without_images(spec: Mapping[str, Any]) -> dict[str, Any]:
    lists = {
        name: [{field: value for field, value in item.items() if field != "image"} for item in spec[name]]
        for name in ("containers", "initContainers")
        if name in spec
    }
    return {**spec, **lists}
