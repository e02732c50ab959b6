"""Whatever a builder's server answers, it is an error in our words or a value that claims nothing: no run has succeeded."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from tests.sources.builders import test_github, test_jenkins, test_pipelines
from tests.sources.builders.servers import Handler, Script, cut, json_answer, plain
from tui.domain.facts.build import BuilderKind, JobKey, Run, RunState
from tui.errors import SourceError
from tui.sources.ports import Trigger

SINCE = datetime(2026, 3, 1, tzinfo=UTC)


class Always(Script):
    """Answers everything the same."""

    def __init__(self, answer: Callable[[], web.Response] | Handler) -> None:
        super().__init__()
        self._always = answer

    async def handle(self, request: web.Request) -> web.StreamResponse:
        try:
            made = self._always(request)  # type: ignore[call-arg]
        except TypeError:
            made = self._always()  # type: ignore[call-arg]
        response: web.StreamResponse = await made if isinstance(made, Awaitable) else made
        return response


async def broken(request: web.Request) -> web.StreamResponse:
    """Half of what was promised."""
    response = web.StreamResponse(headers={"Content-Length": "5000", "Content-Type": "application/json", "X-Jenkins": "2"})
    await response.prepare(request)
    await response.write(b'{"value": [')
    assert request.transport is not None
    request.transport.close()
    return response


JSON: tuple[Any, ...] = (
    None,
    [],
    {},
    "x",
    7,
    b"[" * 50_000,
    b'{"id": 1e400}',
    b'{"id": 99999999999999999999999, "number": 99999999999999999999999, "status": 5}',
    {"value": None, "workflow_runs": None, "builds": None, "jobs": None, "records": None},
    {"value": [None, 5], "workflow_runs": [None, 5], "builds": [None, 5], "jobs": [5], "items": [None]},
    {"value": [{}], "workflow_runs": [{}], "builds": [{}], "jobs": [{}], "records": [{}], "items": [{}]},
    {
        "id": 1,
        "number": 1,
        "status": "completed",
        "result": "succeeded\x1b[31m",
        "conclusion": "\u202e",
        "queueId": "x",
    },
    {"id": 1, "timestamp": 10**30, "duration": -(10**30), "created_at": "9999-99-99", "building": "maybe"},
    {"id": 7, "timestamp": 10**18, "duration": 10**18, "building": False, "result": "STRANGE"},
)
ANSWERS: dict[str, Callable[[], web.Response] | Handler] = {
    **{f"{status}": plain("no", status) for status in (204, 400, 401, 403, 404, 407, 409, 410, 418, 429, 500, 503)},
    "401 asks": plain("", 401, WWW_Authenticate='Basic realm="evil"'),
    "302 elsewhere": plain("", 302, Location="http://127.0.0.1:9/login"),
    "302 nowhere": plain("", 302, Location="::::"),
    "307 to itself": plain("", 307, Location="/"),
    "html": plain("<html>Sign in", 200, "text/html", X_Jenkins="2"),
    "empty": plain("", 200, "application/json", X_Jenkins="2"),
    "cut": cut,
    "broken": broken,
    **{f"json {number}": json_answer(value, X_Jenkins="2") for number, value in enumerate(JSON)},
}
Opened = Callable[[Script], AbstractAsyncContextManager[Any]]


BUILDERS: dict[BuilderKind, tuple[Opened, JobKey, str]] = {
    BuilderKind.GITHUB_ACTIONS: (test_github.github, test_github.KEY, "7"),
    BuilderKind.JENKINS: (test_jenkins.jenkins, test_jenkins.KEY, "5"),
    BuilderKind.AZURE_PIPELINES: (test_pipelines.pipelines, test_pipelines.KEY, "123"),
}


@pytest.mark.parametrize("kind", list(BUILDERS))
@pytest.mark.parametrize("answer", list(ANSWERS))
async def test_no_answer_is_taken_for_a_success(kind: BuilderKind, answer: str) -> None:
    opened, key, number = BUILDERS[kind]
    run = Run(kind, key.builder, number, RunState.RUNNING, key)

    async def log(builder: Any) -> list[str]:
        """Its first lines: a run that goes on may have no end."""
        try:
            async with asyncio.timeout(0.5), aclosing(builder.log(run)) as lines:
                return [line async for line in lines]
        except TimeoutError:
            return []

    async with opened(Always(ANSWERS[answer])) as builder:
        steps: list[Callable[[], Awaitable[Any]]] = [
            lambda: builder.describe(key),
            lambda: builder.runs(key, 5),
            lambda: builder.follow(run),
            lambda: builder.rights(key),
            lambda: builder.look_up(Trigger(key, "plan-1/step-1"), SINCE),
            builder.try_signing_in,
            lambda: log(builder),
        ]
        for step in steps:
            try:
                async with asyncio.timeout(20):
                    outcome = await step()
            except SourceError:
                continue
            if isinstance(outcome, Run):
                assert outcome.state is not RunState.SUCCEEDED
            for each in outcome if isinstance(outcome, (list, tuple)) else ():
                assert not (isinstance(each, Run) and each.state is RunState.SUCCEEDED)
