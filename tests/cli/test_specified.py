"""A whole session on the demo, request by request: everything that leaves the program is what a specification allows."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import msgspec
import pytest

from tests.specifications import TABLES
from tests.specified import Sent, deviations, sent_in
from tui.demo.requestlog import EVERY_IN
from tui.demo.running import Run
from tui.demo.scenarios import SCENARIOS
from tui.domain.facts.build import JobKey, RunState
from tui.errors import SourceError
from tui.settings.load import load
from tui.sources.azure.credentials import EntraCredentials
from tui.sources.builders.acr.tasks import AcrTasksBuilder
from tui.sources.builders.source import ConfiguredBuilder
from tui.sources.ports import Trigger
from tui.wiring.azure import acr_builder
from tui.wiring.builders import configured_builders

LIMIT = 120.0
PACE = 0.02
"""Of what builds of the demo take."""
LOOKS, BETWEEN_LOOKS = 40, 0.1
"""Some runs of the demo never leave their queue."""
HOST = "contoso.azurecr.io"
SESSION = (
    ("contoso", "doctor", "--aks", "rg-prod-weu/prod-weu"),
    ("contoso", "contain", "repo:payments/worker", "--write", "--yes", "-o", "json"),
    ("broken", "report", "-o", "json"),
    ("denied", "doctor"),
)


async def asked(folder: Path, number: int, scenario: str, *words: str) -> list[Sent]:
    """What the servers of one demo were asked while a command ran on it."""
    log = folder / f"{number}.jsonl"
    environment = {**os.environ, EVERY_IN: str(log), "XDG_STATE_HOME": str(folder / f"state-{number}")}
    command = (sys.executable, "-m", "tui", "--demo", scenario, *words)
    nothing = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdin=nothing, stdout=nothing, stderr=nothing)
    try:
        async with asyncio.timeout(LIMIT):
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return list(sent_in(log.read_text().splitlines()))


def servers(requests: Sequence[Sent], *ends: str) -> set[str]:
    """Who was asked for a path with one of these ends."""
    return {sent.server for sent in requests if sent.path.endswith(ends or "")}


@pytest.mark.writes
async def test_everything_that_a_session_sends_is_specified(tmp_path: Path) -> None:
    """Reading, asking for rights, containing; also where servers fail or refuse. Rollouts are in `test_readonly`."""
    sessions = await asyncio.gather(*(asked(tmp_path, number, *words) for number, words in enumerate(SESSION)))
    requests = [sent for session in sessions for sent in session]
    assert deviations(requests) == []
    # It was a whole session: nobody was left out.
    assert servers(requests) >= TABLES.keys() - {"cluster", "logs", "github-logs"}
    assert "arm" in servers(requests, "/listClusterUserCredential")
    patches = {sent.headers["content-type"] for sent in requests if sent.method == "PATCH"}
    assert patches == {"application/json", "application/merge-patch+json"}


@pytest.mark.writes
async def test_everything_that_builders_send_is_specified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs, rights, runs that are started, followed with their logs, looked up and cancelled, on each of the four systems."""
    log = tmp_path / "every.jsonl"
    monkeypatch.setenv(EVERY_IN, str(log))
    run = Run(SCENARIOS["contoso"], 1, tmp_path, PACE)
    handshake = await run.start()
    environment = {**os.environ, **cast(dict[str, str], handshake["environment"])}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = msgspec.structs.replace(load({}, environment={}, path=str(handshake["config"])), azure=True)
    entra = EntraCredentials(environment, clock=time.time)
    of_registry = acr_builder(settings, entra, environment, HOST)
    assert of_registry is not None
    builders: list[AcrTasksBuilder | ConfiguredBuilder] = [of_registry, *configured_builders(settings, entra, environment)]
    try:
        async with asyncio.timeout(LIMIT):
            await asyncio.gather(*map(used, builders))
    finally:
        await run.stop()
        await end_builds()
    requests = list(sent_in(log.read_text().splitlines()))
    assert deviations(requests) == []
    systems = {"arm", "azure-pipelines", "github-actions", "jenkins"}
    assert servers(requests, "/scheduleRun", "/runs", "/dispatches", "/build", "/buildWithParameters") >= systems
    assert servers(requests, "/cancel", "/stop", "/cancelItem") >= systems - {"azure-pipelines"}
    assert any(sent.method == "PATCH" and sent.server == "azure-pipelines" for sent in requests)
    assert servers(requests) >= {"logs", "github-logs"}


