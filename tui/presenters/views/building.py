"""The rows of a view under a filter, and what to unfold of them first. Made off the loop."""

from __future__ import annotations

from datetime import datetime
from heapq import heapify, heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from tui.domain.facts.workload import ObjectKey
from tui.domain.plans.board import EMPTY_BOARD, Board
from tui.domain.snapshot.snapshot import Snapshot
from tui.presenters.glyphs import Glyphs
from tui.presenters.views.narrowing import select
from tui.presenters.views.spec import Filter, RowsContext, ViewModel, ViewSpec
from widgets.rows import RowKey

if TYPE_CHECKING:
    from tui.domain.answers.vulnerability import Exposure
    from tui.domain.query.query import QueryIndex

__all__ = ["Built", "build_view", "first_unfolded"]

MOST_UNFOLDED = 500


class Built(NamedTuple):
    """The rows of a view; with a filter, how many images it lets through and could not decide, and what to unfold.

    `asked` is the vulnerability or package that the filter names, and `exposure` what it means for the estate. `hint` says, where
    there is no row, what has the text of the filter as something else. `unplaced` are the workloads without a known image that
    it could not decide.
    """

    model: ViewModel
    matched: int | None
    undecided: int
    unfold: tuple[RowKey, ...]
    asked: str = ""
    exposure: Exposure | None = None
    hint: str = ""
    unplaced: int = 0


def build_view(
    view: ViewSpec,
    snapshot: Snapshot,
    chosen: Filter,
    now: datetime,
    glyphs: Glyphs,
    index: QueryIndex | None = None,
    board: Board = EMPTY_BOARD,
) -> Built:
    """Select and lay out the rows of a view; `index` is the snapshot's, where it was made before. Raises InvalidQuery."""
    shown, undecided, unplaced = select(snapshot, chosen, now, index)
    model = view.build(RowsContext(snapshot, chosen, shown, now, glyphs, index, board))
    if not shown.narrowed:
        return Built(model, None, 0, ())
    unfold = tuple(model.matches()[:MOST_UNFOLDED])
    hint = "" if model.roots() else _hint(chosen.query, snapshot, now, index)
    return Built(model, model.images_shown, undecided, unfold, *_exposure(chosen.query, snapshot), hint, unplaced)


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
    from tui.domain.answers.vulnerability import asked_for, exposure
    from tui.domain.query.query import parse_query

    search = asked_for(parse_query(query).terms)
    return (search[0], exposure(snapshot, search[1])) if search else ("", None)


def first_unfolded(model: ViewModel, room: int) -> list[RowKey]:
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
