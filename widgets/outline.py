"""What a tree shows, without a screen: which rows are unfolded, their flat order, and where the cursor is."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence

from widgets.rows import Column, FlatModel, Row, RowKey, TreeModel
from widgets.rows import Span as _Span

__all__ = ["NOTHING", "Outline"]


class _Fold:
    """Whether the row at this place is open, the places under it that are remembered, and the rows under it as they stand."""

    __slots__ = ("inside", "open", "rows")

    def __init__(self) -> None:
        self.open = False
        self.inside: dict[Hashable, _Fold] = {}
        self.rows: Sequence[RowKey] = ()


class _Nothing(FlatModel):
    """The model without rows."""

    def columns(self) -> Sequence[Column]:
        """None."""
        return ()

    def roots(self) -> Sequence[RowKey]:
        """None."""
        return ()

    def row(self, key: RowKey) -> Row:
        """Blank."""
        return Row(_Span(""), ())

    def find(self, identity: RowKey) -> RowKey | None:
        """Nowhere."""
        return None


NOTHING: TreeModel = _Nothing()


class Outline:
    """The unfolded rows of a model as one flat list, and a cursor in it.

    Open places are kept as a tree of their last key parts, so that laying out a hundred thousand rows hashes only the
    rows next to an open one. `cursor` is an index into `rows`; it is 0 when there are no rows.
    """

    def __init__(self, model: TreeModel = NOTHING) -> None:
        self.model = model
        self._top = _Fold()
        self._top.open = True
        self.cursor = 0
        self.in_order = True
        """Whether the roots stand as the model orders them."""
        self.rows: list[RowKey] = list(model.roots())

    @property
    def cursor_key(self) -> RowKey | None:
        """The row under the cursor, None when there are no rows."""
        return self.rows[self.cursor] if self.rows else None

    @property
    def expanded(self) -> frozenset[RowKey]:
        """Every place that is open, also inside folded ones."""
        return frozenset(_open_places(self._top, ()))

    def is_expanded(self, key: RowKey) -> bool:
        """Whether a place is open."""
        fold = self._find(key)
        return fold is not None and fold.open

    def reconcile(self, model: TreeModel, expanded: Iterable[RowKey] | None = None, *, keep_order: bool = False) -> None:
        """Show another model: what is open stays open, the cursor stays on its row or goes to the nearest ancestor left.

        A row that stands under another one now is still that row: it stays open, and the cursor stays on it. `expanded` replaces
        the open places. With `keep_order` rows stay in the order in which they stand, and new ones come below those beside them.
        """
        key, line, before = self.cursor_key, self.cursor, self.model
        self.model = model
        if expanded is None:
            self._follow(before)
        else:
            self._top.inside = {}
            for place in expanded:
                self._make(model.find(model.identity(place)) or place).open = True
        self.rows = []
        roots = model.roots()
        self._lay_out(self.rows, roots, self._top, keep_order=keep_order)
        self.in_order = self._top.rows is roots
        self._put_cursor(key, line, before)

    def follow_cursor(self, other: Outline, *, opening: bool = True) -> None:
        """Put the cursor where that of another outline is: on its row or the nearest ancestor there is here.

        With `opening` what is above the row is opened for that.
        """
        self._put_cursor(other.cursor_key, other.cursor, other.model, opening=opening)

    def _put_cursor(self, key: RowKey | None, line: int, before: TreeModel, *, opening: bool = True) -> None:
        now = self.model.find(before.identity(key)) if key is not None else None
        if now is None or self.index_of(now, line) is not None or not opening or not self.reveal(now):
            self.cursor = self._surviving(now or key, line)

    def _follow(self, before: TreeModel) -> None:
        """Move what is open to where its rows are now."""
        for place in [*_open_places(self._top, ())]:
            now = self.model.find(before.identity(place))
            fold = self._find(place)
            if now is not None and now != place and fold is not None:
                fold.open = False
                self._make(now).open = True

    def fold(self, index: int) -> bool:
        """Close the row at an index; False when it was not open."""
        key = self.rows[index]
        fold = self._find(key)
        if fold is None or not fold.open:
            return False
        fold.open = False
        end = self.end_of(index)
        del self.rows[index + 1 : end]
        if index < self.cursor:
            self.cursor = max(index, self.cursor - (end - index - 1))
        return True

    def unfold(self, index: int) -> bool:
        """Open the row at an index; False when it is open already or has nothing under it."""
        key = self.rows[index]
        if self.is_expanded(key) or not self.model.has_children(key):
            return False
        fold = self._make(key)
        fold.open = True
        grown: list[RowKey] = []
        self._lay_out(grown, self.model.children(key), fold)
        self.rows[index + 1 : index + 1] = grown
        if index < self.cursor:
            self.cursor += len(grown)
        return True

    def parent_of(self, index: int) -> int | None:
        """The index of the row above in the tree, None for a root."""
        depth = len(self.rows[index])
        if depth <= 1:
            return None
        return next(row for row in range(index - 1, -1, -1) if len(self.rows[row]) < depth)

    def end_of(self, index: int) -> int:
        """The index after the last visible row under a row."""
        rows, depth = self.rows, len(self.rows[index])
        return next((row for row in range(index + 1, len(rows)) if len(rows[row]) <= depth), len(rows))

    def reveal(self, key: RowKey) -> bool:
        """Open what is above a row and put the cursor on it, or on the nearest ancestor that there is; False when none is."""
        index: int | None = None
        for length in range(1, len(key) + 1):
            below = self.index_of(key[:1]) if index is None else self._index_under(index, key[length - 1])
            if below is None:
                break
            index = below
            if length < len(key):
                self.unfold(index)
        if index is None:
            return False
        self.cursor = index
        return True

    def _index_under(self, index: int, part: Hashable) -> int | None:
        """Where the child of a row is that ends in a part: its parents are not compared again."""
        depth = len(self.rows[index]) + 1
        for below in range(index + 1, len(self.rows)):
            row = self.rows[below]
            if len(row) < depth:
                return None
            if len(row) == depth and row[-1] == part:
                return below
        return None

    def index_of(self, key: RowKey, hint: int = -1) -> int | None:
        """Where a visible row is, None when it is not visible; `hint` is tried first."""
        if 0 <= hint < len(self.rows) and self.rows[hint] == key:
            return hint
        try:
            return self.rows.index(key)
        except ValueError:
            return None

    def _surviving(self, key: RowKey | None, line: int) -> int:
        for length in range(len(key) if key else 0, 0, -1):
            index = self.index_of(key[:length] if key else (), line)
            if index is not None:
                return index
        return max(0, min(line, len(self.rows) - 1))

    def _lay_out(self, rows: list[RowKey], keys: Sequence[RowKey], fold: _Fold, *, keep_order: bool = False) -> None:
        """Add rows and what is open under them: with a list of what waits, as rows may stand deeper than calls may go."""
        waiting = [(_entered(fold, keys, keep_order), fold.inside)]
        while waiting:
            left, inside = waiting[-1]
            if not inside:
                rows.extend(left)
            for key in left:
                rows.append(key)
                under = inside.get(key[-1])
                if under is not None and under.open:
                    waiting.append((_entered(under, self.model.children(key), keep_order), under.inside))
                    break
            else:
                waiting.pop()

    def _find(self, key: RowKey) -> _Fold | None:
        fold: _Fold | None = self._top
        for part in key:
            fold = fold.inside.get(part) if fold else None
        return fold

    def _make(self, key: RowKey) -> _Fold:
        fold = self._top
        for part in key:
            fold = fold.inside.setdefault(part, _Fold())
        return fold


def _as_they_stood(before: Sequence[RowKey], keys: Sequence[RowKey]) -> Sequence[RowKey]:
    """The rows in the order of those before, new ones below; the same sequence where that is its own order."""
    if not before or before == keys:
        return keys
    rank = {key[-1]: number for number, key in enumerate(before)}
    last = len(rank)
    ordered = sorted(keys, key=lambda key: rank.get(key[-1], last))
    return keys if ordered == keys else ordered


def _entered(fold: _Fold, keys: Sequence[RowKey], keep_order: bool) -> Iterator[RowKey]:
    fold.rows = _as_they_stood(fold.rows, keys) if keep_order else keys
    return iter(fold.rows)


def _open_places(fold: _Fold, path: RowKey) -> Iterator[RowKey]:
    waiting = [(path, iter(fold.inside.items()))]
    while waiting:
        path, places = waiting[-1]
        for part, under in places:
            key = (*path, part)
            if under.open:
                yield key
            waiting.append((key, iter(under.inside.items())))
            break
        else:
            waiting.pop()
