"""Azure Pipelines on real sockets: sign-in pages, runs and their checks, and logs as they grow."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

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
from tui.sources.builders.options import BuilderOptions, ConfiguredJob
from tui.sources.builders.pipelines.builder import MOST_PAGES, PipelinesBuilder
from tui.sources.builders.pipelines.definition import pipeline_file
from tui.sources.builders.pipelines.wire import Build, Builds, Definition, disabled_words, run_of, starters
from tui.sources.builders.secrets import Basic, Bearer, Secret
from tui.sources.kit.entries import entries, whole
from tui.sources.ports import Trigger

KEY = JobKey(BuilderKind.AZURE_PIPELINES, "ado", "web shop/20")
SHOP = "/contoso/web%20shop/_apis"
FLOW = f"GET {SHOP}/build/definitions/20"
BUILDS, BUILD = f"GET {SHOP}/build/builds", f"{SHOP}/build/builds/123"
START = f"POST {SHOP}/pipelines/20/runs"
FILE = f"GET {SHOP}/git/repositories/r1/items"
PIPELINE = {
    "id": 20,
    "name": "Build shop",
    "path": "\\",
    "queueStatus": "enabled",
    "process": {"yamlFilename": "azure-pipelines.yml", "type": 2},
    "repository": {"id": "r1", "type": "TfsGit"},
    "queue": {"name": "Azure Pipelines"},
    "project": {"id": "p1"},
    "variables": {"TAG": {"value": "", "allowOverride": True}, "FIXED": {"value": "1"}},
}
YAML = "trigger: [main]\nparameters:\n- name: image\n- name: trustree_mark\n"
RUN = Run(BuilderKind.AZURE_PIPELINES, "ado", "123", RunState.RUNNING, KEY)


def a_build(number: int = 123, **members: Any) -> dict[str, Any]:
    """A run as Azure DevOps tells it."""
    usual = {"id": number, "status": "inProgress", "reason": "manual", "requestedFor": {"id": "me"}}
    return {**usual, "queueTime": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}7Z", **members}


@asynccontextmanager
async def pipelines(script: Script, secret: Secret | None = None, **parameters: str) -> AsyncIterator[PipelinesBuilder]:
    """A builder on a scripted organisation with one pipeline."""
    script.usually(FLOW, json_answer(PIPELINE))
    script.usually(FILE, json_answer({"content": YAML}))
    script.usually(
        "GET /contoso/_apis/connectionData", json_answer({"authenticatedUser": {"id": "me", "providerDisplayName": "Me"}})
    )
    async with serving(script) as url:
        jobs = (ConfiguredJob(parse_pattern("contoso.azurecr.io/shop"), KEY.job, "main", parameters),)
        options = BuilderOptions("ado", f"{url}/contoso", jobs=jobs, first_wait=0.01, poll=0.01, timeout=5.0)
        builder = PipelinesBuilder(options, secret or Basic("", "pat"))
        try:
            yield builder
        finally:
            await builder.aclose()


def recorded(name: str, origin: str) -> list[tuple[str, bytes]]:
    found = exchanges(f"azure-devops/{name}.yaml", origin)
    return [(each.path, each.body.encode()) for each in found if each.status == 200]


@pytest.mark.parametrize("origin", ORIGINS)
def test_recorded_answers_are_read(origin: str) -> None:
    """A pipeline with its pool, runs with all their digits of a second, one that is being cancelled."""
    listed, shown = (body for _, body in recorded("test_build_definition_listShow", origin))
    definition = from_json(shown, Definition)
    told = json.loads(shown)
    assert (definition.id, definition.process.yaml_filename) == (told["id"], told["process"]["yamlFilename"])
    assert (definition.id > 0, definition.repository.type) == (True, "TfsGit")
    assert from_json(listed, dict[str, Any])["count"] > 0
    bodies = [body for _, body in recorded("test_build_cancel", origin)[1:]]
    runs = [run_of("ado", KEY, from_json(body, Build), "") for body in bodies]
    assert [(run.state, run.cause) for run in runs] == [(RunState.QUEUED, RunCause.MANUAL), (RunState.RUNNING, RunCause.MANUAL)]
    assert runs[0].created is not None
    assert json.loads(bodies[0])["queueTime"].startswith(f"{runs[0].created:%Y-%m-%dT%H:%M:%S.%f}")
    assert runs[1].detail == "It is being cancelled."
    assert all(
        run_of("ado", KEY, each, "").created
        for each in whole(entries(from_json(recorded("test_build_listQueueShow", origin)[-1][1], Builds).value, Build), "", "")
    )


@pytest.mark.parametrize(
    ("status", "result", "state"),
    [
        ("notStarted", None, RunState.QUEUED),
        ("postponed", None, RunState.QUEUED),
        ("inProgress", None, RunState.RUNNING),
        ("cancelling", None, RunState.RUNNING),
        ("completed", "succeeded", RunState.SUCCEEDED),
        ("completed", "partiallySucceeded", RunState.FAILED),
        ("completed", "failed", RunState.FAILED),
        ("completed", "canceled", RunState.CANCELLED),
        ("completed", "none", RunState.UNKNOWN),
        ("completed", None, RunState.UNKNOWN),
        ("none", None, RunState.UNKNOWN),
        ("novel\x1b[2J", None, RunState.UNKNOWN),
    ],
)
def test_every_status_and_result_is_a_state(status: str, result: str | None, state: RunState) -> None:
    """Nothing but success is one."""
    run = run_of("ado", KEY, Build(1, status=status, result=result or ""), "")
    assert run.state is state
    assert "\x1b" not in run.detail


CONTAINER = "resources:\n  containers:\n  - {container: base, type: ACR, registry: contoso, repository: base/python"


@pytest.mark.parametrize(
    ("text", "trigger", "bases"),
    [
        ("trigger: none", BaseTrigger.NONE, []),
        (f"{CONTAINER}}}", BaseTrigger.NONE, []),
        (f"{CONTAINER}, trigger: true}}", BaseTrigger.ON, ["contoso.azurecr.io/base/python:"]),
        (f"{CONTAINER}, trigger: {{tags: ['3.12']}}}}", BaseTrigger.ON, ["contoso.azurecr.io/base/python:3.12"]),
        (f"{CONTAINER}, trigger: none}}", BaseTrigger.OFF, []),
        (f"{CONTAINER}, trigger: {{enabled: false}}}}", BaseTrigger.OFF, []),
        ("resources:\n  pipelines: [{pipeline: base, source: Build base, trigger: true}]", BaseTrigger.ON, []),
        ("resources:\n  pipelines: [{pipeline: base, source: Build base}]", BaseTrigger.NONE, []),
        ("resources: {containers: [1, {}, {trigger: true}]}", BaseTrigger.ON, []),
    ],
)
def test_resources_say_which_bases_start_a_pipeline(text: str, trigger: BaseTrigger, bases: list[str]) -> None:
    """As the YAML schema has them."""
    file = pipeline_file(text.encode())
    assert file is not None
    assert (file.trigger, [f"{base.name}:{base.tag}" for base in file.bases]) == (trigger, bases)


async def test_a_pipeline_is_described_with_what_starts_it() -> None:
    """And with what it is not known by, where its file cannot be read."""
    script = Script()
    async with pipelines(script) as builder:
        (job,) = await builder.find([])
        assert (job.trigger, job.source_trigger, job.schedule, job.agent_pool) == (
            BaseTrigger.NONE,
            True,
            False,
            "Azure Pipelines",
        )
        assert (job.parameters, job.disabled, job.reason) == (("image", "trustree_mark", "TAG"), "", "")
        script.on(FILE, json_answer({"message": "TF401019: no permission"}, 403))
        assert "Code: Read" in (await builder.describe(KEY)).reason
        script.on(FLOW, json_answer({**PIPELINE, "repository": {"id": "x", "type": "GitHub"}, "queueStatus": "disabled"}))
        job = await builder.describe(KEY)
    assert (job.trigger, job.disabled) == (BaseTrigger.UNKNOWN, "It is disabled in Azure Pipelines.")
    assert "Azure Repos" in job.reason


async def test_a_run_is_started_with_parameters_variables_and_the_mark() -> None:
    """Each where it belongs, on the branch that is configured; the id of the run is that of the build."""
    script = Script()
    script.on(START, json_answer({"id": 123, "state": "inProgress", "url": "http://evil.example"}))
    async with pipelines(script, image="shop") as builder:
        run = await builder.trigger(Trigger(KEY, "m1", {"TAG": "1.2"}))
    assert (run.id, run.state, run.url) == ("123", RunState.QUEUED, f"{script.url}/contoso/web%20shop/_build/results?buildId=123")
    (sent,) = script.sent()
    assert json.loads(sent.body) == {
        "resources": {"repositories": {"self": {"refName": "refs/heads/main"}}},
        "templateParameters": {"image": "shop", "trustree_mark": "m1"},
        "variables": {"TAG": {"value": "1.2"}},
    }
    assert sent.headers["Authorization"].startswith("Basic ")


@pytest.mark.parametrize("answer", [cut, plain(status=500), plain(status=504), json_answer({}), json_answer(b"[]"), plain("x")])
async def test_a_start_whose_answer_is_lost_is_never_sent_again(answer: Callable[[], web.Response]) -> None:
    """It may have been started."""
    script = Script()
    script.on(START, answer)
    async with pipelines(script) as builder:
        with pytest.raises(OutcomeUnknown):
            await builder.trigger(Trigger(KEY, "m1"))
    assert len(script.sent()) == 1


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (plain(status=401), AuthenticationFailed, "does not accept the sign-in"),
        (json_answer({"count": 0, "value": []}, 401), AuthenticationFailed, "does not accept the sign-in"),
        (plain("<html>Sign in", 203, "text/html"), AuthenticationFailed, "sign-in page"),
        (plain("<html>Sign in", 200, "text/html"), AuthenticationFailed, "sign-in page"),
        (plain(status=302, Location="/_signin?realm=x"), AuthenticationFailed, "sign-in page"),
        (json_answer({"message": "TF401027: You need the permission"}, 403), Forbidden, "TF401027"),
        (json_answer({"message": "TF200016: The project does not exist"}, 404), NotFound, "TF200016"),
        (plain(status=404), ForeignAnswer, "does not speak its API"),
        (json_answer({"message": "You can't set the following variables"}, 400), SourceError, "following variables"),
        (plain(status=429, Retry_After="9"), Throttled, "fewer requests"),
    ],
)
async def test_a_refused_start_says_that_nothing_was_started(
    answer: Callable[[], web.Response], error: type[SourceError], said: str
) -> None:
    """And why."""
    script = Script()
    script.on(START, answer)
    async with pipelines(script) as builder:
        with pytest.raises(error, match=said) as refused:
            await builder.trigger(Trigger(KEY, "m1"))
    assert not isinstance(refused.value, OutcomeUnknown)
    assert len(script.sent()) == 1


async def test_what_cannot_be_started_is_not_asked_for() -> None:
    """A parameter that is not declared, a pipeline that is disabled."""
    script = Script()
    async with pipelines(script) as builder:
        with pytest.raises(SourceError, match="no parameter colour"):
            await builder.trigger(Trigger(KEY, "m1", {"colour": "red"}))
        script.on(FLOW, json_answer({**PIPELINE, "queueStatus": "paused"}))
        with pytest.raises(SourceError, match="paused"):
            await builder.trigger(Trigger(KEY, "m1"))
    assert not script.sent()


async def test_a_lost_start_is_looked_up_by_mark_or_by_time_user_and_parameters() -> None:
    """Two that fit are two."""
    script = Script()
    marked = [a_build(9, templateParameters={"trustree_mark": "other"}), a_build(8, templateParameters={"trustree_mark": "m1"})]
    script.on(BUILDS, json_answer({"value": marked}))
    since = datetime.now(UTC)
    async with pipelines(script) as builder:
        assert [run.id for run in await builder.look_up(Trigger(KEY, "m1"), since)] == ["8"]
        assert await builder.look_up(Trigger(KEY, "m2"), since) == []
        script.on(FILE, json_answer({"content": "trigger: none"}))
        script.on(FLOW, json_answer({**PIPELINE, "variables": {"TAG": {"allowOverride": True}}}))
        old, others = {"queueTime": "2020-01-01T00:00:00Z"}, {"requestedFor": {"id": "you"}}
        builds = [
            a_build(7, parameters='{"TAG":"1"}'),
            a_build(6, parameters='{"TAG":"1"}'),
            a_build(5, parameters='{"TAG":"2"}'),
        ]
        builds += [a_build(4, parameters='{"TAG":"1"}', **old), a_build(3, parameters='{"TAG":"1"}', **others)]
        builds += [a_build(2, parameters="[", reason="individualCI")]
        script.on(BUILDS, json_answer({"value": builds}))
        assert [run.id for run in await builder.look_up(Trigger(KEY, "m1", {"TAG": "1"}), since)] == ["7", "6"]


async def test_a_start_is_looked_up_on_every_page_until_what_was_queued_before_it() -> None:
    """The mark of the next page comes in a header, and goes back as it came."""
    script = Script()
    first = [a_build(number) for number in range(300, 200, -1)]
    marked = a_build(8, templateParameters={"trustree_mark": "m1"})
    token = "2026-11-29T16:00:00.1234567Z"
    continued = json_answer({"value": first}, x_ms_continuationtoken=token)
    last = json_answer({"value": [marked, a_build(7, queueTime="2020-01-01T00:00:00Z")]}, x_ms_continuationtoken="more")
    script.on(BUILDS, continued, last)
    async with pipelines(script) as builder:
        assert [run.id for run in await builder.look_up(Trigger(KEY, "m1"), datetime.now(UTC))] == ["8"]
    asked = [asked.path for asked in script.asked if "/build/builds?" in asked.path]
    assert [parse_qs(path.partition("?")[2]).get("continuationToken") for path in asked] == [None, [token]]


async def test_that_a_build_is_not_there_is_not_said_where_there_are_more_pages_than_are_read() -> None:
    script = Script()
    script.on(BUILDS, *[json_answer({"value": [a_build(1)]}, x_ms_continuationtoken="more")] * MOST_PAGES)
    async with pipelines(script) as builder:
        with pytest.raises(SourceError, match="whether it was started is not known"):
            await builder.look_up(Trigger(KEY, "m1"), datetime(2020, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("reason", "info", "cause"),
    [
        # BuildReason of the specification `build` 7.1, each, and one that it does not have.
        ("manual", {}, RunCause.MANUAL),
        ("userCreated", {}, RunCause.MANUAL),
        ("individualCI", {"ci.sourceBranch": "refs/heads/main"}, RunCause.SOURCE),
        ("batchedCI", {}, RunCause.SOURCE),
        ("pullRequest", {}, RunCause.SOURCE),
        ("checkInShelveset", {}, RunCause.SOURCE),
        ("validateShelveset", {}, RunCause.SOURCE),
        ("schedule", {}, RunCause.SCHEDULE),
        ("scheduleForced", {}, RunCause.SCHEDULE),
        ("resourceTrigger", {}, RunCause.BASE_IMAGE),
        ("resourceTrigger", {"artifactType": "ACR", "alias": "base"}, RunCause.BASE_IMAGE),
        ("resourceTrigger", {"artifactType": "Pipeline", "pipelineTriggerType": "PipelineCompletion"}, RunCause.UNKNOWN),
        ("resourceTrigger", {"pipelineTriggerType": "WebhookTriggeredEvent"}, RunCause.UNKNOWN),
        ("buildCompletion", {}, RunCause.UNKNOWN),
        ("triggered", {}, RunCause.UNKNOWN),
        ("none", {}, RunCause.UNKNOWN),
        ("novel", {"artifactType": 5}, RunCause.UNKNOWN),
    ],
)
def test_every_reason_of_a_build_is_a_cause(reason: str, info: dict[str, object], cause: RunCause) -> None:
    build = from_json(json.dumps(a_build(reason=reason, triggerInfo=info)), Build)
    assert run_of("ado", KEY, build, "").cause is cause


BY_YAML = {"triggerType": "continuousIntegration", "settingsSourceType": 2}
PUSHED, BY_HAND = "trigger: [main]\n", "trigger: none\nschedules:\n- cron: '0 1 * * *'\n"


@pytest.mark.parametrize(
    ("triggers", "text", "expected"),
    [
        # As recorded: the entry says only that the YAML decides.
        ([BY_YAML], PUSHED, (True, False)),
        ([BY_YAML], BY_HAND, (False, True)),
        ([BY_YAML], None, (None, None)),
        ([], PUSHED, (True, False)),
        ([], None, (None, None)),
        # DefinitionTriggerType of the specification `build` 7.1, set in the pipeline itself.
        *(
            ([{"triggerType": kind, "settingsSourceType": 1}], BY_HAND, (True, True))
            for kind in (
                *("continuousIntegration", "batchedContinuousIntegration", "gatedCheckIn", "batchedGatedCheckIn"),
                *("pullRequest", "all"),
            )
        ),
        ([{"triggerType": "schedule"}], PUSHED, (False, True)),
        ([{"triggerType": "buildCompletion"}], None, (False, None)),
        ([{"triggerType": "novel"}], PUSHED, (None, False)),
        ([{"triggerType": "schedule"}, BY_YAML], PUSHED, (True, True)),
    ],
)
def test_what_starts_a_pipeline_is_said_by_itself_or_by_its_yaml(
    triggers: list[dict[str, object]], text: str | None, expected: tuple[bool | None, bool | None]
) -> None:
    definition = from_json(json.dumps({**PIPELINE, "triggers": triggers}), Definition)
    assert starters(definition, pipeline_file(text.encode()) if text else None) == expected


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("enabled", ""),
        (None, ""),
        ("paused", "It is paused in Azure Pipelines: runs wait until it is enabled."),
        ("disabled", "It is disabled in Azure Pipelines."),
        ("novel", "Azure Pipelines calls its state “novel”."),
    ],
)
def test_a_pipeline_of_a_state_that_is_not_known_is_not_taken_for_enabled(state: str | None, words: str) -> None:
    """DefinitionQueueStatus of the specification `build` 7.1."""
    assert disabled_words(from_json(json.dumps({**PIPELINE, "queueStatus": state}), Definition)) == words


async def test_a_wait_that_comes_with_an_answer_is_kept_before_the_next_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """learn.microsoft.com, rate limits of Azure DevOps: whoever sees Retry-After in any answer waits; a very long one is cut."""
    waits: list[float] = []

    async def rest(seconds: float) -> None:
        waits.append(seconds)

    script = Script()
    script.on(BUILDS, json_answer({"value": []}, Retry_After="7"), json_answer({"value": []}, Retry_After="4000"))
    async with pipelines(script) as builder:
        await builder.runs(KEY, 1)
        with monkeypatch.context() as patched:
            patched.setattr("tui.sources.kit.throttle.asyncio.sleep", rest)
            await builder.runs(KEY, 1)
            await builder.runs(KEY, 1)
    kept = [round(seconds) for seconds in waits if seconds > 1]
    assert kept == [7, 20]


async def of_an_older_server(request: web.Request) -> web.StreamResponse:
    """A server of one's own of 2020, whose runs of pipelines are a preview; recorded words of such servers."""
    version, path = request.query.get("api-version", ""), request.path
    words, kind = "", ""
    if not version.startswith("6.0"):
        latest = "The latest REST API version this server supports is 6.0."
        words = f"The requested REST API version of {version} is out of range for this server. {latest}"
        kind = "VssVersionOutOfRangeException"
    elif path.endswith("/runs") and version == "6.0":
        words = (
            'The requested version "6.0" of the resource is under preview. The -preview flag must be supplied in the api-version '
            'for such requests. For example: "6.0-preview"'
        )
        kind = "VssInvalidPreviewVersionException"
    if words:
        return web.json_response({"$id": "1", "innerException": None, "message": words, "typeKey": kind}, status=400)
    if path.endswith("/runs"):
        return web.json_response({"id": 9})
    return web.json_response({"content": YAML} if path.endswith("/items") else PIPELINE)


