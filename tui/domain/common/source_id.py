"""Who a source is: its kind and its name within the kind. Written as `cluster/prod-weu`, and never read back from that."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

__all__ = ["ESTATE_KINDS", "SourceId", "SourceKind", "alone", "sources_text"]


class SourceKind(StrEnum):
    """What a source is."""

    CLUSTER = "cluster"
    REGISTRY = "registry"
    SCANNER = "scanner"
    SIGNATURES = "signatures"
    ADMISSION = "admission"
    ARM = "arm"
    POLICY = "policy"
    BUILDER = "builder"


ESTATE_KINDS = (SourceKind.CLUSTER, SourceKind.REGISTRY)
"""Where what runs and what is stored is read from: what is signed in to, shown first, and missed most."""


class SourceId(NamedTuple):
    """A source: `name` is the cluster's, the registry's host, the scanner's; empty where there is but one of the kind."""

    kind: SourceKind
    name: str = ""

    def __str__(self) -> str:
        """As reports write it: `cluster/prod-weu`, `signatures`."""
        return f"{self.kind}/{self.name}" if self.name else _NAMELESS.get(self.kind, str(self.kind))

    @property
    def label(self) -> str:
        """What to call it where its kind is known: its name, or what the only one is."""
        return self.name or str(self)


# Registries that are not asked one by one are told as one source.
_NAMELESS = {SourceKind.REGISTRY: "other registries"}


@lru_cache(maxsize=4096)
def alone(kind: SourceKind, name: str = "") -> tuple[SourceId]:
    """One source by itself, the same object for all that name it: tens of thousands of answers name a few."""
    return (SourceId(kind, name),)


def sources_text(sources: Iterable[SourceId]) -> str:
    """Several sources as reports write them."""
    return ", ".join(map(str, sources))
