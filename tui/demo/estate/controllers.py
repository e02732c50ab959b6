"""Controllers as kube-apiserver prints them while they roll too (kubernetes.io/docs/reference/kubernetes-api)."""

from __future__ import annotations

from datetime import timedelta

from tui.demo.content import Json
from tui.demo.estate.model import Controller, Kinds, Slot, revision_hash
from tui.demo.estate.objects import metadata_of, owners, template_spec
from tui.demo.moments import kube_time

__all__ = ["controller"]

_QUARTER: Json = {"maxUnavailable": "25%", "maxSurge": "25%"}


def controller(model: Controller, version: str) -> Json:
    """A controller of any of the kinds."""
    metadata = metadata_of(model.name, model.uid, model.created, version, model.namespace)
    metadata |= {"generation": model.generation, "labels": dict(model.labels)}
    annotations = dict(model.annotations)
    if model.kind is Kinds.DAEMONSET:
        annotations["deprecated.daemonset.template.generation"] = str(model.template)
    if annotations:
        metadata["annotations"] = annotations
    metadata |= owners(model.owner)
    metadata["managedFields"] = [_managed(model)]
    return {"metadata": metadata, "spec": _spec(model), "status": _status(model)}


def _managed(model: Controller) -> Json:
    """Who wrote the template; the real list names every field, here the images stand for them."""
    manager, operation = ("kube-controller-manager", "Update") if model.owner else model.writer
    lists: Json = {}
    for name, slots in (("containers", (Slot.MAIN,)), ("initContainers", (Slot.INIT, Slot.SIDECAR))):
        images: Json = {f'k:{{"name":"{box.name}"}}': {".": {}, "f:image": {}} for box in model.boxes if box.slot in slots}
        if images:
            lists[f"f:{name}"] = images
    fields: Json = {"f:template": {"f:spec": lists}}
    if model.kind is Kinds.CRONJOB:
        fields = {"f:jobTemplate": {"f:spec": fields}}
    entry: Json = {"manager": manager, "operation": operation, "apiVersion": model.reference.api_version}
    entry |= {"time": kube_time(model.created), "fieldsType": "FieldsV1"}
    return {**entry, "fieldsV1": {"f:metadata": {"f:labels": {".": {}, "f:app": {}}}, "f:spec": fields}}


def _template(model: Controller) -> Json:
    spec = template_spec(model.boxes, model.arch)
    restart = "OnFailure" if model.kind in (Kinds.JOB, Kinds.CRONJOB) else "Always"
    fixed: Json = {"restartPolicy": restart, "dnsPolicy": "ClusterFirst", "securityContext": {}}
    metadata: Json = {"creationTimestamp": None, "labels": dict(model.selector)}
    if model.template_annotations:
        metadata["annotations"] = dict(model.template_annotations)
    return {"metadata": metadata, "spec": {**spec, **fixed}}


def _spec(model: Controller) -> Json:
    template = _template(model)
    selector: Json = {"matchLabels": dict(model.selector)}
    match model.kind:
        case Kinds.CRONJOB:
            spec: Json = {"schedule": model.schedule, "suspend": model.suspended, "concurrencyPolicy": "Forbid"}
            job: Json = {"metadata": {"creationTimestamp": None}, "spec": {"template": template}}
            return {**spec, "jobTemplate": job, "successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1}
        case Kinds.JOB:
            return {"parallelism": 1, "completions": 1, "backoffLimit": 6, "suspend": model.suspended, "template": template}
        case Kinds.REPLICATIONCONTROLLER:
            return {"replicas": model.replicas or 0, "selector": dict(model.selector), "template": template}
        case Kinds.DAEMONSET:
            rolling: Json = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}}
            return {"selector": selector, "template": template, "updateStrategy": rolling}
        case Kinds.STATEFULSET:
            spec = {"replicas": model.replicas or 0, "selector": selector, "template": template, "serviceName": model.name}
            return {**spec, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}}
        case Kinds.DEPLOYMENT:
            spec = {"replicas": model.replicas or 0, "selector": selector, "template": template}
            spec["strategy"] = {"type": "RollingUpdate", "rollingUpdate": _QUARTER}
            spec |= {"revisionHistoryLimit": 10, "progressDeadlineSeconds": 600}
            return {**spec, "paused": True} if model.paused else spec
        case Kinds.ROLLOUT:
            spec = {"replicas": model.replicas or 0, "selector": selector, "template": template}
            spec["strategy"] = {"canary": {**_QUARTER, "steps": []}}
            return {**spec, "restartAt": model.restart_at} if model.restart_at else spec
        case Kinds.REPLICASET:
            return {"replicas": model.replicas or 0, "selector": selector, "template": template}


