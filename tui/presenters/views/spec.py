"""What a view is: its key, its names, how its rows are made, and where things stand in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from tui.domain.plans.board import EMPTY_BOARD, Board
from tui.domain.query.finding import Finding, FindingGrouping
from tui.domain.snapshot.snapshot import Snapshot
from tui.presenters.glyphs import Glyphs
from tui.presenters.keys import RowSubject
from widgets.rows import RowKey, TextLine, TreeModel

if TYPE_CHECKING:
    from tui.domain.query.query import QueryIndex
    from tui.presenters.tabs.spec import SectionContext
    from tui.presenters.totals import VisibleRows

__all__ = ["Filter", "RowsContext", "TabbedModel", "ViewModel", "ViewSpec"]


class Filter(NamedTuple):
    """What the operator narrowed the estate to: a query, only what is at fault, and what has one problem.

    `grouping` is how the view of findings puts problems together; it narrows nothing.
    """

    query: str = ""
    faults: bool = False
    finding: Finding | None = None
    grouping: FindingGrouping = FindingGrouping.PROBLEM

    @property
    def words(self) -> str:
        """The filter in words, empty when there is none."""
        about = f"“{self.finding.what}”" if self.finding else ""
        return " ".join(part for part in (self.query, "(faults only)" if self.faults else "", about) if part)


class ViewModel(TreeModel, Protocol):
    """The rows of a view: a tree, and what the explorer asks of any of them."""

    @property
    def snapshot(self) -> Snapshot:
        """What the rows were made from."""
        ...

    @property
    def images_shown(self) -> int:
        """How many images are let through."""
        ...

    def is_hit(self, key: RowKey) -> bool:
        """Whether a row is what the filter asks for, and not only what leads to it."""
        ...

    def urgency(self, key: RowKey) -> int:
        """How bad the worst below a row is, and itself."""
        ...

    def matches(self) -> Iterable[RowKey]:
        """Every row that must be unfolded for each hit to be seen."""
        ...

    def detail(self, subject: RowSubject, context: SectionContext) -> Sequence[TextLine] | None:
        """The whole detail of a row that is about none of the things that the tabs tell of; None for the tabs."""
        ...

    def narrowed_to(self, subject: RowSubject, chosen: Filter) -> Filter | None:
        """The filter under which the first view shows what a row is about; None where Enter leads into the detail."""
        ...


class TabbedModel:
    """What views have alike whose rows are all told of by the tabs."""

    def __init__(self, snapshot: Snapshot, now: datetime, glyphs: Glyphs, shown: VisibleRows) -> None:
        self.snapshot = snapshot
        self._now, self._glyphs = now, glyphs
        self._shown = shown

    def detail(self, subject: RowSubject, context: SectionContext) -> Sequence[TextLine] | None:
        """Told by the tabs."""
        return None

    def narrowed_to(self, subject: RowSubject, chosen: Filter) -> Filter | None:
        """Enter leads into the detail."""
        return None

    @property
    def images_shown(self) -> int:
        """How many images are let through."""
        return self._shown.count_images(self.snapshot)


class RowsContext(NamedTuple):
    """What the rows of a view are made from: `shown` is what `chosen` lets through."""

    snapshot: Snapshot
    chosen: Filter
    shown: VisibleRows
    now: datetime
    glyphs: Glyphs
    query_index: QueryIndex | None = None
    board: Board = EMPTY_BOARD


class ViewSpec(msgspec.Struct, frozen=True, eq=False):
    """A view: one row of the table that keys, palette, help, header and rows are made from.

    `help` stands in the palette, after the short words of k9s. `places` finds the row of a thing that was selected in another
    view; without it the view keeps its own cursor. `counter` makes what counts the number beside the name, snapshot by snapshot
    and off the loop, and `busy` counts what is being done. `other` is what the key `o` changes. `nothing` is said when it has no
    row although nothing is filtered. `detail_below`: its rows need the whole width. `needs_detail`: where there is no room for
    the detail beside its rows, it stands below them. `keeps_order`: what is new comes below until a key asks for order.
    `narrowed_by` is for rows that are not of the estate: what of a filter narrows them. What it asks of the estate is not
    answered above such rows.
    """

    key: str
    id: str
    name: str
    help: str
    build: Callable[[RowsContext], ViewModel]
    places: Callable[[RowSubject, Snapshot], RowKey | None] | None = None
    counter: Callable[[], Callable[[Snapshot], int]] | None = None
    other: Callable[[Filter], Filter] | None = None
    busy: Callable[[Board], int] | None = None
    nothing: str = ""
    detail_below: bool = False
    needs_detail: bool = False
    keeps_order: bool = True
    narrowed_by: Callable[[Filter], Filter] | None = None
