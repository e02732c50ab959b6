"""The parts of the forest: contents that can bear upon each other's lineage are in one part, and no part needs another."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from tui.domain.common.memo import Address
from tui.domain.lineage.leaders import leader_of

__all__ = ["Parts"]


class Parts:
    """Groups contents that have a token in common, however indirectly; only groups that changed are grouped again.

    A token is what two contents can meet in: their first layer, an image that holds both, a base that both are said to have.
    """

    def __init__(self, tokens: Callable[[str], Collection[Address]]) -> None:
        self.members: dict[int, tuple[str, ...]] = {}
        self.part_of: dict[str, int] = {}
        self._tokens = tokens
        self._known: dict[str, Collection[Address]] = {}
        self._owner: dict[Address, int] = {}
        self._last = 0

    def regroup(self, changed: Collection[str], removed: Collection[str]) -> tuple[list[int], list[int]]:
        """Group anew what other tokens lead to now; the parts that are new, and those that are no more."""
        dropped: list[int] = []
        pool: dict[str, None] = {}
        for config in (*changed, *removed):
            self._dissolve(self.part_of.get(config), pool, dropped)
        for config in removed:
            self._known.pop(config, None)
            pool.pop(config, None)
        for config in changed:
            self._known[config] = self._tokens(config)
            pool.setdefault(config)
        waiting = list(pool)
        while waiting:
            for token in self._known[waiting.pop()]:
                waiting += self._dissolve(self._owner.get(token), pool, dropped)
        return [self._found(group) for group in self._groups(pool)], dropped

    def _dissolve(self, part: int | None, pool: dict[str, None], dropped: list[int]) -> tuple[str, ...]:
        """Put the contents of a part into the pool."""
        if part is None or part not in self.members:
            return ()
        members = self.members.pop(part)
        dropped.append(part)
        for config in members:
            del self.part_of[config]
            for token in self._known[config]:
                self._owner.pop(token, None)
            pool.setdefault(config)
        return members

    def _groups(self, pool: Collection[str]) -> Iterable[list[str]]:
        leaders: dict[Address, Address] = {}
        for config in pool:
            first: Address = None
            for token in self._known[config]:
                root = leader_of(leaders, leaders.setdefault(token, token))
                if first is None:
                    first = root
                elif root != first:
                    leaders[root] = first
        groups: dict[Address, list[str]] = {}
        for config in pool:
            groups.setdefault(leader_of(leaders, next(iter(self._known[config]))), []).append(config)
        return groups.values()

    def _found(self, configs: list[str]) -> int:
        self._last += 1
        self.members[self._last] = tuple(configs)
        for config in configs:
            self.part_of[config] = self._last
            for token in self._known[config]:
                self._owner[token] = self._last
        return self._last