def _status(model: Controller) -> Json:
    match model.kind:
        case Kinds.CRONJOB:
            return {} if model.suspended else {"lastScheduleTime": kube_time(model.created + timedelta(days=1))}
        case Kinds.JOB:
            ready = model.ready
            if model.suspended:
                return {"conditions": [{"type": "Suspended", "status": "True", "reason": "JobSuspended"}]}
            return {"startTime": kube_time(model.created), "succeeded": 1} if not ready else {"active": ready, "ready": ready}
        case Kinds.DAEMONSET:
            return _daemons(model)
        case Kinds.STATEFULSET | Kinds.DEPLOYMENT | Kinds.REPLICASET | Kinds.ROLLOUT | Kinds.REPLICATIONCONTROLLER:
            return _counted(model)


def _observed(model: Controller) -> int:
    return model.generation if model.observed is None else model.observed


def _daemons(model: Controller) -> Json:
    count = model.replicas or 0
    present = count if model.pods is None else model.pods
    status: Json = {"currentNumberScheduled": present, "desiredNumberScheduled": count, "numberMisscheduled": 0}
    updated = count if model.updated is None else model.updated
    status |= {"numberReady": model.ready, "updatedNumberScheduled": updated, "observedGeneration": _observed(model)}
    return {**status, "numberAvailable": model.ready} if model.ready else status


def _counted(model: Controller) -> Json:
    count = (model.replicas or 0) if model.pods is None else model.pods
    observed: int | str = _observed(model)
    status: Json = {"observedGeneration": str(observed) if model.kind is Kinds.ROLLOUT else observed, "replicas": count}
    if model.ready:
        status |= {"readyReplicas": model.ready, "availableReplicas": model.ready}
    updated = count if model.updated is None else model.updated
    if model.kind in (Kinds.DEPLOYMENT, Kinds.ROLLOUT, Kinds.STATEFULSET) and updated:
        status["updatedReplicas"] = updated
    match model.kind:
        case Kinds.STATEFULSET:
            now = f"{model.name}-{model.revision_hash}"
            is_done = model.updated is None
            before = now if is_done else f"{model.name}-{revision_hash(model.uid, model.template - 1)}"
            status |= {"currentRevision": before, "updateRevision": now}
        case Kinds.DEPLOYMENT:
            status["conditions"] = _conditions(model)
        case Kinds.ROLLOUT:
            status |= {"currentPodHash": model.pod_hash} if model.pod_hash else {}
            status |= {"restartedAt": model.restarted_at} if model.restarted_at else {}
    return status


def _conditions(model: Controller) -> list[Json]:
    timestamp = kube_time(model.created)
    is_done = model.updated is None
    reason = "NewReplicaSetAvailable" if is_done else "ReplicaSetUpdated"
    words = f'ReplicaSet of "{model.name}" {"has successfully progressed" if is_done else "is progressing"}.'
    rows = [("Progressing", "True", reason, words)]
    available = model.ready >= (model.replicas or 0) * 3 // 4
    name = "MinimumReplicasAvailable" if available else "MinimumReplicasUnavailable"
    has = "has" if available else "does not have"
    rows.append(("Available", "True" if available else "False", name, f"Deployment {has} minimum availability."))
    if model.refused:
        rows.append(("ReplicaFailure", "True", "FailedCreate", model.refused))
    return [
        {
            "type": kind,
            "status": state,
            "reason": reason,
            "message": message,
            "lastUpdateTime": timestamp,
            "lastTransitionTime": timestamp,
        }
        for kind, state, reason, message in rows
    ]
