"""A screen with views over one estate: which is shown, under which filter, and the way back."""

from __future__ import annotations

from textual.events import Key
from textual.getters import query_one

from tui.domain.common.trust import BAD_FIRST, State
from tui.presenters.header import Count
from tui.presenters.keys import RowSubject, subject_of
from tui.presenters.views.spec import Filter, ViewSpec
from tui.presenters.views.table import VIEWS, view_of
from tui.ui.screens.filterable import FilterableScreen
from tui.ui.screens.history import History, Place
from tui.ui.screens.reasons import say_why_not
from tui.ui.screens.shown_rows import ShownRows
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
        self.history = History(self.view, self.chosen)
        self.shown_rows = ShownRows(self)
        self._sought: RowSubject | None = None
        """What the operator jumps to, until the rows are there."""
        self._typed = False
        """Whether the current visit was begun by typing: the next letter makes no other."""

    def visit_changed(self) -> None:
        """Show what depends on the view and the filter alone, before the rows are there."""
        raise NotImplementedError

    def go(self, view: ViewSpec, chosen: Filter, place: Place | None = None) -> None:
        """Show a view under a filter: where the operator was there, at a place if one is given."""
        self.stage.touched = True
        self._typed = False
        if (view, chosen) != (self.view, self.chosen):
            self.history.go(view, chosen, place)
        self._show_visit()

    def _show_visit(self) -> None:
        visit = self.history.current
        self.view, self.chosen = visit.view, visit.chosen
        self.visit_changed()
        self.ask_for_rows()

    def narrow(self, chosen: Filter) -> None:
        """Let something else through."""
        if chosen != self.chosen:
            self.go(self.view, chosen)

    def narrow_while_typing(self, chosen: Filter) -> None:
        """Let something else through; all that is typed is one visit."""
        if chosen == self.chosen:
            return
        if self._typed:
            self.history.amend(chosen)
            self._show_visit()
        else:
            self.narrow(chosen)
            self._typed = True

    def stop_typing(self, chosen: Filter) -> None:
        """Go back to where the typing began, if that was there."""
        if self._typed and self.history.withdraw(chosen):
            self._show_visit()
        else:
            self.narrow(chosen)

    def show_count(self) -> None:
        """Say in the bar how much is let through."""
        counting = not self.shown_rows.are_asked_for
        self.filtering.show_count(self.built, len(self.app.snapshot.images), counting=counting)

    async def action_filter(self) -> None:
        """Type a filter; the rows follow with every key."""
        self._typed = False
        await super().action_filter()

    def go_into(self, chosen: Filter) -> None:
        """Show what a row is about: the first view, narrowed to it."""
        self._narrowed_in = self.view
        self.go(VIEWS[0], chosen)

    def widen(self) -> None:
        """Out of what a row is about, to where it was opened; else out of the filter."""
        if self.chosen.finding is not None:
            chosen = self.chosen._replace(finding=None)
            self.go(self._narrowed_in, chosen, self.history.left(self._narrowed_in, chosen))
        elif self.chosen.words:
            self.narrow(Filter(grouping=self.chosen.grouping))

    def action_history(self, by: int) -> None:
        """To where the operator was before, or from there on again."""
        if self.history.step(by):
            self.stage.touched = True
            self._show_visit()

    def action_last_place(self) -> None:
        """To where the operator was last; once more, back here."""
        self.action_history(self.history.to_last())

    def action_users(self) -> None:
        """What uses the thing under the cursor: workloads, or the images that are built on it."""
        from tui.presenters.using import uses_of  # not before somebody asks

        uses = uses_of(subject_of(self.outline.cursor_key), self.app.snapshot)
        if uses.query:
            self.show_query(uses.query, uses.view)
        else:
            self.notify(uses.why_none, markup=False)

    def show_query(self, query: str, view: str) -> None:
        """What a query finds, in a view (empty: the one there is)."""
        self.go(view_of(view) if view else self.view, Filter(query, grouping=self.chosen.grouping))
        self.filtering.keep(query)
        self.focus_rows()

    def jump(self, subject: RowSubject, view: str) -> None:
        """To the row of a thing, whatever is filtered."""
        self._sought = subject
        self.go(view_of(view), Filter(grouping=self.chosen.grouping))
        self.focus_rows()

    def land(self) -> None:
        """Put the cursor where the operator jumps to, now that the rows are there."""
        subject, self._sought = self._sought, None
        if subject is None or self.view.places is None:
            return
        key = self.view.places(subject, self.app.snapshot)
        if key is None or not self.outline.select(key):
            self.notify("It is not among the rows any more.", severity="warning", markup=False)

    def action_view(self, id: str) -> None:
        """Another view of the same estate, on the same thing."""
        self.go(view_of(id), self.chosen)

    def action_verdict(self) -> None:
        """Only what has the next verdict, worst first; after the last everything again."""
        from tui.domain.query.refine import asked_verdict, with_verdict  # not before somebody filters

        counted = [state for state in BAD_FIRST if self.app.snapshot.summary.images.get(state)]
        shown = asked_verdict(self.chosen.query)
        place = counted.index(shown) + 1 if shown in counted else 0
        verdict = counted[place] if place < len(counted) else None
        self.narrow(self.chosen._replace(query=with_verdict(self.chosen.query, verdict)))

    def show_counted(self, count: Count) -> None:
        """Only what a number of the header counts; everything again where that is shown."""
        from tui.domain.query.refine import asked_check, asked_verdict, with_check, with_verdict

        query = self.chosen.query
        if isinstance(count, State):
            query = with_verdict(query, None if asked_verdict(query) is count else count)
        else:
            query = with_check(query, None if asked_check(query) == count else count)
        self.narrow(self.chosen._replace(query=query))

    def action_faults(self) -> None:
        """Only what is not trusted, or everything again."""
        self.narrow(self.chosen._replace(faults=not self.chosen.faults))

    def focus_rows(self) -> None:
        """The tree has the keys."""
        self.set_focus(self.outline)

    def on_key(self, event: Key) -> None:
        """From the first key on, the tree is the operator's; a key that can do nothing now says why."""
        self.stage.touched = True
        say_why_not(self, event)

    def on_click(self) -> None:
        """As a key."""
        self.stage.touched = True
