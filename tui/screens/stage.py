"""What the tree shows: which view under which filter, what is open in each, and whose hand it is in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tui.domain.events import SourceState
from tui.presenters.keys import Subject, lineage_key, subject_of, workload_key
from tui.presenters.views import Filter, View, first_unfolded
from widgets.rows import RowKey
from widgets.tree import VirtualTree

if TYPE_CHECKING:
    from tui.domain.snapshot import Snapshot
    from tui.presenters.views import Built
    from tui.screens.building import Wish

__all__ = ["Stage"]

SETTLED = timedelta(seconds=5)
"""How long after the last source was loaded the rows may still be laid out anew: what runs brings new demands."""


class Stage:
    """Puts rows into a tree so that nothing moves that the operator has placed.

    While the estate loads and no key was pressed, the worst is unfolded anew as far as there is room; from the first key,
    or soon after the whole was loaded, everything stays where it is.
    """

    def __init__(self, outline: VirtualTree) -> None:
        self._outline = outline
        self._scene: tuple[View, Filter] | None = None
        self._open_in: dict[View, frozenset[RowKey]] = {}
        self._whole_since: datetime | None = None
        self._bare = False
        """Whether there was nothing to unfold yet: then nobody has folded anything either."""
        self.touched = False

    def show(self, wish: Wish, built: Built, room: int) -> None:
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

    def _change(self, scene: tuple[View, Filter], built: Built, snapshot: Snapshot, room: int) -> None:
        """Other rows altogether: keep what is open in the view left, and the selection across."""
        view, chosen = scene
        subject = subject_of(self._outline.cursor_key)
        if self._scene is not None and not self._scene[1].words and not self._bare:
            self._open_in[self._scene[0]] = self._outline.expanded
        other_view = self._scene is not None and self._scene[0] is not view
        self._scene, self._bare = scene, False
        if chosen.words:
            self._outline.set_model(built.model, expanded=built.unfold)
        elif view in self._open_in:
            self._outline.set_model(built.model, expanded=self._open_in[view])
        else:
            self.unfold_first(built, room)
        if other_view:
            self._carry(subject, view, snapshot)

    def _carry(self, subject: Subject, view: View, snapshot: Snapshot) -> None:
        """Put the cursor on what it was on in the other view."""
        key = None
        if view is not View.FINDINGS:
            key = (lineage_key if view is View.LINEAGE else workload_key)(subject, snapshot)
        if key is None or not self._outline.select(key):
            self._outline.action_first()
