"""The filter while it is typed: what it offers, what it remembers, and when it says that something is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot

from tests.estates import company
from tests.ui.driving import Settings, explorer, names, until
from tui.ui.screens.explorer import ExplorerScreen
from widgets.choices import ChoiceList
from widgets.prompt import FilterBar


@asynccontextmanager
async def filtering(size: tuple[int, int] = (100, 30), *keys: str) -> AsyncIterator[tuple[Pilot[int], ExplorerScreen, FilterBar]]:
    """The explorer with its filter open and something typed."""
    async with explorer(company(), size) as (pilot, screen, _):
        await pilot.press("slash")
        await until(pilot, lambda: bool(screen.query("#filter Input")))
        await pilot.press(*keys)
        yield pilot, screen, screen.query_one(FilterBar)


def listed(screen: ExplorerScreen) -> list[str]:
    """What the list above the prompt says."""
    return screen.query_one(ChoiceList).texts if screen.query(ChoiceList) else []


async def test_what_could_be_typed_is_listed_with_how_many_images_it_finds() -> None:
    async with filtering((100, 30), *"ns:") as (pilot, screen, bar):
        await until(pilot, lambda: any("image" in line for line in listed(screen)), "counted")
        lines = dict(line.split(" ", 1) for line in listed(screen))
        assert "ns:payments" in lines
        await pilot.press(*"pa", "tab")
        await until(pilot, lambda: bar.text == "ns:payments")
        await until(
            pilot, lambda: screen.chosen.query == "ns:payments" and screen.built is not None and bool(screen.built.matched)
        )
        assert screen.built is not None
        assert lines["ns:payments"].split()[0] == str(screen.built.matched)


async def test_the_rows_follow_a_word_from_its_second_character_on_or_at_once_with_enter() -> None:
    async with filtering((80, 24), "p") as (pilot, screen, _):
        rows = names(screen)
        await until(pilot, lambda: bool(listed(screen)))
        assert verdict(screen).strip() == "one more character, or Enter"
        assert (names(screen), screen.chosen.words) == (rows, "")
        await pilot.press("a")
        await until(pilot, lambda: screen.chosen.query == "pa" and names(screen) != rows)
        await pilot.press("backspace")
        await until(pilot, lambda: not screen.chosen.words and names(screen) == rows)
        await pilot.press("enter")
        await until(pilot, lambda: screen.chosen.query == "p" and not screen.query("#filter"))
        await pilot.press("slash", "q", "backspace")
        await until(pilot, lambda: " of " in verdict(screen))
        assert screen.chosen.query == "p"  # it was kept


async def test_tab_and_arrows_go_round_the_list_and_escape_gives_back_what_was_typed() -> None:
    async with filtering((100, 30), *"-drift:m") as (pilot, screen, bar):
        await until(pilot, lambda: len(listed(screen)) == 3)  # moved, mixed, and same, which has an m in it
        before = (screen.outline.cursor_key, screen.outline.cursor_line, screen.outline.size)
        texts = []
        for key in ("tab", "down", "tab", "tab", "up", "up"):
            await pilot.press(key)
            texts.append(bar.text)
        assert texts == ["-drift:moved", "-drift:mixed", "-drift:same", "-drift:moved", "-drift:m", "-drift:m"]
        await pilot.press("shift+tab")
        assert bar.text == "-drift:same"
        await pilot.press("escape")
        assert (bar.text, listed(screen)) == ("-drift:m", [])
        assert screen.query("#filter")
        assert screen.outline.size == before[2]
        await pilot.press("escape")
        await until(pilot, lambda: not screen.query("#filter") and not screen.query(ChoiceList))
        assert not screen.chosen.words


async def test_a_key_of_the_language_is_taken_and_its_values_follow() -> None:
    async with filtering((80, 24), *"dri", "tab") as (pilot, screen, bar):
        await until(pilot, lambda: bar.text == "drift:" and "drift:moved" in " ".join(listed(screen)))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: not screen.query("#filter"))
        assert screen.chosen.query == "drift:same"


async def test_tab_without_a_word_lists_the_whole_language() -> None:
    async with filtering((80, 24)) as (pilot, screen, bar):
        assert not listed(screen)
        await pilot.press("tab")
        await until(pilot, lambda: len(listed(screen)) > 10)
        assert bar.text == "repo:"


async def test_an_open_quote_is_completed_too() -> None:
    async with filtering((100, 30), *'-ns:"pay', "tab") as (pilot, screen, bar):
        await until(pilot, lambda: bar.text == '-ns:"payments"')
        await until(pilot, lambda: screen.chosen.query == '-ns:"payments"')


@pytest.mark.parametrize("typed", ["is:stu", "check:", "check:scan=", "age>9", 'ns:"pay', "-", "sev>="])
async def test_a_term_that_is_still_typed_is_not_called_wrong(typed: str) -> None:
    async with filtering((80, 24), *typed) as (pilot, screen, bar):
        rows = names(screen)
        await pilot.pause()
        assert "not a query" not in verdict(screen)
        await pilot.press("enter")
        await until(pilot, lambda: "not a query" in verdict(screen))
        assert bar.is_mounted
        assert names(screen) == rows


async def test_a_pause_says_what_is_wrong_and_what_is_allowed() -> None:
    async with filtering((80, 24), *"api is:xyzzy") as (pilot, screen, _):
        await until(pilot, lambda: "at 8:" in verdict(screen), "after a pause")
        said = listed(screen)
        assert said[0].strip().startswith("“xyzzy” is not a value of `is`.")
        assert "stuck" in " ".join(said)
        assert said[-1].index("↓") == 3 + len("api is:")


async def test_the_nearest_of_what_is_typed_wrong_is_offered_and_stays_so_after_a_pause() -> None:
    async with filtering((80, 24), *"is:runing") as (pilot, screen, bar):
        await until(pilot, lambda: verdict(screen).strip() == "not a query", "after a pause")
        assert [line.split()[0] for line in listed(screen)] == ["is:running"]
        await pilot.press("tab")
        await until(pilot, lambda: bar.text == "is:running" and screen.chosen.query == "is:running")


async def test_a_name_that_nothing_has_is_answered_with_the_nearest() -> None:
    async with explorer(company(), (80, 24)) as (pilot, screen, _):
        screen.show_query("ns:paymnts", "")
        await until(pilot, lambda: screen.empty and "Did you mean `ns:payments`?" in screen.notice.text)


async def test_the_next_term_says_that_the_one_before_is_wrong() -> None:
    async with filtering((80, 24), *"nonsense:x ") as (pilot, screen, _):
        await until(pilot, lambda: "at 1:" in verdict(screen))
        assert "not a key" in listed(screen)[0]
        await pilot.press(*["backspace"] * 11, *"ns:payments")
        await until(pilot, lambda: screen.chosen.query == "ns:payments")
        assert "not a query" not in verdict(screen)


@pytest.mark.parametrize(
    "pasted", ["ns:payments\nis:running", "ns:payments\r\nis:running\r\n", "\n  ns:payments\n\n\tis:running"]
)
async def test_lines_that_are_pasted_become_one_query(pasted: str) -> None:
    async with filtering((80, 24)) as (pilot, screen, bar):
        screen.app.post_message(events.Paste(pasted))
        await until(pilot, lambda: bar.text == "ns:payments is:running")
        await pilot.press("enter")
        await until(pilot, lambda: screen.chosen.query == "ns:payments is:running" and not screen.query("#filter"))


async def test_queries_that_were_kept_come_back_with_the_arrows_also_in_the_next_run(tmp_path: Path) -> None:
    settings = Settings(query_directory=tmp_path / "queries")
    async with explorer(company(), (80, 24), settings=settings) as (pilot, screen, _):
        for query in ("ns:payments", "is:running"):
            await pilot.press("slash", *["backspace"] * 20, *query, "enter")
            await until(pilot, lambda query=query: screen.chosen.query == query and not screen.query("#filter"))  # type: ignore[misc]
        await until(pilot, lambda: len(screen.app.queries.history) == 2)
    async with explorer(company(), (80, 24), settings=settings) as (pilot, screen, _):
        await pilot.press("slash", *"api")
        await until(pilot, lambda: bool(listed(screen)))
        bar = screen.query_one(FilterBar)
        texts = []
        for key in ("up", "up", "up", "down", "down"):
            await pilot.press(key)
            texts.append(bar.text)
        assert texts == ["is:running", "ns:payments", "ns:payments", "is:running", "api"]
        await pilot.press("up", "enter")
        await until(pilot, lambda: screen.chosen.query == "is:running")


async def test_a_saved_query_is_offered_by_name_and_stands_for_its_terms() -> None:
    settings = Settings(queries={"mine": "ns:payments -is:stuck"})
    async with explorer(company(), (80, 24), settings=settings) as (pilot, screen, _):
        await pilot.press("slash", *"@m")
        await until(pilot, lambda: any("image" in line for line in listed(screen)))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: screen.chosen.query == "ns:payments -is:stuck" and not screen.query("#filter"))
        await pilot.press("slash", *" @nope", "enter")
        await until(pilot, lambda: "at 23: not a query" in verdict(screen))
        assert "There is no saved query “nope”." in listed(screen)[0]


def verdict(screen: ExplorerScreen) -> str:
    """What the filter says at its right edge."""
    return "".join(span.text for banner in screen.query("#verdict") for line in banner.lines for span in line.right)  # type: ignore[attr-defined]