async def end_builds() -> None:
    """What the demo still builds is not waited for."""
    building = [task for task in asyncio.all_tasks() if "_carry_out" in str(task.get_coro())]
    for task in building:
        task.cancel()
    await asyncio.gather(*building, return_exceptions=True)


async def used(builder: AcrTasksBuilder | ConfiguredBuilder) -> None:
    """Everything that a builder can be asked for, of every job that can be started."""
    try:
        await asyncio.gather(*(used_for(builder, job.key) for job in await builder.find(())))
    finally:
        await builder.aclose()


async def used_for(builder: AcrTasksBuilder | ConfiguredBuilder, job: JobKey) -> None:
    """Everything that it can be asked for of one job."""
    await builder.describe(job)
    await builder.rights(job)
    await builder.runs(job, 20)
    for number in range(2):
        with suppress(SourceError):
            await started(builder, Trigger(job, f"mark-{number}"), cancelled=number > 0)


async def started(builder: AcrTasksBuilder | ConfiguredBuilder, trigger: Trigger, *, cancelled: bool) -> None:
    """A run, to its end; its outcome is the demo's affair."""
    since = datetime.now(UTC)
    run = await builder.trigger(trigger)
    if cancelled:
        await builder.cancel(run)
        return
    await builder.look_up(trigger, since)
    for _ in range(LOOKS):
        run = await builder.follow(run)
        if run.state.ended or run.state is RunState.WAITING:
            break
        await asyncio.sleep(BETWEEN_LOOKS)
    if run.state in (RunState.QUEUED, RunState.WAITING):
        await builder.cancel(run)
        return
    async for _ in builder.log(run):
        pass


SIGNED = {"host": "h", "user-agent": "trustree", "accept": "application/json", "authorization": "Basic dTpw"}
REVIEW = '{"apiVersion":"v1","kind":"SelfSubjectReview","spec":{}}'


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        (Sent("arm", "GET", "/subscriptions?api-version=1", SIGNED, ""), "no specification has it"),
        (Sent("nobody", "GET", "/", SIGNED, ""), "no specification has it"),
        (Sent("jenkins", "GET", "/job/a/api/json?tree=a[b]", SIGNED, ""), "its target is not written as RFC 3986 wants it"),
        (Sent("jenkins", "GET", "/job/a/api/json?depth=2", SIGNED, ""), "depth is not known in its query"),
        (Sent("jenkins", "GET", "/job/a/api/json", SIGNED, ""), "tree is missing in its query"),
        (Sent("jenkins", "GET", "/crumbIssuer/api/json", {**SIGNED, "cookie": "a=b"}, ""), "its header cookie belongs nowhere"),
        (Sent("jenkins", "POST", "/job/a/1/stop", SIGNED, ""), "it does not say how long it is"),
        (Sent("azure-pipelines", "GET", "/o/p/_apis/build/builds/1?api-version=7.2", SIGNED, ""), "and must be 7.1"),
        (Sent("github-actions", "GET", "/user", SIGNED, ""), "it is signed in for Basic, and may be for Bearer"),
        (Sent("github-logs", "GET", "/logs/1?sv=1&sig=x", SIGNED, ""), "it is signed in for Basic, and may be for nobody"),
        (Sent("prod-weu", "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", SIGNED, REVIEW), "spec is not known"),
        (Sent("prod-weu", "DELETE", "/api/v1/namespaces/a/pods/b", SIGNED, ""), "no specification has it"),
    ],
)
def test_what_is_not_specified_is_told(sent: Sent, wrong: str) -> None:
    """The proof that the proof sees a wrong request."""
    if sent.body:
        sent = sent._replace(headers={**sent.headers, "content-type": "application/json", "content-length": str(len(sent.body))})
    assert any(wrong in told for told in deviations([sent])), deviations([sent])
