"""A terminal to judge by: pyte's, which knows nothing of ours, with what real ones do besides."""

from __future__ import annotations

import re
import unicodedata

import pyte
from pyte.screens import Char

__all__ = ["Emulator"]

_KNOWN = re.compile(
    r"\x1b\[(?:[\d;]*[mHABCDXK]|2J|\?2026[hl]|\?7l)|\x1b\]8;[^\x1b]*\x1b\\|[\r\b]|[^\x00-\x1f\x7f-\x9f]",
)


class Emulator(pyte.Screen):
    """A screen without automatic wrap, as Textual sets it; `erases` says whether it erases in the colour of the ground.

    Where half of a wide character is overwritten the other half goes blank, as in xterm.
    """

    def __init__(self, columns: int, lines: int, *, erases: bool = True) -> None:
        self.erases = erases
        super().__init__(columns, lines)
        self._stream = pyte.Stream(self)
        self.shows("\x1b[?7l")

    def shows(self, data: str) -> None:
        """Show text and codes; fails on what a difference has no business to send."""
        assert not _KNOWN.sub("", data), _KNOWN.sub("", data)
        self._stream.feed(data)

    def draw(self, data: str) -> None:
        """Draw character after character."""
        for character in data:
            x, y = self.cursor.x, self.cursor.y
            super().draw(character)
            for half in (x - 1, self.cursor.x):
                self._blank_lone_half(y, half)

    def _blank_lone_half(self, y: int, x: int) -> None:
        line = self.buffer[y]
        wide = x >= 0 and len(line[x].data) > 0 and unicodedata.east_asian_width(line[x].data[0]) == "W"
        if (wide and line[x + 1].data) or (
            line[x].data == "" and unicodedata.east_asian_width((line[x - 1].data or " ")[0]) != "W"
        ):
            line[x] = line[x]._replace(data=" ")

    def erase_in_line(self, how: int = 0, private: bool = False) -> None:
        """Erase in the terminal's own colours where it knows no better."""
        attrs, self.cursor.attrs = self.cursor.attrs, self._eraser
        super().erase_in_line(how, private)
        self.cursor.attrs = attrs

    def erase_in_display(self, how: int = 0, *args: int, **kwargs: bool) -> None:
        """As above, in cells that nothing was written to too."""
        for y in range(self.lines):
            for x in range(self.columns):
                self.buffer[y][x] = self._eraser

    def erase_characters(self, count: int | None = None) -> None:
        """Not every terminal can."""
        assert self.erases
        super().erase_characters(count)

    @property
    def _eraser(self) -> Char:
        attrs = self.cursor.attrs if self.erases else self.default_char
        return self.default_char._replace(bg=attrs.bg)

    def rearrange(self) -> None:
        """Show anything, as terminals do whose size has changed."""
        for y in range(self.lines):
            for x in range(self.columns):
                self.buffer[y][x] = self.default_char._replace(data="#", fg="red")

    def cells(self) -> list[list[Char]]:
        """What is seen: blanks have no colour but that of the ground."""
        return [[_seen(self.buffer[y][x]) for x in range(self.columns)] for y in range(self.lines)]


def _seen(cell: Char) -> Char:
    if cell.data == " " and not (cell.underscore or cell.strikethrough or cell.reverse or cell.blink):
        return Char(" ", bg=cell.bg)
    return cell
