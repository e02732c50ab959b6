"""A builder of the settings as a source: its configured jobs and their last runs, looked at again and again."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from tui.domain.common.text import clean
from tui.domain.facts.build import Job, JobKey, Run
from tui.domain.facts.build_events import JobsCompleted, JobsSeen, RunsSeen, builder_source
from tui.domain.facts.diagnosis import Diagnosis
from tui.domain.facts.events import Denial, Event, HealthChanged, SourceHealth, SourceId
from tui.domain.facts.health import answered, failed_by, loading
from tui.errors import AuthenticationFailed, Forbidden, SourceError
from tui.sources.builders.options import ConfiguredJob
from tui.sources.builders.unreadable import unreadable_faults
from tui.sources.kit.attention import Attention
from tui.sources.kit.polling import Polling
from tui.sources.kit.throttle import Backoff
from tui.sources.ports import Builder

__all__ = ["ConfiguredBuilder", "ConfiguredSource"]

LOOKED_AT = 10
"""Runs of each job: enough to know how long one takes."""
EVERY, ACTIVE = 300.0, 15.0
"""Seconds between looks, and while something runs."""
SOONEST = 5.0
"""Seconds between two looks that somebody waits for: each asks for every job."""
DENIED = 900.0


class ConfiguredBuilder(Builder, Protocol):
    """A builder whose jobs stand in the settings."""

    @property
    def jobs(self) -> tuple[JobKey, ...]:
        """The jobs that the settings name."""
        ...

    @property
    def requests(self) -> int:
        """Requests sent so far."""
        ...

    @property
    def endpoint(self) -> str:
        """Where it is."""
        ...

    @property
    def identity(self) -> str:
        """Who is signed in, in words."""
        ...

    async def aclose(self) -> None:
        """Release every connection."""
        ...

    def diagnose(self) -> AsyncGenerator[Diagnosis, None]:
        """Try each kind of read once."""
        ...


class ConfiguredSource:
    """A `Source` and `Probe`; `id` is `builder/KIND/NAME`."""

    def __init__(
        self, builder: ConfiguredBuilder, refresh: float | None = None, configured: Sequence[ConfiguredJob] = ()
    ) -> None:
        self._builder = builder
        self._configured = {job.job: job for job in reversed(configured)}
        self._id = builder_source(builder.kind, builder.name)
        self._every = EVERY if refresh is None else refresh
        self._polling = Polling(str(self._id), self._every, Backoff(5.0, 300.0), Backoff(DENIED, DENIED), soonest=SOONEST)
        self._attention = Attention(self._polling)
        self._health = loading(self._id, every=self._every)
        self._generation = 0
        self._is_active = False

    @property
    def id(self) -> SourceId:
        """`builder/jenkins/ci`."""
        return self._id

    def attend(self) -> None:
        """Somebody is there. Never blocks."""
        self._attention.attend()

    def look(self) -> None:
        """Look soon: somebody waits for a run. Never blocks."""
        self._attention.look()

    async def diagnose(self) -> AsyncGenerator[Diagnosis, None]:
        """Try each kind of read once."""
        try:
            async with aclosing(self._builder.diagnose()) as diagnoses:
                async for diagnosis in diagnoses:
                    yield diagnosis
        finally:
            await self._builder.aclose()

    async def events(self) -> AsyncGenerator[Event, None]:
        """Jobs and runs for ever, and how it goes."""
        yield HealthChanged(self._health)
        try:
            while True:
                self._generation += 1
                failures: list[SourceError] = []
                odd: list[Run] = []
                read = 0
                self._is_active = False
                for key in self._builder.jobs:
                    try:
                        yield JobsSeen(self._id, self._generation, (self._as_configured(await self._builder.describe(key)),))
                        read += 1
                        runs = await self._runs(key)
                    except SourceError as error:
                        failures.append(error)
                        if isinstance(error, AuthenticationFailed):
                            break
                    else:
                        yield RunsSeen(self._id, runs, datetime.now(UTC))
                        odd += runs
                failures += unreadable_faults(clean(self._builder.name, 80), (), odd)
                if not failures:
                    yield JobsCompleted(self._id, self._generation)
                self._health = self._ended(read, failures)
                yield HealthChanged(self._health)
                self._attention.pace(min(self._every, ACTIVE) if self._is_active else self._every, failed=bool(failures))
                await self._polling.rest(failures[0] if failures and not read else None, failed=bool(failures))
        finally:
            await self._builder.aclose()

    async def _runs(self, key: JobKey) -> tuple[Run, ...]:
        runs = tuple(await self._builder.runs(key, LOOKED_AT))
        self._is_active = self._is_active or any(not run.state.ended and not run.is_unreadable for run in runs)
        return runs

    def _as_configured(self, job: Job) -> Job:
        """The job, with what the settings have it run with."""
        configured = self._configured.get(job.key.job)
        if configured is None:
            return job
        parameters = tuple(sorted((clean(name, 100), value) for name, value in configured.parameters.items()))
        return msgspec.structs.replace(job, ref=clean(configured.ref, 200), configured=parameters)

    def _ended(self, read: int, failures: list[SourceError]) -> SourceHealth:
        """How it went: what may not be read is a denial, what failed in passing a failure."""
        denials = [
            Denial("read the job", error.right, error.remedy, error.headline)
            for error in failures
            if isinstance(error, Forbidden)
        ]
        passing = [error for error in failures if not isinstance(error, Forbidden)]
        if failures and not read:
            health = msgspec.structs.replace(failed_by(self._health, failures[0]), denials=tuple(denials))
        else:
            health = answered(self._health, datetime.now(UTC), objects=read, denials=denials, failures=passing)
        return msgspec.structs.replace(
            health, requests=self._builder.requests, endpoint=self._builder.endpoint, identity=self._builder.identity
        )
