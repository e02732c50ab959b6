"""What Jenkins answers, and what it means: jobs, queue items and builds of its JSON interface.

Sources: jenkinsci/jenkins `hudson.model.Queue`, `Run`, `Job`, `ParametersDefinitionProperty`. Addresses in answers carry the root
URL that somebody once configured: none of them is followed, only numbers are taken from them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from urllib.parse import urlsplit

import msgspec

from tui.domain.common.redaction import quoted
from tui.domain.facts.build import BuilderKind, JobKey, Run, RunCause, RunState
from tui.sources.builders.service import path_part
from tui.sources.kit.moments import from_milliseconds

__all__ = [
    "BUILD_TREE",
    "ITEM_TREE",
    "JOB_TREE",
    "QUEUED",
    "Build",
    "Builds",
    "Crumb",
    "Item",
    "JobAnswer",
    "Queue",
    "User",
    "build_run",
    "item_of_location",
    "item_run",
    "job_path",
    "leads_to",
    "parameters_of",
    "users_of",
]

QUEUED = "queue/"
"""What the id of a run begins with that has no number yet."""
_ACTIONS = "actions[_class,causes[_class,shortDescription,userId],parameters[name,value]]"
BUILD_TREE = f"number,building,inProgress,result,timestamp,duration,queueId,{_ACTIONS}"
ITEM_TREE = f"_class,id,why,stuck,blocked,buildable,cancelled,inQueueSince,task[name,url],executable[number],{_ACTIONS}"
JOB_TREE = "_class,name,fullName,buildable,jobs[name],property[parameterDefinitions[name,type,choices]]"
_ITEM = re.compile(r"/queue/item/(\d{1,18})/?$", re.ASCII)
_RESULTS = {
    "SUCCESS": (RunState.SUCCEEDED, ""),
    "UNSTABLE": (RunState.FAILED, "Jenkins calls it unstable: tests failed, or a step marked it so."),
    "FAILURE": (RunState.FAILED, ""),
    "ABORTED": (RunState.CANCELLED, "It was aborted in Jenkins."),
    "NOT_BUILT": (RunState.FAILED, "It was not built: an earlier step kept it from that."),
}
_CAUSES = (
    (("UserIdCause", "UserCause", "RemoteCause", "ReplayCause"), RunCause.MANUAL),
    (("TimerTriggerCause",), RunCause.SCHEDULE),
    (("registry.notification",), RunCause.BASE_IMAGE),
    (("SCMTriggerCause", "PushCause", "BranchEventCause", "BranchIndexingCause", "GerritCause"), RunCause.SOURCE),
)


class _Cause(msgspec.Struct):
    class_: str = msgspec.field(name="_class", default="")
    short: str = msgspec.field(name="shortDescription", default="")
    user: str = msgspec.field(name="userId", default="")


class _Value(msgspec.Struct):
    name: str = ""
    value: object = None


class _Action(msgspec.Struct):
    causes: list[_Cause] = []
    parameters: list[_Value] = []


class Build(msgspec.Struct, rename="camel"):
    """One build; `duration` and `timestamp` in milliseconds, `timestamp` when it was put into the queue."""

    number: int
    building: bool = False
    in_progress: bool = False
    result: str = ""
    timestamp: int = 0
    duration: int = 0
    queue_id: int = 0
    actions: list[_Action] = []


class Builds(msgspec.Struct):
    """Builds of a job, newest first, each to be read as a `Build`."""

    builds: list[msgspec.Raw] = []


class _Executable(msgspec.Struct):
    number: int = 0


class _Task(msgspec.Struct):
    name: str = ""
    url: str = ""


class Item(msgspec.Struct, rename="camel"):
    """One item of the queue, which tells for five minutes after it has left what became of it."""

    id: int
    why: str = ""
    stuck: bool = False
    cancelled: bool = False
    in_queue_since: int = 0
    task: _Task = msgspec.field(default_factory=_Task)
    executable: _Executable | None = None
    actions: list[_Action] = []

    def is_of(self, path: str) -> bool:
        """Whether it is of the job at this path, as far as the ends of addresses tell."""
        return leads_to(self.task.url, path)


class Queue(msgspec.Struct):
    """What waits, each to be read as an `Item`; items of other plugins may have any form."""

    items: list[msgspec.Raw] = []


class Parameter(msgspec.Struct, rename="camel"):
    """A parameter that a job declares."""

    name: str
    type: str = ""
    choices: list[str] = []


class _Property(msgspec.Struct, rename="camel"):
    parameter_definitions: list[Parameter] = []


class _Child(msgspec.Struct):
    name: str = ""


class JobAnswer(msgspec.Struct, rename="camel"):
    """A job, a folder or a multibranch project: the last two have `jobs` and cannot be built."""

    name: str = ""
    full_name: str = ""
    buildable: bool | None = None
    jobs: list[_Child] | None = None
    properties: list[_Property] = msgspec.field(name="property", default=[])

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters that it declares."""
        return tuple(parameter for declaration in self.properties for parameter in declaration.parameter_definitions)


