"""What GitHub answers about workflows, runs and jobs, and what it means.

Source: docs.github.com REST "actions"; recorded answers of `/actions/workflows`, `/runs`, `/jobs` and of dispatches.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tui.domain.common.redaction import quoted
from tui.domain.common.text import clean, listed, plural
from tui.domain.facts.build import BaseTrigger, BuilderKind, JobKey, Run, RunCause, RunState
from tui.sources.builders.yaml_files import at, parsed, texts
from tui.sources.kit.moments import moment

__all__ = [
    "Definition",
    "Deployment",
    "DispatchAnswer",
    "Jobs",
    "Repository",
    "RunAnswer",
    "Runs",
    "User",
    "Workflow",
    "WorkflowJob",
    "approval_words",
    "definition_of",
    "disabled_words",
    "failure_words",
    "progress_words",
    "run_of",
]

_WAITING = {"queued", "requested", "pending"}
_FAILED = {
    "failure": "",
    "timed_out": "It ran longer than its time limit.",
    "startup_failure": "It could not be started: the workflow file has a fault, or uses what it may not.",
    "skipped": "Every job was skipped: nothing was built.",
    "stale": "GitHub gave up on it: it waited too long.",
    "neutral": "GitHub calls it neutral, which is not success.",
}
_SOURCE = {"push", "pull_request", "pull_request_target", "release", "create", "merge_group", "workflow_run", "delete"}
_DISABLED = {
    "disabled_manually": "It was disabled in GitHub: `gh workflow enable` enables it.",
    "disabled_inactivity": "GitHub disabled it after 60 days without activity: `gh workflow enable` enables it.",
    "disabled_fork": "It is disabled because the repository is a fork: `gh workflow enable` enables it.",
    "deleted": "Its file was deleted.",
}


class Repository(msgspec.Struct):
    """A repository, and what we may do there; `permissions` are those of the user, not of the token."""

    default_branch: str = ""
    archived: bool = False
    private: bool = False
    permissions: dict[str, bool] = {}


class User(msgspec.Struct):
    """Who is signed in."""

    login: str = ""


class Workflow(msgspec.Struct):
    """A workflow."""

    id: int
    name: str = ""
    path: str = ""
    state: str = ""


class RunAnswer(msgspec.Struct):
    """A run; `display_title` is its `run-name`."""

    id: int
    status: str = ""
    conclusion: str = ""
    event: str = ""
    head_branch: str = ""
    display_title: str = ""
    created_at: str = ""
    run_started_at: str = ""
    updated_at: str = ""
    triggering_actor: User = msgspec.field(default_factory=User)
    actor: User = msgspec.field(default_factory=User)

    @property
    def started_by(self) -> str:
        """The login of who started it."""
        return self.actor.login or self.triggering_actor.login


class Runs(msgspec.Struct):
    """A page of runs, newest first, each to be read as a `RunAnswer`."""

    workflow_runs: list[msgspec.Raw]
    total_count: int = 0


class _Step(msgspec.Struct):
    name: str = ""
    status: str = ""
    conclusion: str = ""
    number: int = 0


class WorkflowJob(msgspec.Struct):
    """A job of a run."""

    id: int
    name: str = ""
    status: str = ""
    conclusion: str = ""
    steps: list[_Step] = []
    is_unreadable: bool = False


class Jobs(msgspec.Struct):
    """A page of the jobs of a run, each to be read as a `WorkflowJob`, and how many there are."""

    jobs: list[msgspec.Raw]
    total_count: int = 0


class DispatchAnswer(msgspec.Struct):
    """Which run came of a dispatch; servers older than 2026 send nothing."""

    workflow_run_id: int


class _Environment(msgspec.Struct):
    name: str = ""


class _Reviewer(msgspec.Struct):
    login: str = ""
    name: str = ""


class _Review(msgspec.Struct):
    reviewer: _Reviewer = msgspec.field(default_factory=_Reviewer)


class Deployment(msgspec.Struct):
    """An environment that a run waits for; `wait_timer` in minutes."""

    environment: _Environment = msgspec.field(default_factory=_Environment)
    wait_timer: int = 0
    current_user_can_approve: bool = False
    reviewers: list[_Review] = []


class Definition(msgspec.Struct, frozen=True):
    """What a workflow's file says of what starts it; `inputs` None where nobody can start it by hand."""

    trigger: BaseTrigger
    source: bool
    schedule: bool
    inputs: tuple[str, ...] | None
    run_name: str = ""


