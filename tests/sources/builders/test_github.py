"""GitHub Actions on real sockets: dispatches old and new, approvals, logs on another host, and both kinds of limits."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from tests.recordings import ORIGINS, exchanges
from tests.sources.builders.servers import Script, cut, json_answer, plain, serving
from tests.tried import tried
from tui.domain.common.decoding import from_json
from tui.domain.facts.build import BaseTrigger, BuilderKind, JobKey, Run, RunCause, RunState
from tui.domain.facts.patterns import parse_pattern
from tui.domain.facts.rights import RightState
from tui.errors import AuthenticationFailed, Forbidden, ForeignAnswer, NotFound, OutcomeUnknown, SourceError, Throttled
from tui.sources.builders.github.builder import MOST_PAGES, GitHubBuilder
from tui.sources.builders.github.session import api_of, web_of
from tui.sources.builders.github.wire import (
    DispatchAnswer,
    Jobs,
    RunAnswer,
    Runs,
    Workflow,
    WorkflowJob,
    definition_of,
    disabled_words,
    run_of,
)
from tui.sources.builders.options import BuilderOptions, ConfiguredJob
from tui.sources.builders.secrets import Bearer
from tui.sources.kit.entries import entries, whole
from tui.sources.ports import Trigger

KEY = JobKey(BuilderKind.GITHUB_ACTIONS, "gh", "contoso/shop/build.yml")
REPO = "/api/v3/repos/contoso/shop"
FLOW = f"{REPO}/actions/workflows/build.yml"
DISPATCH = f"POST {FLOW}/dispatches"
RUNS = f"GET {FLOW}/runs"
FILE = f"GET {REPO}/contents/.github/workflows/build.yml"
BY_HAND = "on:\n  push:\n  workflow_dispatch:\n    inputs:\n      image: {required: true}\n      trustree_mark: {}\n"
SHOWN = f"run-name: Build ${{{{ inputs.trustree_mark }}}}\n{BY_HAND}"
RUN = Run(BuilderKind.GITHUB_ACTIONS, "gh", "7", RunState.RUNNING, KEY)
SINCE = datetime(2026, 3, 1, tzinfo=UTC)


def a_run(number: int, title: str = "", login: str = "operator", **members: Any) -> dict[str, Any]:
    """A run as GitHub tells it."""
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    usual = {"id": number, "status": "queued", "conclusion": None, "event": "workflow_dispatch", "created_at": now}
    return {**usual, "display_title": title, "actor": {"login": login}, **members}


@asynccontextmanager
async def github(script: Script) -> AsyncIterator[GitHubBuilder]:
    """A builder on a scripted server with one repository."""
    script.on(f"GET {REPO}", json_answer({"default_branch": "main", "private": True, "permissions": {"push": True}}))
    script.on("GET /api/v3/user", json_answer({"login": "operator"}))
    script.usually(FILE, json_answer({"message": "Not Found"}, 404))
    async with serving(script) as url:
        jobs = (ConfiguredJob(parse_pattern("contoso.azurecr.io/shop"), KEY.job),)
        builder = GitHubBuilder(BuilderOptions("gh", url, jobs=jobs, first_wait=0.01, poll=0.01, timeout=5.0), Bearer("secret"))
        try:
            yield builder
        finally:
            await builder.aclose()


def recorded(name: str, origin: str) -> list[bytes]:
    found = exchanges(f"github-actions/{name}.yaml", origin)
    return [exchange.body.encode() for exchange in found if exchange.status == 200]


@pytest.mark.parametrize("origin", ORIGINS)
def test_recorded_answers_are_read(origin: str) -> None:
    """Workflows, runs with their jobs, a dispatch that names its run."""
    assert [disabled_words(from_json(body, Workflow))[:28] for body in recorded("workflow_disabled_and_enabled", origin)][:2] == [
        "",
        "It was disabled in GitHub: `",
    ]
    runs = [from_json(body, RunAnswer) for body in recorded("run", origin) if b'"event"' in body]
    assert {run.status for run in runs} == {"completed", "in_progress"}
    assert [run_of("gh", KEY, run, "").state for run in runs[:2]] == [RunState.SUCCEEDED, RunState.RUNNING]
    assert all(run_of("gh", KEY, run, "").created for run in runs)
    assert all(from_json(body, Runs).total_count for body in recorded("runs", origin))
    answer = recorded("jobs", origin)[0]
    jobs = whole(entries(from_json(answer, Jobs).jobs, WorkflowJob), "", "")
    assert (len(jobs), jobs[0].steps[0].name) == (5, json.loads(answer)["jobs"][0]["steps"][0]["name"])
    started = recorded("dispatch_run_details", origin)[-1]
    assert from_json(started, DispatchAnswer).workflow_run_id == json.loads(started)["workflow_run_id"]


@pytest.mark.parametrize(
    ("status", "conclusion", "state"),
    [
        ("queued", None, RunState.QUEUED),
        ("requested", None, RunState.QUEUED),
        ("pending", None, RunState.QUEUED),
        ("waiting", None, RunState.WAITING),
        ("in_progress", None, RunState.RUNNING),
        ("completed", "success", RunState.SUCCEEDED),
        ("completed", "failure", RunState.FAILED),
        ("completed", "timed_out", RunState.FAILED),
        ("completed", "startup_failure", RunState.FAILED),
        ("completed", "skipped", RunState.FAILED),
        ("completed", "neutral", RunState.FAILED),
        ("completed", "stale", RunState.FAILED),
        ("completed", "cancelled", RunState.CANCELLED),
        ("completed", "action_required", RunState.WAITING),
        ("completed", None, RunState.UNKNOWN),
        ("completed", "novel\x1b[2J", RunState.UNKNOWN),
        ("novel", None, RunState.UNKNOWN),
    ],
)
def test_every_status_and_conclusion_is_a_state(status: str, conclusion: str | None, state: RunState) -> None:
    """Nothing but success is one."""
    run = run_of("gh", KEY, RunAnswer(1, status, conclusion or ""), "")
    assert run.state is state
    assert "\x1b" not in run.detail


@pytest.mark.parametrize(
    ("url", "api", "web"),
    [
        ("", "https://api.github.com", "https://github.com"),
        ("https://github.com", "https://api.github.com", "https://github.com"),
        ("https://contoso.ghe.com", "https://api.contoso.ghe.com", "https://contoso.ghe.com"),
        ("https://git.contoso.example", "https://git.contoso.example/api/v3", "https://git.contoso.example"),
        ("https://git.contoso.example/api/v3/", "https://git.contoso.example/api/v3", "https://git.contoso.example"),
    ],
)
def test_the_address_of_the_api_follows_from_the_host(url: str, api: str, web: str) -> None:
    """github.com, a tenant of its own, an enterprise server."""
    assert (api_of(url), web_of(api_of(url))) == (api, web)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("on: push", (BaseTrigger.NONE, True, False, None)),
        ("on: [push, workflow_dispatch]", (BaseTrigger.NONE, True, False, ())),
        (BY_HAND, (BaseTrigger.NONE, True, False, ("image", "trustree_mark"))),
        ("on:\n  schedule: [{cron: '0 3 * * *'}]\n  registry_package:\n", (BaseTrigger.ON, False, True, None)),
        ("on: {workflow_dispatch: {inputs: [1]}}", (BaseTrigger.NONE, False, False, ("1",))),
    ],
)
def test_what_starts_a_workflow_stands_in_its_file(text: str, told: tuple[object, ...]) -> None:
    """`on` is a word, not a truth."""
    definition = definition_of(text.encode())
    assert definition is not None
    assert (definition.trigger, definition.source, definition.schedule, definition.inputs) == told


@pytest.mark.parametrize(
    "text", ["", "[", "on", "a: 1", "[" * 5_000, "!!python/object/apply:os.system [id]", "x: " + "y" * 300_000]
)
def test_a_file_that_is_no_workflow_is_none(text: str) -> None:
    """Whatever is in it."""
    assert definition_of(text.encode()) is None


async def test_a_dispatch_that_names_its_run_is_that_run() -> None:
    """With the mark among the inputs where the workflow takes it."""
    script = Script()
    script.on(FILE, plain(BY_HAND))
    script.on(DISPATCH, json_answer({"workflow_run_id": 7, "run_url": "http://evil.example", "html_url": "http://evil.example"}))
    async with github(script) as builder:
        run = await builder.trigger(Trigger(KEY, "mark-1", {"image": "shop"}))
    assert (run.id, run.state, run.url) == ("7", RunState.QUEUED, f"{script.url}/contoso/shop/actions/runs/7")
    (sent,) = script.sent()
    assert sent.headers["Authorization"] == "Bearer secret"
    body = from_json(sent.body, dict[str, object])
    assert body == {"ref": "main", "inputs": {"image": "shop", "trustree_mark": "mark-1"}, "return_run_details": True}


async def test_a_server_that_does_not_know_the_wish_for_the_run_is_asked_without_it() -> None:
    """It refuses every member that it does not know, and has done nothing then; any other 422 is a refusal."""
    script = Script()
    script.on(FILE, plain(SHOWN))
    unknown = 'Invalid request.\n\n"return_run_details" is not a permitted key.'
    script.on(DISPATCH, json_answer({"message": unknown, "documentation_url": "https://docs.github.com"}, 422), plain(status=204))
    script.on(RUNS, json_answer({"workflow_runs": [a_run(7, "Build mark-1")]}))
    async with github(script) as builder:
        assert (await builder.trigger(Trigger(KEY, "mark-1"))).id == "7"
        asking, plainly = (from_json(sent.body, dict[str, object]) for sent in script.sent())
        assert asking == {**plainly, "return_run_details": True}
        script.on(DISPATCH, json_answer({"message": "Validation Failed", "errors": [{"message": "No ref found"}]}, 422))
        with pytest.raises(SourceError, match="Validation Failed: No ref found"):
            await builder.trigger(Trigger(KEY, "mark-1"))
    assert len(script.sent()) == 3
    assert {
        asked.headers["Accept"] for asked in script.asked if asked.path != f"{REPO}/contents/.github/workflows/build.yml"
    } == {"application/vnd.github+json"}


async def test_a_run_is_looked_up_among_all_that_were_dispatched_since() -> None:
    """A hundred on a page; what comes again on the next page counts once."""
    script = Script()
    script.on(FILE, plain(SHOWN))
    newer = [a_run(number, f"Build other-{number}") for number in range(200, 100, -1)]
    script.on(RUNS, json_answer({"workflow_runs": newer}), json_answer({"workflow_runs": [newer[-1], a_run(7, "Build mark-1")]}))
    async with github(script) as builder:
        assert [run.id for run in await builder.look_up(Trigger(KEY, "mark-1"), SINCE)] == ["7"]
    assert [asked.path.partition("&page=")[2] for asked in script.asked if "/runs?" in asked.path] == ["", "2"]


async def test_that_a_run_is_not_there_is_not_said_where_there_are_more_pages_than_are_read() -> None:
    script = Script()
    script.on(FILE, plain(SHOWN))
    pages = ([a_run(1000 * page + number, "Build other") for number in range(100)] for page in range(MOST_PAGES))
    script.on(RUNS, *(json_answer({"workflow_runs": page}) for page in pages))
    async with github(script) as builder:
        with pytest.raises(SourceError, match="whether it was started is not known"):
            await builder.look_up(Trigger(KEY, "mark-1"), SINCE)


async def test_an_older_servers_dispatch_is_found_by_its_mark() -> None:
    """Not by being the only one."""
    script = Script()
    script.on(FILE, plain(SHOWN))
    script.on(DISPATCH, plain(status=204))
    others = {"workflow_runs": [a_run(8, "Build mark-2")]}
    script.on(RUNS, json_answer(others), json_answer({"workflow_runs": [a_run(8, "Build mark-2"), a_run(7, "Build mark-1")]}))
    async with github(script) as builder:
        assert (await builder.trigger(Trigger(KEY, "mark-1"))).id == "7"
        script.on(RUNS, json_answer(others))
        assert await builder.look_up(Trigger(KEY, "mark-1"), SINCE) == []
        with pytest.raises(OutcomeUnknown, match="no run of it"):
            await builder.trigger(Trigger(KEY, "mark-1"))


async def test_without_a_mark_two_that_fit_are_not_guessed_among() -> None:
    """Those of others, and of other times, do not fit."""
    script = Script()
    script.on(DISPATCH, plain(status=204))
    old = a_run(5, created_at="2020-01-01T00:00:00Z")
    script.on(RUNS, json_answer({"workflow_runs": [a_run(8), a_run(7), a_run(6, login="somebody"), old]}))
    async with github(script) as builder:
        with pytest.raises(OutcomeUnknown, match="several runs fit"):
            await builder.trigger(Trigger(KEY, "mark-1"))
        assert [run.id for run in await builder.look_up(Trigger(KEY, "mark-1"), datetime.now(UTC))] == ["8", "7"]
        script.on(RUNS, json_answer({"workflow_runs": [a_run(8), a_run(6, login="somebody")]}))
        assert (await builder.trigger(Trigger(KEY, "mark-1"))).id == "8"
    assert len(script.sent()) == 2


@pytest.mark.parametrize(
    "answer", [cut, plain(status=502), json_answer({}), json_answer(b"<"), json_answer(b'{"workflow_run_id": "x"}')]
)
async def test_a_dispatch_whose_answer_is_lost_is_never_sent_again(answer: Callable[[], web.Response]) -> None:
    """It may have been taken."""
    script = Script()
    script.on(DISPATCH, answer)
    async with github(script) as builder:
        with pytest.raises((OutcomeUnknown, ForeignAnswer)) as lost:
            await builder.trigger(Trigger(KEY, "mark-1"))
    assert isinstance(lost.value, OutcomeUnknown)
    assert len(script.sent()) == 1


def used_up() -> web.Response:
    """No requests are left; the limit is reset in a minute and a half."""
    return json_answer({"message": "x"}, 403, X_RateLimit_Remaining="0", X_RateLimit_Reset=str(int(time.time()) + 90))()


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (json_answer({"message": "Bad credentials"}, 401), AuthenticationFailed, "Bad credentials"),
        (json_answer({"message": "Resource not accessible by personal access token"}, 403), Forbidden, "no right to start"),
        (json_answer({"message": "Not Found"}, 404), NotFound, "or does not show it"),
        (plain(status=404), ForeignAnswer, "does not speak its API"),
        (json_answer({"message": "Required input 'x' not provided"}, 422), SourceError, "Required input 'x'"),
        (json_answer({"message": "Workflow does not have 'workflow_dispatch' trigger"}, 422), SourceError, "workflow_dispatch"),
        (json_answer({"message": "Moved Permanently"}, 301, Location="/elsewhere"), SourceError, "it has moved"),
        (json_answer({"message": "x"}, 403, Retry_After="30"), Throttled, "fewer requests"),
        (json_answer({"message": "You have exceeded a secondary rate limit"}, 403), Throttled, "fewer requests"),
        (used_up, Throttled, "fewer requests"),
        (json_answer({"message": "x"}, 429), Throttled, "fewer requests"),
    ],
)
async def test_a_refused_dispatch_says_that_nothing_was_started(
    answer: Callable[[], web.Response], error: type[SourceError], said: str
) -> None:
    """And why."""
    script = Script()
    script.on(DISPATCH, answer)
    async with github(script) as builder:
        with pytest.raises(error, match=said) as refused:
            await builder.trigger(Trigger(KEY, "mark-1"))
    assert not isinstance(refused.value, OutcomeUnknown)
    assert len(script.sent()) == 1
    if isinstance(refused.value, Throttled):
        assert refused.value.retry_after is not None
        assert 25 < refused.value.retry_after < 95


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("disabled_inactivity", "60 days"),
        ("disabled_manually", "was disabled"),
        ("disabled_fork", "fork"),
        ("deleted", "deleted"),
        ("novel\x1b]0;x\x07", "calls its state"),
    ],
)
async def test_a_workflow_that_cannot_run_says_why(state: str, said: str) -> None:
    """In a sentence with what to do."""
    script = Script()
    script.on(f"GET {FLOW}", json_answer({"id": 1, "name": "Build", "state": state}))
    script.on(FILE, plain(BY_HAND))
    async with github(script) as builder:
        (job,) = await builder.find([])
    assert said in job.disabled
    assert "\x1b" not in job.disabled
    assert (job.trigger, job.source_trigger, job.schedule) == (BaseTrigger.NONE, True, False)


async def test_a_workflow_nobody_can_start_and_one_whose_file_is_hidden() -> None:
    """The one is disabled for us, of the other nothing is claimed."""
    script = Script()
    script.on(f"GET {FLOW}", json_answer({"id": 1, "name": "Build", "state": "active"}))
    script.on(FILE, plain("on: push"))
    async with github(script) as builder:
        assert "workflow_dispatch" in (await builder.describe(KEY)).disabled
        script.on(FILE, json_answer({"message": "Not Found"}, 404))
        job = await builder.describe(KEY)
    assert (job.disabled, job.trigger, job.source_trigger) == ("", BaseTrigger.UNKNOWN, None)
    assert "Contents: read" in job.reason


async def test_a_run_says_which_step_runs_who_has_to_approve_and_what_failed() -> None:
    """The line of the log, not the code that a process ended with; the log's host sees no token."""
    script, blobs = Script(), Script()
    run, jobs = f"GET {REPO}/actions/runs/7", f"GET {REPO}/actions/runs/7/jobs"
    steps = [
        {"name": "Set up", "status": "completed", "conclusion": "success", "number": 1},
        {"name": "Push", "status": "in_progress", "number": 2},
    ]
    script.on(run, json_answer(a_run(7, status="in_progress")))
    script.on(jobs, json_answer({"jobs": [{"id": 3, "name": "build", "status": "in_progress", "steps": steps}]}))
    async with serving(blobs) as elsewhere, github(script) as builder:
        assert (await builder.follow(RUN)).detail == "build: Push (2 of 2 steps)"
        script.on(run, json_answer(a_run(7, status="waiting")))
        waits = {
            "environment": {"name": "prod"},
            "reviewers": [{"type": "User", "reviewer": {"login": "ann"}}],
            "current_user_can_approve": True,
        }
        script.on(f"{run}/pending_deployments", json_answer([waits]))
        waiting = await builder.follow(RUN)
        assert waiting.state is RunState.WAITING
        assert waiting.detail == "It waits for the approval of ann for the environment “prod”. You can approve it in GitHub."
        script.on(run, json_answer(a_run(7, status="completed", conclusion="failure")))
        steps[1] |= {"status": "completed", "conclusion": "failure"}
        script.on(
            jobs,
            json_answer({"jobs": [{"id": 3, "name": "build", "status": "completed", "conclusion": "failure", "steps": steps}]}),
        )
        script.on(
            f"GET {REPO}/actions/jobs/3/logs",
            plain(status=302, Location=f"{elsewhere.replace('127.0.0.1', 'localhost')}/log?sig=x"),
        )
        log = "\ufeff2026-03-01T10:00:00.12Z ##[group]Push\n2026-03-01T10:00:01Z ##[error]Process completed with exit code 1.\n"
        blobs.on("GET /log", plain(f"{log}2026-03-01T10:00:01.0Z \x1b[31m##[error]denied: \x1b[0mno push for contoso\n"))
        failed = await builder.follow(RUN)
    assert failed.detail == "Job “build”, step “Push”: denied: no push for contoso"
    assert [asked.headers.get("Authorization") for asked in blobs.asked] == [None]


