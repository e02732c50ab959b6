"""What a finding is: one problem of an estate, and by what problems are put together."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from tui.domain.common.trust import State
from tui.domain.facts.workload import ObjectKey
from tui.domain.snapshot.snapshot import ImageKey

__all__ = ["START", "Finding", "FindingGrouping", "FindingKey"]

START = "start"
"""The question that pods answer which cannot start."""


class FindingGrouping(StrEnum):
    """By what problems are put together."""

    PROBLEM = "problem"
    CVE = "cve"
    BASE = "base"
    CHECK = "check"
    TEAM = "team"
    REHEARSAL = "rehearsal"


class FindingKey(msgspec.Struct, frozen=True):
    """What makes a finding the same one in the next snapshot."""

    grouping: FindingGrouping
    group: tuple[str, ...]


class Finding(msgspec.Struct, frozen=True):
    """One problem: `what` in words, how wide, `since` when (None: not known), and the `fix`, empty when nobody said one.

    The `fix` is what all share, or says for how many it is; each image and container keeps its own in its checks.

    `check` is the name of a check, START, or several of them. `packages` are those that have a vulnerability. `spread` is how
    many of the pods belong to each of the workloads.
    """

    key: FindingKey
    state: State
    check: str
    what: str
    fix: str
    images: tuple[ImageKey, ...]
    workloads: tuple[ObjectKey, ...]
    pods: int
    since: datetime | None = None
    packages: tuple[str, ...] = ()
    spread: tuple[int, ...] = ()
