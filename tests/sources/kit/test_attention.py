"""Rounds for nobody are not made: they stop when nobody looks, and go on when somebody does."""

from __future__ import annotations

import asyncio
from math import inf

from tui.sources.kit.attention import PATIENCE, Attention
from tui.sources.kit.polling import Polling


class Hours:
    """A clock that goes when it is waited for."""

    def __init__(self) -> None:
        self.time = 0.0
        self.waited: list[float] = []

    def now(self) -> float:
        """Seconds."""
        return self.time

    async def wait(self, woken: asyncio.Event, seconds: float) -> None:
        """Nothing is waited for that is awake already."""
        if not woken.is_set():
            self.waited.append(seconds)
            self.time += 0.0 if seconds == inf else seconds
        await asyncio.sleep(0)


async def test_rounds_stop_when_nobody_looks_and_go_on_when_somebody_does() -> None:
    clock = Hours()
    polling = Polling("builder", clock=clock)
    attention = Attention(polling)
    for _ in range(100):
        attention.pace(60.0)
        if polling.every == inf:
            break
        await polling.rest()
    assert clock.time == PATIENCE
    attention.attend()
    assert await polling.rest(), "somebody is there: the next round begins at once"
    attention.pace(60.0)
    assert polling.every == 60.0


async def test_who_is_there_all_the_time_asks_no_more_often_for_that() -> None:
    polling = Polling("builder", clock=Hours())
    attention = Attention(polling)
    for _ in range(10):
        attention.attend()
        attention.pace(60.0)
        assert not await polling.rest()


async def test_who_waits_for_a_run_is_told_soon_and_a_service_that_refuses_is_left_alone() -> None:
    clock = Hours()
    polling = Polling("builder", clock=clock, soonest=2.0)
    attention = Attention(polling)
    attention.pace(60.0)
    attention.look()
    assert await polling.rest()
    assert clock.waited == [2.0], "not sooner than two seconds after the last round"
    attention.pace(60.0, failed=True)
    attention.look()
    assert not await polling.rest(failed=True)
