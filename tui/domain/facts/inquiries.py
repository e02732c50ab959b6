"""What an operator asks at once, and is answered to whoever asked: it becomes no fact of the estate."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

import msgspec

from tui.domain.facts.build import Run
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.workload import ObjectKey

__all__ = ["ClusterInquiries", "Inquiries", "PodLog"]


class PodLog(msgspec.Struct, frozen=True):
    """The log of a container of a pod; `previous` is that of its run before the last restart."""

    cluster: str
    namespace: str
    pod: str
    container: str
    previous: bool = False


class ClusterInquiries(Protocol):
    """Answers single questions from one cluster. Every method raises TrustreeError."""

    async def object(self, key: ObjectKey) -> bytes:
        """An object as its API server has it, in JSON."""
        ...

    def log(self, log: PodLog) -> AsyncGenerator[str, None]:
        """The last lines of a log and, while the container runs, those that come; cleaned of control characters."""
        ...


class Inquiries(Protocol):
    """Answers single questions from outside; a call that is cancelled asks no further.

    Every method raises TrustreeError with what is wrong and what to do.
    """

    async def manifest(self, name: RepositoryName, digest: str) -> bytes:
        """The body of a manifest, checked against its digest."""
        ...

    async def configuration(self, name: RepositoryName, digest: str) -> bytes:
        """The configuration of an image, checked against its digest; one that is too large to show is refused."""
        ...

    async def run_log(self, run: Run, most: int) -> Sequence[str]:
        """The last lines of the log of a run that has ended, at most so many, cleaned of control characters."""
        ...

    def cluster(self, name: str) -> ClusterInquiries:
        """Who answers for a cluster. Raises TrustreeError for one that nobody reads."""
        ...
