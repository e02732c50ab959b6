"""The views there are, in the order of their names in the header: a new one is a module and a row here.

What makes their rows is imported when rows are made: the first frame has none.
"""

from __future__ import annotations

from collections.abc import Callable

from tui.domain.query.finding import FindingGrouping
from tui.domain.snapshot.snapshot import Snapshot
from tui.presenters.keys import RowSubject, lineage_key, workload_key
from tui.presenters.views.activity import ACTIVITY
from tui.presenters.views.spec import Filter, RowsContext, ViewModel, ViewSpec
from widgets.rows import RowKey

__all__ = ["FINDINGS", "LINEAGE", "REGISTRIES", "VIEWS", "WORKLOADS", "view_of"]


def _lineage(rows: RowsContext) -> ViewModel:
    from tui.presenters.views.lineage import build

    return build(rows)


def _workloads(rows: RowsContext) -> ViewModel:
    from tui.presenters.views.workloads import build

    return build(rows)


def _registries(rows: RowsContext) -> ViewModel:
    from tui.presenters.views.registries import build

    return build(rows)


def _place_in_registries(subject: RowSubject, snapshot: Snapshot) -> RowKey | None:
    from tui.presenters.views.registries import registry_key

    return registry_key(subject, snapshot)


def _findings(rows: RowsContext) -> ViewModel:
    from tui.presenters.views.findings import build

    return build(rows)


def _counter_of_problems() -> Callable[[Snapshot], int]:
    from tui.domain.query.problems import ProblemCount

    return ProblemCount().of


def _regrouped(chosen: Filter) -> Filter:
    groupings = list(FindingGrouping)
    return chosen._replace(grouping=groupings[(groupings.index(chosen.grouping) + 1) % len(groupings)])


LINEAGE = ViewSpec("1", "lineage", "Lineage", ":img  images by what they are built on", build=_lineage, places=lineage_key)
WORKLOADS = ViewSpec(
    "2",
    "workloads",
    "Workloads",
    ":wl  clusters, namespaces, workloads and their images",
    build=_workloads,
    places=workload_key,
)
REGISTRIES = ViewSpec(
    "3",
    "registries",
    "Registries",
    ":repo  registries, repositories, tags, and what is attached",
    build=_registries,
    places=_place_in_registries,
)
FINDINGS = ViewSpec(
    "4",
    "findings",
    "Findings",
    ":find  one row for each problem, worst and widest first",
    build=_findings,
    counter=_counter_of_problems,
    other=_regrouped,
    needs_detail=True,
)

VIEWS: tuple[ViewSpec, ...] = (LINEAGE, WORKLOADS, REGISTRIES, FINDINGS, ACTIVITY)
"""The first one is where the explorer begins, and where Enter on a problem shows what has it."""


def view_of(id: str) -> ViewSpec:
    """The view of a name."""
    return next(view for view in VIEWS if view.id == id)
