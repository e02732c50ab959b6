"""What the tree shows: which view under which filter, what is open in each, and whose hand it is in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from tui.domain.facts.events import SourceState
from tui.presenters.keys import subject_of
from tui.presenters.views.building import first_unfolded
from tui.presenters.views.spec import Filter, ViewSpec
from widgets.rows import RowKey
from widgets.tree import VirtualTree

if TYPE_CHECKING:
    from tui.domain.snapshot.snapshot import Snapshot
    from tui.presenters.views.building import Built
    from tui.ui.screens.building import RowsRequest

__all__ = ["TreeState"]

MOST_PLACES = 64
"""Places that are remembered: each filter is one, and each key of it while it is typed."""
SETTLED = timedelta(seconds=5)
"""How long after the last source was loaded the rows may still be laid out anew: what runs brings new demands."""


class _Place(NamedTuple):
    """What was unfolded (None where there was nothing to unfold yet), and on which row and line the cursor was."""

    expanded: frozenset[RowKey] | None
    cursor: RowKey
    line: int


class TreeState:
    """Puts rows into a tree so that nothing moves that the operator has placed.

    While the estate loads and no key was pressed, the worst is unfolded anew as far as there is room; from the first key,
    or soon after the whole was loaded, everything stays where it is.
    """

    def __init__(self, outline: VirtualTree) -> None:
        self._outline = outline
        self._scene: tuple[ViewSpec, Filter] | None = None
        self._left: dict[tuple[str, Filter], _Place] = {}
        """Where the operator was, by view and filter; what was left last stands last."""
        self._came_to: RowKey | None = None
        """Where the cursor was put among these rows: from there the way back leads to where it was before."""
        self._whole_since: datetime | None = None
        self._bare = False
        """Whether there was nothing to unfold yet: then nobody has folded anything either."""
        self.touched = False

    def show(self, wish: RowsRequest, built: Built, room: int) -> None:
        """Show the rows that were wished for; `room` is how many rows fit."""
        scene = (wish.view, wish.chosen)
        if scene != self._scene or (wish.chosen.words and not self._outline.row_count):
            self._change(scene, built, wish.snapshot, room)
        elif self._bare and not wish.chosen.words:
            self._unfold(built, room)
        elif self.touched or wish.chosen.words:
            self._outline.set_model(built.model)
        else:
            self.unfold_first(built, room)
        self._settle(wish.snapshot)

    def unfold_first(self, built: Built, room: int) -> None:
        """The worst first, unfolded as far as there is room."""
        self._unfold(built, room)
        self._outline.action_first()

    def _unfold(self, built: Built, room: int) -> None:
        places = first_unfolded(built.model, room)
        self._bare = not places and not any(built.model.has_children(root) for root in built.model.roots())
        self._outline.set_model(built.model, expanded=places)

    def _settle(self, snapshot: Snapshot) -> None:
        """Some seconds after everything was loaded, leave the rows alone as if a key had been pressed."""
        if not snapshot.images or any(health.state is SourceState.LOADING for health in snapshot.sources):
            self._whole_since = None
        elif self._whole_since is None:
            self._whole_since = snapshot.as_of
        elif snapshot.as_of - self._whole_since > SETTLED:
            self.touched = True

    def _change(self, scene: tuple[ViewSpec, Filter], built: Built, snapshot: Snapshot, room: int) -> None:
        """Other rows altogether: keep where the operator was in those before, and the selection across."""
        view, chosen = scene
        before = self._outline.cursor_key
        other_view = self._scene is not None and self._scene[0] is not view
        self._leave(before)
        left = self._left.get((view.id, chosen))
        self._scene, self._bare = scene, False
        unfolded = left.expanded if left is not None else None
        if unfolded is None and chosen.words:
            unfolded = frozenset(built.unfold)
        if unfolded is not None:
            self._outline.set_model(built.model, expanded=unfolded)
        elif before is not None and self.touched:
            self._unfold(built, room)
        else:
            self.unfold_first(built, room)
        if other_view and not self._has_returned(left, before, view, built):
            self._carry(before, view, snapshot, built)
        elif chosen.words and not other_view:
            self._first_hit(built)
        self._came_to = self._outline.cursor_key

    def _leave(self, cursor: RowKey | None) -> None:
        """Remember where the operator is now, for the way back."""
        if self._scene is None or cursor is None:
            return
        view, chosen = self._scene
        self._left.pop((view.id, chosen), None)
        self._left[view.id, chosen] = _Place(None if self._bare else self._outline.expanded, cursor, self._outline.cursor_line)
        while len(self._left) > MOST_PLACES:
            del self._left[next(iter(self._left))]

    def _has_returned(self, left: _Place | None, before: RowKey | None, view: ViewSpec, built: Built) -> bool:
        """Whether the cursor is back where it was here: unless it was moved since, to a thing that has a place here too."""
        if left is None or (view.places is not None and before != self._came_to):
            return False
        key = built.model.find(built.model.identity(left.cursor))
        return key is not None and self._outline.select(key, left.line)

    def _carry(self, before: RowKey | None, view: ViewSpec, snapshot: Snapshot, built: Built) -> None:
        """Put the cursor on what it was on in the other view."""
        key = view.places(subject_of(before), snapshot) if view.places is not None else None
        if key is None or not self._outline.select(key):
            self._first_hit(built)

    def _first_hit(self, built: Built) -> None:
        """Put the cursor on the first row that the filter asks for."""
        hit = next((key for key in self._outline.keys if built.model.is_hit(key)), None)
        if hit is None or not self._outline.select(hit):
            self._outline.action_first()
