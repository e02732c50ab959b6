"""As whom the pods of a workload act, and which secrets they are given: by name. What is in a secret is never asked for.

Shapes: kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1 (volumes, projected sources, CSI's secret for
publishing, envFrom, env.valueFrom, imagePullSecrets, serviceAccountName). Values of variables are not decoded.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tui.domain.common.text import clean
from tui.domain.facts.rollout import PodIdentity

__all__ = ["WorkloadIdentity", "identity_of"]

MOST, LONGEST = 200, 253
DEFAULT = "default"
"""The service account of a pod that names none."""


class _Wire(msgspec.Struct, rename="camel", gc=False):
    """A part of an object."""


class _Name(_Wire):
    name: str | None = None


class _SecretVolume(_Wire):
    secret_name: str | None = None


class _Source(_Wire):
    secret: _Name | None = None


class _Projected(_Wire):
    sources: list[_Source] | None = None


class _Csi(_Wire):
    node_publish_secret_ref: _Name | None = None


class _Volume(_Wire):
    secret: _SecretVolume | None = None
    projected: _Projected | None = None
    csi: _Csi | None = None


class _ValueFrom(_Wire):
    secret_key_ref: _Name | None = None


class _Variable(_Wire):
    value_from: _ValueFrom | None = None


class _Variables(_Wire):
    secret_ref: _Name | None = None


class _Container(_Wire):
    env: list[_Variable] | None = None
    env_from: list[_Variables] | None = None


class _Pod(_Wire):
    service_account_name: str = ""
    automount_service_account_token: bool | None = None
    containers: list[_Container] | None = None
    init_containers: list[_Container] | None = None
    volumes: list[_Volume] | None = None
    image_pull_secrets: list[_Name] | None = None


class _Template(_Wire):
    spec: _Pod | None = None


class _Job(_Wire):
    template: _Template | None = None


class _JobTemplate(_Wire):
    spec: _Job | None = None


class _Spec(_Wire):
    template: _Template | None = None
    job_template: _JobTemplate | None = None


class WorkloadIdentity(_Wire):
    """Any kind that has a pod template, as far as it says who its pods are."""

    spec: _Spec | None = None


def identity_of(workload: WorkloadIdentity) -> PodIdentity | None:
    """Who its pods are; None where it has no template."""
    pod = _pod(workload)
    if pod is None:
        return None
    names = sorted({clean(name, LONGEST) for name in _secrets(pod) if name})
    return PodIdentity(
        clean(pod.service_account_name, LONGEST) or DEFAULT, tuple(names[:MOST]), pod.automount_service_account_token is not False
    )


def _pod(workload: WorkloadIdentity) -> _Pod | None:
    if workload.spec is None:
        return None
    job = workload.spec.job_template
    template = (job.spec.template if job.spec else None) if job else workload.spec.template
    return template.spec if template else None


def _secrets(pod: _Pod) -> Iterator[str | None]:
    yield from (reference.name for reference in pod.image_pull_secrets or ())
    for volume in pod.volumes or ():
        yield volume.secret.secret_name if volume.secret else None
        yield volume.csi.node_publish_secret_ref.name if volume.csi and volume.csi.node_publish_secret_ref else None
        for source in (volume.projected.sources if volume.projected else None) or ():
            yield source.secret.name if source.secret else None
    for container in (*(pod.containers or ()), *(pod.init_containers or ())):
        yield from (variables.secret_ref.name for variables in container.env_from or () if variables.secret_ref)
        for variable in container.env or ():
            if variable.value_from and variable.value_from.secret_key_ref:
                yield variable.value_from.secret_key_ref.name
