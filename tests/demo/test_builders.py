"""The demo's build systems, spoken to by the program's own builders over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from tests.tried import tried
from tui.demo.builders.github import GitHub, LogStore
from tui.demo.builders.jenkins import Jenkins
from tui.demo.builders.jobs import System, Why, jobs_of
from tui.demo.builders.pipelines import Pipelines
from tui.demo.builders.pushing import CompanyPusher
from tui.demo.builders.works import Pushed, Works
from tui.demo.estate.company import build_company
from tui.demo.faults import Fault, Faults
from tui.demo.http import Handler, serve
from tui.domain.facts.build import BaseTrigger, BuilderKind, JobKey, Run, RunCause, RunState
from tui.domain.facts.patterns import parse_pattern
from tui.domain.facts.rights import RightState
from tui.errors import AuthenticationFailed, OutcomeUnknown, SourceError
from tui.sources.builders.github.builder import GitHubBuilder
from tui.sources.builders.jenkins.builder import JenkinsBuilder
from tui.sources.builders.options import BuilderOptions, ConfiguredJob
from tui.sources.builders.pipelines.builder import PipelinesBuilder
from tui.sources.builders.secrets import Basic, Bearer, Nobody, Secret
from tui.sources.builders.source import ConfiguredBuilder
from tui.sources.ports import Trigger

PACE = 0.02
SYSTEMS = list(System)
DIGEST = f"sha256:{'a' * 64}"


@dataclass
class Shelf:
    """Remembers what is pushed and signed."""

    pushed: list[str] = field(default_factory=list)
    signed: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    def push(self, line: str, what: str) -> Pushed:
        self.pushed.append(line)
        return Pushed("1.0", DIGEST)

    def sign(self, line: str, pushed: Pushed) -> None:
        self.signed.put_nowait(line)

    def history(self, line: str) -> Sequence[tuple[datetime, Pushed]]:
        return [(datetime.now(UTC) - timedelta(days=days), Pushed(f"0.{days}", DIGEST)) for days in (40, 20)]


@dataclass
class Served:
    """A system, its runs, and a builder that speaks to it."""

    builder: ConfiguredBuilder
    works: Works
    shelf: Shelf
    url: str
    server: Jenkins | GitHub | Pipelines

    def key(self, why: Why) -> JobKey:
        """The job for which this holds."""
        job = next(job for job in self.works.jobs.values() if job.why is why)
        return JobKey(self.builder.kind, self.builder.name, job.name)


def emulator(system: System, works: Works, logs: LogStore, *, names_runs: bool = True) -> Jenkins | GitHub | Pipelines:
    match system:
        case System.JENKINS:
            return Jenkins(works, "operator", "token", "password")
        case System.GITHUB:
            return GitHub(works, "token", logs, names_runs=names_runs)
        case System.PIPELINES:
            return Pipelines(works, "token", lambda token: token == "entra", lambda line: "contoso.azurecr.io/base/java")


def client(system: System, url: str, secret: Secret | None = None) -> ConfiguredBuilder:
    jobs = tuple(ConfiguredJob(parse_pattern(job.line), job.name) for job in jobs_of(system))
    options = BuilderOptions("demo", url, jobs=jobs, first_wait=0.01, poll=0.02, timeout=10.0)
    match system:
        case System.JENKINS:
            return JenkinsBuilder(options, secret or Basic("operator", "token"))
        case System.GITHUB:
            return GitHubBuilder(options, secret or Bearer("token"))
        case System.PIPELINES:
            options = BuilderOptions("demo", f"{url}/contoso", jobs=jobs, first_wait=0.01, poll=0.02, timeout=10.0)
            return PipelinesBuilder(options, secret or Basic("", "token"))


@asynccontextmanager
async def served(
    system: System, what: str = "", faults: Faults | None = None, secret: Secret | None = None, *, names_runs: bool = True
) -> AsyncIterator[Served]:
    """The emulator of a system, and a builder; `what` is how runs go wrong."""
    async with AsyncExitStack() as stack:
        shelf, logs = Shelf(), LogStore()
        works = Works(list(jobs_of(system)), shelf, lambda _: what, PACE)
        stack.push_async_callback(works.stop)
        server = emulator(system, works, logs, names_runs=names_runs)

        async def listen(handler: Handler) -> str:
            listening, port = await serve(handler, None)
            stack.callback(listening.close)
            return f"http://127.0.0.1:{port}"

        logs.address = (await listen(logs.handle)).replace("127.0.0.1", "localhost")
        url = await listen((faults or Faults()).around("ci", server.handle))
        builder = client(system, url, secret)
        stack.push_async_callback(builder.aclose)
        yield Served(builder, works, shelf, url, server)


async def until(builder: ConfiguredBuilder, run: Run, is_so: Callable[[Run], bool]) -> Run:
    """The run as soon as this is so of it."""
    async with asyncio.timeout(20):
        while True:
            run = await builder.follow(run)
            if is_so(run):
                return run
            await asyncio.sleep(0.02)


async def ended(builder: ConfiguredBuilder, run: Run) -> Run:
    """The run when nothing more will come of it."""
    return await until(builder, run, lambda run: run.state.ended)


@pytest.mark.parametrize("system", SYSTEMS)
async def test_a_run_waits_builds_pushes_and_is_signed(system: System) -> None:
    """And its log says what was pushed, as it was written and without escapes."""
    async with served(system) as there:
        run = await there.builder.trigger(Trigger(there.key(Why.WORKS), "m1"))
        assert run.state is RunState.QUEUED
        lines = [line async for line in there.builder.log(run)]
        run = await ended(there.builder, run)
        assert (run.state, len(there.shelf.pushed)) == (RunState.SUCCEEDED, 1)
        assert f"1.0: digest: {DIGEST} size: 2418" in lines
        assert "#2 [1/4] FROM base DONE 0.2s" in lines
        assert not any("\x1b" in line or "\r" in line for line in lines)
        job = next(job for job in there.works.jobs.values() if job.why is Why.WORKS)
        pushed = [(f"{image.name}", image.tag, image.digest) for image in run.images or ()]
        assert (pushed, run.by_log) == ([(job.line, "1.0", DIGEST)], True)
        (newest, *_) = await there.builder.runs(there.key(Why.WORKS), 10)
        assert (newest.id, newest.state) == (run.id, RunState.SUCCEEDED)
        async with asyncio.timeout(5):
            assert await there.shelf.signed.get() == there.shelf.pushed[0]


@pytest.mark.parametrize("system", SYSTEMS)
async def test_the_reasons_why_nothing_is_built_are_told(system: System) -> None:
    """By the job as it is described, or by its last run with the line of its log."""
    async with served(system) as there:
        jobs = {job.key: job for job in await there.builder.find([])}
        reasons = {model.why for model in there.works.jobs.values()}
        if Why.NO_TRIGGER in reasons:
            job = jobs[there.key(Why.NO_TRIGGER)]
            assert job.trigger is BaseTrigger.NONE
            assert system is System.PIPELINES or job.source_trigger is False
        if Why.INACTIVE in reasons:
            assert "60 days" in jobs[there.key(Why.INACTIVE)].disabled
            with pytest.raises(SourceError, match="disabled workflow"):
                await there.builder.trigger(Trigger(there.key(Why.INACTIVE), "m1"))
        if Why.WORKS in reasons and system is System.PIPELINES:
            job = jobs[there.key(Why.WORKS)]
            assert (job.trigger, [str(base.name) for base in job.bases or ()]) == (
                BaseTrigger.ON,
                ["contoso.azurecr.io/base/java"],
            )
        (newest, *older) = await there.builder.runs(there.key(Why.FAILED), 10)
        assert newest.state is RunState.FAILED
        assert "denied: requested access" in newest.detail
        assert {run.state for run in older} == {RunState.SUCCEEDED}


@pytest.mark.parametrize("system", [System.PIPELINES, System.GITHUB])
async def test_what_a_run_waits_for_is_told_and_it_goes_on_when_it_is_given(system: System) -> None:
    """With who can give it."""
    async with served(system) as there:
        run = await there.builder.trigger(Trigger(there.key(Why.APPROVAL), "m1"))
        run = await until(there.builder, run, lambda run: run.state is RunState.WAITING)
        assert "approval of" in run.detail
        there.works.approve(there.works.runs[int(run.id)])
        assert (await ended(there.builder, run)).state is RunState.SUCCEEDED


async def test_a_machine_that_is_not_there_is_why_a_build_waits() -> None:
    """In Jenkins' words, until it is taken out of the queue."""
    async with served(System.JENKINS) as there:
        run = await there.builder.trigger(Trigger(there.key(Why.NO_AGENT), "m1"))
        waiting = await there.builder.follow(run)
        assert (waiting.state, waiting.detail) == (
            RunState.QUEUED,
            "There are no nodes with the label ‘windows’ Jenkins calls it stuck.",
        )
        same = await there.builder.trigger(Trigger(there.key(Why.NO_AGENT), "m1"))
        assert same.id == run.id
        await there.builder.cancel(run)
        assert (await there.builder.follow(run)).state is RunState.CANCELLED


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize(
    ("what", "state"),
    [
        ("half-way", RunState.FAILED),
        ("cancelled", RunState.CANCELLED),
        ("log-cut", RunState.SUCCEEDED),
        ("nothing", RunState.SUCCEEDED),
    ],
)
async def test_a_bad_run_is_told_as_it_is(system: System, what: str, state: RunState) -> None:
    """And nothing is pushed by one that failed, or that has nothing to push."""
    async with served(system, what) as there:
        run = await there.builder.trigger(Trigger(there.key(Why.WORKS), "m1"))
        lines = [line async for line in there.builder.log(run)]
        run = await ended(there.builder, run)
        assert run.state is state
        assert len(there.shelf.pushed) == (what == "log-cut")
        assert run.images is None
        assert not any("digest" in line for line in lines)
        assert what != "half-way" or "failed to solve" in run.detail


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("by_mark", [True, False])
async def test_a_trigger_whose_answer_is_lost_was_sent_once_and_is_found(system: System, by_mark: bool) -> None:
    """The server started it, and never said so."""
    path = {
        System.JENKINS: r".*/buildWithParameters",
        System.GITHUB: r".*/dispatches",
        System.PIPELINES: r".*/pipelines/\d+/runs",
    }
    async with served(system, "queue-full", Faults((Fault("ci", path[system], "drop", first=1),))) as there:
        since = datetime.now(UTC)
        trigger = Trigger(there.key(Why.WORKS), "trustree-7f3a")
        with pytest.raises(OutcomeUnknown):
            await there.builder.trigger(trigger)
        (run,) = await there.builder.look_up(trigger, since)
        assert run.state is RunState.QUEUED
        other = await there.builder.trigger(Trigger(there.key(Why.WORKS), "trustree-other"))
        assert [each.id for each in await there.builder.look_up(trigger, since)] == [run.id]
        assert other.id != run.id
        assert await there.builder.look_up(Trigger(there.key(Why.WORKS), "trustree-never"), since) == []


