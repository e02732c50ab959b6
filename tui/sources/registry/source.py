"""A registry as a source: answers demands, walks through the rest, looks again at what runs, and says how it is doing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime

from tui.domain.facts.demand import Demand
from tui.domain.facts.diagnosis import Diagnosis, Tried
from tui.domain.facts.events import Event, SourceId, SourceKind
from tui.domain.facts.image import RepositoryName
from tui.errors import InvalidConfig, Unreachable
from tui.sources.kit.credentials import Credentials
from tui.sources.ports import ContentStore
from tui.sources.registry.client import RegistryClient
from tui.sources.registry.content import MemoryStore, StoredContent
from tui.sources.registry.diagnose import diagnose
from tui.sources.registry.options import RegistryOptions
from tui.sources.registry.queue import DemandQueue
from tui.sources.registry.room import Room
from tui.sources.registry.session import RegistrySession

__all__ = ["RegistrySource"]


def _utc() -> datetime:
    return datetime.now(UTC)


class RegistrySource:
    """One registry. `store` keeps content between runs, `room` counts what is kept of it; several registries may share both."""

    def __init__(
        self,
        options: RegistryOptions,
        credentials: Credentials,
        *,
        store: ContentStore | None = None,
        room: Room | None = None,
        now: Callable[[], datetime] = _utc,
    ) -> None:
        self._options, self._credentials, self._now = options, credentials, now
        self._store, self._room = store or MemoryStore(), room or Room()
        self._queue = DemandQueue()
        self._survey_wanted = asyncio.Event()
        if not options.once:
            self._survey_wanted.set()
        self._session: RegistrySession | None = None

    @property
    def id(self) -> SourceId:
        """`registry/<host>`."""
        return SourceId(SourceKind.REGISTRY, self._options.host)

    @property
    def idle(self) -> bool:
        """Whether everything asked for was answered and the first pass over the registry is done, or it is not there."""
        return self._session is not None and self._session.idle

    def want(self, demands: tuple[Demand, ...]) -> None:
        """Ask for more. Never blocks. Demands for other registries are not ours."""
        ours = [demand for demand in demands if demand.name.registry == self._options.host]
        if self._session is not None:
            self._session.client.expect({demand.name.repository for demand in ours})
        self._queue.add(ours)

    def look_again(self, demands: tuple[Demand, ...]) -> None:
        """Ask for what may have changed since it was answered. Never blocks. Demands for other registries are not ours."""
        self._queue.look_again([demand for demand in demands if demand.name.registry == self._options.host])

    def survey(self) -> None:
        """Walk through all of it, where it is one that is walked through. Never blocks."""
        if self._options.surveyed:
            self._survey_wanted.set()

    async def manifest(self, name: RepositoryName, digest: str) -> bytes:
        """The body of a manifest, checked against its digest. Raises SourceError."""
        return await self._content().manifest(name, digest)

    async def blob(self, name: RepositoryName, digest: str, limit: int) -> bytes:
        """A blob of at most `limit` bytes, checked against its digest. Raises SourceError."""
        return await self._content().blob(name, digest, limit)

    def _content(self) -> StoredContent:
        if self._session is None:
            raise Unreachable(f"{self._options.host} has not been connected to yet", "It is retried.")
        return StoredContent(self._session.client, self._store)

    async def events(self) -> AsyncIterator[Event]:
        """Facts as they come, for ever."""
        client = RegistryClient(self._options, self._credentials)
        session = RegistrySession(self.id, client, self._queue, self._store, self._room, self._survey_wanted, self._now)
        self._session = session
        client.expect(self._queue.repositories())
        self._queue.restart()
        try:
            async with aclosing(session.events.of(session.drive, str(self.id))) as events:
                async for event in events:
                    yield event
        finally:
            await client.close()

    async def diagnose(self) -> AsyncGenerator[Diagnosis, None]:
        """Try each kind of read once."""
        try:
            client = RegistryClient(self._options, self._credentials)
        except InvalidConfig as error:
            yield Diagnosis("address", Tried.FAILED, error.headline, remedy=error.remedy)
            return
        try:
            async with aclosing(diagnose(client, sorted(self._queue.repositories()))) as diagnoses:
                async for diagnosis in diagnoses:
                    yield diagnosis
        finally:
            await client.close()
