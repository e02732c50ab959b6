"""ACR Tasks as a `Builder`: tasks and runs of one registry, by Azure Resource Manager.

Sources: azure-rest-api-specs `containerregistry` RegistryTasks, azure-cli `acr task`, recordings of it. The service takes no
`$orderby` for runs and sends the newest first. A trigger's mark travels as `updateTriggerToken`, which a run repeats.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from tui.domain.common.text import clean
from tui.domain.facts.build import BuilderKind, Job, JobKey, Run, RunCause, RunState
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.retention import RegistryPolicies
from tui.domain.facts.rights import Right
from tui.errors import NotFound, OutcomeUnknown, UntrustedPayload
from tui.sources.builders.acr.log import LogAddress, LogTimes, RunLog
from tui.sources.builders.acr.registry import Hindrances
from tui.sources.builders.acr.resources import LogLink, RunResource, TaskResource, arm_answer
from tui.sources.builders.acr.rights import ASK_FOR, CANCEL, FOLLOW, LOG, READ, READER, TRIGGER, rights_on
from tui.sources.builders.acr.wire import job_of, run_of
from tui.sources.builders.unreadable import unreadable_job, unreadable_run
from tui.sources.kit.entries import OddEntry, entries, whole
from tui.sources.kit.moments import moment
from tui.sources.ports import Trigger
from tui.sources.resource_ports import ArmRequest, RegistryResources, ResourceManager

if TYPE_CHECKING:
    from tui.sources.kit.transport import Transport

__all__ = ["API", "AcrTasksBuilder", "AcrTasksOptions"]

API = "2025-03-01-preview"
AZURE = "Azure Resource Manager"
SEARCHED = 100
"""Runs among which one is looked up, and from which is learnt what a task pushes."""
MOST_TASKS = 5_000


class AcrTasksOptions(msgspec.Struct, frozen=True):
    """How a builder behaves; `ca_file` is for the store of the logs."""

    ca_file: str = ""
    timeout: float = 60.0
    log: LogTimes = LogTimes()


class AcrTasksBuilder:
    """A `Builder` of one registry."""

    kind = BuilderKind.ACR_TASKS

    def __init__(
        self, host: str, arm: ResourceManager, resources: RegistryResources, options: AcrTasksOptions | None = None
    ) -> None:
        self.name = host
        self._arm, self._resources, self._options = arm, resources, options or AcrTasksOptions()
        self._registry_id = ""
        self._finding = asyncio.Lock()
        self._hindrances = Hindrances(arm, host)
        self._takes_arguments: dict[str, bool] = {}
        self._logs: Transport | None = None

    @property
    def identity(self) -> str:
        """Who is signed in, in words."""
        return self._arm.identity

    @property
    def requests(self) -> int:
        """Requests sent so far."""
        return self._arm.requests

    @property
    def endpoint(self) -> str:
        """Where it is asked."""
        return self._arm.endpoint

    async def aclose(self) -> None:
        """Release every connection; it connects anew when it is asked again."""
        await self._arm.close()
        if self._logs is not None:
            await self._logs.close()
            self._logs = None

    # ---- tasks

    async def find(self, names: Sequence[RepositoryName]) -> Sequence[Job]:
        """The tasks that push into these repositories, by what they say and by what their last runs pushed; all without names."""
        jobs = await self.jobs()
        if not names:
            return jobs
        repositories = set(names)
        pushed = {
            run.job
            for run in await self.last_runs(SEARCHED)
            if run.job is not None and any(image.name in repositories for image in run.images or ())
        }
        return [job for job in jobs if job.key in pushed or any(image.name in repositories for image in job.images)]

    async def jobs(self) -> list[Job]:
        """Every task of the registry."""
        request = ArmRequest(await self._path("/tasks"), f"list the tasks of {self.name}", READ, READER)
        tasks: list[TaskResource | OddEntry] = []
        async with aclosing(self._arm.pages(request)) as pages:
            async for page in pages:
                tasks += entries(page, TaskResource)
                if len(tasks) > MOST_TASKS:
                    raise UntrustedPayload(f"{self.name} lists more than {MOST_TASKS:,} tasks", "It is retried.")
        jobs = [await self._listed_job(task, number) for number, task in enumerate(tasks)]
        return list({job.key: job for job in jobs}.values())  # pages of a list that changes meanwhile may repeat a row

    async def policies(self) -> RegistryPolicies:
        """What the registry's own resource says of deletions, or why that is not known. Raises NotFound for no resource."""
        return await self._hindrances.policies(await self._id())

    async def describe(self, job: JobKey) -> Job:
        """One task as it is now. Raises NotFound."""
        request = ArmRequest(await self._task_path(job), f"read the task {_short(job)} of {self.name}", READ, READER)
        return await self._job(arm_answer(await self._arm.read(request), TaskResource, request.purpose))

    async def _listed_job(self, task: TaskResource | OddEntry, number: int) -> Job:
        """A task of the list; of one that is described in an unknown form no more than its name."""
        if not isinstance(task, OddEntry):
            return await self._job(task)
        id = task.text("id") or f"{await self._id()}/tasks/{task.text('name') or f'unreadable-{number}'}"
        key = JobKey(BuilderKind.ACR_TASKS, self.name, id.lower())
        return unreadable_job(key, task.text("name") or id.rpartition("/")[2], AZURE)

    async def _job(self, task: TaskResource) -> Job:
        job = job_of(task, self.name)
        self._takes_arguments[job.key.job] = task.takes_arguments
        hindrances, reason = await self._hindrances.of(await self._id(), task)
        joined = "; ".join(filter(None, (job.reason, reason)))
        return msgspec.structs.replace(job, hindrances=hindrances, reason=joined)

    # ---- runs

    async def runs(self, job: JobKey, most: int) -> Sequence[Run]:
        """The last runs of a task, newest first."""
        await self._task_path(job)
        wires = await self._listed(f"TaskName eq '{_escaped(_short(job))}'", most)
        return await self._as_runs(wires)

    async def last_runs(self, most: int) -> Sequence[Run]:
        """The last runs of the registry, quick runs too, newest first."""
        return await self._as_runs(await self._listed("", most))

    async def follow(self, run: Run) -> Run:
        """The run as it is now."""
        request = ArmRequest(await self._run_path(run), f"read the run {run.id} of {self.name}", FOLLOW, READER)
        return await self._as_run(arm_answer(await self._arm.read(request), RunResource, request.purpose))

    async def log(self, run: Run) -> AsyncGenerator[str, None]:
        """The log's lines as they come, cleaned of control characters, until the run's log is complete."""
        path = await self._run_path(run, "/listLogSasUrl")
        request = ArmRequest(path, f"open the log of the run {run.id} of {self.name}", LOG, ASK_FOR)

        async def address() -> LogAddress:
            return arm_answer(await self._arm.ask(request), LogLink, request.purpose).address

        async def has_ended() -> bool:
            return (await self.follow(run)).state.ended

        log = RunLog(self._log_transport(), address, has_ended, self._options.log)
        async with aclosing(log.lines()) as lines:
            async for line in lines:
                yield line

    # ---- acting

    async def rights(self, job: JobKey) -> tuple[Right, ...]:
        """The rights to trigger, follow and cancel, asked without acting."""
        return await self.registry_rights()

    async def registry_rights(self) -> tuple[Right, ...]:
        """The same: they are those of the registry."""
        return await rights_on(self._arm, await self._id(), self.name)

    async def trigger(self, trigger: Trigger) -> Run:
        """Start a run, sent once. Raises OutcomeUnknown when it may have been started although no answer names it."""
        task = await self._task_id(trigger.job)
        if trigger.parameters and trigger.job.job not in self._takes_arguments:
            await self.describe(trigger.job)
        arguments = [{"name": name, "value": value, "isSecret": False} for name, value in trigger.parameters.items()]
        is_docker = self._takes_arguments.get(trigger.job.job, True)
        steps = {
            "arguments": arguments if is_docker else [],
            "values": [] if is_docker else arguments,
            "updateTriggerToken": _token(trigger.mark),
        }
        body = {"type": "TaskRunRequest", "isArchiveEnabled": False, "taskId": task, "overrideTaskStepProperties": steps}
        return await self._schedule(body, f"run the task {_short(trigger.job)} of {self.name}")

    async def _schedule(self, body: object, action: str) -> Run:
        answer = await self._arm.change(ArmRequest(await self._path("/scheduleRun"), action, TRIGGER, ASK_FOR, body))
        try:
            wire = arm_answer(answer, RunResource, action)
        except UntrustedPayload:
            wire = None
        if wire is None or not wire.run_id:
            raise OutcomeUnknown(
                f"{self.name} took the request to {action}, and did not say which run it is",
                "The run is looked up before anything is sent again.",
            )
        return msgspec.structs.replace(await self._as_run(wire), cause=RunCause.MANUAL)

    async def look_up(self, trigger: Trigger, since: datetime) -> Sequence[Run]:
        """The runs that this trigger may have started since then: that with its mark, else those without any."""
        earliest = self._arm.by_its_clock(since)
        listed = await self._listed(f"TaskName eq '{_escaped(_short(trigger.job))}'", SEARCHED)
        wires = whole(listed, AZURE, f"list the runs of {self.name}")
        token = _token(trigger.mark)
        marked = [wire for wire in wires if wire.token == token]
        if marked:
            return await self._as_runs(marked)
        runs = await self._as_runs([wire for wire in wires if not wire.token])
        return [run for run in runs if run.cause in _BY_HAND and (run.created is None or run.created >= earliest)]

    async def cancel(self, run: Run) -> None:
        """Ask for the run to end."""
        path = await self._run_path(run, "/cancel")
        await self._arm.change(ArmRequest(path, f"cancel the run {run.id} of {self.name}", CANCEL, ASK_FOR))

    # ---- paths and pages

    async def _listed(self, condition: str, most: int) -> list[RunResource | OddEntry]:
        top = max(1, min(most, SEARCHED))
        query = (f"&$filter={quote(condition, safe='')}" if condition else "") + f"&$top={top}"
        request = ArmRequest(await self._path("/runs", query), f"list the runs of {self.name}", FOLLOW, READER)
        wires: dict[str, RunResource | OddEntry] = {}
        async with aclosing(self._arm.pages(request)) as pages:
            async for page in pages:
                runs = entries(page, RunResource)
                wires |= {_run_id(wire) or str(len(wires) + place): wire for place, wire in enumerate(runs)}
                if len(wires) >= most:
                    break
        return list(wires.values())[:most]

    async def _as_runs(self, wires: Sequence[RunResource | OddEntry]) -> list[Run]:
        runs = [await self._as_run(wire) for wire in wires]
        # What has no time yet was created last; the order of the answer is kept among equals.
        return sorted(runs, key=lambda run: run.created or _LATEST, reverse=True)

    async def _as_run(self, wire: RunResource | OddEntry) -> Run:
        if isinstance(wire, OddEntry):
            return await self._unreadable(wire)
        run = run_of(wire, self.name, await self._id())
        pool = wire.properties.agent_pool_name
        if run.state is RunState.QUEUED and pool:
            reason = await self._hindrances.queue(await self._id(), pool)
            return msgspec.structs.replace(run, detail=reason or run.detail)
        return run

    async def _unreadable(self, wire: OddEntry) -> Run:
        """A run of which no more is known than its id, and perhaps its task and when it was created."""
        task, created = wire.text("properties", "task").rpartition("/")[2], moment(wire.text("properties", "createTime"))
        job = JobKey(BuilderKind.ACR_TASKS, self.name, f"{await self._id()}/tasks/{task}".lower()) if task else None
        return unreadable_run(BuilderKind.ACR_TASKS, self.name, AZURE, _run_id(wire), job, created)

    async def _id(self) -> str:
        async with self._finding:
            if not self._registry_id:
                self._registry_id = (await self._resources.resource_id(self.name)).rstrip("/")
            return self._registry_id

    async def _path(self, below: str, query: str = "") -> str:
        return f"{await self._id()}{below}?api-version={API}{query}"

    async def _task_id(self, job: JobKey) -> str:
        """The resource id of a task, which must be one of this registry. Raises NotFound."""
        registry = await self._id()
        task = _short(job)
        if job.job.lower() != f"{registry}/tasks/{task}".lower() or not _is_name(task):
            raise NotFound(f"{self.name} has no task {clean(job.job, 200)}", "See the tasks of the registry.")
        return f"{registry}/tasks/{task}"

    async def _task_path(self, job: JobKey) -> str:
        return f"{await self._task_id(job)}?api-version={API}"

    async def _run_path(self, run: Run, below: str = "") -> str:
        if not _is_name(run.id):
            raise NotFound(f"{self.name} has no run {clean(run.id, 80)}", "See the runs of the registry.")
        return await self._path(f"/runs/{run.id}{below}")

    def _log_transport(self) -> Transport:
        if self._logs is None:
            from tui.sources.kit.transport import Transport, TransportOptions  # loads aiohttp: not before it is needed

            self._logs = Transport(TransportOptions(timeout=self._options.timeout, ca_file=self._options.ca_file))
        return self._logs


_LATEST = datetime.max.replace(tzinfo=UTC)
_BY_HAND = (RunCause.MANUAL, RunCause.UNKNOWN)


def _run_id(wire: RunResource | OddEntry) -> str:
    if isinstance(wire, OddEntry):
        return wire.text("properties", "runId") or wire.text("name")
    return wire.run_id


def _short(job: JobKey) -> str:
    return job.job.rpartition("/")[2]


def _is_name(text: str) -> bool:
    """Whether it may stand in a path as it is: tasks and runs have letters, digits, `-` and `_` (2 to 50 of them)."""
    return 0 < len(text) <= 100 and text.isascii() and text.replace("-", "").replace("_", "").isalnum()


def _escaped(text: str) -> str:
    return text.replace("'", "''")


def _token(mark: str) -> str:
    return base64.b64encode(mark.encode()).decode()
