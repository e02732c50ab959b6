"""The numbers of the header are filters: by a key, and by a click."""

from __future__ import annotations

import pytest

from tests.estates import NOW, company
from tests.ui.driving import Settings, explorer, until
from tui.domain.common.trust import BAD_FIRST, CheckName, State
from tui.domain.query.query import QueryIndex, parse_query
from tui.domain.query.refine import asked_check, asked_verdict
from tui.presenters.running import ASKED, running_of
from tui.ui.screens.explorer import ExplorerScreen

SIZES = [(80, 24), (160, 48)]


def test_every_number_is_what_its_query_finds() -> None:
    snapshot = company()
    index = QueryIndex(snapshot)
    running = running_of(snapshot)
    for state in BAD_FIRST:
        assert index.tally(parse_query(f"verdict:{state}").terms, NOW).images == snapshot.summary.images.get(state, 0)
    for name in ASKED:  # images made by hand lack checks, and what is not there is unknown: so only what fails
        tally = index.tally(parse_query(f"is:running check:{name}=fail").terms, NOW)
        assert tally.images == running.checks[name].get(State.FAIL, 0), name


@pytest.mark.parametrize("size", SIZES)
async def test_a_key_goes_through_the_verdicts_and_back_to_everything(size: tuple[int, int]) -> None:
    async with explorer(company(), size, query="ns:payments") as (pilot, screen, _):
        there = [state for state in BAD_FIRST if screen.app.snapshot.summary.images.get(state)]
        for state in there:
            await pilot.press("v")
            await until(pilot, lambda state=state: asked_verdict(screen.chosen.query) is state)  # type: ignore[misc]
            assert badges(screen) == [f"badge-{role(state)}"]
        await pilot.press("v")
        await until(pilot, lambda: screen.chosen.query == "ns:payments")
        assert badges(screen) == []


async def test_a_key_goes_through_the_checks_that_fail() -> None:
    async with explorer(company(), (160, 48)) as (pilot, screen, _):
        await until(pilot, lambda: screen.header.running.images > 0)
        failing = {name for name in ASKED if screen.header.running.checks[name].get(State.FAIL)}
        asked: set[CheckName] = set()
        for _ in failing:
            await pilot.press("n")
            end = asked_check(screen.chosen.query)
            assert end is not None
            assert end[1] is State.FAIL
            asked.add(end[0])
        assert asked == failing
        await until(pilot, lambda: screen.built is not None and bool(screen.built.matched))
        await pilot.press("n")
        assert screen.chosen.query == ""


@pytest.mark.parametrize("size", SIZES)
async def test_a_click_on_a_number_filters_and_another_one_shows_everything(size: tuple[int, int]) -> None:
    async with explorer(company(), size, settings=Settings(mouse=True)) as (pilot, screen, _):
        line, cell = next(
            (line, cell)
            for line in range(screen.header.size.height)
            for cell in range(size[0])
            if screen.header.count_at(screen, line, cell) is State.UNKNOWN
        )
        await pilot.click(screen.header, offset=(cell, line))
        await until(pilot, lambda: screen.chosen.query == "verdict:unknown")
        await pilot.click(screen.header, offset=(cell, line))
        await until(pilot, lambda: screen.chosen.query == "")


def badges(screen: ExplorerScreen) -> list[str]:
    """The roles of what stands out among the counts."""
    spans = [span for line in screen.header.lines[1:3] for span in line.left]
    return [span.style for span in spans if span.style.startswith("badge")]


def role(state: State) -> str:
    """How a verdict is painted."""
    from tui.presenters.glyphs import ROLE

    return ROLE[state]
