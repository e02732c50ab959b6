"""Long work in steps: who begins it says what is done between two of them, such as letting others pass, or ending it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import chain, islice
from typing import Any, TypeVar

__all__ = ["in_steps", "paced", "sorted_in_steps", "stride"]

STEP = 64
"""So many things are worked through between two steps: a millisecond at most, as a rule."""

RUN = 2048
"""So many things are sorted at once: within a sort no other thread goes on."""

SAMPLED = 8
"""So many things of a run are looked at before it is known where the runs end."""

_between: ContextVar[Callable[[], object] | None] = ContextVar("between", default=None)
Thing = TypeVar("Thing")


@contextmanager
def in_steps(between: Callable[[], object]) -> Iterator[None]:
    """Have this called between the steps of the work inside; what it raises ends the work."""
    token = _between.set(between)
    try:
        yield
    finally:
        _between.reset(token)


def paced(things: Iterable[Thing]) -> Iterable[Thing]:
    """The same things, with a pause after each step where somebody wants one."""
    between = _between.get()
    return things if between is None else _stepwise(iter(things), between)


def _stepwise(things: Iterator[Thing], between: Callable[[], object]) -> Iterator[Thing]:
    while step := list(islice(things, STEP)):
        between()
        yield from step


def stride() -> Callable[[], object]:
    """What a loop that goes through no collection calls in each round: a pause after each step where somebody wants one."""
    between = _between.get()
    if between is None:
        return _go_on
    pause, rounds = between, 0

    def count() -> None:
        nonlocal rounds
        rounds += 1
        if not rounds % STEP:
            pause()

    return count


def _go_on() -> None:
    """Nobody waits."""


def sorted_in_steps(things: Iterable[Thing], key: Callable[[Thing], Any] = lambda thing: thing) -> list[Thing]:
    """The things in their order, as `sorted` has it; where somebody wants pauses, in runs that follow each other.

    Where the runs end is taken from a sample, so that they need not be merged: that takes two to four times as long.
    """
    between, listed = _between.get(), list(things)
    if between is None or len(listed) <= STEP:
        return sorted(listed, key=key)
    sample = sorted(map(key, listed[:: max(1, RUN // SAMPLED)]))
    ends = sample[SAMPLED::SAMPLED]
    runs: list[list[Thing]] = [[] for _ in range(len(ends) + 1)]
    for thing in paced(listed):
        runs[bisect_right(ends, key(thing))].append(thing)
    for run in runs:
        between()
        run.sort(key=key)
    return list(paced(chain.from_iterable(runs)))
