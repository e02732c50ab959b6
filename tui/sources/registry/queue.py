"""What is wanted of a registry, most urgent first; asking twice costs nothing."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Iterable, Iterator

import msgspec

from tui.domain.facts.demand import Demand, Priority
from tui.domain.facts.image import RepositoryName
from tui.errors import SourceError

__all__ = ["DemandQueue", "QueuedDemand"]

Key = tuple[RepositoryName, str]


class QueuedDemand:
    """A demand and how it went: `digest` once answered, `error` and when to try again once failed.

    `missed` counts the looks at it since then that came to nothing, `tried_at` is when it was tried last. `busy` tells that it
    is being read, `freed` that it is tried again because something else has succeeded.
    """

    __slots__ = ("busy", "demand", "digest", "error", "failures", "freed", "missed", "queued", "retry_at", "tried_at")

    def __init__(self, demand: Demand) -> None:
        self.demand = demand
        self.queued = False
        self.digest = ""
        self.error: SourceError | None = None
        self.failures = 0
        self.missed = 0
        self.retry_at = 0.0
        self.tried_at = 0.0
        self.busy = self.freed = False

    @property
    def key(self) -> Key:
        """Repository and reference."""
        return self.demand.name, self.demand.reference

    def widen(self, demand: Demand) -> bool:
        """Take over what a second demand asks beyond the first; True when that needs another look."""
        mine = self.demand
        more = (demand.referrers and not mine.referrers) or (demand.history and not mine.history)
        self.demand = msgspec.structs.replace(
            mine,
            priority=Priority(min(mine.priority, demand.priority)),
            referrers=mine.referrers or demand.referrers,
            history=mine.history or demand.history,
        )
        return more


class DemandQueue:
    """A priority queue of `QueuedDemand` for several workers."""

    def __init__(self) -> None:
        self._known: dict[Key, QueuedDemand] = {}
        self._heap: list[tuple[int, int, QueuedDemand]] = []
        self._order = 0
        self._busy = 0
        self._filled = asyncio.Event()
        self._quiet = asyncio.Event()
        self._quiet.set()

    def __iter__(self) -> Iterator[QueuedDemand]:
        return iter(list(self._known.values()))

    def restart(self) -> None:
        """A new run begins: what was answered to an earlier one is asked for again."""
        self._busy = 0
        for wanted in self._known.values():
            self.again(wanted)

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nobody works."""
        return self._quiet.is_set()

    @property
    def progress(self) -> tuple[int, int]:
        """Demands answered or failed, and demands in all."""
        return len(self._known) - self._busy - sum(1 for wanted in self._known.values() if wanted.queued), len(self._known)

    def repositories(self) -> frozenset[str]:
        """The repositories of all demands."""
        return frozenset(name.repository for name, _ in self._known)

    def add(self, demands: Iterable[Demand]) -> None:
        """Ask for more. Never blocks."""
        for demand in demands:
            key = (demand.name, demand.reference)
            known = self._known.get(key)
            if known is None:
                self._known[key] = wanted = QueuedDemand(demand)
                self.again(wanted)
            elif known.widen(demand) or known.queued:
                self.again(known, moved=True)

    def again(self, wanted: QueuedDemand, moved: bool = False) -> None:
        """Put it in the queue, or, with `moved`, where its new priority belongs."""
        if wanted.queued and not moved:
            return
        wanted.queued = True
        self._order += 1
        heapq.heappush(self._heap, (int(wanted.demand.priority), self._order, wanted))
        self._quiet.clear()
        self._filled.set()

    async def get(self) -> QueuedDemand:
        """The most urgent; `done` must be called for it."""
        while True:
            while self._heap:
                _, _, wanted = heapq.heappop(self._heap)
                if wanted.queued:
                    wanted.queued = False
                    self._busy += 1
                    return wanted
            self._settle()
            self._filled.clear()
            await self._filled.wait()

    def done(self) -> None:
        """One that `get` gave is answered or failed."""
        self._busy -= 1
        self._settle()

    def _settle(self) -> None:
        if self._busy == 0 and not any(wanted.queued for _, _, wanted in self._heap):
            self._quiet.set()

    async def quiet(self) -> None:
        """Wait until nothing is left to do."""
        await self._quiet.wait()
