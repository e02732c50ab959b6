"""Rounds of polling, on a clock of our own."""

from __future__ import annotations

import asyncio
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tui.errors import AuthenticationFailed, Forbidden, ServerFault, SourceError, Throttled, Unreachable
from tui.sources.kit.polling import LoopClock, Polling
from tui.sources.kit.throttle import Backoff, unspread


class Clock:
    """Time that passes only when somebody waits."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def now(self) -> float:
        return sum(self.waits)

    async def wait(self, woken: asyncio.Event, seconds: float) -> None:
        self.waits.append(0.0 if woken.is_set() else seconds)
        await asyncio.sleep(0)


def polling(clock: Clock, every: float = 60.0) -> Polling:
    backoff, refused = Backoff(1.0, 8.0, unspread), Backoff(900.0, 900.0, unspread)
    return Polling("builder", every, backoff, refused, clock=clock)


async def test_failed_rounds_are_further_and_further_apart_until_one_goes_well() -> None:
    clock = Clock()
    rounds = polling(clock)
    for _ in range(5):
        await rounds.rest(Unreachable("away"))
    await rounds.rest()
    await rounds.rest(Unreachable("away again"))
    assert clock.waits == [1.0, 2.0, 4.0, 8.0, 8.0, 60.0, 1.0]


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (Throttled("busy", retry_after=30.0), 30.0),
        (Throttled("busy", retry_after=0.0), 1.0),
        (ServerFault("broken", retry_after=5.0), 5.0),
        (ServerFault("broken"), 1.0),
        (AuthenticationFailed("who are you"), 900.0),
        (Forbidden("not you"), 900.0),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, SourceError) else str(value),
)
async def test_a_failure_says_when_it_is_worth_while_to_ask_again(error: SourceError, seconds: float) -> None:
    clock = Clock()
    await polling(clock).rest(error)
    assert clock.waits == [seconds]


async def test_without_a_wait_of_its_own_a_refusal_is_a_failure_as_others_are() -> None:
    clock = Clock()
    rounds = Polling("builder", 60.0, Backoff(1.0, 8.0, unspread), clock=clock)
    await rounds.rest(Forbidden("not you"))
    await rounds.rest(failed=True)
    assert clock.waits == [1.0, 2.0]


async def test_who_wakes_it_is_heard_once_also_before_the_wait_begins() -> None:
    clock = Clock()
    rounds = polling(clock)
    rounds.wake()
    rounds.wake()
    assert await rounds.rest()
    assert not await rounds.rest()
    assert clock.waits == [0.0, 60.0]


@pytest.mark.parametrize("every", [3600.0, inf])
async def test_on_the_loop_a_wait_ends_when_it_is_woken(every: float) -> None:
    rounds = Polling("builder", every)
    rest = asyncio.create_task(rounds.rest())
    await asyncio.sleep(0)
    rounds.wake()
    assert await rest


async def test_on_the_loop_a_wait_ends_by_itself() -> None:
    clock = LoopClock()
    began = clock.now()
    assert not await Polling("builder", 0.01).rest()
    assert clock.now() > began


async def test_keeps_on_until_an_attempt_raises() -> None:
    clock, left = Clock(), [None, None, Unreachable("away")]

    async def attempt() -> None:
        if (error := left.pop(0)) is not None:
            raise error

    with pytest.raises(Unreachable):
        await polling(clock).keep(attempt)
    assert clock.waits == [60.0] * 3


@examples(40)
@given(every=st.floats(1, 3600), spread=st.floats(0, 1), jitter=st.floats(0, 1))
def test_rounds_are_spread_and_never_later_than_asked_for(every: float, spread: float, jitter: float) -> None:
    delay = Polling("builder", every, spread=spread, jitter=lambda: jitter).delay()
    assert every * (1 - spread) - 1e-6 <= delay <= every
