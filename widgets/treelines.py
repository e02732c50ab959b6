"""How one line of a tree is painted: a mark, the name with its indentation, sign and glyph, and a cell for each column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip

from widgets.columns import GAP, Slot, cell_width, lay_cell, lay_out
from widgets.outline import Outline
from widgets.painted import Painted
from widgets.rows import Cell, Column, Row, RowKey, Span

__all__ = ["ASCII_SIGNS", "UNICODE_SIGNS", "LinePainter", "TreeFrame", "TreeLine", "TreeSigns"]

KEPT = 1000


class TreeSigns(NamedTuple):
    """The signs of a tree: a row that is folded, one that is not, one that stays at the top, and the visible part."""

    folded: str
    unfolded: str
    pinned: str
    thumb: str

    def fold(self, outline: Outline, key: RowKey) -> str:
        """Whether a row is folded; blank where nothing is under it."""
        if not outline.model.has_children(key):
            return " "
        return self.unfolded if outline.is_expanded(key) else self.folded


UNICODE_SIGNS = TreeSigns("▸", "▾", "▴", "▐")
ASCII_SIGNS = TreeSigns(">", "v", "^", "|")


class TreeLine(NamedTuple):
    """What is painted on one line: two equal lines look the same."""

    row: Row
    depth: int
    marker: str
    ground: str
    thumb: str
    mark: bool = False


class TreeFrame(NamedTuple):
    """What is the same for every line of a tree: how many rows fit, and which stay at the top."""

    size: Size
    room: int
    pins: Sequence[RowKey]
    columns: Sequence[Column]


class LinePainter:
    """Paints lines in the roles and the width of a widget, and keeps those that it has painted."""

    def __init__(self, canvas: Painted) -> None:
        self._canvas = canvas
        self._slots: list[Slot] | None = None
        self._width = 0
        self._strips: dict[TreeLine, Strip] = {}

    def forget(self) -> None:
        """Lay out and paint anew: the columns, the width or the colours are others."""
        self._slots = None
        self._strips.clear()

    def _fit(self, width: int) -> None:
        """The width may be another: the widget is painted in its new size before it is told of it."""
        if self._width != width:
            self._width = width
            self.forget()

    def header(self, columns: Sequence[Column], width: int) -> Strip:
        """The titles of the columns."""
        self._fit(width)
        spans: list[Span] = []
        for slot in self._shown(columns):
            title = columns[slot.at].title
            cell: Cell = (Span(title if slot.at else f"  {title}"),)
            spans.extend(lay_cell(cell, slot, ellipsis=self._ellipsis))
            spans.append(Span(" " * GAP))
        style = self._canvas.role("dim")
        return self._canvas.join([(" ", style), *((text, style) for text, _ in spans)], self._width, style)

    def row(self, line: TreeLine, columns: Sequence[Column], width: int) -> Strip:
        """A row as it was painted before: a scroll step then paints one new row only."""
        self._fit(width)
        strip = self._strips.get(line)
        if strip is None:
            if len(self._strips) >= KEPT:
                self._strips.clear()
            strip = self._strips[line] = self._paint(line, columns)
        return strip

    def _paint(self, line: TreeLine, columns: Sequence[Column]) -> Strip:
        role, ground = self._canvas.role, line.ground
        base = role("", ground)
        mark = ("*" if self._canvas.ascii else "●", role("accent", ground)) if line.mark else (" ", base)
        parts: list[tuple[str, Style]] = [mark]
        for slot in _with_room_for_name(line.row, self._shown(columns), 2 * line.depth + 4):
            if slot.at == 0:
                parts.extend(self._name(line, slot, from_middle=not columns[0].keeps_start))
            else:
                spans = lay_cell(line.row.cells[slot.at], slot, parted=columns[slot.at].parted, ellipsis=self._ellipsis)
                parts.extend((text, role(style, ground)) for text, style in spans)
            parts.append((" " * GAP, base))
        strip = self._canvas.join(parts, self._width, base)
        if not line.thumb:
            return strip
        edge = role("faint", ground)
        return Strip([*strip.crop(0, self._width - 1), *self._canvas.join([(line.thumb, edge)], 1, edge)], self._width)

    def _name(self, line: TreeLine, slot: Slot, *, from_middle: bool) -> Iterator[tuple[str, Style]]:
        role, ground, glyph = self._canvas.role, line.ground, line.row.glyph
        indent = min(2 * line.depth, max(0, slot.width - 12))
        name = slot._replace(width=max(0, slot.width - indent - 4))
        yield " " * indent + line.marker + " ", role("dim", ground)
        yield (glyph.text or " ")[:1] + " ", role(glyph.style, ground)
        bold = " bold" if ground and ground != "pinned" else ""
        for text, style in lay_cell(line.row.cells[0], name, from_middle=from_middle, ellipsis=self._ellipsis):
            yield text, role(style + bold, ground)

    def _shown(self, columns: Sequence[Column]) -> list[Slot]:
        if self._slots is None:
            self._slots = lay_out(columns, self._width)
        return self._slots

    @property
    def _ellipsis(self) -> str:
        return "~" if self._canvas.ascii else "…"


def _with_room_for_name(row: Row, slots: Sequence[Slot], before: int) -> Sequence[Slot]:
    """The slots of a row; a name that is too long for its own takes those after it that are empty in this row.

    `before` is how many cells stand before the name in its slot.
    """
    name, *others = slots
    missing = cell_width(row.cells[0]) + before - name.width
    while missing > 0 and others and not any(span.text for span in row.cells[others[0].at]):
        empty = others.pop(0)
        name = name._replace(width=name.width + GAP + empty.width)
        missing -= GAP + empty.width
    return (name, *others)
