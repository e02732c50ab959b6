"""Jobs and runs that a builder lists in a form that is not understood: told as that, so that nothing looks whole that is not."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from tui.domain.common.text import clean, listed
from tui.domain.facts.build import BuilderKind, Job, JobKey, Run, RunState
from tui.errors import UntrustedPayload
from tui.sources.kit.entries import FORM

__all__ = ["unreadable_faults", "unreadable_job", "unreadable_run"]

MOST_NAMED = 3


def unreadable_job(key: JobKey, name: str, title: str) -> Job:
    """A job of which no more is known than that there is one."""
    return Job(key, clean(name, 120), reason=f"{title} describes it {FORM}", is_unreadable=True)


def unreadable_run(kind: BuilderKind, builder: str, title: str, id: str, job: JobKey | None, created: datetime | None) -> Run:
    """A run of which no more is known than that there is one."""
    detail = f"{title} describes it {FORM}."
    return Run(kind, builder, id or "without an id", RunState.UNKNOWN, job, detail, created=created, is_unreadable=True)


def unreadable_faults(title: str, jobs: Iterable[Job], runs: Iterable[Run]) -> list[UntrustedPayload]:
    """What to say of a list that was not understood as a whole; nothing where it was."""
    names = [f"job {clean(job.name, 80)}" for job in jobs if job.is_unreadable]
    names += [f"run {clean(run.id, 60)}" for run in runs if run.is_unreadable]
    if not names:
        return []
    remedy = "A newer version of trustree may know this form; a proxy in between may have changed it."
    return [UntrustedPayload(f"{title} describes {listed(names, MOST_NAMED)} {FORM}", remedy)]
