"""Rebuilds by runs: a job is run once for all that it builds, unless some of that has to stand on what comes in between."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable

import msgspec

from tui.domain.plans.needs import RebuildNode
from tui.domain.snapshot.snapshot import ImageKey

__all__ = ["JobRun", "in_waves"]


class JobRun(msgspec.Struct, frozen=True, gc=False):
    """What one run builds, lower levels first, and its wave: 1 where nothing has to be rebuilt before."""

    nodes: tuple[RebuildNode, ...]
    wave: int


def in_waves(nodes: Iterable[RebuildNode], run_of: Callable[[RebuildNode], Hashable]) -> tuple[JobRun, ...]:
    """The runs that build these, in the order of their waves. `nodes` are ordered by level."""
    nodes = tuple(nodes)
    names: dict[ImageKey, Hashable] = {node.key: run_of(node) for node in nodes}
    waves = _waves(nodes, names)
    if len(waves) < len(set(names.values())):
        # Runs that wait for each other: those jobs run once for each level.
        names |= {node.key: (names[node.key], node.level) for node in nodes if names[node.key] not in waves}
        waves = _waves(nodes, names)
    members: dict[Hashable, list[RebuildNode]] = {}
    for node in nodes:
        members.setdefault(names[node.key], []).append(node)
    runs = [JobRun(tuple(members[name]), wave) for name, wave in waves.items()]
    return tuple(sorted(runs, key=lambda run: (run.wave, run.nodes[0].key)))


def _waves(nodes: tuple[RebuildNode, ...], names: dict[ImageKey, Hashable]) -> dict[Hashable, int]:
    """The wave of each run; without those that wait for themselves, and for such."""
    needs: dict[Hashable, set[Hashable]] = {name: set() for name in names.values()}
    for node in nodes:
        name = names[node.key]
        for below in node.prerequisites:
            if names[below] != name:
                needs[name].add(names[below])
    users: dict[Hashable, list[Hashable]] = {}
    for name, needed in needs.items():
        for need in needed:
            users.setdefault(need, []).append(name)
    waiting = {name: len(needed) for name, needed in needs.items()}
    waves = {name: 1 for name, count in waiting.items() if not count}
    queue = list(waves)
    for name in queue:
        for user in users.get(name, ()):
            waiting[user] -= 1
            if not waiting[user]:
                # What is waited for comes in the order of waves, so that this, the last of it, has the highest.
                waves[user] = 1 + waves[name]
                queue.append(user)
    return waves
