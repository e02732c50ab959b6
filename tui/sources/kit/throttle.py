"""Request budgets, back-off and Retry-After: one per registry, obeyed by everybody who talks to it."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from enum import StrEnum

__all__ = [
    "BURST_SECONDS",
    "DEFAULT_BUDGETS",
    "PREMIUM_BUDGETS",
    "Backoff",
    "Bucket",
    "Quota",
    "RequestClass",
    "Throttle",
    "budgets_for",
    "parse_retry_after",
    "unspread",
]

MAX_PENALTY = 600.0
DEFAULT_PENALTY = 5.0
STEP = 1.0
TRUST_AGAIN = 60.0
"""Seconds after an early end of a pause in which another refusal tells that it should not have ended."""
# What was not asked for so long may be asked at once: a registry of a few hundred images is read without a pause. Registries
# count by the minute: in none of them go out more than `MOST_OF_MINUTE` of the budgets below.
BURST_SECONDS = 45.0
MOST_OF_MINUTE = 1.5
MINUTE = 60.0


class RequestClass(StrEnum):
    """What a request counts against (ACR keeps separate buckets for reads, referrers and sign-in; lists are reads to it)."""

    READ = "read"
    LIST = "list"
    REFERRERS = "referrers"
    OAUTH = "oauth"


# Within what Basic and Standard registries allow one identity per minute, bursts included, so that others who share it are not
# starved (container-registry-skus: 5,000 reads, 250 referrers, 10,000 OAuth).
DEFAULT_BUDGETS: Mapping[RequestClass, float] = {
    RequestClass.READ: 2500.0,
    RequestClass.REFERRERS: 160.0,
    RequestClass.OAUTH: 2500.0,
}


# A Premium registry allows one identity twice as many reads and four times as many lists of referrers (container-registry-skus).
PREMIUM_BUDGETS: Mapping[RequestClass, float] = {
    RequestClass.READ: 5000.0,
    RequestClass.REFERRERS: 640.0,
    RequestClass.OAUTH: 5000.0,
}


def budgets_for(reads: float) -> dict[RequestClass, float]:
    """The budgets that belong to so many reads a minute, in the usual proportions."""
    return {kind: usual * reads / DEFAULT_BUDGETS[RequestClass.READ] for kind, usual in DEFAULT_BUDGETS.items()}


class Bucket:
    """A token bucket that holds what was saved, and gives at most `MOST_OF_MINUTE` of its rate in any minute.

    `reserve` takes one token and says how many seconds to wait before using it.
    """

    def __init__(self, per_minute: float, now: float, burst_seconds: float = BURST_SECONDS) -> None:
        self._rate = max(per_minute, 1.0) / MINUTE
        self._burst = max(1.0, self._rate * burst_seconds)
        self._burst_seconds = burst_seconds
        self._tokens = self._burst
        self._at = now
        self._used: deque[float] = deque()
        """When the tokens of the last minute were used, or will be."""

    def reserve(self, now: float) -> float:
        """Take a token, going into debt when there is none; seconds to wait."""
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        self._tokens -= 1.0
        wait = max(0.0, -self._tokens / self._rate, self._full_until() - now)
        self._used.append(now + wait)
        return wait

    async def turn(self) -> None:
        """Take a token by the clock of the loop, and wait until it may be used."""
        if wait := self.reserve(asyncio.get_running_loop().time()):
            await asyncio.sleep(wait)

    def _full_until(self) -> float:
        """When the next token may be used as far as the last minute is concerned."""
        most = max(1, int(self._rate * MINUTE * MOST_OF_MINUTE))
        while len(self._used) > most:
            self._used.popleft()
        return self._used[0] + MINUTE if len(self._used) == most else 0.0

    def widen(self, per_minute: float) -> None:
        """Give more from now on, and at once what more could have been saved."""
        rate = max(per_minute, 1.0) / MINUTE
        burst = max(1.0, rate * self._burst_seconds)
        self._tokens += burst - self._burst
        self._rate, self._burst = rate, burst


class Quota:
    """What a server says to be left of what it gives: while that is nothing, nobody asks."""

    def __init__(self) -> None:
        self._free_at = 0.0

    def hold(self, seconds: float) -> None:
        """Nothing is to be asked for so long."""
        self._free_at = max(self._free_at, asyncio.get_running_loop().time() + seconds)

    async def free(self) -> None:
        """Wait until something may be asked."""
        if (seconds := self._free_at - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(seconds)


class Backoff:
    """Growing, jittered waits: `first` seconds, doubled each time up to `most`, spread by half so that clients part."""

    def __init__(self, first: float = 1.0, most: float = 60.0, jitter: Callable[[], float] = random.random) -> None:
        self._first, self._most, self._jitter = first, most, jitter
        self._tries = 0

    def next(self) -> float:
        """Seconds to wait before the next try."""
        span = min(self._most, self._first * 2.0 ** min(self._tries, 30))
        self._tries += 1
        return float(span * (0.5 + 0.5 * self._jitter()))

    def reset(self) -> None:
        """It worked: begin anew."""
        self._tries = 0


def unspread() -> float:
    """The jitter of waits that need not part from those of others: none."""
    return 1.0


class Throttle:
    """Budgets per class, a limit of requests in flight, and one pause that all obey when the server says so."""

    def __init__(
        self,
        budgets: Mapping[RequestClass, float] | None = None,
        concurrency: int = 12,
        clock: Callable[[], float] | None = None,
        sleep: Callable[[float], object] = asyncio.sleep,
    ) -> None:
        self._clock = clock or (lambda: asyncio.get_running_loop().time())
        self._sleep = sleep
        self._budgets = {**DEFAULT_BUDGETS, **(budgets or {})}
        self._buckets: dict[tuple[RequestClass, bool], Bucket] = {}
        self._slots = asyncio.Semaphore(concurrency)
        self._rest_slots = asyncio.Semaphore(max(1, concurrency // 2))
        self._resume_at = 0.0
        self._penalised_at = self._relaxed_at = float("-inf")
        self._misled = False
        self._asked = 0.0
        self._penalty = Backoff(DEFAULT_PENALTY, MAX_PENALTY)
        self._waiters = 0

    def allow(self, budgets: Mapping[RequestClass, float]) -> None:
        """The server allows more than was known: what was spent so far counts against the new budgets."""
        for (kind, for_rest), bucket in self._buckets.items():
            bucket.widen(budgets.get(kind, self._budgets[kind]) * (0.5 if for_rest else 1.0))
        self._budgets |= budgets

    @asynccontextmanager
    async def slot(self, kind: RequestClass, for_rest: bool = False) -> AsyncIterator[None]:
        """Wait for budget, for the end of any pause, and for a place; `for_rest` work uses at most half of budget and places."""
        if for_rest:
            async with self._rest_slots:
                await self._wait(kind, for_rest)
                async with self._slots:
                    yield
        else:
            await self._wait(kind, for_rest)
            async with self._slots:
                yield

    async def _wait(self, kind: RequestClass, for_rest: bool) -> None:
        delays = [self._bucket(kind, False).reserve(self._clock())]
        if for_rest:
            delays.append(self._bucket(kind, True).reserve(self._clock()))
        await self.pause(max(delays))
        while (left := self.waiting) > 0:
            # In steps, as the pause may end early.
            await self.pause(min(left, STEP))

    async def pause(self, seconds: float) -> None:
        """Wait, counted among those who wait."""
        if seconds <= 0:
            return
        self._waiters += 1
        try:
            result = self._sleep(seconds)
            if asyncio.iscoroutine(result):
                await result
        finally:
            self._waiters -= 1

    def _bucket(self, kind: RequestClass, for_rest: bool) -> Bucket:
        kind = RequestClass.READ if kind is RequestClass.LIST else kind
        key = (kind, for_rest)
        if key not in self._buckets:
            rate = self._budgets[kind] * (0.5 if for_rest else 1.0)
            self._buckets[key] = Bucket(rate, self._clock())
        return self._buckets[key]

    def penalise(self, retry_after: float | None, sent: float | None = None) -> float:
        """The server answered 429: everybody pauses for the seconds it named, or a growing guess; returns the seconds.

        `sent` is when the request went out, by `now`. Requests that were on their way together share one guess: that eight of
        them are refused at once says no more than that one is.
        """
        if retry_after is None and (self.waiting > 0 or (sent is not None and sent <= self._penalised_at)):
            return self.waiting
        self._penalised_at = self._clock()
        if sent is None or sent > self._relaxed_at:
            self._misled = self._penalised_at - self._relaxed_at < TRUST_AGAIN
        seconds = self._penalty.next() if retry_after is None else min(max(retry_after, 0.0), MAX_PENALTY)
        self._resume_at = max(self._resume_at, self._clock() + seconds)
        self._asked = seconds
        return seconds

    def relax(self) -> bool:
        """It answered a request that went through the pause: the pause ends, unless that has misled us lately.

        A server may answer one kind of request and refuse another.
        """
        if self._misled:
            return False
        self._relaxed_at = self._resume_at = self._clock()
        return True

    def succeeded(self) -> None:
        """An answer came that was not 429."""
        self._penalty.reset()

    @property
    def now(self) -> float:
        """Seconds by its clock."""
        return self._clock()

    @property
    def waiting(self) -> float:
        """Seconds until the pause ends, 0 when there is none."""
        return max(0.0, self._resume_at - self._clock())

    @property
    def asked(self) -> float:
        """Seconds of the last pause, as the server named them or as they were guessed."""
        return self._asked

    @property
    def waiting_reason(self) -> str:
        """Why requests wait now: `throttled` by the server, `budget` of our own, or empty."""
        if self.waiting > 0:
            return "throttled"
        return "budget" if self._waiters else ""


def parse_retry_after(value: str, now: float) -> float | None:
    """Seconds of a Retry-After header: a number or an HTTP date (RFC 9110 10.2.3), `now` in epoch seconds; None if neither."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, OverflowError, TypeError):
        return None
