"""Sources that are driven by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime

from tui.domain.facts.demand import ArtifactDemand, Demand
from tui.domain.facts.events import Event, HealthChanged, SourceHealth, SourceId, SourceKind, SourceState

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
Item = Event | BaseException


class HandSource:
    """A source that says what a test puts into it; an error put in is raised. `runs` counts its starts, `open` what runs now."""

    def __init__(self, id: SourceId) -> None:
        self.id = id
        self.runs = 0
        self.open = 0
        self.wanted: list[Demand] = []
        self._items: asyncio.Queue[Item | None] = asyncio.Queue()
        self._left = 0

    def say(self, *items: Item) -> None:
        """Say these, in order."""
        for item in items:
            self._items.put_nowait(item)

    def health(self, state: SourceState = SourceState.OK, as_of: datetime | None = NOW) -> None:
        """Say how it does."""
        self.say(HealthChanged(SourceHealth(self.id, state, as_of)))

    def end(self) -> None:
        """Say no more."""
        self._items.put_nowait(None)

    async def events(self) -> AsyncGenerator[Event, None]:
        """What was put in."""
        self.runs += 1
        self.open += 1
        try:
            while (item := await self._items.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            self.open -= 1


class HandRegistry(HandSource):
    """A registry; it is idle when a test has answered everything."""

    def __init__(self, registry: str) -> None:
        super().__init__(SourceId(SourceKind.REGISTRY, registry))
        self.idle = True

    def want(self, demands: tuple[Demand, ...]) -> None:
        """Remember what is asked for."""
        self.wanted += [demand for demand in demands if demand not in self.wanted]


class HandExaminer(HandSource):
    """A source that examines what is attached."""

    def __init__(self, id: SourceId) -> None:
        super().__init__(id)
        self.idle = True
        self.examined: list[tuple[ArtifactDemand, ...]] = []

    def examine(self, demands: tuple[ArtifactDemand, ...]) -> None:
        """Remember what is asked for."""
        self.examined.append(demands)


async def until(holds: Callable[[], object]) -> None:
    """Let the loop run until something holds. Raises TimeoutError when it never does."""
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - whatever a test asks for, not an event
            await asyncio.sleep(0.001)
