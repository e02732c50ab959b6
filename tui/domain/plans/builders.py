"""Which job rebuilds an image; where nobody knows one, the lines of configuration that would make it known."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

import msgspec

from tui.domain.common.text import clean, full_stop
from tui.domain.facts.build import BuilderKind, Job, JobKey
from tui.domain.facts.events import SourceHealth, SourceKind, SourceState
from tui.domain.facts.patterns import is_azure_registry
from tui.domain.snapshot.snapshot import Attribution, ImageKey, Snapshot

__all__ = ["ChosenJob", "NoJob", "builder_health", "choose_job", "configuration_line", "job_title"]

_PLAIN = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_WORDS = {
    BuilderKind.ACR_TASKS: "ACR task",
    BuilderKind.AZURE_PIPELINES: "Azure pipeline",
    BuilderKind.GITHUB_ACTIONS: "GitHub workflow",
    BuilderKind.JENKINS: "Jenkins job",
}


class ChosenJob(msgspec.Struct, frozen=True, gc=False):
    """The job that rebuilds an image, what says so, and what speaks against it (`blocked`, or `warnings` that do not)."""

    job: Job
    attribution: Attribution
    blocked: str = ""
    warnings: tuple[str, ...] = ()


class NoJob(msgspec.Struct, frozen=True):
    """Nobody knows what builds an image: why, and the line of configuration that would tell, with a guess where there is one."""

    reason: str
    remedy: str


def choose_job(snapshot: Snapshot, key: ImageKey) -> ChosenJob | NoJob:
    """The best known job of an image."""
    attribution = next((candidate for candidate in snapshot.builders.get(key, ()) if candidate.job is not None), None)
    if attribution is None or attribution.job is None:
        return _unknown(snapshot, key)
    job = snapshot.jobs.get(attribution.job)
    if job is None:
        health = builder_health(snapshot, attribution.job)
        why = f": {full_stop(health.error)}" if health is not None and health.error else "."
        return ChosenJob(
            Job(attribution.job, attribution.job.job), attribution, warnings=(f"The job itself could not be read{why}",)
        )
    blocked = full_stop(job.disabled[:1].upper() + job.disabled[1:])
    return ChosenJob(job, attribution, blocked, tuple(map(full_stop, job.hindrances)))


def job_title(job: Job) -> str:
    """The job as a person names it."""
    return f"{_WORDS[job.key.kind]} {clean(job.name or job.key.job, 120)}"


def builder_health(snapshot: Snapshot, key: JobKey) -> SourceHealth | None:
    """How the builder of a job is doing."""
    name = f"{key.kind}/{key.builder}"
    return next((source for source in snapshot.sources if source.id == (SourceKind.BUILDER, name)), None)


def _unknown(snapshot: Snapshot, key: ImageKey) -> NoJob:
    quick = next((candidate for candidate in snapshot.builders.get(key, ()) if candidate.job is None), None)
    lost = [source for source in snapshot.sources if source.kind is SourceKind.BUILDER and source.state is SourceState.FAILED]
    if quick is not None:
        reason = f"It was built by run {clean(quick.run, 60)}, which belongs to no job that could be run again."
    elif lost:
        reason = (
            f"No job is known to build it, and {lost[0].id.name} was not read: {full_stop(lost[0].error or 'it does not answer')}"
        )
    else:
        reason = "No job is known to build it."
    return NoJob(reason, configuration_line(snapshot, key))


def configuration_line(snapshot: Snapshot, key: ImageKey) -> str:
    """The line that names the job, for the table of a builder; with the job that is called like the image, if there is one."""
    pattern = json.dumps(clean(f"{key.registry}/{key.repository}"))
    guess = _guess(snapshot.jobs.values(), key)
    if guess is not None:
        job = guess.key
        table = job.builder if _PLAIN.fullmatch(job.builder) else json.dumps(clean(job.builder))
        line = f"images.{pattern} = {json.dumps(clean(job.job))}"
        return f"Perhaps {job_title(guess)} builds it; the settings say so by this line in [builder.{table}]: {line}"
    task = " An ACR task is found by itself once one of its runs has pushed the image." if is_azure_registry(key.registry) else ""
    return f'Name the job in the settings, by this line in [builder.NAME]: images.{pattern} = "JOB".{task}'


def _guess(jobs: Iterable[Job], key: ImageKey) -> Job | None:
    """The one job outside of ACR whose name has the last part of the repository as a word."""
    name = key.repository.rpartition("/")[2].lower()
    words = re.compile(rf"(?:^|[^a-z0-9]){re.escape(name)}(?:$|[^a-z0-9])") if name else None
    like = [
        job
        for job in jobs
        if job.key.kind is not BuilderKind.ACR_TASKS and words is not None and words.search(f"{job.name} {job.key.job}".lower())
    ]
    return like[0] if len(like) == 1 else None
