"""The filter while it is typed: the bar at the bottom, what it could become, and what it says of the rows."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.screen import Screen
from textual.timer import Timer

from tui.errors import InvalidQuery
from tui.presenters.glyphs import ASCII
from tui.presenters.header import NOT_HERE
from tui.presenters.words import count, plural
from tui.ui.host import Host
from tui.ui.work import begin_work
from widgets.rows import Cell, Span
from widgets.text import ELLIPSIS

if TYPE_CHECKING:
    from tui.domain.facts.demand import Demand
    from tui.domain.snapshot.snapshot import Snapshot
    from tui.presenters.views.building import BuiltRows
    from tui.ui.screens.completing import Completer
    from widgets.choices import Choice
    from widgets.prompt import FilterBar

__all__ = ["Filtering"]

MAX_ASKED = 50
"""Images whose signatures are looked for when a filter finds them."""
NEEDED = (
    *("textual.widgets", "widgets.prompt", "tui.ui.screens.completing", "tui.presenters.completing", "tui.domain.query.complete"),
    *("tui.domain.query.typed", "tui.domain.query.query", "tui.domain.query.elsewhere", "tui.presenters.elsewhere"),
    *("tui.domain.answers.context", "tui.domain.answers.table", "tui.presenters.answers.lines"),
)
"""Modules that are not imported before the first frame, in the order in which a filter needs them."""
WAITS = "one more character, or Enter"
PAUSE = 1.0
"""Seconds without a key after which a term that is wrong so far is taken for a wrong one."""


class Filtering:
    """A filter bar of a screen, there only while it is used; `wrong` is why the text does not parse."""

    def __init__(self, screen: Screen[None]) -> None:
        self._screen = screen
        self._bar: FilterBar | None = None
        self._completer: Completer | None = None
        self._pause: Timer | None = None
        self.wrong: InvalidQuery | None = None
        self._is_prepared = False
        self.typed: str | None = None
        """What was typed last, None once it was kept or dropped."""
        self._opened = ""
        """The text that there was to begin with: the rows are those that it lets through."""
        self._waits = False
        """Whether the rows wait for the second character of a word."""
        self._is_completed = False
        """Whether what is typed is the beginning of anything that the list offers."""

    @property
    def is_open(self) -> bool:
        """Whether something is being typed."""
        return self._bar is not None

    async def prepare(self) -> None:
        """Import, in a thread and once there is nothing else to do, what the first filter would wait for."""
        if not self._is_prepared:
            self._is_prepared = True
            for module in NEEDED:
                await self._app.courtesy.work(partial(importlib.import_module, module))

    async def open(self, text: str) -> None:
        """Let the operator type; when this is done, the next key goes into the bar."""
        from tui.ui.screens.completing import Completer  # not before somebody filters: it costs at the start
        from widgets.prompt import FilterBar

        if self._bar is None:
            self._opened, self._waits = text, False
            await asyncio.to_thread(lambda: self._app.queries.load())
            self._completer = Completer(self._screen, self._app.indexes, self._app.courtesy, self._offer)
            self._bar = FilterBar(text, history=self._app.queries.history, id="filter")
            await self._screen.mount(self._bar)
            self._bar.list.ascii = self._app.glyphs is ASCII

    async def close(self, text: str) -> None:
        """Take the bar away; what the filter that is kept finds is asked about."""
        if text and self.wrong is None:
            self.keep(text)
        self._forget_fault()
        self._waits = False
        if self._bar is not None:
            bar, self._bar = self._bar, None
            await bar.remove()

    def keep(self, text: str) -> None:
        """What a filter that is kept finds is asked about; it is remembered."""
        begin_work(self._screen, partial(self._remember, text), name="query", group="query")

    async def _remember(self, text: str) -> None:
        app = self._app
        demands = await app.courtesy.work(partial(self._demands, text, app.snapshot, app.clock()))
        if app.estate is not None:
            app.estate.want(demands)
        await asyncio.to_thread(app.queries.remember, text)

    @property
    def _app(self) -> Host:
        return cast(Host, self._screen.app)

    def complete(self, text: str, cursor: int) -> None:
        """Look for what the text could become."""
        from tui.ui.screens.completing import CompletionRequest

        app = self._app
        if self._completer is not None:
            self._completer.ask(CompletionRequest(text, cursor, app.snapshot, app.clock(), app.queries.saved))

    def _offer(self, text: str, choices: Sequence[Choice], quiet: bool) -> None:
        from widgets.prompt import FilterBar

        if self._bar is not None and self._bar.is_mounted:
            begun = text[: self._cursor(text)].lower()
            self._is_completed = any(choice.text.lower().startswith(begun) for choice in choices)
            self._bar.post_message(FilterBar.Offered(text, choices, quiet))

    def read(self, text: str) -> str | None:
        """The query that is typed, None while it does not parse.

        A term that is still being typed is not called wrong before there is a pause.
        """
        from tui.domain.query.saved import parse_expanded

        self._forget_fault()
        try:
            return parse_expanded(text, self._app.queries.saved).strip()
        except InvalidQuery as error:
            self.wrong = error
            if self._is_begun(text, error):
                self._pause = self._screen.set_timer(PAUSE, self._tell_after_pause)
                self._say(())
            else:
                self.tell()
            return None

    def read_live(self, text: str) -> str | None:
        """The query that the rows follow while it is typed: a word from its second character on, one that was kept as it is."""
        from tui.domain.query.saved import parse_expanded
        from tui.domain.query.typed import live_query

        query = self.read(text)
        live = live_query(text, self._cursor(text)) if query is not None and text != self._opened else text
        self._waits = live != text
        return parse_expanded(live, self._app.queries.saved).strip() if self._waits else query

    def _cursor(self, text: str) -> int:
        return self._bar.input.cursor_position if self._bar is not None else len(text)

    def _is_begun(self, text: str, error: InvalidQuery) -> bool:
        """Whether what is wrong is the term that the cursor is at the end of."""
        from tui.domain.query.complete import term_at

        cursor = self._cursor(text)
        start = term_at(text, cursor)
        return start < cursor and start <= error.position <= cursor and not text[cursor : cursor + 1].strip()

    def _forget_fault(self) -> None:
        self.wrong = None
        if self._pause is not None:
            self._pause.stop()
            self._pause = None

    def _tell_after_pause(self) -> None:
        """What the list still offers to complete is begun, and not wrong; what it offers instead stays in it."""
        if self._bar is None or not self._bar.list.shows_choices:
            self.tell()
        elif not self._is_completed:
            self._say((Span("not a query", "fail"),))

    def _say(self, cell: Cell) -> None:
        if self._bar is not None and self._bar.is_mounted:
            self._bar.say(cell)

    def tell(self) -> None:
        """Say what is wrong, and where."""
        error = self.wrong
        if error is None:
            return
        if self._bar is not None and self._bar.is_mounted:
            self._bar.say((Span(f"at {error.position + 1}: ", "fail bold"), Span("not a query", "fail")))
            self._bar.show_fault(error.position, error.headline, error.remedy)
        else:
            words = f"The filter is wrong at {error.position + 1}: {error.headline}"
            self._screen.notify(words, severity="error", markup=False)

    def _demands(self, text: str, snapshot: Snapshot, now: datetime) -> tuple[Demand, ...]:
        """In a thread: the signatures to be looked for of what a filter finds and nothing runs."""
        from tui.domain.assemble.wanted_signatures import unlooked
        from tui.domain.query.query import parse_query

        try:
            query = parse_query(text)
        except InvalidQuery:
            return ()  # typed faster than it is judged
        images = query.images(self._app.indexes.of(snapshot), now).images
        wishes = unlooked(snapshot, images, query.terms).values()
        return tuple(demand for demands in wishes for demand in demands)[:MAX_ASKED]

    def show_count(self, built: BuiltRows | None, total: int, *, counting: bool = False) -> None:
        """How many images are let through, beside where it is typed; or what lets the rows follow.

        While that is still counted, `built` has what the filter before let through.
        """
        if self._waits and self.wrong is None:
            self._say((Span(WAITS, "dim"),))
        elif counting and built is not None and self.wrong is None:
            self._say((Span(f"{ELLIPSIS} of {count(total)}" if built.narrows else NOT_HERE, "dim"),))
        elif built is not None and self.wrong is None:
            words = plural(total, "image") if built.matched is None else f"{count(built.matched)} of {count(total)}"
            words = words if built.narrows else NOT_HERE
            undecided = Span(f"  {count(built.undecided)} cannot tell" if built.undecided else "", "unknown")
            self._say((Span(words, "dim"), undecided))

    def show_wrong(self, error: InvalidQuery) -> None:
        """What the rows cannot be made from."""
        self.wrong = error
        self.tell()
