"""Long work in steps: who begins it says what is done between two of them, such as letting others pass, or ending it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from typing import TypeVar

__all__ = ["in_steps", "paced"]

STEP = 64
"""So many things are worked through between two steps: a millisecond at most, as a rule."""

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
