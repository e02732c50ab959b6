"""What was read once is kept by digest: it can never change."""

from __future__ import annotations

from collections import OrderedDict
from typing import Protocol

__all__ = ["ContentStore", "MemoryStore"]

MAX_BYTES = 16 << 20
KEPT = 300


class ContentStore(Protocol):
    """Bytes by digest; what comes out is checked against its digest again by whoever asked."""

    def get(self, digest: str) -> bytes | None:
        """The bytes, None when they are not there. Never blocks for long."""
        ...

    def put(self, digest: str, content: bytes) -> None:
        """Keep them, if there is room."""
        ...


class MemoryStore:
    """The last content of this process, up to `limit` bytes with what it takes to keep each."""

    def __init__(self, limit: int = MAX_BYTES) -> None:
        self._limit, self._size = limit, 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def get(self, digest: str) -> bytes | None:
        """The bytes, None when they are not there."""
        found = self._kept.get(digest)
        if found is not None:
            self._kept.move_to_end(digest)
        return found

    def put(self, digest: str, content: bytes) -> None:
        """Keep them; what was not asked for longest goes."""
        if digest in self._kept or len(content) > self._limit:
            return
        self._kept[digest] = content
        self._size += len(content) + KEPT
        while self._size > self._limit:
            _, gone = self._kept.popitem(last=False)
            self._size -= len(gone) + KEPT
