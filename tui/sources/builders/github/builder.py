"""GitHub Actions: workflows and their runs, dispatched by hand; there are no live logs, so that steps stand for progress.

Source: docs.github.com REST "actions". A dispatch names its run since 2026; older servers answer 204, and the run is found by the
mark in its name, or else by branch, time and who started it. Several that fit are several: none is guessed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

import msgspec

from tui.domain.common.decoding import DECODING, from_json
from tui.domain.common.text import clean, full_stop
from tui.domain.facts.build import BaseTrigger, BuilderKind, Job, JobKey, Run, RunState
from tui.domain.facts.diagnosis import Diagnosis, Tried
from tui.domain.facts.rights import Right, RightState
from tui.errors import Forbidden, NotFound, SourceError
from tui.sources.builders.configured import configured_images, configured_job
from tui.sources.builders.github.log import first_error, followed_log, job_log
from tui.sources.builders.github.session import READ, WRITE, github_service, web_of
from tui.sources.builders.github.wire import (
    Definition,
    Deployment,
    DispatchAnswer,
    Jobs,
    Repository,
    RunAnswer,
    Runs,
    User,
    Workflow,
    WorkflowJob,
    approval_words,
    definition_of,
    disabled_words,
    failure_words,
    progress_words,
    run_of,
)
from tui.sources.builders.named import NamedBuilder
from tui.sources.builders.options import BuilderOptions, mark_parameter
from tui.sources.builders.secrets import Secret
from tui.sources.builders.service import decoded, job_of, path_part, too_many_runs
from tui.sources.builders.unreadable import unreadable_run
from tui.sources.builders.yaml_files import LARGEST
from tui.sources.kit.entries import OddEntry, entries, whole
from tui.sources.kit.moments import moment
from tui.sources.kit.polling import Polling
from tui.sources.ports import Trigger

if TYPE_CHECKING:
    from tui.sources.kit.transport import Reply

__all__ = ["GitHubBuilder"]

T = TypeVar("T")
READ_RUNS = "read the runs of the workflow"
LOOKS = 5
"""How often a run is looked for that a dispatch did not name."""
MOST_PAGES = 10
"""Pages of the jobs of one run, a hundred on each: a matrix has at most 256 jobs, a run some of them."""
RAW = "application/vnd.github.raw+json"


class GitHubBuilder(NamedBuilder):
    """A `Builder`."""

    kind = BuilderKind.GITHUB_ACTIONS

    def __init__(self, options: BuilderOptions, secret: Secret) -> None:
        super().__init__(options, github_service(options, secret))
        self._web = web_of(self._service.base)
        self._login: str | None = None

    @property
    def identity(self) -> str:
        """Who is signed in, as far as that is known."""
        return self._login or ""

    # ---- jobs

    async def describe(self, job: JobKey) -> Job:
        """The workflow; what starts it stands in its file, which takes a right of its own."""
        repository, file = _place(job)
        workflow = await self._service.answer(f"{_workflow(job)}", Workflow, "read the workflow")
        definition = await self._definition(job)
        disabled = disabled_words(workflow)
        if not disabled and definition is not None and definition.inputs is None:
            disabled = "Its file has no workflow_dispatch among what starts it: nobody can start it by hand."
        return Job(
            key=job,
            name=clean(workflow.name or file, 200),
            url=f"{self._web}/{repository}/actions/workflows/{file}",
            images=configured_images(self._options, job.job),
            disabled=disabled,
            trigger=definition.trigger if definition else BaseTrigger.UNKNOWN,
            source_trigger=definition.source if definition else None,
            schedule=definition.schedule if definition else None,
            parameters=tuple(clean(name, 100) for name in (definition.inputs or ())) if definition else (),
            reason="" if definition else "What starts the workflow cannot be read: that takes Contents: read.",
        )

    async def _definition(self, job: JobKey) -> Definition | None:
        repository, file = _place(job)
        path = f"/repos/{repository}/contents/.github/workflows/{file}"
        try:
            reply = await self._service.read(path, "read the workflow's file", accept=RAW, limit=LARGEST)
        except (Forbidden, NotFound):
            return None
        return await asyncio.to_thread(definition_of, reply.body)

    # ---- runs

    async def runs(self, job: JobKey, most: int) -> Sequence[Run]:
        """The last runs; of the newest, if it failed, the reason."""
        answers = await self._answers(job, f"per_page={max(1, min(most, 100))}")
        runs = [self._run(job, answer) for answer in answers[:most]]
        if runs and runs[0].state is RunState.FAILED:
            runs[0] = await self._explained(runs[0])
        return runs

    async def _answers(self, job: JobKey, query: str) -> list[RunAnswer | OddEntry]:
        page = await self._service.answer(f"{_workflow(job)}/runs?{query}", Runs, READ_RUNS)
        return entries(page.workflow_runs, RunAnswer)

    async def _every_answer(self, job: JobKey, query: str) -> list[RunAnswer]:
        """The runs of all pages of a hundred: one that is looked for must not be missed because others came after it."""
        answers: dict[int, RunAnswer] = {}
        for number in range(1, MOST_PAGES + 1):
            read = await self._answers(job, query + (f"&page={number}" if number > 1 else ""))
            page = whole(read, self._service.title, READ_RUNS)
            answers |= {answer.id: answer for answer in page}
            if len(page) < 100:
                return list(answers.values())
        raise too_many_runs(self._service.title)

    def _run(self, job: JobKey, answer: RunAnswer | OddEntry) -> Run:
        if isinstance(answer, OddEntry):
            created = moment(answer.text("created_at"))
            return unreadable_run(self.kind, self.name, self._service.title, answer.text("id"), job, created)
        return run_of(self.name, job, answer, f"{self._web}/{_place(job)[0]}/actions/runs/{answer.id}")

    async def follow(self, run: Run) -> Run:
        """The run as it is now: its step, the approval it waits for, the line that says why it failed, what it pushed."""
        job = _job_of(run)
        run = await self._explained(self._run(job, await self._service.answer(_run_path(run), RunAnswer, "read the run")))
        return await self.with_pushes(run)

    async def _explained(self, run: Run) -> Run:
        match run.state:
            case RunState.WAITING:
                detail = await self._approvals(run)
            case RunState.RUNNING:
                detail = await self._progress(run)
            case RunState.FAILED:
                detail = await self._failure(run)
            case _:
                detail = ""
        return msgspec.structs.replace(run, detail=detail or run.detail)

    async def _progress(self, run: Run) -> str:
        """Its step, as far as it can be read: that it runs is known without."""
        try:
            return progress_words(await self._jobs(run))
        except SourceError as error:
            return f"Its steps cannot be read: {full_stop(error.headline)}"

    async def _jobs(self, run: Run) -> list[WorkflowJob]:
        jobs: list[WorkflowJob] = []
        for number in range(1, MOST_PAGES + 1):
            more = f"&page={number}" if number > 1 else ""
            path = f"{_run_path(run)}/jobs?filter=latest&per_page=100{more}"
            page = await self._service.answer(path, Jobs, "read the jobs of the run")
            jobs += map(_workflow_job, entries(page.jobs, WorkflowJob))
            if not page.jobs or len(jobs) >= page.total_count:
                break
        return jobs

    async def _approvals(self, run: Run) -> str:
        try:
            path = f"{_run_path(run)}/pending_deployments"
            waits = await self._service.answer(path, list[Deployment], "read what the run waits for")
        except SourceError:
            return ""  # that it waits is known without
        return approval_words(waits)

    async def _failure(self, run: Run) -> str:
        """Why it failed, as far as it can be read: that it did is known without."""
        try:
            failed = next((job for job in await self._jobs(run) if job.conclusion in ("failure", "timed_out")), None)
            if failed is None:
                return ""
            line = first_error(await job_log(self._service, _repository_path(run), failed))
        except SourceError:
            return ""
        return failure_words(failed, line)

    # ---- acting

    async def trigger(self, trigger: Trigger) -> Run:
        """Dispatch the workflow, once."""
        job = trigger.job
        ref, inputs, _ = await self._wanted(trigger)
        since = datetime.now(UTC)
        reply = await self._dispatch(job, {"ref": ref, "inputs": inputs})
        if reply.status == 204 or not reply.body:
            return await self._dispatched(trigger, since)
        try:
            number = from_json(reply.body, DispatchAnswer).workflow_run_id
        except DECODING:
            raise self._service.unknown("start the workflow", "it does not say which run came of it") from None
        return self._run(job, RunAnswer(number, "queued", event="workflow_dispatch", head_branch=ref))

    async def _dispatch(self, job: JobKey, body: Mapping[str, object]) -> Reply:
        """The answer to a dispatch that asks which run comes of it; a server that does not know this has refused all of it."""

        def judge(reply: Reply, action: str) -> SourceError | None:
            return None if _knows_no_details(reply) else self._service.judge(reply, action)

        path, action = f"{_workflow(job)}/dispatches", "start the workflow"
        asking = {**body, "return_run_details": True}
        reply = await self._service.change("POST", path, action, body=asking, judge=judge)
        if _knows_no_details(reply):
            return await self._service.change("POST", path, action, body=body)
        return reply

    async def _wanted(self, trigger: Trigger) -> tuple[str, dict[str, str], bool]:
        """The branch and the inputs of a dispatch, with the mark where the workflow takes it, and whether its runs show it."""
        configured = configured_job(self._options, trigger.job.job)
        inputs = {**(configured.parameters if configured else {}), **trigger.parameters}
        definition = await self._definition(trigger.job)
        name = mark_parameter((definition.inputs if definition else None) or ())
        if name:
            inputs[name] = trigger.mark
        ref = configured.ref if configured and configured.ref else await self._default_branch(trigger.job)
        return ref, inputs, bool(name and definition and name in definition.run_name)

    async def _default_branch(self, job: JobKey) -> str:
        repository = await self._service.answer(f"/repos/{_place(job)[0]}", Repository, "read the repository")
        if not repository.default_branch:
            raise SourceError("GitHub does not name the usual branch of the repository", "Name it as `ref` of the images.")
        return repository.default_branch

    async def _dispatched(self, trigger: Trigger, since: datetime) -> Run:
        """The run of a dispatch that was taken and not named: the same single one twice in a row."""
        before: list[str] = []
        polling = Polling("dispatch", self._options.poll)
        for _ in range(LOOKS):
            runs = await self._candidates(trigger, since)
            numbers = [run.id for run in runs]
            if len(runs) == 1 and numbers == before:
                return runs[0]
            before = numbers
            await polling.rest()
        reason = "several runs fit" if before else "no run of it is to be seen yet"
        raise self._service.unknown(
            "start the workflow", f"it was taken, but the server does not say which run came of it, and {reason}"
        )

    async def _candidates(self, trigger: Trigger, since: datetime) -> Sequence[Run]:
        try:
            return await self.look_up(trigger, since)
        except SourceError as error:
            raise self._service.unknown("start the workflow", f"it was taken, and then: {error.headline}") from error

    async def look_up(self, trigger: Trigger, since: datetime) -> Sequence[Run]:
        """By the mark where `run-name` shows it; else what was dispatched since, on the same branch, by us."""
        ref, _, shows_mark = await self._wanted(trigger)
        start = self._service.by_its_clock(since).astimezone(UTC)
        branch = ref.removeprefix("refs/heads/")
        query = {"event": "workflow_dispatch", "branch": branch, "per_page": "100", "created": f">={start:%Y-%m-%dT%H:%M:%SZ}"}
        answers = await self._every_answer(trigger.job, urlencode(query))
        dispatched = [answer for answer in answers if (created := moment(answer.created_at)) is None or created >= start]
        marked = [answer for answer in dispatched if trigger.mark and trigger.mark in answer.display_title]
        if marked or shows_mark:
            return [self._run(trigger.job, answer) for answer in marked]
        login = await self._signed_in()
        return [self._run(trigger.job, answer) for answer in dispatched if login.lower() in ("", answer.started_by.lower())]

    async def _signed_in(self) -> str:
        """Our login, empty for a token of an app, which has none."""
        if self._login is None:
            try:
                self._login = (await self._service.answer("/user", User, "ask who is signed in")).login
            except (Forbidden, NotFound):
                self._login = ""
        return self._login

    async def cancel(self, run: Run) -> None:
        """Ask for the run to end; 409 says that it has."""

        def ended(reply: Reply, action: str) -> SourceError | None:
            return None if reply.status == 409 else self._service.judge(reply, action)

        await self._service.change("POST", f"{_run_path(run)}/cancel", "stop the run", judge=ended)

    async def log(self, run: Run) -> AsyncGenerator[str, None]:
        """Steps as they end, and each job's log once it has one."""

        async def look() -> tuple[bool, list[WorkflowJob]]:
            jobs = await self._jobs(run)
            return (await self._service.answer(_run_path(run), RunAnswer, "read the run")).status == "completed", jobs

        async with aclosing(followed_log(self._service, _repository_path(run), look, self._options.poll)) as lines:
            async for line in lines:
                yield line

    # ---- rights

    async def rights(self, job: JobKey) -> tuple[Right, ...]:
        """By the role in the repository and the scopes of the token; a fine-grained token does not tell what it may."""
        name, _ = _place(job)
        remedy = f"Ask an owner of {clean(name, 100)} for the role Write, and use a token with {WRITE} or the scope repo."
        try:
            reply = await self._service.read(f"/repos/{name}", "read the repository")
        except (Forbidden, NotFound) as error:
            return tuple(Right(right, name, RightState.MISSING, remedy, error.headline) for right in (READ, WRITE))
        repository = decoded(reply, Repository, self._service.title, "read the repository")
        state, reason = _write_state(repository, reply.headers.get("x-oauth-scopes"))
        return (
            Right(READ, name, RightState.HELD),
            Right(WRITE, name, state, remedy if state is not RightState.HELD else "", reason),
        )

    async def try_signing_in(self) -> list[Diagnosis]:
        """Who is signed in. Raises SourceError."""
        login = clean(await self._signed_in(), 60)
        return [Diagnosis("signed in", Tried.OK, f"as {login}" if login else "as an app", identity=login)]


