"""ACR Tasks on real sockets: what is read, what is sent once, and what is never sent again."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from tests.sources.builders.arm import HOST, REGISTRY, TASK, builder, run, task
from tests.sources.scanners.servers import Answer, Entra, Service, cut, page, send
from tui.domain.facts.build import BaseTrigger, BuilderKind, JobKey, RunCause, RunState
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.rights import RightState
from tui.errors import Forbidden, NotFound, OutcomeUnknown, SourceError, Throttled, UntrustedPayload
from tui.sources.builders.acr.tasks import AcrTasksBuilder
from tui.sources.ports import Trigger

KEY = JobKey(BuilderKind.ACR_TASKS, HOST, TASK.lower())
SCHEDULE, RUNS, TASKS = f"{REGISTRY}/scheduleRun", f"{REGISTRY}/runs", f"{REGISTRY}/tasks"
MARK = "plan-7/step-3"
TOKEN = base64.b64encode(MARK.encode()).decode()
DENIED = {
    "error": {"code": "AuthorizationFailed", "message": "The client 'x' does not have authorization to perform action 'y'."}
}


@asynccontextmanager
async def asked(service: Service, entra: Entra | None = None) -> AsyncIterator[AcrTasksBuilder]:
    service.on(REGISTRY, send({"properties": {"publicNetworkAccess": "Enabled"}}))
    async with service.running():
        tasks, arm = builder(service, entra)
        try:
            yield tasks
        finally:
            await tasks.aclose()
            await arm.close()


def sent(service: Service, path: str) -> list[Any]:
    return [json.loads(body) for (_, asked, _), body in zip(service.seen, service.bodies, strict=True) if asked == path]


async def test_tasks_of_several_pages_by_what_they_say_and_what_their_runs_pushed() -> None:
    service = Service()

    async def first(request: web.Request) -> web.StreamResponse:
        link = f"http://{request.host}{TASKS}?api-version=2025-03-01-preview&%24skiptoken=b"
        return web.json_response({"value": [task()], "nextLink": link})

    file = {"type": "FileTask", "taskFilePath": "acb.yaml", "contextPath": "https://github.com/contoso/api"}
    service.on(TASKS, first, send({"value": [task("api", file)]}), first, send({"value": [task("api", file)]}))
    output = {"registry": HOST, "repository": "shop/api", "tag": "7", "digest": "sha256:" + "a" * 64}
    service.on(RUNS, send({"value": [run("cf9", task="api", outputImages=[output])]}))
    async with asked(service) as tasks:
        every = await tasks.find(())
        found = await tasks.find([RepositoryName(HOST, "shop/api")])
    assert [job.name for job in every] == ["web", "api"]
    assert [job.name for job in found] == ["api"]
    assert "acb.yaml" in found[0].reason
    assert service.asked(TASKS)[0] == {"api-version": "2025-03-01-preview"}


async def test_a_row_that_two_pages_have_is_one_and_null_is_none() -> None:
    """A list that changes between two pages repeats what has moved over their border."""
    service = Service()

    def linking(path: str, rows: list[object]) -> Answer:
        async def answer(request: web.Request) -> web.StreamResponse:
            return web.json_response({"value": rows, "nextLink": f"http://{request.host}{path}?page=2"})

        return answer

    service.on(TASKS, linking(TASKS, [task(), None]), send({"value": [task(), task("api")]}))
    service.on(RUNS, linking(RUNS, [run("cf2"), run("cf1"), None]), send({"value": [run("cf1"), run("ce9")]}))
    async with asked(service) as tasks:
        assert [job.name for job in await tasks.jobs()] == ["web", "api"]
        assert [found.id for found in await tasks.last_runs(100)] == ["cf2", "cf1", "ce9"]


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], False),
        (["Disabled"], False),
        (["Disabled", "enabled"], True),
        (["Novel", "Enabled"], True),
        (["Disabled", "Novel"], None),
        ([None], None),
    ],
)
async def test_a_trigger_in_a_state_that_is_not_known_is_neither_on_nor_off(
    states: list[str | None], expected: bool | None
) -> None:
    service = Service()
    triggers = {
        "sourceTriggers": [{"status": state} for state in states],
        "timerTriggers": [{"status": state} for state in states],
    }
    service.on(TASK, send(task(trigger=triggers)))
    async with asked(service) as tasks:
        job = await tasks.describe(JobKey(BuilderKind.ACR_TASKS, HOST, TASK))
    assert (job.source_trigger, job.schedule) == (expected, expected)


@pytest.mark.parametrize(
    ("properties", "by_repository", "reason"),
    [
        ({"publicNetworkAccess": "ENABLED", "roleAssignmentMode": "legacyregistrypermissions"}, False, ""),
        ({"roleAssignmentMode": "AbacRepositoryPermissions"}, True, ""),
        ({}, None, ""),
        (
            {"publicNetworkAccess": "SecuredByPerimeter", "roleAssignmentMode": "Novel"},
            None,
            "Azure calls its public network access SecuredByPerimeter, which is not known here",
        ),
    ],
)
async def test_a_registry_of_a_kind_that_is_not_known_is_not_taken_for_one_that_is(
    properties: dict[str, Any], by_repository: bool | None, reason: str
) -> None:
    service = Service()
    service.on(REGISTRY, send({"properties": {**properties, "policies": {}}}))
    service.on(TASK, send(task(credentials={"sourceRegistry": {"identity": "[system]"}})))
    async with service.running():
        tasks, arm = builder(service)
        job = await tasks.describe(JobKey(BuilderKind.ACR_TASKS, HOST, TASK))
        policies = await tasks.policies()
        await tasks.aclose()
        await arm.close()
    assert (policies.by_repository, job.reason) == (by_repository, reason)


@pytest.mark.parametrize(
    ("properties", "hindrance", "reason"),
    [
        ({"count": 2, "provisioningState": "succeeded"}, "", ""),
        ({"count": 2, "provisioningState": "Failed"}, "The agent pool big is Failed.", ""),
        ({"count": 2, "provisioningState": "Novel"}, "The agent pool big is Novel.", ""),
        ({"count": None, "provisioningState": None}, "", "Azure does not tell the state of the agent pool big"),
        ({}, "", "Azure does not tell the state of the agent pool big"),
        ({"count": "2"}, "", "the agent pool big could not be read: "),
    ],
)
async def test_a_pool_is_fine_where_azure_says_so(properties: dict[str, Any], hindrance: str, reason: str) -> None:
    service = Service()
    service.on(f"{REGISTRY}/agentPools/big", send({"name": "big", "properties": properties}))
    service.on(TASK, send(task(agentPoolName="big")))
    async with asked(service) as tasks:
        job = await tasks.describe(JobKey(BuilderKind.ACR_TASKS, HOST, TASK))
    assert job.hindrances == ((hindrance,) if hindrance else ())
    assert job.reason.startswith(reason)
    assert bool(job.reason) is bool(reason)


@pytest.mark.parametrize(
    ("more", "trigger", "disabled"),
    [
        ({}, BaseTrigger.ON, ""),
        ({"trigger": {"baseImageTrigger": {"status": "Disabled"}}}, BaseTrigger.OFF, ""),
        ({"trigger": None}, BaseTrigger.NONE, ""),
        ({"trigger": {"baseImageTrigger": {"status": "Paused"}}}, BaseTrigger.UNKNOWN, ""),
        ({"status": "Disabled"}, BaseTrigger.ON, "the task is disabled"),
    ],
)
async def test_triggers_and_states_of_tasks(more: dict[str, Any], trigger: BaseTrigger, disabled: str) -> None:
    service = Service()
    service.on(TASK.lower(), send(task(**more)))
    service.on(TASK, send(task(**more)))
    async with asked(service) as tasks:
        job = await tasks.describe(JobKey(BuilderKind.ACR_TASKS, HOST, TASK))
    assert (job.trigger, job.disabled) == (trigger, disabled)


async def test_steps_in_yaml_say_what_they_push() -> None:
    steps = (
        "version: v1.1.0\nsteps:\n- build: -t $Registry/shop/web:$ID .\n- push: ['$Registry/shop/web:$ID', 'shop/web:latest']\n"
    )
    service = Service()
    service.on(TASK, send(task(step={"type": "EncodedTask", "encodedTaskContent": base64.b64encode(steps.encode()).decode()})))
    async with asked(service) as tasks:
        job = await tasks.describe(JobKey(BuilderKind.ACR_TASKS, HOST, TASK))
    assert [(str(image.name), image.tag) for image in job.images] == [
        (f"{HOST}/shop/web", "$ID"),
        (f"{HOST}/shop/web", "latest"),
    ]


async def test_what_hinders_a_task_is_said() -> None:
    service = Service()
    pool = f"{REGISTRY}/agentPools/big"
    closed = {"publicNetworkAccess": "Disabled", "networkRuleBypassAllowedForTasks": False}
    service.on(REGISTRY, send({"properties": closed}))
    service.on(pool, send({"name": "big", "properties": {"count": 0, "provisioningState": "Succeeded"}}))
    service.on(TASK, send(task()), send(task(agentPoolName="big")))
    async with asked(service) as tasks:
        network = await tasks.describe(JobKey(BuilderKind.ACR_TASKS, HOST, TASK))
        empty = await tasks.describe(JobKey(BuilderKind.ACR_TASKS, HOST, TASK))
    assert [words for words in network.hindrances if "networkRuleBypassAllowedForTasks" in words] == list(network.hindrances)
    assert empty.hindrances == ("The agent pool big has no machines: runs wait until it is scaled up.",)


async def test_rules_that_cannot_be_read_are_not_taken_for_open() -> None:
    service = Service()
    service.on(REGISTRY, send(DENIED, 403))
    service.on(TASK, send(task()))
    async with asked(service) as tasks:
        job = await tasks.describe(JobKey(BuilderKind.ACR_TASKS, HOST, TASK))
    assert "network rules could not be read" in job.reason


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("Queued", RunState.QUEUED),
        ("Started", RunState.RUNNING),
        ("Running", RunState.RUNNING),
        ("Succeeded", RunState.SUCCEEDED),
        ("Failed", RunState.FAILED),
        ("Canceled", RunState.CANCELLED),
        ("Error", RunState.FAILED),
        ("Timeout", RunState.FAILED),
        ("Paused", RunState.UNKNOWN),
    ],
)
async def test_every_state_of_a_run(status: str, state: RunState) -> None:
    service = Service()
    service.on(RUNS, send({"value": [run(status=status)]}))
    async with asked(service) as tasks:
        (seen,) = await tasks.runs(KEY, 5)
    assert seen.state is state
    assert bool(seen.detail) is (status in ("Error", "Timeout", "Paused"))
    assert service.asked(RUNS) == [{"api-version": "2025-03-01-preview", "$filter": "TaskName eq 'web'", "$top": "5"}]


@pytest.mark.parametrize(
    ("more", "cause"),
    [
        ({"imageUpdateTrigger": {"id": "1", "images": []}, "runType": "AutoRun"}, RunCause.BASE_IMAGE),
        ({"sourceTrigger": {"id": "1", "commitId": "c"}, "runType": "AutoRun"}, RunCause.SOURCE),
        ({"timerTrigger": {"timerTriggerName": "daily"}, "runType": "AutoRun"}, RunCause.SCHEDULE),
        ({"runType": "QuickBuild"}, RunCause.MANUAL),
        ({"runType": "AutoBuild"}, RunCause.UNKNOWN),
    ],
)
async def test_why_a_run_started(more: dict[str, Any], cause: RunCause) -> None:
    service = Service()
    service.on(RUNS, send({"value": [run(**more)]}))
    async with asked(service) as tasks:
        (seen,) = await tasks.last_runs(5)
    assert seen.cause is cause


async def test_a_failed_run_says_why_and_secrets_in_it_are_hidden() -> None:
    service = Service()
    service.on(RUNS, send({"value": [run(status="Failed", runErrorMessage="failed during run, err: exit status 1")]}))
    async with asked(service) as tasks:
        (seen,) = await tasks.last_runs(1)
    assert seen.detail == "failed during run, err: exit status 1"
    assert seen.images is None


async def test_a_task_is_run_once_with_its_mark_and_parameters() -> None:
    service = Service()
    service.on(TASK, send(task()))
    service.on(SCHEDULE, send(run(status="Queued", createTime=None, task=None, runType=None)))
    async with asked(service) as tasks:
        started = await tasks.trigger(Trigger(JobKey(BuilderKind.ACR_TASKS, HOST, TASK), MARK, {"VERSION": "7"}))
    assert (started.id, started.state, started.cause) == ("cf2", RunState.QUEUED, RunCause.MANUAL)
    steps = {"arguments": [{"name": "VERSION", "value": "7", "isSecret": False}], "values": [], "updateTriggerToken": TOKEN}
    request = {"type": "TaskRunRequest", "isArchiveEnabled": False, "taskId": TASK, "overrideTaskStepProperties": steps}
    assert sent(service, SCHEDULE) == [request]


def dropped() -> Answer:
    """Take the request and say nothing."""

    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    return answer


@pytest.mark.parametrize(
    "answer", [dropped(), cut(), send({}, 500), send({}, 503), send({}, 408), page(), send({}), send("", 202)]
)
async def test_an_answer_that_is_lost_is_never_asked_for_again(answer: Answer) -> None:
    service = Service()
    service.on(SCHEDULE, answer)
    async with asked(service) as tasks:
        with pytest.raises(OutcomeUnknown):
            await tasks.trigger(Trigger(KEY, MARK))
    assert len(service.asked(SCHEDULE)) == 1


@pytest.mark.parametrize(
    ("status", "error"), [(400, SourceError), (403, Forbidden), (404, NotFound), (409, SourceError), (429, Throttled)]
)
async def test_a_refusal_says_that_nothing_was_started(status: int, error: type[SourceError]) -> None:
    service = Service()
    service.on(SCHEDULE, send(DENIED, status))
    async with asked(service) as tasks:
        with pytest.raises(error) as raised:
            await tasks.trigger(Trigger(KEY, MARK))
    assert not isinstance(raised.value, OutcomeUnknown)
    assert len(service.asked(SCHEDULE)) == 1


async def test_a_sign_in_that_is_refused_is_got_anew_before_the_run_is_sent() -> None:
    service, entra = Service(), Entra(renews=True)
    service.on(SCHEDULE, send({}, 401), send(run(status="Queued")))
    async with asked(service, entra) as tasks:
        assert (await tasks.trigger(Trigger(KEY, MARK))).id == "cf2"
    assert entra.refused == ["entra-token"]


async def test_a_builder_that_is_not_there_started_nothing() -> None:
    service = Service()
    async with service.running():
        pass
    tasks, arm = builder(service)
    with pytest.raises(SourceError) as raised:
        await tasks.trigger(Trigger(KEY, MARK))
    assert not isinstance(raised.value, OutcomeUnknown)
    await arm.close()


async def test_a_lost_run_is_found_by_its_mark_alone() -> None:
    service = Service()
    runs = [run("cf4", "Running"), run("cf3", "Running", updateTriggerToken=TOKEN), run("cf2", updateTriggerToken="b3RoZXI=")]
    service.on(RUNS, send({"value": runs}))
    async with asked(service) as tasks:
        found = await tasks.look_up(Trigger(KEY, MARK), datetime(2026, 9, 17, 8, 34, tzinfo=UTC))
    assert [run.id for run in found] == ["cf3"]


async def test_without_a_mark_a_lost_run_is_one_of_those_by_hand_since_then() -> None:
    service = Service()
    old = "2020-09-17T08:00:00+00:00"
    automatic: dict[str, Any] = {"runType": "AutoRun", "imageUpdateTrigger": {"id": "1"}}
    runs = [run("cf5"), run("cf4", **automatic), run("cf3", updateTriggerToken="b3RoZXI="), run("cf2", createTime=old)]
    service.on(RUNS, send({"value": runs}))
    async with asked(service) as tasks:
        found = await tasks.look_up(Trigger(KEY, MARK), datetime(2026, 9, 17, 8, 34, tzinfo=UTC))
    assert [run.id for run in found] == ["cf5"]


async def test_a_run_is_cancelled_by_one_request() -> None:
    service = Service()
    service.on(RUNS, send({"value": [run(status="Running")]}))
    service.on(f"{RUNS}/cf2/cancel", send("", 202))
    async with asked(service) as tasks:
        (seen,) = await tasks.last_runs(1)
        await tasks.cancel(seen)
    assert [method for method, path, _ in service.seen if path.endswith("/cancel")] == ["POST"]


async def test_a_job_of_another_registry_is_not_asked_for() -> None:
    service = Service()
    other = JobKey(BuilderKind.ACR_TASKS, HOST, f"{REGISTRY}/tasks/../../other/tasks/web")
    async with asked(service) as tasks:
        for act in (tasks.describe(other), tasks.trigger(Trigger(other, MARK))):
            with pytest.raises(NotFound):
                await act
    assert not service.seen


async def test_the_next_page_is_asked_for_at_the_same_host_only() -> None:
    service = Service()
    service.on(RUNS, send({"value": [run()], "nextLink": "https://elsewhere.example/runs"}))
    async with asked(service) as tasks:
        with pytest.raises(UntrustedPayload):
            await tasks.last_runs(50)


@pytest.mark.parametrize(
    ("actions", "excluded", "expected"),
    [
        (["*"], [], "hhhhh"),
        (["*/read"], [], "hmhmm"),
        (["Microsoft.ContainerRegistry/registries/*"], ["Microsoft.ContainerRegistry/registries/RUNS/cancel/action"], "hhhhm"),
    ],
)
async def test_rights_are_asked_without_acting(actions: list[str], excluded: list[str], expected: str) -> None:
    service = Service()
    path = f"{REGISTRY}/providers/Microsoft.Authorization/permissions"
    service.on(path, send({"value": [{"actions": actions, "notActions": excluded}]}))
    async with asked(service) as tasks:
        rights = await tasks.rights(KEY)
    assert "".join("h" if right.state is RightState.HELD else "m" for right in rights) == expected
    assert all(right.remedy for right in rights if right.state is not RightState.HELD)
    assert {method for method, _, _ in service.seen} == {"GET"}


async def test_rights_stand_on_every_page() -> None:
    service = Service()
    path = f"{REGISTRY}/providers/Microsoft.Authorization/permissions"
    first = {"value": [{"actions": ["*/read"], "notActions": []}], "nextLink": f"{path}?page=2"}
    service.on(
        path, send(first), send({"value": [{"actions": ["Microsoft.ContainerRegistry/registries/*"], "notActions": None}]})
    )
    async with asked(service) as tasks:
        rights = await tasks.rights(KEY)
    assert {right.state for right in rights} == {RightState.HELD}


async def test_rights_that_cannot_be_asked_are_unknown() -> None:
    service = Service()
    async with asked(service) as tasks:
        rights = await tasks.rights(KEY)
    assert {right.state for right in rights} == {RightState.UNKNOWN}
    assert all(right.reason for right in rights)
