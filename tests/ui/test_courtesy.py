"""Work beside the keys stands still for them, and ends when nobody waits for it any more."""

from __future__ import annotations

import asyncio
import threading

import pytest
from textual.geometry import Region

from tests.estates import company
from tests.ui.driving import explorer, until
from tui.domain.common.pace import STEP, paced
from tui.presenters.views.building import BuiltRows
from tui.ui import courtesy as courtesy_module
from tui.ui.courtesy import Courtesy, Superseded
from tui.ui.screens.filterable import FilterableScreen


async def test_what_was_worked_out_in_steps_comes_back() -> None:
    assert await Courtesy().work(lambda: sum(paced(range(5 * STEP)))) == sum(range(5 * STEP))


async def test_work_that_nobody_waits_for_ends_between_two_steps() -> None:
    wanted = threading.Event()
    wanted.set()
    begun: list[int] = []

    def work() -> None:
        for number in paced(range(100 * STEP)):
            begun.append(number)
            wanted.clear()

    with pytest.raises(Superseded):
        await Courtesy().work(work, wanted.is_set)
    assert 0 < len(begun) <= STEP


async def test_work_stands_still_for_a_key_and_never_for_good() -> None:
    courtesy = Courtesy()
    courtesy.pressed()
    assert await asyncio.wait_for(courtesy.work(lambda: list(paced(range(3)))), 30) == [0, 1, 2]


async def test_work_stands_still_until_the_frame_of_a_key_is_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courtesy_module, "LONGEST", 60.0)
    courtesy, looked, painted = Courtesy(), asyncio.Event(), False

    def is_painted() -> bool:
        looked.set()
        return painted

    courtesy.pressed(is_painted)
    work = asyncio.create_task(courtesy.work(lambda: list(paced(range(3)))))
    await looked.wait()
    assert not work.done()
    painted = True
    assert await asyncio.wait_for(work, 30) == [0, 1, 2]


async def test_the_rows_are_those_of_what_was_typed_last() -> None:
    async with explorer(company(), (100, 30)) as (pilot, screen, _):
        await pilot.press("slash", *"ns:payments", *["backspace"] * 8, *"kube-system")
        await until(pilot, lambda: screen.chosen.query == "ns:kube-system" and _is_shown(screen))
        await pilot.press("escape", "escape")
        await until(pilot, lambda: not screen.chosen.words and not screen.query("#filter"))


async def test_a_letter_asks_no_widget_for_lines_that_did_not_change() -> None:
    async with explorer(company(), (160, 48)) as (pilot, screen, _):
        await pilot.press("slash")
        await until(pilot, lambda: bool(screen.query("#filter Input")))
        await pilot.pause()
        asked = _lines_asked_of(screen)
        screen.header.refresh(Region(0, 0, 160, 1))
        screen.query_one("#filter").refresh()
        await until(pilot, lambda: bool(asked["header"]), "the header was painted")
        assert not asked["tree"]
        assert max(region.height for region in asked["header"]) == 1


def _is_shown(screen: FilterableScreen) -> bool:
    return isinstance(screen.built, BuiltRows) and screen.built.matched is not None


def _lines_asked_of(screen: FilterableScreen) -> dict[str, list[Region]]:
    asked: dict[str, list[Region]] = {"header": [], "tree": []}
    for name, regions in asked.items():
        widget = screen.query_one(f"#{name}")
        render = widget.render_lines

        def told(crop: Region, render=render, regions=regions):  # type: ignore[no-untyped-def]
            regions.append(crop)
            return render(crop)

        widget.render_lines = told  # type: ignore[method-assign]
    return asked
