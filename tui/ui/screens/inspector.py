"""The detail of the row under the cursor: beside the tree, or as a screen of its own."""

from __future__ import annotations

from collections.abc import Sequence

from textual.timer import Timer

from tui.presenters.keys import RowSubject, subject_of
from tui.presenters.tabs.lineage import detail_lines
from tui.presenters.tabs.overview import Tab
from tui.presenters.tabs.spec import Order, SectionContext
from tui.presenters.views.narrowing import wanted_vulnerability
from tui.ui.host import Explorer
from widgets.page import TextPage
from widgets.rows import RowKey, TextLine
from widgets.tree import VirtualTree

__all__ = ["Inspector"]

SETTLE = 0.04
"""Seconds that the cursor rests before the detail follows: a held key moves the tree and nothing else."""


class Inspector:
    """Shows one section of what is known about the row under the cursor of a screen's tree."""

    def __init__(self, screen: Explorer) -> None:
        self._screen = screen
        self._timer: Timer | None = None
        self._shown: tuple[RowKey | None, Tab] | None = None
        self.tab = Tab.OVERVIEW
        self.order = Order.SEVERITY

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
            return
        shown = (self._outline.cursor_key, self.tab)
        self._page.show(self.lines(self._page.size.width), from_top=shown != self._shown)
        self._shown = shown

    def lines(self, width: int) -> Sequence[TextLine]:
        """The detail, as wide as that."""
        if self._outline.cursor_key is None:
            return []
        app, built = self._screen.app, self._screen.built
        wanted = wanted_vulnerability(self._screen.chosen.query)
        context = SectionContext(app.snapshot, app.clock(), app.glyphs, width, self.order, wanted)
        whole = built.model.detail(self.subject, context) if built is not None else None
        return detail_lines(self.subject, self.tab, context) if whole is None else whole

    def sort(self) -> None:
        """Another order of the vulnerabilities."""
        orders = list(Order)
        self.order = orders[(orders.index(self.order) + 1) % len(orders)]
        self.show()

    def turn(self, by: int) -> None:
        """Another section."""
        tabs = list(Tab)
        self.tab = tabs[(tabs.index(self.tab) + by) % len(tabs)]
        self.show()
