"""Two images side by side: what ran before and what the name means now, or two images that are marked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tui.domain.snapshot.snapshot import Snapshot
from tui.presenters.keys import RowSubject
from tui.presenters.tabs.spec import Inquiry, SectionContext, TabSpec
from widgets.rows import TextLine

__all__ = ["COMPARE", "compared"]


def compared(subject: RowSubject, marked: Iterable[RowSubject]) -> RowSubject:
    """What is compared: two images that are marked, whatever row the cursor is on; else what the row is about."""
    images = list(dict.fromkeys(row.image for row in marked if row.image is not None))
    return RowSubject(image=images[0], other_image=images[1]) if len(images) == 2 else subject


def _lines(subject: RowSubject, context: SectionContext) -> Sequence[TextLine]:
    from tui.presenters.tabs.side_by_side import side_by_side  # the room of answers: not before somebody looks

    return side_by_side(subject, context)


def _inquiry(subject: RowSubject, snapshot: Snapshot) -> Inquiry | None:
    from tui.presenters.tabs.side_by_side import pair_inquiry  # likewise

    return pair_inquiry(subject, snapshot)


COMPARE = TabSpec("compare", "Compare", _lines, _inquiry)
