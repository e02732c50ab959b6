"""Who goes back to a view waits for nothing: its rows are laid out again as soon as nobody is at the keys."""

from __future__ import annotations

import pytest

from tests.estates import company
from tests.ui.driving import explorer, until
from tui.presenters.views.building import BuiltRows
from tui.presenters.views.table import LINEAGE, WORKLOADS
from tui.ui.screens import building, tree_state
from tui.ui.screens.laying import LaidOut, lay_out
from widgets.rows import RowKey, TreeModel


async def test_the_rows_of_a_view_that_was_left_are_laid_out_before_anybody_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    laid_out: list[tuple[TreeModel, frozenset[RowKey] | None]] = []

    def noted(built: BuiltRows, left: frozenset[RowKey] | None, words: str, room: int) -> LaidOut:
        rows = lay_out(built, left, words, room)
        laid_out.append((built.model, left))
        return rows

    monkeypatch.setattr(building, "SMALL", 0)
    monkeypatch.setattr(building, "lay_out", noted)
    monkeypatch.setattr(tree_state, "lay_out", noted)
    async with explorer(company()) as (pilot, screen, _):
        assert screen.built is not None
        lineage = screen.built.model
        await pilot.press("j", "right", "j")
        opened, cursor = screen.outline.expanded, screen.outline.cursor_key
        for _ in range(2):
            await pilot.press("2")
            await until(pilot, lambda: screen.view is WORKLOADS and not screen.stage.shows_other_rows, "workloads")
            await until(pilot, lambda: (lineage, opened) in laid_out, "the rows that were left, laid out again")
            laid_out.clear()
            await pilot.press("1")
            await until(pilot, lambda: screen.view is LINEAGE and not screen.stage.shows_other_rows, "images")
            assert (lineage, opened) not in laid_out
            assert (screen.outline.expanded, screen.outline.cursor_key) == (opened, cursor)
