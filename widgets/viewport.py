"""The part of an outline that is on the screen: which row stands at its top, and which of those above stay there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from widgets.columns import thumb
from widgets.outline import NOTHING, Outline
from widgets.rows import RowKey, TreeModel
from widgets.sticky import Pinned, most_pinned, pinned

__all__ = ["Viewport"]


class Viewport:
    """Which rows of an outline are seen; `room` says how many fit. The lines are counted from the first row on the screen.

    `top` may be negative: the row under the cursor stays on its line when rows above it go, whatever blanks that leaves.
    """

    def __init__(self, room: Callable[[], int]) -> None:
        self.outline = Outline(NOTHING)
        self.top = 0
        self._room = room
        self._pinned = Pinned()

    @property
    def room(self) -> int:
        """How many rows fit."""
        return self._room()

    @property
    def cursor_line(self) -> int:
        """The line that the cursor is on."""
        return self.outline.cursor - self.top

    @property
    def pins(self) -> list[RowKey]:
        """The rows above the first ones that stay at the top: never so many that they cover the cursor."""
        return self._pinned.rows(self.outline.rows, self.top, min(most_pinned(self.room), self.cursor_line))

    @property
    def keys(self) -> list[RowKey]:
        """The rows that are seen, top first."""
        pins, top = self.pins, max(0, self.top)
        return [*pins, *self.outline.rows[top + len(pins) : self.top + self.room]]

    def scroll_to(self, top: int) -> None:
        """Have this row at the top, as far as that leaves no line blank."""
        self.top = self._clamped(top)

    def put_cursor_on(self, line: int) -> None:
        """Have the cursor's row on this line, as far as that leaves no line blank."""
        self.scroll_to(self.outline.cursor - line)

    def scrolled(self, lines: int) -> tuple[int, int]:
        """The row for the cursor and the one at the top, so many lines further on; the cursor stays in sight."""
        top = self._clamped(self.top + lines)
        return max(top, min(self.outline.cursor, top + self.room - 1)), top

    def show_cursor(self, *, below_pins: bool = True) -> None:
        """Scroll no further than is needed to see the cursor, and below what it is under."""
        cursor, key = self.outline.cursor, self.outline.cursor_key
        above = self._most_pinned_above(key) if below_pins and key is not None else 0
        if cursor < self.top + above:
            self.top = cursor - above
        elif cursor >= self.top + self.room:
            self.top = cursor - self.room + 1

    def is_hidden(self, key: RowKey) -> bool:
        """Whether the cursor is out of sight, or where the rows that a row of this key is under may stand."""
        return not self._most_pinned_above(key) <= self.cursor_line < self.room

    def reconcile(self, model: TreeModel, expanded: Iterable[RowKey] | None, *, keep_order: bool, blanks: bool) -> None:
        """Lay out another model: the cursor's row stays on its line.

        `expanded` replaces the open rows, and leaves at most half of the lines blank; without `blanks` none is.
        """
        before, line, former = self.outline.cursor_key, self.cursor_line, self.outline.model
        self.outline.reconcile(model, expanded, keep_order=keep_order)
        top, now, half = self.outline.cursor - line, self.outline.cursor_key, self.room // 2
        same = now is not None and before is not None and model.identity(now) == former.identity(before)
        in_place = max(-half, top if expanded is None else min(top, max(0, len(self.outline.rows) - half)))
        self.top = in_place if same and blanks and (expanded is None or keep_order) else self._clamped(top)

    def page_down(self) -> int:
        """How far down the last row of this page is the first below the pins of the next."""
        rows, most = self.outline.rows, most_pinned(self.room)
        height = max(1, self.room - 1)
        return next((step for step in range(height, 1, -1) if step + len(pinned(rows, self.top + step, most)) <= height), 1)

    def page_up(self) -> int:
        """How far up the first row below the pins comes to be the last of the page."""
        return max(1, self.room - 1 - len(self.pins))

    def key_at(self, line: int, pins: Sequence[RowKey]) -> RowKey | None:
        """The row on a line."""
        if line < len(pins):
            return pins[line]
        index = self.top + line
        return self.outline.rows[index] if 0 <= index < len(self.outline.rows) else None

    def is_in_thumb(self, line: int, room: int) -> bool:
        """Whether the mark of the visible part, at the right edge, is on this line; it is on none when everything is seen."""
        return line in thumb(self.top, room, len(self.outline.rows))

    def _clamped(self, top: int) -> int:
        return max(0, min(top, len(self.outline.rows) - self.room))

    def _most_pinned_above(self, key: RowKey) -> int:
        return min(most_pinned(self.room), len(key) - 1)
