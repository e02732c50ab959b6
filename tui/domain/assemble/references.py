"""What containers refer to: what their specs write, and what nodes report for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple, assert_never

from tui.domain.common.memo import changed_keys
from tui.domain.facts.facts import ClusterFacts
from tui.domain.facts.workload import Controller, Pod

__all__ = ["Reference", "References"]


class Reference(NamedTuple):
    """A reference as a spec writes it, with an `imageID` that a node reported for it (empty: declared only)."""

    image: str
    image_id: str


class References:
    """Every distinct pair of reference and imageID, templates of workloads without pods and of old ReplicaSets included.

    Kept round after round: only objects that are others than before are looked at.
    """

    def __init__(self) -> None:
        self._facts = ClusterFacts()
        self._uses: Counter[Reference] = Counter()
        self._references: frozenset[Reference] = frozenset()

    def of(self, facts: ClusterFacts) -> frozenset[Reference]:
        """The pairs of these facts; the very same as long as there is no other."""
        before, self._facts = self._facts, facts
        changed = False
        for source in {**before.pods, **facts.pods}:
            changed |= self._renew(before.pods.get(source, {}), facts.pods.get(source, {}))
        for table in {**before.controllers, **facts.controllers}:
            changed |= self._renew(before.controllers.get(table, {}), facts.controllers.get(table, {}))
        if changed:
            self._references = frozenset(self._uses)
        return self._references

    def _renew(self, before: Mapping[str, Pod | Controller], after: Mapping[str, Pod | Controller]) -> bool:
        """Take in what changed in a table. Says whether a pair came or went by it."""
        uses: Counter[Reference] = Counter()
        for uid in changed_keys(before, after):
            uses.update(_references(after.get(uid)))
            uses.subtract(_references(before.get(uid)))
        changed = False
        for pair, more in uses.items():
            number = self._uses[pair] + more
            changed = changed or (self._uses[pair] == 0) != (number == 0)
            if number:
                self._uses[pair] = number
            else:
                del self._uses[pair]
        return changed


def _references(user: Pod | Controller | None) -> Iterator[Reference]:
    match user:
        case Pod():
            return (Reference(container.image, container.image_id) for container in user.containers)
        case Controller():
            return (Reference(container.image, "") for container in user.containers)
        case None:
            return iter(())
        case _:
            assert_never(user)
