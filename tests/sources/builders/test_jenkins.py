"""Jenkins on real sockets: its queue, its builds, its crumbs, and what it may say in anger or in malice."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from aiohttp import web

from tests.recordings import ORIGINS, document
from tests.sources.builders.servers import Script, cut, json_answer, plain, serving
from tui.domain.common.decoding import from_json
from tui.domain.facts.build import BaseTrigger, BuilderKind, JobKey, Run, RunCause, RunState
from tui.domain.facts.patterns import parse_pattern
from tui.domain.facts.rights import RightState
from tui.errors import (
    AuthenticationFailed,
    Forbidden,
    ForeignAnswer,
    NotFound,
    OutcomeUnknown,
    SourceError,
    Unreachable,
    UntrustedPayload,
)
from tui.sources.builders.jenkins.builder import JenkinsBuilder
from tui.sources.builders.jenkins.log import failure_line
from tui.sources.builders.jenkins.wire import Build, Item, JobAnswer, Queue, build_run, item_of_location, item_run, job_path
from tui.sources.builders.options import BuilderOptions, ConfiguredJob
from tui.sources.builders.secrets import Basic, Nobody
from tui.sources.kit.entries import entries, whole
from tui.sources.ports import Trigger

KEY = JobKey(BuilderKind.JENKINS, "ci", "folder/app")
JOB = "/job/folder/job/app"
PLAIN = {"name": "app", "fullName": "folder/app", "buildable": True, "property": []}
SINCE = datetime(2026, 3, 1, tzinfo=UTC)
Make = Callable[[str], JenkinsBuilder]


def parametrized(*parameters: dict[str, Any]) -> dict[str, Any]:
    """A job with parameters."""
    return {**PLAIN, "property": [{"_class": "x"}, {"parameterDefinitions": list(parameters)}]}


@asynccontextmanager
async def jenkins(script: Script, *, user: str = "operator", **parameters: str) -> AsyncIterator[JenkinsBuilder]:
    """A builder on a scripted Jenkins."""
    script.headers.setdefault("X-Jenkins", "2.492.3")
    async with serving(script) as url:
        jobs = (ConfiguredJob(parse_pattern("contoso.azurecr.io/app"), "folder/app", parameters=parameters),)
        options = BuilderOptions("ci", url, jobs=jobs, first_wait=0.01, poll=0.01, timeout=5.0)
        builder = JenkinsBuilder(options, Basic(user, "token") if user else Nobody())
        try:
            yield builder
        finally:
            await builder.aclose()


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize(
    ("name", "state", "cause"),
    [
        ("jenkins/run_freestylebuild.json", RunState.SUCCEEDED, RunCause.MANUAL),
        ("jenkins/run_workflowrun.json", RunState.FAILED, RunCause.MANUAL),
    ],
)
def test_recorded_builds_are_read(name: str, state: RunState, cause: RunCause, origin: str) -> None:
    """State, cause and times."""
    run = build_run("ci", KEY, from_json(document(name, origin), Build), "")
    assert (run.state, run.cause) == (state, cause)
    assert run.finished is not None
    assert run.started is not None
    assert run.finished > run.started


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize(
    ("item", "said"),
    [
        ("queue_blockeditem", "Build #168 is already in progress (ETA:N/A)"),
        ("queue_waitingitem", "In the quiet period. Expires in 4.6 sec"),
    ],
)
def test_recorded_queue_items_say_why_they_wait(item: str, said: str, origin: str) -> None:
    """In Jenkins' own words."""
    run = item_run("ci", KEY, from_json(document(f"jenkins/{item}.json", origin), Item), "")
    assert (run.state, run.detail) == (RunState.QUEUED, said)


