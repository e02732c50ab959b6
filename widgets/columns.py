"""Columns of a table in terminal cells: who is shown, how wide, and a row laid into them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from widgets.rows import Cell, Column, Span
from widgets.text import ELLIPSIS, fit, harmless, middle, width_of

__all__ = ["GAP", "Slot", "cut", "lay_cell", "lay_out", "thumb"]

GAP = 2


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
    shares = {index: column.share for index, column in shown if not column.width}
    flexible = list(shares)
    total = sum(shares.values()) or 1
    slots: list[Slot] = []
    start = pad
    for index, column in shown:
        cells = column.width or room * shares[index] // total
        if flexible and index == flexible[-1]:
            cells = room - sum(room * shares[other] // total for other in flexible[:-1])
        slots.append(Slot(index, start, cells, column.right))
        start += cells + GAP
    return slots


def lay_cell(cell: Cell, slot: Slot, *, from_middle: bool = False, ellipsis: str = ELLIPSIS) -> Iterator[Span]:
    """The spans of a cell, cut and padded to exactly the width of its slot."""
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
    text = "".join(span.text for span in clean)
    used = width_of(text)
    if used <= width:
        return clean, used
    short = middle(text, width, ellipsis) if from_middle else fit(text, width, ellipsis)
    head = short.find(ellipsis) if ellipsis in short else 0
    while not text.startswith(short[:head]):  # the text itself may hold an ellipsis
        head -= 1
    tail = len(short) - head - len(ellipsis)
    return list(_ends(clean, head, len(text) - tail, ellipsis)), width_of(short)


def _ends(spans: Sequence[Span], head: int, tail: int, ellipsis: str) -> Iterator[Span]:
    """The characters before `head` and from `tail` on, with an ellipsis between them in the style of what it cuts."""
    at, marked = 0, False
    for text, style in spans:
        before = text[: max(0, head - at)]
        after = text[max(0, tail - at) :]
        cut_here = not marked and at + len(text) > head
        marked = marked or cut_here
        yield Span(before + (ellipsis if cut_here else "") + after, style)
        at += len(text)


@lru_cache(64)
def thumb(top: int, room: int, rows: int) -> range:
    """The lines of a window of `room` lines that show which part of the rows is seen; none when all are."""
    if rows <= room:
        return range(0)
    size = max(1, room * room // rows)
    start = round((room - size) * top / (rows - room))
    return range(start, start + size)
