"""Builders as sources, and as the settings describe them: whose secret goes where, and what is said when one fails."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from tests.sources.builders.servers import Script, json_answer, plain, serving
from tui.domain.facts.build import BuilderKind, JobKey, RunState
from tui.domain.facts.build_events import JobsCompleted, JobsSeen, RunsSeen
from tui.domain.facts.events import Event, HealthChanged, SourceState
from tui.errors import InvalidConfig
from tui.settings.builders import BuilderSettings, CiKind, JobSettings
from tui.settings.settings import Settings
from tui.sources.kit.credentials import EntraToken
from tui.wiring.builders import builder_sources, configured_builders, told_jobs


class Entra:
    """Gives tokens of Entra ID."""

    async def token(self, scope: str, refused: str = "") -> EntraToken:
        """One for Azure DevOps."""
        assert scope == "499b84ac-1321-427f-aa17-267ca6975798/.default"
        return EntraToken("entra", 9e9, "ann")


def settings(kind: CiKind, url: str, job: str = "a/b", **more: object) -> Settings:
    images = {"contoso.azurecr.io/a": JobSettings(job)}
    return Settings(builder={"ci": BuilderSettings(kind, url, images=images, **more)})  # type: ignore[arg-type]


async def look(built: Settings, environment: Mapping[str, str]) -> list[Event]:
    """The events of one round."""
    (source,) = builder_sources(built, Entra(), environment)
    events: list[Event] = []
    stream = source.events()
    async with asyncio.timeout(10):
        async for event in stream:
            events.append(event)
            if isinstance(event, HealthChanged) and event.health.state is not SourceState.LOADING:
                break
    await stream.aclose()
    return events


async def test_jobs_and_runs_are_told_and_then_that_it_was_all() -> None:
    """With the health."""
    script = Script(X_Jenkins="2")
    script.on(
        "GET /job/a/job/b/api/json", json_answer({"name": "b", "buildable": True, "builds": [{"number": 1, "result": "SUCCESS"}]})
    )
    script.on("GET /queue/api/json", json_answer({"items": []}))
    async with serving(script) as url:
        events = await look(settings(CiKind.JENKINS, url), {})
    assert [type(event) for event in events] == [HealthChanged, JobsSeen, RunsSeen, JobsCompleted, HealthChanged]
    key = JobKey(BuilderKind.JENKINS, "ci", "a/b")
    assert isinstance(events[2], RunsSeen)
    assert [(run.job, run.state) for run in events[2].runs] == [(key, RunState.SUCCEEDED)]
    assert {asked.method for asked in script.asked} == {"GET"}


@pytest.mark.parametrize(("status", "state"), [(401, SourceState.FAILED), (403, SourceState.FAILED), (404, SourceState.FAILED)])
async def test_what_cannot_be_read_is_said_and_takes_nothing_away(status: int, state: SourceState) -> None:
    """No list is called complete."""
    script = Script(X_Jenkins="2")
    script.on("GET /job/a/job/b/api/json", plain(status=status))
    async with serving(script) as url:
        events = await look(settings(CiKind.JENKINS, url), {})
    (_, last) = events
    assert isinstance(last, HealthChanged)
    assert (last.health.state, bool(last.health.error), bool(last.health.remedy)) == (state, True, True)


@pytest.mark.parametrize(
    ("kind", "more", "environment", "sent"),
    [
        (CiKind.JENKINS, {}, {"GH_TOKEN": "x"}, None),
        (CiKind.JENKINS, {"username": "ann", "token_env": "T"}, {"T": "pat"}, "Basic YW5uOnBhdA=="),
        (CiKind.AZURE_PIPELINES, {}, {"AZURE_DEVOPS_EXT_PAT": "x"}, "Bearer entra"),
        (CiKind.AZURE_PIPELINES, {"token_env": "T"}, {"T": "pat"}, "Basic OnBhdA=="),
        (CiKind.GITHUB_ACTIONS, {}, {"GH_TOKEN": "public", "GH_ENTERPRISE_TOKEN": "own"}, "Bearer own"),
        (CiKind.GITHUB_ACTIONS, {"token_env": "T"}, {"T": "pat", "GH_ENTERPRISE_TOKEN": "own"}, "Bearer pat"),
        (CiKind.GITHUB_ACTIONS, {"token_command": ("/bin/echo", "printed")}, {}, "Bearer printed"),
    ],
)
async def test_each_secret_goes_to_its_own_service(
    kind: CiKind, more: dict[str, object], environment: dict[str, str], sent: str | None
) -> None:
    """A token for github.com is not sent to a server of one's own, nor one of Azure's to another host."""
    script = Script(X_Jenkins="2")
    job = "o/r/f.yml" if kind is CiKind.GITHUB_ACTIONS else "p/1"
    async with serving(script) as url:
        await look(settings(kind, url, job, **more), environment)
    assert {asked.headers.get("Authorization") for asked in script.asked} == {sent}


async def test_a_program_that_prints_no_token_is_named() -> None:
    """And nothing is sent."""
    script = Script()
    async with serving(script) as url:
        events = await look(settings(CiKind.GITHUB_ACTIONS, url, "o/r/f.yml", token_command=("/bin/false",)), {})
    assert isinstance(events[-1], HealthChanged)
    assert events[-1].health.error == "`/bin/false` printed no token"
    assert not script.asked


def test_a_secret_that_is_not_there_is_a_fault_of_the_configuration() -> None:
    """Named by its variable; a builder that is left alone needs none."""
    with pytest.raises(InvalidConfig, match="variable T"):
        configured_builders(settings(CiKind.JENKINS, "https://ci.example", token_env="T"), None, {})
    alone = settings(CiKind.JENKINS, "https://ci.example", token_env="T", enabled=False)
    assert (configured_builders(alone, None, {}), told_jobs(alone)) == ([], ())
    (told,) = told_jobs(settings(CiKind.JENKINS, "https://ci.example"))
    assert [job.job for job in told.jobs] == [JobKey(BuilderKind.JENKINS, "ci", "a/b")]
