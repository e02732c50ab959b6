"""Jenkins: jobs in folders and of multibranch projects, their queue, their builds, and logs as they grow.

Sources: jenkinsci/jenkins `ParameterizedJobMixIn`, `ParametersDefinitionProperty`, `Queue`, `LargeText` of jenkinsci/stapler.
A trigger is answered with the address of a queue item, which is known for five minutes after it has left the queue; later its
build is found by the number of the item, which every build keeps (`queueId`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit

import msgspec

from tui.domain.common.text import clean, listed
from tui.domain.facts.build import BaseTrigger, BuilderKind, Job, JobKey, Run, RunState
from tui.domain.facts.diagnosis import Diagnosis, Tried
from tui.domain.facts.rights import Right, RightState
from tui.errors import Forbidden, NotFound, SourceError
from tui.sources.builders.configured import configured_images, configured_job
from tui.sources.builders.jenkins.log import failure_line, followed_log, whole_log
from tui.sources.builders.jenkins.session import JenkinsSession
from tui.sources.builders.jenkins.wire import (
    BUILD_TREE,
    ITEM_TREE,
    JOB_TREE,
    QUEUED,
    Build,
    Builds,
    Item,
    JobAnswer,
    Queue,
    User,
    build_run,
    item_of_location,
    item_run,
    job_path,
    leads_to,
    parameters_of,
    users_of,
)
from tui.sources.builders.named import NamedBuilder
from tui.sources.builders.options import BuilderOptions, connected, mark_parameter
from tui.sources.builders.secrets import Secret
from tui.sources.builders.service import decoded, job_of, strange
from tui.sources.builders.unreadable import unreadable_run
from tui.sources.kit.entries import OddEntry, entries, whole
from tui.sources.kit.moments import from_milliseconds
from tui.sources.kit.polling import Polling
from tui.sources.ports import Trigger

__all__ = ["JenkinsBuilder"]

SEARCHED = 50
"""Builds that are searched for the one of a queue item."""
READ_BUILDS, READ_QUEUE = "read the builds of the job", "read the queue"
NOT_GIVEN = frozenset({"FileParameterDefinition", "StashedFileParameterDefinition", "Base64FileParameterDefinition"})


class JenkinsBuilder(NamedBuilder):
    """A `Builder`."""

    kind = BuilderKind.JENKINS

    def __init__(self, options: BuilderOptions, secret: Secret) -> None:
        host = urlsplit(options.url).hostname or ""
        title = f"Jenkins at {clean(host, 80)}"
        self._session = JenkinsSession(title, options.url, lambda: connected(options, host), secret, options.first_wait)
        super().__init__(options, self._session.service)
        self._secret = secret

    @property
    def identity(self) -> str:
        """Who is signed in, as far as that is known."""
        return self._secret.identity

    # ---- jobs

    async def describe(self, job: JobKey) -> Job:
        """The job with its parameters; what starts it by itself stands in its configuration, which not everybody may read."""
        answer = await self._job(job)
        base, source, schedule, reason = await self._triggers(job)
        return Job(
            key=job,
            name=clean(answer.full_name or job.job, 200),
            url=self._url(job),
            images=configured_images(self._options, job.job),
            disabled=_disabled(answer),
            trigger=base,
            source_trigger=source,
            schedule=schedule,
            parameters=tuple(clean(parameter.name, 100) for parameter in answer.parameters),
            reason=reason,
        )

    async def _job(self, job: JobKey) -> JobAnswer:
        reply = await self._service.read(f"{job_path(job.job)}/api/json?tree={JOB_TREE}", "read the job")
        answer = decoded(reply, JobAnswer, self._service.title, "read the job")
        if not answer.name and not answer.full_name:
            raise strange(self._service.title, "read the job")  # it was asked for both, and every job has them
        return answer

    async def _triggers(self, job: JobKey) -> tuple[BaseTrigger, bool | None, bool | None, str]:
        """Whether a registry, changes of the source, or the clock start it."""
        try:
            reply = await self._service.read(f"{job_path(job.job)}/config.xml", "read the configuration of the job", accept="*/*")
        except (Forbidden, NotFound):
            reason = "What starts the job cannot be read: that takes Job/ExtendedRead in Jenkins."
            return BaseTrigger.UNKNOWN, None, None, reason
        base = BaseTrigger.ON if b"registry.notification." in reply.body else BaseTrigger.NONE
        source = any(sign in reply.body for sign in (b"SCMTrigger>", b"PushTrigger>", b"GenericTrigger>", b"BranchJobProperty"))
        return base, source, b"TimerTrigger>" in reply.body, ""

    # ---- runs

    async def runs(self, job: JobKey, most: int) -> Sequence[Run]:
        """What waits in the queue, and the last builds; of the newest, if it failed, the line that says why."""
        waiting = [self._queued(job, item) for item in await self._waiting(job)]
        builds = [self._run(job, build) for build in await self._builds(job, most)]
        if builds:
            builds[0] = await self._explained(builds[0])
        return [*waiting, *builds][:most]

    async def _builds(self, job: JobKey, most: int) -> list[Build | OddEntry]:
        tree = f"builds[{BUILD_TREE}]{{0,{max(1, most)}}}"
        reply = await self._service.read(f"{job_path(job.job)}/api/json?tree={tree}", READ_BUILDS)
        return entries(decoded(reply, Builds, self._service.title, READ_BUILDS).builds, Build)

    async def _waiting(self, job: JobKey) -> list[Item | OddEntry]:
        """What waits of a job; of items that cannot be read those are told that say no other job."""
        reply = await self._service.read(f"/queue/api/json?tree=items[{ITEM_TREE}]", READ_QUEUE)
        items = entries(decoded(reply, Queue, self._service.title, READ_QUEUE).items, Item)
        return [item for item in reversed(items) if _is_of(item, job_path(job.job))]

    def _queued(self, job: JobKey, item: Item | OddEntry) -> Run:
        if isinstance(item, OddEntry):
            id = item.text("id")
            return unreadable_run(self.kind, self.name, self._service.title, f"{QUEUED}{id}" if id.isdecimal() else "", job, None)
        return item_run(self.name, job, item, self._url(job))

    def _run(self, job: JobKey, build: Build | OddEntry) -> Run:
        if isinstance(build, OddEntry):
            stamp = build.text("timestamp")
            created = from_milliseconds(int(stamp)) if stamp.isdecimal() and len(stamp) < 16 else None
            return unreadable_run(self.kind, self.name, self._service.title, build.text("number"), job, created)
        return build_run(self.name, job, build, f"{self._url(job)}{build.number}/")

    async def follow(self, run: Run) -> Run:
        """The run as it is now, with what it pushed: of a queue item that has left the queue, its build."""
        job = _job_of(run)
        if run.id.startswith(QUEUED):
            run = await self._follow_item(job, run)
        else:
            run = self._run(job, await self._build(job, run.id))
        return await self.with_pushes(await self._explained(run))

    async def _explained(self, run: Run) -> Run:
        if run.state is not RunState.FAILED or run.detail:
            return run
        lines = await whole_log(self._service, f"{job_path(_job_of(run).job)}/{int(run.id)}")
        return msgspec.structs.replace(run, detail=failure_line(lines))

    async def _build(self, job: JobKey, number: str) -> Build:
        path = f"{job_path(job.job)}/{int(number)}/api/json?tree={BUILD_TREE}"
        return await self._service.answer(path, Build, "read the build")

    async def _follow_item(self, job: JobKey, run: Run) -> Run:
        number = int(run.id.removeprefix(QUEUED))
        try:
            reply = await self._service.read(f"/queue/item/{number}/api/json?tree={ITEM_TREE}", "read the queue item")
        except NotFound:
            return await self._left(job, run, number)
        item = decoded(reply, Item, self._service.title, "read the queue item")
        if item.executable is not None and item.executable.number > 0:
            return self._run(job, await self._build(job, str(item.executable.number)))
        return item_run(self.name, job, item, self._url(job))

    async def _left(self, job: JobKey, run: Run, number: int) -> Run:
        """What became of an item that Jenkins has forgotten, which it does after five minutes."""
        builds = whole(await self._builds(job, SEARCHED), self._service.title, READ_BUILDS)
        build = next((build for build in builds if build.queue_id == number), None)
        if build is not None:
            return self._run(job, build)
        detail = (
            f"Its queue item is gone, and none of the last {SEARCHED} builds came of it: it was cancelled, or its build deleted."
        )
        return msgspec.structs.replace(run, state=RunState.UNKNOWN, detail=detail)

    # ---- acting

    async def trigger(self, trigger: Trigger) -> Run:
        """Put the job into the queue, once."""
        answer = await self._job(trigger.job)
        form = self._form(trigger, answer)
        path = f"{job_path(trigger.job.job)}/{'buildWithParameters' if answer.parameters else 'build'}?delay=0sec"
        reply = await self._session.post(path, "start the job", form)
        number = item_of_location(reply.header("location"))
        if not number:
            raise self._service.unknown("start the job", "it does not say which queue item came of it")
        item = Item(number, why="The same was in the queue already; it waits there once." if reply.status == 303 else "")
        return item_run(self.name, trigger.job, item, self._url(trigger.job))

    def _form(self, trigger: Trigger, answer: JobAnswer) -> dict[str, str]:
        """What is sent; Jenkins would drop parameters it does not know without a word. Raises SourceError."""
        if reason := _disabled(answer):
            raise SourceError(f"{clean(trigger.job.job, 100)} cannot be started. {reason}", "See the job in Jenkins.")
        declared = {parameter.name: parameter for parameter in answer.parameters}
        form = {**self._configured(trigger.job), **trigger.parameters}
        if unknown := [name for name in form if name not in declared]:
            names = listed([clean(name, 40) for name in unknown])
            raise SourceError(
                f"{clean(trigger.job.job, 100)} has no parameter {names}", "Correct `parameters` in the configuration."
            )
        for name, value in form.items():
            if (choices := declared[name].choices) and value not in choices:
                allowed = listed([clean(choice, 40) for choice in choices[:10]])
                raise SourceError(
                    f"the parameter {clean(name, 40)} of the job is one of {allowed}", "Correct it in the configuration."
                )
        if needed := [
            parameter.name for parameter in answer.parameters if parameter.type in NOT_GIVEN and parameter.name not in form
        ]:
            raise SourceError(f"the job wants a file as {clean(needed[0], 40)}", "Start it in Jenkins.")
        if name := mark_parameter(tuple(declared)):
            form[name] = trigger.mark
        return form

    def _configured(self, job: JobKey) -> dict[str, str]:
        configured = configured_job(self._options, job.job)
        return dict(configured.parameters) if configured else {}

    async def look_up(self, trigger: Trigger, since: datetime) -> Sequence[Run]:
        """By the mark where the job takes it; else what we, or somebody who goes by our name, started since with the same."""
        job = trigger.job
        answer = await self._job(job)
        items = whole(await self._waiting(job), self._service.title, READ_QUEUE)
        builds = whole(await self._builds(job, SEARCHED), self._service.title, READ_BUILDS)
        started = [(item.actions, item_run(self.name, job, item, self._url(job))) for item in items]
        started += [(build.actions, self._run(job, build)) for build in builds]
        if name := mark_parameter([parameter.name for parameter in answer.parameters]):
            return [run for actions, run in started if parameters_of(actions).get(name) == trigger.mark]
        parameters = {**self._configured(job), **trigger.parameters}
        earliest = self._service.by_its_clock(since)
        return [
            run
            for actions, run in started
            if (run.created is None or run.created >= earliest)
            and parameters.items() <= parameters_of(actions).items()
            and self._secret.identity.lower() in ("", *map(str.lower, users_of(actions)))
        ]

    async def cancel(self, run: Run) -> None:
        """Take it out of the queue, or stop the build."""
        job = _job_of(run)
        if run.id.startswith(QUEUED):
            run = await self._follow_item(job, run)
        if run.id.startswith(QUEUED):
            await self._session.post(f"/queue/cancelItem?id={int(run.id.removeprefix(QUEUED))}", "take the item out of the queue")
        elif not run.state.ended:
            await self._session.post(f"{job_path(job.job)}/{int(run.id)}/stop", "stop the build")

    async def log(self, run: Run) -> AsyncGenerator[str, None]:
        """The log as it grows; of a run in the queue from when it begins."""
        polling = Polling("queue", self._options.poll)
        while run.id.startswith(QUEUED) and not run.state.ended and run.state is not RunState.UNKNOWN:
            run = await self.follow(run)
            if run.id.startswith(QUEUED):
                await polling.rest()
        if run.id.startswith(QUEUED):
            return
        path = f"{job_path(_job_of(run).job)}/{int(run.id)}"
        async with aclosing(followed_log(self._service, path, self._options.poll)) as lines:
            async for line in lines:
                yield line

    # ---- rights

    async def rights(self, job: JobKey) -> tuple[Right, ...]:
        """To read is tried; Jenkins cannot be asked for the others without using them."""
        on = clean(job.job, 200)
        remedy = "Ask whoever runs Jenkins for {} on the job."
        try:
            await self._job(job)
        except (Forbidden, NotFound) as error:
            missing = RightState.MISSING
            names = ("Job/Read", "Job/Build", "Job/Cancel")
            return tuple(Right(name, on, missing, remedy.format(name), error.headline) for name in names)
        reason = "Jenkins does not say without a try."
        untold = (Right(name, on, RightState.UNKNOWN, remedy.format(name), reason) for name in ("Job/Build", "Job/Cancel"))
        return (Right("Job/Read", on, RightState.HELD), *untold)

    async def try_signing_in(self) -> list[Diagnosis]:
        """Who is signed in, and the crumb. Raises SourceError."""
        reply = await self._service.read("/whoAmI/api/json?tree=name,anonymous,authenticated", "ask who is signed in")
        user = decoded(reply, User, self._service.title, "ask who is signed in")
        name = clean(user.name, 80)
        signed_in = Diagnosis("signed in", Tried.OK, f"as {name}" if name else "", identity=name)
        return [signed_in, Diagnosis("crumb", Tried.OK, await self._session.crumb_state())]

    def _url(self, job: JobKey) -> str:
        return f"{self._service.base}{job_path(job.job)}/"


def _is_of(item: Item | OddEntry, path: str) -> bool:
    if isinstance(item, OddEntry):
        url = item.text("task", "url")
        return not url or leads_to(url, path)
    return item.is_of(path)


def _disabled(answer: JobAnswer) -> str:
    if answer.jobs is not None and answer.buildable is None:
        names = listed([clean(branch.name, 60) for branch in answer.jobs[:5]])
        return f"It is a folder or a project of branches, which is not built itself: name one of {names or 'its jobs'}."
    return "It is disabled in Jenkins." if answer.buildable is False else ""


_job_of = partial(job_of, title="a build of Jenkins", named_by="job")
