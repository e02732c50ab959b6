"""A registry's content as the signature source reads it: manifests and blobs by digest, with signatures attached to an image."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from tests.sources.signatures.signer import DIGEST, IMAGE, NOW
from tui.domain.facts.demand import ArtifactDemand
from tui.domain.facts.events import Event, HealthChanged, SignaturesVerified, SourceHealth, SourceId, SourceKind, SourceState
from tui.domain.facts.image import Descriptor, Referrer, RepositoryName
from tui.errors import NotFound, SourceError
from tui.sources.signatures.options import SignatureOptions
from tui.sources.signatures.source import SignatureSource

NAME = RepositoryName("registry.example", "app")
NOTATION = "application/vnd.cncf.notary.signature"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def digest_of(content: bytes) -> str:
    """SHA-256."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Shelf:
    """Content by digest; what is in `broken` fails with that error, and `asked` remembers every request."""

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}
        self.broken: dict[str, SourceError] = {}
        self.asked: list[str] = []

    async def manifest(self, name: RepositoryName, digest: str) -> bytes:
        """The body of a manifest."""
        return self._read(digest)

    async def blob(self, name: RepositoryName, digest: str, limit: int) -> bytes:
        """A blob."""
        return self._read(digest)

    def _read(self, digest: str) -> bytes:
        self.asked.append(digest)
        if digest in self.broken:
            raise self.broken[digest]
        if digest not in self.content:
            raise NotFound(f"{digest[:19]} is not there")
        return self.content[digest]

    def put(self, content: bytes) -> str:
        """Keep content; its digest."""
        self.content[digest_of(content)] = content
        return digest_of(content)

    def attach(
        self,
        *layers: tuple[str, bytes, dict[str, str]],
        kind: str = NOTATION,
        config: str = "",
        told: str | None = None,
        found_by: str = "referrers",
    ) -> Referrer:
        """A manifest with layers (media type, content, annotations); `told` is the type that the registry tells, if another."""
        blobs = [
            {"mediaType": media_type, "digest": self.put(content), "size": len(content), "annotations": annotations}
            for media_type, content, annotations in layers
        ]
        body: dict[str, Any] = {
            "mediaType": MANIFEST,
            "layers": blobs,
            "config": {"mediaType": config, "digest": self.put(b"{}")},
        }
        if kind:
            body["artifactType"] = kind
        return self.referrer(self.put(json.dumps(body).encode()), kind if told is None else told, found_by)

    def referrer(self, digest: str, told: str, found_by: str = "referrers") -> Referrer:
        """What a registry lists."""
        return Referrer(Descriptor(MANIFEST, digest, len(self.content[digest]), artifact_type=told), found_by)


def asking(subject: str, *referrers: Referrer, size: int = 1234, error: str = "", name: RepositoryName = NAME) -> ArtifactDemand:
    """A demand for what is attached to an image."""
    return ArtifactDemand(name, Descriptor(IMAGE, subject, size), referrers, error=error)


class Listener:
    """Collects what a source says."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._heard = asyncio.Condition()

    async def hear(self, event: Event) -> None:
        """Take an event in."""
        async with self._heard:
            self.events.append(event)
            self._heard.notify_all()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds."""
        async with asyncio.timeout(20), self._heard:
            await self._heard.wait_for(holds)

    @property
    def verified(self) -> list[SignaturesVerified]:
        """Every verification told, in order."""
        return [event for event in self.events if isinstance(event, SignaturesVerified)]

    @property
    def health(self) -> SourceHealth:
        """The newest health; at first that of a source that has not spoken."""
        said = [event.health for event in self.events if isinstance(event, HealthChanged)]
        return said[-1] if said else SourceHealth(SourceId(SourceKind.SIGNATURES), SourceState.LOADING)


async def looked(shelf: Shelf, options: SignatureOptions, *referrers: Referrer, error: str = "") -> SignaturesVerified:
    """What is told of one image."""
    source = SignatureSource(options, lambda host: shelf, now=lambda: NOW)
    source.examine((asking(DIGEST, *referrers, error=error),))
    async with listening(source) as listener:
        await listener.until(lambda: bool(listener.verified))
        return listener.verified[0]


@asynccontextmanager
async def listening(source: SignatureSource) -> AsyncIterator[Listener]:
    """Run a source while the context lasts."""
    listener = Listener()

    async def hear() -> None:
        async for event in source.events():
            await listener.hear(event)

    task = asyncio.create_task(hear())
    try:
        yield listener
    finally:
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error
