"""What the builders whose jobs stand in the settings have in common: a name, a service, and the jobs that are named."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import msgspec

from tui.domain.common.text import clean
from tui.domain.facts.build import BuilderKind, BuiltImage, Job, JobKey, Run, RunState
from tui.domain.facts.diagnosis import Diagnosis, Tried, diagnosis_of
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.rights import Right
from tui.errors import SourceError
from tui.sources.builders.doctor import right_line
from tui.sources.builders.options import BuilderOptions
from tui.sources.builders.pushes import PushedImages
from tui.sources.builders.service import Service

__all__ = ["NamedBuilder"]

KEPT = 200
"""Runs of which it is kept what their logs said."""
LONGEST = 1_000_000
"""Lines of a log that are searched."""


class NamedBuilder(ABC):
    """The part of a `Builder` that does not depend on its kind."""

    kind: BuilderKind

    def __init__(self, options: BuilderOptions, service: Service) -> None:
        self.name = options.name
        self._options, self._service = options, service
        self._pushes: dict[str, tuple[BuiltImage, ...]] = {}

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

    @abstractmethod
    async def rights(self, job: JobKey) -> tuple[Right, ...]:
        """The rights there, that to read it first. Raises SourceError."""
        ...

    @abstractmethod
    async def try_signing_in(self) -> list[Diagnosis]:
        """Who is signed in, and what else is tried once. Raises SourceError."""
        ...

    async def diagnose(self) -> AsyncGenerator[Diagnosis, None]:
        """Who is signed in, and each configured job with the rights there."""
        try:
            signed_in = await self.try_signing_in()
        except SourceError as error:
            yield diagnosis_of("signed in", error)
            return
        for diagnosis in signed_in:
            yield diagnosis
        for job in self.jobs:
            for diagnosis in await self._tried(job):
                yield diagnosis

    async def _tried(self, job: JobKey) -> list[Diagnosis]:
        name = f"read {clean(job.job, 100)}"
        try:
            described, (_, *rights) = await self.describe(job), await self.rights(job)
        except SourceError as error:
            return [diagnosis_of(name, error)]
        return [Diagnosis(name, Tried.OK, described.disabled or described.reason), *map(right_line, rights)]

    @abstractmethod
    def log(self, run: Run) -> AsyncGenerator[str, None]:
        """The lines of its log as they come. Raises SourceError."""
        ...

    async def with_pushes(self, run: Run) -> Run:
        """A run that has ended well with what its log says that it pushed; as it is where the log does not tell."""
        job = run.job
        if run.state is not RunState.SUCCEEDED or run.images is not None or job is None:
            return run
        key = f"{job.job} {run.id}"
        if key not in self._pushes:
            try:
                images = await self._pushed_by(run, job.job)
            except SourceError:
                return run  # that it ended well is known without; it is looked at again when somebody asks again
            while len(self._pushes) >= KEPT:
                del self._pushes[next(iter(self._pushes))]
            self._pushes[key] = images
        pushed = self._pushes[key]
        return msgspec.structs.replace(run, images=pushed, by_log=True) if pushed else run

    async def _pushed_by(self, run: Run, job: str) -> tuple[BuiltImage, ...]:
        patterns = [configured.images for configured in self._options.jobs if configured.job == job]
        pushed = PushedImages(lambda name: any(pattern.matches(name) for pattern in patterns))
        count = 0
        async with aclosing(self.log(run)) as lines:
            async for line in lines:
                pushed.read(line)
                count += 1
                if count >= LONGEST:
                    return ()
        return pushed.images