async def test_an_older_server_is_asked_in_the_version_that_it_has() -> None:
    """What it refused it has not done: one run is started."""
    script = Script()
    starting = f"POST {SHOP}/pipelines/20/runs"
    for line in (FLOW, FILE, starting):
        script.on(line, of_an_older_server)
    async with pipelines(script) as builder:
        for _ in range(2):
            assert (await builder.trigger(Trigger(KEY, "m1"))).id == "9"
    asked = [(asked.method, asked.path.rpartition("api-version=")[2]) for asked in script.asked]
    # Learnt with the first read and with the first start, and not forgotten.
    assert asked == [
        *(("GET", "7.1"), ("GET", "6.0"), ("GET", "6.0"), ("POST", "6.0"), ("POST", "6.0-preview")),
        *(("GET", "6.0"), ("GET", "6.0"), ("POST", "6.0-preview")),
    ]


async def test_a_server_that_refuses_every_version_is_asked_twice_at_most() -> None:
    script = Script()
    words = "The requested REST API version is out of range for this server. The latest REST API version this server supports is"
    script.on(FLOW, json_answer({"message": f"{words} 7.1."}, 400))
    async with pipelines(script) as builder:
        with pytest.raises(SourceError, match="out of range"):
            await builder.describe(KEY)
        script.on(FLOW, json_answer({"message": f"{words} 5.0."}, 400))
        with pytest.raises(SourceError, match="out of range"):
            await builder.describe(KEY)
    assert len(script.asked) == 3


