"""A screen with views over one estate: which is shown, under which filter, and the way back."""

from __future__ import annotations

from textual.getters import query_one

from tui.presenters.views.spec import Filter, ViewSpec
from tui.presenters.views.table import VIEWS, view_of
from tui.ui.screens.filterable import FilterableScreen
from tui.ui.screens.tree_state import TreeState
from widgets.marking import MarkingTree

__all__ = ["NavigableScreen"]


class NavigableScreen(FilterableScreen):
    """`view` is the view whose rows are shown in `outline`; `stage` keeps the operator's place in each."""

    outline = query_one("#tree", MarkingTree)
    stage: TreeState

    def __init__(self, query: str = "") -> None:
        super().__init__(query)
        self.view: ViewSpec = VIEWS[0]
        self._narrowed_in = VIEWS[0]
        """The view where Enter led to what a row is about: the way back leads there."""

    def view_changed(self) -> None:
        """Show what depends on the view alone, before its rows are there."""
        raise NotImplementedError

    def change_view(self, view: ViewSpec) -> None:
        """Show another view under the filter that there is."""
        self.view = view
        self.stage.touched = True
        self.view_changed()
        self.ask_for_rows()

    def go_into(self, chosen: Filter) -> None:
        """Show what a row is about: the first view, narrowed to it."""
        self.chosen, self._narrowed_in = chosen, self.view
        self.change_view(VIEWS[0])

    def widen(self) -> None:
        """Out of what a row is about, else out of the filter."""
        if self.chosen.finding is not None:
            self.chosen = self.chosen._replace(finding=None)
            self.change_view(self._narrowed_in)
        elif self.chosen.words:
            self.narrow(Filter(grouping=self.chosen.grouping))

    def action_view(self, id: str) -> None:
        """Another view of the same estate, on the same thing."""
        self.change_view(view_of(id))

    def action_faults(self) -> None:
        """Only what is not trusted, or everything again."""
        self.narrow(self.chosen._replace(faults=not self.chosen.faults))

    def focus_rows(self) -> None:
        """The tree has the keys."""
        self.set_focus(self.outline)

    def on_key(self) -> None:
        """From the first key on, the tree is the operator's."""
        self.stage.touched = True

    def on_click(self) -> None:
        """As a key."""
        self.stage.touched = True
