"""What is wanted of a registry, most urgent first; asking twice costs nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator

import msgspec

from tui.domain.facts.demand import Demand, Priority
from tui.domain.facts.image import RepositoryName
from tui.errors import NotFound, SourceError
from tui.sources.kit.workqueue import WorkQueue

__all__ = ["DemandQueue", "QueuedDemand"]

Key = tuple[RepositoryName, str]


class QueuedDemand:
    """A demand and how it went: `digest` once answered, `error` and when to try again once failed.

    `missed` counts the looks at it since then that came to nothing, `tried_at` is when it was tried last, `freed`
    tells that it is tried again because something else has succeeded, `anew` that what is attached is to be searched again.
    """

    __slots__ = ("anew", "demand", "digest", "error", "failures", "freed", "missed", "retry_at", "tried_at")

    def __init__(self, demand: Demand) -> None:
        self.demand = demand
        self.digest = ""
        self.error: SourceError | None = None
        self.failures = 0
        self.missed = 0
        self.retry_at = 0.0
        self.tried_at = 0.0
        self.freed = self.anew = False

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
    """The `QueuedDemand`s of one registry, for several workers."""

    def __init__(self) -> None:
        self._known: dict[Key, QueuedDemand] = {}
        self._queue: WorkQueue[Key] = WorkQueue()

    def __iter__(self) -> Iterator[QueuedDemand]:
        return iter(list(self._known.values()))

    def restart(self) -> None:
        """A new run begins: what was answered to an earlier one is asked for again."""
        self._queue.resume()
        for entry in self._known.values():
            self.again(entry)

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nobody works."""
        return self._queue.idle

    @property
    def progress(self) -> tuple[int, int]:
        """Demands answered or failed, and demands in all."""
        return len(self._known) - self._queue.left, len(self._known)

    def repositories(self) -> frozenset[str]:
        """The repositories of all demands."""
        return frozenset(name.repository for name, _ in self._known)

    def add(self, demands: Iterable[Demand]) -> None:
        """Ask for more. Never blocks."""
        for demand in demands:
            key = (demand.name, demand.reference)
            entry = self._known.get(key)
            if entry is None:
                self._known[key] = added = QueuedDemand(demand)
                self.again(added)
            elif entry.widen(demand) and not self._is_missing(entry):
                self.again(entry)
            else:
                self._queue.hurry(key, int(entry.demand.priority))

    def look_again(self, demands: Iterable[Demand]) -> None:
        """Ask for these also where they were answered before, and for what is attached to them. Never blocks."""
        for demand in demands:
            entry = self._known.get((demand.name, demand.reference))
            self.add([demand])
            if entry is not None and self.rests(entry):
                entry.anew = demand.referrers
                self.again(entry)

    def again(self, entry: QueuedDemand) -> None:
        """Put it in the queue, or where its new priority belongs."""
        self._queue.put(entry.key, int(entry.demand.priority))

    def _is_missing(self, entry: QueuedDemand) -> bool:
        """Whether the registry does not have it, as it has just said: there is no more to be read of it until the next look."""
        return self.rests(entry) and not entry.digest and isinstance(entry.error, NotFound)

    def rests(self, entry: QueuedDemand) -> bool:
        """Whether it neither waits nor is being read."""
        return entry.key not in self._queue

    async def work(self, answer: Callable[[QueuedDemand], Awaitable[None]], workers: int) -> None:
        """Answer what is asked for with so many workers, until cancelled."""
        await self._queue.work(lambda key: answer(self._known[key]), workers)

    async def quiet(self) -> None:
        """Wait until nothing is left to do."""
        await self._queue.quiet()
