"""What a tree shows: rows as data, named by keys. The widget asks only for what is visible."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple, Protocol

__all__ = ["Cell", "Column", "Row", "RowKey", "Span", "TextLine", "TreeModel"]

RowKey = tuple[Hashable, ...]
"""The path of a row from its root: `(root, child, grandchild)`. Its length is the depth plus one."""


class Span(NamedTuple):
    """Text in one style; `style` names a style role of the widget (`pass`, `dim`, `bold`, ...)."""

    text: str
    style: str = ""


Cell = tuple[Span, ...]


class TextLine(NamedTuple):
    """One line of text: what stands at the left edge, and what stands at the right edge and is never cut."""

    left: Cell = ()
    right: Cell = ()


class Column(NamedTuple):
    """A column: its title, its width in cells, and from which total width on it is shown.

    With width 0 it takes its `share` of what is left.
    """

    title: str
    width: int = 0
    right: bool = False
    from_width: int = 0
    share: int = 2


class Row(NamedTuple):
    """One row: a glyph with its style, and a cell per column."""

    glyph: Span
    cells: tuple[Cell, ...]


class TreeModel(Protocol):
    """A tree of rows that is asked lazily: structure for what is unfolded, cells for what is on the screen."""

    def columns(self) -> Sequence[Column]:
        """The columns, the first being the one that is indented."""
        ...

    def roots(self) -> Sequence[RowKey]:
        """The top rows in order."""
        ...

    def children(self, key: RowKey) -> Sequence[RowKey]:
        """The rows under a row, in order; each key is `(*key, something)`."""
        ...

    def has_children(self, key: RowKey) -> bool:
        """Whether a row can be unfolded, without making its children."""
        ...

    def row(self, key: RowKey) -> Row:
        """The cells of a row."""
        ...
