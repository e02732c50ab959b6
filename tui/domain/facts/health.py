"""How a source words its health: before it has answered, after a reading that brought something, and after one that failed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from tui.domain.facts.events import Denial, SourceHealth, SourceId, SourceState
from tui.errors import AuthenticationFailed, Forbidden, TrustreeError

__all__ = ["answered", "denial_of", "failed", "failed_by", "is_refusal", "loading", "off"]


def is_refusal(error: TrustreeError) -> bool:
    """Whether who asks is not known or not allowed to, so that asking again soon is of no use."""
    return isinstance(error, AuthenticationFailed | Forbidden)


def denial_of(subject: str, error: TrustreeError, remedy: str = "") -> Denial:
    """What cannot be read because of an error, with the right that is missing and what to do about it."""
    right = error.right if isinstance(error, Forbidden) else ""
    return Denial(what=subject, right=right, remedy=remedy or error.remedy, reason=error.headline)


def loading(id: SourceId, *, through: SourceId | None = None, every: float = 0.0, endpoint: str = "") -> SourceHealth:
    """The health of a source that has not answered yet: what all others are made from."""
    return SourceHealth(id, SourceState.LOADING, through=through, every=every, endpoint=endpoint)


def answered(
    before: SourceHealth,
    as_of: datetime | None,
    *,
    objects: int,
    denials: Sequence[Denial] = (),
    failures: Sequence[TrustreeError] = (),
) -> SourceHealth:
    """The health after a reading: partial when something was refused or failed in passing, and the first of that is told.

    Who it is, how often it asks, and by which other source it reads, is as it was `before`.
    """
    error = remedy = ""
    if failures:
        error, remedy = failures[0].headline, failures[0].remedy
    elif denials:
        error, remedy = denials[0].reason, denials[0].remedy
    complete = not (denials or failures)
    return msgspec.structs.replace(
        before,
        state=SourceState.OK if complete else SourceState.PARTIAL,
        as_of=as_of,
        objects=objects,
        error=error,
        remedy=remedy,
        auth_failed=False,
        live=complete,
        progress=(),
        denials=tuple(denials),
    )


def failed_by(before: SourceHealth, error: TrustreeError) -> SourceHealth:
    """The health after a reading that an error ended: when it answered last, and what it held then, stays known."""
    return failed(before, error.headline, error.remedy, auth_failed=is_refusal(error))


def failed(before: SourceHealth, error: str, remedy: str, *, auth_failed: bool = False) -> SourceHealth:
    """The health after a reading that failed for a reason in words."""
    return msgspec.structs.replace(
        before,
        state=SourceState.FAILED,
        error=error,
        remedy=remedy,
        auth_failed=auth_failed,
        live=False,
        progress=(),
    )


def off(before: SourceHealth, reason: str, remedy: str) -> SourceHealth:
    """The health of a source that is not read, and nothing is broken: why, and what would have it read."""
    return msgspec.structs.replace(before, state=SourceState.OFF, error=reason, remedy=remedy)
