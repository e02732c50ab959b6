"""How long the event loop is held while something is done beside it, on an interpreter that is set as the program sets it."""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import NamedTuple

from tui.wiring.interpreter import prepare_interpreter

__all__ = ["Measured", "measured", "prepared"]

TICK = 0.002


class Measured(NamedTuple):
    """Seconds that something took and that it computed, and the milliseconds for which the loop was held at the longest.

    `idle` are the milliseconds for which it was held while nothing was done: what other programs on the machine take.
    """

    seconds: float
    computed: float
    held: float
    idle: float


@contextmanager
def prepared() -> Iterator[None]:
    """The interpreter as the program sets it, and as it was."""
    before = gc.get_threshold(), sys.getswitchinterval()
    prepare_interpreter()
    try:
        yield
    finally:
        gc.set_threshold(*before[0])
        sys.setswitchinterval(before[1])


async def measured(change: Callable[[int], Awaitable[None]], rounds: int) -> Measured:
    """The slowest round, and the longest that the loop was held in any."""
    slowest = computed = held = 0.0
    gc.collect()  # what was made before is no part of this
    async with _ticking() as idle:
        await asyncio.sleep(1.0)
    for number in range(rounds):
        async with _ticking() as gaps:
            begun, spent = time.perf_counter(), time.process_time()
            await change(number)
            slowest, computed = max(slowest, time.perf_counter() - begun), max(computed, time.process_time() - spent)
        held = max(held, *gaps, 0.0)
    return Measured(slowest, computed, held * 1000, max(idle) * 1000)


@asynccontextmanager
async def _ticking() -> AsyncIterator[list[float]]:
    """How much later than asked for each tick came, in seconds."""
    gaps: list[float] = []

    async def tick() -> None:
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(TICK)
            gaps.append(time.perf_counter() - begun - TICK)

    task = asyncio.create_task(tick())
    try:
        yield gaps
    finally:
        task.cancel()
        await asyncio.wait({task})
