"""Single questions of an operator, answered by the sources that are at hand."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Protocol

from tui.domain.facts.build import BuilderKind, Run
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.inquiries import ClusterInquiries
from tui.errors import TrustreeError, Unreachable
from tui.sources.ports import ContentReader

__all__ = ["LogReader", "SourceInquiries"]

MAX_CONFIGURATION = 1 << 20
"""Bytes; a configuration beyond it is not for people."""
MOST_LINES = 50_000
"""Lines of a log that are read to find its last ones."""
PATIENCE = 30.0
"""Seconds that a log is given."""


class LogReader(Protocol):
    """A builder whose logs are read; it is made for one question and closed after it."""

    def log(self, run: Run) -> AsyncGenerator[str, None]:
        """The lines of a run's log, cleaned of control characters."""
        ...

    async def aclose(self) -> None:
        """Release its connections."""
        ...


def _no_builder(kind: BuilderKind, name: str) -> LogReader | None:
    return None


def _no_cluster(name: str) -> ClusterInquiries | None:
    return None


class SourceInquiries:
    """Asks the sources.

    `registries` gives the one of a host, None for a host that nobody asks; `builders` makes a builder that reads logs;
    `clusters` makes what reads objects and logs of a cluster, None for one that nobody reads.
    """

    def __init__(
        self,
        registries: Callable[[str], ContentReader | None],
        builders: Callable[[BuilderKind, str], LogReader | None] = _no_builder,
        clusters: Callable[[str], ClusterInquiries | None] = _no_cluster,
    ) -> None:
        self._registries = registries
        self._builders = builders
        self._clusters = clusters

    async def manifest(self, name: RepositoryName, digest: str) -> bytes:
        """The body of a manifest, checked against its digest. Raises TrustreeError."""
        return await self._registry(name).manifest(name, digest)

    async def configuration(self, name: RepositoryName, digest: str) -> bytes:
        """The configuration of an image, checked against its digest. Raises TrustreeError, also when it is too large."""
        return await self._registry(name).blob(name, digest, MAX_CONFIGURATION)

    async def run_log(self, run: Run, most: int) -> Sequence[str]:
        """The last lines of a run's log. Raises TrustreeError."""
        builder = self._builders(run.kind, run.builder)
        if builder is None:
            raise TrustreeError(f"{run.builder} is not asked for logs.", "The page of the sources says why.")
        last: deque[str] = deque(maxlen=most)
        try:
            async with asyncio.timeout(PATIENCE), aclosing(builder.log(run)) as lines:
                number = 0
                async for line in lines:
                    last.append(line)
                    number += 1
                    if number >= MOST_LINES:
                        last.append(f"Only the first {MOST_LINES:,} lines are read here; the log goes on.")
                        break
        except TimeoutError as error:
            raise Unreachable(f"{run.builder} did not give the whole log in {PATIENCE:.0f} s.", "Read it there.") from error
        finally:
            await builder.aclose()
        return tuple(last)

    def cluster(self, name: str) -> ClusterInquiries:
        """Who answers for a cluster. Raises TrustreeError for one that nobody reads."""
        reader = self._clusters(name)
        if reader is None:
            raise TrustreeError(f"{name} is not read.", "The page of the sources says why.")
        return reader

    def _registry(self, name: RepositoryName) -> ContentReader:
        reader = self._registries(name.registry)
        if reader is None:
            raise TrustreeError(f"{name.registry} is not asked.", "The page of the sources says why.")
        return reader
