"""A query with one of its conditions changed, as a key or a click on a number changes it."""

from __future__ import annotations

from collections.abc import Iterable

from tui.domain.common.trust import CheckName, State
from tui.domain.query.language import Key, Term, Trait, format_term, parse_terms
from tui.errors import InvalidQuery

__all__ = ["asked_check", "asked_verdict", "with_check", "with_verdict"]

_RUNNING = Term(Key.IS, Trait.RUNNING)


def asked_verdict(query: str) -> State | None:
    """The verdict that a query asks for."""
    return next((State(term.value) for term in _terms(query) if term.key is Key.VERDICT and not term.negated), None)


def asked_check(query: str) -> tuple[CheckName, State] | None:
    """The check whose end a query asks for of what runs."""
    terms = _terms(query)
    if _RUNNING not in terms:
        return None
    ends = (term.value.partition("=") for term in terms if term.key is Key.CHECK and not term.negated)
    return next(((CheckName(name), State(state)) for name, _, state in ends), None)


def with_verdict(query: str, verdict: State | None) -> str:
    """The query for this verdict instead of any other, or for none."""
    others = [term for term in _terms(query) if term.key is not Key.VERDICT or term.negated]
    return _text([*others, Term(Key.VERDICT, verdict)] if verdict is not None else others)


def with_check(query: str, end: tuple[CheckName, State] | None) -> str:
    """The query for what runs and whose check ends so, instead of any other, or for all that the rest of it finds."""
    terms = _terms(query)
    others = [term for term in terms if term.key is not Key.CHECK or term.negated]
    if asked_check(query) is not None:
        others.remove(_RUNNING)
    if end is None:
        return _text(others)
    running = [] if _RUNNING in others else [_RUNNING]
    return _text([*others, *running, Term(Key.CHECK, f"{end[0]}={end[1]}")])


def _terms(query: str) -> tuple[Term, ...]:
    try:
        return parse_terms(query)
    except InvalidQuery:
        return ()


def _text(terms: Iterable[Term]) -> str:
    return " ".join(map(format_term, terms))
