"""What is attached to images of other repositories: where cosign keeps signatures apart from what they sign."""

from __future__ import annotations

from tui.domain.facts.image import Referrer, RepositoryName
from tui.sources.kit.credentials import Credentials
from tui.sources.ports import ContentStore
from tui.sources.registry.client import RegistryClient
from tui.sources.registry.content import MemoryStore, StoredContent
from tui.sources.registry.options import RegistryOptions
from tui.sources.registry.referrers import Referrers

__all__ = ["RegistryAttachments"]


class RegistryAttachments:
    """Reads one registry for what is attached, by a connection of its own; nothing else of the registry is read."""

    def __init__(self, options: RegistryOptions, credentials: Credentials, store: ContentStore | None = None) -> None:
        self._client = RegistryClient(options, credentials)
        self._content = StoredContent(self._client, store or MemoryStore())
        self._referrers = Referrers(self._client)

    async def attached(self, name: RepositoryName, subject: str) -> tuple[tuple[Referrer, ...], tuple[str, ...]]:
        """What is attached there to a digest, and why that may not be all."""
        referrers = await self._referrers.find(name.repository, subject, None)
        return tuple(referrers.referrers.values()), tuple(dict.fromkeys(referrers.errors))

    async def manifest(self, name: RepositoryName, digest: str) -> bytes:
        """The body of a manifest, checked against its digest. Raises SourceError."""
        return await self._content.manifest(name, digest)

    async def blob(self, name: RepositoryName, digest: str, limit: int) -> bytes:
        """A blob of at most `limit` bytes, checked against its digest. Raises SourceError."""
        return await self._content.blob(name, digest, limit)

    async def close(self) -> None:
        """End its connections."""
        await self._client.close()
