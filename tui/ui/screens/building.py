"""Rows are made in a thread, one view at a time, and only the newest wish is served."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from textual.screen import Screen

from tui.domain.plans.board import EMPTY_BOARD, Board
from tui.domain.snapshot.snapshot import Snapshot
from tui.errors import InvalidQuery
from tui.presenters.glyphs import Glyphs
from tui.presenters.running import NOTHING_RUNS, running_of
from tui.presenters.views.building import Built, build_view
from tui.presenters.views.spec import Filter, ViewSpec
from tui.presenters.views.table import VIEWS
from tui.ui.query_indexes import QueryIndexes

__all__ = ["RowBuilder", "RowsRequest"]


class RowsRequest(NamedTuple):
    """What rows are wanted."""

    view: ViewSpec
    chosen: Filter
    snapshot: Snapshot
    now: datetime
    glyphs: Glyphs
    board: Board = EMPTY_BOARD


class RowBuilder:
    """Serves wishes in a worker of a screen; `done` is called on the loop with what was built, or why it could not be.

    When nothing else is wished for, what stands beside the names of views is counted in the newest snapshot, as are the checks of
    what is `running`, and `counted` is called. `counts` are by the ids of views.
    """

    def __init__(
        self,
        screen: Screen[None],
        indexes: QueryIndexes,
        done: Callable[[RowsRequest, Built | InvalidQuery], object],
        counted: Callable[[], object],
    ) -> None:
        self._screen = screen
        self._indexes = indexes
        self._done = done
        self._counted = counted
        self._counted_in: Snapshot | None = None
        self._counters = {view.id: view.counter() for view in VIEWS if view.counter is not None}
        self.counts: Mapping[str, int] = {}
        self.running = NOTHING_RUNS
        self._wish: RowsRequest | None = None
        self._busy = False

    def ask(self, wish: RowsRequest) -> None:
        """Want these rows; a wish that was not begun is forgotten."""
        self._wish = wish
        if not self._busy:
            self._busy = True
            self._screen.run_worker(self._serve(), name="rows", group="rows", exit_on_error=False)

    async def _serve(self) -> None:
        try:
            while self._wish is not None:
                wish, self._wish = self._wish, None
                self._done(wish, await asyncio.to_thread(self._build, wish))
                await self._count(wish.snapshot)
        finally:
            self._busy = False

    async def _count(self, snapshot: Snapshot) -> None:
        if self._wish is None and self._counted_in is not snapshot:
            self._counted_in = snapshot
            self.counts, self.running = await asyncio.to_thread(lambda: (self._count_in(snapshot), running_of(snapshot)))
            self._counted()

    def _build(self, wish: RowsRequest) -> Built | InvalidQuery:
        """In a thread, one at a time: the index is made once for all keys typed over one snapshot."""
        index = self._indexes.of(wish.snapshot) if wish.chosen.words else None
        try:
            return build_view(wish.view, wish.snapshot, wish.chosen, wish.now, wish.glyphs, index, wish.board)
        except InvalidQuery as error:
            return error

    def _count_in(self, snapshot: Snapshot) -> Mapping[str, int]:
        return {view: counted(snapshot) for view, counted in self._counters.items()}
