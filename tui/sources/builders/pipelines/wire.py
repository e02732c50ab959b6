"""What Azure DevOps answers about pipelines, their runs and timelines, and what it means.

Sources: recorded answers of `/build/definitions` and `/build/builds`; MicrosoftDocs/vsts-rest-api-specs `build`, `pipelines` 7.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from tui.domain.common.decoding import from_json
from tui.domain.common.redaction import quoted
from tui.domain.common.text import clean, listed, plural
from tui.domain.facts.build import BuilderKind, JobKey, Run, RunCause, RunState
from tui.sources.builders.pipelines.definition import PipelineFile
from tui.sources.kit.moments import moment

__all__ = [
    "Approval",
    "Build",
    "Builds",
    "Connection",
    "Definition",
    "File",
    "LogLines",
    "Permissions",
    "Record",
    "StartedRun",
    "Timeline",
    "approval_words",
    "disabled_words",
    "failure_words",
    "progress_words",
    "run_of",
    "starters",
    "waiting_checks",
]

_CAUSES = {
    "manual": RunCause.MANUAL,
    "userCreated": RunCause.MANUAL,
    "individualCI": RunCause.SOURCE,
    "batchedCI": RunCause.SOURCE,
    "pullRequest": RunCause.SOURCE,
    "validateShelveset": RunCause.SOURCE,
    "checkInShelveset": RunCause.SOURCE,
    "schedule": RunCause.SCHEDULE,
    "scheduleForced": RunCause.SCHEDULE,
    "resourceTrigger": RunCause.BASE_IMAGE,
}
_RESULTS = {
    "succeeded": (RunState.SUCCEEDED, ""),
    "partiallySucceeded": (RunState.FAILED, "It succeeded in part only: a step failed that is allowed to."),
    "failed": (RunState.FAILED, ""),
    "canceled": (RunState.CANCELLED, "It was cancelled in Azure Pipelines."),
}
_NO_IMAGES = frozenset({"Pipeline", "PipelineCompletion", "WebhookTriggeredEvent"})
"""What `triggerInfo` calls the resource that triggered a run where that is no image."""
FROM_YAML = 2
_BY_SOURCE = frozenset(
    ("continuousIntegration", "batchedContinuousIntegration", "gatedCheckIn", "batchedGatedCheckIn", "pullRequest", "all")
)
_OTHERWISE = frozenset(("schedule", "scheduleForced", "buildCompletion", "none"))
_CHECKS = {
    "Checkpoint.Approval": "an approval",
    "Checkpoint.Authorization": "the permission to use a resource",
    "Checkpoint.ExclusiveLock": "another run that uses the same resource",
    "Checkpoint.TaskCheck": "a check",
    "Checkpoint.ArtifactCheck": "a check of its artifacts",
    "Checkpoint.ExtendsCheck": "a check of its template",
}


class _Person(msgspec.Struct, rename="camel"):
    id: str = ""
    display_name: str = ""


class _Queue(msgspec.Struct):
    name: str = ""


class _Project(msgspec.Struct):
    id: str = ""
    name: str = ""


class _Process(msgspec.Struct, rename="camel"):
    yaml_filename: str = ""


class _Repository(msgspec.Struct, rename="camel"):
    id: str = ""
    type: str = ""
    name: str = ""
    default_branch: str = ""


class _Trigger(msgspec.Struct, rename="camel"):
    """What starts a pipeline; `settings_source_type` 2 says that its YAML decides, and this entry nothing (recorded)."""

    trigger_type: str = ""
    settings_source_type: object = 0


class _Variable(msgspec.Struct, rename="camel"):
    allow_override: bool = False


class Definition(msgspec.Struct, rename="camel"):
    """A pipeline."""

    id: int
    name: str = ""
    path: str = ""
    queue_status: str = ""
    triggers: list[_Trigger] = []
    process: _Process = msgspec.field(default_factory=_Process)
    repository: _Repository = msgspec.field(default_factory=_Repository)
    queue: _Queue = msgspec.field(default_factory=_Queue)
    project: _Project = msgspec.field(default_factory=_Project)
    variables: dict[str, _Variable] = {}

    @property
    def settable(self) -> tuple[str, ...]:
        """The variables that may be set when it is started."""
        return tuple(name for name, variable in self.variables.items() if variable.allow_override)


class _Validation(msgspec.Struct):
    result: str = ""
    message: str = ""


class Build(msgspec.Struct, rename="camel"):
    """A run; `parameters` is JSON in a text: the variables that it was started with."""

    id: int
    status: str = ""
    result: str = ""
    queue_time: str = ""
    start_time: str = ""
    finish_time: str = ""
    reason: str = ""
    trigger_info: dict[str, object] = {}
    queue: _Queue = msgspec.field(default_factory=_Queue)
    requested_for: _Person = msgspec.field(default_factory=_Person)
    template_parameters: dict[str, object] = {}
    parameters: str = ""
    validation_results: list[_Validation] = []

    @property
    def values(self) -> dict[str, str]:
        """What it was started with, variables and parameters."""
        try:
            variables = from_json(self.parameters, dict[str, object]) if self.parameters else {}
        except (msgspec.MsgspecError, RecursionError):
            variables = {}
        return {name: _text(value) for name, value in (variables | self.template_parameters).items()}


class Builds(msgspec.Struct):
    """Runs, each to be read as a `Build`."""

    value: list[msgspec.Raw]


class StartedRun(msgspec.Struct):
    """What a run is answered with when it is started: its id is that of the build."""

    id: int


class _Log(msgspec.Struct):
    id: int


class _Issue(msgspec.Struct):
    type: str = ""
    message: str = ""


class Record(msgspec.Struct, rename="camel"):
    """A stage, a job, a task or a checkpoint of a run."""

    id: str
    parent_id: str = ""
    type: str = ""
    name: str = ""
    state: str = ""
    result: str = ""
    order: int = 0
    log: _Log | None = None
    issues: list[_Issue] = []


class Timeline(msgspec.Struct):
    """Everything that a run consists of, in no order."""

    records: list[Record] = []

    def ordered(self) -> list[Record]:
        """The records as a reader meets them: each behind its parent, siblings by their order."""
        children: dict[str, list[Record]] = {}
        ids = {record.id for record in self.records}
        for record in sorted(self.records, key=lambda record: record.order):
            children.setdefault(record.parent_id if record.parent_id in ids else "", []).append(record)
        ordered: list[Record] = []
        waiting = list(reversed(children.pop("", [])))
        while waiting:
            record = waiting.pop()
            ordered.append(record)
            waiting += reversed(children.pop(record.id, []))
        return ordered


class _ApprovalStep(msgspec.Struct, rename="camel"):
    assigned_approver: _Person = msgspec.field(default_factory=_Person)
    status: str = ""


class Approval(msgspec.Struct, rename="camel"):
    """An approval; `instructions` are for who gives it."""

    id: str = ""
    status: str = ""
    steps: list[_ApprovalStep] = []
    instructions: str = ""


class Connection(msgspec.Struct, rename="camel"):
    """Who is signed in."""

    authenticated_user: _User


class _User(msgspec.Struct, rename="camel"):
    id: str = ""
    provider_display_name: str = ""


class Permissions(msgspec.Struct):
    """Whether we have what was asked about."""

    value: list[bool]


class LogLines(msgspec.Struct):
    """Lines of a log."""

    value: list[str] = []


class File(msgspec.Struct):
    """A file of a repository."""

    content: str = ""


def disabled_words(definition: Definition) -> str:
    """Why a pipeline cannot be run, empty while it can."""
    match definition.queue_status:
        case "disabled":
            return "It is disabled in Azure Pipelines."
        case "paused":
            return "It is paused in Azure Pipelines: runs wait until it is enabled."
        case "enabled" | "":
            return ""
        case state:
            return f"Azure Pipelines calls its state “{clean(state, 40)}”."


def starters(definition: Definition, file: PipelineFile | None) -> tuple[bool | None, bool | None]:
    """Whether changes of its source start a pipeline, and whether the clock does; None where that is not known."""
    own = {trigger.trigger_type for trigger in definition.triggers if trigger.settings_source_type != FROM_YAML}
    if own & _BY_SOURCE:
        source: bool | None = True
    elif own - _OTHERWISE:  # a kind of a newer year may be one by source
        source = None
    elif definition.triggers and all(trigger.settings_source_type != FROM_YAML for trigger in definition.triggers):
        source = False
    else:
        source = file.source if file is not None else None
    return source, True if "schedule" in own else file.schedule if file is not None else None


def run_of(name: str, job: JobKey, build: Build, url: str) -> Run:
    """A build as a run."""
    state, detail = _state(build)
    return Run(
        kind=BuilderKind.AZURE_PIPELINES,
        builder=name,
        id=str(build.id),
        state=state,
        job=job,
        detail=detail,
        cause=_cause(build),
        created=moment(build.queue_time),
        started=moment(build.start_time),
        finished=moment(build.finish_time) if state.ended else None,
        url=url,
    )


def _cause(build: Build) -> RunCause:
    """What started it; a resource may be an image, and may be another pipeline or anything else, which is nobody's base."""
    kinds = (build.trigger_info.get(name) for name in ("artifactType", "pipelineTriggerType"))
    if build.reason == "resourceTrigger" and any(isinstance(kind, str) and kind in _NO_IMAGES for kind in kinds):
        return RunCause.UNKNOWN
    return _CAUSES.get(build.reason, RunCause.UNKNOWN)


