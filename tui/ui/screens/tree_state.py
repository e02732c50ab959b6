"""What the tree shows: which view under which filter, what is open in each, and whose hand it is in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

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

SETTLED = timedelta(seconds=5)
"""How long after the last source was loaded the rows may still be laid out anew: what runs brings new demands."""


class TreeState:
    """Puts rows into a tree so that nothing moves that the operator has placed.

    While the estate loads and no key was pressed, the worst is unfolded anew as far as there is room; from the first key,
    or soon after the whole was loaded, everything stays where it is.
    """

    def __init__(self, outline: VirtualTree) -> None:
        self._outline = outline
        self._scene: tuple[ViewSpec, Filter] | None = None
        self._open_in: dict[str, frozenset[RowKey]] = {}
        self._left_at: dict[str, RowKey] = {}
        self._came_to: RowKey | None = None
        """Where the cursor was put in this view: from there the way back leads to where it was in the other."""
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
        """Other rows altogether: keep what is open in the view left, and the selection across."""
        view, chosen = scene
        before = self._outline.cursor_key
        if self._scene is not None and not self._scene[1].words and not self._bare:
            self._open_in[self._scene[0].id] = self._outline.expanded
        other_view = self._scene is not None and self._scene[0] is not view
        if other_view and self._scene is not None and before is not None:
            self._left_at[self._scene[0].id] = before
        self._scene, self._bare = scene, False
        if chosen.words:
            self._outline.set_model(built.model, expanded=built.unfold)
        elif view.id in self._open_in:
            self._outline.set_model(built.model, expanded=self._open_in[view.id])
        elif before is not None and self.touched:
            self._unfold(built, room)
        else:
            self.unfold_first(built, room)
        if other_view:
            self._carry(before, view, built, snapshot)
        elif chosen.words:
            self._first_hit(built)

    def _carry(self, before: RowKey | None, view: ViewSpec, built: Built, snapshot: Snapshot) -> None:
        """Put the cursor on what it was on in the other view, or back where it was in this one."""
        key = self._way_back(before, view, built)
        if key is None and view.places is not None:
            key = view.places(subject_of(before), snapshot)
        if key is None or not self._outline.select(key):
            self._first_hit(built)
        self._came_to = self._outline.cursor_key

    def _way_back(self, before: RowKey | None, view: ViewSpec, built: Built) -> RowKey | None:
        """Where the cursor was in this view, if it was not moved in the other one since, or no thing has a place here."""
        left = self._left_at.get(view.id)
        if left is None or (view.places is not None and before != self._came_to):
            return None
        return built.model.find(built.model.identity(left))

    def _first_hit(self, built: Built) -> None:
        """Put the cursor on the first row that the filter asks for."""
        hit = next((key for key in self._outline.keys if built.model.is_hit(key)), None)
        if hit is None or not self._outline.select(hit):
            self._outline.action_first()