async def test_an_older_github_names_no_run_and_it_is_found_by_its_mark() -> None:
    """204, as recorded."""
    async with served(System.GITHUB, names_runs=False) as there:
        first = await there.builder.trigger(Trigger(there.key(Why.WORKS), "trustree-1"))
        second = await there.builder.trigger(Trigger(there.key(Why.WORKS), "trustree-2"))
        assert first.id != second.id
        assert there.works.runs[int(second.id)].values["trustree_mark"] == "trustree-2"


@pytest.mark.parametrize("system", SYSTEMS)
async def test_stopping_ends_a_run(system: System) -> None:
    """As it was asked for here, or elsewhere."""
    async with served(system, "queue-full") as there:
        run = await there.builder.trigger(Trigger(there.key(Why.WORKS), "m1"))
        await there.builder.cancel(run)
        assert (await ended(there.builder, run)).state is RunState.CANCELLED
        await there.builder.cancel(run)


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("secret", [Nobody(), Bearer("wrong"), Basic("operator", "wrong")])
async def test_a_wrong_secret_is_a_refused_sign_in(system: System, secret: Secret) -> None:
    """Also where a page asks for it."""
    async with served(system, secret=secret) as there:
        with pytest.raises(AuthenticationFailed):
            await there.builder.describe(there.key(Why.WORKS))
        assert [each.state for each in await tried(there.builder.diagnose())] == ["denied"]


