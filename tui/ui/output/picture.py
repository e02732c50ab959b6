"""The cells of a screen, drawn by the same stream of text and codes that a terminal is sent."""

from __future__ import annotations

import re
from functools import lru_cache

from rich.cells import cell_len

from tui.ui.output.pens import PLAIN, Pen, blank, drawn

__all__ = ["HIDDEN", "UNKNOWN", "Picture"]

UNKNOWN = "\0"
"""A cell of which nothing is known."""
HIDDEN = ""
"""A cell that is covered by the wide one before it."""

_TOKEN = re.compile(
    r"\x1b\[(?P<pen>[\d;]*)m(?P<drawn>[^\x00-\x1f\x7f-\x9f]+)?"
    r"|\x1b\[(?P<line>\d+);(?P<column>\d+)H"
    r"|(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|\x1b\]8;(?P<link>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    r"|(?P<newline>\n)"
    r"|(?P<foreign>\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]|[\x00-\x1f\x7f-\x9f])"
)


class Picture:
    """What a screen shows: for each line its graphemes and their pens, one to a cell."""

    def __init__(self, columns: int, lines: int) -> None:
        self.columns = columns
        self.lines = lines
        self.texts = [[UNKNOWN] * columns for _ in range(lines)]
        self.pens = [[PLAIN] * columns for _ in range(lines)]
        self.is_unknown = True
        """Whether nothing was drawn yet."""
        self.column = 0
        self.line = 0
        self._pen = PLAIN

    def draw(self, data: str) -> list[str]:
        """Draw what a terminal would; returns the codes that are about something else than cells, in their order."""
        foreign: list[str] = []
        for token in _TOKEN.finditer(data):
            match token.lastgroup:
                case "drawn":
                    self._pen = drawn(self._pen, token[1])
                    self._put(token[2])
                case "pen":
                    self._pen = drawn(self._pen, token[1])
                case "text":
                    self._put(token[0])
                case "column":
                    self.line, self.column = int(token["line"]) - 1, int(token["column"]) - 1
                case "newline":
                    self.line, self.column = self.line + 1, 0
                case "link":
                    self._pen = self._pen._replace(link="" if token["link"] == ";" else token["link"])
                case _:
                    foreign.append(token[0])
        return foreign

    def _put(self, text: str) -> None:
        cells = list(text) if text.isascii() else list(_cells(text))
        start, end = self.column, self.column + len(cells)
        self.column = end
        room = self.columns - start
        if not 0 <= self.line < self.lines or room <= 0:
            return
        if len(cells) > room:
            cells = cells[:room]
            if cells[-1] != HIDDEN and cell_len(cells[-1]) > 1:
                cells[-1] = " "  # half a wide character
            end = self.columns
        self.is_unknown = False
        pen = self._pen
        texts, pens = self.texts[self.line], self.pens[self.line]
        if texts[start] == HIDDEN:
            self._part(start)
        if end < self.columns and texts[end] == HIDDEN:
            self._part(end)
        texts[start:end] = cells
        if " " not in text:
            pens[start:end] = [pen] * len(cells)
        elif text.strip(" "):
            bare = blank(pen)
            pens[start:end] = [bare if cell == " " else pen for cell in cells]
        else:
            pens[start:end] = [blank(pen)] * len(cells)

    def _part(self, column: int) -> None:
        """Blank the halves of a wide character whose first or second half is overwritten; its second half is in this column."""
        texts, pens = self.texts[self.line], self.pens[self.line]
        for half in (column - 1, column):
            texts[half], pens[half] = " ", blank(pens[half])

    def unknown(self) -> Picture:
        """A picture of the same size of which nothing is known."""
        return Picture(self.columns, self.lines)

    def resized(self, columns: int, lines: int) -> Picture:
        """What is left of the picture on another size; itself where it has that size."""
        if (columns, lines) == (self.columns, self.lines):
            return self
        picture = Picture(columns, lines)
        picture.is_unknown = self.is_unknown
        for y in range(min(lines, self.lines)):
            width = min(columns, self.columns)
            picture.texts[y][:width] = self.texts[y][:width]
            picture.pens[y][:width] = self.pens[y][:width]
            if width < self.columns and self.texts[y][width] == HIDDEN:
                picture.texts[y][width - 1] = " "
        return picture

    def fill(self, pen: Pen) -> None:
        """Make every cell a blank."""
        self.is_unknown = False
        self.texts = [[" "] * self.columns for _ in range(self.lines)]
        self.pens = [[pen] * self.columns for _ in range(self.lines)]


@lru_cache(4096)
def _cells(text: str) -> tuple[str, ...]:
    """The graphemes of a text, each followed by `HIDDEN` for each further cell that it takes."""
    if all(cell_len(character) == 1 for character in text):
        return tuple(text)
    cells: list[str] = []
    head, width = -1, 0
    for index, character in enumerate(text):
        added = cell_len(text[: index + 1]) - width
        width += added
        if head >= 0 and (added == 0 or character == "\N{VARIATION SELECTOR-16}"):
            cells[head] += character
            cells += [HIDDEN] * added
        elif added > 0:
            head = len(cells)
            cells += [character, *[HIDDEN] * (added - 1)]
    return tuple(cells)
