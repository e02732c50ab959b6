"""What changed from one snapshot to another.

`apply(diff(a, b), a)` has the content of `b`; the order of things is that of `b` too where it means something (`roots`).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from tui.domain.facts.admission import Gate
from tui.domain.facts.build import Job, JobKey, Run
from tui.domain.facts.events import SourceHealth
from tui.domain.facts.retention import RegistryPolicies
from tui.domain.facts.workload import ObjectKey
from tui.domain.snapshot.snapshot import Attribution, Image, ImageKey, Snapshot, Summary, UnknownBase, Workload

__all__ = ["Diff", "TableChanges", "apply", "diff", "same_content"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class TableChanges(msgspec.Struct, Generic[K, V], frozen=True):
    """What to set and what to drop to turn one table into another."""

    put: Mapping[K, V]
    gone: frozenset[K]

    @property
    def empty(self) -> bool:
        """Whether nothing changed."""
        return not self.put and not self.gone


class Diff(msgspec.Struct, frozen=True):
    """Changes of every table, and the whole of what is small."""

    number: int
    as_of: datetime
    images: TableChanges[ImageKey, Image]
    bases: TableChanges[ImageKey, UnknownBase]
    derived: TableChanges[ImageKey, tuple[ImageKey, ...]]
    workloads: TableChanges[ObjectKey, Workload]
    users: TableChanges[ImageKey, tuple[ObjectKey, ...]]
    roots: tuple[ImageKey, ...]
    sources: tuple[SourceHealth, ...]
    summary: Summary
    complete: bool
    gates: TableChanges[str, Gate]
    jobs: TableChanges[JobKey, Job]
    runs: TableChanges[JobKey, tuple[Run, ...]]
    builders: TableChanges[ImageKey, tuple[Attribution, ...]]
    policies: TableChanges[str, RegistryPolicies]

    @property
    def empty(self) -> bool:
        """Whether no image, base, workload or gate changed, nor who builds what and how; ages and health alone are no change."""
        judged = self.images, self.bases, self.workloads, self.gates
        return all(changes.empty for changes in (*judged, self.jobs, self.runs, self.builders, self.policies))


def diff(before: Snapshot, after: Snapshot) -> Diff:
    """The changes that lead from one snapshot to the other."""
    return Diff(
        after.number,
        after.as_of,
        _changes(before.images, after.images),
        _changes(before.bases, after.bases),
        _changes(before.derived, after.derived),
        _changes(before.workloads, after.workloads),
        _changes(before.users, after.users),
        after.roots,
        after.sources,
        after.summary,
        after.complete,
        _changes(before.gates, after.gates),
        _changes(before.jobs, after.jobs),
        _changes(before.runs, after.runs),
        _changes(before.builders, after.builders),
        _changes(before.policies, after.policies),
    )


def apply(changes: Diff, before: Snapshot) -> Snapshot:
    """The snapshot that the changes lead to."""
    return Snapshot(
        changes.number,
        changes.as_of,
        _changed(before.images, changes.images),
        _changed(before.bases, changes.bases),
        _changed(before.derived, changes.derived),
        changes.roots,
        _changed(before.workloads, changes.workloads),
        _changed(before.users, changes.users),
        changes.sources,
        changes.summary,
        changes.complete,
        _changed(before.gates, changes.gates),
        _changed(before.jobs, changes.jobs),
        _changed(before.runs, changes.runs),
        _changed(before.builders, changes.builders),
        _changed(before.policies, changes.policies),
    )


def same_content(left: Snapshot, right: Snapshot) -> bool:
    """Whether two snapshots say the same; snapshots themselves compare by identity."""
    return all(getattr(left, name) == getattr(right, name) for name in Snapshot.__dataclass_fields__)


def _changes(before: Mapping[K, V], after: Mapping[K, V]) -> TableChanges[K, V]:
    # `is` first: most things of the next snapshot are the very same objects.
    put = {key: value for key, value in after.items() if (old := before.get(key)) is not value and old != value}
    return TableChanges(put, frozenset(key for key in before if key not in after))


def _changed(before: Mapping[K, V], changes: TableChanges[K, V]) -> dict[K, V]:
    unchanged = {key: value for key, value in before.items() if key not in changes.gone}
    return unchanged | dict(changes.put)
