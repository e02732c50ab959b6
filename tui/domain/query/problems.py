"""How many problems there are, snapshot after snapshot: only what is another thing in it is looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TypeVar

from tui.domain.common.memo import changed_keys
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
        before, self._snapshot = self._snapshot, snapshot
        self._renew(before, before.images, snapshot.images)
        self._renew(before, before.workloads, snapshot.workloads)
        return len(self._subjects)

    def _renew(self, snapshot: Snapshot, before: Mapping[K, Image | Workload], after: Mapping[K, Image | Workload]) -> None:
        changed: Counter[tuple[str, ...]] = Counter()
        for key in changed_keys(before, after):
            changed.subtract(problems_of(before.get(key), snapshot))
            changed.update(problems_of(after.get(key), self._snapshot))
        for problem, more in changed.items():
            self._subjects[problem] += more
            if not self._subjects[problem]:
                del self._subjects[problem]
