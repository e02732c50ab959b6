"""The views over one estate: which there are, and the rows of one under a filter. Made off the loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from enum import IntEnum
from heapq import heapify, heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from tui.domain.common.trust import State
from tui.domain.facts.workload import ObjectKey
from tui.domain.query.findings import Finding, FindingGrouping, find
from tui.domain.snapshot.snapshot import ImageKey, Snapshot
from tui.errors import InvalidQuery
from tui.presenters.glyphs import Glyphs
from tui.presenters.totals import ALL, VisibleRows
from tui.presenters.views.findings import FindingModel
from tui.presenters.views.lineage import LineageModel
from tui.presenters.views.workloads import WorkloadModel
from widgets.rows import RowKey

if TYPE_CHECKING:
    from tui.domain.query.exposure import Exposure
    from tui.domain.query.language import Term
    from tui.domain.query.query import QueryIndex

__all__ = ["VIEW_NAMES", "Built", "Filter", "View", "build_view", "first_unfolded", "wanted_vulnerability"]


class View(IntEnum):
    """The views, in the order of their keys."""

    LINEAGE = 1
    WORKLOADS = 2
    FINDINGS = 4


VIEW_NAMES: Mapping[int, str] = {View.LINEAGE: "Lineage", View.WORKLOADS: "Workloads", View.FINDINGS: "Findings"}
Model = LineageModel | WorkloadModel | FindingModel


class Filter(NamedTuple):
    """What the operator narrowed the estate to: a query, only what is at fault, and what has one problem.

    `grouping` is how the view of findings puts problems together; it narrows nothing.
    """

    query: str = ""
    faults: bool = False
    finding: Finding | None = None
    grouping: FindingGrouping = FindingGrouping.PROBLEM

    @property
    def words(self) -> str:
        """The filter in words, empty when there is none."""
        about = f"“{self.finding.what}”" if self.finding else ""
        return " ".join(part for part in (self.query, "(faults only)" if self.faults else "", about) if part)


class Built(NamedTuple):
    """The rows of a view; with a filter, how many images it lets through and could not decide, and what to unfold.

    `asked` is the vulnerability or package that the filter names, and `exposure` what it means for the estate. `hint` says, where
    there is no row, what has the text of the filter as something else. `unplaced` are the workloads without a known image that
    it could not decide.
    """

    model: Model
    matched: int | None
    undecided: int
    unfold: tuple[RowKey, ...]
    asked: str = ""
    exposure: Exposure | None = None
    hint: str = ""
    unplaced: int = 0


MOST_UNFOLDED = 500


def build_view(
    view: View, snapshot: Snapshot, chosen: Filter, now: datetime, glyphs: Glyphs, index: QueryIndex | None = None
) -> Built:
    """Select and lay out the rows of a view; `index` is the snapshot's, where it was made before. Raises InvalidQuery."""
    shown, undecided, unplaced = select(snapshot, chosen, now, index)
    model = _model(view, snapshot, chosen, now, glyphs, shown, index)
    if not shown.narrowed:
        return Built(model, None, 0, ())
    unfold = tuple(model.matches()[:MOST_UNFOLDED])
    hint = "" if model.roots() else _hint(chosen.query, snapshot, now, index)
    return Built(model, _matched(model, shown), undecided, unfold, *_exposure(chosen.query, snapshot), hint, unplaced)


def _matched(model: Model, shown: VisibleRows) -> int:
    """How many images are let through; of findings, those that they are about."""
    if isinstance(model, FindingModel):
        return len({image for each in model.found.values() for image in each.images})
    return len(model.snapshot.images) if shown.images is None else len(shown.images)


def _hint(query: str, snapshot: Snapshot, now: datetime, index: QueryIndex | None) -> str:
    if not query.strip():
        return ""
    from tui.domain.query.elsewhere import elsewhere
    from tui.domain.query.query import QueryIndex as IndexOf
    from tui.domain.query.query import parse_query
    from tui.presenters.elsewhere import elsewhere_words

    return elsewhere_words(elsewhere(parse_query(query).terms, index or IndexOf(snapshot), now))


def _exposure(query: str, snapshot: Snapshot) -> tuple[str, Exposure | None]:
    if not query.strip():
        return "", None
    from tui.domain.query.exposure import asked_for, exposure
    from tui.domain.query.query import parse_query

    asked = asked_for(parse_query(query).terms)
    return (asked[0], exposure(snapshot, asked[1])) if asked else ("", None)


