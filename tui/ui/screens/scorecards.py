"""Scorecards are counted in a thread, one at a time; what was counted before is shown until the next is there."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from weakref import ref

from tui.domain.snapshot.snapshot import Snapshot
from tui.ui.host import Explorer
from tui.ui.work import begin_work

if TYPE_CHECKING:
    from tui.domain.answers.scorecard import Scope, Scorecard

__all__ = ["Scorecards"]

MOST = 64
"""Scorecards that are kept; what was not looked at for longest goes."""
REST = timedelta(seconds=1)
"""Before a scope is counted again: what changes many times a second is not counted so often."""


class _Counted(NamedTuple):
    snapshot: ref[Snapshot]
    """Only to tell whether there is a newer one: sixty-four estates of the past are not kept for sixty-four numbers."""
    at: datetime
    card: Scorecard


class Scorecards:
    """Counts for the detail of one screen; `counted` is called when there is something else to draw."""

    def __init__(self, screen: Explorer, counted: Callable[[], None]) -> None:
        self._screen = screen
        self._counted = counted
        self._cards: OrderedDict[Scope, _Counted] = OrderedDict()
        self._wish: Scope | None = None
        self._busy = self._resting = False

    def of(self, scope: Scope) -> Scorecard | None:
        """What is known of a scope; what is not of the newest snapshot is counted, and drawn when it is there."""
        app, entry = self._screen.app, self._cards.get(scope)
        if entry is None or entry.snapshot() is not app.snapshot:
            delay = entry.at + REST - app.clock() if entry is not None else timedelta()
            if delay > timedelta():
                self._draw_after(delay)
            else:
                self._ask(scope)
        if entry is None:
            return None
        self._cards.move_to_end(scope)
        return entry.card

    def _draw_after(self, delay: timedelta) -> None:
        if not self._resting:
            self._resting = True
            self._screen.set_timer(delay.total_seconds(), self._rested)

    def _rested(self) -> None:
        self._resting = False
        self._counted()

    def _ask(self, scope: Scope) -> None:
        self._wish = scope
        if not self._busy:
            self._busy = True
            begin_work(self._screen, self._serve, name="scorecard", group="scorecard")

    async def _serve(self) -> None:
        from tui.domain.answers.scorecard import scorecard  # not before one is shown

        try:
            while self._wish is not None:
                scope, self._wish = self._wish, None
                snapshot = self._screen.app.snapshot
                card = await asyncio.to_thread(scorecard, snapshot, scope)
                self._keep(scope, _Counted(ref(snapshot), self._screen.app.clock(), card))
        finally:
            self._busy = False
        self._counted()

    def _keep(self, scope: Scope, counted: _Counted) -> None:
        self._cards[scope] = counted
        self._cards.move_to_end(scope)
        while len(self._cards) > MOST:
            self._cards.popitem(last=False)
