"""How the room is shared at 80 columns, and what a click reaches where the mouse was asked for."""

from __future__ import annotations

import pytest

from tests.estates import company
from tests.ui.driving import Settings, explorer, until
from tui.presenters.views.findings import FindingModel

SMALL = (80, 24)


async def test_z_shows_both_panes_at_eighty_columns_and_each_of_them_whole() -> None:
    async with explorer(company(), SMALL) as (pilot, screen, _):
        assert not screen.detail.display
        await pilot.press("z")
        await until(pilot, lambda: bool(screen.detail.text))
        assert screen.outline.size.width == screen.detail.size.width == 80
        assert min(screen.outline.size.height, screen.detail.size.height) >= 6
        await pilot.press("enter", "z")
        await until(pilot, lambda: screen.detail.size.height > 16)
        assert not screen.left.display
        await pilot.press("escape")
        await until(pilot, lambda: screen.outline.size.height > 16)
        assert screen.outline.has_focus


async def test_escape_takes_the_detail_away_before_the_filter() -> None:
    async with explorer(company(), SMALL) as (pilot, screen, _):
        await pilot.press("f", "z")
        await until(pilot, lambda: screen.detail.display)
        await pilot.press("escape")
        await until(pilot, lambda: not screen.detail.display)
        assert screen.chosen.faults


async def test_the_fix_of_a_problem_is_whole_at_eighty_columns() -> None:
    async with explorer(company(), SMALL) as (pilot, screen, _):
        await pilot.press("4")
        await until(pilot, lambda: isinstance(screen.outline.model, FindingModel) and bool(screen.detail.text))
        model = screen.outline.model
        assert isinstance(model, FindingModel)
        key, fix = next((key, finding.fix) for key, finding in model.found.items() if finding.fix)
        screen.outline.select((key,))
        await until(pilot, lambda: "→" in screen.detail.text)
        shown = "\n".join(screen.detail.render_line(y).text for y in range(screen.detail.size.height))
        assert fix in " ".join(shown.split())


async def test_views_tabs_and_rows_are_clicked() -> None:
    async with explorer(company(), settings=Settings(mouse=True)) as (pilot, screen, _):
        line = screen.header.lines[-1]
        text = "".join(span.text for span in line.left)
        assert await pilot.click("#header", offset=(text.index("Workloads"), 3))
        await until(pilot, lambda: screen.view.id == "workloads")
        assert await pilot.click("#tree", offset=(20, 2))
        await until(pilot, lambda: screen.outline.cursor_line == 1)
        names = "".join(span.text for span in screen.detail.lines[0].left)
        assert await pilot.click("#detail", offset=(names.index("Lineage") + 1, 0))
        await until(pilot, lambda: screen.inspector.tab.id == "lineage")


async def test_a_tab_is_clicked_where_the_detail_is_a_screen_of_its_own() -> None:
    async with explorer(company(), SMALL, settings=Settings(mouse=True)) as (pilot, screen, _):
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen is not screen)
        await pilot.pause()
        assert await pilot.click("#page", offset=(12, 0))
        await until(pilot, lambda: screen.inspector.tab.id == "lineage")


async def test_the_answer_leaves_rows_on_a_small_terminal() -> None:
    async with explorer(company(), (60, 15)) as (pilot, screen, _):
        await pilot.press("f")
        await until(pilot, lambda: screen.answer.display)
        assert screen.outline.size.height >= 4  # titles and three rows
        assert screen.answer.size.width == screen.size.width == 60
        assert not screen.show_vertical_scrollbar


@pytest.mark.parametrize("query", ["", "is:running"])
@pytest.mark.parametrize("view", ["1", "2", "3", "4"])
async def test_rows_have_room_on_a_very_low_and_narrow_screen(view: str, query: str) -> None:
    async with explorer(company(), (60, 15)) as (pilot, screen, _):
        if query:
            await pilot.press("slash", *query, "enter")
        await pilot.press(view)
        await until(pilot, lambda: screen.view.key == view and screen.outline.row_count > 0)
        await until(pilot, lambda: bool(screen.answer.lines) is bool(query))
        await until(pilot, lambda: screen.outline.size.height >= 4, lambda: f"{screen.outline.size} {len(screen.answer.lines)}")
