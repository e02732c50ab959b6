"""One queue of work: the most urgent first, each key once however often it is asked for, never two workers on one."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, NoReturn, TypeVar

__all__ = ["WorkQueue"]

Key = TypeVar("Key", bound=Hashable)


class WorkQueue(Generic[Key]):
    """Keys that wait and keys that are worked on. Lower priorities are served first, equal ones in the order of asking."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Key]] = []
        self._waiting: dict[Key, tuple[int, int]] = {}
        self._working: dict[Key, int] = {}
        self._once_more: dict[Key, int] = {}
        self._order = 0
        self._filled, self._quiet = asyncio.Event(), asyncio.Event()
        self._quiet.set()

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nobody works."""
        return not self._waiting and not self._working

    @property
    def left(self) -> int:
        """Keys that wait or are worked on."""
        return len(self._waiting) + len(self._working)

    def __contains__(self, key: Key) -> bool:
        return key in self._waiting or key in self._working

    def put(self, key: Key, priority: int = 0) -> None:
        """Ask for work on a key; one that waits keeps its place or gets a better one. Never blocks."""
        if key in self._working:  # never two at once on one: the older answer might come last
            self._once_more[key] = min(priority, self._once_more.get(key, priority))
            return
        place = self._waiting.get(key)
        if place is not None and place[0] <= priority:
            return
        self._order += 1
        self._waiting[key] = priority, self._order
        heapq.heappush(self._heap, (priority, self._order, key))
        self._quiet.clear()
        self._filled.set()

    def hurry(self, key: Key, priority: int) -> None:
        """Give a key that waits a better place; nothing for one that does not wait."""
        if key in self._waiting:
            self.put(key, priority)

    async def get(self) -> Key:
        """The most urgent key; `done` must be called for it."""
        while True:
            while self._heap:
                priority, order, key = heapq.heappop(self._heap)
                if self._waiting.get(key) == (priority, order):  # otherwise it has another place by now
                    del self._waiting[key]
                    self._working[key] = priority
                    return key
            self._filled.clear()
            await self._filled.wait()

    def done(self, key: Key) -> None:
        """The work on a key that `get` gave has ended, well or not."""
        self._working.pop(key, None)
        priority = self._once_more.pop(key, None)
        if priority is not None:
            self.put(key, priority)
        if self.idle:
            self._quiet.set()

    def resume(self) -> None:
        """A new run begins: nobody works any more on what was being worked on, so it waits again."""
        left = self._working | self._once_more
        self._working.clear()
        self._once_more.clear()
        for key, priority in left.items():
            self.put(key, priority)

    async def quiet(self) -> None:
        """Wait until nothing is left to do."""
        await self._quiet.wait()

    async def work(
        self, serve: Callable[[Key], Awaitable[None]], workers: int = 1, served: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """Serve keys with so many workers, until cancelled; `served` is told after each. Raises what they raise."""
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(self._work(serve, served))

    async def _work(self, serve: Callable[[Key], Awaitable[None]], served: Callable[[], Awaitable[None]] | None) -> NoReturn:
        while True:
            key = await self.get()
            try:
                await serve(key)
            finally:
                self.done(key)
            if served is not None:
                await served()
