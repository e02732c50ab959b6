"""Manifests of which what is attached is to be looked at: the most urgent first, each once until there is something new to look at."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Iterable
from datetime import datetime, timedelta

from tui.domain.facts.demand import ArtifactDemand
from tui.domain.facts.image import RepositoryName

__all__ = ["Backlog", "Key"]

Key = tuple[RepositoryName, str]
FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=30), timedelta(minutes=15)


class Backlog:
    """A priority queue of demands for several workers."""

    def __init__(self) -> None:
        self._known: dict[Key, ArtifactDemand] = {}
        self._heap: list[tuple[int, int, Key]] = []
        self._queued: set[Key] = set()
        self._retries: dict[Key, tuple[datetime, int]] = {}
        self._working: set[Key] = set()
        self._again: set[Key] = set()
        self._order = 0
        self._filled = asyncio.Event()

    def add(self, demands: Iterable[ArtifactDemand]) -> None:
        """Ask for more; what is asked again and did not change costs next to nothing. Never blocks."""
        for demand in demands:
            key = demand.name, demand.subject.digest
            known = self._known.get(key)
            self._known[key] = demand
            if known is None or not known.asks_as(demand):
                self._put(key)

    def again(self, key: Key) -> None:
        """Look at one anew that was asked for before."""
        if key in self._known:
            self._put(key)

    def restart(self) -> None:
        """A new run begins: everything is looked at again."""
        self._working.clear()
        self._retries.clear()
        for key in self._known:
            self._put(key)

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nobody works."""
        return not self._queued and not self._working

    @property
    def progress(self) -> tuple[int, int]:
        """Manifests looked at, and manifests in all."""
        return len(self._known) - len(self._queued) - len(self._working), len(self._known)

    async def filled(self) -> None:
        """Wait until something is asked for."""
        if not self._known:
            await self._filled.wait()

    async def get(self) -> ArtifactDemand:
        """The most urgent; `done` must be called for it."""
        while not self._queued:
            self._filled.clear()
            await self._filled.wait()
        _, _, key = heapq.heappop(self._heap)
        self._queued.discard(key)
        self._working.add(key)
        return self._known[key]

    def done(self, demand: ArtifactDemand, failed: bool, now: datetime) -> None:
        """One that `get` gave was looked at; what failed is tried again later, ever more seldom."""
        key = demand.name, demand.subject.digest
        self._working.discard(key)
        if key in self._again:
            self._again.discard(key)
            self._put(key)
        if not failed:
            self._retries.pop(key, None)
            return
        tries = self._retries[key][1] + 1 if key in self._retries else 0
        self._retries[key] = now + min(LONGEST_RETRY, FIRST_RETRY * 2 ** min(tries, 10)), tries

    def retry(self, now: datetime) -> None:
        """Look again at what failed long enough ago."""
        for key in [key for key, (at, _) in self._retries.items() if at <= now and key not in self._working]:
            self._put(key)

    def _put(self, key: Key) -> None:
        if key in self._working:  # never two at once on one manifest: the older answer might come last
            self._again.add(key)
        elif key not in self._queued:
            self._queued.add(key)
            self._order += 1
            heapq.heappush(self._heap, (int(self._known[key].priority), self._order, key))
            self._filled.set()
