"""Why an image that stands on an old base did not rebuild by itself, and whether it will: as sentences, each with its fix.

What Azure's tasks follow: bases of the final stage alone under tags that move, in Azure registries (told at once), Docker Hub or
Microsoft's registry (looked at every 10 to 60 minutes); a task must have run once (learn.microsoft.com, "About base image
updates"). GitHub Actions have no trigger for bases; Azure Pipelines have one as a resource.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from enum import StrEnum

import msgspec

from tui.domain.common.text import capitalized, clean, full_stop
from tui.domain.facts.build import BaseDependency, BaseTrigger, BuilderKind, Job, Run, RunState
from tui.domain.facts.events import SourceState
from tui.domain.facts.patterns import is_azure_registry
from tui.domain.lineage.base_tags import is_exact, never_moves
from tui.domain.plans.builders import ChosenJob, NoJob, builder_health, choose_job, job_title
from tui.domain.plans.superseded import tags_pushed_instead
from tui.domain.plans.words import repository_title, several
from tui.domain.snapshot.snapshot import BaseLink, BaseState, Image, ImageKey, Snapshot

__all__ = ["Cause", "Outlook", "Outlooks", "WhyNot", "outlook", "self_rebuild", "why_not"]

POLLED = timedelta(minutes=60)
"""How long Azure may take to see that a public base has moved."""
_POLLED_REGISTRIES = frozenset({"docker.io", "mcr.microsoft.com"})


class Cause(StrEnum):
    """Why an image did not rebuild."""

    NO_BUILDER = "no-builder"
    NO_BASE = "no-base"
    DISABLED = "disabled"
    INACTIVE = "inactive"
    NEVER_RUN = "never-run"
    RUNNING = "running"
    QUEUED = "queued"
    LAST_RUN_FAILED = "last-run-failed"
    REBUILT = "rebuilt"
    TRIGGER_OFF = "trigger-off"
    NO_TRIGGER = "no-trigger"
    OTHER_BASE = "other-base"
    NOT_TRACKED = "base-not-tracked"
    PRIVATE_BASE = "private-base"
    TAG_NOT_STABLE = "tag-not-stable"
    PLATFORM = "platform-mismatch"
    TAG_SUPERSEDED = "tag-superseded"
    HINDRANCE = "hindrance"
    NOT_SEEN_YET = "not-seen-yet"
    UNKNOWN = "unknown"


class WhyNot(msgspec.Struct, frozen=True):
    """One reason in a sentence, and what mends it."""

    cause: Cause
    sentence: str
    fix: str = ""


class Outlooks(StrEnum):
    """Whether an image will be rebuilt by itself when its base changes."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Outlook(msgspec.Struct, frozen=True):
    """Whether, why, and what would make it so."""

    answer: Outlooks
    reason: str
    fix: str = ""
    cause: Cause = Cause.UNKNOWN


def why_not(snapshot: Snapshot, key: ImageKey) -> tuple[WhyNot, ...]:
    """Why an outdated image did not rebuild by itself, the most telling reason first; nothing for one that is not outdated."""
    image = snapshot.images.get(key)
    if image is None or image.base is None or image.base.state is not BaseState.OUTDATED:
        return ()
    chosen = choose_job(snapshot, key)
    if isinstance(chosen, NoJob):
        return (WhyNot(Cause.NO_BUILDER, chosen.reason, chosen.remedy),)
    job, runs = chosen.job, snapshot.runs.get(chosen.job.key, ())
    if job.key not in snapshot.jobs:
        return (WhyNot(Cause.UNKNOWN, chosen.warnings[0], _SOURCES),)
    reasons = (
        *_of_job(job),
        *_of_tag(snapshot, key, chosen),
        *_of_runs(snapshot, image, image.base, job, runs),
        *_of_trigger(snapshot, image, image.base, job),
    )
    return reasons or (_unexplained(snapshot, image.base, job),)