@pytest.mark.parametrize("origin", ORIGINS)
def test_the_recorded_queue_and_the_recorded_jobs_are_read(origin: str) -> None:
    """Items of other plugins have no name; what has jobs in it is no job."""
    answer = document("jenkins/queue_queue.json", origin)
    told = json.loads(answer)["items"]
    items = whole(entries(from_json(answer, Queue).items, Item), "", "")
    assert [item.id for item in items] == [item["id"] for item in told]
    job = urlsplit(told[0]["task"]["url"]).path.rstrip("/")
    assert items[0].is_of(job)
    assert not items[1].is_of(job)
    stuck = item_run("ci", KEY, items[1], "")
    assert stuck.detail == "There are no nodes with the label ‘xxxx’ Jenkins calls it stuck."
    pipeline = from_json(document("jenkins/job_pipeline.json", origin), JobAnswer)
    assert pipeline.buildable
    assert pipeline.jobs is None
    answer = document("jenkins/job_mbranch.json", origin)
    branches = from_json(answer, JobAnswer)
    assert [each.name for each in branches.jobs or ()] == [each["name"] for each in json.loads(answer)["jobs"]]
    assert len(branches.jobs or ()) == 2


@pytest.mark.parametrize(
    ("result", "state"),
    [
        ({"result": "SUCCESS"}, RunState.SUCCEEDED),
        ({"result": "UNSTABLE"}, RunState.FAILED),
        ({"result": "FAILURE"}, RunState.FAILED),
        ({"result": "ABORTED"}, RunState.CANCELLED),
        ({"result": "NOT_BUILT"}, RunState.FAILED),
        ({"building": True}, RunState.RUNNING),
        ({"building": False, "inProgress": True, "result": "SUCCESS"}, RunState.RUNNING),
        ({"result": "NOVEL\x1b[31m"}, RunState.UNKNOWN),
        ({}, RunState.UNKNOWN),
    ],
)
def test_every_result_is_a_state(result: dict[str, object], state: RunState) -> None:
    """What is new is unknown, and what is unknown says so."""
    run = build_run("ci", KEY, msgspec.convert({"number": 7, **result}, Build), "")
    assert run.state is state
    assert "\x1b" not in run.detail
    assert run.detail or state in (RunState.SUCCEEDED, RunState.RUNNING, RunState.FAILED)


def test_names_become_paths_and_addresses_numbers() -> None:
    """A name of a branch keeps its own `%2F`; of an address only the number counts."""
    assert job_path("folder/feature%2Fx") == "/job/folder/job/feature%252Fx"
    assert job_path("a/b?x=1#") == "/job/a/job/b%3Fx%3D1%23"
    for name in ("a/../b", "..", "a//b", ""):
        with pytest.raises(NotFound):
            job_path(name)
    assert item_of_location("http://0.0.0.0:8080/jenkins/queue/item/123/") == 123
    assert item_of_location("/queue/item/7") == 7
    assert item_of_location("http://evil.example/login") == 0
    assert item_of_location("") == 0


async def test_a_job_is_started_once_and_followed_from_the_queue_to_its_end() -> None:
    """The place in the queue says why it waits; then the build is the run."""
    script = Script()
    script.on(f"GET {JOB}/api/json", json_answer(PLAIN))
    script.on(
        "GET /crumbIssuer/api/json",
        json_answer({"crumb": "c1", "crumbRequestField": "Jenkins-Crumb"}, Set_Cookie="JSESSIONID.ab=s1; Path=/; HttpOnly"),
    )
    script.on(f"POST {JOB}/build", plain(status=201, Location="http://0.0.0.0:8080/queue/item/9/"))
    waits = {"id": 9, "why": "Waiting for next available executor"}
    gone = {"id": 9, "why": None, "executable": {"number": 7, "url": "http://evil.example/7/"}}
    script.on("GET /queue/item/9/api/json", json_answer(waits), json_answer(gone))
    script.on(
        f"GET {JOB}/7/api/json", json_answer({"number": 7, "result": "SUCCESS", "queueId": 9, "timestamp": 1, "duration": 5})
    )
    async with jenkins(script) as builder:
        run = await builder.trigger(Trigger(KEY, "mark"))
        assert (run.id, run.state) == ("queue/9", RunState.QUEUED)
        assert (await builder.follow(run)).detail == "Waiting for next available executor"
        ended = await builder.follow(run)
    assert (ended.id, ended.state, ended.url) == ("7", RunState.SUCCEEDED, f"{script.url}{JOB}/7/")
    (sent,) = script.sent()
    assert (sent.headers["Jenkins-Crumb"], sent.headers["Cookie"]) == ("c1", "JSESSIONID.ab=s1")


