"""A scanner read again and again: one round after the other, what it said kept as it was, its health said as it changes."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from datetime import datetime

import msgspec

from tui.domain.facts.diagnosis import Diagnosis
from tui.domain.facts.events import (
    Denial,
    Event,
    HealthChanged,
    Progress,
    ScansCompleted,
    ScansSeen,
    SourceHealth,
    SourceId,
    SourceState,
)
from tui.domain.facts.health import answered, failed_by, loading
from tui.domain.facts.scan import ScanReport
from tui.errors import SourceError
from tui.sources.kit.moments import utc_now
from tui.sources.kit.polling import Polling
from tui.sources.kit.throttle import Backoff, unspread

__all__ = ["Absent", "Pace", "Round", "ScannerSource"]

REST = 10.0
"""Seconds between two rounds at least, however often somebody waits for what is new."""
SHARE = 5.0
"""So many times as long as a round took is rested at least: nobody's console is kept busy by waiting."""


class Pace(msgspec.Struct, frozen=True):
    """Seconds: between rounds, before a failed round is tried again (at first and at most), and after a refusal.

    A refused sign-in is not repeated soon: consoles lock users out who fail too often.
    """

    refresh: float = 900.0
    retry: float = 5.0
    retry_most: float = 300.0
    retry_denied: float = 900.0


class Absent(SourceError):
    """There is no such scanner here, and nobody said that there is: not a failure, and no report either."""


class Round:
    """What one reading learns beside the reports; whoever reads fills it in.

    `denials` name what may not be read, `failures` what failed in passing: then nothing that was known is taken as gone.
    """

    def __init__(self) -> None:
        self.endpoint = ""
        self.identity = ""
        self.requests: Callable[[], int] = lambda: 0
        self.total: int | None = None
        self.denials: list[Denial] = []
        self.failures: list[SourceError] = []


class ScannerSource(ABC):
    """A `Source` and `Probe` of reports that are read in rounds; `id` is `scanner/NAME`."""

    def __init__(
        self, id: SourceId, pace: Pace, clock: Callable[[], datetime] = utc_now, through: SourceId | None = None
    ) -> None:
        self._id, self._pace, self._clock, self._through = id, pace, clock, through
        self._generation, self._not_before = 0, 0.0
        self._known: dict[str, ScanReport] = {}
        self._health = loading(id, through=through, every=pace.refresh)
        denied = Backoff(pace.retry_denied, pace.retry_denied, unspread)
        self._polling = Polling(str(id), pace.refresh, Backoff(pace.retry, pace.retry_most), denied)

    @property
    def id(self) -> SourceId:
        """`scanner/defender`."""
        return self._id

    def wake(self) -> None:
        """Begin the next round now, unless the last one was just now, or did not go well: failures have waits of their own."""
        if self._health.state.has_answered and time.monotonic() >= self._not_before:
            self._not_before = time.monotonic() + REST
            self._polling.wake()

    @abstractmethod
    def read(self, round_: Round) -> AsyncGenerator[Sequence[ScanReport], None]:
        """Every report there is, in batches. Raises SourceError, `Absent` when there is no such scanner."""
        ...

    @abstractmethod
    def diagnose(self) -> AsyncGenerator[Diagnosis, None]:
        """Try each kind of read once."""
        ...

    async def events(self) -> AsyncGenerator[Event, None]:
        """Reports for ever, and how it goes."""
        yield HealthChanged(self._health)
        while True:
            round_, began = Round(), time.monotonic()
            failure: SourceError | None = None
            try:
                async with aclosing(self._reports(round_)) as events:
                    async for event in events:
                        yield event
                self._health = self._ended(round_)
            except Absent as absence:
                if self._known:
                    self._known = {}
                    yield ScansCompleted(self._id, self._generation)
                self._health = self._failed(round_, absence)
            except SourceError as error:
                failure = error
                self._health = self._failed(round_, error)
            yield HealthChanged(self._health)
            self._not_before = time.monotonic() + max(REST, SHARE * (time.monotonic() - began))
            await self._polling.rest(failure)

    async def _reports(self, round_: Round) -> AsyncGenerator[Event, None]:
        """One round; what has not changed is said with the very report that was said before."""
        self._generation += 1
        reports: dict[str, ScanReport] = {}
        async with aclosing(self.read(round_)) as batches:
            async for batch in batches:
                steady = tuple(self._steady(report) for report in batch)
                reports.update((report.key, report) for report in steady)
                self._known.update((report.key, report) for report in steady)
                yield ScansSeen(self._id, self._generation, steady)
                if self._health.state is SourceState.LOADING:
                    yield HealthChanged(self._loading(round_, len(reports)))
        if not round_.failures:
            self._known = reports
            yield ScansCompleted(self._id, self._generation)

    def _steady(self, report: ScanReport) -> ScanReport:
        previous = self._known.get(report.key)
        return previous if previous is not None and previous == report else report

    # ---- health

    def _loading(self, round_: Round, reports: int) -> SourceHealth:
        health = self._of(round_, answered(self._health, self._clock(), objects=reports, denials=round_.denials))
        progress = (Progress("reports", reports, round_.total),)
        return msgspec.structs.replace(health, state=SourceState.LOADING, error="", remedy="", live=False, progress=progress)

    def _ended(self, round_: Round) -> SourceHealth:
        denials, failures = round_.denials, round_.failures
        health = answered(self._health, self._clock(), objects=len(self._known), denials=denials, failures=failures)
        return self._of(round_, health)

    def _failed(self, round_: Round, error: SourceError) -> SourceHealth:
        health = msgspec.structs.replace(failed_by(self._health, error), objects=len(self._known), denials=tuple(round_.denials))
        if isinstance(error, Absent):
            health = msgspec.structs.replace(health, state=SourceState.OFF)
        return self._of(round_, health)

    def _of(self, round_: Round, health: SourceHealth) -> SourceHealth:
        """The health with what the round has learnt of the other side."""
        requests, identity, endpoint = round_.requests(), round_.identity, round_.endpoint
        return msgspec.structs.replace(health, requests=requests, identity=identity, endpoint=endpoint)
