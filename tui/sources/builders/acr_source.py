"""Tasks and runs of a registry as a source: what there is first, then what changes, faster while something runs.

A look costs Azure two reads of the 25 that one identity has each second; runs are looked at often only while one is under way.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime

import msgspec

from tui.domain.facts.build import BuilderKind, Run
from tui.domain.facts.build_events import JobsCompleted, JobsSeen, RunsSeen, builder_source
from tui.domain.facts.events import Event, HealthChanged, SourceHealth, SourceId, SourceState
from tui.domain.facts.health import failed_by
from tui.errors import NotFound, SourceError
from tui.sources.builders.acr_rights import ASK_FOR
from tui.sources.builders.acr_tasks import AcrTasksBuilder
from tui.sources.kit.polling import Polling
from tui.sources.kit.streams import Emit, emitted
from tui.sources.kit.throttle import Backoff
from tui.sources.ports import Diagnosis

__all__ = ["AcrTasksSource", "TaskPace"]

HISTORY = 300
"""Runs that are read at first: enough for the last of each task of a large registry."""
RECENT = 50


class TaskPace(msgspec.Struct, frozen=True):
    """Seconds between two looks at runs while one is under way and else, between two at tasks, and after failures."""

    busy: float = 5.0
    idle: float = 60.0
    tasks: float = 600.0
    retry: float = 5.0
    retry_most: float = 300.0
    refused: float = 300.0


class AcrTasksSource:
    """A `Source` and a `Probe`; with `once` it ends after the first look."""

    def __init__(self, builder: AcrTasksBuilder, pace: TaskPace | None = None, *, once: bool = False) -> None:
        self._builder, self._pace, self._once = builder, pace or TaskPace(), once
        self._generation = 0
        self._polling = Polling(
            str(self.id),
            self._pace.idle,
            Backoff(self._pace.retry, self._pace.retry_most),
            Backoff(self._pace.refused, self._pace.refused),
        )

    @property
    def id(self) -> SourceId:
        """`builder/acr-tasks/contoso.azurecr.io`."""
        return builder_source(BuilderKind.ACR_TASKS, self._builder.name)

    @property
    def builder(self) -> AcrTasksBuilder:
        """Who is asked."""
        return self._builder

    def look(self) -> None:
        """Look now: somebody waits for a run. Never blocks."""
        self._polling.wake()

    def events(self) -> AsyncGenerator[Event, None]:
        """Jobs and runs for ever, or once."""
        return emitted(self._work, str(self.id))

    async def diagnose(self) -> list[Diagnosis]:
        """Whether tasks can be read, and the rights to act, asked without acting."""
        try:
            jobs = await self._builder.jobs()
        except NotFound as error:
            return [Diagnosis("tasks", "denied", error.headline, remedy=error.remedy)]
        except SourceError as error:
            right = getattr(error, "right", "")
            return [Diagnosis("tasks", "denied" if right else "failed", error.headline, right, error.remedy)]
        listed = Diagnosis("tasks", "ok", f"{len(jobs)} tasks", identity=self._builder.identity)
        return [listed, *await self._rights()]

    async def _rights(self) -> list[Diagnosis]:
        states = {"held": "ok", "missing": "denied", "unknown": "failed"}
        return [
            Diagnosis(
                right.name.partition("registries/")[2],
                states[right.state],
                right.reason,
                "" if states[right.state] == "ok" else right.name,
                right.remedy,
            )
            for right in await self._builder.registry_rights()
        ]

    async def _work(self, emit: Emit) -> None:
        health = SourceHealth(self.id, SourceState.LOADING, endpoint=self._builder.endpoint)
        await emit(HealthChanged(health))
        tasks_at, most = 0.0, HISTORY
        while True:
            error: SourceError | None = None
            try:
                now = self._polling.clock.now()
                if now >= tasks_at:
                    await self._tell_jobs(emit)
                    tasks_at = now + self._pace.tasks
                runs = await self._builder.last_runs(most)
                await emit(RunsSeen(self.id, tuple(runs), datetime.now(UTC)))
                most = RECENT
                self._polling.every = self._pace.busy if any(map(_is_under_way, runs)) else self._pace.idle
                health = msgspec.structs.replace(health, state=SourceState.LIVE, identity=self._builder.identity, error="", remedy="")
            except SourceError as failure:
                error = failure
                health = failed_by(health, failure)
            await emit(HealthChanged(health))
            if self._once:
                return
            await self._polling.rest(error)

    async def _tell_jobs(self, emit: Emit) -> None:
        self._generation += 1
        jobs = await self._builder.jobs()
        await emit(JobsSeen(self.id, self._generation, tuple(jobs)))
        await emit(JobsCompleted(self.id, self._generation))


def _is_under_way(run: Run) -> bool:
    return not run.state.ended
