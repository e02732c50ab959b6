"""What is asked again and again: how long until the next round, sooner when somebody wants it, later after failures."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from math import inf
from typing import NoReturn, Protocol

from tui.domain.facts.health import is_refusal
from tui.errors import TrustreeError
from tui.sources.kit.requestlog import reason
from tui.sources.kit.retry import asked_wait
from tui.sources.kit.throttle import Backoff

__all__ = ["LOOP_CLOCK", "Clock", "LoopClock", "Polling", "waited"]

_log = logging.getLogger(__name__)


class Clock(Protocol):
    """The time that passes between rounds; a test gives one of its own."""

    def now(self) -> float:
        """Seconds since some moment."""
        ...

    async def wait(self, woken: asyncio.Event, seconds: float) -> None:
        """Until the event is set, at most so many seconds."""
        ...


class LoopClock:
    """The time of the event loop that runs."""

    def now(self) -> float:
        """Seconds since some moment."""
        return asyncio.get_running_loop().time()

    async def wait(self, woken: asyncio.Event, seconds: float) -> None:
        """Until the event is set, at most so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(None if seconds == inf else seconds):
                await woken.wait()


LOOP_CLOCK = LoopClock()


async def waited(event: asyncio.Event, seconds: float, clock: Clock = LOOP_CLOCK) -> bool:
    """Wait for the event, at most so many seconds; it counts once. Whether it came."""
    await clock.wait(event, seconds)
    is_set = event.is_set()
    event.clear()
    return is_set


class Polling:
    """The waits between the rounds of one reader, in seconds.

    `every`: after a round that went well, spread by the share `spread` so that many do not ask at the same moment.
    `backoff`: after one that failed, at least as long as the server asks for. `refused`: after a refusal, which is not repeated
    soon, because consoles and registries lock out who fails too often; without it a refusal is a failure as others are.
    `soonest`: a round that somebody wants begins at least so long after the last one has ended.
    """

    def __init__(
        self,
        name: str,
        every: float = inf,
        backoff: Backoff | None = None,
        refused: Backoff | None = None,
        *,
        spread: float = 0.0,
        soonest: float = 0.0,
        jitter: Callable[[], float] = random.random,
        clock: Clock = LOOP_CLOCK,
    ) -> None:
        self.every = every
        self.clock = clock
        self._name, self._backoff, self._refused = name, backoff or Backoff(), refused
        self._spread, self._jitter, self._soonest = spread, jitter, soonest
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """The next round begins now, or as soon as this one has ended."""
        self._woken.set()

    async def rest(self, error: TrustreeError | None = None, *, failed: bool = False) -> bool:
        """Wait for the next round as long as `delay` says; whether somebody woke it before its time."""
        seconds = self.delay(error, failed=failed)
        if error is not None:
            _log.debug("%s: %s; again in %.1f s", self._name, reason(error), seconds)
        elif failed:
            _log.debug("%s: not everything could be read; again in %.1f s", self._name, seconds)
        ended = self.clock.now()
        woken = await waited(self._woken, seconds, self.clock)
        if woken and (early := min(seconds, self._soonest) - (self.clock.now() - ended)) > 0:
            await self.clock.wait(asyncio.Event(), early)
        return woken

    async def keep(self, attempt: Callable[[], Awaitable[None]]) -> NoReturn:
        """One attempt after another for ever, the first when the first wait is over. Raises what an attempt raises."""
        while True:
            await self.rest()
            await attempt()

    def delay(self, error: TrustreeError | None = None, *, failed: bool = False) -> float:
        """Seconds until the next round, after one that went well, ended by this error, or failed in what it has told itself."""
        if error is None and not failed:
            self.reset()
            return self.every * (1.0 - self._spread * self._jitter()) if self._spread else self.every
        refusal = error is not None and is_refusal(error)
        guess = (self._refused if refusal and self._refused is not None else self._backoff).next()
        requested = None if error is None else asked_wait(error)
        return guess if requested is None else max(requested, guess)

    def reset(self) -> None:
        """What failed before does not count any more: the next failure is a first one."""
        self._backoff.reset()
        if self._refused is not None:
            self._refused.reset()
