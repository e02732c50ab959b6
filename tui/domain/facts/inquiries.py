"""What an operator asks at once, and is answered to whoever asked: it becomes no fact of the estate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tui.domain.facts.build import Run
from tui.domain.facts.image import RepositoryName

__all__ = ["Inquiries"]


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
