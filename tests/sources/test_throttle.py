"""Budgets and back-off, on a clock of our own."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tui.sources.kit.throttle import BURST_SECONDS, Backoff, Bucket, RequestClass, Throttle, parse_retry_after


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


@examples(40)
@given(rate=st.floats(1, 10_000), steps=st.lists(st.floats(0, 10), min_size=1, max_size=200))
def test_a_bucket_never_gives_more_than_its_rate_and_burst(rate: float, steps: list[float]) -> None:
    bucket, now, last = Bucket(rate, 0.0), 0.0, 0.0
    for step in steps:
        now += step
        last = max(last, now + bucket.reserve(now))
    burst = max(1.0, rate / 60 * BURST_SECONDS)
    assert len(steps) <= burst + last * rate / 60 + 1e-6 * len(steps) + 1


@examples(40)
@given(rate=st.floats(1, 600), steps=st.lists(st.floats(0, 2), min_size=1, max_size=300))
def test_a_bucket_never_gives_more_than_one_and_a_half_of_its_rate_in_any_minute(rate: float, steps: list[float]) -> None:
    # ACR counts by the minute and names one in `Retry-After` (container-registry-skus).
    bucket, now, used = Bucket(rate, 0.0), 0.0, list[float]()
    for step in steps:
        now += step
        used.append(now + bucket.reserve(now))
    most = max(1, int(rate * 1.5))
    assert used == sorted(used)
    assert all(later - earlier >= 60 - 1e-6 for earlier, later in zip(used, used[most:], strict=False))


def test_a_bucket_gives_its_rate_for_ever() -> None:
    bucket = Bucket(640.0, 0.0)
    last = max(bucket.reserve(0.0) for _ in range(6_400))
    assert last == pytest.approx((6_400 - 480) / 640 * 60, rel=0.01)


async def test_the_budget_of_a_class_is_kept() -> None:
    clock = Clock()
    throttle = Throttle({RequestClass.REFERRERS: 60.0}, clock=clock, sleep=clock.sleep)
    for _ in range(55):
        async with throttle.slot(RequestClass.REFERRERS):
            pass
    assert clock.now - 1000.0 == pytest.approx(10.0)


async def test_lists_count_as_reads() -> None:
    clock = Clock()
    throttle = Throttle({RequestClass.READ: 60.0}, clock=clock, sleep=clock.sleep)
    for kind in (RequestClass.READ, RequestClass.LIST) * 28:
        async with throttle.slot(kind):
            pass
    assert clock.now - 1000.0 == pytest.approx(11.0)


async def test_work_of_the_rest_uses_half() -> None:
    clock = Clock()
    throttle = Throttle({RequestClass.READ: 60.0}, clock=clock, sleep=clock.sleep)
    for _ in range(33):
        async with throttle.slot(RequestClass.READ, for_rest=True):
            pass
    assert clock.now - 1000.0 == pytest.approx(21.0)


async def test_a_pause_is_obeyed_by_all_and_visible() -> None:
    clock = Clock()
    throttle = Throttle(clock=clock, sleep=clock.sleep)
    assert throttle.penalise(60.0) == 60.0
    assert throttle.waiting == 60.0
    assert throttle.waiting_reason == "throttled"
    for kind in RequestClass:
        async with throttle.slot(kind):
            assert clock.now >= 1060.0
    assert throttle.waiting_reason == ""


async def test_without_a_time_the_pause_grows_until_it_works() -> None:
    clock = Clock()
    throttle = Throttle(clock=clock, sleep=clock.sleep)
    waits = []
    for _ in range(3):
        waits.append(throttle.penalise(None))
        clock.now += waits[-1]
    first, second, third = waits
    assert 2.5 <= first <= 5.0 <= second <= 10.0 <= third <= 20.0
    throttle.succeeded()
    assert throttle.penalise(None) <= 5.0


async def test_requests_that_are_refused_together_share_one_pause() -> None:
    clock = Clock()
    throttle = Throttle(clock=clock, sleep=clock.sleep)
    sent = throttle.now
    clock.now += 1.0
    assert {round(throttle.penalise(None, sent), 6) for _ in range(8)} == {round(throttle.waiting, 6)}
    assert throttle.waiting <= 5.0
    clock.now += throttle.waiting
    throttle.penalise(None, sent)  # one that was on its way all the time
    assert throttle.waiting == 0.0
    assert throttle.penalise(None, throttle.now) >= 5.0


async def test_at_most_so_many_are_in_flight_and_half_of_them_for_the_rest() -> None:
    throttle, running, most = Throttle(concurrency=4), [0], [0]

    async def work() -> None:
        async with throttle.slot(RequestClass.READ, for_rest=True):
            running[0] += 1
            most[0] = max(most[0], running[0])
            await asyncio.sleep(0)
            running[0] -= 1

    await asyncio.gather(*(work() for _ in range(20)))
    assert most[0] == 2


def test_backoff_grows_to_its_limit_and_starts_anew() -> None:
    backoff = Backoff(1.0, 8.0, jitter=lambda: 1.0)
    assert [backoff.next() for _ in range(5)] == [1.0, 2.0, 4.0, 8.0, 8.0]
    backoff.reset()
    assert backoff.next() == 1.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("60", 60.0),
        (" 0 ", 0.0),
        ("Thu, 01 Jan 1970 00:01:00 GMT", 50.0),
        ("Thu, 01 Jan 1970 00:00:01 GMT", 0.0),
        ("soon", None),
        ("-1", None),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert parse_retry_after(value, 10.0) == seconds


async def test_a_pause_ends_early_once_but_not_again_soon_when_that_has_misled() -> None:
    clock = Clock()
    throttle = Throttle(clock=clock, sleep=clock.sleep)
    throttle.penalise(300.0)
    assert throttle.relax()
    assert throttle.waiting == 0.0
    throttle.penalise(300.0, throttle.now - 1.0)  # sent before the pause was ended
    assert throttle.relax()
    clock.now += 1.0
    throttle.penalise(300.0, throttle.now)
    assert not throttle.relax()
    assert throttle.waiting == 300.0
    clock.now += 301.0
    throttle.penalise(300.0, throttle.now)
    assert throttle.relax()