@pytest.mark.parametrize("origin", ORIGINS)
async def test_a_crumb_that_is_refused_is_got_anew_once(origin: str) -> None:
    """Nothing was started, so that it may be sent again."""
    script = Script()
    script.on(f"GET {JOB}/api/json", json_answer(PLAIN))
    crumb = json.loads(document("jenkins/jenkins_crumb.json", origin))
    script.on("GET /crumbIssuer/api/json", json_answer(crumb))
    refused = plain("<html>No valid crumb was included in the request</html>", 403, "text/html")
    script.on(f"POST {JOB}/build", refused, plain(status=201, Location="/queue/item/9/"))
    async with jenkins(script) as builder:
        assert (await builder.trigger(Trigger(KEY, "mark"))).id == "queue/9"
        script.on(f"POST {JOB}/build", refused)
        with pytest.raises(Forbidden, match="did not take the crumb"):
            await builder.trigger(Trigger(KEY, "mark"))
    assert len(script.sent()) == 4
    assert script.sent()[0].headers[crumb["crumbRequestField"]] == crumb["crumb"]


@pytest.mark.parametrize("field", ["Authorization", "X: y\r\nEvil", "Cookie", ""])
async def test_a_crumb_that_is_no_crumb_is_not_sent(field: str) -> None:
    """A header of its choosing could be anything."""
    script = Script()
    script.on(f"GET {JOB}/api/json", json_answer(PLAIN))
    script.on("GET /crumbIssuer/api/json", json_answer({"crumb": "c", "crumbRequestField": field}))
    async with jenkins(script) as builder:
        with pytest.raises(ForeignAnswer):
            await builder.trigger(Trigger(KEY, "mark"))
    assert not script.sent()


@pytest.mark.parametrize(
    "answer", [cut, plain(status=500), plain(status=503), plain(status=201), plain(status=201, Location="/elsewhere")]
)
async def test_a_trigger_whose_answer_is_lost_is_never_sent_again(answer: Callable[[], web.Response]) -> None:
    """It may have been started."""
    script = Script()
    script.on(f"GET {JOB}/api/json", json_answer(PLAIN))
    script.on(f"POST {JOB}/build", answer)
    async with jenkins(script) as builder:
        with pytest.raises(OutcomeUnknown):
            await builder.trigger(Trigger(KEY, "mark"))
    assert len(script.sent()) == 1


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (plain(status=401), AuthenticationFailed, "does not accept the sign-in"),
        (plain(status=403), Forbidden, "no right to start the job"),
        (plain(status=409, X_Error="app is not buildable"), SourceError, "app is not buildable"),
        (plain(status=400, X_Error="app is not parameterized"), SourceError, "not parameterized"),
        (plain(status=302, Location="/login?from=x"), AuthenticationFailed, "signed in"),
        (plain(status=404), NotFound, "nothing there"),
        (plain("<html>", 200, "text/html"), AuthenticationFailed, "a page"),
    ],
)
async def test_a_refusal_says_that_nothing_was_started(
    answer: Callable[[], web.Response], error: type[SourceError], said: str
) -> None:
    """And why, with the right that is missing."""
    script = Script()
    script.on(f"GET {JOB}/api/json", json_answer(PLAIN))
    script.on(f"POST {JOB}/build", answer)
    async with jenkins(script) as builder:
        with pytest.raises(error, match=said) as refused:
            await builder.trigger(Trigger(KEY, "mark"))
    assert not isinstance(refused.value, OutcomeUnknown)
    assert not isinstance(refused.value, Forbidden) or refused.value.right == "Job/Build"


async def test_nobody_there_is_not_an_unknown_outcome() -> None:
    """No connection: nothing was sent."""
    builder = JenkinsBuilder(BuilderOptions("ci", "http://127.0.0.1:1", first_wait=0.01), Nobody())
    with pytest.raises(Unreachable):
        await builder.trigger(Trigger(KEY, "mark"))
    await builder.aclose()


