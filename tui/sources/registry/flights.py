"""What is being fetched at this moment, so that nothing is fetched twice at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from tui.domain.facts.image import RepositoryName

__all__ = ["Flights"]


class Flights:
    """Readings of manifests that are going on: by tag, of which nobody knows yet what they bring, and by digest."""

    def __init__(self) -> None:
        self._by_tag: dict[RepositoryName, set[asyncio.Event]] = {}
        self._by_digest: dict[tuple[RepositoryName, str], tuple[asyncio.Lock, int]] = {}

    @contextmanager
    def begun(self, name: RepositoryName) -> Iterator[None]:
        """A reading by tag goes on while the context lasts."""
        landed = asyncio.Event()
        flights = self._by_tag.setdefault(name, set())
        flights.add(landed)
        try:
            yield
        finally:
            landed.set()
            flights.discard(landed)
            if not flights and self._by_tag.get(name) is flights:
                del self._by_tag[name]

    async def landed(self, name: RepositoryName) -> None:
        """Wait for the readings by tag that go on in a repository."""
        for flight in tuple(self._by_tag.get(name, ())):
            await flight.wait()

    @asynccontextmanager
    async def alone(self, name: RepositoryName, digest: str) -> AsyncIterator[None]:
        """Nobody else reads this digest of the repository while the context lasts."""
        lock, users = self._by_digest.get((name, digest), (asyncio.Lock(), 0))
        self._by_digest[name, digest] = lock, users + 1
        try:
            async with lock:
                yield
        finally:
            users = self._by_digest[name, digest][1] - 1
            if users:
                self._by_digest[name, digest] = lock, users
            else:
                del self._by_digest[name, digest]
