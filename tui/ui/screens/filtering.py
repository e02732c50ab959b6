"""The filter while it is typed: the bar at the bottom, and what it says of the rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from textual.screen import Screen

from tui.errors import InvalidQuery
from tui.presenters.views.building import Built
from tui.presenters.words import count
from tui.ui.host import Host
from widgets.rows import Span

if TYPE_CHECKING:
    from widgets.prompt import FilterBar

__all__ = ["Filtering"]

MAX_ASKED = 50
"""Images whose signatures are looked for when a filter finds them."""


class Filtering:
    """A filter bar of a screen, there only while it is used; `wrong` is why the text does not parse."""

    def __init__(self, screen: Screen[None]) -> None:
        self._screen = screen
        self._bar: FilterBar | None = None
        self.wrong: InvalidQuery | None = None

    async def open(self, text: str, offers: Callable[[str], Sequence[str]]) -> None:
        """Let the operator type; when this is done, the next key goes into the bar."""
        from widgets.prompt import FilterBar  # not before somebody filters: it costs at the start

        if self._bar is None:
            self._bar = FilterBar(text, offers, id="filter")
            await self._screen.mount(self._bar)

    async def close(self, text: str) -> None:
        """Take the bar away; what the filter that is kept finds is asked about."""
        if text and self.wrong is None:
            self._ask(text)
        self.wrong = None
        if self._bar is not None:
            bar, self._bar = self._bar, None
            await bar.remove()

    def _ask(self, text: str) -> None:
        """Have the signatures looked for of what a filter finds and nothing runs."""
        from tui.domain.assemble.wanted_signatures import unlooked
        from tui.domain.query.query import parse_query

        app = cast(Host, self._screen.app)
        try:
            query = parse_query(text)
        except InvalidQuery:
            return  # typed faster than it is judged
        images = query.images(app.snapshot, app.clock()).images
        if app.estate is not None:
            wishes = unlooked(app.snapshot, images, query.terms).values()
            app.estate.want(tuple(demand for demands in wishes for demand in demands)[:MAX_ASKED])

    def show_count(self, built: Built | None, total: int) -> None:
        """How many images are let through, beside where it is typed."""
        self.wrong = None
        if self._bar is not None and self._bar.is_mounted and built is not None:
            words = f"{count(total)} images" if built.matched is None else f"{count(built.matched)} of {count(total)}"
            undecided = Span(f"  {count(built.undecided)} cannot tell" if built.undecided else "", "unknown")
            self._bar.say((Span(words, "dim"), undecided))

    def show_wrong(self, error: InvalidQuery) -> None:
        """Where the text does not parse, and why."""
        self.wrong = error
        if self._bar is not None and self._bar.is_mounted:
            self._bar.say((Span(f"at {error.position + 1}: ", "fail bold"), Span(error.headline, "fail")))
        else:
            words = f"The filter is wrong at {error.position + 1}: {error.headline}"
            self._screen.notify(words, severity="error", markup=False)
