"""Who builds images, and how that went: jobs of builders, their triggers and their runs."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from tui.domain.facts.image import Platform, RepositoryName
from tui.domain.facts.retention import PurgeRule

__all__ = [
    "BaseDependency",
    "BaseTrigger",
    "BuilderKind",
    "BuiltImage",
    "Job",
    "JobKey",
    "Run",
    "RunCause",
    "RunState",
]


class BuilderKind(StrEnum):
    """The systems that build images."""

    ACR_TASKS = "acr-tasks"
    AZURE_PIPELINES = "azure-pipelines"
    GITHUB_ACTIONS = "github-actions"
    JENKINS = "jenkins"


class JobKey(msgspec.Struct, frozen=True, gc=False, order=True, cache_hash=True):
    """The identity of a job at its builder.

    `builder` is the name of the builder (a registry's host for ACR Tasks, else the name of its table in the settings); `job` is
    what the builder itself calls it: a task's resource id in small letters, `PROJECT/ID` of a pipeline,
    `OWNER/REPOSITORY/FILE` of a workflow, `folder/job` of Jenkins.
    """

    kind: BuilderKind
    builder: str
    job: str


class BuiltImage(msgspec.Struct, frozen=True, gc=False):
    """An image that a job pushes, or that a run pushed; `digest` is empty where the builder does not tell it."""

    name: RepositoryName
    tag: str = ""
    digest: str = ""


class BaseDependency(msgspec.Struct, frozen=True, gc=False):
    """A base that a job's last build stood on. `runtime`: of the final stage; such a one alone can trigger a rebuild."""

    name: RepositoryName
    tag: str = ""
    digest: str = ""
    runtime: bool = True


class BaseTrigger(StrEnum):
    """Whether a job starts by itself when its base changes. NONE: it has no such trigger; UNKNOWN: that could not be read."""

    ON = "on"
    OFF = "off"
    NONE = "none"
    UNKNOWN = "unknown"


class Job(msgspec.Struct, frozen=True, gc=False):
    """Something that can be run to build images.

    `name` and `url` are for the operator. `images` are those that it says it pushes, tags as written, `bases` those of its last
    build (None: not known). `disabled` says why it cannot be run, empty while it can. `trigger` is about bases, `source_trigger`
    and `schedule` about the rest (None: not known). `hindrances` are sentences about what keeps its runs from a good end
    (network rules, an agent pool without machines). `purges` are the commands in it that delete images; `purges_unclear`
    says that it deletes others too, or may. `reason` says why parts of this are unknown. `ref` and `configured` are the branch
    and the parameters that the settings have it run with. `is_unreadable`: what the list of jobs says of it is not understood.
    """

    key: JobKey
    name: str
    url: str = ""
    images: tuple[BuiltImage, ...] = ()
    bases: tuple[BaseDependency, ...] | None = None
    disabled: str = ""
    trigger: BaseTrigger = BaseTrigger.UNKNOWN
    source_trigger: bool | None = None
    schedule: bool | None = None
    platform: Platform | None = None
    agent_pool: str = ""
    parameters: tuple[str, ...] = ()
    hindrances: tuple[str, ...] = ()
    reason: str = ""
    purges: tuple[PurgeRule, ...] = ()
    purges_unclear: bool = False
    ref: str = ""
    configured: tuple[tuple[str, str], ...] = ()
    is_unreadable: bool = False


class RunState(StrEnum):
    """How a run is doing. WAITING: for an approval or a check; UNKNOWN: the builder cannot be asked, or says something new."""

    QUEUED = "queued"
    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self in (RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED)


class RunCause(StrEnum):
    """What started a run."""

    BASE_IMAGE = "base-image"
    SOURCE = "source"
    SCHEDULE = "schedule"
    MANUAL = "manual"
    UNKNOWN = "unknown"


class Run(msgspec.Struct, frozen=True, gc=False):
    """One run of a job; a quick run of ACR Tasks has no job.

    `detail` says what it waits for, or why it failed, in a sentence. `images` are those that the builder says it pushed (None:
    it does not tell; empty: it pushed nothing); `by_log`: it is the log of the run that says so, and nobody vouches for that.
    `builder` is as in `JobKey`. `is_unreadable`: it is in a list, and what the list says of it is not understood.
    """

    kind: BuilderKind
    builder: str
    id: str
    state: RunState
    job: JobKey | None = None
    detail: str = ""
    cause: RunCause = RunCause.UNKNOWN
    created: datetime | None = None
    started: datetime | None = None
    finished: datetime | None = None
    images: tuple[BuiltImage, ...] | None = None
    url: str = ""
    by_log: bool = False
    is_unreadable: bool = False
