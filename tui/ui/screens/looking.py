"""What an open question needs that nobody has read: the signatures of what nothing uses, looked for once the question rests."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from textual.timer import Timer

from tui.domain.common.source_id import ESTATE_KINDS
from tui.domain.facts.health import SourceState
from tui.domain.snapshot.snapshot import Snapshot
from tui.presenters.words import plural
from tui.ui.host import Explorer
from tui.ui.work import begin_work

if TYPE_CHECKING:
    from tui.domain.assemble.wanted_signatures import SignatureWishes
    from tui.domain.facts.demand import Demand

__all__ = ["Looking"]

REST = 0.7
"""Seconds for which a question stands as it is before anything is read for it: whoever types asks for nothing yet."""
LONGEST = timedelta(seconds=30)
"""After which what nobody has answered is not called awaited any more."""


class Looking:
    """Asks the registries, as a command does that is asked the same, for so many images at most."""

    def __init__(self, explorer: Explorer) -> None:
        self._explorer = explorer
        self._query = ""
        self._demanded: set[Demand] = set()
        self._asked_of: Snapshot | None = None
        self._timer: Timer | None = None
        self._demanded_at: datetime | None = None
        self._awaited = self._missed = 0

    @property
    def _words(self) -> str:
        """What is being looked for, or that not all of it is; empty where nothing is."""
        if self._awaited and self._demanded_at is not None and self._explorer.app.clock() - self._demanded_at < LONGEST:
            return f"looking for the signatures of {plural(self._awaited, 'image')}"
        return f"signatures of {plural(self._missed, 'more image')} not looked for" if self._missed else ""

    def follow(self) -> str:
        """Perhaps other rows are shown: of another question, or of a newer snapshot. What is being looked for, in words."""
        query = self._explorer.chosen.query
        if query != self._query:
            self._query, self._demanded, self._asked_of = query, set(), None
            self._awaited = self._missed = 0
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if query.strip() and self._explorer.app.snapshot is not self._asked_of:
            self._timer = self._explorer.set_timer(REST, self._begin)
        return self._words

    def _begin(self) -> None:
        if not _is_loading(self._explorer.app.snapshot):
            begin_work(self._explorer, self._look, name="looking", group="looking", exclusive=True)

    async def _look(self) -> None:
        query, snapshot = self._query, self._explorer.app.snapshot
        wishes = await asyncio.to_thread(self._wishes, snapshot)
        estate = self._explorer.app.estate
        if query != self._query or wishes is None or estate is None:
            return
        self._asked_of, self._awaited, self._missed = snapshot, wishes.awaited, wishes.missed
        if wishes.demands:
            self._demanded_at = self._explorer.app.clock()
            self._demanded.update(wishes.demands)
            estate.want(wishes.demands)
        self._explorer.show_answer()

    def _wishes(self, snapshot: Snapshot) -> SignatureWishes | None:
        from tui.domain.assemble.wanted_signatures import signatures_wanted, unlooked_reach
        from tui.domain.query.query import parse_query
        from tui.errors import InvalidQuery

        try:
            query = parse_query(self._query)
        except InvalidQuery:
            return None
        images = query.images(self._explorer.app.indexes.of(snapshot), snapshot.as_of).images
        return signatures_wanted(
            snapshot, images, query.terms, unlooked_reach(snapshot, images, query.terms), frozenset(self._demanded)
        )


def _is_loading(snapshot: Snapshot) -> bool:
    """Whether what comes first is still being read."""
    return any(health.state is SourceState.LOADING and health.kind in ESTATE_KINDS for health in snapshot.sources)
