"""The key `w`: why the row under the cursor has its verdict, and the ticket that is copied of it."""

from __future__ import annotations

from textual.pilot import Pilot

from tests.estates import company
from tests.ui.driving import explorer, until
from tui.presenters.keys import UNREADABLE
from tui.ui.screens.explorer import ExplorerScreen
from tui.ui.screens.pages import DetailScreen
from tui.ui.screens.why import WhyScreen


async def opened(pilot: Pilot[int], *keys: str) -> WhyScreen:
    await pilot.press(*keys)
    await until(pilot, lambda: isinstance(pilot.app.screen, WhyScreen) and bool(pilot.app.screen.page.lines), "why")
    screen = pilot.app.screen
    assert isinstance(screen, WhyScreen)
    return screen


async def test_one_key_says_why_and_another_copies_it_for_a_ticket() -> None:
    async with explorer(company(), (80, 24)) as (pilot, screen, _):
        why = await opened(pilot, "j", "j", "w")
        assert "payments-api:1.8.2" in why.page.text
        assert "NOT TRUSTED" in why.page.text
        await pilot.press("C")
        await until(pilot, lambda: pilot.app.clipboard.startswith("## payments-api:1.8.2: not trusted\n"), "a ticket")
        assert "oras resolve contoso.azurecr.io/payments-api:1.8.2\n" in pilot.app.clipboard
        await pilot.press("y")
        await until(pilot, lambda: pilot.app.clipboard.startswith("# "), "the commands")
        assert "\noras resolve contoso.azurecr.io/payments-api:1.8.2\n" in pilot.app.clipboard
        await pilot.press("escape")
        assert pilot.app.screen is screen


async def test_a_finding_says_why_too() -> None:
    async with explorer(company(), (80, 24)) as (pilot, screen, _):
        await pilot.press("4")
        await until(pilot, lambda: screen.view.id == "findings" and screen.outline.row_count > 2, "findings")
        why = await opened(pilot, "w")
        assert "problem" in why.page.text
        await pilot.press("w")
        assert isinstance(pilot.app.screen, ExplorerScreen)


async def test_the_detail_says_why_as_well() -> None:
    async with explorer(company(), (80, 24)) as (pilot, _screen, _):
        await pilot.press("j", "j", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, DetailScreen), "the detail")
        await opened(pilot, "w")
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, DetailScreen)


async def test_a_row_without_a_verdict_has_no_why() -> None:
    async with explorer(company(), (80, 24)) as (pilot, screen, _):
        await pilot.press("G")
        await until(pilot, lambda: screen.outline.cursor_key is not None, "a row")
        while screen.outline.cursor_key is not None and screen.outline.cursor_key[-1] != UNREADABLE:
            await pilot.press("k")
        assert screen.check_action("why", ()) is None
        await pilot.press("w")
        assert pilot.app.screen is screen
