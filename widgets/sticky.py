"""Which rows stay at the top of a tree while what is under them is scrolled."""

from __future__ import annotations

from collections.abc import Sequence

from widgets.rows import RowKey

__all__ = ["Pinned", "most_pinned", "pinned"]

ROOM_FOR = (8, 12, 16)
"""From how many lines on one, two and three rows stay at the top."""


def most_pinned(room: int) -> int:
    """How many rows may stay at the top of so many lines."""
    return sum(room >= lines for lines in ROOM_FOR)


def pinned(rows: Sequence[RowKey], top: int, most: int) -> list[RowKey]:
    """The rows above the first ones on the screen that these are under, outermost first: the nearest `most` of them.

    Each takes the line of a row; none is of a row that has a line of its own below them.
    """
    if not 0 <= top < len(rows):
        return []
    first_below = rows[min(top + most, len(rows) - 1)]
    skipped = max(0, len(first_below) - 1 - most)
    pins: list[RowKey] = []
    for line in range(min(most, len(rows) - top)):
        key = rows[top + line]
        if len(key) - 1 <= skipped + line:
            break
        pins.append(key[: skipped + line + 1])
    return pins


class Pinned:
    """The pinned rows of a list that only grows or shrinks: found once for a place in it, and asked for with every line."""

    def __init__(self) -> None:
        self._list: Sequence[RowKey] = ()
        self._place = (0, 0, 0)
        self._pins: list[RowKey] = []

    def rows(self, rows: Sequence[RowKey], top: int, most: int) -> list[RowKey]:
        """The same as `pinned`."""
        place = (len(rows), top, most)
        if rows is not self._list or place != self._place:
            self._list, self._place, self._pins = rows, place, pinned(rows, top, most)
        return self._pins
