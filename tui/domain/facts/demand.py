"""What the estate asks of a registry, most urgent first."""

from __future__ import annotations

from enum import IntEnum

import msgspec

from tui.domain.facts.image import Descriptor, Referrer, RepositoryName

__all__ = ["ArtifactDemand", "Demand", "Priority"]


class Priority(IntEnum):
    """Lower is served first: what the operator opened, what runs, the bases of what runs, the rest."""

    OPENED = 0
    RUNNING = 1
    BASE = 2
    REST = 3


class Demand(msgspec.Struct, frozen=True, gc=False):
    """A wish to know a manifest by tag or digest (`reference`), with its platforms' configs.

    With `referrers`, also what is attached to it; with `history`, also the repository's tags and manifests (to say whether
    a digest was ever there and which tag it had).
    """

    name: RepositoryName
    reference: str
    priority: Priority = Priority.RUNNING
    referrers: bool = False
    history: bool = False


class ArtifactDemand(msgspec.Struct, frozen=True):
    """A wish to read what is attached to a manifest: signatures, reports, statements.

    `subject` is the manifest that they must be about. `error` says why the list of `referrers` may not be whole, `searched` and
    `notes` how they were looked for. Two demands that ask for the same are answered once; a longer list of referrers is new.
    """

    name: RepositoryName
    subject: Descriptor
    referrers: tuple[Referrer, ...]
    priority: Priority = Priority.RUNNING
    error: str = ""
    searched: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def asks_as(self, other: ArtifactDemand) -> bool:
        """Whether another demand on the same manifest asks for the same, however urgently."""
        return (self.referrers, self.error, self.notes) == (other.referrers, other.error, other.notes)
