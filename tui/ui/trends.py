"""What the estate was like when it was looked at before: read once it has been read, and kept anew now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from tui.domain.answers.trend import Mark, circumstances, mark_of
from tui.domain.snapshot.snapshot import Snapshot
from tui.settings.marks import MarkFile

__all__ = ["Trends"]

BETWEEN = timedelta(minutes=15)
"""How often a mark is kept while the program runs: the last one is what the next run compares with."""


class Trends:
    """Looks at snapshots off the loop; `before` is the mark of an earlier run in the circumstances of the snapshot seen last."""

    def __init__(self, file: MarkFile, clock: Callable[[], datetime]) -> None:
        self._file = file
        self._clock = clock
        self._earlier: dict[str, Mark | None] = {}
        self._kept: dict[str, datetime] = {}
        self._busy = False

    def before(self, snapshot: Snapshot) -> Mark | None:
        """What to compare a snapshot with; None where nothing alike is known."""
        now = circumstances(snapshot) if self._earlier else None
        return self._earlier.get(now) if now is not None else None

    async def look(self, snapshot: Snapshot) -> None:
        """Read what was kept before, and keep how it is now, if it is time to."""
        now = circumstances(snapshot)
        if now is None or self._busy or (now in self._kept and self._clock() - self._kept[now] < BETWEEN):
            return
        self._busy = True
        try:
            if now not in self._earlier:
                earlier = await asyncio.to_thread(self._file.read, now)
                # A clock that was wrong may have written what has not been yet.
                self._earlier[now] = earlier if earlier is not None and earlier.at <= self._clock() else None
            self._kept[now] = self._clock()
            await asyncio.to_thread(self._keep, now, snapshot, self._kept[now])
        finally:
            self._busy = False

    def _keep(self, now: str, snapshot: Snapshot, moment: datetime) -> None:
        self._file.keep(now, mark_of(snapshot, moment))
