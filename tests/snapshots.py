"""A snapshot of images and workloads that are written down, with what follows from them worked out as the estate does."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from tui.domain.assemble.shown import summary_of
from tui.domain.facts.events import SourceHealth
from tui.domain.facts.workload import ObjectKey
from tui.domain.snapshot.snapshot import Image, ImageKey, Snapshot, UnknownBase, Workload

__all__ = ["snapshot_of"]


def snapshot_of(
    number: int,
    at: datetime,
    images: Iterable[Image],
    workloads: Iterable[Workload] = (),
    bases: Iterable[UnknownBase] = (),
    sources: Iterable[SourceHealth] = (),
    complete: bool = True,
) -> Snapshot:
    """The snapshot of these: what stands on what, who runs what, what stands on nothing, and how many there are."""
    shown, unknown = {image.key: image for image in images}, {base.key: base for base in bases}
    working = {workload.key: workload for workload in workloads}
    derived: dict[ImageKey, tuple[ImageKey, ...]] = {}
    for image in shown.values():
        if image.base is not None:
            derived[image.base.base] = (*derived.get(image.base.base, ()), image.key)
    nodes: dict[ImageKey, Image | UnknownBase] = {**unknown, **shown}
    return Snapshot(
        number,
        at,
        images=shown,
        bases=unknown,
        derived=derived,
        roots=tuple(sorted(key for key, node in nodes.items() if node.base is None)),
        workloads=working,
        users=users_of(working.values()),
        sources=tuple(sources),
        summary=summary_of(shown, working),
        complete=complete,
    )


def users_of(workloads: Iterable[Workload]) -> dict[ImageKey, tuple[ObjectKey, ...]]:
    """The workloads that run each image."""
    users: dict[ImageKey, tuple[ObjectKey, ...]] = {}
    for workload in workloads:
        for key in dict.fromkeys(key for container in workload.containers for key in container.runs):
            users[key] = (*users.get(key, ()), workload.key)
    return users
