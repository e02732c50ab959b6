"""A short list above a prompt: what could be taken, one line each, and which of it is chosen; or what is wrong in the prompt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from textual import events
from textual.strip import Strip

from widgets.columns import GAP, cell_width, cut
from widgets.painted import Painted
from widgets.rows import Cell, Span, TextLine

__all__ = ["Choice", "ChoiceList"]

MOST_LINES, LOW_LINES, LOW = 8, 5, 30
LEAST_NOTE = 14
MOST_LABEL = 64
"""Cells of a label; a longer one is cut in its middle: at the far end of a slow line the list is there as soon as the letter."""
STEP = 8
"""With every other width the whole screen is laid out anew: there is room for a note, and it grows in steps."""
PAD = 1


class Choice(NamedTuple):
    """Something that could be taken: the `text` that the prompt then has, with the cursor in it, and how it looks in the list.

    `unfinished`: more must be typed after it.
    """

    text: str
    cursor: int
    label: Cell
    note: Cell = ()
    unfinished: bool = False


class ChoiceList(Painted):
    """Stands above everything else, over the lines that it needs and no more; nothing below it moves."""

    DEFAULT_CSS = """
    ChoiceList {
        layer: above;
        dock: bottom;
        height: 1;
        margin: 0 0 1 0;
        background: $panel;
        display: none;
    }
    """

    def __init__(self, picked: Callable[[int], object]) -> None:
        super().__init__()
        self._picked = picked
        self._choices: Sequence[Choice] = ()
        self._lines: Sequence[TextLine] = ()
        self._chosen: int | None = None
        self._top = 0

    @property
    def texts(self) -> list[str]:
        """What is shown, as plain lines."""
        shown = [TextLine(choice.label, choice.note) for choice in self._choices] or self._lines
        return [" ".join("".join(span.text for span in part) for part in line if part) for line in shown] if self.display else []

    @property
    def shows_choices(self) -> bool:
        """Whether there is something to take."""
        return bool(self._choices)

    def show(self, choices: Sequence[Choice], chosen: int | None) -> None:
        """Show what may be taken."""
        self._choices, self._lines, self._chosen = choices, (), chosen
        height = self.screen.size.height
        most = LOW_LINES if height < LOW else MOST_LINES
        room = min(len(choices), most, max(1, height - 4))
        self._top = max(0, min(self._top, len(choices) - room, chosen if chosen is not None else 0))
        if chosen is not None and chosen >= self._top + room:
            self._top = chosen - room + 1
        notes = max(LEAST_NOTE, *(cell_width(choice.note) for choice in choices)) if choices else 0
        labels = min(MOST_LABEL, max((cell_width(choice.label) for choice in choices), default=0))
        width = labels + notes + GAP + 2 * PAD + 1
        self._place(room, -(-width // STEP) * STEP, indent=2)

    def show_lines(self, lines: Sequence[TextLine]) -> None:
        """Say something instead."""
        self._choices, self._lines = (), lines
        self._place(len(lines), self.screen.size.width, indent=0)

    def close(self) -> None:
        """Show nothing."""
        self._choices, self._lines = (), ()
        self.display = False

    def _place(self, height: int, width: int, indent: int) -> None:
        if not height:
            self.close()
            return
        room = self.screen.size.width
        indent = min(indent, max(0, room - width))
        self.styles.height, self.styles.width = height, min(width, room)
        self.styles.margin = (0, 0, 1, indent)
        self.display = True
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Take the line."""
        event.stop()
        if self._top + event.y < len(self._choices):
            self._picked(self._top + event.y)

    def render_line(self, y: int) -> Strip:
        """Paint one line."""
        width, index = self.size.width, self._top + y
        if index < len(self._choices):
            choice = self._choices[index]
            return self._line(choice.label, choice.note, width, "cursor" if index == self._chosen else "", self._mark(y))
        line = self._lines[y] if y < len(self._lines) else TextLine()
        return self.paint(cut(line.left, width, ellipsis=self._ellipsis)[0], width)

    def _line(self, label: Cell, note: Cell, width: int, ground: str, mark: str) -> Strip:
        room = width - 2 * PAD - 1
        left, used = cut(label, room, from_middle=True, ellipsis=self._ellipsis)
        right, used_cells = cut(note, max(0, room - used - GAP), ellipsis=self._ellipsis)
        blank = Span(" " * (room - used - used_cells))
        return self.paint(
            [Span("|" if self.ascii else "│", "line"), *left, blank, *right, Span(" " * PAD), Span(mark, "dim")], width, ground
        )

    def _mark(self, y: int) -> str:
        """At the right edge: whether there is more above or below."""
        if y == 0 and self._top:
            return "^" if self.ascii else "↑"
        if y == self.size.height - 1 and self._top + y + 1 < len(self._choices):
            return "v" if self.ascii else "↓"
        return "|" if self.ascii else "│"

    @property
    def _ellipsis(self) -> str:
        return "~" if self.ascii else "…"
