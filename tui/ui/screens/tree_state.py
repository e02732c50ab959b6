"""What the tree shows: which view under which filter, what is open in each, and whose hand it is in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tui.domain.facts.health import SourceState
from tui.presenters.keys import subject_of
from tui.presenters.views.spec import Filter, ViewSpec
from tui.ui.screens.history import History, Place, Visit
from tui.ui.screens.laying import LaidOut, MadeRows, lay_out
from widgets.marking import MarkingTree
from widgets.rows import RowKey

if TYPE_CHECKING:
    from tui.domain.snapshot.snapshot import Snapshot
    from tui.presenters.views.building import BuiltRows
    from tui.ui.screens.building import RowsRequest

__all__ = ["TreeState"]

SETTLED = timedelta(seconds=5)
"""How long after the last source was loaded the rows may still be laid out anew: what runs brings new demands."""


class TreeState:
    """Puts rows into a tree so that nothing moves that the operator has placed.

    While the estate loads and no key was pressed, the worst is unfolded anew as far as there is room; from the first key,
    or soon after the whole was loaded, everything stays where it is, and what is new comes below. Who comes back by the history
    is where they were; who comes to a view by its name is on what was selected elsewhere since, else where they were.
    """

    def __init__(self, outline: MarkingTree, history: History) -> None:
        self._outline = outline
        self._history = history
        self._visit: Visit | None = None
        """The visit whose rows are shown, and under which filter they are: of the current one the rows may not be there yet."""
        self._shown = Filter()
        self._came_to: RowKey | None = None
        """Where the cursor was put among these rows: elsewhere, it was moved."""
        self._selected: RowKey | None = None
        """The last image or workload that the operator went to, in whichever view."""
        self._selections = 0
        self._marks: dict[str, Mapping[RowKey, RowKey]] = {}
        """The marks of views that are not shown: nothing is acted upon that no row of the view stands for."""
        self._whole_since: datetime | None = None
        self._bare = False
        """Whether there was nothing to unfold yet: then nobody has folded anything either."""
        self.touched = False

    @property
    def arrives(self) -> bool:
        """Whether the operator goes somewhere, and its rows are not shown yet."""
        return self._history.current is not self._visit

    @property
    def shows_other_rows(self) -> bool:
        """Whether the rows of the current visit are not those shown, or may be unfolded anew."""
        return not self.touched or self.arrives or self._history.current.chosen != self._shown

    @property
    def left_open(self) -> frozenset[RowKey] | None:
        """What was unfolded in the current visit, or at the same place before it, when it was left."""
        left = self._left(self._history.current)
        return left.expanded if left is not None else None

    def left_in(self, view: ViewSpec, chosen: Filter) -> frozenset[RowKey] | None:
        """What was unfolded in a view under a filter when it was left last."""
        left = self._history.left(view, chosen)
        return left.expanded if left is not None else None

    def _left(self, visit: Visit) -> Place | None:
        return visit.place or self._history.left(visit.view, visit.chosen)

    def show(self, wish: RowsRequest, rows: MadeRows, room: int) -> None:
        """Show the rows of the current visit; `room` is how many rows fit."""
        visit, built = self._history.current, rows.built if isinstance(rows, LaidOut) else rows
        keeps = self.touched and visit.view.keeps_order
        if visit is not self._visit:
            self._change(visit, self._as_left(rows, visit, room), wish.snapshot)
        elif wish.chosen != self._shown or (wish.chosen.words and not self._outline.row_count):
            self._narrow(visit, self._as_left(rows, visit, room))
        elif self._bare and not wish.chosen.words:
            laid_out = lay_out(built, None, "", room)
            self._bare = laid_out.bare
            self._outline.set_model(built.model, expanded=laid_out.outline.expanded, keep_order=keeps)
        elif self.touched or wish.chosen.words:
            # Who has not moved since the filter put the cursor holds no row to a line: the first hits stand at the top.
            placed = bool(wish.chosen.words) and self._outline.cursor_key == self._came_to
            self._outline.set_model(built.model, keep_order=keeps, blanks=not placed)
        else:
            self._show_first(self._as_left(rows, visit, room))
        self._visit, self._shown = visit, wish.chosen
        self._settle(wish.snapshot)

    def _as_left(self, rows: MadeRows, visit: Visit, room: int) -> LaidOut:
        """The rows with open what was left open; laid out here only where that was not known when they were asked for."""
        left = self._left(visit)
        unfolded = left.expanded if left is not None else None
        if isinstance(rows, LaidOut) and rows.open_rows == unfolded:
            return rows
        return lay_out(rows.built if isinstance(rows, LaidOut) else rows, unfolded, visit.chosen.words, room)

    def sort(self) -> None:
        """Put the rows in their order; the one under the cursor stays on its line."""
        self._outline.set_model(self._outline.model)

    def unfold_first(self, built: BuiltRows, room: int) -> None:
        """The worst first, unfolded as far as there is room."""
        self._show_first(lay_out(built, None, "", room))

    def _show_first(self, rows: LaidOut) -> None:
        self._bare = rows.bare
        self._outline.set_outline(rows.outline)
        self._outline.action_first()

    def _settle(self, snapshot: Snapshot) -> None:
        """Some seconds after everything was loaded, leave the rows alone as if a key had been pressed."""
        if not snapshot.images or any(health.state is SourceState.LOADING for health in snapshot.sources):
            self._whole_since = None
        elif self._whole_since is None:
            self._whole_since = snapshot.as_of
        elif snapshot.as_of - self._whole_since > SETTLED:
            self.touched = True

    def _change(self, visit: Visit, rows: LaidOut, snapshot: Snapshot) -> None:
        """Other rows altogether: keep where the operator was in those before, and go to where they are now."""
        self._leave()
        other_view = self._visit is not None and self._visit.view is not visit.view
        left, built, was_empty = self._left(visit), rows.built, self._outline.cursor_key is None
        if other_view and self._visit is not None:
            self._marks[self._visit.view.id] = self._outline.exchange_marks(self._marks.pop(visit.view.id, {}))
        self._lay_out(rows, returning=visit.place is not None)
        if visit.place is not None:
            self._return(visit.place, built)
        elif other_view and left is not None and left.selections == self._selections:
            self._return(left, built)
        elif other_view and visit.chosen.finding == self._shown.finding:
            self._carry(visit, left, snapshot, rows)
        elif was_empty and left is not None:
            self._return(left, built)
        elif visit.chosen.words:
            self._first_hit(rows)
        self._came_to = self._outline.cursor_key

    def _narrow(self, visit: Visit, rows: LaidOut) -> None:
        """Another filter of the same visit: it is being typed, or found nothing before."""
        left = self._history.left(visit.view, visit.chosen)
        self._lay_out(rows)
        if visit.chosen.words:
            self._first_hit(rows)
        elif left is not None:
            self._return(left, rows.built)
        self._came_to = self._outline.cursor_key

    def _lay_out(self, rows: LaidOut, *, returning: bool = False) -> None:
        """Show other rows; the cursor is on the first where it was on none, or nobody has put it anywhere.

        For who is returning nothing is open that was not.
        """
        if rows.open_rows is not None or self.touched:
            self._bare = rows.bare
            self._outline.set_outline(rows.outline, opening=not returning)
        else:
            self._show_first(rows)

    def _leave(self) -> None:
        """Remember where the operator is now, for the way back, and what they selected here."""
        cursor = self._outline.cursor_key
        if self._visit is None or cursor is None:
            return
        subject = subject_of(cursor)
        if cursor != self._came_to and (subject.image is not None or subject.workload is not None):
            self._selected = cursor
            self._selections += 1
        expanded = None if self._bare else self._outline.expanded
        self._history.leave(self._visit, Place(expanded, cursor, self._outline.cursor_line, self._selections))

    def _return(self, place: Place, built: BuiltRows) -> None:
        """Put the cursor on the row and the line where it was; on the nearest row above it that is left."""
        for length in range(len(place.cursor), 0, -1):
            key = built.model.find(built.model.identity(place.cursor[:length]))
            if key is not None and self._outline.select(key, place.line):
                return

    def _carry(self, visit: Visit, left: Place | None, snapshot: Snapshot, rows: LaidOut) -> None:
        """Put the cursor on what was selected elsewhere; where that has no place here, where it was."""
        places = visit.view.places
        built = rows.built
        key = places(subject_of(self._selected), snapshot) if places is not None and self._selected is not None else None
        if key is not None and built.model.find(built.model.identity(key)) is not None and self._outline.select(key):
            return
        if left is not None:
            self._return(left, built)
        else:
            self._first_hit(rows)

    def _first_hit(self, rows: LaidOut) -> None:
        """Put the cursor on the first row that the filter asks for."""
        if rows.first_hit is None or not self._outline.select(rows.first_hit):
            self._outline.action_first()
