"""How many images of each verdict, and how many pods, are under every node: once per snapshot, off the loop."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import NamedTuple

from tui.domain.common.memo import WeakMemo
from tui.domain.common.pace import paced, stride
from tui.domain.common.trust import State
from tui.domain.facts.workload import ObjectKey
from tui.domain.snapshot.snapshot import Container, ImageKey, Snapshot, Workload
from tui.domain.workloads.counting import pods_in, pods_of
from tui.domain.workloads.pods_under import pods_under

__all__ = ["ALL", "NOTHING", "Totals", "VisibleRows", "lineage_totals", "one"]


@dataclass(frozen=True, slots=True, eq=False)
class VisibleRows:
    """Which images and workloads a filter lets through; None lets everything through.

    `idle` are the workloads whose pods that run no known image are let through too.
    """

    images: Set[ImageKey] | None = None
    workloads: Set[ObjectKey] | None = None
    idle: Set[ObjectKey] = frozenset()

    def image(self, key: ImageKey) -> bool:
        """Whether an image is let through."""
        return self.images is None or key in self.images

    def workload(self, key: ObjectKey) -> bool:
        """Whether a workload is let through."""
        return self.workloads is None or key in self.workloads

    def pods(self, workload: Workload) -> int:
        """How many pods of a workload are let through."""
        return pods_of(workload, self.images, idle=workload.key in self.idle)

    def pods_in(self, container: Container, workload: ObjectKey) -> int:
        """How many pods of a container of a workload are let through."""
        return pods_in(container, self.images, idle=workload in self.idle)

    def count_images(self, snapshot: Snapshot) -> int:
        """How many images of a snapshot are let through."""
        return len(snapshot.images) if self.images is None else len(self.images)

    @property
    def narrowed(self) -> bool:
        """Whether this is a filter at all."""
        return self.images is not None or self.workloads is not None


ALL = VisibleRows()


class Totals(NamedTuple):
    """What is in a subtree."""

    fail: int = 0
    unknown: int = 0
    warn: int = 0
    ok: int = 0
    pods: int = 0

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """By verdict, worst first."""
        return self[:4]

    @property
    def items(self) -> int:
        """How many images or workloads."""
        return self.fail + self.unknown + self.warn + self.ok

    @property
    def rank(self) -> tuple[int, int, int]:
        """Worst and widest first, when sorted."""
        severity = 3 if self.fail else 2 if self.unknown else 1 if self.warn else 0
        return (-severity, -self.pods, -self.items)

    def __add__(self, other: object) -> Totals:
        assert isinstance(other, Totals)
        return Totals(
            self.fail + other.fail,
            self.unknown + other.unknown,
            self.warn + other.warn,
            self.ok + other.ok,
            self.pods + other.pods,
        )


NOTHING = Totals()
_ONE = {
    State.FAIL: Totals(fail=1),
    State.UNKNOWN: Totals(unknown=1),
    State.WARN: Totals(warn=1),
    State.PASS: Totals(ok=1),
    State.OFF: Totals(unknown=1),
}


def one(verdict: State, pods: int) -> Totals:
    """A single item."""
    return _ONE[verdict]._replace(pods=pods)


def lineage_totals(snapshot: Snapshot, shown: VisibleRows) -> Mapping[ImageKey, Totals]:
    """The totals of every node of the lineage that is shown; a node without anything shown below it is left out."""
    totals: dict[ImageKey, Totals] = {}
    pods = pods_under(snapshot, shown.images, shown.workloads)
    for key in paced(reversed(_ORDER.get(snapshot, lambda: _top_down(snapshot)))):
        sum_ = _own(key, snapshot, shown)
        for child in snapshot.derived.get(key, ()):
            below = totals.get(child)
            if below is not None:
                sum_ = below if sum_ is NOTHING else sum_ + below
        if sum_ is not NOTHING or (key in snapshot.bases and not shown.narrowed):
            totals[key] = sum_._replace(pods=pods.get(key, 0))
    return totals


_ORDER: WeakMemo[Snapshot, list[ImageKey]] = WeakMemo()


def _own(key: ImageKey, snapshot: Snapshot, shown: VisibleRows) -> Totals:
    image = snapshot.images.get(key)
    return NOTHING if image is None or not shown.image(key) else one(image.verdict, 0)


def _top_down(snapshot: Snapshot) -> list[ImageKey]:
    """Every node once, each after the base it stands on; images that no root leads to come last."""
    order: dict[ImageKey, None] = {}
    stack, pass_by = [*snapshot.roots], stride()
    while stack:
        key = stack.pop()
        pass_by()
        if key not in order:
            order[key] = None
            stack.extend(snapshot.derived.get(key, ()))
    order.update(dict.fromkeys(key for key in paced(snapshot.images) if key not in order))
    return list(order)
