"""What was read once is kept by digest: it can never change."""

from __future__ import annotations

from collections import OrderedDict

from tui.domain.facts.image import RepositoryName
from tui.sources.ports import ContentStore
from tui.sources.registry.client import RegistryClient
from tui.sources.registry.parse import ManifestBody, check_media_type, compute_digest, declares_type

__all__ = ["MemoryStore", "StoredContent", "keep_manifest", "stored"]

MAX_BYTES = 16 << 20
KEPT = 300


async def stored(store: ContentStore, digest: str) -> bytes | None:
    """The content of a store, if it has the digest that it is kept by: what was changed in the meantime never counts."""
    content = await store.get(digest)
    return content if content is not None and compute_digest(content, digest) == digest else None


def keep_manifest(store: ContentStore, body: ManifestBody) -> None:
    """Keep a manifest that says itself what it is: how the registry calls it is not kept with it.

    Raises UntrustedPayload where that is something else.
    """
    check_media_type(body.content, body.content_type, f"manifest {body.digest[:19]}")
    if declares_type(body.content, "manifest"):
        store.put(body.digest, body.content)


class StoredContent:
    """Content that something which the registry said in this session names, so that what is kept of it need not be asked for."""

    def __init__(self, client: RegistryClient, store: ContentStore) -> None:
        self._client, self._store = client, store

    async def manifest(self, name: RepositoryName, digest: str) -> bytes:
        """The body of a manifest, checked against its digest. Raises SourceError."""
        content = await stored(self._store, digest)
        if content is None:
            body = await self._client.manifest(name.repository, digest)
            content = body.content
            keep_manifest(self._store, body)
        return content

    async def blob(self, name: RepositoryName, digest: str, limit: int) -> bytes:
        """A blob of at most `limit` bytes, checked against its digest. Raises SourceError."""
        content = await stored(self._store, digest)
        if content is None or len(content) > limit:
            content = await self._client.blob(name.repository, digest, limit)
            self._store.put(digest, content)
        return content


class MemoryStore:
    """The last content of this process, up to `limit` bytes with what it takes to keep each."""

    def __init__(self, limit: int = MAX_BYTES) -> None:
        self._limit, self._size = limit, 0
        self._contents: OrderedDict[str, bytes] = OrderedDict()

    async def get(self, digest: str) -> bytes | None:
        """The bytes, None when they are not there."""
        content = self._contents.get(digest)
        if content is not None:
            self._contents.move_to_end(digest)
        return content

    def put(self, digest: str, content: bytes) -> None:
        """Keep them; what was not asked for longest goes."""
        if digest in self._contents or len(content) > self._limit:
            return
        self._contents[digest] = content
        self._size += len(content) + KEPT
        while self._size > self._limit:
            _, dropped = self._contents.popitem(last=False)
            self._size -= len(dropped) + KEPT
