"""Recordings of tasks, runs and a run's log of the real service are understood, where they lie."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tests.recordings import exchanges
from tests.shapes.recorded import RECORDINGS
from tui.domain.facts.build import BaseTrigger, RunCause, RunState
from tui.domain.facts.image import Platform
from tui.sources.builders.acr_resources import LogLink, RunResource, TaskResource, decoded
from tui.sources.builders.acr_wire import job_of, run_of

pytestmark = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="recordings are not part of the repository")
HOST = "clireg000002.azurecr.io"
ID = "/subscriptions/0/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/clireg000002"


def answers(part: str, name: str = "arm/test_acr_task.yaml") -> list[bytes]:
    return [one.body.encode() for one in exchanges(name) if part in one.path and one.status == 200 and one.body]


def test_a_task_before_and_after_its_first_run() -> None:
    tasks = [job_of(decoded(body, TaskResource, "read"), HOST) for body in answers("/tasks/testTask?")]
    first, last = tasks[0], tasks[-1]
    assert first.bases is None
    (base,) = last.bases or ()
    assert (str(base.name), base.tag, base.runtime) == ("docker.io/library/node", "15-alpine", True)
    assert base.digest.startswith("sha256:6edd37")
    assert (first.trigger, first.source_trigger, first.schedule, first.disabled) == (BaseTrigger.ON, False, False, "")
    assert [(str(image.name), image.tag) for image in first.images] == [(f"{HOST}/testtask", "v1")]
    assert first.platform == Platform("linux", "amd64")
    assert last.platform == Platform("linux", "arm")


def test_an_encoded_task_without_a_push_pushes_nothing() -> None:
    bodies = answers("/tasks/contextlessTask")
    assert {job_of(decoded(body, TaskResource, "read"), HOST).images for body in bodies} == {()}


def test_runs_from_the_queue_to_their_end() -> None:
    started = run_of(decoded(answers("/scheduleRun")[0], RunResource, "run"), HOST, ID)
    assert (started.state, started.images, started.job) == (RunState.QUEUED, None, None)
    listed = json.loads(answers("/runs?")[0])["value"][0]
    run = run_of(decoded(json.dumps(listed).encode(), RunResource, "run"), HOST, ID)
    assert (run.state, run.cause, run.id) == (RunState.SUCCEEDED, RunCause.MANUAL, "cf2")
    assert run.job is not None
    assert run.job.job == f"{ID}/tasks/testtask".lower()
    assert run.finished == datetime(2024, 9, 17, 8, 34, 33, 255741, UTC)
    (image,) = run.images or ()
    assert (str(image.name), image.tag) == (f"{HOST}/testtask", "v1")


def test_a_link_to_a_log() -> None:
    bodies = answers("/listLogSasUrl", "build-logs/quick_build_dockerfile_with_logs.yaml")
    assert bodies
    assert all((decoded(body, LogLink, "log").log_link or "").startswith("https://") for body in bodies)
