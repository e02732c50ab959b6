"""Dated exceptions of a policy: what somebody accepts, why, and until when."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

import msgspec

from tui.domain.common.trust import CheckName
from tui.domain.facts.patterns import Pattern

__all__ = ["Digests", "PolicyException", "accepting"]


Digests = Collection[Collection[str]]
"""Groups of digests, each of which means all of what is judged: that of an index, or those of all its platforms."""


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

    def is_about(self, digests: Digests) -> bool:
        """Whether it names one of the groups whole: what accepts one platform of an index accepts no other."""
        return not self.digests or any(group and all(digest in self.digests for digest in group) for group in digests)


def accepting(exceptions: Iterable[PolicyException], digests: Digests) -> dict[str, PolicyException]:
    """The vulnerabilities that exceptions accept in this content, in capitals, each with the first exception that does."""
    accepted: dict[str, PolicyException] = {}
    for exception in exceptions:
        if exception.cves and exception.is_about(digests):
            for cve in exception.cves:
                accepted.setdefault(cve.upper(), exception)
    return accepted