def outlook(snapshot: Snapshot, key: ImageKey) -> Outlook:
    """Whether an image will be rebuilt by itself when its base changes, as far as its job tells."""
    image = snapshot.images.get(key)
    if image is None:
        return Outlook(Outlooks.UNKNOWN, "The image is not known.")
    chosen = choose_job(snapshot, key)
    if isinstance(chosen, NoJob):
        return Outlook(Outlooks.UNKNOWN, chosen.reason, chosen.remedy)
    if chosen.job.key not in snapshot.jobs:
        return Outlook(Outlooks.UNKNOWN, chosen.warnings[0], _SOURCES)
    if image.base is None:
        if image.root and not image.absent:
            return Outlook(Outlooks.NO, "It has no base that could change.", cause=Cause.NO_BASE)
        return Outlook(Outlooks.UNKNOWN, "What it is built on is not known.")
    against = (*_of_job(chosen.job), *_of_tag(snapshot, key, chosen), *_of_trigger(snapshot, image, image.base, chosen.job))
    unknown = [reason for reason in against if reason.cause is Cause.UNKNOWN]
    sure = [reason for reason in against if reason.cause is not Cause.UNKNOWN]
    if sure:
        return Outlook(Outlooks.NO, sure[0].sentence, sure[0].fix, sure[0].cause)
    if unknown:
        return Outlook(Outlooks.UNKNOWN, unknown[0].sentence, unknown[0].fix)
    ended = next((run for run in snapshot.runs.get(chosen.job.key, ()) if run.state.ended), None)
    if ended is not None and ended.state is RunState.FAILED:
        reason = f"Its job follows its base. {_failed_words(ended, job_title(chosen.job))}"
        return Outlook(Outlooks.UNKNOWN, reason, _MEND, Cause.LAST_RUN_FAILED)
    return Outlook(Outlooks.YES, "Its job follows its base.")


def self_rebuild(snapshot: Snapshot, key: ImageKey) -> Outlook:
    """The same for a count: without the words that would make the job of an image known, which cost more than the answer."""
    if not any(attribution.job is not None for attribution in snapshot.builders.get(key, ())):
        return Outlook(Outlooks.UNKNOWN, "No job is known to build it.", cause=Cause.NO_BUILDER)
    return outlook(snapshot, key)


_SOURCES = "See the view of sources for what is missing."


# ---- the job itself


def _of_job(job: Job) -> Iterator[WhyNot]:
    if job.disabled:
        words = full_stop(capitalized(job.disabled))
        if job.key.kind is BuilderKind.GITHUB_ACTIONS and ("60 days" in words or "inactiv" in words):
            yield WhyNot(Cause.INACTIVE, words, "Enable the workflow with gh workflow enable.")
        else:
            yield WhyNot(Cause.DISABLED, words, _ENABLE[job.key.kind])
    for hindrance in job.hindrances:
        yield WhyNot(Cause.HINDRANCE, full_stop(hindrance), "Fix that at the builder, then run the job.")


_ENABLE = {
    BuilderKind.ACR_TASKS: "Enable it: az acr task update with --status Enabled.",
    BuilderKind.AZURE_PIPELINES: "Enable the pipeline in its settings.",
    BuilderKind.GITHUB_ACTIONS: "Enable the workflow with gh workflow enable.",
    BuilderKind.JENKINS: "Enable the job in Jenkins, or name the one that builds it.",
}


def _of_tag(snapshot: Snapshot, key: ImageKey, chosen: ChosenJob) -> Iterator[WhyNot]:
    if tags := tags_pushed_instead(snapshot, key, chosen):
        fix = f"Let what runs it name {tags[0]}; or let the job push this tag again."
        yield WhyNot(Cause.TAG_SUPERSEDED, f"{job_title(chosen.job)} pushes {several(tags)} now, not this tag.", fix)


# ---- its runs


def _of_runs(snapshot: Snapshot, image: Image, link: BaseLink, job: Job, runs: tuple[Run, ...]) -> Iterator[WhyNot]:
    title = job_title(job)
    if not runs:
        health = builder_health(snapshot, job.key)
        never = (
            job.key.kind is BuilderKind.ACR_TASKS and job.bases is None and health is not None and health.state is SourceState.OK
        )
        if never:
            yield WhyNot(Cause.NEVER_RUN, f"{title} has never run: Azure learns its bases only from a run.", "Run it once.")
        return
    last = runs[0]
    detail = f" {full_stop(clean(last.detail, 300))}" if last.detail else ""
    match last.state:
        case RunState.RUNNING:
            yield WhyNot(Cause.RUNNING, f"It is being rebuilt: run {clean(last.id, 60)} is going on.", "Wait for it.")
        case RunState.QUEUED | RunState.WAITING:
            pool = f" of agent pool {clean(job.agent_pool, 60)}" if job.agent_pool else ""
            yield WhyNot(
                Cause.QUEUED,
                f"Run {clean(last.id, 60)} {'waits in the queue' + pool if last.state is RunState.QUEUED else 'waits'}.{detail}",
                "Approve what it waits for." if last.state is RunState.WAITING else "See that its agents run.",
            )
        case RunState.FAILED | RunState.CANCELLED:
            yield WhyNot(Cause.LAST_RUN_FAILED, _failed_words(last, title), _MEND)
        case RunState.UNKNOWN:
            yield WhyNot(Cause.UNKNOWN, f"How run {clean(last.id, 60)} of {title} went cannot be read.{detail}", _SEE)
        case RunState.SUCCEEDED:
            yield from _rebuilt(image, link, last)


