"""Long work is done in steps, and ends where who began it wants no more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.common import pace
from tui.domain.common.pace import STEP, in_steps, paced, sorted_in_steps, stride


class Enough(Exception):
    """Nobody waits for it any more."""


def test_nothing_is_different_where_nobody_asks_for_steps() -> None:
    things = [1, 2, 3]
    assert paced(things) is things


def test_all_is_worked_through_with_a_pause_for_each_step() -> None:
    pauses: list[None] = []
    with in_steps(lambda: pauses.append(None)):
        assert list(paced(range(3 * STEP))) == list(range(3 * STEP))
    assert len(pauses) == 3


def test_a_pause_may_end_the_work() -> None:
    def end() -> None:
        raise Enough

    with in_steps(end), pytest.raises(Enough):
        list(paced(range(9)))
    assert list(paced(range(9))) == list(range(9))


def test_a_loop_without_a_collection_pauses_after_each_step_too() -> None:
    pauses: list[None] = []
    with in_steps(lambda: pauses.append(None)):
        go_on = stride()
        for _ in range(3 * STEP + 1):
            go_on()
    assert len(pauses) == 3
    stride()()
    assert len(pauses) == 3


@given(st.lists(st.tuples(st.integers(0, 9), st.integers()), max_size=3 * STEP), st.integers(1, 90))
def test_what_is_sorted_in_steps_is_sorted_and_equals_stay_in_their_order(things: list[tuple[int, int]], run: int) -> None:
    pauses: list[None] = []
    with pytest.MonkeyPatch.context() as patch, in_steps(lambda: pauses.append(None)):
        patch.setattr(pace, "RUN", run)
        in_pieces = sorted_in_steps(things, lambda thing: thing[0])
    assert in_pieces == sorted(things, key=lambda thing: thing[0]) == sorted_in_steps(things, lambda thing: thing[0])
    assert bool(pauses) is (len(things) > STEP)