async def test_the_job_that_failed_is_found_on_any_page() -> None:
    """Lists have at most a hundred (docs.github.com, "Using pagination in the REST API")."""
    script = Script()
    run, jobs = f"GET {REPO}/actions/runs/7", f"GET {REPO}/actions/runs/7/jobs"
    script.on(run, json_answer(a_run(7, status="completed", conclusion="failure")))
    fine = [{"id": number, "name": "build", "status": "completed", "conclusion": "success"} for number in range(100)]
    failed = {"id": 200, "name": "push", "status": "completed", "conclusion": "failure"}
    script.on(
        jobs,
        json_answer({"total_count": 101, "jobs": fine}),
        json_answer({"total_count": 101, "jobs": [failed]}),
    )
    script.on(f"GET {REPO}/actions/jobs/200/logs", plain("##[error]denied: no push\n"))
    async with github(script) as builder:
        told = await builder.follow(RUN)
    assert told.detail == "Job “push”: denied: no push"
    asked = [request.path.rpartition("/runs/7/jobs")[2] for request in script.asked if "/runs/7/jobs" in request.path]
    assert asked == ["?filter=latest&per_page=100", "?filter=latest&per_page=100&page=2"]


async def test_logs_come_with_each_job_and_a_cancelled_one_has_none() -> None:
    """Steps before, then the log; no wait for what never comes."""
    script = Script()
    jobs = [
        {
            "id": 3,
            "name": "build",
            "status": "completed",
            "conclusion": "success",
            "steps": [{"name": "Push", "number": 1, "status": "completed", "conclusion": "success"}],
        },
        {"id": 4, "name": "scan", "status": "completed", "conclusion": "cancelled"},
        {"id": 5, "name": "late", "status": "completed", "conclusion": "success"},
    ]
    script.on(f"GET {REPO}/actions/runs/7/jobs", json_answer({"jobs": []}), json_answer({"jobs": jobs}))
    script.on(
        f"GET {REPO}/actions/runs/7",
        json_answer(a_run(7, status="in_progress")),
        json_answer(a_run(7, status="completed", conclusion="cancelled")),
    )
    script.on(
        f"GET {REPO}/actions/jobs/3/logs",
        plain("2026-03-01T10:00:00Z ##[group]Run\n2026-03-01T10:00:00Z pushed\n##[endgroup]\nlast"),
    )
    script.on(f"GET {REPO}/actions/jobs/4/logs", json_answer({"message": "Not Found"}, 404))
    blob = "<?xml version='1.0'?><Error><Code>BlobNotFound</Code></Error>"
    script.on(f"GET {REPO}/actions/jobs/5/logs", plain(blob, 404, "application/xml"), plain("late line"))
    async with github(script) as builder:
        lines = [line async for line in builder.log(RUN)]
    assert lines == ["build: Push: success", "Run", "pushed", "last", "scan: it was cancelled, and has no log.", "late line"]


