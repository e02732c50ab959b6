"""Dated exceptions of a policy: what somebody accepts, why, and until when."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tui.domain.patterns import Pattern
from tui.domain.trust import CheckName

__all__ = ["PolicyException"]


class PolicyException(msgspec.Struct, frozen=True):
    """One exception; it counts before `until` and for nothing from then on.

    It is about every place that all of `clusters`, `namespaces`, `repositories` and `digests` agree to; an empty one agrees to
    any. `cves` are the vulnerabilities that it accepts, `checks` the checks that it accepts whole.
    """

    id: str
    reason: str
    owner: str
    until: datetime
    checks: tuple[CheckName, ...] = ()
    cves: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    repositories: tuple[Pattern, ...] = ()
    digests: tuple[str, ...] = ()
