"""A screen whose rows a filter narrows while it is typed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from tui.errors import TrustreeError
from tui.presenters.views.spec import Filter
from tui.ui.host import Host
from tui.ui.screens.filtering import Filtering
from tui.ui.screens.lean_frames import LeanScreen
from tui.ui.work import begin_work

if TYPE_CHECKING:
    from tui.presenters.views.building import BuiltRows
    from widgets.prompt import FilterBar

__all__ = ["FilterableScreen"]


class FilterableScreen(LeanScreen[None]):
    """`chosen` is the filter, `built` the rows that it lets through."""

    DEFAULT_CSS = """
    FilterableScreen { layers: default above; }
    """

    if TYPE_CHECKING:
        app: Host

    def __init__(self, query: str = "") -> None:
        super().__init__()
        self.chosen = Filter(query)
        self.built: BuiltRows | None = None
        self.filtering = Filtering(self)

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
        """Narrow as it is typed, once the letter is on the screen."""
        self.filtering.typed = event.text
        self.call_after_refresh(self._follow, event.text)

    def _follow(self, text: str) -> None:
        """Narrow to what stands there still; what does not parse yet leaves the rows as they are."""
        if self.filtering.typed != text:
            return
        query = self.filtering.read_live(text)
        if query is not None:
            self.narrow_while_typing(self.chosen._replace(query=query))
            self.show_count()

    def on_filter_bar_asked(self, event: FilterBar.Asked) -> None:
        """Offer what could come next, once the letter is on the screen."""
        self.call_after_refresh(self.filtering.complete, event.text, event.cursor)

    async def on_filter_bar_submitted(self, event: FilterBar.Submitted) -> None:
        """Keep the filter, unless it is wrong."""
        self.filtering.typed = None
        query = self.filtering.read(event.text)
        if query is None:
            self.filtering.tell()
            return
        self.narrow_while_typing(self.chosen._replace(query=query))
        await self._end_filter()

    async def on_filter_bar_cancelled(self) -> None:
        """No filter."""
        self.filtering.typed = None
        self.stop_typing(self.chosen._replace(query=""))
        await self._end_filter()

    async def _end_filter(self) -> None:
        self.focus_rows()
        await self.filtering.close(self.chosen.query)
        self.typing_ended()

    def typing_ended(self) -> None:
        """The bar is gone: what made room for it has that room again."""

    def show_count(self) -> None:
        """Say in the bar how much is let through."""
        raise NotImplementedError

    def action_save_query(self, name: str) -> None:
        """Save the filter there is by a name."""
        self._keep(lambda: self.app.queries.save(name, self.chosen.query), f"Saved as @{name}.")

    def action_forget_query(self, name: str) -> None:
        """Drop a saved query."""
        self._keep(lambda: self.app.queries.forget(name), f"@{name} is dropped.")

    def _keep(self, change: Callable[[], None], confirmation: str) -> None:
        begin_work(self, partial(self._kept, change, confirmation), name="query", group="query")

    async def _kept(self, change: Callable[[], None], confirmation: str) -> None:
        try:
            await asyncio.to_thread(change)
        except TrustreeError as error:
            self.notify(f"{error.headline} {error.remedy}", severity="error", markup=False)
        else:
            self.notify(confirmation, markup=False)
