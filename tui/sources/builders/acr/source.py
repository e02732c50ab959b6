"""Tasks and runs of a registry as a source: what there is first, then what changes, faster while something runs.

A look costs Azure two reads of the 25 that one identity has each second; runs are looked at often only while one is under way,
and not at all when nobody is there who wants to know.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import msgspec

from tui.domain.common.text import plural
from tui.domain.facts.build import BuilderKind, Job, Run
from tui.domain.facts.build_events import JobsCompleted, JobsSeen, RunsSeen, builder_source
from tui.domain.facts.diagnosis import Diagnosis, Tried
from tui.domain.facts.events import Event, HealthChanged, SourceHealth, SourceId
from tui.domain.facts.health import answered, denial_of, failed_by, loading, off
from tui.domain.facts.retention import PoliciesRead
from tui.domain.facts.rights import RightState
from tui.errors import AuthenticationFailed, Forbidden, NotFound, SourceError
from tui.sources.builders.acr.tasks import AZURE, AcrTasksBuilder
from tui.sources.builders.unreadable import unreadable_faults
from tui.sources.kit.attention import Attention
from tui.sources.kit.polling import Polling
from tui.sources.kit.streams import Emit, emitted
from tui.sources.kit.throttle import Backoff

__all__ = ["AcrTasksSource", "TaskPace"]

HISTORY = 300
"""Runs that are read at first: enough for the last of each task of a large registry."""
RECENT = 50
SOON = timedelta(hours=2)


class TaskPace(msgspec.Struct, frozen=True):
    """Seconds between two looks at runs while one is under way and else, between two at tasks, and after failures; `soonest`
    between two that somebody waits for."""

    soonest: float = 2.0
    busy: float = 5.0
    idle: float = 60.0
    tasks: float = 600.0
    retry: float = 5.0
    retry_most: float = 300.0
    refused: float = 300.0


class AcrTasksSource:
    """A `Source` and a `Probe`."""

    def __init__(self, builder: AcrTasksBuilder, pace: TaskPace | None = None) -> None:
        self._builder, self._pace = builder, pace or TaskPace()
        self._generation = 0
        self._jobs: list[Job] = []
        self._tasks_at: float | None = None
        self._has_history = False
        self._polling = Polling(
            str(self.id),
            self._pace.idle,
            Backoff(self._pace.retry, self._pace.retry_most),
            Backoff(self._pace.refused, self._pace.refused),
            soonest=self._pace.soonest,
        )
        self._attention = Attention(self._polling)

    @property
    def id(self) -> SourceId:
        """`builder/acr-tasks/contoso.azurecr.io`."""
        return builder_source(BuilderKind.ACR_TASKS, self._builder.name)

    @property
    def builder(self) -> AcrTasksBuilder:
        """Who is asked."""
        return self._builder

    def attend(self) -> None:
        """Somebody is there. Never blocks."""
        self._attention.attend()

    def look(self) -> None:
        """Look soon: somebody waits for a run. Never blocks."""
        self._attention.look()

    def events(self) -> AsyncGenerator[Event, None]:
        """Jobs and runs for ever."""
        return emitted(self._work, str(self.id))

    async def diagnose(self) -> AsyncGenerator[Diagnosis, None]:
        """Whether tasks can be read, and the rights to act, asked without acting."""
        try:
            async with aclosing(self._tried()) as diagnoses:
                async for diagnosis in diagnoses:
                    yield diagnosis
        finally:
            await self._builder.aclose()

    async def _tried(self) -> AsyncGenerator[Diagnosis, None]:
        try:
            jobs = await self._builder.jobs()
        except NotFound as error:
            yield Diagnosis("tasks", Tried.DENIED, error.headline, remedy=error.remedy)
            return
        except SourceError as error:
            right = getattr(error, "right", "")
            yield Diagnosis("tasks", Tried.DENIED if right else Tried.FAILED, error.headline, right, error.remedy)
            return
        odd = unreadable_faults(AZURE, jobs, ())
        state, words = (Tried.FAILED, odd[0].headline) if odd else (Tried.OK, plural(len(jobs), "task"))
        yield Diagnosis("tasks", state, words, remedy=odd[0].remedy if odd else "", identity=self._builder.identity)
        for diagnosis in await self._rights():
            yield diagnosis

    async def _rights(self) -> list[Diagnosis]:
        states = {RightState.HELD: Tried.OK, RightState.MISSING: Tried.DENIED, RightState.UNKNOWN: Tried.FAILED}
        return [
            Diagnosis(
                right.name.partition("registries/")[2],
                states[right.state],
                right.reason,
                "" if right.state is RightState.HELD else right.name,
                right.remedy,
            )
            for right in await self._builder.registry_rights()
        ]

    async def _work(self, emit: Emit) -> None:
        try:
            await self._look_on(emit)
        finally:
            await self._builder.aclose()

    async def _look_on(self, emit: Emit) -> None:
        health = loading(self.id, endpoint=self._builder.endpoint)
        await emit(HealthChanged(health))
        while True:
            error: SourceError | None = None
            every = self._pace.idle
            try:
                runs, every = await self._look(emit)
                odd = unreadable_faults(AZURE, self._jobs, runs)
                health = answered(health, datetime.now(UTC), objects=len(self._jobs), failures=odd)
            except SourceError as failure:
                error, health = failure, _health_after(health, failure)
            health = msgspec.structs.replace(
                health, requests=self._builder.requests, identity=self._builder.identity, every=every
            )
            self._attention.pace(every, failed=error is not None)
            await emit(HealthChanged(health))
            await self._polling.rest(error)

    async def _look(self, emit: Emit) -> tuple[list[Run], float]:
        """One look; the last runs, and how long the next one has time."""
        now = self._polling.clock.now()
        if self._tasks_at is None or now >= self._tasks_at:
            await self._tell_jobs(emit)
            policies = await self._builder.policies()
            await emit(PoliciesRead(self.id, self._builder.name, policies, datetime.now(UTC)))
            self._tasks_at = now + self._pace.tasks
        runs = [*await self._builder.last_runs(RECENT if self._has_history else HISTORY)]
        self._has_history = True
        await emit(RunsSeen(self.id, tuple(runs), datetime.now(UTC)))
        return runs, self._pace.busy if any(map(_is_under_way, runs)) else self._pace.idle

    async def _tell_jobs(self, emit: Emit) -> None:
        self._generation += 1
        jobs = await self._builder.jobs()
        self._jobs = jobs
        await emit(JobsSeen(self.id, self._generation, tuple(jobs)))
        await emit(JobsCompleted(self.id, self._generation))


def _is_under_way(run: Run) -> bool:
    """Whether something will come of a run soon; one that has waited for hours will wait on."""
    since = run.started or run.created
    return not run.state.ended and (since is None or datetime.now(UTC) - since < SOON)


def _health_after(health: SourceHealth, error: SourceError) -> SourceHealth:
    """Who signs in to a registry need not see its resource: then there is nothing to be read here, and nothing is broken."""
    if isinstance(error, NotFound | AuthenticationFailed):
        return off(health, error.headline, error.remedy)
    if isinstance(error, Forbidden):
        return answered(health, None, objects=0, denials=[denial_of("tasks", error)])
    return failed_by(health, error)