class Crumb(msgspec.Struct, rename="camel"):
    """What a form has to send along, bound to the session."""

    crumb: str
    crumb_request_field: str


class User(msgspec.Struct):
    """Who is signed in."""

    name: str = ""
    anonymous: bool = False
    authenticated: bool = True


def leads_to(url: str, path: str) -> bool:
    """Whether an address is that of the job at a path, as far as its end tells."""
    try:
        return urlsplit(url).path.rstrip("/").endswith(path)
    except ValueError:
        return False


def job_path(job: str) -> str:
    """`/job/folder/job/name` of `folder/name`; each name is as Jenkins has it, with its own `%2F`."""
    return "".join(f"/job/{path_part(name)}" for name in job.strip("/").split("/"))


def item_of_location(location: str) -> int:
    """The number of the queue item that an address names, 0 when it names none; host and folder do not count."""
    match = _ITEM.search(urlsplit(location).path) if len(location) < 2_000 else None
    return int(match[1]) if match else 0


def build_run(name: str, job: JobKey, build: Build, url: str) -> Run:
    """A build as a run."""
    state, detail = _build_state(build)
    created = from_milliseconds(build.timestamp)
    ended = created + timedelta(milliseconds=build.duration) if created and state.ended and 0 < build.duration < 10**10 else None
    return Run(
        kind=BuilderKind.JENKINS,
        builder=name,
        id=str(build.number),
        state=state,
        job=job,
        detail=detail,
        cause=_cause(build.actions),
        created=created,
        started=created,
        finished=ended,
        url=url,
    )


def item_run(name: str, job: JobKey, item: Item, url: str) -> Run:
    """A queue item that has not become a build."""
    why = quoted(item.why, 300)
    detail = f"{why} Jenkins calls it stuck." if item.stuck and why else why
    state = RunState.CANCELLED if item.cancelled else RunState.QUEUED
    return Run(
        kind=BuilderKind.JENKINS,
        builder=name,
        id=f"{QUEUED}{item.id}",
        state=state,
        job=job,
        detail="It was taken out of the queue." if item.cancelled else detail,
        cause=_cause(item.actions),
        created=from_milliseconds(item.in_queue_since),
        url=url,
    )


def parameters_of(actions: Iterable[_Action]) -> dict[str, str]:
    """The parameters that a build or an item was started with; texts only, a switch as `true` or `false`."""
    values = ((parameter.name, parameter.value) for action in actions for parameter in action.parameters)
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in values if value is not None}


def users_of(actions: Iterable[_Action]) -> list[str]:
    """The users who started it."""
    return [cause.user for action in actions for cause in action.causes if cause.user]


def _build_state(build: Build) -> tuple[RunState, str]:
    if build.building or build.in_progress:
        return RunState.RUNNING, ""
    if build.result in _RESULTS:
        return _RESULTS[build.result]
    return RunState.UNKNOWN, f"Jenkins calls its result “{quoted(build.result, 40)}”." if build.result else "It has no result."


def _cause(actions: Sequence[_Action]) -> RunCause:
    classes = [cause.class_ for action in actions for cause in action.causes]
    for names, cause in _CAUSES:
        if any(name in class_ for class_ in classes for name in names):
            return cause
    return RunCause.UNKNOWN
