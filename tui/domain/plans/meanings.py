"""What the names in a workload mean now, and why a redeploy leaves it as it is, or cannot tell."""

from __future__ import annotations

from collections.abc import Iterable

from tui.domain.common.text import clean
from tui.domain.plans.needs import RebuildIndex
from tui.domain.plans.words import workload_title
from tui.domain.snapshot.snapshot import Container, ImageKey, Workload

__all__ = ["PINNABLE", "RESTARTABLE", "left_as_it_is", "meant_now", "starts_later", "untold", "written_image"]

RESTARTABLE = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Rollout"})
PINNABLE = RESTARTABLE | {"CronJob"}


def written_image(container: Container) -> tuple[ImageKey, ...]:
    """The image of which the digest is written in a container: what it starts when it has no pods yet."""
    name = container.name_of
    return (ImageKey.of(name, container.pin),) if container.pin and name is not None else ()


def meant_now(container: Container, index: RebuildIndex) -> ImageKey | None:
    """What the name of a container means now; beside a digest that is written there, the tag says what it would be."""
    if not container.pin:
        return container.declared
    name = container.name_of
    return index.tags.get((name, container.tag)) if name is not None and container.tag else None


def left_as_it_is(workload: Workload, index: RebuildIndex) -> Iterable[str]:
    """Why nothing is done about a workload, where that is known."""
    title = workload_title(workload.key)
    if not any(container.runs for container in workload.containers):
        later = starts_later(workload) and all(not container.pin or container.tag for container in workload.containers)
        yield f"{title} has no pods: it takes what its names mean when it starts." if later else f"{title} runs nothing."
    elif any(container.pin and not container.tag for container in workload.containers):
        yield f"{title} names a digest without a tag: nothing says what else it should run."
    elif all(meant_now(container, index) is not None for container in workload.containers if container.runs):
        yield f"{title} runs what its names mean now."


def untold(workload: Workload, index: RebuildIndex) -> Iterable[str]:
    """The containers of which it is not known what their names mean now."""
    for container in workload.containers:
        if (
            (container.runs or container.pin)
            and meant_now(container, index) is None
            and not (container.pin and not container.tag)
        ):
            reason = clean(container.drift_reason, 200) or "its registry does not say what its name means."
            place = f"container {clean(container.name, 60)} of {workload_title(workload.key)}"
            yield f"What {place} should run is not known: {reason}"


def starts_later(workload: Workload) -> bool:
    """Whether it has no pods now and may have some later, which run what it names then."""
    return not workload.pods and workload.key.kind in PINNABLE
