"""Single questions of an operator, answered by the sources that are at hand."""

from __future__ import annotations

from collections.abc import Callable

from tui.domain.facts.image import RepositoryName
from tui.errors import TrustreeError
from tui.sources.ports import ContentReader

__all__ = ["SourceInquiries"]

MAX_CONFIGURATION = 1 << 20
"""Bytes; a configuration beyond it is not for people."""


class SourceInquiries:
    """Asks the sources; `registries` gives the one of a host, None for a host that nobody asks."""

    def __init__(self, registries: Callable[[str], ContentReader | None]) -> None:
        self._registries = registries

    async def manifest(self, name: RepositoryName, digest: str) -> bytes:
        """The body of a manifest, checked against its digest. Raises TrustreeError."""
        return await self._registry(name).manifest(name, digest)

    async def configuration(self, name: RepositoryName, digest: str) -> bytes:
        """The configuration of an image, checked against its digest. Raises TrustreeError, also when it is too large."""
        return await self._registry(name).blob(name, digest, MAX_CONFIGURATION)

    def _registry(self, name: RepositoryName) -> ContentReader:
        reader = self._registries(name.registry)
        if reader is None:
            raise TrustreeError(f"{name.registry} is not asked.", "The page of the sources says why.")
        return reader
