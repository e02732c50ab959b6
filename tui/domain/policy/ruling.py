"""What the policy makes of an answer: a check that is not asked is off, one that somebody accepts for now is a warning."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from tui.domain.common.source_id import SourceId, SourceKind
from tui.domain.common.text import clean
from tui.domain.common.trust import Check, State
from tui.domain.policy.rules import Rules
from tui.domain.policy.waivers import Digests, PolicyException

__all__ = ["accepted_as", "expiry_words", "ruled"]


def ruled(checks: Iterable[Check], rules: Rules, digests: Digests) -> tuple[Check, ...]:
    """The answers as the rules take them; `digests` are those that mean what was asked about.

    An exception accepts what is known to be wrong. What is unknown it leaves unknown: nobody can accept what nobody knows.
    """
    if not rules.overrules:
        return tuple(checks)
    return tuple(_ruled(check, rules, digests) for check in checks)


def _ruled(check: Check, rules: Rules, digests: Digests) -> Check:
    if check.name in rules.off:
        return Check(check.name, State.OFF, "The policy does not ask.", (SourceId(SourceKind.POLICY),), rule=rules.cite("off"))
    if not check.state.is_wrong or check.accepted:
        return check
    if exception := _meant(rules.exceptions, check, digests):
        return accepted_as(check, (exception,))
    if late := _meant(rules.expired, check, digests):
        return msgspec.structs.replace(check, reason=f"{check.reason} {expiry_words(late)}")
    return check


def accepted_as(check: Check, exceptions: tuple[PolicyException, ...]) -> Check:
    """A bad answer that exceptions accept: a warning that names them, why, and who answers for it."""
    words = " ".join(
        f"Accepted {_until(exception)} by {clean(exception.owner)}: {clean(exception.reason)} ({exception.id})."
        for exception in exceptions
    )
    names = ", ".join(exception.id for exception in exceptions)
    return msgspec.structs.replace(
        check,
        state=State.WARN,
        reason=f"{check.reason} {words}",
        rule=f"exception {names}; {check.rule}",
        brief=f"{check.brief}, accepted" if check.brief else "accepted",
        accepted=names,
    )


def expiry_words(exception: PolicyException) -> str:
    """That an exception counts no more, and since when."""
    return f"The exception {exception.id} of {clean(exception.owner)} for it expired on {_last(exception.until):%Y-%m-%d}."


def _meant(exceptions: Iterable[PolicyException], check: Check, digests: Digests) -> PolicyException | None:
    """The first exception, by id, that is about the whole check of this content."""
    for exception in exceptions:
        if check.name in exception.checks and exception.is_about(digests):
            return exception
    return None


def _until(exception: PolicyException) -> str:
    end = exception.until
    whole_day = (end.hour, end.minute, end.second, end.microsecond) == (0, 0, 0, 0)
    return f"until the end of {_last(end):%Y-%m-%d}" if whole_day else f"until {end:%Y-%m-%d %H:%M} UTC"


def _last(end: datetime) -> datetime:
    """The last moment before an end."""
    return end - timedelta(microseconds=1)
