"""What a tree shows: rows as data, named by keys. The widget asks only for what is visible."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Sequence
from itertools import accumulate
from typing import NamedTuple, Protocol, TypeVar, overload

__all__ = ["Cell", "Column", "FlatModel", "JoinedLines", "LazyLines", "Row", "RowKey", "Span", "TextLine", "TreeModel"]

Item = TypeVar("Item")

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


class LazyLines(Sequence[TextLine]):
    """Lines that are there, and after them one for each item of a long list, made only when it is seen."""

    def __init__(self, head: Sequence[TextLine], items: Sequence[Item], line_of: Callable[[Item], TextLine]) -> None:
        self._head = head
        self._items: Sequence[object] = items
        self._made: Callable[..., TextLine] = line_of

    def __len__(self) -> int:
        return len(self._head) + len(self._items)

    @overload
    def __getitem__(self, index: int) -> TextLine: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[TextLine]: ...
    def __getitem__(self, place: int | slice) -> TextLine | Sequence[TextLine]:
        """One line, or several."""
        if isinstance(place, slice):
            return [self[index] for index in range(*place.indices(len(self)))]
        number = place + len(self) if place < 0 else place
        if number < 0:
            raise IndexError(place)
        if number < len(self._head):
            return self._head[number]
        return self._made(self._items[number - len(self._head)])


class JoinedLines(Sequence[TextLine]):
    """Sections of lines one below the other; each makes its lines when they are seen, as it does alone."""

    def __init__(self, sections: Sequence[Sequence[TextLine]]) -> None:
        self._sections = [section for section in sections if section]
        self._starts = list(accumulate(map(len, self._sections), initial=0))

    def __len__(self) -> int:
        return self._starts[-1]

    @overload
    def __getitem__(self, index: int) -> TextLine: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[TextLine]: ...
    def __getitem__(self, index: int | slice) -> TextLine | Sequence[TextLine]:
        """One line, or several."""
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        number = index + len(self) if index < 0 else index
        if not 0 <= number < len(self):
            raise IndexError(index)
        section = bisect_right(self._starts, number) - 1
        return self._sections[section][number - self._starts[section]]


class Column(NamedTuple):
    """A column: its title, its width in cells, and from which total width on, or (where not 0) below which, it is shown.

    With width 0 it takes its `share` of what is left, `most` cells at most where that is not 0. What is too long is cut in its
    middle, or at its end when its beginning must be whole (`keeps_start`); of what is `parted` (every other span stands between
    two parts) whole parts are shown, and how many more there are.
    """

    title: str
    width: int = 0
    right: bool = False
    from_width: int = 0
    share: int = 2
    keeps_start: bool = False
    below_width: int = 0
    most: int = 0
    parted: bool = False


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

    def identity(self, key: RowKey) -> RowKey:
        """What stays the same of a row when it comes to stand under another one."""
        ...

    def find(self, identity: RowKey) -> RowKey | None:
        """Where the row of an identity is now, unfolded or not; None when there is no such row."""
        ...


class FlatModel:
    """What a `TreeModel` without branches says of its structure: every row is a root, and its key is its identity."""

    def children(self, key: RowKey) -> Sequence[RowKey]:
        """None."""
        return ()

    def has_children(self, key: RowKey) -> bool:
        """Never."""
        return False

    def identity(self, key: RowKey) -> RowKey:
        """A row stands under nothing."""
        return key
