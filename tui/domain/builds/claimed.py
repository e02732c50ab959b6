"""What the claims of an image come to: which job they name, whether somebody vouches for them, and whether they agree.

A signature of the image covers its index, and with that the provenance in it, its annotations, and the labels of its configs. An
attestation hangs on the image and is signed by itself: nothing else vouches for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlsplit

from tui.domain.builds.places import JOB, build_place
from tui.domain.common.text import clean
from tui.domain.facts.build import BuilderKind, Job, JobKey, Run
from tui.domain.facts.build_claim import BuildClaim, ClaimedBy
from tui.domain.snapshot.snapshot import Image

__all__ = [
    "ClaimedJobs",
    "Vouched",
    "builder_title",
    "claim_behind",
    "contradiction",
    "cover_of",
    "deciding",
    "is_vouched",
    "names_other",
    "speaker",
    "vouched",
]

K = TypeVar("K")
_LOOPBACK = ("localhost", "127.", "[::1]")
_UNIQUE_RUNS = (BuilderKind.GITHUB_ACTIONS, BuilderKind.AZURE_PIPELINES)
"""Builders whose ids of runs are no numbers within a job."""


class Vouched(StrEnum):
    """Whether somebody stands for what an image says: in words that follow what says it."""

    SIGNED = "which its signature covers"
    UNSIGNED = "which nobody signed"
    REFUSED = "whose signature is not accepted"
    UNCHECKED = "of which no signature was checked"


def vouched(image: Image) -> Vouched:
    """Whether a signature that the policy accepts covers the whole image, and with it what the image says."""
    verified = next((report for report in image.signatures if report.subject == image.key.digest), None)
    if verified is None:
        return Vouched.UNCHECKED
    if any(outcome.verdict.accepted for outcome in verified.outcomes):
        return Vouched.SIGNED
    if verified.outcomes:
        return Vouched.REFUSED
    return Vouched.UNCHECKED if verified.error else Vouched.UNSIGNED


def is_vouched(image: Image, claim: BuildClaim) -> bool:
    """Whether somebody whom the policy trusts stands for a claim."""
    return not claim.doubt if claim.by is ClaimedBy.ATTESTATION else vouched(image) is Vouched.SIGNED


def cover_of(image: Image, claim: BuildClaim) -> str:
    """Whether somebody stands for a claim, in words that follow what says it."""
    if claim.by is not ClaimedBy.ATTESTATION:
        return vouched(image).value
    if claim.doubt:
        return f"which is not verified ({clean(claim.doubt.rstrip('.'), 200)})"
    return f"signed by {clean(claim.signer, 200)} and verified"


def deciding(image: Image) -> tuple[BuildClaim, ...]:
    """The claims that count: those of signed statements alone where there are any, else all that say something."""
    claims = tuple(claim for claim in image.built_by if claim.names_builder or claim.repository)
    signed = tuple(claim for claim in claims if claim.is_statement and claim.names_builder and is_vouched(image, claim))
    return signed or claims


def claim_behind(image: Image, *, is_label: bool) -> BuildClaim | None:
    """The claim by which an image says who built it, as a label or otherwise."""
    return next((claim for claim in deciding(image) if claim.is_statement is not is_label), None)


def contradiction(claims: Iterable[BuildClaim]) -> tuple[BuildClaim, BuildClaim] | None:
    """Two of them that cannot both be true."""
    earlier: list[BuildClaim] = []
    for claim in claims:
        for other in earlier:
            if _contradict(other, claim):
                return other, claim
        earlier.append(claim)
    return None


def _contradict(claim: BuildClaim, other: BuildClaim) -> bool:
    if claim.names_builder and other.names_builder:
        if (claim.kind, "" if claim.kind else claim.system) != (other.kind, "" if other.kind else other.system):
            return True
        if any(_differ(getattr(claim, name), getattr(other, name)) for name in ("job", "title", "run")):
            return True
    return _differ(claim.repository, other.repository)


def _differ(text: str, other: str) -> bool:
    return bool(text and other) and text.casefold() != other.casefold()


def names_other(claim: BuildClaim, job: Job) -> bool:
    """Whether a claim names another job, or another system, than this one."""
    if not claim.names_builder:
        return False
    if claim.kind is not job.key.kind:
        return True
    if claim.job:
        return _differ(claim.job, job.key.job)
    return bool(claim.title) and _differ(claim.title, _title_of(job))


def _title_of(job: Job) -> str:
    return f"{job.key.job.rpartition('/')[0]}/{job.name}"


# ---- words


def speaker(claim: BuildClaim) -> str:
    """What says it."""
    match claim.by:
        case ClaimedBy.ATTESTATION:
            return "its attestation"
        case ClaimedBy.PROVENANCE:
            return "its provenance"
        case ClaimedBy.ANNOTATION:
            return f"its annotation {clean(claim.name, 100)}"
        case ClaimedBy.LABEL:
            return f"its label {clean(claim.name, 100)}"


def builder_title(claim: BuildClaim) -> str:
    """What a claim names, as a person says it."""
    place = f" at {clean(claim.host, 120)}" if claim.host else ""
    if claim.kind is not None and (claim.job or claim.title):
        return f"the {JOB[claim.kind]} {clean(claim.job or claim.title, 160)}{place}"
    source = f"the source repository {clean(claim.repository, 160)}" if claim.repository else ""
    if claim.run:
        run = f"run {clean(claim.run, 40)} of {clean(claim.system, 80)}"
        return f"{run} and {source}" if source else f"{run}{place}"
    if claim.system:
        return f"{clean(claim.system, 120)} and {source}" if source else f"{clean(claim.system, 120)}{place}"
    return source


# ---- the jobs that they name


class ClaimedJobs:
    """Jobs by what claims may call them."""

    def __init__(self, jobs: Mapping[JobKey, Job], claimed: Iterable[JobKey], runs: Iterable[Run]) -> None:
        self._jobs = jobs
        self._by_name: dict[tuple[BuilderKind, str], dict[JobKey, None]] = {}
        self._by_run: dict[tuple[BuilderKind, str], dict[JobKey, None]] = {}
        self._by_repository: dict[str, dict[JobKey, None]] = {}
        for key in dict.fromkeys((*jobs, *claimed)):
            _add(self._by_name, (key.kind, key.job.casefold()), key)
            if key.kind is BuilderKind.GITHUB_ACTIONS:
                _add(self._by_repository, key.job.rpartition("/")[0].casefold(), key)
            if key.kind is BuilderKind.AZURE_PIPELINES and key in jobs:
                _add(self._by_name, (key.kind, _title_of(jobs[key]).casefold()), key)
        for run in runs:
            if run.job is not None and run.kind in _UNIQUE_RUNS:
                _add(self._by_run, (run.kind, run.id), run.job)

    def of(self, claim: BuildClaim) -> JobKey | None:
        """The job that a claim names; None where it is not known, or where it may be one of several."""
        keys = [key for key in self._named(claim) if not self._is_elsewhere(claim, key)]
        return keys[0] if len(keys) == 1 else None

    def _named(self, claim: BuildClaim) -> Iterator[JobKey]:
        kind = claim.kind
        if kind is not None and claim.job:
            yield from self._by_name.get((kind, claim.job.casefold()), ())
        elif kind is not None and claim.title and (kind, claim.title.casefold()) in self._by_name:
            yield from self._by_name[kind, claim.title.casefold()]
        elif kind is not None and claim.run and (kind, claim.run) in self._by_run:
            yield from self._by_run[kind, claim.run]
        elif claim.repository and kind in (None, BuilderKind.GITHUB_ACTIONS) and not (kind is None and claim.system):
            yield from self._by_repository.get(claim.repository.partition("/")[2].casefold(), ())

    def _is_elsewhere(self, claim: BuildClaim, key: JobKey) -> bool:
        """Whether the job is on another server than the claim says: a server may have names of its own, public ones have one."""
        job = self._jobs.get(key)
        claimed_host = (claim.host or claim.repository.partition("/")[0]).lower()
        own_host = _host(job.url if job is not None else "")
        if not claimed_host or not own_host or own_host.startswith(_LOOPBACK):
            return False
        return claimed_host != own_host and (_is_public(claimed_host) or _is_public(own_host))


def _add(table: dict[K, dict[JobKey, None]], name: K, key: JobKey) -> None:
    table.setdefault(name, {})[key] = None


def _is_public(host: str) -> bool:
    return host == "github.com" or host.partition("/")[0] == "dev.azure.com"


def _host(url: str) -> str:
    place = build_place(url)
    return (place.host if place is not None and place.host else urlsplit(url).hostname or "").lower()
