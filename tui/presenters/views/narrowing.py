"""What a filter lets through, and what it names."""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime
from typing import TYPE_CHECKING

from tui.domain.common.pace import paced
from tui.domain.facts.workload import ObjectKey
from tui.domain.query.findings import find
from tui.domain.snapshot.snapshot import ImageKey, Snapshot
from tui.errors import InvalidQuery
from tui.presenters.totals import ALL, VisibleRows
from tui.presenters.views.spec import Filter

if TYPE_CHECKING:
    from tui.domain.query.query import QueryIndex

__all__ = ["select", "wanted_vulnerability"]


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
        faulty = {key for key, image in paced(snapshot.images.items()) if image.verdict.is_flaw}
        faulty_workloads = {key for key, workload in paced(snapshot.workloads.items()) if workload.verdict.is_flaw}
        images = faulty if images is None else faulty & images
        workloads = faulty_workloads if workloads is None else faulty_workloads & workloads
    if chosen.finding is not None:
        key = chosen.finding.key
        finding = next((finding for finding in find(snapshot, key.grouping) if finding.key == key), None)
        affected = frozenset(finding.images) if finding else frozenset()
        affected_workloads = frozenset(finding.workloads) if finding else frozenset()
        images = affected if images is None else affected & images
        workloads = affected_workloads if workloads is None else affected_workloads & workloads
    return (ALL if images is None and workloads is None else VisibleRows(images, workloads, idle)), undecided, unplaced


def wanted_vulnerability(query: str) -> str:
    """The vulnerability or package that a query names, in small letters; empty when it names none, or does not parse."""
    if not query.strip():
        return ""
    from tui.domain.query.query import parse_query
    from tui.domain.query.subject import asked_vulnerability

    try:
        term = asked_vulnerability(parse_query(query).terms)
    except InvalidQuery:
        return ""
    return term.value.lower() if term is not None else ""
