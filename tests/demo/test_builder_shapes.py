"""The demo's build systems answer as the recorded ones did: members and their types, reply by reply."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any

import pytest

from tests.demo.serving import asking
from tests.demo.test_builders import served, until
from tests.demo.test_tasks import CONTOSO, demo
from tests.recordings import ORIGINS, document, exchanges
from tui.demo.builders.jobs import System, Why
from tui.sources.builders.secrets import Basic
from tui.sources.ports import Trigger

pytestmark = pytest.mark.parametrize("origin", ORIGINS)

COMMITS = ("head_commit", "repository", "head_repository", "check_suite", "check_run", "artifacts", "runner", "html_url")
"""Members of GitHub's answers about people, commits and machines: nobody reads them."""
PEOPLE = ("actor", "triggering_actor")
AUTHORS = ("authoredBy", "requestedFor", "requestedBy", "lastChangedBy", "_links")
OPTIONAL = (
    "comment",
    "jobAuthorizationScope",
    "tags",
    "properties",
    "jobTimeoutInMinutes",
    "jobCancelTimeoutInMinutes",
    "options",
)
GONE = ("plans", "orchestrationPlan", "appendCommitMessageToRunName", "retentionRules", "badgeEnabled")


def unlike(recorded: object, told: object, but: Collection[str] = (), place: str = "") -> Iterator[str]:
    """Where an answer has not what was recorded: a member is missing, or has another type."""
    match recorded, told:
        case dict(), dict():
            for name, value in recorded.items():
                if name in but or any(part in name for part in but if part in COMMITS):
                    continue
                if name not in told:
                    yield f"{place}.{name} is missing"
                else:
                    yield from unlike(value, told[name], but, f"{place}.{name}")
        case list(), list():
            if recorded and told:
                yield from unlike(recorded[0], told[0], but, f"{place}[]")
        case _ if recorded is not None and told is not None and type(recorded) is not type(told):
            yield f"{place} is {type(told).__name__} and not {type(recorded).__name__}"


def bodies(name: str, origin: str) -> list[Any]:
    """What was answered, in order."""
    return [json.loads(exchange.body) for exchange in exchanges(name, origin) if exchange.body.startswith(("{", "["))]


async def test_github_answers_as_recorded(origin: str) -> None:
    """Workflows, runs, jobs with steps, dispatches and their refusals."""
    recorded = {
        name: bodies(f"github-actions/{name}.yaml", origin) for name in ("workflows", "runs", "jobs", "dispatch_422", "run")
    }
    but = (*COMMITS, *PEOPLE)
    async with served(System.GITHUB) as there, asking(there.server.handle) as ask:
        root, signed = "/api/v3/repos/contoso/identity", {"Authorization": "Bearer token"}
        workflow = (await ask(f"{root}/actions/workflows/tokens.yml", **signed)).json
        assert not [*unlike(recorded["workflows"][0]["workflows"][0], workflow)]
        runs = (await ask(f"{root}/actions/workflows/tokens.yml/runs", **signed)).json
        assert not [*unlike(recorded["runs"][0], runs, but)]
        listed: Any = runs["workflow_runs"]
        run = (await ask(f"{root}/actions/runs/{listed[0]['id']}", **signed)).json
        assert not [*unlike(recorded["run"][0], run, but)]
        jobs = (await ask(f"{root}/actions/runs/{listed[0]['id']}/jobs", **signed)).json
        assert not [*unlike(recorded["jobs"][0], jobs, but)]
        dispatches = f"{root}/actions/workflows/tokens.yml/dispatches"
        refused = await ask(dispatches, "POST", '{"ref": "none"}', **signed)
        assert refused.status == 422
        assert not [*unlike(recorded["dispatch_422"][1], refused.json)]
        assert {"x-ratelimit-remaining", "x-oauth-scopes", "x-github-request-id"} <= set(refused.headers)
        with_details = exchanges("github-actions/dispatch_run_details.yaml", origin)[-1]
        started = await ask(dispatches, "POST", '{"ref": "main", "return_run_details": true}', **signed)
        assert (started.status, [*unlike(json.loads(with_details.body), started.json)]) == (with_details.status, [])
        older = exchanges("github-actions/dispatch_204.yaml", origin)[-1]
        started = await ask(dispatches, "POST", '{"ref": "main"}', **signed)
        assert (started.status, started.body) == (older.status, older.body)


