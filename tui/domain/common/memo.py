"""Answers kept from one round to the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["ChangeCounter", "Memo"]

T = TypeVar("T")


class Memo(Generic[T]):
    """The last answer, as long as it is asked for the same."""

    def __init__(self) -> None:
        self._last: tuple[object, T] | None = None

    def get(self, key: object, make: Callable[[], T]) -> T:
        """The last answer, when `key` equals the last key; else a new one."""
        if self._last is None or self._last[0] != key:
            self._last = (key, make())
        return self._last[1]


class ChangeCounter:
    """Counts how often a value was another one than before."""

    def __init__(self) -> None:
        self._last: object = None
        self._count = 0

    def count(self, value: object) -> int:
        """Equal numbers mean equal values."""
        if value is not self._last and value != self._last:
            self._count += 1
        self._last = value
        return self._count
