"""What builders say of their jobs and runs. A job's list has generations, as every list has; a run is told as it is then."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from tui.domain.common.source_id import SourceId, SourceKind
from tui.domain.facts.build import BuilderKind, Job, JobKey, Run

if TYPE_CHECKING:
    from tui.domain.facts.patterns import Pattern

__all__ = ["BuildersConfigured", "ConfiguredJob", "JobsCompleted", "JobsSeen", "RunsSeen", "builder_source"]


def builder_source(kind: BuilderKind, builder: str) -> SourceId:
    """The source that tells of a builder: `builder/acr-tasks/contoso.azurecr.io`."""
    return SourceId(SourceKind.BUILDER, f"{kind}/{builder}")


class JobsSeen(msgspec.Struct, frozen=True):
    """Jobs of one page, or one that was read anew; a job replaces the one with its key."""

    source: SourceId
    generation: int
    jobs: tuple[Job, ...]


class JobsCompleted(msgspec.Struct, frozen=True, gc=False):
    """A list cycle of a builder saw every job: those of an older generation that it did not see are gone. Their runs stay."""

    source: SourceId
    generation: int


class RunsSeen(msgspec.Struct, frozen=True):
    """Runs as they were `at` that moment, whichever they are; a run that has ended does not begin again."""

    source: SourceId
    runs: tuple[Run, ...]
    at: datetime


class ConfiguredJob(msgspec.Struct, frozen=True):
    """The settings say that this job builds the images of these repositories."""

    images: Pattern
    job: JobKey


class BuildersConfigured(msgspec.Struct, frozen=True):
    """The jobs that the settings name for images; they replace those of an earlier word."""

    jobs: tuple[ConfiguredJob, ...]
