"""The join of images with the jobs that build them.

A digest that a run says it pushed is certain. A tag is not: it may have been moved by somebody else since, which shows when the
job's newest run that pushed this tag pushed another digest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from tui.domain.builds.claimed import ClaimedJobs, builder_title, contradiction, cover_of, deciding, is_vouched, speaker
from tui.domain.builds.tags import is_open, tag_matches
from tui.domain.common.text import capitalized
from tui.domain.facts.build import BuiltImage, Job, JobKey, Run, RunState
from tui.domain.facts.build_claim import BuildClaim
from tui.domain.facts.build_events import ConfiguredJob
from tui.domain.facts.facts import BuildFacts
from tui.domain.facts.image import RepositoryName
from tui.domain.snapshot.snapshot import Attribution, AttributionBasis, Confidence, Image, ImageKey

__all__ = ["NO_BUILDS", "Builds", "BuildsJoin", "attributions", "newest_first"]

_EPOCH = datetime.fromtimestamp(0, UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class Builds:
    """Jobs, their runs, newest first, and the jobs that build each image, the best known first."""

    jobs: Mapping[JobKey, Job] = field(default_factory=dict)
    runs: Mapping[JobKey, tuple[Run, ...]] = field(default_factory=dict)
    builders: Mapping[ImageKey, tuple[Attribution, ...]] = field(default_factory=dict)


NO_BUILDS = Builds()


class BuildsJoin:
    """Keeps what builders said, joined with images, round after round: images that are as before are not joined again."""

    def __init__(self) -> None:
        self.builds = NO_BUILDS
        self._facts = BuildFacts()
        self._index = _Index({}, (), ())

    def renew(self, facts: BuildFacts, images: Mapping[ImageKey, Image], changed: Iterable[ImageKey]) -> None:
        """Join again those images that are others than before, all when builders said something else."""
        if facts is not self._facts:
            self._facts = facts
            self._take(facts)
            changed = images
        builders = dict(self.builds.builders) if changed is not images else {}
        for key in changed if facts.version else ():
            image = images.get(key)
            if image is not None and (attributed := self._index.of(image)):
                builders[key] = attributed
            else:
                builders.pop(key, None)
        if builders != self.builds.builders:
            self.builds = replace(self.builds, builders=builders)

    def _take(self, facts: BuildFacts) -> None:
        jobs = {job.key: job for table in facts.jobs.values() for job in table.values()}
        by_job: dict[JobKey, list[Run]] = {}
        for run in facts.runs.values():
            if run.job is not None:
                by_job.setdefault(run.job, []).append(run)
        self._index = _Index(jobs, facts.runs.values(), facts.configured)
        runs = {job: newest_first(runs) for job, runs in by_job.items()}
        self.builds = Builds(jobs, runs, self.builds.builders)


def attributions(image: Image, jobs: Iterable[Job], runs: Iterable[Run]) -> tuple[Attribution, ...]:
    """The jobs that build one image."""
    return _Index({job.key: job for job in jobs}, runs, ()).of(image)


def newest_first(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Runs by when they were created or started; those that tell neither stand last, by id."""
    return tuple(sorted(runs, key=lambda run: (_moment(run), len(run.id), run.id), reverse=True))


def _moment(run: Run) -> datetime:
    """When it began; one that cannot be read may be the newest, and is never taken for an old one."""
    return run.created or run.started or run.finished or (_LATEST if run.is_unreadable else _EPOCH)


