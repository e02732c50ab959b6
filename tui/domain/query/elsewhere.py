"""What else a query that finds nothing could have meant: the same text, looked for as something else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from tui.domain.query.index import QueryIndex
from tui.domain.query.language import Key, Term

__all__ = ["Elsewhere", "elsewhere"]

_TEXTS = (Key.WORD, Key.CVE, Key.PKG, Key.REPO, Key.BASE, Key.DIGEST, Key.NS, Key.CTX, Key.TEAM)
"""The keys whose values are texts of the operator's own choice."""


class Elsewhere(msgspec.Struct, frozen=True):
    """How many images and workloads have as `key` the text that nothing has as it was asked for in `term`."""

    term: Term
    key: Key
    images: int
    workloads: int


def elsewhere(terms: Iterable[Term], index: QueryIndex, now: datetime) -> tuple[Elsewhere, ...]:
    """For every text that nothing has as it was asked for: as what else something has it, most images first."""
    readings = []
    for term in dict.fromkeys(terms):
        if term.key in _TEXTS and not term.negated and not _finds(term, index, now):
            counted = ((key, _finds(Term(key, term.value), index, now)) for key in _TEXTS if key is not term.key)
            readings += [Elsewhere(term, key, *numbers) for key, numbers in counted if numbers is not None]
    return tuple(sorted(readings, key=lambda reading: (-reading.images, -reading.workloads)))


def _finds(term: Term, index: QueryIndex, now: datetime) -> tuple[int, int] | None:
    chosen = index.find((term,), now)
    return (len(chosen.images), len(chosen.workloads)) if chosen.images or chosen.workloads else None
