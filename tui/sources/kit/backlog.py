"""Manifests of which what is attached is to be looked at: the most urgent first, each once until there is news."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta

from tui.domain.facts.demand import ArtifactDemand
from tui.domain.facts.image import RepositoryName
from tui.sources.kit.workqueue import WorkQueue

__all__ = ["Backlog", "Key"]

Key = tuple[RepositoryName, str]
FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=30), timedelta(minutes=15)


class Backlog:
    """A priority queue of demands for several workers; what failed waits `first`, then ever longer, up to `longest`."""

    def __init__(self, now: Callable[[], datetime], first: timedelta = FIRST_RETRY, longest: timedelta = LONGEST_RETRY) -> None:
        self._now, self._first, self._longest = now, first, longest
        self._demands: dict[Key, ArtifactDemand] = {}
        self._queue: WorkQueue[Key] = WorkQueue()
        self._retries: dict[Key, tuple[datetime, int]] = {}
        self._asked = asyncio.Event()

    def __len__(self) -> int:
        return len(self._demands)

    def add(self, demands: Iterable[ArtifactDemand]) -> None:
        """Ask for more; what is asked again and did not change costs next to nothing. Never blocks."""
        for demand in demands:
            key = demand.name, demand.subject.digest
            earlier = self._demands.get(key)
            self._demands[key] = demand
            if earlier is None or not earlier.asks_as(demand):
                self._put(key)
            else:
                self._queue.hurry(key, int(demand.priority))
            self._asked.set()

    def again(self, key: Key) -> None:
        """Look at one anew that was asked for before."""
        if key in self._demands:
            self._put(key)

    def resume(self) -> None:
        """A new run begins, and goes on where an earlier one has ended."""
        self._queue.resume()

    def restart(self) -> None:
        """A new run begins: everything is looked at again."""
        self._queue.resume()
        self._retries.clear()
        for key in self._demands:
            self._put(key)

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nobody works."""
        return self._queue.idle

    @property
    def progress(self) -> tuple[int, int]:
        """Manifests looked at, and manifests in all."""
        return len(self._demands) - self._queue.left, len(self._demands)

    async def filled(self) -> None:
        """Wait until something is asked for."""
        await self._asked.wait()

    async def work(
        self,
        look: Callable[[ArtifactDemand], Awaitable[bool]],
        workers: int,
        looked: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Look at what is asked for, until cancelled; `look` says whether that failed and may succeed later.

        `looked` is told after each, when it does not count as work any more.
        """

        async def serve(key: Key) -> None:
            failed = True
            try:
                failed = await look(self._demands[key])
            finally:
                self._ended(key, failed)

        await self._queue.work(serve, workers, looked)

    def retry(self) -> None:
        """Look again at what failed long enough ago."""
        now = self._now()
        for key in [key for key, (due, _) in self._retries.items() if due <= now]:
            if key not in self._queue:
                self._put(key)

    def _ended(self, key: Key, failed: bool) -> None:
        """What failed is tried again later, ever more seldom."""
        if not failed:
            self._retries.pop(key, None)
            return
        tries = self._retries[key][1] + 1 if key in self._retries else 0
        self._retries[key] = self._now() + min(self._longest, self._first * 2 ** min(tries, 10)), tries

    def _put(self, key: Key) -> None:
        self._queue.put(key, int(self._demands[key].priority))