def a_timeline(*records: dict[str, Any]) -> Callable[[], web.Response]:
    """A timeline of one stage with these records in it."""
    stage = {"id": "s", "type": "Stage", "name": "Push", "state": "pending", "order": 1}
    return json_answer({"records": [*({"parentId": "s", **record} for record in records), stage]})


async def test_a_run_says_which_task_runs_what_it_waits_for_and_what_failed() -> None:
    """With who can approve; without the right to know, that somebody has to."""
    script = Script()
    line = f"GET {BUILD}/timeline"
    script.on(f"GET {BUILD}", json_answer(a_build()))
    tasks = [
        {"id": "t1", "type": "Task", "name": "Checkout", "state": "completed", "order": 1},
        {"id": "t2", "type": "Task", "name": "Docker", "state": "inProgress", "order": 2},
    ]
    script.on(line, a_timeline(*reversed(tasks)))
    async with pipelines(script) as builder:
        assert (await builder.follow(RUN)).detail == "Docker (2 of 2 tasks)"
        script.on(line, a_timeline({"id": "a1", "type": "Checkpoint.Approval", "name": "x", "state": "inProgress"}))
        waiting = await builder.follow(RUN)
        assert (waiting.state, waiting.detail) == (RunState.WAITING, "It waits for an approval before the stage “Push”.")
        steps = [{"assignedApprover": {"displayName": "Ann"}, "status": "pending"}]
        script.on(f"GET {SHOP}/pipelines/approvals", json_answer({"count": 1, "value": [{"id": "a1", "steps": steps}]}))
        assert (await builder.follow(RUN)).detail == "It waits for an approval of Ann before the stage “Push”."
        script.on(line, a_timeline({"id": "l1", "type": "Checkpoint.ExclusiveLock", "state": "inProgress"}))
        assert "another run that uses the same resource" in (await builder.follow(RUN)).detail
        script.on(f"GET {BUILD}", json_answer(a_build(status="completed", result="failed")))
        issues = [
            {"type": "error", "message": "Bash exited with code '1'."},
            {"type": "error", "message": "denied: \x1b[31mno push"},
        ]
        script.on(line, a_timeline({"id": "t1", "type": "Task", "name": "Docker", "result": "failed", "issues": issues}))
        failed = await builder.follow(RUN)
        assert (failed.state, failed.detail.replace("\ufffd", "")) == (RunState.FAILED, "Docker: denied: [31mno push")
        script.on(line, plain(status=500))
        assert (await builder.follow(RUN)).state is RunState.FAILED


