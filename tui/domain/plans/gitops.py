"""What to change in Git, where a workload is owned from there: a patch that is ready to be committed."""

from __future__ import annotations

import json
from collections.abc import Iterable

from tui.domain.common.text import clean
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.pointers import image_pointer
from tui.domain.facts.workload import ContainerType
from tui.domain.snapshot.snapshot import Container, Workload

__all__ = ["NEW_DIGEST", "patch_for_git"]

NEW_DIGEST = "DIGEST-OF-THE-NEW-BUILD"
"""What stands for a digest that is not known before the build has ended."""
HELM = "Helm"
_VOLUMES = "volumes"
_IN_GIT = "Commit this in Git instead:"
_IN_VALUES = (
    "Set the image in the values of its chart (helm get values shows their names) and roll it out by helm upgrade, "
    "until its manifest (helm get manifest) says this:"
)
_FIELDS = {ContainerType.INIT: "initContainers", ContainerType.SIDECAR: "initContainers", ContainerType.VOLUME: _VOLUMES}
_API = {"CronJob": "batch/v1", "Rollout": "argoproj.io/v1alpha1"}


def patch_for_git(workload: Workload, containers: Iterable[Container], image: str, name: RepositoryName | None) -> str:
    """A strategic merge patch in YAML (which JSON strings are too) for `patches` of a kustomization; of a Rollout a JSON patch.

    The values of a chart have names of its own: there it is what its manifest must come to.
    """
    containers, image = tuple(containers), image or f"{name}@{NEW_DIGEST}"
    head = _IN_VALUES if workload.managed_by == HELM else _IN_GIT
    if workload.key.kind == "Rollout" and workload.managed_by != HELM and all(container.place for container in containers):
        return "\n".join([head, *_by_place(workload, containers, image)])
    groups: dict[str, list[str]] = {}
    for container in containers:
        groups.setdefault(_FIELDS.get(container.type, "containers"), []).append(container.name)
    pod = [line for field, names in groups.items() for line in _field(field, names, image)]
    path = ["spec:", "  jobTemplate:", "    spec:", "      template:", "        spec:"]
    if workload.key.kind != "CronJob":
        path = ["spec:", "  template:", "    spec:"]
    depth = "  " * len(path)
    identity = [
        f"apiVersion: {_API.get(workload.key.kind, 'apps/v1')}",
        f"kind: {_text(workload.key.kind)}",
        "metadata:",
        f"  name: {_text(workload.key.name)}",
        f"  namespace: {_text(workload.key.namespace)}",
    ]
    return "\n".join([head, *identity, *path, *(f"{depth}{line}" for line in pod)])


def _by_place(workload: Workload, containers: Iterable[Container], image: str) -> list[str]:
    """A JSON patch: kustomize merges lists by name only of kinds that it knows, and replaces those of custom resources whole.

    kubectl.docs.kubernetes.io/references/kustomize/kustomization/patches; argo-rollouts.readthedocs.io, "Kustomize".
    """
    key = workload.key
    lines = ["- target:", "    group: argoproj.io", f"    kind: {_text(key.kind)}", f"    name: {_text(key.name)}", "  patch: |-"]
    for container in containers:
        path = image_pointer(key.kind, container.place)
        name = f"{path.removesuffix('image')}name"
        lines += ["    - op: test", f"      path: {_text(name)}", f"      value: {_text(container.name)}"]
        lines += ["    - op: replace", f"      path: {_text(path)}", f"      value: {_text(image)}"]
    return lines


def _field(field: str, names: list[str], image: str) -> list[str]:
    lines = [f"{field}:"]
    for name in names:
        value = ["  image:", f"    reference: {_text(image)}"] if field == _VOLUMES else [f"  image: {_text(image)}"]
        lines += [f"- name: {_text(name)}", *value]
    return lines


def _text(value: str) -> str:
    return json.dumps(clean(value))
