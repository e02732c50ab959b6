"""The detail of the row under the cursor: beside the tree, or as a screen of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from textual.timer import Timer

from tui.presenters.keys import RowSubject, subject_of
from tui.ui.host import Explorer
from tui.ui.screens.inquiring import Inquirer
from tui.ui.screens.scorecards import Scorecards
from widgets.marking import MarkingTree
from widgets.page import TextPage
from widgets.rows import RowKey, TextLine
from widgets.tree import VirtualTree

if TYPE_CHECKING:
    from tui.presenters.tabs.spec import TabSpec

__all__ = ["Inspector"]

SETTLE = 0.04
"""Seconds that the cursor rests before the detail follows: a held key moves the tree and nothing else."""


class Inspector:
    """Shows one section of what is known about the row under the cursor of a screen's tree.

    The sections are not imported before there is a row: the first frame shows none.
    """

    def __init__(self, screen: Explorer) -> None:
        self._screen = screen
        self._timer: Timer | None = None
        self._shown: tuple[RowKey | None, TabSpec | None] | None = None
        self._tab: TabSpec | None = None
        self._orders: dict[str, str] = {}
        self._redraw: Callable[[], None] | None = None
        self._inquirer = Inquirer(screen, self._answered)
        self._tabbed = False
        self._scorecards = Scorecards(screen, self._answered)

    @cached_property
    def _tabs(self) -> Sequence[TabSpec]:
        from tui.presenters.tabs.table import TABS

        return TABS

    @property
    def tab(self) -> TabSpec:
        """The section that is shown."""
        return self._tab or self._tabs[0]

    @property
    def has_orders(self) -> bool:
        """Whether what the section lists can stand in another order."""
        return self._screen.built is not None and bool(self.tab.orders)

    @property
    def subject(self) -> RowSubject:
        """What the row under the cursor is about."""
        return subject_of(self._outline.cursor_key)

    def about(self, key: RowKey) -> RowSubject:
        """What a row is about, wherever the cursor has gone since."""
        return subject_of(key)

    @property
    def _outline(self) -> VirtualTree:
        return self._screen.outline

    @property
    def _page(self) -> TextPage:
        return self._screen.detail

    def follow(self) -> None:
        """Show the row as soon as the cursor rests."""
        if self._timer is not None:
            self._timer.stop()
        self._timer = self._screen.set_timer(SETTLE, self.show)

    def show(self) -> None:
        """Show the row as it is now; from the top when it is another row or section."""
        if not self._page.display:
            if self._redraw is None:
                self._inquirer.leave()
            return
        shown = (self._outline.cursor_key, self._tab)
        self._page.show(self.lines(self._page.size.width), from_top=shown != self._shown)
        self._shown = shown

    def show_on(self, redraw: Callable[[], None] | None) -> None:
        """Another screen shows the detail, and draws it anew by `redraw`; None when it does no more."""
        self._redraw = redraw
        if redraw is None:
            self._inquirer.leave()

    def _answered(self) -> None:
        (self._redraw or self.show)()

    def lines(self, width: int) -> Sequence[TextLine]:
        """The detail, as wide as that; what its tab must fetch for it is asked for."""
        app, built, subject = self._screen.app, self._screen.built, self.subject
        if built is None:
            self._inquirer.leave()
            self._tabbed = False
            return []
        from tui.presenters.tabs.spec import SectionContext
        from tui.presenters.views.narrowing import wanted_vulnerability

        vulnerability = wanted_vulnerability(self._screen.chosen.query)
        order, scorecards = self._orders.get(self.tab.id, ""), self._scorecards
        context = SectionContext(
            app.snapshot, app.clock(), app.glyphs, width, order, vulnerability, scorecards.of, app.marked_before
        )
        detail = built.model.detail(subject, context)
        self._tabbed = detail is None
        if self._outline.cursor_key is None or detail is not None:
            self._inquirer.leave()
            return detail or []
        from tui.presenters.detail import detail_lines
        from tui.presenters.tabs.comparing import COMPARE, compared

        if self.tab is COMPARE and isinstance(self._outline, MarkingTree):
            subject = compared(subject, map(subject_of, self._outline.marked))
        inquiry = self.tab.inquiry(subject, app.snapshot) if self.tab.inquiry is not None else None
        return detail_lines(subject, self.tab, context, self._inquirer.fetch(self.tab.id, inquiry))

    def sort(self) -> None:
        """Another order of what the section lists."""
        orders = self.tab.orders
        if orders:
            now = self._orders.get(self.tab.id, orders[0])
            self._orders[self.tab.id] = orders[(orders.index(now) + 1) % len(orders)]
            self.show()

    def turn(self, by: int) -> None:
        """Another section."""
        self._tab = self._tabs[(self._tabs.index(self.tab) + by) % len(self._tabs)]
        self.show()

    def choose(self, tab: str) -> None:
        """A section by its id."""
        from tui.presenters.tabs.table import tab_of

        self._tab = tab_of(tab)
        self.show()

    def click(self, line: int, cell: int, width: int) -> bool:
        """The section whose name stands there; False where none does."""
        from tui.presenters.detail import tab_at

        clicked = tab_at(self.tab, cell, width) if line == 0 and self._tabbed else None
        if clicked is not None:
            self._tab = clicked
            self.show()
        return clicked is not None
