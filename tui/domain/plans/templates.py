"""The image of a container in the template of its workload: whether it can be changed there, and what its pods have instead."""

from __future__ import annotations

from tui.domain.common.text import clean
from tui.domain.facts.reference import parse_reference
from tui.domain.facts.workload import ContainerType
from tui.domain.snapshot.snapshot import Container, Workload
from tui.errors import InvalidReference

__all__ = ["is_ahead", "rewritten", "unpinnable"]

_IN_TEMPLATES = (ContainerType.CONTAINER, ContainerType.INIT, ContainerType.SIDECAR)


def unpinnable(workload: Workload, container: Container) -> str:
    """Why the image of a container is not changed in the template of its workload; empty where it can be."""
    name = clean(container.name, 60)
    if container.type is ContainerType.VOLUME:
        return f"{name} is an image volume: trustree changes the images of containers, and not what is mounted."
    if container.type is ContainerType.EPHEMERAL:
        return f"{name} is a container for debugging: it is in one pod alone, and ends with it."
    if container.place is None and any(other.place is not None for other in workload.containers):
        return f"Container {name} is not in the template: admission puts it into the pods."
    return ""


def is_ahead(container: Container) -> bool:
    """Whether the template names another version than the newest pod was made with: its pods are still to be replaced.

    Where admission writes another registry before an image, or a digest behind it, that is the same version.
    """
    if not container.template or container.type not in _IN_TEMPLATES:
        return False
    try:
        template, pods = parse_reference(container.template), parse_reference(container.image)
    except InvalidReference:
        return True
    if not pods.repository.endswith(template.repository.rpartition("/")[2]):
        return True
    return (template.tag or "latest") != (pods.tag or "latest") if not template.digest else template.digest != pods.digest


def rewritten(container: Container) -> str:
    """That admission rewrites the image, as a sentence; empty where it does not, or the template is ahead of the pods."""
    if not container.template or is_ahead(container):
        return ""
    return (
        f"Admission makes {clean(container.image, 160)} of {clean(container.template, 160)}, which the template names: "
        "see that it leaves the new reference as it is."
    )
