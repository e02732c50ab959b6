"""Columns of a table in terminal cells: who is shown, how wide, and a row laid into them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from widgets.rows import Cell, Column, Span
from widgets.shortening import kept, marked
from widgets.text import ELLIPSIS, fit, harmless, width_of

__all__ = ["GAP", "Slot", "cell_width", "cut", "cut_parts", "lay_cell", "lay_out", "thumb"]

GAP = 2
LEAST = 4


class Slot(NamedTuple):
    """A column that is shown: its place in the model, where it starts and how wide it is, in cells."""

    at: int
    start: int
    width: int
    right: bool


def lay_out(columns: Sequence[Column], width: int, pad: int = 1) -> list[Slot]:
    """The columns shown in `width` cells.

    What fixed columns and gaps leave is shared by the flexible ones.
    """
    shown = [
        (index, column) for index, column in enumerate(columns) if column.from_width <= width < (column.below_width or width + 1)
    ]
    fixed = sum(column.width for _, column in shown)
    room = max(0, width - 2 * pad - fixed - GAP * (len(shown) - 1))
    shares = _shared({index: column for index, column in shown if not column.width}, room)
    slots: list[Slot] = []
    start = pad
    for index, column in shown:
        cells = column.width or shares[index]
        slots.append(Slot(index, start, cells, column.right))
        start += cells + GAP
    return slots


def _shared(columns: Mapping[int, Column], room: int) -> dict[int, int]:
    """How wide each flexible column is: what one has no use for, the others have; the last one takes what is left over."""
    shares: dict[int, int] = {}
    left = dict(columns)
    while left:
        total = sum(column.share for column in left.values()) or 1
        full = {index: column.most for index, column in left.items() if 0 < column.most < room * column.share // total}
        if not full or len(full) == len(left):
            break
        shares |= full
        room -= sum(full.values())
        left = {index: column for index, column in left.items() if index not in full}
    total = sum(column.share for column in left.values()) or 1
    shares |= {index: room * column.share // total for index, column in left.items()}
    if left:
        shares[max(left)] += room - sum(shares[index] for index in left)
    return shares


def lay_cell(
    cell: Cell, slot: Slot, *, from_middle: bool = False, parted: bool = False, ellipsis: str = ELLIPSIS
) -> Iterator[Span]:
    """The spans of a cell, cut and padded to exactly the width of its slot."""
    if parted:
        spans, used = cut_parts(cell, slot.width, ellipsis)
    else:
        spans, used = cut(cell, slot.width, from_middle=from_middle, ellipsis=ellipsis)
    blank = Span(" " * (slot.width - used))
    if slot.right:
        yield blank
    yield from spans
    if not slot.right:
        yield blank


def cut(cell: Cell, width: int, *, from_middle: bool = False, ellipsis: str = ELLIPSIS) -> tuple[Sequence[Span], int]:
    """The spans of a cell cut to at most `width` cells, and how many cells they take."""
    clean = [Span(harmless(text), style) for text, style in cell]
    used = cell_width(clean)
    if used <= width or width <= 0:
        return (clean, used) if used <= width else ((), 0)
    text = "".join(span.text for span in clean)
    ranges = kept(text, width, width_of, len(ellipsis)) if from_middle else [(0, len(fit(text, width, ellipsis)) - len(ellipsis))]
    clean = list(_styled(clean, text, ranges, ellipsis))
    return clean, cell_width(clean)


def cut_parts(cell: Cell, width: int, ellipsis: str = ELLIPSIS) -> tuple[Sequence[Span], int]:
    """The parts of a cell that are whole in `width` cells, and how many more there are: `unsigned · 2 critical +3`.

    Every other span is what stands between two parts.
    """
    clean = [Span(harmless(text), style) for text, style in cell]
    if cell_width(clean) <= width:
        return clean, cell_width(clean)
    parts = (len(clean) + 1) // 2
    for shown in range(parts - 1, 0, -1):
        spans = [*clean[: 2 * shown - 1], Span(f" +{parts - shown}", "dim")]
        if cell_width(spans) <= width:
            return spans, cell_width(spans)
    more = (Span(f" +{parts - 1}", "dim"),) if parts > 1 and width >= 3 * LEAST else ()
    is_name = " " not in clean[0].text
    first, used = cut((clean[0],), width - cell_width(more), from_middle=is_name, ellipsis=ellipsis)
    return [*first, *more], used + cell_width(more)


def cell_width(spans: Sequence[Span]) -> int:
    """The width of harmless spans side by side, in terminal cells."""
    return sum(width_of(span.text) for span in spans)


def _styled(spans: Sequence[Span], text: str, ranges: Sequence[tuple[int, int]], ellipsis: str) -> Iterator[Span]:
    """The pieces that stay of a text, in the styles that they have; an ellipsis is in the style of what it cuts."""
    ends = list(accumulate(len(span.text) for span in spans))
    for start, end in marked(text, ranges):
        if start < 0:
            yield Span(ellipsis, spans[min(bisect_right(ends, end), len(spans) - 1)].style)
            continue
        cursor = 0
        for (words, style), after in zip(spans, ends, strict=True):
            if cursor < end and start < after:
                yield Span(words[max(0, start - cursor) : end - cursor], style)
            cursor = after


@lru_cache(64)
def thumb(top: int, room: int, rows: int) -> range:
    """The lines of a window of `room` lines that show which part of the rows is seen; none when all are."""
    if rows <= room:
        return range(0)
    size = max(1, room * room // rows)
    start = round((room - size) * max(0, min(top, rows - room)) / (rows - room))
    return range(start, start + size)
