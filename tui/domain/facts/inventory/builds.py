"""Tables of what builders said of their jobs and runs."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from tui.domain.common.source_id import SourceId
from tui.domain.facts.build import Job, Run
from tui.domain.facts.build_events import BuildersConfigured, ConfiguredJob, JobsCompleted, JobsSeen, RunsSeen
from tui.domain.facts.events import BuildEvent
from tui.domain.facts.facts import BuildFacts, RunKey
from tui.domain.facts.inventory.newest import replaces
from tui.domain.facts.inventory.objects import ObjectTable
from tui.domain.facts.inventory.tables import Table

__all__ = ["BuildTables"]


class BuildTables:
    """Jobs by source and key, the newest word on each run, and what the settings name."""

    def __init__(self) -> None:
        self._jobs: dict[SourceId, ObjectTable[Job]] = {}
        self._runs: Table[RunKey, Run] = Table()
        self._seen: dict[RunKey, datetime] = {}
        self._configured: tuple[ConfiguredJob, ...] = ()

    def apply(self, event: BuildEvent) -> bool:
        """Take an event in. Says whether anything changed."""
        match event:
            case JobsSeen():
                return self._see_jobs(event)
            case JobsCompleted():
                return self._complete_jobs(event)
            case RunsSeen():
                return sum(self._see_run(run, event.at) for run in event.runs) > 0
            case BuildersConfigured():
                changed = self._configured != event.jobs
                self._configured = event.jobs
                return changed
            case _:
                assert_never(event)

    def freeze(self, version: int) -> BuildFacts:
        """The tables as they are now."""
        jobs = {source: table.freeze() for source, table in self._jobs.items()}
        return BuildFacts(version, jobs, self._runs.freeze(), self._configured)

    def _see_jobs(self, event: JobsSeen) -> bool:
        table = self._jobs.setdefault(event.source, ObjectTable())
        return table.see("", event.generation, ((_uid(job), job) for job in event.jobs))

    def _complete_jobs(self, event: JobsCompleted) -> bool:
        new = event.source not in self._jobs
        return self._jobs.setdefault(event.source, ObjectTable()).complete("", event.generation) or new

    def _see_run(self, run: Run, observed: datetime) -> bool:
        key = RunKey(run.kind, run.builder, run.id)
        before, observed_before = self._runs.get(key), self._seen.get(key, observed)
        if before is not None and not replaces((run, observed), (before, observed_before), _rank):
            return False
        self._seen[key] = observed
        return self._runs.put(key, run)


def _uid(job: Job) -> str:
    return "\n".join((job.key.kind, job.key.builder, job.key.job))


def _rank(word: tuple[Run, datetime]) -> tuple[bool, datetime]:
    run, observed = word
    return run.state.ended, observed
