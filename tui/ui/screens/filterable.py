"""A screen whose rows a filter narrows while it is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.screen import Screen

from tui.presenters.views.building import Built
from tui.presenters.views.spec import Filter
from tui.ui.host import Host
from tui.ui.screens.filtering import Filtering
from tui.ui.screens.query_indexes import QueryIndexes

if TYPE_CHECKING:
    from widgets.prompt import FilterBar

__all__ = ["FilterableScreen"]


class FilterableScreen(Screen[None]):
    """`chosen` is the filter, `built` the rows that it lets through."""

    DEFAULT_CSS = """
    FilterableScreen { layers: default above; }
    """

    if TYPE_CHECKING:
        app: Host

    def __init__(self, query: str = "") -> None:
        super().__init__()
        self.chosen = Filter(query)
        self.built: Built | None = None
        self.indexes = QueryIndexes()
        self.filtering = Filtering(self, self.indexes)

    def ask_for_rows(self) -> None:
        """Have the rows of the filter made."""
        raise NotImplementedError

    def focus_rows(self) -> None:
        """Give the keys to the rows."""
        raise NotImplementedError

    def narrow(self, chosen: Filter) -> None:
        """Let something else through."""
        raise NotImplementedError

    def narrow_while_typing(self, chosen: Filter) -> None:
        """Let something else through, which may not be the last word."""
        raise NotImplementedError

    def stop_typing(self, chosen: Filter) -> None:
        """Let this through, as if nothing had been typed."""
        raise NotImplementedError

    async def action_filter(self) -> None:
        """Type a filter; the rows follow with every key."""
        await self.filtering.open(self.chosen.query)
        self.show_count()

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        """Narrow as it is typed; what does not parse yet leaves the rows as they are."""
        query = self.filtering.read(event.text)
        if query is not None:
            self.narrow_while_typing(self.chosen._replace(query=query))
            self.show_count()

    def on_filter_bar_asked(self, event: FilterBar.Asked) -> None:
        """Offer what could come next."""
        self.filtering.complete(event.text, event.cursor)

    async def on_filter_bar_submitted(self, event: FilterBar.Submitted) -> None:
        """Keep the filter, unless it is wrong."""
        query = self.filtering.read(event.text)
        if query is None:
            self.filtering.tell()
            return
        self.narrow_while_typing(self.chosen._replace(query=query))
        await self._end_filter()

    async def on_filter_bar_cancelled(self) -> None:
        """No filter."""
        self.stop_typing(self.chosen._replace(query=""))
        await self._end_filter()

    async def _end_filter(self) -> None:
        self.focus_rows()
        await self.filtering.close(self.chosen.query)

    def show_count(self) -> None:
        """Say in the bar how much is let through."""
        self.filtering.show_count(self.built, len(self.app.snapshot.images))
