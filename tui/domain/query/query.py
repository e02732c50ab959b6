"""One query language everywhere: filter bar, palette, command line.

`parse_query` gives a `Query`; `Query.images` finds the images and workloads of a snapshot for which every term holds.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from tui.domain.facts.workload import ObjectKey
from tui.domain.query.index import QueryIndex
from tui.domain.query.language import Term, format_term, parse_terms
from tui.domain.snapshot.snapshot import ImageKey, Snapshot

__all__ = ["EVERYTHING", "Query", "QueryIndex", "Selection", "parse_query"]


class Selection(msgspec.Struct, frozen=True):
    """What a query finds: images, and workloads.

    An image is found by itself or with a workload that runs it, a workload by itself or with its images. `undecided` counts
    the images of which it could not be told, `unplaced` the workloads without a known image; they are not in the sets. `idle` are
    those of the workloads whose pods that run no known image were found too.
    """

    images: frozenset[ImageKey]
    workloads: frozenset[ObjectKey]
    undecided: int = 0
    idle: frozenset[ObjectKey] = frozenset()
    unplaced: int = 0

    @property
    def told(self) -> bool:
        """Whether it could be told of everything."""
        return not self.undecided and not self.unplaced


class Query(msgspec.Struct, frozen=True):
    """A parsed query: terms that must all hold; without terms everything is found."""

    terms: tuple[Term, ...] = ()

    @property
    def text(self) -> str:
        """The query as text; parsing it gives the same query."""
        return " ".join(map(format_term, self.terms))

    def images(self, snapshot: Snapshot | QueryIndex, now: datetime) -> Selection:
        """What is found in a snapshot; pass its `QueryIndex` when asking more than once."""
        if not self.terms:
            estate = snapshot.snapshot if isinstance(snapshot, QueryIndex) else snapshot
            return Selection(frozenset(estate.images), frozenset(estate.workloads), idle=frozenset(estate.workloads))
        index = snapshot if isinstance(snapshot, QueryIndex) else QueryIndex(snapshot)
        result = index.find(self.terms, now)
        return Selection(result.images, result.workloads, result.undecided, result.idle, result.unplaced)


EVERYTHING = Query()


def parse_query(text: str) -> Query:
    """The query that a text means. Raises InvalidQuery with the position of the fault."""
    return Query(parse_terms(text))
