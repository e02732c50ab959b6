"""Long work is done in steps, and ends where who began it wants no more."""

from __future__ import annotations

import pytest

from tui.domain.common.pace import STEP, in_steps, paced


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
