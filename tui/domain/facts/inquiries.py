"""What an operator asks at once, and is answered to whoever asked: it becomes no fact of the estate."""

from __future__ import annotations

from typing import Protocol

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