class _Index:
    """Jobs and runs by the repositories that they push into."""

    def __init__(self, jobs: Mapping[JobKey, Job], runs: Iterable[Run], configured: tuple[ConfiguredJob, ...]) -> None:
        self._jobs, self._configured = jobs, configured
        runs = tuple(runs)
        self._claimed_jobs = ClaimedJobs(jobs, [entry.job for entry in configured], runs)
        self._pushed: dict[tuple[RepositoryName, str], list[Run]] = {}
        self._pushes: dict[RepositoryName, dict[JobKey, list[str]]] = {}
        self._last: dict[tuple[JobKey, RepositoryName, str], str] = {}
        for job in jobs.values():
            for built in job.images:
                self._pushes.setdefault(built.name, {}).setdefault(job.key, []).append(built.tag)
        for run in newest_first(runs):
            for built in run.images or ():
                self._add(run, built)

    def _add(self, run: Run, built: BuiltImage) -> None:
        if built.digest:
            self._pushed.setdefault((built.name, built.digest), []).append(run)
        if run.job is None:
            return
        self._pushes.setdefault(built.name, {}).setdefault(run.job, [])
        if run.state is RunState.SUCCEEDED and built.tag and built.digest:
            self._last.setdefault((run.job, built.name, built.tag), built.digest)

    def of(self, image: Image) -> tuple[Attribution, ...]:
        """The jobs that build an image, each once, by the best that is known of it."""
        best: dict[JobKey | None, Attribution] = {}
        for attribution in (*self._certain(image), *self._likely(image), *self._set(image), *self._claimed(image)):
            before = best.get(attribution.job)
            if before is None or _rank(attribution) < _rank(before):
                best[attribution.job] = attribution
        return tuple(sorted(best.values(), key=_rank))

    def _certain(self, image: Image) -> Iterator[Attribution]:
        for digest in image.digests:
            for run in self._pushed.get((image.name, digest), ()):
                has_job = run.job is None or run.job in self._jobs
                note = (
                    f"The log of run {run.id} says that it pushed this digest."
                    if run.by_log
                    else f"Run {run.id} pushed this digest."
                )
                confidence = Confidence.LIKELY if run.by_log else Confidence.CERTAIN
                yield Attribution(run.job, AttributionBasis.RUN, confidence, note, run.id, has_job)

    def _likely(self, image: Image) -> Iterator[Attribution]:
        for job, tags in self._pushes.get(image.name, {}).items():
            if (attribution := self._by_name(image, job, tags)) is not None:
                yield attribution

    def _by_name(self, image: Image, job: JobKey, tags: list[str]) -> Attribution | None:
        """What the names say. A tag that a run of the job put on another digest was put on this one by somebody else."""
        if any(self._last.get((job, image.name, tag), image.digests[0]) not in image.digests for tag in image.tags):
            return None
        has_job = job in self._jobs
        if tag := next((tag for tag in image.tags for pattern in tags if tag_matches(pattern, tag)), ""):
            note = f"The job says that it pushes tag {tag} of this repository."
            return Attribution(job, AttributionBasis.IMAGES, Confidence.LIKELY, note, job_seen=has_job)
        if image.tags and tags and not any(is_open(tag) for tag in tags):
            return None if image.tags_listed else self._in_repository(job, has_job)
        return self._in_repository(job, has_job)

    @staticmethod
    def _in_repository(job: JobKey, has_job: bool) -> Attribution:
        note = "The job pushes into this repository; nothing says that it pushed this image."
        return Attribution(job, AttributionBasis.REPOSITORY, Confidence.CLAIMED, note, job_seen=has_job)

    def _set(self, image: Image) -> Iterator[Attribution]:
        """What the settings name: the entry with the closest pattern."""
        entries = [entry for entry in self._configured if entry.images.matches(image.name)]
        if entries:
            job = min(entries, key=lambda entry: entry.images.closeness).job
            note = "The settings name this job for the image."
            yield Attribution(job, AttributionBasis.CONFIGURED, Confidence.LIKELY, note, job_seen=job in self._jobs)

    def _claimed(self, image: Image) -> tuple[Attribution, ...]:
        """What the image says itself; nothing where its claims contradict each other. An attestation that is not verified leads
        to no job: it is only told."""
        if not image.built_by:
            return ()
        claims = deciding(image)
        attributions = [
            self._by_claim(image, claim, job)
            for claim in claims
            if not claim.doubt and (job := self._claimed_jobs.of(claim)) is not None
        ]
        if len({attribution.job for attribution in attributions}) > 1 or contradiction(claims) is not None:
            return ()
        return tuple(attributions)

    def _by_claim(self, image: Image, claim: BuildClaim, job: JobKey) -> Attribution:
        basis = AttributionBasis.PROVENANCE if claim.is_statement else AttributionBasis.LABEL
        confidence = Confidence.LIKELY if claim.is_statement and is_vouched(image, claim) else Confidence.CLAIMED
        who, only = speaker(claim), "" if claim.names_builder else ", of which no other workflow is known"
        note = f"{capitalized(who)}, {cover_of(image, claim)}, names {builder_title(claim)}{only}."
        return Attribution(job, basis, confidence, note, job_seen=job in self._jobs)


_BASES = tuple(AttributionBasis)


def _rank(attribution: Attribution) -> tuple[int, bool, tuple[str, ...]]:
    # Of two that are known as well the one with a job: that can be run again.
    job = attribution.job
    return _BASES.index(attribution.basis), job is None, (job.kind, job.builder, job.job) if job is not None else ()
