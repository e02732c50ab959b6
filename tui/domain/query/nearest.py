"""What a query could have meant by a name that nothing has: the nearest that something has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from heapq import nlargest

import msgspec

from tui.domain.common.nearest import nearest
from tui.domain.common.pace import paced
from tui.domain.query.index import QueryIndex
from tui.domain.query.language import CHOICES, Key, Term
from tui.domain.query.match import is_glob
from tui.domain.query.vocabulary import Vocabulary

__all__ = ["Nearest", "nearest_names", "nearest_value"]

_NAMES = (Key.WORD, Key.REPO, Key.BASE, Key.NS, Key.CTX, Key.KIND, Key.TEAM, Key.PKG)
"""The keys whose values are names. An identifier or a digest that is like another one means another thing."""
_BESIDE = {Key.WORD: (Key.NS, Key.TEAM, Key.CTX)}
"""What a name without a key may be besides."""
_IN_PARTS = frozenset({Key.WORD, Key.REPO, Key.BASE})
"""The keys that a part of a name is enough for."""
_ALIKE = 0.7
_COMPARED = 200
_LEAST = 3
"""Letters below which everything is like everything."""


class Nearest(msgspec.Struct, frozen=True):
    """A term that nothing has, and the nearest one that something has."""

    term: Term
    near: Term


def nearest_names(terms: Iterable[Term], index: QueryIndex, now: datetime) -> tuple[Nearest, ...]:
    """For every name that nothing has: the nearest that something has, where any is like it."""
    found = []
    for term in dict.fromkeys(terms):
        chosen = index.find((term,), now) if term.key in _NAMES and not term.negated else None
        if chosen is not None and not chosen.images and not chosen.workloads:
            found += [Nearest(term, near) for near in _near(term, index.words)][:1]
    return tuple(found)


def _near(term: Term, words: Vocabulary) -> Iterator[Term]:
    for key in (term.key, *_BESIDE.get(term.key, ())):
        name = nearest_value(key, term.value, words)
        if name:
            yield Term(key, name)


def nearest_value(key: Key, value: str, words: Vocabulary) -> str:
    """The nearest of what may stand after a key; of a path also a part of it. Empty where none is like it."""
    if len(value) < _LEAST or is_glob(value):
        return ""
    if key in CHOICES:
        return nearest(value, CHOICES[key])
    if key not in _NAMES:
        return ""
    small, off = value.lower(), max(2, len(value) // 3)
    names: dict[str, str] = {}
    for name in paced(words.values(key)):
        for part in _parts(name) if key in _IN_PARTS else (name,):
            if abs(len(part) - len(small)) <= off:
                names.setdefault(part.lower(), part)
    return names.get(nearest(small, _likely(small, names), _ALIKE), "")


def _likely(word: str, names: Iterable[str]) -> list[str]:
    """Those of many names that have most pairs of letters in common with a word: comparing it with all takes seconds."""
    pairs = _pairs(word)
    common = ((len(pairs & _pairs(name)), name) for name in paced(names))
    return [name for _, name in nlargest(_COMPARED, common)]


def _pairs(word: str) -> set[str]:
    return {word[place : place + 2] for place in range(len(word) - 1)}


def _parts(name: str) -> Iterable[str]:
    """A name, and what stands between its slashes, with a tag and without."""
    if "/" not in name and ":" not in name:
        return (name,)
    pieces = name.split("/")
    return (name, *pieces, pieces[-1].partition(":")[0])
