"""How many problems there are, snapshot after snapshot: only what is another thing in it is looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TypeVar

from tui.domain.common.memo import changed_keys
from tui.domain.common.pace import paced
from tui.domain.facts.workload import ObjectKey
from tui.domain.query.findings import problems_of
from tui.domain.snapshot.snapshot import EMPTY, Image, ImageKey, Snapshot, Workload

__all__ = ["ProblemCount"]

K = TypeVar("K", ImageKey, ObjectKey)


class ProblemCount:
    """Counts as many problems as there are findings, without the pods and fixes of each."""

    def __init__(self) -> None:
        self._snapshot = EMPTY
        self._subjects: Counter[tuple[str, ...]] = Counter()

    def of(self, snapshot: Snapshot) -> int:
        """How many there are in a snapshot, which may be any; it costs least after the one before it."""
        before = self._snapshot
        changed: Counter[tuple[str, ...]] = Counter()
        _compare(before.images, before, snapshot.images, snapshot, changed)
        _compare(before.workloads, before, snapshot.workloads, snapshot, changed)
        self._snapshot = snapshot  # only now: whoever paces this may end it before
        for problem, more in changed.items():
            self._subjects[problem] += more
            if not self._subjects[problem]:
                del self._subjects[problem]
        return len(self._subjects)


def _compare(
    before: Mapping[K, Image | Workload],
    earlier: Snapshot,
    after: Mapping[K, Image | Workload],
    later: Snapshot,
    changed: Counter[tuple[str, ...]],
) -> None:
    """Add how many more have each problem in the later snapshot."""
    for key in paced(changed_keys(before, after)):
        for problem in problems_of(before.get(key), earlier):
            changed[problem] -= 1
        for problem in problems_of(after.get(key), later):
            changed[problem] += 1