def _failed_words(run: Run, title: str) -> str:
    word = "failed" if run.state is RunState.FAILED else "was cancelled"
    detail = f" {full_stop(clean(run.detail, 300))}" if run.detail else ""
    return f"The last run of {title}, {clean(run.id, 60)}, {word}.{detail}"


def _rebuilt(image: Image, link: BaseLink, last: Run) -> Iterator[WhyNot]:
    """A run that went well since the base moved pushed another image: this one is left over."""
    begun = last.started or last.created
    pushed = {built.digest for built in last.images or () if built.name == image.name and built.digest}
    if link.since is not None and begun is not None and begun > link.since and pushed and not pushed.intersection(image.digests):
        yield WhyNot(
            Cause.REBUILT,
            f"Run {clean(last.id, 60)} has rebuilt it since; what runs is the older build.",
            "Redeploy what runs it.",
        )


_MEND = "Fix what its log says, then run it again."
_SEE = "See it at its builder."


# ---- its trigger


def _of_trigger(snapshot: Snapshot, image: Image, link: BaseLink, job: Job) -> Iterator[WhyNot]:
    is_fixed = bool(link.newest and "@" not in link.newest and link.tag and is_exact(link.tag))
    if is_fixed:
        tag = clean(link.tag, 128)
        built = f"It is built from tag {tag}" if link.tag_told else f"It is built from a tag such as {tag}"
        yield WhyNot(
            Cause.TAG_NOT_STABLE,
            f"{built}, which does not move; {clean(link.newest, 128)} is newer.",
            f"Change its FROM line to {clean(link.newest, 128)}, or to a tag that moves.",
        )
    title = job_title(job)
    match job.trigger:
        case BaseTrigger.UNKNOWN:
            why = f" {full_stop(clean(job.reason, 300))}" if job.reason else ""
            yield WhyNot(Cause.UNKNOWN, f"What starts {title} cannot be read.{why}", _SEE)
        case BaseTrigger.OFF:
            yield WhyNot(Cause.TRIGGER_OFF, f"The base image trigger of {title} is off.", _SWITCH_ON)
        case BaseTrigger.NONE:
            yield _no_trigger(job, title)
        case BaseTrigger.ON:
            if job.key.kind is BuilderKind.ACR_TASKS:
                followed = _followed(link, snapshot.images.get(link.base), job, title)
                yield from (reason for reason in followed if not (is_fixed and reason.cause is Cause.TAG_NOT_STABLE))
    if job.platform is not None and image.platforms and job.platform not in image.platforms:
        platforms = ", ".join(map(str, image.platforms))
        yield WhyNot(
            Cause.PLATFORM,
            f"{title} builds for {job.platform} alone; the image is for {platforms}.",
            "Let it build for each platform.",
        )


_SWITCH_ON = "Switch it on: az acr task update with --base-image-trigger-enabled true."


def _no_trigger(job: Job, title: str) -> WhyNot:
    match job.key.kind:
        case BuilderKind.ACR_TASKS:
            return WhyNot(Cause.TRIGGER_OFF, f"{title} has no base image trigger.", _SWITCH_ON)
        case BuilderKind.AZURE_PIPELINES:
            fix = "Add its base under resources, containers, with trigger: true."
            return WhyNot(Cause.NO_TRIGGER, f"{title} has no resource that its base would trigger.", fix)
        case BuilderKind.GITHUB_ACTIONS:
            times = " It runs by schedule alone." if job.schedule else ""
            fix = "Add a schedule, or start it by a dispatch when the base is pushed."
            return WhyNot(Cause.NO_TRIGGER, f"A base cannot start a workflow of GitHub: nothing starts {title}.{times}", fix)
        case BuilderKind.JENKINS:
            manner = "by schedule alone" if job.schedule else "without polling: nothing starts it when its base changes"
            return WhyNot(
                Cause.NO_TRIGGER, f"{title} runs {manner}.", "Add a trigger by schedule, or start it when the base is pushed."
            )