def _write_state(repository: Repository, scopes: str | None) -> tuple[RightState, str]:
    if repository.archived:
        return RightState.MISSING, "The repository is archived."
    if not repository.permissions.get("push", False):
        return (
            RightState.MISSING,
            "The role in the repository is Read or Triage." if repository.permissions else "Nobody is signed in.",
        )
    if scopes is None:
        return RightState.UNKNOWN, "A fine-grained token, or one of an app, does not show its permissions."
    granted = {scope.strip() for scope in scopes.split(",")}
    if "repo" in granted or (not repository.private and "public_repo" in granted):
        return RightState.HELD, ""
    return RightState.MISSING, "The token lacks the scope repo."


def _knows_no_details(reply: Reply) -> bool:
    """Whether a server of before 2026 says that `return_run_details` is not a permitted key: then it has done nothing."""
    return reply.status == 422 and b"return_run_details" in reply.body


def _workflow_job(job: WorkflowJob | OddEntry) -> WorkflowJob:
    if not isinstance(job, OddEntry):
        return job
    number = job.text("id")
    name = job.text("name") or "a job"
    return WorkflowJob(int(number) if number.isdecimal() else 0, name, status="completed", is_unreadable=True)


def _place(job: JobKey) -> tuple[str, str]:
    """Repository and file, fit for an address."""
    owner, _, place = job.job.partition("/")
    repository, _, file = place.partition("/")
    return f"{path_part(owner)}/{path_part(repository)}", path_part(file)


def _workflow(job: JobKey) -> str:
    repository, file = _place(job)
    return f"/repos/{repository}/actions/workflows/{file}"


_job_of = partial(job_of, title="a run of GitHub", named_by="workflow")


def _repository_path(run: Run) -> str:
    return f"/repos/{_place(_job_of(run))[0]}"


def _run_path(run: Run) -> str:
    return f"{_repository_path(run)}/actions/runs/{int(run.id)}"
