"""Tables that are copied when they are frozen, as far as something in them changed since."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

__all__ = ["NestedTable", "Table"]

K = TypeVar("K", bound=Hashable)
R = TypeVar("R", bound=Hashable)
V = TypeVar("V")


class Table(Generic[K, V]):
    """Values by key; frozen it is the very same as long as nothing changes."""

    __slots__ = ("_frozen", "_rows")

    def __init__(self) -> None:
        self._rows: dict[K, V] = {}
        self._frozen: Mapping[K, V] | None = None

    def get(self, key: K) -> V | None:
        """What is known of a key."""
        return self._rows.get(key)

    def put(self, key: K, value: V) -> bool:
        """Set a value. Says whether that is another one than before."""
        if key in self._rows and self._rows[key] == value:
            return False
        self._rows[key] = value
        self._frozen = None
        return True

    def freeze(self) -> Mapping[K, V]:
        """The values as they are now."""
        if self._frozen is None:
            self._frozen = self._rows.copy()
        return self._frozen


class NestedTable(Generic[K, R, V]):
    """Values by key and row; frozen, what is under a key is the very same as long as nothing there changes."""

    __slots__ = ("_changed", "_frozen", "_rows")

    def __init__(self) -> None:
        self._rows: dict[K, dict[R, V]] = {}
        self._changed: set[K] = set()
        self._frozen: Mapping[K, Mapping[R, V]] = {}

    def get(self, key: K, row: R) -> V | None:
        """What is known of a row."""
        rows = self._rows.get(key)
        return None if rows is None else rows.get(row)

    def put(self, key: K, row: R, value: V) -> bool:
        """Set a value. Says whether that is another one than before."""
        rows = self._rows.setdefault(key, {})
        if row in rows and rows[row] == value:
            return False
        rows[row] = value
        self._changed.add(key)
        return True

    def freeze(self) -> Mapping[K, Mapping[R, V]]:
        """The values as they are now."""
        if self._changed:
            self._frozen = {**self._frozen, **{key: self._rows[key].copy() for key in self._changed}}
            self._changed.clear()
        return self._frozen
