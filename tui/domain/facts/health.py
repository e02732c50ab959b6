"""How a source is doing, and how it words that: before it has answered, after a reading that brought something or failed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from tui.domain.common.source_id import SourceId, SourceKind
from tui.errors import AuthenticationFailed, Forbidden, TrustreeError

__all__ = [
    "Denial",
    "Owner",
    "Ownership",
    "Progress",
    "SourceHealth",
    "SourceState",
    "answered",
    "denial_of",
    "failed",
    "failed_by",
    "is_refusal",
    "loading",
    "off",
]


class SourceState(StrEnum):
    """How a source is doing. PARTIAL: some of it is refused or failed; OFF: not asked for by the configuration."""

    LOADING = "loading"
    OK = "ok"
    PARTIAL = "partial"
    FAILED = "failed"
    OFF = "off"

    @property
    def has_answered(self) -> bool:
        """Whether it gave what it has, or some of it."""
        return self in (SourceState.OK, SourceState.PARTIAL)

    @property
    def lacks_something(self) -> bool:
        """Whether it did not give all that it has, and will not without something being done."""
        return self in (SourceState.FAILED, SourceState.PARTIAL)


class Denial(msgspec.Struct, frozen=True):
    """Something a source may not read: what, the missing right, and whom to ask for what."""

    what: str
    right: str = ""
    remedy: str = ""
    reason: str = ""


class Progress(msgspec.Struct, frozen=True, gc=False):
    """How far a load is: `done` of `total` (None when the server does not say) of `unit`, requests per second, and a wait."""

    unit: str
    done: int
    total: int | None = None
    rate: float = 0.0
    waiting: float = 0.0
    waiting_reason: str = ""


class Owner(StrEnum):
    """Whose a registry is. UNKNOWN: nobody was asked, or nobody could say."""

    OURS = "ours"
    FOREIGN = "foreign"
    UNKNOWN = "unknown"


class Ownership(msgspec.Struct, frozen=True):
    """Whose a registry is; `basis` says after "it" how that is known, or why it is not ("is listed by ...")."""

    owner: Owner = Owner.UNKNOWN
    basis: str = "has not been asked for yet"


class SourceHealth(msgspec.Struct, frozen=True):
    """The state of a source. `as_of` is when all that it said was confirmed last; `error` and `remedy` explain what is wrong.

    `through` names the source that it reads by: what that one cannot confirm, this one cannot either. `remarks` are what an
    operator should know although nothing is missing (a certificate that is not verified, keys that are not understood).
    `identity` is who is signed in and was accepted, empty for nobody; `sign_in_error` why a better way to sign in did not work.
    `ownership` is that of a registry. `lost_scopes` are namespaces that cannot be read any more, each with the reason. `every` is
    how often it is asked again, in seconds (0: not). `surveyed` is False for a registry of which only what runs was asked
    for. `stale` is set by the rule of freshness, `throttled` where it is refused for asking too often, `lost` where it is off
    but was asked for and failed. `known_by` is what a cluster is, whatever it is called.
    """

    id: SourceId
    state: SourceState
    as_of: datetime | None = None
    objects: int = 0
    requests: int = 0
    error: str = ""
    remedy: str = ""
    auth_failed: bool = False
    live: bool = False
    identity: str = ""
    endpoint: str = ""
    progress: tuple[Progress, ...] = ()
    denials: tuple[Denial, ...] = ()
    through: SourceId | None = None
    remarks: tuple[str, ...] = ()
    sign_in_error: str = ""
    ownership: Ownership = Ownership()
    lost_scopes: tuple[tuple[str, str], ...] = ()
    every: float = 0.0
    stale: bool = False
    throttled: bool = False
    lost: bool = False
    known_by: tuple[str, ...] = ()
    surveyed: bool = True

    @property
    def kind(self) -> SourceKind:
        """What kind of source it is."""
        return self.id.kind


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
