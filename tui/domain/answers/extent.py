"""How much of the estate an answer is about, counted as rows and reports count it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import msgspec

from tui.domain.answers.context import AnswerContext
from tui.domain.answers.undecided import UndecidedReason, undecided_reasons
from tui.domain.common.pace import paced
from tui.domain.facts.events import SourceKind, SourceState
from tui.domain.facts.workload import ObjectKey
from tui.domain.query.query import Selection
from tui.domain.snapshot.snapshot import ImageKey, Snapshot
from tui.domain.workloads.counting import pods_found

__all__ = ["Extent", "extent_of"]


class Extent(msgspec.Struct, frozen=True):
    """What is found, and what could not be told.

    `images` are found, `running` are those of them that pods of the `workloads` found run; `pods` counts these pods, and
    `clusters` how many of the workloads are in each, the most first. `oldest_pod` is when the oldest of the pods that run one of
    the images was made. `undecided` counts the images of which it could not be told, `undecided_running` those of them that run,
    `unplaced` the workloads without a known image; `reasons` say why, the most frequent first. `lost` are sources that did not
    answer, or not whole, and `loading` how many have not told everything yet: what only they know is missing from all of this.
    `unopened`: no source was asked yet. `only_running` says that images are counted only as far as they run, as what lies in
    registries besides was not read.
    """

    images: frozenset[ImageKey] = frozenset()
    running: frozenset[ImageKey] = frozenset()
    workloads: frozenset[ObjectKey] = frozenset()
    pods: int = 0
    clusters: tuple[tuple[str, int], ...] = ()
    oldest_pod: datetime | None = None
    undecided: int = 0
    undecided_running: int = 0
    unplaced: int = 0
    reasons: tuple[UndecidedReason, ...] = ()
    lost: tuple[str, ...] = ()
    loading: int = 0
    unopened: bool = False
    only_running: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing is found."""
        return not self.images and not self.workloads

    @property
    def is_told(self) -> bool:
        """Whether it could be told of everything."""
        return not self.undecided and not self.unplaced and not self.lost and not self.loading and not self.unopened


def extent_of(context: AnswerContext) -> Extent:
    """How much of the estate the question finds."""
    snapshot, selection = context.snapshot, context.selection
    clusters = Counter(workload.cluster for workload in paced(selection.workloads))
    undecided = context.index.undecided(context.question.terms, context.now) if selection.undecided else {}
    if context.counts_what_runs:
        undecided = {key: term for key, term in undecided.items() if snapshot.users.get(key)}
    return Extent(
        images=context.counted,
        running=context.running,
        workloads=selection.workloads,
        pods=pods_found(snapshot, selection.images, selection.workloads, selection.idle),
        clusters=tuple(sorted(clusters.items(), key=lambda item: (-item[1], item[0]))),
        oldest_pod=_oldest_pod(snapshot, selection),
        undecided=len(undecided),
        undecided_running=sum(bool(snapshot.users.get(key)) for key in undecided),
        unplaced=selection.unplaced,
        reasons=undecided_reasons(context.index, undecided),
        # A cluster, its gate and its scanner go by one name.
        lost=tuple(dict.fromkeys(_sources(snapshot, SourceState.FAILED, SourceState.PARTIAL))),
        loading=len(_sources(snapshot, SourceState.LOADING)),
        unopened=not (snapshot.sources or snapshot.images or snapshot.workloads),
        only_running=context.counts_what_runs,
    )


def _oldest_pod(snapshot: Snapshot, selection: Selection) -> datetime | None:
    pods = (
        pod.created
        for key in paced(selection.workloads)
        if key in snapshot.workloads
        for container in snapshot.workloads[key].containers
        for pod in container.pod_refs
        if pod.created is not None and not pod.ended and pod.runs in selection.images
    )
    return min(pods, default=None)


def _sources(snapshot: Snapshot, *states: SourceState) -> tuple[str, ...]:
    """The sources in one of these states. Builders answer no question about what there is."""
    return tuple(
        source.id.label for source in snapshot.sources if source.state in states and source.kind is not SourceKind.BUILDER
    )
