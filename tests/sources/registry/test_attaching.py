"""Searching for what is attached: once for each manifest, again when it failed, and apart from everything else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tui.domain.facts.image import RepositoryName
from tui.sources.registry.attaching import ReferrerQueue

NAME = RepositoryName("registry.example", "app")


async def worked(attaching: ReferrerQueue, done: Callable[[], Awaitable[object]]) -> None:
    """Work until something has happened."""
    task = asyncio.create_task(attaching.work())
    try:
        async with asyncio.timeout(10):
            await done()
    finally:
        task.cancel()
        await asyncio.wait({task})


class Searches:
    """Remembers what was searched; what is in `broken` fails."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.broken: set[str] = set()
        self._moved = asyncio.Condition()

    async def search(self, name: RepositoryName, digest: str) -> bool:
        """One search."""
        async with self._moved:
            self.asked.append(digest)
            self._moved.notify_all()
        return digest not in self.broken

    async def count(self, number: int) -> None:
        """Wait for so many searches."""
        async with self._moved:
            await self._moved.wait_for(lambda: len(self.asked) >= number)


async def test_each_manifest_is_searched_once() -> None:
    searches = Searches()
    attaching = ReferrerQueue(searches.search)
    for digest in ("a", "b", "a"):
        attaching.add(NAME, digest)
    assert (attaching.idle, attaching.progress) == (False, (0, 2))
    await worked(attaching, lambda: searches.count(2))
    attaching.add(NAME, "b")
    assert (searches.asked, attaching.idle, attaching.progress) == (["a", "b"], True, (2, 2))


async def test_what_failed_is_searched_again_and_only_that() -> None:
    searches = Searches()
    searches.broken = {"b"}
    attaching = ReferrerQueue(searches.search)
    attaching.add(NAME, "a")
    attaching.add(NAME, "b")
    await worked(attaching, lambda: searches.count(2))
    searches.broken.clear()
    attaching.retry()
    await worked(attaching, lambda: searches.count(3))
    attaching.retry()
    assert (searches.asked, attaching.idle) == (["a", "b", "b"], True)


async def test_everything_is_searched_again_unless_that_is_still_going_on() -> None:
    searches = Searches()
    attaching = ReferrerQueue(searches.search)
    attaching.add(NAME, "a")
    attaching.again()
    assert attaching.progress == (0, 1)
    await worked(attaching, lambda: searches.count(1))
    attaching.again()
    await worked(attaching, lambda: searches.count(2))
    assert searches.asked == ["a", "a"]


async def test_what_is_always_refused_is_asked_for_more_and_more_seldom() -> None:
    searches = Searches()
    searches.broken = {"a"}
    attaching = ReferrerQueue(searches.search)
    attaching.add(NAME, "a")
    task = asyncio.create_task(attaching.work())
    counts = []
    async with asyncio.timeout(10):
        for _ in range(20):
            for _ in range(10):  # a search here never waits
                await asyncio.sleep(0)
            assert attaching.idle
            counts.append(len(searches.asked))
            attaching.retry()
    task.cancel()
    await asyncio.wait({task})
    assert counts[:4] == [1, 2, 2, 3]
    assert counts[-1] <= 8


async def test_what_was_searched_is_searched_anew_when_something_may_have_been_attached() -> None:
    searches = Searches()
    attaching = ReferrerQueue(searches.search)
    attaching.add(NAME, "a")
    await worked(attaching, lambda: searches.count(1))
    attaching.renew(NAME, "a")
    await worked(attaching, lambda: searches.count(2))
    assert (searches.asked, attaching.progress) == (["a", "a"], (1, 1))
