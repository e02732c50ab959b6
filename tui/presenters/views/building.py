"""The rows of a view under a filter, and what to unfold of them first. Made off the loop."""

from __future__ import annotations

from datetime import datetime
from heapq import heapify, heappop, heappush
from itertools import chain, count, islice
from typing import TYPE_CHECKING, NamedTuple

from tui.domain.common.pace import paced
from tui.domain.facts.workload import ObjectKey
from tui.domain.plans.board import EMPTY_BOARD, Board
from tui.domain.snapshot.snapshot import Snapshot
from tui.presenters.glyphs import Glyphs
from tui.presenters.totals import ALL, VisibleRows
from tui.presenters.views.leading import leading_row
from tui.presenters.views.narrowing import select
from tui.presenters.views.spec import Filter, RowsContext, ViewModel, ViewSpec
from widgets.rows import RowKey

if TYPE_CHECKING:
    from tui.domain.answers.answer import Answer
    from tui.domain.answers.context import AnswerIndex
    from tui.domain.query.query import QueryIndex

__all__ = ["BuiltRows", "build_view", "first_unfolded"]

MOST_UNFOLDED = 500


class BuiltRows(NamedTuple):
    """The rows of a view; with a filter, how many images it lets through and could not decide, and what to unfold.

    `answer` is what the filter means for the estate. `hint` says, where there is no row, what has the text of the filter as
    something else. `unplaced` are the workloads without a known image that it could not decide. `narrows`: whether the filter
    narrows these rows, if there is one. `shown` is what the filter lets through, of images and workloads. `lead` is the row of a
    workload that the filter asks for, where it asks for workloads.
    """

    model: ViewModel
    matched: int | None
    undecided: int
    unfold: tuple[RowKey, ...]
    answer: Answer | None = None
    hint: str = ""
    unplaced: int = 0
    narrows: bool = True
    lead: RowKey | None = None
    shown: VisibleRows = ALL


def build_view(
    view: ViewSpec,
    snapshot: Snapshot,
    chosen: Filter,
    now: datetime,
    glyphs: Glyphs,
    index: AnswerIndex | None = None,
    board: Board = EMPTY_BOARD,
) -> BuiltRows:
    """Select and lay out the rows of a view; `index` is the snapshot's, where it was made before. Raises InvalidQuery."""
    if view.narrowed_by is not None:
        return _build_board(view, RowsContext(snapshot, chosen, ALL, now, glyphs, index, board), view.narrowed_by(chosen))
    shown, undecided, unplaced = select(snapshot, chosen, now, index)
    rows = RowsContext(snapshot, chosen, shown, now, glyphs, index, board)
    model = view.build(rows)
    if not shown.narrowed:
        return BuiltRows(model, None, 0, ())
    answer = _answer(rows, undecided, unplaced, index)
    lead = leading_row(view, model, rows, answer)
    to_lead = (lead[:length] for length in range(1, len(lead))) if lead is not None else ()
    unfold = tuple(islice(dict.fromkeys(chain(to_lead, model.matches())), MOST_UNFOLDED))
    hint = "" if model.roots() else _hint(chosen.query, snapshot, now, index)
    return BuiltRows(model, model.images_shown, undecided, unfold, answer, hint, unplaced, lead=lead, shown=shown)


def _build_board(view: ViewSpec, rows: RowsContext, narrowed_by: Filter) -> BuiltRows:
    """Rows that are not of the estate: what a filter asks of the estate, its answer and its numbers are not about them."""
    if rows.chosen.query.strip():
        from tui.domain.query.query import parse_query

        parse_query(rows.chosen.query)  # what does not parse is said here too
    model = view.build(rows)
    unfold = tuple(islice(model.matches(), MOST_UNFOLDED)) if rows.chosen.words else ()
    is_narrowed = bool(narrowed_by.words and rows.board.plans)  # where there is nothing, nothing is left out
    shown = model.images_shown if is_narrowed else None
    return BuiltRows(model, shown, 0, unfold, narrows=is_narrowed or not rows.chosen.words)


def _hint(query: str, snapshot: Snapshot, now: datetime, index: QueryIndex | None) -> str:
    if not query.strip():
        return ""
    from tui.domain.query.query import QueryIndex as IndexOf
    from tui.domain.query.query import parse_query
    from tui.presenters.elsewhere import meant_words

    return meant_words(parse_query(query).terms, index or IndexOf(snapshot), now)


def _answer(rows: RowsContext, undecided: int, unplaced: int, index: AnswerIndex | None) -> Answer | None:
    """What the filter asks, answered of just what it lets through."""
    from tui.domain.answers.context import AnswerContext
    from tui.domain.answers.context import AnswerIndex as IndexOf
    from tui.domain.answers.question import question_of
    from tui.domain.answers.table import answer
    from tui.domain.query.query import Selection, parse_query

    snapshot, chosen, shown = rows.snapshot, rows.chosen, rows.shown
    question = question_of(parse_query(chosen.query).terms, chosen.finding, faults=chosen.faults)
    if question is None:
        return None
    images = frozenset(snapshot.images if shown.images is None else shown.images)
    workloads = frozenset(snapshot.workloads if shown.workloads is None else shown.workloads)
    selection = Selection(images, workloads, undecided, frozenset(shown.idle), unplaced)
    return answer(AnswerContext(index or IndexOf(snapshot), question, selection, rows.now))


def first_unfolded(model: ViewModel, room: int) -> list[RowKey]:
    """The rows to unfold before the operator does: what leads to the worst, from the top, as far as there is room.

    Worst first, and never down to pods. Where there are more roots than room, the last ones are pushed out of sight.
    """
    opened: list[RowKey] = []
    used = min(len(model.roots()), room // 2)
    numbers = count()
    waiting = [(-model.urgency(key), next(numbers), key) for key in paced(model.roots())]
    heapify(waiting)
    while waiting and used < room:
        *_, key = heappop(waiting)
        children = () if isinstance(key[-1], ObjectKey) else model.children(key)
        if children and used + len(children) <= room:
            opened.append(key)
            used += len(children)
            for child in paced(children):
                heappush(waiting, (-model.urgency(child), next(numbers), child))
    return opened
