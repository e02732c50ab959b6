"""Lines that several tabs are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui.domain.facts.workload import ObjectKey
from tui.domain.snapshot.snapshot import Image, ImageKey, Snapshot
from tui.presenters.keys import RowSubject
from tui.presenters.tabs.spec import SectionContext
from widgets.rows import Span, TextLine
from widgets.text import wrap

__all__ = ["image_of", "nothing", "of_image", "wrapped"]


def wrapped(text: str, role: str, width: int, indent: int = 1) -> list[TextLine]:
    """A text on as many lines as it needs."""
    if not text:
        return []
    return [TextLine((Span(" " * indent + part, role),)) for part in wrap(text, max(16, width - indent - 1))]


def of_image(
    subject: RowSubject, look: SectionContext, section: Callable[[Image, SectionContext], Sequence[TextLine]]
) -> Sequence[TextLine]:
    """The section of the image that a row is about, or that its workload runs first."""
    key = image_of(subject, look.snapshot)
    image = look.snapshot.images.get(key) if key else None
    return section(image, look) if image else [nothing("No image that could be read.")]


def image_of(subject: RowSubject, snapshot: Snapshot) -> ImageKey | None:
    """The image that a row is about, or that its workload runs first."""
    return subject.image or _first_image(subject.workload, snapshot)


def _first_image(workload: ObjectKey | None, snapshot: Snapshot) -> ImageKey | None:
    running = snapshot.workloads.get(workload) if workload else None
    return next((key for container in (running.containers if running else ()) for key in container.images), None)


def nothing(text: str) -> TextLine:
    """A line in place of a section that is empty."""
    return TextLine((Span(f" {text}", "dim"),))
