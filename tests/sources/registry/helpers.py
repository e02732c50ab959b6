"""Running a registry source in a test until it has said what is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from tests.sources.registry.servers import FakeRegistry
from tui.domain.facts.asking import AuthMode, RegistryKind
from tui.domain.facts.demand import Demand, Priority
from tui.domain.facts.events import Event, HealthChanged, SourceHealth, SourceState
from tui.domain.facts.image import RepositoryName
from tui.sources.kit.credentials import Credentials, EntraToken
from tui.sources.registry.options import RegistryOptions
from tui.sources.registry.source import RegistrySource

T = TypeVar("T")
HOST = "registry.test"
LIMIT = 15.0


class Entra:
    """Stands for azure-identity."""

    def __init__(self, value: str = "entra-token") -> None:
        self.value, self.asked = value, 0

    async def token(self, scope: str, refused: str = "") -> EntraToken:
        """A token, counted."""
        self.asked += 1
        return EntraToken(self.value, 4e9, "ops@contoso.test (az login)")


def options(server: FakeRegistry, **changes: object) -> RegistryOptions:
    """Options for a test server."""
    base = RegistryOptions(
        host=HOST,
        kind=RegistryKind.ACR if server.acr else RegistryKind.OCI,
        endpoint=server.url,
        refresh=0.05,
        request_timeout=5.0,
        concurrency=6,
        named_by_operator=True,
    )
    values = {name: getattr(base, name) for name in base.__struct_fields__}
    return RegistryOptions(**{**values, **changes})


def basic(server: FakeRegistry, **changes: object) -> RegistryOptions:
    """Options with a user and a password."""
    return options(server, **{"auth": AuthMode.BASIC, "username": "ops", "password": "secret", **changes})


def demand(repository: str, reference: str, priority: Priority = Priority.RUNNING, **extra: bool) -> Demand:
    """A demand on the test registry."""
    return Demand(RepositoryName(HOST, repository), reference, priority, **extra)


class Collector:
    """The events of a source, gathered in the background."""

    def __init__(self, source: RegistrySource) -> None:
        self.source = source
        self.events: list[Event] = []
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    async def __aenter__(self) -> Collector:
        self._task = asyncio.create_task(self._collect())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait({self._task})

    async def _collect(self) -> None:
        events = self.source.events()
        try:
            async for event in events:
                self.events.append(event)
                self._news.set()
        finally:
            await events.aclose()  # type: ignore[attr-defined]

    async def until(self, found: Callable[[], object]) -> None:
        """Wait until something is so."""
        assert self._task is not None
        async with asyncio.timeout(LIMIT):
            while not found():
                if self._task.done():
                    self._task.result()
                self._news.clear()
                try:
                    async with asyncio.timeout(0.05):
                        await self._news.wait()
                except TimeoutError:
                    continue

    async def idle(self) -> None:
        """Wait until everything was answered."""
        await self.until(lambda: self.source.idle)

    def of(self, kind: type[T]) -> list[T]:
        """The events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def health(self) -> SourceHealth:
        """The last word on health; that it is loading before the first."""
        told = self.of(HealthChanged)
        return told[-1].health if told else SourceHealth(self.source.id, SourceState.LOADING)


def source(server_options: RegistryOptions, credentials: Credentials | None = None) -> RegistrySource:
    """A source with no credentials of this machine."""
    return RegistrySource(server_options, credentials or Credentials())
