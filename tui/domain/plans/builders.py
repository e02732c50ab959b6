"""Which job rebuilds an image; where nobody knows one, the lines of configuration that would make it known."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import partial

import msgspec

from tui.domain.builds.claimed import builder_title, claim_behind, contradiction, cover_of, deciding, names_other, speaker
from tui.domain.builds.places import JOB
from tui.domain.common.text import capitalized, clean, full_stop, listed
from tui.domain.facts.build import BuilderKind, Job, JobKey
from tui.domain.facts.build_claim import BuildClaim
from tui.domain.facts.events import SourceHealth, SourceKind, SourceState
from tui.domain.facts.patterns import is_azure_registry
from tui.domain.snapshot.snapshot import Attribution, AttributionBasis, Confidence, Image, ImageKey, Snapshot

__all__ = ["ChosenJob", "NoJob", "builder_health", "choose_job", "configuration_line", "job_title"]

_PLAIN = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


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
    for attribution in snapshot.builders.get(key, ()):
        if attribution.job is not None:
            return _chosen(snapshot, key, attribution, attribution.job)
    return _unknown(snapshot, key)


def _chosen(snapshot: Snapshot, key: ImageKey, attribution: Attribution, name: JobKey) -> ChosenJob | NoJob:
    job = snapshot.jobs.get(name)
    if job is None:
        health = builder_health(snapshot, name)
        why = f": {full_stop(health.error)}" if health is not None and health.error else "."
        return ChosenJob(Job(name, name.job), attribution, warnings=(f"The job itself could not be read{why}",))
    if others := _pushes_only(snapshot, key, attribution, job):
        reason = f"{_claimant(snapshot, key, attribution)} names the {job_title(job)}, which pushes {others}, and not this."
        return NoJob(f"No job is known to build it. {reason}", _confirming_line(key, job.key))
    blocked = full_stop(capitalized(job.disabled)) if job.disabled else ""
    doubts = _doubts(snapshot, key, attribution, job)
    return ChosenJob(job, attribution, blocked, (*map(full_stop, job.hindrances), *doubts) if job.hindrances else doubts)


def _pushes_only(snapshot: Snapshot, key: ImageKey, attribution: Attribution, job: Job) -> str:
    """What a job that only a claim names is known to push, where this image's repository is not among it: the claim may lie, or
    be that of the image that this one was copied from, and the job is run for neither."""
    if attribution.confidence is not Confidence.CLAIMED or not attribution.basis.is_claim:
        return ""
    runs = snapshot.runs.get(job.key, ())
    names = {built.name: None for built in (*job.images, *(image for run in runs for image in run.images or ()))}
    if not names or key.name in names:
        return ""
    return listed([clean(str(name), 160) for name in names], 3)


def _claimant(snapshot: Snapshot, key: ImageKey, attribution: Attribution) -> str:
    image = snapshot.images.get(key)
    words = _behind(image, attribution) if image is not None else "something of it"
    return capitalized(words)


def _behind(image: Image, attribution: Attribution) -> str:
    """What of an image says that a job builds it, and whether somebody vouches for that."""
    is_label = attribution.basis is AttributionBasis.LABEL
    claim = claim_behind(image, is_label=is_label)
    by = "a label" if is_label or claim is None else speaker(claim)
    return f"{by}, {cover_of(image, claim)}," if claim is not None else by


def _doubts(snapshot: Snapshot, key: ImageKey, attribution: Attribution, job: Job) -> tuple[str, ...]:
    """What an operator should know of how the job was found: only a claim names it, or a claim names another."""
    image = snapshot.images.get(key)
    if image is not None and attribution.basis.is_claim:
        return (f"Only {_behind(image, attribution)} says that this job builds it.", _confirming_line(key, job.key))
    if image is None or not image.built_by or attribution.confidence is Confidence.CERTAIN:
        return ()
    others = (claim for claim in deciding(image) if names_other(claim, job))
    return tuple(f"{_told(image, claim)}: another builder than this one." for claim in others)


def _told(image: Image, claim: BuildClaim) -> str:
    words = speaker(claim)
    return f"{capitalized(words)}, {cover_of(image, claim)}, names {builder_title(claim)}"


def _confirming_line(key: ImageKey, job: JobKey) -> str:
    return f"If it is so, this line in {_table(job.builder)} of the settings says it: {_image_line(key, job.job)}."


def _table(builder: str) -> str:
    return f"[builder.{builder if _PLAIN.fullmatch(builder) else json.dumps(clean(builder))}]"


def _image_line(key: ImageKey, job: str) -> str:
    return f"images.{json.dumps(clean(str(key.name)))} = {json.dumps(clean(job))}"


def job_title(job: Job) -> str:
    """The job as a person names it."""
    return f"{JOB[job.key.kind]} {clean(job.name or job.key.job, 120)}"


def builder_health(snapshot: Snapshot, key: JobKey) -> SourceHealth | None:
    """How the builder of a job is doing."""
    name = f"{key.kind}/{key.builder}"
    return next((source for source in snapshot.sources if source.id == (SourceKind.BUILDER, name)), None)


def _unknown(snapshot: Snapshot, key: ImageKey) -> NoJob:
    quick = next((candidate for candidate in snapshot.builders.get(key, ()) if candidate.job is None), None)
    builders = [source for source in snapshot.sources if source.kind is SourceKind.BUILDER]
    lost = [source for state in (SourceState.FAILED, SourceState.PARTIAL) for source in builders if source.state is state]
    if quick is not None:
        reason = f"It was built by run {clean(quick.run, 60)}, which belongs to no job that could be run again."
    elif lost:
        how = "was not read" if lost[0].state is SourceState.FAILED else "was read in part"
        why = full_stop(lost[0].error or "it does not answer")
        reason = f"No job is known to build it, and {lost[0].id.name} {how}: {why}"
    else:
        reason = "No job is known to build it."
    return NoJob(f"{reason} {_claims(snapshot, key)}".rstrip(), configuration_line(snapshot, key))


def _claims(snapshot: Snapshot, key: ImageKey) -> str:
    """What the image says itself, where no job was found by it; where it says two things, both."""
    image = snapshot.images.get(key)
    if image is None or not image.built_by:
        return ""
    claims = deciding(image)
    if not claims:
        return ""
    if pair := contradiction(claims):
        return f"What it says of its builder contradicts itself: {'; '.join(map(partial(_told, image), pair))}."
    return f"{_told(image, claims[0])}."


def configuration_line(snapshot: Snapshot, key: ImageKey) -> str:
    """The line that names the job, for the table of a builder: the job that the image names, else one that is called like it."""
    if claimed := _claimed_line(snapshot, key):
        return claimed
    guess = _guess(snapshot.jobs.values(), key)
    if guess is not None:
        line = f"{_table(guess.key.builder)}: {_image_line(key, guess.key.job)}"
        return f"Perhaps {job_title(guess)} builds it; the settings say so by this line in {line}"
    task = " An ACR task is found by itself once one of its runs has pushed the image." if is_azure_registry(key.registry) else ""
    return f"Name the job in the settings, by this line in [builder.NAME]: {_image_line(key, 'JOB')}.{task}"


def _claimed_line(snapshot: Snapshot, key: ImageKey) -> str:
    """The same by what the image says, where that is one thing and names a job."""
    image = snapshot.images.get(key)
    claims = deciding(image) if image is not None else ()
    claim = next((claim for claim in claims if claim.kind is not None and (claim.job or claim.title)), None)
    if claim is None or claim.kind is None or contradiction(claims) is not None:
        return ""
    builders = [source for source in snapshot.sources if source.kind is SourceKind.BUILDER]
    names = [source.id.name.partition("/")[2] for source in builders if source.id.name.startswith(f"{claim.kind}/")]
    table, job = _table(names[0]) if len(names) == 1 else "[builder.NAME]", claim.job
    if not job:  # its name alone is told, and a pipeline is configured by its number
        job = f"{claim.title.partition('/')[0]}/ID"
    kind = "" if names else f" with kind = {json.dumps(str(claim.kind))}"
    return f"If it is so, this line in {table}{kind} of the settings says it: {_image_line(key, job)}."


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
