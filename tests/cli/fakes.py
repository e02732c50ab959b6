"""An opened estate that only knows one snapshot."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from tui.domain.facts.demand import Demand
from tui.domain.snapshot.snapshot import Snapshot
from tui.errors import TrustreeError
from tui.settings.settings import Settings


@dataclass
class FakeEstate:
    """Tells its listener of the snapshot once, when somebody waits; remembers what it was asked."""

    snapshot: Snapshot
    whole: bool = True
    waited: list[float] = field(default_factory=list)
    wanted: list[Demand] = field(default_factory=list)
    surveys: int = 0
    listeners: list[Callable[[Snapshot], None]] = field(default_factory=list)

    def subscribe(self, listener: Callable[[Snapshot], None]) -> Callable[[], None]:
        """Add a listener."""
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def want(self, demands: tuple[Demand, ...]) -> None:
        """Remember what was asked for."""
        self.wanted.extend(demands)

    def read_tasks(self) -> None:
        """Nothing more to read."""

    def survey(self) -> None:
        """Remember that everything is to be read."""
        self.surveys += 1

    async def settled(self, timeout: float) -> bool:
        """Settle at once."""
        self.waited.append(timeout)
        for listener in self.listeners:
            listener(self.snapshot)
        return self.whole


@dataclass
class FakeOpener:
    """Opens the estate, or fails as told; keeps the settings that it was given."""

    estate: FakeEstate
    error: BaseException | None = None
    settings: list[Settings] = field(default_factory=list)

    def __call__(self, settings: Settings) -> AbstractAsyncContextManager[FakeEstate]:
        """Open."""
        self.settings.append(settings)
        return self._open()

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[FakeEstate]:
        if self.error is not None:
            raise self.error
        yield self.estate


def opener_of(snapshot: Snapshot, *, whole: bool = True, error: BaseException | TrustreeError | None = None) -> FakeOpener:
    """An opener of a snapshot."""
    return FakeOpener(FakeEstate(snapshot, whole), error)