@pytest.mark.parametrize("first", [0, 1])
async def test_logs_grow_line_by_line_and_none_comes_twice(first: int) -> None:
    """Whether lines count from 0 or from 1."""
    script = Script()
    lines = [
        f"2026-03-01T10:00:0{number}.1234567Z {text}"
        for number, text in enumerate(["##[section]Starting", "\x1b[32mone", "two", "##[error]no"])
    ]
    grown = iter([2, 3, 4, 4])

    async def log(request: web.Request) -> web.StreamResponse:
        start = int(request.query.get("startLine", first))
        have = lines[: next(grown)][max(0, start - first) :]
        return web.json_response({"count": len(have), "value": have})

    script.on(f"GET {BUILD}/logs/7", log)
    running = {"id": "t1", "type": "Task", "name": "Docker", "state": "inProgress", "log": {"id": 7}}
    other = {"id": "t0", "type": "Phase", "name": "Agent", "state": "completed", "issues": [{"message": "no agent"}]}
    script.on(
        f"GET {BUILD}/timeline",
        plain(status=204),
        a_timeline(running),
        a_timeline(running),
        a_timeline({**running, "state": "completed"}, other),
    )
    done = json_answer(a_build(status="completed", result="failed"))
    script.on(f"GET {BUILD}", *([json_answer(a_build())] * 3), done)
    async with pipelines(script) as builder:
        shown = [line async for line in builder.log(RUN)]
    assert shown == ["Starting", "one", "two", "error: no", "Agent: no agent"]


