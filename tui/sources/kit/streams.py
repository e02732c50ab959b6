"""Events of a source that does several things at once: what its work emits, in the order in which it does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress

from tui.domain.facts.events import Event

__all__ = ["Emit", "EventStream", "emitted"]

Emit = Callable[[Event], Awaitable[None]]

# Events waiting to be applied; a slow reader holds the work back instead of filling the memory.
_WAITING = 16


class EventStream:
    """Events on their way from the work of a source to who reads them; at most `waiting` of them, then the work waits."""

    def __init__(self, waiting: int = _WAITING) -> None:
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue(waiting)

    @property
    def empty(self) -> bool:
        """Whether everything that was emitted was read."""
        return self._queue.empty()

    async def emit(self, event: Event) -> None:
        """Tell an event, as soon as there is room for it."""
        await self._queue.put(event)

    async def of(self, work: Callable[[], Awaitable[None]], name: str) -> AsyncGenerator[Event, None]:
        """What is emitted until the work ends; its error is raised, and closing the generator cancels it."""
        queue = self._queue

        async def run() -> None:
            try:
                await work()
            finally:
                # A full queue is being read: its reader finds the end by itself once the work is done.
                with suppress(asyncio.QueueFull):
                    queue.put_nowait(None)

        # Not a TaskGroup: its block may not be left open over a yield, where the consumer's errors would arrive in it.
        task = asyncio.create_task(run(), name=name)
        try:
            while not (task.done() and queue.empty()) and (event := await queue.get()) is not None:
                yield event
            await task
        finally:
            task.cancel()
            # Only waits: when the consumer leaves, an error of the work is nobody's any more.
            await asyncio.wait([task])
            if not task.cancelled():
                task.exception()


def emitted(work: Callable[[Emit], Awaitable[None]], name: str) -> AsyncGenerator[Event, None]:
    """What `work` emits by what it is given, until it ends."""
    stream = EventStream()
    return stream.of(lambda: work(stream.emit), name)