def _followed(link: BaseLink, built_on: Image | None, job: Job, title: str) -> Iterator[WhyNot]:
    """What Azure follows of the bases of a task, by the tag that its last build named: others may name the same base."""
    base = link.base
    tags = {link.tag, *(built_on.tags if built_on is not None else ())}
    name = repository_title(base)
    if not _is_looked_at(base.registry):
        yield WhyNot(Cause.PRIVATE_BASE, f"Azure does not look at {clean(base.registry, 120)}: {name} triggers nothing.", _IMPORT)
        return
    if job.bases is None:
        fix = "Run it once: Azure learns its bases from a run."
        yield WhyNot(Cause.NOT_TRACKED, f"The bases of {title} are not known to Azure: it learns them from a run.", fix)
        return
    same = [dependency for dependency in job.bases if dependency.name == base.name]
    runtime = [dependency for dependency in same if dependency.runtime]
    if not runtime:
        yield _not_followed(job.bases, bool(same), name, title)
    elif all(dependency.tag and never_moves(dependency.tag, tags) for dependency in runtime):
        sentence = f"{title} follows {_dependency(runtime[0])}, and that tag does not move."
        yield WhyNot(Cause.TAG_NOT_STABLE, sentence, _USE_TAG)
    elif link.tag_told and link.tag and all(dependency.tag and dependency.tag not in tags for dependency in runtime):
        yield WhyNot(
            Cause.OTHER_BASE, f"{title} follows {_dependency(runtime[0])}, and not its tag {clean(link.tag, 128)}.", _RUN_ONCE
        )
    elif all(not dependency.tag for dependency in runtime):
        yield WhyNot(Cause.TAG_NOT_STABLE, f"{title} builds on a digest of {name}, which never moves.", _USE_TAG)


def _not_followed(bases: Sequence[BaseDependency], is_earlier_stage: bool, name: str, title: str) -> WhyNot:
    """Why Azure does not follow the base of an image, whose name is `name`, in a task."""
    others = [dependency for dependency in bases if dependency.runtime]
    unseen = [dependency for dependency in others if not _is_looked_at(dependency.name.registry)]
    if unseen:
        registry = clean(unseen[0].name.registry, 120)
        sentence = f"{title} follows {_dependency(unseen[0])}: Azure does not look at {registry}."
        return WhyNot(Cause.PRIVATE_BASE, sentence, _IMPORT)
    if is_earlier_stage:
        sentence = f"{name} is a base of an earlier stage: only that of the last one triggers."
        return WhyNot(Cause.NOT_TRACKED, sentence, _SCHEDULE)
    if others:
        return WhyNot(Cause.OTHER_BASE, f"{title} follows {_dependency(others[0])}, and not {name}.", _RUN_ONCE)
    return WhyNot(Cause.NOT_TRACKED, f"{title} follows no base.", _RUN_ONCE)


def _is_looked_at(registry: str) -> bool:
    """Whether Azure sees what is pushed there."""
    return registry in _POLLED_REGISTRIES or is_azure_registry(registry)


_IMPORT = "Import the base into the registry of the task, and build on that."
_SCHEDULE = "Add a timer to the task with az acr task timer add."
_RUN_ONCE = "Run the task once: it follows what that run was built on."
_USE_TAG = "Name the base by a tag that moves in its FROM line."


def _dependency(base: BaseDependency) -> str:
    return clean(f"{base.name}:{base.tag}" if base.tag else str(base.name), 200)


def _unexplained(snapshot: Snapshot, link: BaseLink, job: Job) -> WhyNot:
    """Everything speaks for a rebuild: it may not have been seen yet; else nobody can tell."""
    polled = job.key.kind is BuilderKind.ACR_TASKS and link.base.registry in _POLLED_REGISTRIES
    if polled and link.since is not None and snapshot.as_of - link.since < POLLED:
        return WhyNot(
            Cause.NOT_SEEN_YET, "Azure looks at its base every 10 to 60 minutes, and it moved a short while ago.", "Wait."
        )
    return WhyNot(Cause.UNKNOWN, f"Nothing that can be read says why {job_title(job)} did not start.", "Run it from here.")