def _model(
    view: View, snapshot: Snapshot, chosen: Filter, now: datetime, glyphs: Glyphs, shown: VisibleRows, index: QueryIndex | None
) -> Model:
    match view:
        case View.LINEAGE:
            return LineageModel(snapshot, now, glyphs, shown)
        case View.WORKLOADS:
            return WorkloadModel(snapshot, now, glyphs, shown)
        case View.FINDINGS:
            wanted = wanted_vulnerability(chosen.query)  # who asks for a vulnerability sees it, not all that is wrong beside it
            grouping = FindingGrouping.CVE if wanted else chosen.grouping
            found = _findings(snapshot, chosen, grouping, now, index)
            return FindingModel(snapshot, [each for each in found if _names(each, wanted)], grouping, now, glyphs)


def _findings(
    snapshot: Snapshot, chosen: Filter, grouping: FindingGrouping, now: datetime, index: QueryIndex | None
) -> Sequence[Finding]:
    """The findings that a filter lets through: by what they are about, or by their own words."""
    if not chosen.query.strip():
        shown, *_ = select(snapshot, chosen, now, index)
        return find(snapshot, grouping, shown.images, shown.workloads)
    from tui.domain.query.findings_asked import find_asked
    from tui.domain.query.query import Query, parse_query

    def search(terms: tuple[Term, ...]) -> Sequence[Finding]:
        shown, *_ = select(snapshot, chosen._replace(query=Query(terms).text), now, index)
        return find(snapshot, grouping, shown.images, shown.workloads)

    return find_asked(parse_query(chosen.query).terms, search)


def _names(found: Finding, wanted: str) -> bool:
    return wanted in f"{found.what} {' '.join(found.packages)}".lower()


def select(snapshot: Snapshot, chosen: Filter, now: datetime, index: QueryIndex | None = None) -> tuple[VisibleRows, int, int]:
    """What a filter lets through, and of how many images and workloads without one it could not decide. Raises InvalidQuery."""
    images: Set[ImageKey] | None = None
    workloads: Set[ObjectKey] | None = None
    undecided, unplaced, idle = 0, 0, frozenset(snapshot.workloads)
    if chosen.query.strip():
        from tui.domain.query.query import parse_query  # not before somebody filters

        selection = parse_query(chosen.query).images(index or snapshot, now)
        images, workloads, idle = selection.images, selection.workloads, selection.idle
        undecided, unplaced = selection.undecided, selection.unplaced
    if chosen.faults:
        faulty = {key for key, image in snapshot.images.items() if _at_fault(image.verdict)}
        at_work = {key for key, workload in snapshot.workloads.items() if _at_fault(workload.verdict)}
        images = faulty if images is None else faulty & images
        workloads = at_work if workloads is None else at_work & workloads
    if chosen.finding is not None:
        key = chosen.finding.key
        now_found = next((each for each in find(snapshot, key.grouping) if each.key == key), None)
        having = frozenset(now_found.images) if now_found else frozenset()
        at = frozenset(now_found.workloads) if now_found else frozenset()
        images = having if images is None else having & images
        workloads = at if workloads is None else at & workloads
    return (ALL if images is None and workloads is None else VisibleRows(images, workloads, idle)), undecided, unplaced


def _at_fault(verdict: State) -> bool:
    return verdict not in (State.PASS, State.OFF)


def first_unfolded(model: Model, room: int) -> list[RowKey]:
    """The rows to unfold before the operator does: what leads to the worst, from the top, as far as there is room.

    Worst first, and never down to pods. Where there are more roots than room, the last ones are pushed out of sight.
    """
    opened: list[RowKey] = []
    used = min(len(model.roots()), room // 2)
    numbers = count()
    waiting = [(-model.urgency(key), next(numbers), key) for key in model.roots()]
    heapify(waiting)
    while waiting and used < room:
        *_, key = heappop(waiting)
        children = () if isinstance(key[-1], ObjectKey) else model.children(key)
        if children and used + len(children) <= room:
            opened.append(key)
            used += len(children)
            for child in children:
                heappush(waiting, (-model.urgency(child), next(numbers), child))
    return opened


def wanted_vulnerability(query: str) -> str:
    """The vulnerability or package that a query names, in small letters; empty when it names none, or does not parse."""
    if not query.strip():
        return ""
    from tui.domain.query.language import Key
    from tui.domain.query.query import parse_query

    try:
        terms = parse_query(query).terms
    except InvalidQuery:
        return ""
    return next((term.value.lower() for term in terms if term.key in (Key.CVE, Key.PKG) and not term.negated), "")
