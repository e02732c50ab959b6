"""Lines that several tabs are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tui.domain.common.text import clean
from tui.domain.facts.workload import ContainerType
from tui.domain.snapshot.snapshot import Container, Image, ImageKey, Snapshot
from tui.presenters.keys import RowSubject
from tui.presenters.phrases import image_name
from tui.presenters.tabs.spec import SectionContext
from tui.presenters.words import plural
from widgets.rows import JoinedLines, Span, TextLine
from widgets.text import wrap

__all__ = ["ImageOfRow", "image_of", "images_of", "in_turn", "of_images", "of_one_image", "remark", "wrapped"]


def wrapped(text: str, role: str, width: int, indent: int = 1) -> list[TextLine]:
    """A text on as many lines as it needs."""
    if not text:
        return []
    return [TextLine((Span(" " * indent + part, role),)) for part in wrap(text, max(16, width - indent - 1))]


MOST_IMAGES = 12
"""Images of one workload that a section shows: a workload of jobs may have run thousands."""


class ImageOfRow(NamedTuple):
    """An image that a row is about, and the containers of its workload that run it; None where nobody knows what they run."""

    key: ImageKey | None
    containers: tuple[Container, ...] = ()


def of_images(
    subject: RowSubject, look: SectionContext, section: Callable[[Image, SectionContext], Sequence[TextLine]]
) -> Sequence[TextLine]:
    """The section of the image that a row is about; of a workload that of every image, under the containers that run it."""

    def of_row(row: ImageOfRow) -> Sequence[TextLine]:
        image = look.snapshot.images.get(row.key) if row.key else None
        return section(image, look) if image else [remark("No image that could be read.")]

    return in_turn(subject, look, of_row) or [remark("No image that could be read.")]


def in_turn(subject: RowSubject, look: SectionContext, section: Callable[[ImageOfRow], Sequence[TextLine]]) -> Sequence[TextLine]:
    """The sections of the images that a row is about one below the other, each under the containers that run it."""
    rows = images_of(subject, look.snapshot)
    if len(rows) < 2:
        return section(rows[0]) if rows else []
    sections: list[Sequence[TextLine]] = []
    for row in rows[:MOST_IMAGES]:
        sections += [_containers_title(row, look), section(row), [TextLine()]]
    left = len(rows) - MOST_IMAGES
    more = f"{plural(left, 'more image')} of this workload: each has a row of its own under its container." if left > 0 else ""
    return JoinedLines([*sections, wrapped(more, "dim", look.width)])


def images_of(subject: RowSubject, snapshot: Snapshot) -> list[ImageOfRow]:
    """The image that a row is about; of a workload every image of its containers, also of the ones that start before others.

    The image under which a workload stands comes first.
    """
    workload = snapshot.workloads.get(subject.workload) if subject.workload and not subject.is_image_inside else None
    if workload is None:
        return [ImageOfRow(subject.image)] if subject.image else []
    images: dict[ImageKey | None, list[Container]] = {subject.image: []} if subject.image else {}
    for container in workload.containers:
        if subject.container is None or (container.type, container.name) == (subject.container.type, subject.container.name):
            for key in container.images or (None,):
                images.setdefault(key, []).append(container)
    return [ImageOfRow(key, tuple(containers)) for key, containers in images.items()]


def _containers_title(row: ImageOfRow, look: SectionContext) -> list[TextLine]:
    names = [_CONTAINER[container.type].format(clean(container.name)) for container in row.containers]
    return [TextLine((Span(f" {part}", "bold"),)) for part in wrap(", ".join(names), look.width - 2)] if names else []


_CONTAINER = {
    ContainerType.CONTAINER: "container {}",
    ContainerType.INIT: "init container {}",
    ContainerType.SIDECAR: "sidecar {}",
    ContainerType.EPHEMERAL: "ephemeral container {}",
    ContainerType.VOLUME: "image volume {}",
}


def image_of(subject: RowSubject, snapshot: Snapshot) -> Image | None:
    """The image that a row is about, or that its workload runs first; None where it is not known."""
    key = next((row.key for row in images_of(subject, snapshot) if row.key is not None), None)
    return snapshot.images.get(key) if key is not None else None


def of_one_image(image: Image, subject: RowSubject, look: SectionContext) -> list[TextLine]:
    """What a section says first that is about one of a row's images alone: that the others have rows, and why it is not read."""
    others = len(images_of(subject, look.snapshot)) - 1
    rows = "the other image has its own row" if others == 1 else f"the {others} others have their own rows"
    more = f"These are those of {image_name(image)}; {rows}." if others else ""
    return [*wrapped(more, "dim", look.width), *wrapped(image.absent, "unknown", look.width)]


def remark(text: str) -> TextLine:
    """A line about the lines themselves, or in place of them where there are none."""
    return TextLine((Span(f" {text}", "dim"),))
