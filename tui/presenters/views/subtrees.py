"""What is under every node of the lineage, counted and in order: made again only when something changed that it follows from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tui.domain.common.memo import Memo, WeakMemo
from tui.domain.common.pace import paced, sorted_in_steps
from tui.domain.snapshot.snapshot import ImageKey, Snapshot
from tui.presenters.totals import Totals, VisibleRows, lineage_totals

__all__ = ["Subtrees", "subtrees_of"]


class Subtrees(NamedTuple):
    """The totals of each node that is shown, what is shown on each, and what stands on nothing known; worst and widest first."""

    totals: Mapping[ImageKey, Totals]
    derived: Mapping[ImageKey, Sequence[ImageKey]]
    tops: Sequence[ImageKey]


def subtrees_of(snapshot: Snapshot, shown: VisibleRows) -> Subtrees:
    """The subtrees of what a filter lets through; it looks at every image, so it is not for the loop."""
    if shown.narrowed:
        return _count(snapshot, shown)
    return _UNFILTERED.get(_grounds(snapshot), lambda: _count(snapshot, shown))


_UNFILTERED: Memo[Subtrees] = Memo()


def _grounds(snapshot: Snapshot) -> tuple[object, ...]:
    """All that the subtrees follow from. A pod that starts again is none of it; what is the same object is compared at once."""
    verdicts = [image.verdict for image in paced(snapshot.images.values())]
    crews = [workload.crews for workload in paced(snapshot.workloads.values())]
    return snapshot.derived, snapshot.bases, snapshot.roots, list(snapshot.images), verdicts, crews


def _count(snapshot: Snapshot, shown: VisibleRows) -> Subtrees:
    totals = lineage_totals(snapshot, shown)
    derived = {key: _ordered(under, totals) for key, under in paced(snapshot.derived.items()) if key in totals}
    return Subtrees(totals, derived, _ordered(_TOPS.get(snapshot, lambda: _find_tops(snapshot)), totals))


def _ordered(keys: Iterable[ImageKey], totals: Mapping[ImageKey, Totals]) -> list[ImageKey]:
    shown = (key for key in paced(keys) if key in totals)
    return sorted_in_steps(shown, lambda key: (totals[key].rank, key.repository, key.digest))


_TOPS: WeakMemo[Snapshot, Iterable[ImageKey]] = WeakMemo()


def _find_tops(snapshot: Snapshot) -> Iterable[ImageKey]:
    """The roots, and images whose base is not there, so that nothing known is ever left out."""
    under: set[ImageKey] = {key for derived in paced(snapshot.derived.values()) for key in derived}
    return dict.fromkeys([*snapshot.roots, *(key for key in paced(snapshot.images) if key not in under)])