async def test_cancelling_what_has_ended_is_no_fault() -> None:
    """202 and 409 are answers, 403 is a refusal."""
    script = Script()
    line = f"POST {REPO}/actions/runs/7/cancel"
    script.on(
        line,
        json_answer({}, 202),
        json_answer({"message": "Cannot cancel a workflow run that is completed."}, 409),
        json_answer({"message": "Must have admin rights"}, 403),
    )
    async with github(script) as builder:
        await builder.cancel(RUN)
        await builder.cancel(RUN)
        with pytest.raises(Forbidden):
            await builder.cancel(RUN)


@pytest.mark.parametrize(
    ("repository", "scopes", "state"),
    [
        ({"permissions": {"push": True}, "private": True}, "repo, workflow", RightState.HELD),
        ({"permissions": {"push": True}, "private": True}, "public_repo", RightState.MISSING),
        ({"permissions": {"push": True}}, "public_repo", RightState.HELD),
        ({"permissions": {"push": True}}, "", RightState.MISSING),
        ({"permissions": {"push": True}}, None, RightState.UNKNOWN),
        ({"permissions": {"push": False, "pull": True}}, "repo", RightState.MISSING),
        ({"archived": True, "permissions": {"push": True}}, "repo", RightState.MISSING),
        ({}, None, RightState.MISSING),
    ],
)
async def test_the_right_to_start_follows_from_role_and_scopes(
    repository: dict[str, object], scopes: str | None, state: RightState
) -> None:
    """And nothing is sent."""
    script = Script()
    async with github(script) as builder:
        headers: dict[str, Any] = {} if scopes is None else {"X_OAuth_Scopes": scopes}
        script.on(f"GET {REPO}", json_answer(repository, **headers))
        read, write = await builder.rights(KEY)
    assert (read.state, write.state, bool(write.remedy)) == (RightState.HELD, state, state is not RightState.HELD)
    assert not script.sent()


async def test_causes_and_the_doctor() -> None:
    """What `doctor` tries is read only."""
    assert [
        run_of("gh", KEY, RunAnswer(1, event=event), "").cause for event in ("push", "schedule", "workflow_dispatch", "x")
    ] == [
        RunCause.SOURCE,
        RunCause.SCHEDULE,
        RunCause.MANUAL,
        RunCause.UNKNOWN,
    ]
    script = Script()
    script.on(f"GET {FLOW}", json_answer({"id": 1, "name": "Build", "state": "active"}))
    async with github(script) as builder:
        lines = await tried(builder.diagnose())
    assert [(line.what, line.state) for line in lines] == [
        ("signed in", "ok"),
        ("read contoso/shop/build.yml", "ok"),
        ("Actions: write, contoso/shop", "off"),
    ]
    assert not script.sent()
