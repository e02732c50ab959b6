"""Pages of a list, the next one asked for as soon as the head of the last one names it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from functools import cache

from tui.errors import SourceError

__all__ = ["Body", "Fetch", "Pages", "keep_memory_of_pages", "next_token"]

# The bytes of a page, or why there are none: an answer, so that a failed page does not cancel the decoding of the last.
Body = bytes | SourceError
Peek = Callable[[bytes], None]
Fetch = Callable[[str, Peek], Awaitable[Body]]

_HEAD = 8192
# More than two pages of 500 pods, and what they are put together from.
_PAGES = 12 << 20
_CONTINUE = re.compile(rb'"continue":"([^"\\]+)"')


class Pages:
    """Fetches pages by their tokens in the given group, one ahead of the one that is taken, so at most two at a time."""

    def __init__(self, group: asyncio.TaskGroup, fetch: Fetch) -> None:
        self._group = group
        self._fetch = fetch
        self._current: str | None = None
        self._ahead: dict[str, asyncio.Task[Body]] = {}
        self._following: dict[str, str] = {}

    async def take(self, token: str) -> Body:
        """The page of this token, empty for the first; begins the one after it."""
        task = self._ahead.pop(token, None) or self._begin(token)
        self._current = token
        if following := self._following.pop(token, ""):
            self._prefetch(following)
        return await task

    def close(self) -> None:
        """What was fetched ahead is not wanted."""
        for task in self._ahead.values():
            task.cancel()

    def _begin(self, token: str) -> asyncio.Task[Body]:
        return self._group.create_task(self._run(token))

    async def _run(self, token: str) -> Body:
        return await self._fetch(token, lambda head: self._peek(token, head))

    def _prefetch(self, token: str) -> None:
        if token not in self._ahead and not self._ahead:
            self._ahead[token] = self._begin(token)

    def _peek(self, token: str, head: bytes) -> None:
        following = next_token(head)
        if not following:
            return
        if token == self._current:
            self._prefetch(following)
        else:
            self._following[token] = following


@cache
def keep_memory_of_pages() -> None:
    """Let the process keep the memory of a page for the next one.

    The allocator of glibc gives what is free at the end of the heap back to the system when it is more than twice the largest
    block that was ever freed (mallopt(3), M_MMAP_THRESHOLD: "the dynamic mmap threshold"). Pages of several megabytes come and
    go around that mark, and were mapped anew and filled with zeros each time. This block is never touched, so it costs nothing;
    other allocators do not notice.
    """
    bytes(_PAGES)


def next_token(head: bytes) -> str:
    """The continue token in the first bytes of a list, where API servers write it (`metadata` stands before `items`)."""
    metadata = head[:_HEAD].partition(b'"items"')[0]
    match = _CONTINUE.search(metadata)
    return match[1].decode("ascii", "replace") if match else ""
