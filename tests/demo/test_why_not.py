"""Why the demo's images do not rebuild by themselves: what is told from the outside, held against what the demo knows.

Read by the real clients from the demo's servers; the truth is that of its models. Every reason that either side has is here.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.actions.emulated import Emulated, emulated
from tui.demo.builders import jobs
from tui.demo.builders.jobs import System, jobs_of
from tui.demo.estate import tasks
from tui.demo.estate.tasks import make_tasks
from tui.domain.facts.build import BuilderKind
from tui.domain.plans.why_not import Cause, Outlooks, outlook, why_not
from tui.domain.snapshot.snapshot import BaseState, Image, Snapshot

pytestmark = pytest.mark.xdist_group("emulated bad days")
YES, NO, UNKNOWN = Outlooks.YES, Outlooks.NO, Outlooks.UNKNOWN
TASKS: dict[tasks.Why, tuple[Outlooks, Cause, str]] = {
    tasks.Why.WORKS: (YES, Cause.UNKNOWN, "Its job follows its base."),
    tasks.Why.TRIGGER_OFF: (NO, Cause.TRIGGER_OFF, "The base image trigger of ACR task payments-fraud is off."),
    tasks.Why.UNTRACKED: (NO, Cause.NOT_TRACKED, "ACR task search-suggest follows no base."),
    tasks.Why.PRIVATE: (NO, Cause.PRIVATE_BASE, "Azure does not look at registry.internal.contoso.example."),
    tasks.Why.UNSTABLE: (NO, Cause.TAG_NOT_STABLE, "follows contoso.azurecr.io/base/python:3.12.11, and that tag does not move."),
    tasks.Why.DISABLED: (NO, Cause.DISABLED, "The task is disabled."),
    tasks.Why.NEVER_RUN: (NO, Cause.NOT_TRACKED, "it learns them from a run."),
    tasks.Why.FAILED: (UNKNOWN, Cause.LAST_RUN_FAILED, "The last run of ACR task data-etl"),
    tasks.Why.QUEUED: (NO, Cause.HINDRANCE, "The agent pool gpu has no machines"),
    tasks.Why.PLATFORM: (NO, Cause.PLATFORM, "builds for windows/amd64 alone; the image is for linux/amd64, linux/arm64."),
    tasks.Why.OTHER_BASE: (NO, Cause.OTHER_BASE, "base/alpine:3.22, and not contoso.azurecr.io/base/nginx."),
    tasks.Why.NETWORK: (NO, Cause.HINDRANCE, "lets no tasks through (networkRuleBypassAllowedForTasks is off)"),
}  # fmt: skip
JOBS: dict[tuple[System, jobs.Why], tuple[Outlooks, Cause, str]] = {
    (System.PIPELINES, jobs.Why.WORKS): (YES, Cause.UNKNOWN, "Its job follows its base."),
    (System.PIPELINES, jobs.Why.NO_TRIGGER): (NO, Cause.NO_TRIGGER, "has no resource that its base would trigger."),
    (System.PIPELINES, jobs.Why.FAILED): (UNKNOWN, Cause.LAST_RUN_FAILED, "denied: requested access to the resource is denied."),
    (System.PIPELINES, jobs.Why.APPROVAL): (YES, Cause.UNKNOWN, "Its job follows its base."),
    (System.GITHUB, jobs.Why.WORKS): (NO, Cause.NO_TRIGGER, "It runs by schedule alone."),
    (System.GITHUB, jobs.Why.INACTIVE): (NO, Cause.INACTIVE, "after 60 days without activity"),
    (System.GITHUB, jobs.Why.FAILED): (NO, Cause.NO_TRIGGER, "A base cannot start a workflow of GitHub"),
    (System.GITHUB, jobs.Why.APPROVAL): (NO, Cause.NO_TRIGGER, "A base cannot start a workflow of GitHub"),
    (System.JENKINS, jobs.Why.WORKS): (NO, Cause.NO_TRIGGER, "runs without polling"),
    (System.JENKINS, jobs.Why.NO_TRIGGER): (NO, Cause.NO_TRIGGER, "runs without polling"),
    (System.JENKINS, jobs.Why.FAILED): (NO, Cause.NO_TRIGGER, "runs without polling"),
    (System.JENKINS, jobs.Why.NO_AGENT): (NO, Cause.NO_TRIGGER, "runs without polling"),
}
FAILURES = {"notify/sms": "denied: requested access", "data/reports": "denied: requested access", "payments/migrate": "denied:"}


async def test_what_is_told_of_every_job_is_so(tmp_path: Path) -> None:
    async with emulated(tmp_path) as there:
        await there.until(all_read, "what every builder has")
        wrong = [*_tasks(there), *_jobs(there), *_failures(there.estate.snapshot)]
    assert not wrong, "\n".join(wrong)


def all_read(snapshot: Snapshot) -> bool:
    """Whether every builder told its jobs, and runs of them."""
    kinds = {job.kind for job in snapshot.jobs}
    return kinds == set(BuilderKind) and {job.kind for job in snapshot.runs} == kinds and snapshot.complete


def _newest(there: Emulated, line: str) -> Image:
    image = there.held_by(line, there.newest(line).tag)
    assert image is not None, line
    return image


def _tasks(there: Emulated) -> list[str]:
    wrong, reasons = [], set[tasks.Why]()
    for host in ("contoso.azurecr.io", "fabrikam.azurecr.io"):
        for task in make_tasks(there.run.company.yard, host).values():
            reasons.add(task.why)
            image = _newest(there, task.line)
            if image.base is not None and image.base.state is BaseState.CURRENT:
                wrong += _differs(there, image, TASKS[task.why], f"{task.name}: {task.why}")
    assert reasons == set(TASKS) == set(tasks.Why)
    return wrong


def _jobs(there: Emulated) -> list[str]:
    wrong, reasons = [], set[tuple[System, jobs.Why]]()
    for system in System:
        for job in jobs_of(system):
            reasons.add((system, job.why))
            wrong += _differs(there, _newest(there, job.line), JOBS[system, job.why], f"{job.name}: {job.why}")
    assert reasons == set(JOBS)
    return wrong


def _differs(there: Emulated, image: Image, expected: tuple[Outlooks, Cause, str], what: str) -> list[str]:
    told, (answer, cause, words) = outlook(there.estate.snapshot, image.key), expected
    is_right = told.answer is answer and told.cause is cause and words in told.reason
    return [] if is_right else [f"{what}: {told.answer}, {told.cause}: {told.reason}"]


def _failures(snapshot: Snapshot) -> list[str]:
    """Of what is outdated and whose last run failed the first reason is that, with the line of its log."""
    wrong = []
    for image in snapshot.images.values():
        words = FAILURES.get(image.key.repository)
        reasons = why_not(snapshot, image.key)
        failed = next((reason for reason in reasons if reason.cause is Cause.LAST_RUN_FAILED), None)
        if words is not None and reasons and (failed is None or words not in failed.sentence):
            wrong.append(f"{image.key.repository}: {reasons}")
    return wrong
