"""Reports attached to images as a source: asked image by image, the most urgent first, each artifact read once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import datetime, timedelta

import msgspec

from tui.domain.common.text import plural
from tui.domain.facts.demand import ArtifactDemand
from tui.domain.facts.diagnosis import Diagnosis, Tried
from tui.domain.facts.events import Event, HealthChanged, ScanGone, ScansSeen, SourceHealth, SourceId, SourceKind
from tui.domain.facts.health import answered, loading
from tui.domain.facts.scan import ScanReport
from tui.errors import SourceError
from tui.sources.kit.backlog import Backlog, Key
from tui.sources.kit.moments import utc_now
from tui.sources.kit.polling import Polling
from tui.sources.kit.streams import Emit, EventStream
from tui.sources.ports import ContentReader
from tui.sources.scanners.artifacts import ArtifactReader, unread_report
from tui.sources.scanners.findings import Pool

__all__ = ["AttachedSource"]

WORKERS = 4
RETRY = 300.0
"""Seconds before what could not be read is tried again."""
TURNS = 10
"""Looks, in that time, at whether something is to be tried again."""
Readers = Callable[[str], ContentReader | None]


class AttachedSource:
    """An `ArtifactSource` and `Probe`; `readers` gives the reader of a registry, None for one that may not be asked."""

    def __init__(self, readers: Readers, retry: float = RETRY, clock: Callable[[], datetime] = utc_now) -> None:
        self._readers, self._retry, self._clock = readers, retry, clock
        self._pool = Pool()
        self._backlog = Backlog(clock, timedelta(seconds=retry), timedelta(seconds=retry))
        self._failed: dict[Key, SourceError] = {}
        self._known: dict[Key, dict[str, ScanReport]] = {}
        self._reports = 0
        self._stream: EventStream | None = None
        self._as_of: datetime | None = None

    @property
    def id(self) -> SourceId:
        """`scanner/attached`."""
        return SourceId(SourceKind.SCANNER, "attached")

    @property
    def idle(self) -> bool:
        """Whether everything asked for was answered and told."""
        return self._backlog.idle and (self._stream is None or self._stream.empty)

    def examine(self, demands: tuple[ArtifactDemand, ...]) -> None:
        """Ask for more; asking twice for the same costs nothing. Never blocks."""
        self._backlog.add(demands)

    def events(self) -> AsyncGenerator[Event, None]:
        """Reports as they are asked for."""
        stream = self._stream = EventStream()
        return stream.of(lambda: self._work(stream.emit), str(self.id))

    async def _work(self, emit: Emit) -> None:
        """Look at what is wanted, and again later at what failed."""
        self._backlog.resume()

        async def tell() -> None:
            await emit(HealthChanged(self._health()))

        await tell()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._backlog.work(lambda demand: self._look(demand, emit), WORKERS, tell))
            group.create_task(Polling(str(self.id), self._retry / TURNS).keep(self._look_again))

    async def _look_again(self) -> None:
        self._backlog.retry()

    async def _look(self, demand: ArtifactDemand, emit: Emit) -> bool:
        """One image: what hangs on it now, and what no longer does. Whether that could not be read."""
        subject = demand.name, demand.subject.digest
        reader = self._readers(demand.name.registry)
        before = self._known.get(subject, {})
        try:
            current = await self._read_all(reader, demand) if reader else []
        except SourceError as error:
            self._failed[subject] = error
            current = [*before.values()] or [self._unread(demand, error)]
        else:
            self._failed.pop(subject, None)
            self._as_of = self._clock()
        reports = {report.key: before[report.key] if before.get(report.key) == report else report for report in current}
        self._known[subject] = reports
        self._reports += len(reports) - len(before)
        if reports:
            await emit(ScansSeen(self.id, 0, tuple(reports.values())))
        # A list that may not be whole takes nothing away.
        for key in before.keys() - reports.keys() if not demand.error else ():
            await emit(ScanGone(self.id, key))
        return subject in self._failed

    async def _read_all(self, reader: ContentReader, demand: ArtifactDemand) -> list[ScanReport]:
        async with aclosing(ArtifactReader(self.id, reader, self._pool).read(demand)) as reports:
            return [report async for report in reports]

    def _unread(self, demand: ArtifactDemand, error: SourceError) -> ScanReport:
        """What could not be read may have been a report, so nothing is known of this image from here."""
        reason = f"what is attached to the image cannot be read: {error.headline}"
        return unread_report(self.id, demand, f"{demand.name}@{demand.subject.digest}", reason)

    def _health(self) -> SourceHealth:
        failures = tuple(self._failed.values())
        health = answered(loading(self.id), self._as_of, objects=self._reports, failures=failures[:1])
        if failures:
            error = f"what is attached to {plural(len(failures), 'image')} cannot be read: {failures[0].headline}"
            health = msgspec.structs.replace(health, error=error)
        return health

    async def diagnose(self) -> AsyncGenerator[Diagnosis, None]:
        """How far the images that were met have been looked at; the registries say themselves what may be read."""
        images = len(self._backlog)
        if not images:
            yield Diagnosis("read attached reports", Tried.OFF, "they are read with each image, by the right to pull it")
            return
        failed = [
            Diagnosis("read attached reports", Tried.FAILED, f"{error.headline}", remedy=error.remedy)
            for error in self._failed.values()
        ]
        reports = f"{plural(self._reports, 'report')} on {plural(images, 'image')}"
        yield failed[0] if failed else Diagnosis("read attached reports", Tried.OK, reports)
