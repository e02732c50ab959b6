"""What could come next while a query is typed, and how much each of it would find."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, islice
from typing import NamedTuple

from tui.domain.common.pace import paced
from tui.domain.common.trust import CheckName, State
from tui.domain.query.index import QueryIndex, Tally
from tui.domain.query.language import OPERATORS, Key, Op, Term, in_quotes, nearest_key, parse_terms, quote
from tui.domain.query.nearest import nearest_value
from tui.domain.query.saved import expand
from tui.domain.query.vocabulary import AGES, Vocabulary
from tui.errors import InvalidQuery

__all__ = ["Completion", "completions", "tally_of", "term_at"]

MOST = 50
_TOKEN = re.compile(r'(?:[^\s"]|"(?:[^"\\]|\\.)*(?:"|\\?\Z))+', re.DOTALL)
_KEYED = re.compile(r"([A-Za-z]+)(:|>=|<=|=|>|<)(.*)", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class Completion(NamedTuple):
    """What the query could become: `text` is the whole of it, `cursor` where typing goes on, `term` what is new.

    Where it is `unfinished` a value is still to come, and it finds nothing yet.
    """

    text: str
    cursor: int
    term: str
    unfinished: bool = False


class _Begun(NamedTuple):
    """The term left of the cursor: what stands before its value, the value so far, and whether a quote was opened for it."""

    start: str
    key: Key
    op: str
    value: str
    quoted: bool


def completions(text: str, cursor: int, words: Vocabulary, saved: Iterable[str] = ()) -> list[Completion]:
    """How the term left of the cursor could be completed, the best first; `saved` are the names of queries that were saved."""
    left, right = text[:cursor], text[cursor:]
    if right and not right[0].isspace():
        return []
    token = left[term_at(text, cursor) :]
    start, minus = left[: len(left) - len(token)], "-" if token.startswith("-") else ""
    if token.startswith("@"):
        offers: Iterator[_Offer] = (_Offer(f"@{name}") for name in _fitting(token[1:], sorted(saved)))
    else:
        begun = _begun(token.removeprefix("-"))
        offers = _offers(begun, words) if begun is not None else iter(())
    return [
        Completion(
            f"{start}{minus}{offer.term}{right}", len(start + minus + offer.term), f"{minus}{offer.term}", offer.unfinished
        )
        for offer in islice(offers, MOST)
        if minus + offer.term != token
    ]


def term_at(text: str, cursor: int) -> int:
    """Where the term begins that ends at the cursor; the cursor itself where none does."""
    starts = (match.start() for match in _TOKEN.finditer(text[:cursor]) if match.end() == cursor)
    return next(starts, cursor)


def tally_of(completion: Completion, index: QueryIndex, now: datetime, saved: Mapping[str, str] | None = None) -> Tally | None:
    """How much the whole query would find; None where it is no query yet, for it or for something else in it."""
    if completion.unfinished:
        return None
    try:
        return index.tally(parse_terms(expand(completion.text, saved or {}).text), now)
    except InvalidQuery:
        return None


class _Offer(NamedTuple):
    term: str
    unfinished: bool = False


def _begun(token: str) -> _Begun | None:
    """What a term is so far; None where it is complete."""
    keyed = _KEYED.fullmatch(token)
    key = next((key for key in Key if keyed and key == keyed[1].lower() and key is not Key.WORD), None)
    if keyed is None or key is None:
        return _value_begun("", Key.WORD, "", token)
    return _value_begun(f"{key}{keyed[2]}", key, keyed[2], keyed[3])


def _value_begun(start: str, key: Key, op: str, value: str) -> _Begun | None:
    if not value.startswith('"'):
        return None if '"' in value else _Begun(start, key, op, value, quoted=False)
    inner = value[1:]
    if re.fullmatch(r'(?:[^"\\]|\\.)*\\?', inner, re.DOTALL) is None:
        return None  # the quote is closed
    return _Begun(start, key, op, _ESCAPE.sub(r"\1", inner.removesuffix("\\") if inner.endswith("\\") else inner), quoted=True)


def _offers(begun: _Begun, words: Vocabulary) -> Iterator[_Offer]:
    if begun.key is Key.WORD:
        offers = chain(() if begun.quoted else _keys(begun.value), _names(begun, words) if begun.value else ())
        return _or_nearest(chain(offers, () if begun.quoted else _under_nearest_key(begun.value, words)), begun, words)
    if begun.op not in OPERATORS.get(begun.key, (Op.IS,)):
        return iter(())
    if begun.key is Key.AGE:
        return (_Offer(f"{begun.start}{age}") for age in AGES if age.startswith(begun.value.lower()))
    if begun.key is Key.CHECK:
        return _or_nearest(_checks(begun), begun, words)
    fitting = (_Offer(begun.start + _written(value, begun)) for value in _fitting(begun.value, words.values(begun.key)))
    return _or_nearest(fitting, begun, words)


def _or_nearest(offers: Iterator[_Offer], begun: _Begun, words: Vocabulary) -> Iterator[_Offer]:
    """What fits; where nothing does, what is nearest to a value that may be typed wrong."""
    first = next(offers, None)
    if first is not None:
        return chain((first,), offers)
    near = nearest_value(begun.key, begun.value, words)
    return iter((_Offer(begun.start + _written(near, begun)),)) if near else iter(())


def _under_nearest_key(token: str, words: Vocabulary) -> Iterator[_Offer]:
    """What may stand after the key that is meant, where a key is typed wrong."""
    keyed = _KEYED.fullmatch(token)
    near = nearest_key(keyed[1]) if keyed is not None else ""
    meant = _begun(f"{near}{keyed[2]}{keyed[3]}") if keyed is not None and near else None
    if meant is not None and meant.key is not Key.WORD:
        yield from _offers(meant, words)


def _keys(part: str) -> Iterator[_Offer]:
    """The keys that a word may become; each with the operator that it is mostly used with."""
    small = part.lower()
    for key in Key:
        if key is not Key.WORD and key.startswith(small) and ":" not in part:
            operator = Op.OVER if key is Key.AGE else Op.AT_LEAST if key is Key.SEV else Op.IS
            yield _Offer(f"{key}{operator}", unfinished=True)


def _names(begun: _Begun, words: Vocabulary) -> Iterator[_Offer]:
    """Names that are words as they stand: what means something else as a query is left out, unless it is in quotes."""
    for name in _fitting(begun.value, words.values(Key.WORD)):
        written = _written(name, begun)
        if begun.quoted or _is_word(written, name):
            yield _Offer(written)


def _is_word(text: str, name: str) -> bool:
    try:
        return parse_terms(text) == (Term(Key.WORD, name),)
    except InvalidQuery:
        return False


def _checks(begun: _Begun) -> Iterator[_Offer]:
    """First the check, then its state; a state that is typed at once brings every check that can end so."""
    name, equals, state = begun.value.lower().partition("=")
    if equals:
        states = (f"{name}={choice}" for choice in State if name in tuple(CheckName) and choice.startswith(state))
        yield from (_Offer(begun.start + choice) for choice in states)
        return
    yield from (_Offer(f"{begun.start}{choice}=", unfinished=True) for choice in _fitting(name, tuple(CheckName)))
    if name:
        pairs = [f"{check}={choice}" for check in CheckName for choice in State]
        yield from (_Offer(begun.start + pair) for pair in pairs if name in pair)


def _written(value: str, begun: _Begun) -> str:
    return in_quotes(value) if begun.quoted else quote(value)


def _fitting(part: str, names: Sequence[str]) -> Iterator[str]:
    """Names that begin with the part, then those that contain it."""
    small = part.lower()
    yield from (name for name in paced(names) if name.lower().startswith(small))
    if small:
        yield from (name for name in paced(names) if small in name.lower() and not name.lower().startswith(small))