async def test_an_item_that_was_queued_already_is_the_same_run() -> None:
    """303: nothing new was queued."""
    script = Script()
    script.on(f"GET {JOB}/api/json", json_answer(PLAIN))
    script.on(f"POST {JOB}/build", plain(status=303, Location="/queue/item/5/"))
    async with jenkins(script) as builder:
        run = await builder.trigger(Trigger(KEY, "mark"))
    assert (run.id, "already" in run.detail, len(script.sent())) == ("queue/5", True, 1)


async def test_an_item_that_jenkins_forgot_is_found_by_its_number() -> None:
    """And what no build came of is unknown."""
    script = Script()
    builds = {"builds": [{"number": 8, "queueId": 10}, {"number": 7, "queueId": 9, "result": "ABORTED"}]}
    script.on(f"GET {JOB}/api/json", json_answer(builds))
    run = Run(BuilderKind.JENKINS, "ci", "queue/9", RunState.QUEUED, KEY)
    async with jenkins(script) as builder:
        assert (await builder.follow(run)).state is RunState.CANCELLED
        lost = await builder.follow(msgspec.structs.replace(run, id="queue/11"))
    assert (lost.state, "queue item is gone" in lost.detail) == (RunState.UNKNOWN, True)


async def test_a_lost_trigger_is_looked_up_by_its_mark_where_the_job_takes_it() -> None:
    """Whatever else was started meanwhile."""
    script = Script()

    def build(number: int, **values: str) -> dict[str, object]:
        parameters = [{"name": name, "value": value} for name, value in values.items()]
        return {"number": number, "building": True, "actions": [{}, {"parameters": parameters}]}

    job = parametrized({"name": "TRUSTREE_MARK", "type": "StringParameterDefinition"})
    script.on(
        f"GET {JOB}/api/json",
        json_answer(job),
        json_answer({"builds": [build(8, TRUSTREE_MARK="other"), build(7, TRUSTREE_MARK="mine")]}),
    )
    script.on("GET /queue/api/json", json_answer({"items": []}))
    async with jenkins(script) as builder:
        assert [run.id for run in await builder.look_up(Trigger(KEY, "mine"), SINCE)] == ["7"]


async def test_without_a_mark_time_user_and_parameters_tell_and_two_stay_two() -> None:
    """Nothing is guessed."""
    script = Script()

    def build(number: int, at: int, user: str, image: str) -> dict[str, object]:
        actions = [
            {"causes": [{"_class": "hudson.model.Cause$UserIdCause", "userId": user}]},
            {"parameters": [{"name": "IMAGE", "value": image}]},
        ]
        return {"number": number, "timestamp": at, "building": True, "actions": actions}

    now = round(datetime.now(UTC).timestamp() * 1000)
    builds = [
        build(5, now, "operator", "a"),
        build(4, now, "somebody", "a"),
        build(3, now, "operator", "b"),
        build(2, now, "operator", "a"),
        build(1, 1, "operator", "a"),
    ]
    script.on(f"GET {JOB}/api/json", json_answer(parametrized({"name": "IMAGE"})), json_answer({"builds": builds}))
    script.on("GET /queue/api/json", json_answer({"items": []}))
    async with jenkins(script) as builder:
        runs = await builder.look_up(Trigger(KEY, "mine", {"IMAGE": "a"}), datetime.now(UTC))
    assert [run.id for run in runs] == ["5", "2"]


@pytest.mark.parametrize(
    ("job", "values", "said"),
    [
        ({**PLAIN, "buildable": False}, {}, "disabled"),
        ({"name": "f", "jobs": [{"name": "main"}]}, {}, "name one of main"),
        (PLAIN, {"IMAGE": "x"}, "no parameter IMAGE"),
        (parametrized({"name": "ENV", "choices": ["test", "live"]}), {"ENV": "prod"}, "one of test and live"),
        (parametrized({"name": "F", "type": "FileParameterDefinition"}), {}, "wants a file"),
    ],
)
async def test_what_jenkins_would_take_wrongly_is_refused_before(
    job: dict[str, object], values: dict[str, str], said: str
) -> None:
    """Nothing is sent."""
    script = Script()
    script.on(f"GET {JOB}/api/json", json_answer(job))
    async with jenkins(script) as builder:
        with pytest.raises(SourceError) as refused:
            await builder.trigger(Trigger(KEY, "mark", values))
    assert said in f"{refused.value.headline} {refused.value.remedy}"
    assert not script.sent()


