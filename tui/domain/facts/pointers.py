"""Where things stand in the objects of a cluster, as JSON pointers (RFC 6901): what patches and their preconditions name."""

from __future__ import annotations

from collections.abc import Iterable

from tui.domain.facts.workload import ContainerType, TemplateContainer

__all__ = ["container_places", "image_pointer", "json_pointer", "template_of"]

_LISTS = {
    ContainerType.INIT: "initContainers",
    ContainerType.SIDECAR: "initContainers",
    ContainerType.CONTAINER: "containers",
}


def json_pointer(*parts: str | int) -> str:
    """The pointer of these names, with `~` and `/` in them escaped (RFC 6901, 3)."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


def template_of(kind: str) -> tuple[str, ...]:
    """Where an object of a kind has its pod template: a Pod is its own."""
    match kind:
        case "Pod":
            return ()
        case "CronJob":
            return ("spec", "jobTemplate", "spec", "template")
        case _:
            return ("spec", "template")


def container_places(template: Iterable[TemplateContainer]) -> dict[tuple[ContainerType, str], tuple[str, int]]:
    """In which list of the pod's spec, and at which place, each container of a template stands; volumes have none here."""
    places: dict[tuple[ContainerType, str], tuple[str, int]] = {}
    counts = dict.fromkeys(_LISTS.values(), 0)
    for container in template:
        if (name := _LISTS.get(container.type)) is not None:
            places.setdefault((container.type, container.name), (name, counts[name]))
            counts[name] += 1
    return places


def image_pointer(kind: str, place: tuple[str, int] | None) -> str:
    """The pointer to the image of a container in an object of a kind; empty where its place is not known."""
    return json_pointer(*template_of(kind), "spec", *place, "image") if place is not None else ""
