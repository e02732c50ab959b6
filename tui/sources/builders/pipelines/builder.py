"""Azure Pipelines: runs with parameters and variables, their timelines, approvals, and logs as they grow.

Sources: MicrosoftDocs/vsts-rest-api-specs `pipelines` and `build` 7.1; recorded answers. A run of the one interface is the
build of the other, which tells more.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar
from urllib.parse import quote, urlencode

import msgspec

from tui.domain.common.decoding import DECODING, from_json
from tui.domain.common.text import clean, listed
from tui.domain.facts.build import BaseTrigger, BuilderKind, Job, JobKey, Run, RunState
from tui.domain.facts.diagnosis import Diagnosis, Tried
from tui.domain.facts.rights import Right, RightState
from tui.errors import Forbidden, NotFound, SourceError
from tui.sources.builders.configured import configured_images, configured_job
from tui.sources.builders.named import NamedBuilder
from tui.sources.builders.options import BuilderOptions, mark_parameter
from tui.sources.builders.pipelines.definition import PipelineFile, pipeline_file
from tui.sources.builders.pipelines.log import followed_log
from tui.sources.builders.pipelines.session import QUEUE, RIGHTS, STOP, VERSION, VIEW, permission_path, pipelines_service
from tui.sources.builders.pipelines.wire import (
    Approval,
    Build,
    Builds,
    Connection,
    Definition,
    File,
    Permissions,
    StartedRun,
    Timeline,
    approval_words,
    disabled_words,
    failure_words,
    progress_words,
    run_of,
    starters,
    waiting_checks,
)
from tui.sources.builders.secrets import Basic, Secret
from tui.sources.builders.service import decoded, job_of, path_part, too_many_runs
from tui.sources.builders.unreadable import unreadable_run
from tui.sources.kit.entries import OddEntry, entries, whole
from tui.sources.kit.moments import moment
from tui.sources.ports import Trigger

__all__ = ["PipelinesBuilder"]

T = TypeVar("T")
READ_RUNS = "read the runs of the pipeline"
MOST_PAGES = 10
"""Pages of a hundred runs among which one is looked for."""


class PipelinesBuilder(NamedBuilder):
    """A `Builder`."""

    kind = BuilderKind.AZURE_PIPELINES

    def __init__(self, options: BuilderOptions, secret: Secret) -> None:
        super().__init__(options, pipelines_service(options, secret))
        self._secret = secret
        self._user: str | None = None

    @property
    def identity(self) -> str:
        """Who is signed in, as far as that is known."""
        return self._secret.identity

    # ---- jobs

    async def describe(self, job: JobKey) -> Job:
        """The pipeline; its resources and parameters stand in its YAML, which may lie in a repository elsewhere."""
        definition = await self._definition(job)
        file, reason = await self._file(job, definition)
        project, number = _place(job)
        after = f"It starts after the pipeline {listed(file.after)}." if file and file.after else ""
        source, schedule = starters(definition, file)
        return Job(
            key=job,
            name=clean(definition.name or job.job, 200),
            url=f"{self._service.base}/{project}/_build?definitionId={number}",
            images=configured_images(self._options, job.job),
            bases=file.bases if file and file.bases else None,
            disabled=disabled_words(definition),
            trigger=file.trigger if file else BaseTrigger.UNKNOWN,
            source_trigger=source,
            schedule=schedule,
            agent_pool=clean(definition.queue.name, 100),
            parameters=tuple(clean(name, 100) for name in (*(file.parameters if file else ()), *definition.settable)),
            reason=reason or after,
        )

    async def _definition(self, job: JobKey) -> Definition:
        project, number = _place(job)
        path = f"/{project}/_apis/build/definitions/{number}?{VERSION}"
        return await self._service.answer(path, Definition, "read the pipeline")

    async def _file(self, job: JobKey, definition: Definition) -> tuple[PipelineFile | None, str]:
        """The YAML, or why it is not known."""
        if definition.repository.type != "TfsGit" or not definition.process.yaml_filename:
            return None, "What starts the pipeline besides its source stands in a file that does not lie in Azure Repos."
        query = {"path": definition.process.yaml_filename, "includeContent": "true", "$format": "json"}
        repository = quote(definition.repository.id, safe="")
        path = f"/{_place(job)[0]}/_apis/git/repositories/{repository}/items?{urlencode(query)}&{VERSION}"
        try:
            content = (await self._service.answer(path, File, "read the pipeline's file")).content
        except (Forbidden, NotFound):
            return None, "What starts the pipeline cannot be read: that takes Code: Read."
        file = await asyncio.to_thread(pipeline_file, content.encode())
        return file, "" if file else "The file of the pipeline cannot be understood."

    # ---- runs

    async def runs(self, job: JobKey, most: int) -> Sequence[Run]:
        """The last runs; of the newest, if it failed, the reason."""
        runs = [self._run(job, build) for build in await self._builds(job, {"$top": str(max(1, most))})][:most]
        if runs and runs[0].state is RunState.FAILED:
            runs[0] = await self._explained(runs[0])
        return runs

    async def _builds(self, job: JobKey, query: dict[str, str]) -> list[Build | OddEntry]:
        return entries((await self._service.answer(_builds_path(job, query), Builds, READ_RUNS)).value, Build)

    async def _builds_since(self, job: JobKey, start: datetime) -> list[Build]:
        """The builds of as many pages as it takes: one that is looked for must not be missed because others came after it."""
        builds: dict[int, Build] = {}
        query = {"$top": "100"}
        for _ in range(MOST_PAGES):
            reply = await self._service.read(_builds_path(job, query), READ_RUNS)
            listed = entries(decoded(reply, Builds, self._service.title, READ_RUNS).value, Build)
            page = whole(listed, self._service.title, READ_RUNS)
            builds |= {build.id: build for build in page}
            token = reply.header("x-ms-continuationtoken")
            oldest = moment(page[-1].queue_time) if page else None
            if not token or (oldest is not None and oldest < start):
                return list(builds.values())
            query = {"$top": "100", "continuationToken": token}
        raise too_many_runs(self._service.title)

    def _run(self, job: JobKey, build: Build | OddEntry) -> Run:
        if isinstance(build, OddEntry):
            created = moment(build.text("queueTime"))
            return unreadable_run(self.kind, self.name, self._service.title, build.text("id"), job, created)
        return run_of(self.name, job, build, f"{self._service.base}/{_place(job)[0]}/_build/results?buildId={build.id}")

    async def follow(self, run: Run) -> Run:
        """The run as it is now: its task, the approval it waits for, the error of the task that failed, what it pushed."""
        build = await self._service.answer(f"{_build_path(run)}?{VERSION}", Build, "read the run")
        return await self.with_pushes(await self._explained(self._run(_job_of(run), build)))

    async def _explained(self, run: Run) -> Run:
        if run.state not in (RunState.RUNNING, RunState.FAILED):
            return run
        try:
            timeline = await self._timeline(run)
        except SourceError:
            return run  # the state is known without
        if run.state is RunState.FAILED:
            return msgspec.structs.replace(run, detail=failure_words(timeline) or run.detail)
        if checks := waiting_checks(timeline):
            ids = [check.id for check in checks if check.type == "Checkpoint.Approval"]
            words = approval_words(timeline, checks, await self._approvals(run, ids))
            return msgspec.structs.replace(run, state=RunState.WAITING, detail=words)
        return msgspec.structs.replace(run, detail=run.detail or progress_words(timeline))

    async def _timeline(self, run: Run) -> Timeline:
        reply = await self._service.read(f"{_build_path(run)}/timeline?{VERSION}", "read the timeline of the run")
        if reply.status == 204 or not reply.body:
            return Timeline()  # a run that has not begun has none
        return decoded(reply, Timeline, self._service.title, "read the timeline of the run")

    async def _approvals(self, run: Run, ids: Sequence[str]) -> Sequence[Approval]:
        """Who may approve; that somebody has to is known without."""
        if not ids:
            return ()
        query = urlencode({"approvalIds": ",".join(ids[:5]), "$expand": "steps"})
        path = f"/{_place(_job_of(run))[0]}/_apis/pipelines/approvals?{query}&{VERSION}"
        try:
            answer = await self._service.answer(path, dict[str, msgspec.Raw], "read the approvals of the run")
            return from_json(answer.get("value", msgspec.Raw(b"[]")), list[Approval])
        except (SourceError, msgspec.MsgspecError, RecursionError):
            return ()

    # ---- acting

    async def trigger(self, trigger: Trigger) -> Run:
        """Run the pipeline, once."""
        project, number = _place(trigger.job)
        definition = await self._definition(trigger.job)
        if disabled := disabled_words(definition):
            raise SourceError(f"{clean(definition.name, 100)} cannot be started. {disabled}", "Enable it in Azure Pipelines.")
        file, _ = await self._file(trigger.job, definition)
        body = self._wanted(trigger, definition, file)
        path = f"/{project}/_apis/pipelines/{number}/runs?{VERSION}"
        reply = await self._service.change("POST", path, "start the pipeline", body=body)
        try:
            started = from_json(reply.body, StartedRun)
        except DECODING:
            raise self._service.unknown("start the pipeline", "it does not say which run came of it") from None
        return self._run(trigger.job, Build(started.id, status="notStarted", reason="manual", queue=definition.queue))

    def _wanted(self, trigger: Trigger, definition: Definition, file: PipelineFile | None) -> dict[str, object]:
        """The body of a run: what the definition lets be set are variables, everything else is a parameter of the YAML."""
        values, ref = self._configured(trigger)
        declared = (*(file.parameters if file else ()), *definition.settable)
        if name := mark_parameter(declared):
            values[name] = trigger.mark
        if file is not None and (unknown := [clean(name, 40) for name in values if name not in declared]):
            raise SourceError(
                f"{clean(definition.name, 100)} has no parameter {listed(unknown)}", "Correct `parameters` in the configuration."
            )
        variables = {name: {"value": value} for name, value in values.items() if name in definition.settable}
        parameters = {name: value for name, value in values.items() if name not in variables}
        branch = ref if ref.startswith("refs/") or not ref else f"refs/heads/{ref}"
        resources = {"resources": {"repositories": {"self": {"refName": branch}}}} if branch else {}
        return {**resources, "templateParameters": parameters, "variables": variables}

    def _configured(self, trigger: Trigger) -> tuple[dict[str, str], str]:
        configured = configured_job(self._options, trigger.job.job)
        values = {**(configured.parameters if configured else {}), **trigger.parameters}
        return values, configured.ref if configured else ""

    async def look_up(self, trigger: Trigger, since: datetime) -> Sequence[Run]:
        """By the mark where the pipeline takes it; else what we started by hand since, with the same parameters."""
        definition = await self._definition(trigger.job)
        file, _ = await self._file(trigger.job, definition)
        start = self._service.by_its_clock(since).astimezone(UTC)
        builds = await self._builds_since(trigger.job, start)
        pairs = [(build, self._run(trigger.job, build)) for build in builds]
        recent = [(build, run) for build, run in pairs if run.created is None or run.created >= start]
        if mark_parameter((*(file.parameters if file else ()), *definition.settable)):
            return [run for build, run in recent if trigger.mark in build.values.values()]
        values, _ = self._configured(trigger)
        user = await self._signed_in()
        return [
            run
            for build, run in recent
            if build.reason in ("manual", "userCreated", "")
            and values.items() <= build.values.items()
            and (not user or build.requested_for.id in ("", user))
        ]

    async def _signed_in(self) -> str:
        """Our id, empty where it is not told."""
        if self._user is None:
            try:
                self._user = (await self._connection()).authenticated_user.id
            except (Forbidden, NotFound):
                self._user = ""
        return self._user

    async def _connection(self) -> Connection:
        return await self._service.answer(f"/_apis/connectionData?{VERSION}-preview", Connection, "ask who is signed in")

    async def cancel(self, run: Run) -> None:
        """Ask for the run to end."""
        await self._service.change("PATCH", f"{_build_path(run)}?{VERSION}", "stop the run", body={"status": "cancelling"})

    async def log(self, run: Run) -> AsyncGenerator[str, None]:
        """The logs of the tasks, one behind the other, as they grow."""

        async def look() -> tuple[bool, Timeline]:
            build = await self._service.answer(f"{_build_path(run)}?{VERSION}", Build, "read the run")
            return build.status == "completed", await self._timeline(run)

        async with aclosing(followed_log(self._service, f"{_build_path(run)}/logs", look, self._options.poll)) as lines:
            async for line in lines:
                yield line

    # ---- rights

    async def rights(self, job: JobKey) -> tuple[Right, ...]:
        """By the permissions of the user; what a personal access token may of that, nobody tells."""
        try:
            definition = await self._definition(job)
        except (Forbidden, NotFound) as error:
            return tuple(_right(bit, job, RightState.MISSING, error.headline) for bit in RIGHTS)
        folder = definition.path.replace("\\", "/").strip("/")
        token = "/".join(part for part in (definition.project.id, folder, str(definition.id)) if part)
        return tuple([await self._permission(job, token, bit) for bit in (VIEW, QUEUE, STOP)])

    async def _permission(self, job: JobKey, token: str, bit: int) -> Right:
        try:
            answer = await self._service.answer(permission_path(token, bit), Permissions, "ask for the permissions")
        except SourceError as error:
            return _right(bit, job, RightState.UNKNOWN, error.headline)
        if not answer.value or not all(answer.value):
            return _right(bit, job, RightState.MISSING if answer.value else RightState.UNKNOWN, "")
        if isinstance(self._secret, Basic) and bit != VIEW:
            reason = "The user has it; whether the personal access token may use it (Build: Read & execute) is not known."
            return _right(bit, job, RightState.UNKNOWN, reason)
        return _right(bit, job, RightState.HELD, "")

    async def try_signing_in(self) -> list[Diagnosis]:
        """Who is signed in. Raises SourceError."""
        name = clean((await self._connection()).authenticated_user.provider_display_name, 80)
        return [Diagnosis("signed in", Tried.OK, f"as {name}" if name else "", identity=name)]


def _right(bit: int, job: JobKey, state: RightState, reason: str) -> Right:
    remedy = f"Ask an administrator of the project for “{RIGHTS[bit]}” of the pipeline."
    return Right(RIGHTS[bit], clean(job.job, 100), state, "" if state is RightState.HELD else remedy, reason)


def _place(job: JobKey) -> tuple[str, str]:
    """Project and number, fit for an address."""
    project, _, number = job.job.rpartition("/")
    return path_part(project), path_part(number)


def _builds_path(job: JobKey, query: dict[str, str]) -> str:
    project, number = _place(job)
    parameters = urlencode({"definitions": number, "queryOrder": "queueTimeDescending", **query})
    return f"/{project}/_apis/build/builds?{parameters}&{VERSION}"


_job_of = partial(job_of, title="a run of Azure Pipelines", named_by="pipeline")


def _build_path(run: Run) -> str:
    return f"/{_place(_job_of(run))[0]}/_apis/build/builds/{int(run.id)}"
