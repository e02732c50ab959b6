"""Why an image did not rebuild by itself: one case for each state, and what is said where it cannot be told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from tests.domain.estates import ACR, NOW
from tests.domain.plans.kit import current, image, job, key, moved, outdated, run, world
from tui.domain.builds.attribution import attributions
from tui.domain.facts.build import BaseDependency, BaseTrigger, BuilderKind, Job, JobKey, Run, RunState
from tui.domain.facts.build_events import builder_source
from tui.domain.facts.events import SourceHealth, SourceState
from tui.domain.facts.image import Platform
from tui.domain.plans.why_not import Cause, Outlooks, outlook, why_not
from tui.domain.snapshot.snapshot import BaseLink, ImageKey, Snapshot

API, NEW = key("shop/api@1"), key("shop/api@2")
BASE, BASE_NEW = key("base/python@1"), key("base/python@2")
HUB, HUB_NEW = key("library/python@1", "docker.io"), key("library/python@2", "docker.io")
QUAY, QUAY_NEW = key("acme/python@1", "quay.io"), key("acme/python@2", "quay.io")
STALE = moved(BASE, BASE_NEW)
ARM = Platform("linux", "arm64")


def follows(base: ImageKey, tag: str = "1", runtime: bool = True) -> tuple[BaseDependency, ...]:
    """The base that a job's last build stood on."""
    return (BaseDependency(base.name, tag, base.digest, runtime),)


def task(**more: Any) -> Job:
    """A task that builds the image and follows its base, but for what is said."""
    start = {"trigger": BaseTrigger.ON, "bases": follows(BASE)}
    return msgspec.structs.replace(job("api", "shop/api:1"), **(start | more))


def other(kind: BuilderKind, **more: Any) -> Job:
    """A job of another builder."""
    return msgspec.structs.replace(job("api", "shop/api:1", kind=kind, builder="ci"), **more)


HEALTHY = SourceHealth(builder_source(BuilderKind.ACR_TASKS, ACR), SourceState.OK, NOW)
TASK = task()


def estate(built: Job | None, link: BaseLink, *runs: Run, platforms: tuple[Platform, ...] = ()) -> Snapshot:
    """The image on a base, with the job that builds it."""
    api = msgspec.structs.replace(image(API, "1", base=link), platforms=platforms)
    return world([api], (), [built] if built else [], runs, (HEALTHY,))


CASES = [
    pytest.param(None, STALE, (), Cause.NO_BUILDER, "No job is known", id="no builder"),
    pytest.param(task(disabled="the task is disabled"), STALE, (), Cause.DISABLED, "The task is disabled.", id="disabled"),
    pytest.param(
        other(BuilderKind.GITHUB_ACTIONS, disabled="GitHub disabled it after 60 days without activity."),
        STALE,
        (),
        Cause.INACTIVE,
        "60 days",
        id="60 quiet days",
    ),
    pytest.param(task(bases=None), STALE, (), Cause.NEVER_RUN, "has never run", id="never run"),
    pytest.param(
        TASK,
        STALE,
        (run(TASK, "9", state=RunState.FAILED, detail="exit status 1"),),
        Cause.LAST_RUN_FAILED,
        "exit status 1.",
        id="failed",
    ),
    pytest.param(
        TASK, STALE, (run(TASK, "9", state=RunState.CANCELLED),), Cause.LAST_RUN_FAILED, "was cancelled", id="cancelled"
    ),
    pytest.param(
        task(agent_pool="big"),
        STALE,
        (run(TASK, "9", state=RunState.QUEUED),),
        Cause.QUEUED,
        "queue of agent pool big",
        id="queue",
    ),
    pytest.param(
        TASK, STALE, (run(TASK, "9", state=RunState.WAITING, detail="approval"),), Cause.QUEUED, "approval.", id="approval"
    ),
    pytest.param(TASK, STALE, (run(TASK, "9", state=RunState.RUNNING),), Cause.RUNNING, "is being rebuilt", id="running"),
    pytest.param(TASK, STALE, (run(TASK, "9", state=RunState.UNKNOWN),), Cause.UNKNOWN, "cannot be read", id="run unknown"),
    pytest.param(task(trigger=BaseTrigger.OFF), STALE, (), Cause.TRIGGER_OFF, "is off", id="trigger off"),
    pytest.param(task(trigger=BaseTrigger.NONE), STALE, (), Cause.TRIGGER_OFF, "has no base image trigger", id="no trigger"),
    pytest.param(
        task(trigger=BaseTrigger.UNKNOWN, reason="no right"), STALE, (), Cause.UNKNOWN, "no right.", id="trigger unknown"
    ),
    pytest.param(task(bases=()), STALE, (), Cause.NOT_TRACKED, "follows no base", id="not tracked"),
    pytest.param(task(bases=follows(BASE, runtime=False)), STALE, (), Cause.NOT_TRACKED, "earlier stage", id="build stage"),
    pytest.param(task(bases=follows(HUB)), STALE, (), Cause.OTHER_BASE, "follows docker.io/library/python:1", id="other base"),
    pytest.param(task(bases=follows(BASE, "2")), STALE, (), Cause.OTHER_BASE, "not its tag 1", id="other tag"),
    pytest.param(task(bases=follows(BASE, "")), STALE, (), Cause.TAG_NOT_STABLE, "on a digest", id="digest"),
    pytest.param(
        task(bases=follows(BASE, "3.1.1")),
        outdated(BASE, "3.1.1", "3.1.2"),
        (),
        Cause.TAG_NOT_STABLE,
        "does not move",
        id="exact tag",
    ),
    pytest.param(task(), moved(QUAY, QUAY_NEW), (), Cause.PRIVATE_BASE, "does not look at quay.io", id="private base"),
    pytest.param(
        task(hindrances=("its registry is closed to tasks",)), STALE, (), Cause.HINDRANCE, "closed to tasks.", id="network"
    ),
    pytest.param(
        other(BuilderKind.AZURE_PIPELINES, trigger=BaseTrigger.NONE), STALE, (), Cause.NO_TRIGGER, "no resource", id="pipeline"
    ),
    pytest.param(
        other(BuilderKind.GITHUB_ACTIONS, trigger=BaseTrigger.NONE), STALE, (), Cause.NO_TRIGGER, "GitHub", id="workflow"
    ),
    pytest.param(
        other(BuilderKind.JENKINS, trigger=BaseTrigger.NONE), STALE, (), Cause.NO_TRIGGER, "without polling", id="jenkins"
    ),
    pytest.param(task(bases=follows(HUB)), moved(HUB, HUB_NEW), (), Cause.NOT_SEEN_YET, "10 to 60 minutes", id="not seen yet"),
    pytest.param(TASK, STALE, (), Cause.UNKNOWN, "Nothing that can be read", id="nothing explains it"),
]