def _state(build: Build) -> tuple[RunState, str]:
    match build.status:
        case "notStarted" | "postponed":
            pool = quoted(build.queue.name, 60)
            return RunState.QUEUED, f"It waits for an agent of the pool “{pool}”." if pool else "It waits for an agent."
        case "inProgress":
            return RunState.RUNNING, ""
        case "cancelling":
            return RunState.RUNNING, "It is being cancelled."
        case "completed" if build.result in _RESULTS:
            state, detail = _RESULTS[build.result]
            invalid = next((validation.message for validation in build.validation_results if validation.result == "error"), "")
            return state, quoted(invalid, 300) or detail
        case _:
            words = f"{clean(build.status, 40)} {clean(build.result, 40)}".strip()
            return RunState.UNKNOWN, f"Azure Pipelines calls its state “{words}”."


def waiting_checks(timeline: Timeline) -> list[Record]:
    """The checks that a run waits for."""
    return [record for record in timeline.ordered() if record.type.startswith("Checkpoint.") and record.state == "inProgress"]


def approval_words(timeline: Timeline, checks: Sequence[Record], approvals: Iterable[Approval]) -> str:
    """What a run waits for, before which stage, and who can give it."""
    kinds = list(dict.fromkeys(_CHECKS.get(check.type, "a check") for check in checks))
    names = [
        quoted(step.assigned_approver.display_name, 60)
        for approval in approvals
        for step in approval.steps
        if step.status in ("pending", "undefined", "")
    ]
    by_id = {record.id: record for record in timeline.records}
    stage = quoted(_stage(checks[0], by_id), 60)
    of = f" of {listed(names[:5])}" if names and kinds == ["an approval"] else ""
    return f"It waits for {listed(kinds)}{of}" + (f" before the stage “{stage}”." if stage else ".")


def _stage(record: Record, by_id: Mapping[str, Record]) -> str:
    for _ in range(8):
        if record.type == "Stage":
            return record.name
        if record.parent_id not in by_id:
            return ""
        record = by_id[record.parent_id]
    return ""


def progress_words(timeline: Timeline) -> str:
    """Where a run is: the task that runs now."""
    tasks = [record for record in timeline.ordered() if record.type == "Task"]
    running = next((task for task in tasks if task.state == "inProgress"), None)
    number = sum(task.state == "completed" for task in tasks) + 1
    return f"{quoted(running.name, 80)} ({number} of {plural(len(tasks), 'task')})" if running is not None else ""


def failure_words(timeline: Timeline) -> str:
    """Why a run failed: the first task that did, and what it says; that a program ended with a code says least."""
    failed = sorted((entry for entry in timeline.ordered() if entry.result == "failed"), key=lambda record: record.type != "Task")
    for record in failed:
        errors = [issue.message for issue in record.issues if issue.type == "error" and issue.message]
        if errors:
            return f"{quoted(record.name, 80)}: {quoted(min(errors, key=lambda error: 'exited with code' in error), 300)}"
    return f"{quoted(failed[0].name, 80)} failed." if failed else ""


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