async def test_a_password_needs_a_crumb_and_a_token_that_is_over_shows_a_page() -> None:
    """The one is got, the other said."""
    async with served(System.JENKINS, "queue-full", secret=Basic("operator", "password")) as there:
        assert (await there.builder.trigger(Trigger(there.key(Why.WORKS), "m1"))).state is RunState.QUEUED
    async with served(System.PIPELINES) as there:
        assert isinstance(there.server, Pipelines)
        there.server.is_over = True
        with pytest.raises(AuthenticationFailed, match="sign-in page"):
            await there.builder.trigger(Trigger(there.key(Why.WORKS), "m1"))
        assert len(there.works.of(there.works.jobs["shop/31"])) == 2


@pytest.mark.parametrize("system", SYSTEMS)
async def test_rights_are_read_without_acting(system: System) -> None:
    """Nothing is started by asking."""
    async with served(system) as there:
        rights = await there.builder.rights(there.key(Why.WORKS))
        before = len(there.works.runs)
        await tried(there.builder.diagnose())
        assert len(there.works.runs) == before
        held = {System.GITHUB: [RightState.HELD] * 2}.get(system, [RightState.HELD, RightState.UNKNOWN, RightState.UNKNOWN])
        assert [right.state for right in rights] == held


def test_no_image_is_built_twice() -> None:
    """Each by one system, each system with one job that works."""
    lines = [job.line for system in System for job in jobs_of(system)]
    assert len(lines) == len(set(lines))
    assert all(any(job.why is Why.WORKS for job in jobs_of(system)) for system in System)
    assert {BuilderKind(system) for system in System} == set(BuilderKind) - {BuilderKind.ACR_TASKS}


