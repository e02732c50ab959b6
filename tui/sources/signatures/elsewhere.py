"""cosign's signatures that lie in another repository than their images (`COSIGN_REPOSITORY`): looked for there alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from tui.domain.facts.demand import ArtifactDemand
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.signature import SignatureSystem
from tui.errors import SourceError
from tui.sources.kit.backlog import Key
from tui.sources.ports import AttachmentReader
from tui.sources.signatures.artifacts import Gathered, gather

__all__ = ["Elsewhere", "Openers"]

Openers = Callable[[str], AttachmentReader | None]
"""Opens the reader of a registry by its host; None when it is not asked."""
AGAIN = timedelta(minutes=10)
"""How often they are looked for anew: no registry tells of a change there."""


class Elsewhere:
    """The readers of such repositories, opened once each, and when each image is due again."""

    def __init__(self, opener: Openers) -> None:
        self._opener = opener
        self._readers: dict[str, AttachmentReader | None] = {}
        self._due: dict[Key, datetime] = {}

    async def gathered(self, demand: ArtifactDemand, name: RepositoryName, beside: Gathered, now: datetime) -> Gathered:
        """What lies beside the image but for cosign's, and cosign's from the other repository."""
        self._due[demand.name, demand.subject.digest] = now + AGAIN
        reading = await self._read(demand, name)
        others = tuple(artifact for artifact in beside.artifacts if artifact.system is not SignatureSystem.COSIGN)
        own = tuple(artifact for artifact in reading.artifacts if artifact.system is SignatureSystem.COSIGN)
        return Gathered(
            others + own,
            (*beside.errors, *reading.errors),
            beside.requests + reading.requests,
            (*beside.attestations, *reading.attestations),
            beside.unread or reading.unread,
        )

    def due(self, now: datetime) -> list[Key]:
        """Whose signatures are to be looked for again; each is named once."""
        keys = [key for key, moment in self._due.items() if moment <= now]
        for key in keys:
            del self._due[key]
        return keys

    async def close(self) -> None:
        """End every connection."""
        for reader in self._readers.values():
            if reader is not None:
                await reader.close()

    async def _read(self, demand: ArtifactDemand, name: RepositoryName) -> Gathered:
        reader = self._opened(name.registry)
        if reader is None:
            return Gathered(errors=(f"{name.registry}, where cosign keeps its signatures, is not asked.",))
        try:
            referrers, errors = await reader.attached(name, demand.subject.digest)
        except SourceError as error:
            return Gathered(errors=(f"Signatures in {name}: {error.headline}",))
        gathered = await gather(msgspec.structs.replace(demand, name=name, referrers=referrers), reader)
        faults = tuple(f"Signatures in {name}: {error}" for error in (*errors, *gathered.errors))
        return msgspec.structs.replace(gathered, errors=faults, requests=gathered.requests + 1)

    def _opened(self, host: str) -> AttachmentReader | None:
        if host not in self._readers:
            self._readers[host] = self._opener(host)
        return self._readers[host]