async def test_jenkins_answers_as_recorded(origin: str) -> None:
    """Jobs, queue items of both kinds, builds, the crumb."""
    recorded = {
        name: json.loads(document(f"jenkins/{name}.json", origin))
        for name in ("run_workflowrun", "jenkins_crumb", "queue_queue", "queue_leftitem", "job_folder", "job_pipeline")
    }
    views = ("views", "primaryView", "healthReport", "actions", "description", "displayName", "displayNameOrNull")
    builds = ("firstBuild", "lastBuild", "lastCompletedBuild", "lastFailedBuild", "lastStableBuild", "lastSuccessfulBuild")
    more = ("lastUnstableBuild", "lastUnsuccessfulBuild", "keepDependencies", "queueItem", "concurrentBuild", "resumeBlocked")
    async with served(System.JENKINS) as there, asking(there.server.handle) as ask:
        headers = await Basic("operator", "token").headers()
        await until(there.builder, await there.builder.trigger(Trigger(there.key(Why.WORKS), "m1")), lambda run: run.state.ended)
        build = (await ask("/job/fulfilment/job/orders/3/api/json", **headers)).json
        assert not [*unlike(recorded["run_workflowrun"], build)]
        crumb = (await ask("/crumbIssuer/api/json", **headers)).json
        assert not [*unlike(recorded["jenkins_crumb"], crumb)]
        job = (await ask("/job/fulfilment/job/orders/api/json", **headers)).json
        assert not [*unlike(recorded["job_pipeline"], job, (*views, *builds, *more))]
        folder = (await ask("/job/fulfilment/api/json", **headers)).json
        assert not [*unlike(recorded["job_folder"], folder, views)]
        waiting = await there.builder.trigger(Trigger(there.key(Why.NO_AGENT), "m1"))
        queue = (await ask("/queue/api/json", **headers)).json
        items: Any = queue["items"]
        assert not [*unlike(recorded["queue_queue"] | {"items": []}, queue)]
        assert not [*unlike(recorded["queue_queue"]["items"][1], items[0])]
        await there.builder.cancel(waiting)
        item = (await ask(f"/queue/item/{items[0]['id']}/api/json", **headers)).json
        assert not [*unlike(recorded["queue_leftitem"], item, ("executable",))]


async def test_azure_devops_answers_as_recorded(origin: str) -> None:
    """Definitions, builds, one that is being cancelled, and 401 with an empty list."""
    but = (*AUTHORS, *OPTIONAL, *GONE)
    async with served(System.PIPELINES, "queue-full") as there, asking(there.server.handle) as ask:
        headers, root = await Basic("", "token").headers(), "/contoso/shop/_apis/build"
        listed, shown = bodies("azure-devops/test_build_definition_listShow.yaml", origin)
        assert not [*unlike(shown, (await ask(f"{root}/Definitions/31", **headers)).json, but)]
        assert not [*unlike(listed, (await ask(f"{root}/Definitions", **headers)).json, but)]
        _, queued, cancelled = bodies("azure-devops/test_build_cancel.yaml", origin)
        run = await there.builder.trigger(Trigger(there.key(Why.WORKS), "m1"))
        assert not [*unlike(queued, (await ask(f"{root}/Builds/{run.id}", **headers)).json, but)]
        many = bodies("azure-devops/test_build_listQueueShow.yaml", origin)[-1]
        builds: Any = (await ask(f"{root}/Builds?definitions=31", **headers)).json
        assert not [*unlike(many, {**builds, "value": builds["value"][1:]}, but)]
        stopped = (await ask(f"{root}/Builds/{run.id}", "PATCH", '{"status": "cancelling"}', **headers)).json
        assert not [*unlike(cancelled, stopped, but)]
        refused = await ask(f"{root}/Definitions")
        assert (refused.status, refused.json) == (401, {"count": 0, "value": []})
        assert "www-authenticate" in refused.headers


async def test_azure_answers_about_tasks_as_recorded(origin: str) -> None:
    """Tasks, runs from the queue to their end, the address of a log, and the log itself."""
    recorded = exchanges("arm/test_acr_task.yaml", origin)
    but = ("identity", "systemData", "credentials", "sourceTriggers", "timerTriggers", "inputs")

    def answer(method: str, part: str) -> Any:
        return next(
            json.loads(each.body) for each in recorded if each.method == method and part in each.path and each.status == 200
        )

    async with demo() as azure, asking(azure.arm.handle) as ask:
        root = azure.arm.registries[CONTOSO].resource.id
        signed, version = {"Authorization": "Bearer entra"}, "api-version=2019-06-01-preview"
        tasks = (await ask(f"{root}/tasks?{version}", **signed)).json
        assert not [*unlike(answer("GET", "/tasks?"), tasks, but)]
        body = json.dumps({"type": "TaskRunRequest", "taskId": f"{root}/tasks/payments-api"})
        started = (await ask(f"{root}/scheduleRun?{version}", "POST", body, **signed)).json
        assert not [*unlike(answer("POST", "/scheduleRun"), started, but)]
        runs: Any = (await ask(f"{root}/runs?{version}", **signed)).json
        ended = [run for run in runs["value"] if run["properties"]["status"] == "Succeeded"]
        manual = {**ended[0]["properties"], "runType": "QuickRun"}
        assert not [*unlike(answer("GET", "/runs?")["value"][0], {**ended[0], "properties": manual}, but)]
        link = (await ask(f"{root}/runs/{ended[0]['name']}/listLogSasUrl?{version}", "POST", "{}", **signed)).json
        logged = exchanges("build-logs/quick_build_dockerfile_with_logs.yaml", origin)
        links = [json.loads(each.body) for each in logged if "/listLogSasUrl" in each.path]
        assert not [*unlike(links[0], link)]
    async with demo() as azure, asking(azure.arm.logs.handle) as ask:
        registry = azure.arm.registries[CONTOSO]
        _ = registry.tasks
        path = azure.arm.logs.open(next(iter(registry.builds.runs.values()))).removeprefix(azure.arm.logs.address)
        heads = [each for each in logged if each.method == "HEAD" and "x-ms-meta-complete" in each.headers]
        head = await ask(path, "HEAD")
        named = {
            name for name in heads[0].headers if name.startswith("x-ms-meta") or name in ("content-encoding", "x-ms-blob-type")
        }
        assert (head.status, named - set(head.headers)) == (heads[0].status, set())
