"""Long work in steps: who begins it says what is done between two of them, such as letting others pass, or ending it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import chain, islice
from typing import Any, TypeVar

__all__ = ["in_steps", "paced", "sorted_in_steps", "stride"]

STEP = 64
"""So many things are worked through between two steps: a millisecond at most, as a rule."""

RUN = 4096
"""So many things are sorted at once: within a sort no other thread goes on."""

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


def sorted_in_steps(things: Iterable[Thing], key: Callable[[Thing], Any]) -> list[Thing]:
    """The things in their order, as `sorted` has it; where somebody wants pauses, sorted in runs that are merged two by two."""
    between, listed = _between.get(), list(things)
    if between is None or len(listed) <= STEP:
        return sorted(listed, key=key)
    keys = [key(thing) for thing in paced(listed)]
    runs: list[Sequence[int]] = [range(start, min(start + RUN, len(keys))) for start in range(0, len(keys), RUN)]
    while runs:
        ordered: list[list[int]] = []
        for run in runs:
            between()
            ordered.append(sorted(run, key=keys.__getitem__))
        if len(ordered) == 1:
            return [listed[number] for number in paced(ordered[0])]
        runs = [list(chain(*ordered[first : first + 2])) for first in range(0, len(ordered), 2)]
    return []
