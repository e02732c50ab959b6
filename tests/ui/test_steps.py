"""What is computed beside the keys stands still for them: between two pauses it does little, however large the estate is."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

import pytest

from tests.estates import NOW, huge
from tui.domain.common.pace import in_steps
from tui.domain.query.complete import completions
from tui.presenters.glyphs import UNICODE
from tui.presenters.running import running_of
from tui.presenters.views.building import build_view
from tui.presenters.views.spec import Filter, ViewSpec
from tui.presenters.views.table import VIEWS
from tui.ui.query_indexes import QueryIndexes
from tui.ui.screens.laying import lay_out

IMAGES = 4_000
MOST = 2 * IMAGES
"""Calls between two pauses: a loop over everything there is that does more than to look at it does not go without."""
WORDS = ("", "app", "base/0", "is:running")


def _most_between_pauses(work: Callable[[], object]) -> int:
    """How many calls there were at most between two pauses; a count, and not a time, so that no machine is too slow for it."""
    calls, most = 0, 0

    def counted(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    def pause() -> None:
        nonlocal calls, most
        calls, most = 0, max(most, calls)

    sys.setprofile(counted)
    try:
        with in_steps(pause):
            work()
    finally:
        sys.setprofile(None)
    return max(most, calls)


SNAPSHOT = huge(IMAGES)


def _rows(view: ViewSpec, query: str, indexes: QueryIndexes) -> object:
    built = build_view(view, SNAPSHOT, Filter(query), NOW, UNICODE, indexes.of(SNAPSHOT) if query else None)
    return lay_out(built, None, query, 30)


@pytest.mark.parametrize("query", WORDS)
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.id)
def test_rows_are_made_and_laid_out_in_steps(view: ViewSpec, query: str) -> None:
    _rows(view, query, QueryIndexes())  # what is imported, and found once for a snapshot
    assert _most_between_pauses(lambda: _rows(view, query, QueryIndexes())) <= MOST


def test_what_is_counted_beside_the_names_of_views_is_counted_in_steps() -> None:
    counters = [view.counter() for view in VIEWS if view.counter is not None]
    assert _most_between_pauses(lambda: ([count(SNAPSHOT) for count in counters], running_of(SNAPSHOT))) <= MOST


@pytest.mark.parametrize("text", ["a", "ns:", "base:b"])
def test_completions_are_looked_for_in_steps(text: str) -> None:
    words = QueryIndexes().of(SNAPSHOT).words
    assert _most_between_pauses(lambda: completions(text, len(text), words)) <= MOST
