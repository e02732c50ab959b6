"""Whose the workloads of an answer are: their teams, and what manages them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from tui.domain.common.pace import paced
from tui.domain.facts.workload import ObjectKey
from tui.domain.snapshot.snapshot import Snapshot

__all__ = ["Owners", "owners_of"]

Counted = tuple[tuple[str, int], ...]
"""Names, each with how many workloads, the most first."""


class Owners(msgspec.Struct, frozen=True):
    """Teams and managers by their workloads.

    `teamless` counts workloads that name no team, `unreadable` those of them whose owner may not be read: it may name one.
    """

    teams: Counted = ()
    managers: Counted = ()
    teamless: int = 0
    unreadable: int = 0


def owners_of(snapshot: Snapshot, keys: Iterable[ObjectKey]) -> Owners:
    """Whose these workloads are."""
    workloads = [snapshot.workloads[key] for key in paced(keys) if key in snapshot.workloads]
    teamless = [workload for workload in paced(workloads) if not workload.team]
    return Owners(
        _counted(workload.team for workload in workloads),
        _counted(workload.managed_by for workload in workloads),
        len(teamless),
        sum(not workload.owner_readable for workload in teamless),
    )


def _counted(names: Iterable[str]) -> Counted:
    counts = Counter(filter(None, paced(names)))
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