async def test_stopping_is_a_wish() -> None:
    """As recorded."""
    script = Script()
    script.on(f"PATCH {BUILD}", json_answer(a_build(status="cancelling")))
    async with pipelines(script) as builder:
        await builder.cancel(RUN)
    assert [asked.body for asked in script.sent("PATCH")] == ['{"status":"cancelling"}']


@pytest.mark.parametrize(
    ("secret", "value", "states"),
    [
        (Bearer("entra"), [True], [RightState.HELD] * 3),
        (Basic("", "pat"), [True], [RightState.HELD, RightState.UNKNOWN, RightState.UNKNOWN]),
        (Bearer("entra"), [False], [RightState.MISSING] * 3),
        (Bearer("entra"), [], [RightState.UNKNOWN] * 3),
    ],
)
async def test_rights_are_asked_without_acting(secret: Secret, value: list[bool], states: list[RightState]) -> None:
    """By the permissions of builds; a personal access token may have less than its user."""
    script = Script()
    for bit in (1, 128, 512):
        script.on(
            f"GET /contoso/_apis/permissions/33344d9c-fc72-4d6f-aba5-fa317101a7e9/{bit}",
            json_answer({"count": 1, "value": value}),
        )
    async with pipelines(script, secret) as builder:
        assert [right.state for right in await builder.rights(KEY)] == states
        lines = await tried(builder.diagnose())
    assert [line.what for line in lines] == [
        "signed in",
        "read web shop/20",
        "Queue builds, web shop/20",
        "Stop builds, web shop/20",
    ]
    assert {asked.method for asked in script.asked} == {"GET"}
    assert any("tokens=p1%2F20" in asked.path for asked in script.asked)