def definition_of(body: bytes) -> Definition | None:
    """The file of a workflow; None when it cannot be understood."""
    file = parsed(body)
    if file is None or (on := file.get("on")) is None:
        return None
    events = set(texts(on))
    inputs = texts(at(on, "workflow_dispatch", "inputs")) if "workflow_dispatch" in events else None
    base = BaseTrigger.ON if "registry_package" in events else BaseTrigger.NONE
    run_name = file.get("run-name")
    inputs_named = None if inputs is None else tuple(inputs)
    return Definition(
        base, bool(events & _SOURCE), "schedule" in events, inputs_named, run_name if isinstance(run_name, str) else ""
    )


def disabled_words(workflow: Workflow) -> str:
    """Why a workflow cannot be run, empty while it can."""
    if workflow.state in ("active", ""):
        return ""
    return _DISABLED.get(workflow.state, f"GitHub calls its state “{clean(workflow.state, 40)}”.")


def run_of(name: str, job: JobKey, answer: RunAnswer, url: str) -> Run:
    """An answer as a run."""
    state, detail = _state(answer)
    return Run(
        kind=BuilderKind.GITHUB_ACTIONS,
        builder=name,
        id=str(answer.id),
        state=state,
        job=job,
        detail=detail,
        cause=_cause(answer.event),
        created=moment(answer.created_at),
        started=moment(answer.run_started_at) if state is not RunState.QUEUED else None,
        finished=moment(answer.updated_at) if state.ended else None,
        url=url,
    )


def _state(answer: RunAnswer) -> tuple[RunState, str]:
    status, conclusion = answer.status, answer.conclusion
    if status in _WAITING:
        return RunState.QUEUED, "It waits for a runner." if status == "queued" else "It waits for other runs of its group."
    if status == "waiting":
        return RunState.WAITING, "It waits for an environment's approval."
    if status == "in_progress":
        return RunState.RUNNING, ""
    if status != "completed":
        return RunState.UNKNOWN, f"GitHub calls its status “{clean(status, 40)}”."
    if conclusion == "success":
        return RunState.SUCCEEDED, ""
    if conclusion == "cancelled":
        return RunState.CANCELLED, "It was cancelled in GitHub."
    if conclusion == "action_required":
        return RunState.WAITING, "Somebody has to approve it in GitHub before it runs."
    if conclusion in _FAILED:
        return RunState.FAILED, _FAILED[conclusion]
    return RunState.UNKNOWN, f"GitHub calls its conclusion “{clean(conclusion, 40)}”."


def _cause(event: str) -> RunCause:
    if event == "workflow_dispatch":
        return RunCause.MANUAL
    if event == "schedule":
        return RunCause.SCHEDULE
    if event == "registry_package":
        return RunCause.BASE_IMAGE
    return RunCause.SOURCE if event in _SOURCE else RunCause.UNKNOWN


def approval_words(deployments: Sequence[Deployment]) -> str:
    """What a run waits for, and who can give it."""
    sentences = []
    for deployment in deployments[:3]:
        names = [quoted(required.reviewer.login or required.reviewer.name, 60) for required in deployment.reviewers[:5]]
        environment = quoted(deployment.environment.name, 80)
        if names:
            sentences.append(f"It waits for the approval of {listed(names)} for the environment “{environment}”.")
        elif deployment.wait_timer:
            sentences.append(f"It waits {deployment.wait_timer} minutes for the environment “{environment}”.")
        else:
            sentences.append(f"It waits for the environment “{environment}”.")
        if deployment.current_user_can_approve:
            sentences.append("You can approve it in GitHub.")
    return " ".join(sentences)


def progress_words(jobs: Sequence[WorkflowJob]) -> str:
    """Where a run is: the step that runs now."""
    for job in jobs:
        for step in job.steps:
            if step.status == "in_progress":
                completed = sum(other.status == "completed" for other in job.steps)
                return f"{quoted(job.name, 60)}: {quoted(step.name, 80)} ({completed + 1} of {plural(len(job.steps), 'step')})"
    return ""


def failure_words(job: WorkflowJob, line: str) -> str:
    """Why a job failed: the step, and the line of its log that says it."""
    step = next((quoted(failed.name, 80) for failed in job.steps if failed.conclusion in ("failure", "timed_out")), "")
    where = f"Job “{quoted(job.name, 60)}”" + (f", step “{step}”" if step else "")
    return f"{where}: {line}" if line else f"{where} failed."
