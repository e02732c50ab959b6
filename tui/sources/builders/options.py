"""How a builder of the settings is reached, who signs in, and which images it is configured to build."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from tui.domain.facts.image import RepositoryName
from tui.domain.facts.patterns import Pattern

if TYPE_CHECKING:
    from tui.sources.kit.transport import Transport

__all__ = ["MARK", "BuilderOptions", "ConfiguredJob", "connected", "mark_parameter"]

MARK = "trustree_mark"
"""The parameter that a job may have so that a run is found again by the mark that it was started with; case does not count."""
NO_LIMIT = 86_400.0


class ConfiguredJob(msgspec.Struct, frozen=True):
    """Images of a pattern are built by this job, on the branch `ref` (empty: the usual one), with these parameters."""

    images: Pattern
    job: str
    ref: str = ""
    parameters: Mapping[str, str] = {}


class BuilderOptions(msgspec.Struct, frozen=True):
    """A builder: `name` is that of its table in the settings, `url` where it is. Times are in seconds."""

    name: str
    url: str
    jobs: tuple[ConfiguredJob, ...] = ()
    ca_file: str = ""
    timeout: float = 60.0
    first_wait: float = 1.0
    poll: float = 2.0

    def for_images(self, names: Sequence[RepositoryName]) -> list[str]:
        """The configured jobs that build into these repositories; all of them when none is named."""
        jobs = (job.job for job in self.jobs if not names or any(map(job.images.matches, names)))
        return list(dict.fromkeys(jobs))


def connected(options: BuilderOptions, host: str) -> Transport:
    """Connections to a builder, whose content may lie where it lies itself, or in the open."""
    from tui.sources.kit.transport import Transport, TransportOptions  # loads aiohttp: not before it is needed

    return Transport(TransportOptions(timeout=options.timeout, ca_file=options.ca_file, home=host))


def mark_parameter(parameters: Sequence[str]) -> str:
    """The parameter that takes the mark, empty when the job has none."""
    return next((name for name in parameters if name.lower() == MARK), "")
