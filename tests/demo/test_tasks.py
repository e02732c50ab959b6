"""The demo's Azure builds: tasks in the recorded forms, growing logs, images that are really pushed and signed, and bad days."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from tests.sources.builders.arm import FAST, run, task
from tests.sources.scanners.servers import Entra
from tui.demo.azure.arm import AzureResourceManager
from tui.demo.azure.resources import REGISTRIES
from tui.demo.estate.company import Company, build_company
from tui.demo.estate.tasks import Why
from tui.demo.faults import Fault, Faults
from tui.demo.http import serve
from tui.demo.services import make_graph
from tui.domain.facts.build import BaseTrigger, JobKey, Run, RunCause, RunState
from tui.errors import Forbidden, OutcomeUnknown, SourceError, Throttled
from tui.sources.azure.arm import ArmClient, ArmOptions
from tui.sources.azure.graph import GraphOptions, ResourceGraph
from tui.sources.azure.resources import AzureResources
from tui.sources.builders.acr.tasks import AcrTasksBuilder, AcrTasksOptions
from tui.sources.ports import Trigger

CONTOSO, FABRIKAM = "contoso.azurecr.io", "fabrikam.azurecr.io"
PATIENCE = 500


@dataclass
class Demo:
    """An Azure of the demo, and a builder that asks it."""

    company: Company
    arm: AzureResourceManager
    tasks: AcrTasksBuilder
    other: AcrTasksBuilder

    async def key(self, name: str) -> JobKey:
        return next(job.key for job in await self.tasks.jobs() if job.name == name)

    async def ended(self, run: Run) -> Run:
        for _ in range(PATIENCE):
            run = await self.tasks.follow(run)
            if run.state.ended:
                return run
        raise AssertionError(run)


@asynccontextmanager
async def demo(*faults: Fault) -> AsyncIterator[Demo]:
    company = build_company(7, datetime(2026, 11, 29, 8, tzinfo=UTC))
    broken = Faults(faults)
    graph = make_graph(company, lambda _: True, denied=False)
    arm = AzureResourceManager(company, graph, lambda _: True, broken, pace=0.02, scheme="http")
    server, port = await serve(broken.around("arm", arm.handle), None)
    logs, log_port = await serve(arm.logs.handle, None)
    arm.logs.address = f"http://127.0.0.1:{log_port}"
    clients = [ArmClient(Entra(), ArmOptions(endpoint=f"http://127.0.0.1:{port}", first_wait=0.0)) for _ in range(2)]
    queries = ResourceGraph(Entra(), GraphOptions(endpoint=f"http://127.0.0.1:{port}", first_wait=0.0))
    resources = AzureResources(queries, lambda: 0.0)
    options = AcrTasksOptions(log=FAST)
    builders = [
        AcrTasksBuilder(host, client, resources, options) for host, client in zip((CONTOSO, FABRIKAM), clients, strict=True)
    ]
    try:
        yield Demo(company, arm, builders[0], builders[1])
    finally:
        for builder in builders:
            await builder.aclose()
        server.close()
        logs.close()
        for registry in arm.registries.values():
            for model in registry.builds.runs.values():
                if model.steps is not None:
                    model.steps.cancel()


async def test_tasks_and_runs_have_the_recorded_forms() -> None:
    async with demo() as azure:
        registry = azure.arm.registries[CONTOSO]
        model = registry.tasks["payments-api"]
        shown = registry._task(model)
        recorded = task()
        assert set(shown) == set(recorded)
        assert set(recorded["properties"]) == set(shown["properties"])  # type: ignore[call-overload]
        step = recorded["properties"]["step"].keys() | {"baseImageDependencies"}
        assert shown["properties"]["step"].keys() == step  # type: ignore[index]
        past = next(iter(registry.builds.runs.values()))
        names = run(outputImages=[])["properties"].keys() | {"startTime", "finishTime", "platform", "sourceTrigger"}
        assert registry._run(past)["properties"].keys() == names  # type: ignore[attr-defined]


async def test_there_is_a_task_for_every_reason_that_keeps_a_build_from_starting() -> None:
    async with demo() as azure:
        jobs = {job.name: job for job in [*await azure.tasks.jobs(), *await azure.other.jobs()]}
        last = {run.job: run for run in reversed(await azure.tasks.last_runs(500))}
    whys = {name: model.why for registry in azure.arm.registries.values() for name, model in registry.tasks.items()}
    assert set(whys.values()) == set(Why)
    assert jobs["payments-fraud"].trigger is BaseTrigger.OFF
    assert jobs["search-suggest"].bases == ()
    assert jobs["fulfilment-routing"].bases[0].name.registry == "registry.internal.contoso.example"  # type: ignore[index]
    assert jobs["catalog-importer"].bases[0].tag == "3.12.11"  # type: ignore[index]
    assert jobs["loyalty-campaigns"].disabled
    assert jobs["notify-push"].bases is None
    assert last[jobs["data-etl"].key].state is RunState.FAILED
    assert jobs["ml-features"].hindrances
    assert jobs["platform-agent"].platform is not None
    assert jobs["platform-agent"].platform.os == "windows"
    assert "base/alpine" in str(jobs["platform-gateway"].bases[0].name)  # type: ignore[index]
    assert "networkRuleBypassAllowedForTasks" in jobs["logistics-portal"].hindrances[0]


async def test_a_build_pushes_a_new_image_on_todays_base_and_signs_it() -> None:
    async with demo() as azure:
        yard = azure.company.yard
        before, base = yard.newest(f"{CONTOSO}/payments/api"), yard.newest(f"{CONTOSO}/base/dotnet")
        started = await azure.tasks.trigger(Trigger(await azure.key("payments-api"), "mark"))
        assert started.state is RunState.QUEUED
        lines = [line async for line in azure.tasks.log(started)]
        run = await azure.ended(started)
        repository = yard.shelf(CONTOSO).repositories["payments/api"]
        after = yard.newest(f"{CONTOSO}/payments/api")
        for _ in range(PATIENCE):
            if list(repository.referrers(after.digest)):
                break
            await azure.tasks.follow(run)
        assert list(repository.referrers(after.digest))
    assert run.state is RunState.SUCCEEDED
    assert after.digest != before.digest
    assert after.base is base
    assert {image.digest for image in run.images or ()} == {after.digest}
    assert repository.tags["1.14.2"].digest == repository.tags["stable"].digest == after.digest
    assert lines[-1].startswith(f"Run ID: {run.id} was successful")
    assert not any("\x1b" in line or "\r" in line for line in lines)


async def test_a_new_base_starts_what_is_built_on_it_and_nothing_else() -> None:
    async with demo() as azure:
        run = await azure.ended(await azure.tasks.trigger(Trigger(await azure.key("base-python"), "mark")))
        started = []
        for _ in range(PATIENCE):
            started = [each for each in await azure.tasks.last_runs(50) if each.cause is RunCause.BASE_IMAGE]
            if len(started) >= 4:
                break
        names = {each.job.job.rpartition("/")[2] for each in started if each.job}
    assert run.state is RunState.SUCCEEDED
    assert names == {"checkout-tax", "data-etl", "fulfilment-labels", "ml-features"}


@pytest.mark.parametrize(
    ("what", "state"),
    [
        ("half-way", RunState.FAILED),
        ("cancelled", RunState.CANCELLED),
        ("nothing", RunState.SUCCEEDED),
        ("other-digest", RunState.SUCCEEDED),
        ("old-base", RunState.SUCCEEDED),
        ("log-cut", RunState.SUCCEEDED),
        ("unsigned", RunState.SUCCEEDED),
    ],
)
async def test_builds_go_wrong_in_every_way(what: str, state: RunState) -> None:
    async with demo(Fault("tasks", "payments-api", what)) as azure:
        yard = azure.company.yard
        before = yard.newest(f"{CONTOSO}/payments/api")
        run = await azure.ended(await azure.tasks.trigger(Trigger(await azure.key("payments-api"), "mark")))
        after = yard.newest(f"{CONTOSO}/payments/api")
    assert run.state is state
    pushed = {image.digest for image in run.images or ()}
    match what:
        case "nothing":
            assert run.images == ()
        case "other-digest":
            assert pushed == {before.digest}
            assert after.digest != before.digest
        case "old-base":
            assert after.base is before.base
        case "half-way":
            assert run.detail


async def test_a_full_queue_keeps_runs_waiting_and_they_can_be_cancelled() -> None:
    async with demo(Fault("tasks", ".*", "queue-full")) as azure:
        run = await azure.tasks.trigger(Trigger(await azure.key("payments-api"), "mark"))
        assert (await azure.tasks.follow(run)).state is RunState.QUEUED
        await azure.tasks.cancel(run)
        assert (await azure.tasks.follow(run)).state is RunState.CANCELLED


async def test_an_answer_that_is_lost_leaves_one_run_that_is_found_again() -> None:
    async with demo(Fault("arm", ".*/scheduleRun", "drop", first=1)) as azure:
        trigger, since = Trigger(await azure.key("payments-api"), "mark"), datetime.now(UTC) - timedelta(seconds=1)
        with pytest.raises(OutcomeUnknown):
            await azure.tasks.trigger(trigger)
        (found,) = await azure.tasks.look_up(trigger, since)
        assert (await azure.ended(found)).state is RunState.SUCCEEDED
        own = [model for model in azure.arm.registries[CONTOSO].builds.runs.values() if model.kind == "QuickRun"]
    assert len(own) == 1


@pytest.mark.parametrize(("what", "error"), [("403", Forbidden), ("429", Throttled), ("500", OutcomeUnknown)])
async def test_refusals_of_a_trigger(what: str, error: type[SourceError]) -> None:
    async with demo(Fault("arm", ".*/scheduleRun", what)) as azure:
        with pytest.raises(error):
            await azure.tasks.trigger(Trigger(await azure.key("payments-api"), "mark"))


async def test_rights_and_ids_are_told() -> None:
    async with demo() as azure:
        rights = await azure.tasks.registry_rights()
        assert {right.state.value for right in rights} == {"held"}
        with suppress(SourceError):
            await azure.tasks.describe(await azure.key("payments-api"))
    assert set(azure.arm.registries) == set(REGISTRIES)


async def test_what_was_built_just_now_is_found_by_scanners() -> None:
    query = "securityresources | where type =~ 'microsoft.security/assessments/subassessments' | project id | order by id asc"
    async with demo() as azure:

        async def known() -> int:
            graph = ResourceGraph(Entra(), GraphOptions(endpoint=f"http://{azure.tasks.endpoint}", first_wait=0.0))
            async with graph.open() as session:
                return [page.total async for page in session.pages(query)][-1]

        before = await known()
        await azure.ended(await azure.tasks.trigger(Trigger(await azure.key("payments-fraud"), "mark")))
        assert await known() > before
