"""Rows are made in a thread, one view at a time, and only the newest wish is served."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from textual.screen import Screen

from tui.domain.facts.health import SourceState
from tui.domain.plans.board import EMPTY_BOARD, Board
from tui.domain.snapshot.snapshot import Snapshot
from tui.errors import InvalidQuery
from tui.presenters.glyphs import Glyphs
from tui.presenters.running import NOTHING_RUNS, running_of
from tui.presenters.views.spec import Filter, ViewSpec
from tui.presenters.views.table import VIEWS
from tui.ui.courtesy import Courtesy, Superseded
from tui.ui.query_indexes import QueryIndexes
from tui.ui.screens.laying import LaidOut, MadeRows, lay_out
from tui.ui.work import begin_work
from widgets.rows import RowKey

if TYPE_CHECKING:
    from tui.presenters.views.building import BuiltRows

__all__ = ["RowBuilder", "RowsRequest"]


MOST_KEPT = 5
"""Views, each under a filter, whose rows are kept for who comes back: as many as there are views."""
QUIET = 0.25
"""Seconds without a wish before the rows of a view that is not shown are made."""
FORESEEN = timedelta(seconds=30)
"""How old the rows of views that are not shown may become before they are made anew."""
OUTDATED = timedelta(minutes=1)
"""Age at which rows of views that are not shown go: they keep all of the snapshot that they were made of, and where facts come
all the time it is never quiet enough to make them anew."""
SMALL = 2_000
"""So many images and workloads are laid out within a frame: their rows need no thread for it."""


class RowsRequest(NamedTuple):
    """What rows are wanted. Where they are other rows than those shown they are laid out too, with what was `open_rows` open
    there."""

    view: ViewSpec
    chosen: Filter
    snapshot: Snapshot
    now: datetime
    glyphs: Glyphs
    board: Board = EMPTY_BOARD
    arrives: bool = False
    others: bool = True
    open_rows: frozenset[RowKey] | None = None
    room: int = 0


class RowBuilder:
    """Serves wishes in a worker of a screen; `show` is called on the loop with what was built, or why it could not be.

    When nothing else is wished for, what stands beside the names of views is counted in the newest snapshot, as are the checks of
    what is `running`, and `counted` is called. `counts` are by the ids of views. Then the rows of other views are made: who goes
    there sees them at once, and the newest as soon as they are there.
    """

    def __init__(
        self,
        screen: Screen[None],
        indexes: QueryIndexes,
        courtesy: Courtesy,
        show: Callable[[RowsRequest, MadeRows | InvalidQuery], object],
        counted: Callable[[], object],
        left_in: Callable[[ViewSpec, Filter], frozenset[RowKey] | None],
    ) -> None:
        self._screen = screen
        self._indexes = indexes
        self._courtesy = courtesy
        self._show = show
        self._counted = counted
        self._left_in = left_in
        self._counted_in: Snapshot | None = None
        self.counts: Mapping[str, int] = {}
        self.running = NOTHING_RUNS
        self._wish: RowsRequest | None = None
        self._served: RowsRequest | None = None
        """What was shown at once: the views that are not are laid out beside it."""
        self._wished = asyncio.Event()
        self._busy = False
        self._kept: dict[tuple[str, Filter], tuple[RowsRequest, MadeRows]] = {}

    def ask(self, wish: RowsRequest) -> None:
        """Want these rows; a wish that was not begun is forgotten. Rows that were made before are there at once."""
        is_served = wish.arrives and self._is_served(wish)
        self._wish, self._served = (None, wish) if is_served else (wish, None)
        if is_served and _is_small(wish.snapshot):
            self._served = None
            return
        self._wished.set()
        if not self._busy:
            self._busy = True
            begin_work(self._screen, self._serve, name="rows", group="rows")

    def _is_served(self, wish: RowsRequest) -> bool:
        """Whether the newest rows were there; older ones are shown until these are made."""
        earlier = self._kept_for(wish)
        if earlier is None or not (_is_laid_out(earlier[1], wish) or _is_small(wish.snapshot)):
            return False
        request, rows = earlier
        self._show(request, rows)
        self._keep(request, _built(rows))
        return _is_same_estate(request, wish)

    def _kept_for(self, wish: RowsRequest) -> tuple[RowsRequest, MadeRows] | None:
        """The rows that were made before, perhaps of an older snapshot, of a filter that nobody types."""
        earlier = self._kept.get((wish.view.id, wish.chosen))
        return None if earlier is None or wish.chosen.words or earlier[0].glyphs is not wish.glyphs else earlier

    def _keep(self, wish: RowsRequest, rows: MadeRows) -> None:
        self._kept.pop((wish.view.id, wish.chosen), None)
        self._kept[wish.view.id, wish.chosen] = (wish, rows)
        while len(self._kept) > MOST_KEPT:
            del self._kept[next(iter(self._kept))]

    async def _serve(self) -> None:
        try:
            while self._wish is not None or self._served is not None:
                wish, served, self._wish, self._served = self._wish, self._served, None, None
                with suppress(Superseded):
                    if wish is not None:
                        await self._answer(wish)
                    elif served is not None:
                        await self._foresee(served)
        finally:
            self._busy = False

    async def _answer(self, wish: RowsRequest) -> None:
        """Serve a wish, unless the operator goes on meanwhile; then what only may be asked for, as long as nothing is."""
        await self._show_older(wish)
        rows = await self._courtesy.work(lambda: self._build(wish), lambda: _is_for_same_rows(self._wish, wish))
        self._show(wish, rows)
        if not isinstance(rows, InvalidQuery):
            self._keep(wish, _built(rows))
        await self._count(wish.snapshot)
        try:
            await self._foresee(wish)
        finally:
            self._leave_outdated(wish.snapshot)

    def _leave_outdated(self, newest: Snapshot) -> None:
        outdated = [key for key, (made_for, _) in self._kept.items() if newest.as_of - made_for.snapshot.as_of > OUTDATED]
        for key in outdated:
            del self._kept[key]

    async def _show_older(self, wish: RowsRequest) -> None:
        """Show who arrives at many rows those of an older snapshot: laying them out takes less time than making them anew."""
        earlier = self._kept_for(wish)
        if not wish.arrives or earlier is None or _is_same_estate(earlier[0], wish) or _is_small(wish.snapshot):
            return
        request, rows = earlier
        self._show(request, await asyncio.to_thread(lay_out, _built(rows), wish.open_rows, "", wish.room))

    async def _foresee(self, shown: RowsRequest) -> None:
        """Make the rows of the other views, unless they are loading or filtered; those made some seconds ago are laid out again.

        Rows that were shown went into the tree: who comes back would wait for a hundred thousand of them to be laid out.
        """
        if shown.chosen.words or any(health.state is SourceState.LOADING for health in shown.snapshot.sources):
            return
        for view in VIEWS:
            earlier = self._kept.get((view.id, shown.chosen))
            if earlier is not None and shown.snapshot.as_of - earlier[0].snapshot.as_of < FORESEEN:
                if view is not shown.view and not await self._lay_out_as_left(view, *earlier):
                    return
                continue
            if not await self._is_quiet():
                return
            open_rows = self._left_in(view, shown.chosen)
            wish = shown._replace(view=view, arrives=False, others=True, open_rows=open_rows)
            rows = await self._courtesy.work(lambda wish=wish: self._build(wish), lambda: self._wish is None)  # type: ignore[misc]
            if not isinstance(rows, InvalidQuery):
                self._keep(wish, rows)

    async def _lay_out_as_left(self, view: ViewSpec, request: RowsRequest, rows: MadeRows) -> bool:
        """Lay out the rows of a view that was left, as they were left; False when somebody is there."""
        is_as_left = isinstance(rows, LaidOut) and rows.open_rows == self._left_in(view, request.chosen)
        if is_as_left or _is_small(request.snapshot):
            return True
        if not await self._is_quiet():
            return False
        left = self._left_in(view, request.chosen)
        again = await self._courtesy.work(lambda: lay_out(_built(rows), left, "", request.room), lambda: self._wish is None)
        self._keep(request, again)
        return True

    async def _count(self, snapshot: Snapshot) -> None:
        if self._wish is None and self._counted_in is not snapshot:
            self.counts, self.running = await self._courtesy.work(lambda: (self._count_in(snapshot), running_of(snapshot)))
            self._counted_in = snapshot
            self._counted()

    async def _is_quiet(self) -> bool:
        """Whether nothing is wished for, and was not for a moment."""
        self._wished.clear()
        try:
            await asyncio.wait_for(self._wished.wait(), QUIET)
        except TimeoutError:
            return True
        return False

    def _build(self, wish: RowsRequest) -> MadeRows | InvalidQuery:
        """In a thread, one at a time: the index is made once for all keys typed over one snapshot."""
        earlier = self._kept.get((wish.view.id, wish.chosen))
        try:
            built = _built(earlier[1]) if earlier is not None and _is_same_estate(earlier[0], wish) else self._build_anew(wish)
        except InvalidQuery as error:
            return error
        return lay_out(built, wish.open_rows, wish.chosen.words, wish.room) if wish.others else built

    def _build_anew(self, wish: RowsRequest) -> BuiltRows:
        from tui.domain.workloads.counting import (
            workloads_naming,  # these are imported here, in the thread: no frame waits for them
        )
        from tui.presenters.views.building import build_view

        workloads_naming(wish.snapshot)  # found here for the detail of every row, and not on the loop
        index = self._indexes.of(wish.snapshot) if wish.chosen.words else None
        return build_view(wish.view, wish.snapshot, wish.chosen, wish.now, wish.glyphs, index, wish.board)

    @cached_property
    def _counters(self) -> Mapping[str, Callable[[Snapshot], int]]:
        return {view.id: view.counter() for view in VIEWS if view.counter is not None}

    def _count_in(self, snapshot: Snapshot) -> Mapping[str, int]:
        return {view: counted(snapshot) for view, counted in self._counters.items()}


def _built(rows: MadeRows) -> BuiltRows:
    return rows.built if isinstance(rows, LaidOut) else rows


def _is_laid_out(rows: MadeRows, wish: RowsRequest) -> bool:
    """Whether nothing is left to do on the loop but to show them."""
    return isinstance(rows, LaidOut) and rows.open_rows == wish.open_rows


def _is_small(snapshot: Snapshot) -> bool:
    """Whether all rows of any view are laid out within a frame."""
    return len(snapshot.images) + len(snapshot.workloads) <= SMALL


def _is_for_same_rows(newest: RowsRequest | None, begun: RowsRequest) -> bool:
    """Whether what was begun is still to be shown: another snapshot waits, another filter does not."""
    return newest is None or (newest.view, newest.chosen) == (begun.view, begun.chosen)


def _is_same_estate(request: RowsRequest, wish: RowsRequest) -> bool:
    return (request.snapshot, request.board, request.glyphs) == (wish.snapshot, wish.board, wish.glyphs)