async def test_configured_parameters_and_the_mark_go_along() -> None:
    """As a form, to the place for jobs with parameters."""
    script = Script()
    script.on(f"GET {JOB}/api/json", json_answer(parametrized({"name": "IMAGE"}, {"name": "trustree_mark"})))
    script.on(f"POST {JOB}/buildWithParameters", plain(status=201, Location="/queue/item/9/"))
    async with jenkins(script, IMAGE="a b&c") as builder:
        await builder.trigger(Trigger(KEY, "m1"))
    assert script.sent()[0].body == "IMAGE=a+b%26c&trustree_mark=m1"


async def test_the_log_grows_and_may_be_begun_anew() -> None:
    """By the place that Jenkins names; a character may come in two pieces, and escapes go."""
    script = Script()
    whole = "one\r\n\x1b[8mha:hidden\x1b[0mtwo ä\n".encode()
    log = f"GET {JOB}/7/logText/progressiveText"

    def piece(body: bytes, size: int, more: bool) -> Callable[[], web.Response]:
        headers = {"X-Text-Size": str(size), "Content-Type": "text/plain", **({"X-More-Data": "true"} if more else {})}
        return lambda: web.Response(body=body, headers=headers)

    at = len(whole) - 2
    script.on(
        log, piece(b"", 0, True), piece(whole[:at], at, True), piece(whole[at:], len(whole), True), piece(b"new\nend", 7, False)
    )
    async with jenkins(script) as builder:
        lines = [line async for line in builder.log(Run(BuilderKind.JENKINS, "ci", "7", RunState.RUNNING, KEY))]
    assert lines == ["one", "ha:hiddentwo ä", "(the log was started again)", "new", "end"]
    assert [asked.path.rpartition("=")[2] for asked in script.asked] == ["0", "0", str(at), str(len(whole))]


async def test_stopping_takes_it_out_of_the_queue_or_ends_the_build() -> None:
    """Whichever it is by now."""
    script = Script()
    script.on(
        "GET /queue/item/9/api/json", json_answer({"id": 9, "why": "waits"}), json_answer({"id": 9, "executable": {"number": 7}})
    )
    script.on(f"GET {JOB}/7/api/json", json_answer({"number": 7, "building": True}))
    script.on("POST /queue/cancelItem", plain(status=204))
    script.on(f"POST {JOB}/7/stop", plain(status=302, Location="http://0.0.0.0/job/x"))
    run = Run(BuilderKind.JENKINS, "ci", "queue/9", RunState.QUEUED, KEY)
    async with jenkins(script) as builder:
        await builder.cancel(run)
        await builder.cancel(run)
    assert [asked.path for asked in script.sent()] == ["/queue/cancelItem?id=9", f"{JOB}/7/stop"]


async def test_what_starts_a_job_is_read_from_its_configuration_or_unknown() -> None:
    """A job without polling says so; one whose configuration may not be read does not."""
    script = Script()
    script.on(f"GET {JOB}/api/json", json_answer(PLAIN))
    script.on(f"GET {JOB}/config.xml", plain("<flow-definition><triggers/></flow-definition>", kind="application/xml"))
    async with jenkins(script) as builder:
        (job,) = await builder.find([])
        assert (job.trigger, job.source_trigger, job.schedule, job.reason) == (BaseTrigger.NONE, False, False, "")
        assert [str(image.name) for image in job.images] == ["contoso.azurecr.io/app"]
        script.on(f"GET {JOB}/config.xml", plain("<triggers><hudson.triggers.SCMTrigger>", kind="application/xml"))
        assert (await builder.describe(KEY)).source_trigger is True
        script.on(f"GET {JOB}/config.xml", plain(status=403))
        job = await builder.describe(KEY)
        assert (job.trigger, job.source_trigger, "ExtendedRead" in job.reason) == (BaseTrigger.UNKNOWN, None, True)