@pytest.mark.parametrize(("built", "link", "runs", "cause", "words"), CASES)
def test_says_why_it_did_not_rebuild(built: Job | None, link: BaseLink, runs: tuple[Run, ...], cause: Cause, words: str) -> None:
    reason = why_not(estate(built, link, *runs), API)[0]
    assert reason.cause is cause
    assert words in reason.sentence
    assert reason.sentence.endswith(".")
    assert reason.fix


def test_another_platform_is_said() -> None:
    snapshot = estate(task(platform=Platform("linux", "amd64")), STALE, platforms=(ARM,))
    assert [reason.cause for reason in why_not(snapshot, API)] == [Cause.PLATFORM]


def test_a_rebuild_that_has_happened_is_said() -> None:
    link = msgspec.structs.replace(STALE, since=NOW - timedelta(hours=10))
    pushed = run(TASK, "9", NEW)
    snapshot = estate(TASK, link, pushed)
    builders = {API: attributions(image(API), [TASK], [])}
    assert [reason.cause for reason in why_not(replace(snapshot, builders=builders), API)] == [Cause.REBUILT]


def test_nothing_is_asked_of_what_is_not_outdated() -> None:
    assert why_not(estate(TASK, current(BASE)), API) == ()


def test_a_builder_that_was_not_read_is_unknown() -> None:
    gone = replace(estate(TASK, STALE), jobs={})
    assert [reason.cause for reason in why_not(gone, API)] == [Cause.UNKNOWN]
    assert outlook(gone, API).answer is Outlooks.UNKNOWN


@pytest.mark.parametrize(
    ("built", "answer"),
    [
        (TASK, Outlooks.YES),
        (task(trigger=BaseTrigger.OFF), Outlooks.NO),
        (task(trigger=BaseTrigger.UNKNOWN), Outlooks.UNKNOWN),
        (None, Outlooks.UNKNOWN),
    ],
)
def test_says_whether_it_will_rebuild_by_itself(built: Job | None, answer: Outlooks) -> None:
    assert outlook(estate(built, current(BASE)), API).answer is answer


def test_the_key_of_a_job_is_not_read_back() -> None:
    strange = msgspec.structs.replace(TASK, key=JobKey(BuilderKind.ACR_TASKS, ACR, "\x1b[31m"))
    assert all("\x1b" not in reason.sentence for reason in why_not(estate(strange, STALE), API))
