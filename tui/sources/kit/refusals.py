"""Which error a status is: one table for every protocol, each of which has its own words for it.

A protocol says in a sentence what it means, to whom, and what to do next; where its own rules know better (a registry's 401 after
a sign-in is a missing right), the sentence names another error.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple, assert_never

from tui.errors import (
    AuthenticationFailed,
    Expired,
    Forbidden,
    NotFound,
    ServerFault,
    SourceError,
    Throttled,
    UntrustedPayload,
)

__all__ = ["Refusal", "Sentence", "refusal_of", "refused"]


class Refusal(StrEnum):
    """What a status that is no success means (RFC 9110 15; 410 is an API server's word for a position that is gone)."""

    SIGN_IN = "sign-in"
    RIGHT = "right"
    ABSENT = "absent"
    GONE = "gone"
    LIMIT = "limit"
    FAULT = "fault"
    REDIRECT = "redirect"
    OTHER = "other"


_STATUSES = {401: Refusal.SIGN_IN, 403: Refusal.RIGHT, 404: Refusal.ABSENT, 410: Refusal.GONE, 429: Refusal.LIMIT}


class Sentence(NamedTuple):
    """What the operator is told: what happened, what to do next, the right that is missing, and the error if it is another."""

    headline: str
    remedy: str = ""
    right: str = ""
    error: type[SourceError] | None = None


def refusal_of(status: int) -> Refusal:
    """What a status means."""
    if status in _STATUSES:
        return _STATUSES[status]
    if status >= 500:
        return Refusal.FAULT
    return Refusal.REDIRECT if 300 <= status < 400 else Refusal.OTHER


def refused(refusal: Refusal, sentence: Sentence, wait: float | None = None) -> SourceError:
    """The error of a refusal in these words; `wait` are the seconds that the server asked for."""
    headline, remedy, right, error = sentence
    if error is not None:
        return Forbidden(headline, remedy, right=right) if error is Forbidden else error(headline, remedy)
    match refusal:
        case Refusal.SIGN_IN:
            return AuthenticationFailed(headline, remedy)
        case Refusal.RIGHT:
            return Forbidden(headline, remedy, right=right)
        case Refusal.ABSENT:
            return NotFound(headline, remedy)
        case Refusal.GONE:
            return Expired(headline, remedy)
        case Refusal.LIMIT:
            return Throttled(headline, remedy, retry_after=wait)
        case Refusal.FAULT:
            return ServerFault(headline, remedy, retry_after=wait)
        case Refusal.REDIRECT:
            return UntrustedPayload(headline, remedy)
        case Refusal.OTHER:
            return SourceError(headline, remedy)
        case _:
            assert_never(refusal)
