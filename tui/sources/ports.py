"""What the estate knows of sources: ports of one to three methods, and no more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol, runtime_checkable

import msgspec

from tui.domain.demand import ArtifactDemand, Demand
from tui.domain.events import Event, SourceKind
from tui.domain.image import RepositoryName

__all__ = ["ArtifactSource", "ContentReader", "DemandSource", "Diagnosis", "Probe", "RegistryFactory", "Source"]


class Source(Protocol):
    """An outside system that facts come from.

    `events` may run for ever (a watch) or end; it yields `HealthChanged` whenever its health changes. It handles its own
    reconnects; a `SourceError` that it raises is final for this run: the pump restarts it with back-off. Closing the
    iterator releases every connection.
    """

    @property
    def name(self) -> str:
        """`cluster/prod-weu`, `registry/contoso.azurecr.io`."""
        ...

    @property
    def kind(self) -> SourceKind:
        """What it is."""
        ...

    def events(self) -> AsyncIterator[Event]:
        """Facts as they come."""
        ...


@runtime_checkable
class DemandSource(Source, Protocol):
    """A source that is asked for particular things."""

    def want(self, demands: tuple[Demand, ...]) -> None:
        """Ask for more; asking twice for the same costs nothing. Never blocks."""
        ...

    @property
    def idle(self) -> bool:
        """True when everything asked for was answered, and the first pass over the registry is done."""
        ...


@runtime_checkable
class ArtifactSource(Source, Protocol):
    """A source that reads what is attached to images: signatures, reports, provenance. It takes what it understands."""

    def examine(self, demands: tuple[ArtifactDemand, ...]) -> None:
        """Ask for more; asking twice for the same costs nothing. Never blocks."""
        ...

    @property
    def idle(self) -> bool:
        """True when everything asked for was answered."""
        ...


class ContentReader(Protocol):
    """Reads content of registries by digest: what one source needs of another, handed over by the wiring.

    Every body is checked against its digest. Raises SourceError: NotFound, Forbidden, Unreachable, UntrustedPayload...
    """

    async def manifest(self, name: RepositoryName, digest: str) -> bytes:
        """The body of a manifest."""
        ...

    async def blob(self, name: RepositoryName, digest: str, limit: int) -> bytes:
        """A blob of at most `limit` bytes; a larger one raises UntrustedPayload."""
        ...


class RegistryFactory(Protocol):
    """Makes the source of a registry when an image of it is first met."""

    def __call__(self, registry: str) -> DemandSource | None:
        """The source, or None when the configuration says not to ask this registry."""
        ...


class Diagnosis(msgspec.Struct, frozen=True):
    """One line of `doctor`: a thing tried, how it went (`ok`, `denied`, `failed`), the missing right and the next step."""

    what: str
    state: str
    detail: str = ""
    right: str = ""
    remedy: str = ""


class Probe(Protocol):
    """A source that can say what it can and cannot read."""

    async def diagnose(self) -> list[Diagnosis]:
        """Try each kind of read once."""
        ...
