"""The memory that is set aside for what others send: whoever decides how much that is must not decide how much is kept."""

from __future__ import annotations

from collections.abc import Hashable

__all__ = ["Allotment"]


class Allotment:
    """Counts bytes, about, against a limit. The same thing is counted once: in its newest size, or while anybody holds it."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self._sizes: dict[Hashable, int] = {}
        self._holders: dict[Hashable, int] = {}

    @property
    def full(self) -> bool:
        """Whether more was taken than there is."""
        return self.used > self.limit

    def count(self, weight: int) -> None:
        """Count what is kept in any case, or what is given back when negative."""
        self.used += weight

    def replace(self, key: Hashable, size: int, share: float = 1.0) -> bool:
        """Whether a thing fits into a share of the limit; then it takes the place of its earlier size."""
        used = self.used + size - self._sizes.get(key, 0)
        if used > self.limit * share:
            return False
        self._sizes[key] = size
        self.used = used
        return True

    def hold(self, key: Hashable, size: int) -> None:
        """One more holds a thing, which counts from the first on."""
        holders = self._holders[key] = self._holders.get(key, 0) + 1
        if holders == 1:
            self.used += size

    def release(self, key: Hashable, size: int) -> None:
        """One less holds a thing of the same size, which counts until the last."""
        left = self._holders[key] = self._holders[key] - 1
        if not left:
            del self._holders[key]
            self.used -= size
