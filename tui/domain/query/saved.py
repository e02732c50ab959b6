"""Queries that were saved by name: `@name` stands for the terms of one, wherever a term may stand."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from typing import NamedTuple, NoReturn

import msgspec

from tui.domain.common.nearest import did_you_mean
from tui.domain.common.text import clean
from tui.domain.query.language import format_term, parse_terms
from tui.errors import InvalidQuery

__all__ = ["NAME", "Expanded", "expand", "is_name", "parse_expanded"]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
"""What a saved query may be called."""
_USED = re.compile(r'"(?:[^"\\]|\\.)*"?|(?<!\S)(-?)@([^\s":]*)(?=\s|\Z)', re.DOTALL)
"""What is quoted, which names nothing; or a name where a term may stand. A colon belongs to a digest (`@sha256:ab`)."""


class Expanded(NamedTuple):
    """A query without names of others; `places` says where a part of it, by its first character, stood in what was typed."""

    text: str
    places: tuple[tuple[int, int], ...] = ((0, 0),)

    def origin(self, position: int) -> int:
        """Where in the typed text stood what is at a position now; within a saved query, its name."""
        start, origin = self.places[bisect_right(self.places, (position, 1 << 60)) - 1]
        return origin + position - start if origin >= 0 else -origin - 1


def is_name(name: str) -> bool:
    """Whether a query may be called so."""
    return NAME.fullmatch(name) is not None


def expand(text: str, saved: Mapping[str, str]) -> Expanded:
    """The query with the terms of saved ones in the place of their names. Raises InvalidQuery for a name that nothing has."""
    if "@" not in text:
        return Expanded(text)
    parts: list[str] = []
    places: list[tuple[int, int]] = [(0, 0)]
    length, position = 0, 0
    for match in _USED.finditer(text):
        if match[2] is None:
            continue
        plain, terms = text[position : match.start()], _terms(match[2], bool(match[1]), match.start(), saved)
        parts += (plain, terms)
        places.append((length + len(plain), -match.start() - 1))
        length, position = length + len(plain) + len(terms), match.end()
        places.append((length, position))
    return Expanded("".join((*parts, text[position:])), tuple(places))


def parse_expanded(text: str, saved: Mapping[str, str]) -> str:
    """The query without names of saved ones. Raises InvalidQuery with the position in the text as it was typed."""
    expanded = expand(text, saved)
    try:
        parse_terms(expanded.text)
    except InvalidQuery as error:
        raise InvalidQuery(error.headline, expanded.origin(error.position), error.remedy) from error
    return expanded.text


def _terms(name: str, negated: bool, position: int, saved: Mapping[str, str]) -> str:
    if name not in saved:
        _refuse(name, position, saved)
    try:
        terms = parse_terms(saved[name])
    except InvalidQuery as error:
        raise InvalidQuery(f"The saved query “{name}” is wrong: {error.headline}", position, error.remedy) from error
    if not negated:
        return " ".join(map(format_term, terms))
    if len(terms) != 1:
        raise InvalidQuery(
            f"The saved query “{name}” has {len(terms)} terms and cannot be negated.",
            position,
            "Negate the terms that are meant.",
        )
    return format_term(msgspec.structs.replace(terms[0], negated=not terms[0].negated))


def _refuse(name: str, position: int, saved: Mapping[str, str]) -> NoReturn:
    hint = did_you_mean(name, saved, "@")
    names = f"Saved queries are {', '.join(sorted(saved))}." if saved else "Save one with `:save NAME`, or in [queries]."
    raise InvalidQuery(f"There is no saved query “{clean(name, 40)}”.", position, hint + names)
