"""What the builders whose jobs stand in the settings have in common: a name, a service, and the jobs that are named."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from tui.domain.facts.build import BuilderKind, Job, JobKey
from tui.domain.facts.image import RepositoryName
from tui.sources.builders.options import BuilderOptions
from tui.sources.builders.service import Service

__all__ = ["NamedBuilder"]


class NamedBuilder(ABC):
    """The part of a `Builder` that does not depend on its kind."""

    kind: BuilderKind

    def __init__(self, options: BuilderOptions, service: Service) -> None:
        self.name = options.name
        self._options, self._service = options, service

    @property
    def jobs(self) -> tuple[JobKey, ...]:
        """The jobs that the settings name."""
        return tuple(JobKey(self.kind, self.name, job) for job in self._options.for_images(()))

    @property
    def requests(self) -> int:
        """Requests sent so far."""
        return self._service.requests

    @property
    def endpoint(self) -> str:
        """Where it is."""
        return self._service.base

    @property
    @abstractmethod
    def identity(self) -> str:
        """Who is signed in, as far as that is known."""
        ...

    async def aclose(self) -> None:
        """Release every connection."""
        await self._service.aclose()

    async def find(self, names: Sequence[RepositoryName]) -> Sequence[Job]:
        """The jobs that the settings name for these images."""
        return [await self.describe(JobKey(self.kind, self.name, job)) for job in self._options.for_images(names)]

    @abstractmethod
    async def describe(self, job: JobKey) -> Job:
        """The job, as its service tells of it. Raises SourceError."""
        ...
