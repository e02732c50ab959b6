"""Keys that lead to where the information is: describe, the manifest, who uses it, the last place, half pages."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from tests.estates import company
from tests.ui.driving import explorer, names, until
from tui.presenters.keys import RowSubject, subject_of
from tui.presenters.tabs.overview import OVERVIEW
from tui.presenters.tabs.raw import RAW
from tui.presenters.using import uses_of
from tui.ui.screens.pages import DetailScreen
from widgets.page import TextPage

SIZES = pytest.mark.parametrize("size", [(80, 24), (160, 48)], ids=["small", "wide"])


@SIZES
async def test_d_describes_and_y_shows_the_manifest_of_the_row(size: tuple[int, int]) -> None:
    async with explorer(company(), size) as (pilot, screen, _):
        await pilot.press("y")
        await until(pilot, lambda: screen.inspector.tab is RAW)
        is_page = size[0] < 110
        await until(
            pilot, lambda: isinstance(pilot.app.screen, DetailScreen) if is_page else screen.detail.has_focus, "the detail"
        )
        await pilot.press("d")
        await until(pilot, lambda: screen.inspector.tab is OVERVIEW)
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen and screen.outline.has_focus, "the rows again")


@SIZES
async def test_u_shows_who_uses_the_image_and_minus_leads_back_and_forth(size: tuple[int, int]) -> None:
    async with explorer(company(), size) as (pilot, screen, _):
        snapshot = screen.app.snapshot
        image = next(key for key in snapshot.users if key not in snapshot.derived and key.digest)
        screen.jump(RowSubject(image=image), "lineage")
        await until(pilot, lambda: subject_of(screen.outline.cursor_key).image == image, "the row")
        await pilot.press("u")
        await until(pilot, lambda: screen.view.id == "workloads" and screen.built is not None and screen.built.matched == 1)
        assert set(names(screen)) >= {workload.name for workload in snapshot.users[image]}
        await pilot.press("minus")
        await until(pilot, lambda: screen.view.id == "lineage" and subject_of(screen.outline.cursor_key).image == image, "back")
        await pilot.press("minus")
        await until(pilot, lambda: screen.view.id == "workloads", "and here again")


def test_what_a_base_is_used_by_are_the_images_that_are_built_on_it() -> None:
    snapshot = company()
    base = next(key for key in snapshot.derived if key.digest)
    uses = uses_of(RowSubject(image=base), snapshot)
    assert uses.view == "lineage"
    assert uses.query == f"base:{base.digest[7:19]}"


def test_what_nothing_uses_is_said_and_what_was_not_read_is_not_called_unused() -> None:
    snapshot = replace(company(), users={}, derived={})
    unused = next(iter(snapshot.images))
    uses = uses_of(RowSubject(image=unused), snapshot)
    assert uses.query == ""
    assert "No workload" in uses.why_none
    assert snapshot.complete or "Not everything could be read" in uses.why_none
    assert uses_of(RowSubject(cluster="prod"), snapshot).why_none.startswith("This row is about no image")


async def test_half_pages_go_down_and_up_again_in_rows_and_on_pages() -> None:
    async with explorer(company(), (80, 12)) as (pilot, screen, _):
        cursors = [screen.outline.cursor_key]
        for key in ("ctrl+d", "ctrl+u"):
            await pilot.press(key)
            cursors.append(screen.outline.cursor_key)
        assert all(before != after for before, after in pairwise(cursors))
        assert cursors[0] == cursors[-1]
        await pilot.press("question_mark")
        await until(pilot, lambda: bool(pilot.app.screen.query("#page")))
        page = pilot.app.screen.query_one(TextPage)
        await pilot.press("ctrl+d")
        await until(pilot, lambda: page.top > 0, "half a page")
        await pilot.press("ctrl+u")
        await until(pilot, lambda: page.top == 0, "and back")
