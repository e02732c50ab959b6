"""What refers to itself is freed over time, and never while somebody types."""

from __future__ import annotations

import gc

import pytest
from rich.segment import Segment
from textual.strip import Strip

from tests.estates import NOW, HandEstate
from tests.ui.driving import Settings
from tui.domain.snapshot.snapshot import EMPTY
from tui.ui.app import TrustreeApp
from tui.ui.upkeep import BETWEEN, MOST_RESTED, QUIET, SHARE, Upkeep


class Hand:
    """A clock, and a collection that takes so long; both are moved by hand."""

    def __init__(self, takes: float = 0.0) -> None:
        self.now, self.takes, self.collected = 0.0, takes, 0
        self.rests = False

    def clock(self) -> float:
        return self.now

    def collect(self) -> None:
        self.now += self.takes
        self.collected += 1

    def rest(self) -> None:
        self.rests = True

    def resume(self) -> None:
        self.rests = False


def upkeep_of(hand: Hand) -> Upkeep:
    return Upkeep(hand.clock, hand.collect, disable=hand.rest, resume=hand.resume)


def test_it_collects_once_a_minute_while_nobody_is_there() -> None:
    hand = Hand()
    upkeep = upkeep_of(hand)
    for _ in range(60):
        hand.now += 5
        upkeep.look()
    assert hand.collected == 300 // BETWEEN


def test_it_never_collects_while_somebody_types() -> None:
    hand = Hand()
    upkeep = upkeep_of(hand)
    for _ in range(1_000):
        hand.now += QUIET * 0.9
        upkeep.look()
        upkeep.pressed()
    assert hand.collected < 1
    hand.now += QUIET
    upkeep.look()
    assert hand.collected == 1


def test_young_objects_are_not_looked_at_in_a_key_and_are_as_soon_as_it_is_quiet() -> None:
    hand = Hand()
    upkeep = upkeep_of(hand)
    upkeep.pressed()
    assert hand.rests
    hand.now += QUIET * 0.9
    upkeep.look()
    assert hand.rests
    hand.now += QUIET
    upkeep.look()
    assert not hand.rests


def test_who_never_lets_go_of_the_keys_has_them_looked_at_after_a_minute() -> None:
    hand = Hand()
    upkeep = upkeep_of(hand)
    rested = 0.0
    while hand.now < 10 * MOST_RESTED:
        hand.now += 1
        upkeep.pressed()
        began = hand.now
        while hand.rests and hand.now < 10 * MOST_RESTED:
            hand.now += 1
            upkeep.pressed()
            upkeep.look()
        rested = max(rested, hand.now - began)
    assert rested <= MOST_RESTED


async def test_the_program_ends_with_the_collector_at_work() -> None:
    app = TrustreeApp(Settings(), HandEstate(EMPTY).open, clock=lambda: NOW)
    async with app.run_test() as pilot:
        await pilot.press("j")
        assert not gc.isenabled()
    assert gc.isenabled()


@pytest.mark.parametrize("key", ["j", "x", "slash"])
async def test_keys_are_noticed_whatever_they_do(key: str) -> None:
    hand = Hand()
    upkeep = upkeep_of(hand)
    app = TrustreeApp(Settings(), HandEstate(EMPTY).open, clock=lambda: NOW, upkeep=upkeep)
    async with app.run_test() as pilot:
        hand.now = 2 * BETWEEN
        await pilot.press(key)
        upkeep.look()
        assert hand.collected < 1
        hand.now += QUIET
        upkeep.look()
    assert hand.collected == 1


@pytest.mark.parametrize("takes", [0.05, 0.3, 2.0])
def test_the_longer_it_takes_the_more_seldom_it_is_done(takes: float) -> None:
    hand = Hand(takes)
    upkeep = upkeep_of(hand)
    while hand.now < 20_000:
        hand.now += 5
        upkeep.look()
    assert hand.collected
    assert hand.collected * takes <= hand.now / SHARE + takes


def test_lines_that_were_painted_refer_to_themselves() -> None:
    """Why collecting is needed: without it they stay for good. When this fails, Textual has mended it."""
    gc.collect()
    before = strips()
    gc.disable()
    try:
        for number in range(100):
            Strip([Segment("x" * (number + 1))]).divide([number + 1])
        assert strips() == before + 100
        gc.collect()
        assert strips() <= before
    finally:
        gc.enable()


def strips() -> int:
    """How many lines there are."""
    return sum(isinstance(thing, Strip) for thing in gc.get_objects())
