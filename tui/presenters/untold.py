"""Of how much a query could not be told, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from tui.domain.common.text import listed
from tui.presenters.words import plural

__all__ = ["not_told", "untold"]


class Undecided(Protocol):
    """What counts the images, and the workloads without a known image, that could not be told."""

    @property
    def undecided(self) -> int:
        """Images."""
        ...

    @property
    def unplaced(self) -> int:
        """Workloads without a known image."""
        ...


def untold(counts: Undecided) -> Iterator[str]:
    """How many images, and how many workloads without one, could not be told; nothing where all could."""
    if counts.undecided:
        yield plural(counts.undecided, "image")
    if counts.unplaced:
        yield f"{plural(counts.unplaced, 'workload')} without a known image"


def not_told(counts: Undecided) -> tuple[str, ...]:
    """That some may be meant by a query as well, as a sentence; nothing where it could be told of all."""
    names = list(untold(counts))
    return (f"Whether the query means {listed(names)} as well is not known: what was read does not tell.",) if names else ()