async def test_rights_are_asked_without_acting() -> None:
    """What cannot be asked is unknown, and nothing is sent."""
    script = Script()
    script.on(f"GET {JOB}/api/json", json_answer(PLAIN))
    async with jenkins(script) as builder:
        states = [right.state for right in await builder.rights(KEY)]
        assert states == [RightState.HELD, RightState.UNKNOWN, RightState.UNKNOWN]
        script.on(f"GET {JOB}/api/json", plain(status=403))
        assert {right.state for right in await builder.rights(KEY)} == {RightState.MISSING}
    assert not script.sent()


async def test_what_is_not_jenkins_is_called_so() -> None:
    """A proxy's page is no answer."""
    script = Script(X_Jenkins="")
    async with jenkins(script) as builder:
        script.headers.clear()
        with pytest.raises(ForeignAnswer):
            await builder.describe(KEY)
        script.on(f"GET {JOB}/api/json", plain("<html>", 200, "text/html"))
        with pytest.raises(ForeignAnswer):
            await builder.describe(KEY)


async def test_the_password_stays_with_its_host() -> None:
    """A Jenkins that sends us elsewhere is not followed."""
    script, other = Script(), Script()
    async with serving(other) as elsewhere, jenkins(script) as builder:
        script.on(f"GET {JOB}/api/json", plain(status=302, Location=f"{elsewhere}/x"))
        with pytest.raises(SourceError):
            await builder.describe(KEY)
    assert not other.asked


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        (
            ["+ docker push", "denied: no push", "[Pipeline] }", "ERROR: script returned exit code 1", "Finished: FAILURE"],
            "denied: no push",
        ),
        (["ok", "ERROR: Could not find credentials", "Finished: FAILURE"], "Could not find credentials"),
        (["ok", "ERROR: script returned exit code 1", "Finished: FAILURE"], "script returned exit code 1"),
        (["Finished: FAILURE"], ""),
        ([], ""),
    ],
)
def test_the_line_that_says_why_a_build_failed(lines: list[str], line: str) -> None:
    """Not the code that a step ended with, where something says more."""
    assert failure_line(lines) == line


async def test_a_failed_build_says_why_and_one_whose_log_is_gone_only_that() -> None:
    """With the line of its log, without escapes."""
    script = Script()
    script.on(f"GET {JOB}/7/api/json", json_answer({"number": 7, "result": "FAILURE"}))
    script.on(
        f"GET {JOB}/7/logText/progressiveText",
        plain("one\r\n\x1b[31mdenied: no push\x1b[0m\r\nFinished: FAILURE\r\n", X_Text_Size="1"),
    )
    run = Run(BuilderKind.JENKINS, "ci", "7", RunState.RUNNING, KEY)
    async with jenkins(script) as builder:
        failed = await builder.follow(run)
        assert (failed.state, failed.detail) == (RunState.FAILED, "denied: no push")
        script.on(f"GET {JOB}/7/logText/progressiveText", plain(status=403))
        failed = await builder.follow(run)
        assert (failed.state, failed.detail) == (RunState.FAILED, "")


@pytest.mark.parametrize("body", [{}, {"message": "x"}, {"name": None, "fullName": None}, {"errors": [{"code": "DENIED"}]}])
async def test_what_names_no_job_is_none(body: dict[str, object]) -> None:
    """It was asked for its names, which every job has: an answer without them is another program's."""
    script = Script(X_Jenkins="2.440")
    script.on(f"GET {JOB}/api/json", json_answer(body))
    async with jenkins(script) as builder:
        with pytest.raises(UntrustedPayload, match="in a form that its API does not have"):
            await builder.rights(KEY)
        with pytest.raises(UntrustedPayload, match="in a form that its API does not have"):
            await builder.trigger(Trigger(KEY, "m"))
    assert not script.sent()
