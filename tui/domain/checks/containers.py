"""Which questions containers answer, and which answers about a container come from the images that it runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tui.domain.common.trust import Check, CheckName, State
from tui.domain.snapshot.snapshot import Container, Image, ImageKey, Workload

__all__ = ["BY_CONTAINER", "BY_NAME", "image_checks", "workload_states"]

BY_CONTAINER = frozenset({CheckName.IDENTITY, CheckName.ADMISSION})
"""The questions that containers answer, each for itself."""
BY_NAME = frozenset({CheckName.SIGNATURE})
"""The questions about the digest that a name gives: containers that name an image by another one have their own answer."""


def image_checks(container: Container, images: Mapping[ImageKey, Image]) -> Iterator[Check]:
    """What the images of a container are judged by where it is, but for what other containers answer of them."""
    own = BY_CONTAINER | {check.name for check in container.checks if check.name in BY_NAME}
    for key in container.images:
        if key in images:
            checks = container.placed.get(key, images[key].checks)
            yield from (check for check in checks if check.name not in own)


def workload_states(workload: Workload, images: Mapping[ImageKey, Image]) -> list[State]:
    """Everything that a workload's verdict is made of: what its containers answer, and each of their images once; a container
    that cannot start fails."""
    checks = [check for container in workload.containers for check in container.checks]
    checked: set[ImageKey] = set()
    for container in workload.containers:
        if not checked.issuperset(container.images):
            checks += image_checks(container, images)
        checked.update(container.images)
    stuck = [State.FAIL for container in workload.containers if container.trouble]
    return stuck + [check.state for check in checks]
