"""The row that a filter leads to, where it asks for workloads: a pod by name, else what its answer begins with, or any."""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import TYPE_CHECKING, TypeVar

from tui.domain.facts.workload import ObjectKey
from tui.domain.query.finding import START
from tui.domain.query.language import Key
from tui.presenters.keys import PodPart, RowSubject
from tui.presenters.views.spec import RowsContext, ViewModel, ViewSpec
from widgets.rows import RowKey

if TYPE_CHECKING:
    from tui.domain.answers.answer import Answer

__all__ = ["leading_row"]

Part = TypeVar("Part")
FEW = 20
"""Workloads among whose pods one is looked for by its name."""


def leading_row(view: ViewSpec, model: ViewModel, rows: RowsContext, answer: Answer | None) -> RowKey | None:
    """The row of a workload, or of a pod, that is asked for; None where something else is, or the view has no such rows."""
    from tui.domain.answers.leading import first_workload
    from tui.domain.query.subject import asks_for_workloads

    snapshot, shown = rows.snapshot, rows.shown
    if answer is None or view.places is None or not shown.workloads:
        return None
    if rows.chosen.finding is not None and rows.chosen.finding.check != START:
        return None
    images = frozenset(snapshot.images) if shown.images is None else shown.images
    if rows.chosen.finding is None and not asks_for_workloads(answer.question.terms, snapshot, images):
        return None
    first = first_workload(answer)
    place = view.places(RowSubject(workload=first or next(iter(shown.workloads))), snapshot)
    if place is None or not isinstance(place[-1], ObjectKey):
        return None
    words = {term.value.lower() for term in answer.question.terms if term.key is Key.WORD and not term.negated}
    if words and len(shown.workloads) <= FEW and (pod := _row_of_pod(words, model)) is not None:
        return pod
    if first is not None and model.find(model.identity(place)) is not None:
        return place
    return _row_of(first, model)


def _row_of_pod(names: Set[str], model: ViewModel) -> RowKey | None:
    """The row of a pod that is asked for by its whole name."""
    return next((key for key, pod in _rows_of(PodPart, model) if pod.name.lower() in names), None)


def _row_of(workload: ObjectKey | None, model: ViewModel) -> RowKey | None:
    """The row of a workload, else of the first from the top, whether or not what leads to it is unfolded."""
    first = None
    for key, name in _rows_of(ObjectKey, model):
        if workload is None or name == workload:
            return key
        first = first or key
    return first


def _rows_of(kind: type[Part], model: ViewModel) -> Iterator[tuple[RowKey, Part]]:
    """The rows of a kind from the top, each with what it is of; what is below them is not looked at."""
    stack = [*reversed(model.roots())]
    while stack:
        key = stack.pop()
        part = key[-1]
        if isinstance(part, kind):
            yield key, part
        else:
            stack.extend(reversed(model.children(key)))
