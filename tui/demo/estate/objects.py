"""Objects as kube-apiserver prints them (kubernetes.io/docs/reference/kubernetes-api; seen on AKS 1.33)."""

from __future__ import annotations

from datetime import datetime

from tui.demo.content import Json
from tui.demo.estate.model import Box, Container, NodeModel, Owner, PodModel, Slot
from tui.demo.moments import kube_time

__all__ = ["metadata_of", "namespace", "node", "owners", "pod", "template_spec"]


def metadata_of(name: str, uid: str, created: datetime, version: str, space: str = "") -> Json:
    """What every object has."""
    metadata: Json = {"name": name, "namespace": space, "uid": uid} if space else {"name": name, "uid": uid}
    return {**metadata, "resourceVersion": version, "creationTimestamp": kube_time(created)}


def owners(owner: Owner | None) -> Json:
    """metadata.ownerReferences, of what has an owner."""
    if owner is None:
        return {}
    reference = {"apiVersion": owner.api_version, "kind": owner.kind, "name": owner.name, "uid": owner.uid}
    return {"ownerReferences": [{**reference, "controller": True, "blockOwnerDeletion": owner.kind != "Node"}]}


def _managed(manager: str, version: str, written: datetime, *parts: str) -> Json:
    """One writer of fields; the real list names every field, here the top ones stand for them."""
    fields: Json = {f"f:{part}": {} for part in parts}
    entry: Json = {
        "manager": manager,
        "operation": "Update",
        "apiVersion": version,
        "time": kube_time(written),
        "fieldsType": "FieldsV1",
    }
    return {**entry, "fieldsV1": {"f:metadata": {"f:labels": {".": {}, "f:app": {}}}, "f:spec": fields}}


# ---- pods


def pod(model: PodModel, version: str) -> Json:
    """v1 Pod."""
    metadata = metadata_of(model.name, model.uid, model.created, version, model.namespace)
    metadata["labels"] = dict(model.labels)
    if model.annotations:
        metadata["annotations"] = dict(model.annotations)
    metadata |= owners(model.owner)
    if model.deleting is not None:
        metadata |= {"deletionTimestamp": kube_time(model.deleting), "deletionGracePeriodSeconds": 30}
    creation = _managed(
        "kube-controller-manager", "v1", model.created, "containers", "dnsPolicy", "enableServiceLinks", "tolerations"
    )
    report = _managed("kubelet", "v1", model.created, "conditions", "containerStatuses", "hostIP", "phase", "podIP", "startTime")
    metadata["managedFields"] = [creation, {**report, "subresource": "status"}]
    return {"metadata": metadata, "spec": _pod_spec(model), "status": _pod_status(model)}


def _pod_spec(model: PodModel) -> Json:
    spec = template_spec([container.box for container in model.containers], node="")
    ephemeral = [_container(container.box) for container in model.containers if container.box.slot is Slot.EPHEMERAL]
    if ephemeral:
        spec["ephemeralContainers"] = ephemeral
    restart = "Never" if model.owner is not None and model.owner.kind == "Job" else "Always"
    fixed: Json = {"restartPolicy": restart, "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst"}
    spec |= {**fixed, "serviceAccountName": "default", "schedulerName": "default-scheduler", "securityContext": {}}
    return {**spec, "nodeName": model.node} if model.node else spec


def template_spec(boxes: list[Box] | tuple[Box, ...], node: str) -> Json:
    """The spec of a pod template, without what admission adds."""
    spec: Json = {"containers": [_container(box) for box in boxes if box.slot is Slot.MAIN]}
    early = [_container(box) for box in boxes if box.slot in (Slot.INIT, Slot.SIDECAR)]
    if early:
        spec["initContainers"] = early
    return {**spec, "nodeSelector": {"kubernetes.io/arch": node}} if node else spec


