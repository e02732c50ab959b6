"""One entry of a list in another form: the others are told, that one as unreadable, and whoever needs them all is refused."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from tests.sources.builders import test_acr_tasks as acr
from tests.sources.builders import test_github as gh
from tests.sources.builders import test_jenkins as ci
from tests.sources.builders import test_pipelines as ado
from tests.sources.builders.arm import HOST, TASK, run, task
from tests.sources.builders.servers import Script, json_answer, plain, serving
from tests.sources.builders.test_source import look, settings
from tests.sources.scanners.servers import Service, send
from tui.domain.builds.attribution import newest_first
from tui.domain.facts.build import BaseTrigger, BuilderKind, RunState
from tui.domain.facts.build_events import JobsCompleted, JobsSeen, RunsSeen
from tui.domain.facts.events import Event, HealthChanged, SourceState
from tui.errors import UntrustedPayload
from tui.settings.builders import CiKind
from tui.sources.builders.acr.source import AcrTasksSource
from tui.sources.builders.unreadable import unreadable_run
from tui.sources.kit.entries import OddEntry, entries, whole
from tui.sources.ports import Builder, Trigger

SINCE = datetime(2026, 3, 1, tzinfo=UTC)
FORM = "in a form that its API does not have"


class Row(msgspec.Struct):
    """An entry."""

    id: int
    name: str = ""


@pytest.mark.parametrize(
    "odd",
    [b"7", b"[]", b"null", b'"x"', b'{"name":"a"}', b'{"id":"x"}', b'{"id":1,"name":{}}', b"[" * 5000 + b"]" * 5000],
    ids=lambda body: body[:12].decode(),
)
def test_one_odd_entry_leaves_the_others_and_is_never_passed_over(odd: bytes) -> None:
    raws = [msgspec.Raw(b'{"id":1}'), msgspec.Raw(odd), msgspec.Raw(b'{"id":2}')]
    read = entries(raws, Row)
    assert [entry if isinstance(entry, OddEntry) else entry.id for entry in read] == [1, read[1], 2]
    assert isinstance(read[1], OddEntry)
    with pytest.raises(UntrustedPayload, match="It answers the request to read rows with one of its entries"):
        whole(read, "It", "read rows")


def test_what_is_told_of_an_odd_entry_is_cleaned() -> None:
    (odd,) = entries([msgspec.Raw(json.dumps({"id": {"a": "\x1b[2Jx"}, "yes": True}).encode())], Row)
    assert isinstance(odd, OddEntry)
    assert "\x1b" not in odd.text("id", "a")
    assert (odd.text("id"), odd.text("yes"), odd.text("id", "b", "c")) == ("", "", "")


def test_a_run_that_cannot_be_read_may_be_the_newest() -> None:
    odd = unreadable_run(BuilderKind.JENKINS, "ci", "Jenkins", "9", None, None)
    other = msgspec.structs.replace(odd, id="8", created=SINCE, is_unreadable=False)
    assert [run.id for run in newest_first((other, odd))] == ["9", "8"]


@asynccontextmanager
async def pipelines(odd: object) -> AsyncIterator[tuple[Builder, Trigger]]:
    script = Script()
    script.on(
        f"GET {ado.SHOP}/build/builds",
        json_answer({"value": [odd, ado.a_build(122, status="completed", result="succeeded")]}),
    )
    async with ado.pipelines(script) as builder:
        yield builder, Trigger(ado.KEY, "mark")


@asynccontextmanager
async def github(odd: object) -> AsyncIterator[tuple[Builder, Trigger]]:
    script = Script()
    runs = [odd, gh.a_run(122, status="completed", conclusion="success")]
    script.on(f"GET {gh.REPO}/actions/workflows/build.yml/runs", json_answer({"workflow_runs": runs}))
    async with gh.github(script) as builder:
        yield builder, Trigger(gh.KEY, "mark")


@asynccontextmanager
async def jenkins(odd: object) -> AsyncIterator[tuple[Builder, Trigger]]:
    script = Script()
    builds = [odd, {"number": 122, "result": "SUCCESS", "timestamp": 1_700_000_000_000}]
    script.on(f"GET {ci.JOB}/api/json", json_answer({**ci.PLAIN, "builds": builds}))
    script.on("GET /queue/api/json", json_answer({"items": []}))
    async with ci.jenkins(script) as builder:
        yield builder, Trigger(ci.KEY, "mark")


@asynccontextmanager
async def acr_tasks(odd: object) -> AsyncIterator[tuple[Builder, Trigger]]:
    service = Service()
    service.on(acr.RUNS, send({"value": [odd, run("cf122", task="web", createTime="2026-03-01T00:00:00Z")]}))
    async with acr.asked(service) as builder:
        yield builder, Trigger(acr.KEY, "mark")


@pytest.mark.parametrize(
    ("kind", "odd", "id"),
    [
        (pipelines, {"id": 123, "status": 7, "queueTime": "2026-03-02T00:00:00Z"}, "123"),
        (pipelines, [], "without an id"),
        (github, {"id": 123, "status": {}, "created_at": "2026-03-02T00:00:00Z"}, "123"),
        (github, "x", "without an id"),
        (jenkins, {"number": 123, "result": [], "timestamp": 1_900_000_000_000}, "123"),
        (jenkins, {"number": "a lot"}, "a lot"),
        (acr_tasks, {"name": "cf123", "properties": {"runId": "cf123", "status": 1, "task": "web"}}, "cf123"),
        (acr_tasks, {"name": "cf123", "properties": 7}, "cf123"),
    ],
)
async def test_one_odd_run_leaves_the_others_and_is_told(kind: Any, odd: object, id: str) -> None:
    async with kind(odd) as (builder, trigger):
        runs = await builder.runs(trigger.job, 10)
        with pytest.raises(UntrustedPayload, match=FORM):
            await builder.look_up(trigger, SINCE)
    assert [(run.id, run.state, run.is_unreadable) for run in runs] == [
        (id, RunState.UNKNOWN, True),
        (runs[1].id, RunState.SUCCEEDED, False),
    ]
    assert runs[0].detail.endswith(f"describes it {FORM}.")
    assert runs[1].id.endswith("122")


async def test_one_odd_task_leaves_the_others_and_nothing_is_said_of_what_it_does() -> None:
    service = Service()
    odd = {"id": f"{TASK}-odd", "name": "web-odd", "properties": {"status": "Enabled", "step": 7}}
    service.on(acr.TASKS, send({"value": [task("api"), odd, {"name": 7}, "x"]}))
    service.on(acr.RUNS, send({"value": []}))
    async with acr.asked(service) as builder:
        jobs = await builder.jobs()
        events: list[Event] = []
        async for event in AcrTasksSource(builder).events():
            events.append(event)
            if isinstance(event, HealthChanged) and event.health.state is not SourceState.LOADING:
                break
    assert [(job.name, job.is_unreadable) for job in jobs] == [
        ("api", False), ("web-odd", True), ("7", True), ("unreadable-3", True),
    ]  # fmt: skip
    assert [(job.trigger, job.schedule, job.images) for job in jobs[1:]] == [(BaseTrigger.UNKNOWN, None, ())] * 3
    health = events[-1].health if isinstance(events[-1], HealthChanged) else None
    assert health is not None
    assert (health.state, health.objects) == (SourceState.PARTIAL, 4)
    assert health.error == f"Azure Resource Manager describes job web-odd, job 7 and job unreadable-3 {FORM}"
    assert builder.name == HOST


async def test_a_builder_with_one_odd_run_is_read_in_part_and_its_list_is_not_called_complete() -> None:
    script = Script(X_Jenkins="2")
    builds = [{"number": 2, "result": 7}, {"number": 1, "result": "SUCCESS"}]
    script.on("GET /job/a/job/b/api/json", json_answer({"name": "b", "buildable": True, "builds": builds}))
    script.on("GET /queue/api/json", json_answer({"items": []}))
    async with serving(script) as url:
        events = await look(settings(CiKind.JENKINS, url), {})
    assert [type(event) for event in events] == [HealthChanged, JobsSeen, RunsSeen, HealthChanged]
    assert JobsCompleted not in map(type, events)
    last = events[-1]
    assert isinstance(last, HealthChanged)
    assert (last.health.state, last.health.objects) == (SourceState.PARTIAL, 1)
    assert last.health.error == f"ci describes run 2 {FORM}"


async def test_a_job_is_told_although_its_runs_cannot_be_read() -> None:
    script = Script(X_Jenkins="2")
    script.on("GET /job/a/job/b/api/json", json_answer({"name": "b", "buildable": True, "builds": 7}))
    script.on("GET /queue/api/json", json_answer({"items": 7}))
    async with serving(script) as url:
        events = await look(settings(CiKind.JENKINS, url), {})
    assert [type(event) for event in events] == [HealthChanged, JobsSeen, HealthChanged]
    last = events[-1]
    assert isinstance(last, HealthChanged)
    assert last.health.state is SourceState.PARTIAL


@pytest.mark.parametrize(
    ("item", "shown"),
    [
        ({"id": 9, "why": {}, "task": {"url": "http://ci/job/other/"}}, []),
        ({"id": 9, "why": {}, "task": {"url": f"http://ci{ci.JOB}/"}}, ["queue/9"]),
        ({"id": [], "task": {"url": f"http://ci{ci.JOB}/"}}, ["without an id"]),
        ({"id": 9, "why": 7}, ["queue/9"]),
        ("x", ["without an id"]),
    ],
)
async def test_an_odd_item_of_the_queue_is_told_unless_it_is_of_another_job(item: object, shown: list[str]) -> None:
    script = Script()
    script.on(f"GET {ci.JOB}/api/json", json_answer({**ci.PLAIN, "builds": []}))
    script.on("GET /queue/api/json", json_answer({"items": [item]}))
    async with ci.jenkins(script) as builder:
        assert [run.id for run in await builder.runs(ci.KEY, 10)] == shown


async def test_a_run_goes_on_although_its_steps_cannot_be_read_and_one_odd_job_hides_no_log() -> None:
    script = Script()
    jobs: list[object] = [
        {"id": 1, "name": "build", "status": "completed", "conclusion": "success", "steps": []},
        {"id": 2, "name": "push", "status": "completed", "steps": 7},
    ]
    run_path = f"GET {gh.REPO}/actions/runs/7"
    script.on(run_path, json_answer(gh.a_run(7, status="in_progress")))
    script.on(f"{run_path}/jobs", json_answer({"jobs": 7}), json_answer({"jobs": jobs, "total_count": 2}))
    script.on(f"GET {gh.REPO}/actions/jobs/1/logs", plain("hello\n"))
    async with gh.github(script) as builder:
        followed = await builder.follow(gh.RUN)
        script.on(run_path, json_answer(gh.a_run(7, status="completed", conclusion="success")))
        lines = [line async for line in builder.log(gh.RUN)]
    assert followed.state is RunState.RUNNING
    assert followed.detail.startswith("Its steps cannot be read: ")
    assert lines == ["hello", f"push: GitHub describes it {FORM}; its log is not read."]
