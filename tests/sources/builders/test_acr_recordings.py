"""Recordings of tasks, runs and a run's log of the real service are understood, and what has their shape."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.recordings import ORIGINS, exchanges
from tui.domain.facts.build import BaseTrigger, RunCause, RunState
from tui.domain.facts.image import Platform
from tui.sources.builders.acr.resources import LogLink, RunResource, TaskResource, arm_answer
from tui.sources.builders.acr.wire import job_of, run_of

pytestmark = pytest.mark.parametrize("origin", ORIGINS)
HOST = "clireg000002.azurecr.io"
ID = "/subscriptions/0/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/clireg000002"


def answers(part: str, origin: str, name: str = "arm/test_acr_task.yaml") -> list[bytes]:
    found = exchanges(name, origin)
    return [answer.body.encode() for answer in found if part in answer.path and answer.status == 200 and answer.body]


def properties(body: bytes) -> dict[str, Any]:
    """What the service says of a resource."""
    told: dict[str, Any] = json.loads(body)["properties"]
    return told


def test_a_task_before_and_after_its_first_run(origin: str) -> None:
    bodies = answers("/tasks/testTask?", origin)
    tasks = [job_of(arm_answer(body, TaskResource, "read"), HOST) for body in bodies]
    first, last = tasks[0], tasks[-1]
    assert first.bases is None
    (base,) = last.bases or ()
    (told,) = properties(bodies[-1])["step"]["baseImageDependencies"]
    assert str(base.name).endswith(told["repository"])
    assert (base.tag, base.digest, base.runtime) == (told["tag"], told["digest"], True)
    assert (first.trigger, first.source_trigger, first.schedule, first.disabled) == (BaseTrigger.ON, False, False, "")
    (named,) = properties(bodies[0])["step"]["imageNames"]
    assert [f"{image.name}:{image.tag}" for image in first.images] == [f"{HOST}/{named}"]
    assert first.platform == Platform("linux", "amd64")
    assert last.platform == Platform("linux", "arm")
    if origin == "recording":
        assert (str(base.name), base.tag) == ("docker.io/library/node", "15-alpine")


def test_an_encoded_task_without_a_push_pushes_nothing(origin: str) -> None:
    bodies = answers("/tasks/contextlessTask", origin)
    assert {job_of(arm_answer(body, TaskResource, "read"), HOST).images for body in bodies} == {()}


def test_runs_from_the_queue_to_their_end(origin: str) -> None:
    started = run_of(arm_answer(answers("/scheduleRun", origin)[0], RunResource, "run"), HOST, ID)
    assert (started.state, started.images, started.job) == (RunState.QUEUED, None, None)
    listed = json.loads(answers("/runs?", origin)[0])["value"][0]
    run = run_of(arm_answer(json.dumps(listed).encode(), RunResource, "run"), HOST, ID)
    told = listed["properties"]
    assert (run.state, run.cause, run.id) == (RunState.SUCCEEDED, RunCause.MANUAL, told["runId"])
    assert run.job is not None
    assert run.job.job == f"{ID}/tasks/{told['task']}".lower()
    assert run.finished is not None
    assert told["finishTime"].startswith(f"{run.finished:%Y-%m-%dT%H:%M:%S.%f}")
    (image,) = run.images or ()
    (pushed,) = told["outputImages"]
    assert (str(image.name), image.tag, image.digest) == (
        f"{pushed['registry']}/{pushed['repository']}",
        pushed["tag"],
        pushed["digest"],
    )


def test_a_link_to_a_log(origin: str) -> None:
    bodies = answers("/listLogSasUrl", origin, "build-logs/quick_build_dockerfile_with_logs.yaml")
    assert bodies
    assert all((arm_answer(body, LogLink, "log").log_link or "").startswith("https://") for body in bodies)
