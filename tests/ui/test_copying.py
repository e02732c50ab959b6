"""What `C` copies: marked rows, a finding or the answer as Markdown; else the reference of the row."""

from __future__ import annotations

from tests.estates import company
from tests.ui.driving import explorer, until
from tui.ui.screens.pages import DetailScreen


async def test_the_answer_is_copied_for_a_ticket_and_inside_the_detail_the_reference() -> None:
    async with explorer(company(), (80, 24)) as (pilot, screen, _):
        await pilot.press("slash", *"payments", "enter")
        await until(pilot, lambda: screen.answer.display and screen.chosen.query == "payments", "an answer")
        await pilot.press("C")
        await until(pilot, lambda: pilot.app.clipboard.startswith("## payments\n\n- **runs** "), "a ticket")
        assert "- **whose** " in pilot.app.clipboard
        assert pilot.app.clipboard.rstrip().endswith(" UTC.")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, DetailScreen), "the detail")
        await pilot.press("C")
        await until(pilot, lambda: "@sha256:" in pilot.app.clipboard and "\n" not in pilot.app.clipboard, "a reference")


async def test_a_finding_is_copied_with_what_shows_it() -> None:
    async with explorer(company(), (80, 24)) as (pilot, screen, _):
        await pilot.press("4")
        await until(pilot, lambda: screen.view.id == "findings" and screen.outline.row_count > 2, "findings")
        await pilot.press("C")
        await until(pilot, lambda: pilot.app.clipboard.startswith("## "), "a ticket")
        assert "1. **" in pilot.app.clipboard


async def test_marked_rows_are_copied_as_a_list() -> None:
    async with explorer(company(), (80, 24)) as (pilot, screen, _):
        await pilot.press("j", "j", "space", "j", "space")
        await until(pilot, lambda: len(screen.outline.marked) == 2, "marks")
        await pilot.press("C")
        await until(pilot, lambda: pilot.app.clipboard.startswith("## 2 marked rows\n"), "a list")
        assert pilot.app.clipboard.count("\n- `") == 2