async def test_a_build_ends_with_an_image_that_is_really_there_and_really_signed() -> None:
    """On today's base, under the tags that ran; with `old-base` on the base of before."""
    company = build_company(7, datetime.now(UTC).replace(microsecond=0))
    pusher = CompanyPusher(company)
    job = next(job for job in jobs_of(System.JENKINS) if job.why is Why.WORKS)
    host, _, repository = job.line.partition("/")
    before = company.yard.newest(job.line)
    works = Works([job], pusher, pace=PACE)
    run = works.start(job, {}, "operator")
    assert run.steps is not None
    await run.steps
    pushed = company.yard.newest(job.line)
    there = company.yard.shelf(host).repositories[repository]
    row = there.find(before.tag)
    assert row is not None
    assert (run.result, pushed.digest != before.digest, row.stored.digest) == ("succeeded", True, pushed.digest)
    assert pushed.base is not None
    assert before.base is not None
    assert pushed.base.digest == company.yard.newest(before.base.name).digest
    assert any(pushed.digest in text for _, text in run.log)
    assert list(there.referrers(pushed.digest))
    assert len(works.of(job)) == 1 + min(3, len(pusher.history(job.line)))
    again = pusher.push(job.line, "old-base")
    assert again.digest == company.yard.newest(job.line).digest


async def test_a_pushed_base_starts_the_pipelines_that_wait_for_it() -> None:
    """Those with a resource for it; what has none, or is built on another base, is left alone."""
    async with served(System.PIPELINES, "queue-full") as there:
        before = len(there.works.runs)
        there.works.base_pushed("contoso.azurecr.io/base/java", lambda line: "contoso.azurecr.io/base/java")
        (newest, *_) = await there.builder.runs(there.key(Why.WORKS), 10)
        assert (newest.cause, newest.state) == (RunCause.BASE_IMAGE, RunState.QUEUED)
        (untriggered, *_) = await there.builder.runs(there.key(Why.NO_TRIGGER), 10)
        assert untriggered.cause is RunCause.SOURCE
        assert len(there.works.runs) == before + 3
        there.works.base_pushed("contoso.azurecr.io/base/node", lambda line: "contoso.azurecr.io/base/java")
        assert len(there.works.runs) == before + 3


async def test_what_a_build_elsewhere_pushes_is_heard_by_all_who_wait_for_it() -> None:
    company = build_company(7, datetime.now(UTC).replace(microsecond=0))
    heard: list[str] = []
    pusher = CompanyPusher(company, [lambda published: heard.append(published.name)])
    job = next(iter(jobs_of(System.JENKINS)))
    pusher.push(job.line, "")
    assert heard == [job.line]
