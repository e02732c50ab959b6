"""What was found in an image by what decides about it, so that judging anew does not go through every row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from tui.domain.facts.scan import ImageVulnerability, Severity

__all__ = ["Kind", "Tally", "tally"]

Rows = tuple[ImageVulnerability, ...]
Kind = tuple[Severity, bool]
"""A severity, and whether a fix is known."""


class Tally(msgspec.Struct, frozen=True):
    """The rows that count by kind, the worst and mendable first.

    `cleared` are those that statements take out of the count, `exempted` those that count though a scanner's console exempts
    them.
    """

    counting: Mapping[Kind, Rows] = {}
    cleared: Rows = ()
    disputed: bool = False
    exempted: Rows = ()

    @property
    def size(self) -> int:
        """How many rows count."""
        return sum(map(len, self.counting.values()))


def tally(rows: Iterable[ImageVulnerability]) -> Tally:
    """The tally of rows; within a kind they keep their order."""
    by_kind: defaultdict[Kind, list[ImageVulnerability]] = defaultdict(list)
    cleared, exempted, disputed = [], [], False
    for row in rows:
        disputed = disputed or bool(row.disagreement)
        if row.exemption and row.vex is None:
            exempted.append(row)
        if row.vex is not None:
            cleared.append(row)
        else:
            by_kind[row.severity, bool(row.fixed)].append(row)
    ordered = sorted(by_kind, key=lambda kind: (-kind[0].rank, not kind[1]))
    return Tally({kind: tuple(by_kind[kind]) for kind in ordered}, tuple(cleared), disputed, tuple(exempted))
