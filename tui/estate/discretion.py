"""What sources say of themselves, without credentials: addresses of configurations and texts of plugins may hold some."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from tui.domain.common.redaction import redact
from tui.domain.facts.events import Denial, SourceHealth

__all__ = ["discreet"]

_redacted = lru_cache(maxsize=2048)(redact)


def discreet(health: SourceHealth) -> SourceHealth:
    """The same state without credentials, for every view, report and snapshot file."""
    return msgspec.structs.replace(
        health,
        error=_redacted(health.error),
        remedy=_redacted(health.remedy),
        sign_in_error=_redacted(health.sign_in_error),
        endpoint=_redacted(health.endpoint),
        denials=tuple(map(_discreet_denial, health.denials)),
    )


def _discreet_denial(denial: Denial) -> Denial:
    reason = _redacted(denial.reason)
    return denial if reason == denial.reason else msgspec.structs.replace(denial, reason=reason)