def _container(box: Box) -> Json:
    container: Json = {"name": box.name, "image": box.image, "imagePullPolicy": box.pull}
    container["resources"] = {"limits": {"memory": "512Mi"}, "requests": {"cpu": "100m", "memory": "128Mi"}}
    token = {"name": "kube-api-access", "readOnly": True, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}
    container |= {"volumeMounts": [token], "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}
    return {**container, "restartPolicy": "Always"} if box.slot is Slot.SIDECAR else container


def _pod_status(model: PodModel) -> Json:
    ready = "True" if model.ready else "False"
    started = kube_time(model.created)
    kinds = (
        ("PodScheduled", "True" if model.node else "False"),
        ("Initialized", "True"),
        ("ContainersReady", ready),
        ("Ready", ready),
    )
    conditions = [{"type": kind, "status": value, "lastProbeTime": None, "lastTransitionTime": started} for kind, value in kinds]
    if model.unscheduled:
        conditions[0] |= {"reason": "Unschedulable", "message": model.unscheduled}
    status: Json = {"phase": model.phase, "conditions": conditions, "qosClass": "Burstable"}
    if model.node:
        address = f"10.244.{int(model.uid[:2], 16) % 40}.{int(model.uid[2:4], 16)}"
        host = f"10.224.0.{4 + int(model.node[-6:], 16)}"
        status |= {"hostIP": host, "podIP": address, "podIPs": [{"ip": address}], "startTime": started}
    groups = (
        ("initContainerStatuses", (Slot.INIT, Slot.SIDECAR)),
        ("containerStatuses", (Slot.MAIN,)),
        ("ephemeralContainerStatuses", (Slot.EPHEMERAL,)),
    )
    for name, slots in groups:
        statuses = [
            _status(container, model) for container in model.containers if container.box.slot in slots and container.state
        ]
        if statuses:
            status[name] = statuses
    return status


def _status(container: Container, model: PodModel) -> Json:
    started = kube_time(container.started or model.created)
    match container.state:
        case "running":
            state: Json = {"running": {"startedAt": started}}
        case "terminated":
            ended: Json = {"exitCode": 0, "reason": container.reason or "Completed", "startedAt": started, "finishedAt": started}
            state = {"terminated": ended}
        case _:
            waiting: Json = {"reason": container.reason}
            state = {"waiting": {**waiting, "message": container.message} if container.message else waiting}
    up = container.state == "running"
    last: Json = {}
    if container.restarts:
        last = {
            "terminated": {"exitCode": 137, "reason": "OOMKilled", "startedAt": kube_time(model.created), "finishedAt": started}
        }
    status: Json = {
        "name": container.box.name,
        "state": state,
        "lastState": last,
        "ready": up,
        "restartCount": container.restarts,
    }
    status |= {"image": container.shown_image or container.box.image, "imageID": container.image_id, "started": up}
    return {**status, "containerID": f"containerd://{model.uid.replace('-', '') * 2}"} if container.image_id else status


# ---- the rest


def namespace(name: str, uid: str, created: datetime, version: str) -> Json:
    """v1 Namespace."""
    metadata = metadata_of(name, uid, created, version)
    metadata["labels"] = {"kubernetes.io/metadata.name": name}
    return {"metadata": metadata, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}


def node(model: NodeModel, version: str) -> Json:
    """v1 Node."""
    metadata = metadata_of(model.name, model.uid, model.created, version)
    fixed = {"kubernetes.io/os": "linux", "kubernetes.io/arch": model.arch, "kubernetes.io/hostname": model.name}
    metadata["labels"] = {**fixed, "kubernetes.azure.com/agentpool": model.pool}
    info: Json = {
        "architecture": model.arch,
        "operatingSystem": "linux",
        "osImage": "Ubuntu 24.04.3 LTS",
        "kernelVersion": "6.8.0-1040-azure",
    }
    info |= {"containerRuntimeVersion": model.runtime, "kubeletVersion": "v1.33.5", "kubeProxyVersion": ""}
    info |= {"machineID": model.uid.replace("-", ""), "systemUUID": model.uid, "bootID": model.uid}
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "lastTransitionTime": kube_time(model.created)}
    status: Json = {"capacity": {"cpu": "8", "memory": "32863532Ki", "pods": "110"}, "conditions": [ready], "nodeInfo": info}
    return {"metadata": metadata, "spec": {"podCIDR": "10.244.3.0/24"}, "status": {**status, "addresses": []}}
