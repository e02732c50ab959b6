"""`:` as somebody types it who knows k9s: views, namespaces, queries, names, and `:q`."""

from __future__ import annotations

import pytest

from tests.estates import company
from tests.ui.driving import Settings, explorer, names, until
from tests.ui.test_typeahead import type_at_once
from tui.presenters.views.table import LINEAGE, WORKLOADS
from tui.ui.palette import CommandScreen
from tui.ui.screens.explorer import ExplorerScreen
from tui.ui.screens.pages import SourcesScreen
from widgets.choices import ChoiceList


def listed(screen: ExplorerScreen) -> list[str]:
    """What the list above the prompt says."""
    return [text for choices in screen.app.screen.query(ChoiceList) for text in choices.texts]


async def test_a_namespace_is_shown_by_its_name_or_its_beginning() -> None:
    async with explorer(company(), (80, 24)) as (pilot, screen, _):
        await pilot.press("colon", *"ns pay")
        await until(pilot, lambda: any("ns payments" in line for line in listed(screen)))
        await pilot.press("enter")
        await until(pilot, lambda: (screen.chosen.query, screen.view) == ("ns:payments", WORKLOADS))
        assert screen.app.screen is screen
        assert screen.focused is screen.outline


async def test_a_few_letters_go_to_an_image_whatever_is_filtered() -> None:
    async with explorer(company(), (80, 24), query="ns:payments") as (pilot, screen, _):
        await pilot.press("2", "colon", *"shpwb")
        await until(pilot, lambda: any("shop-web" in line for line in listed(screen)))
        lines = listed(screen)
        image = next(number for number, line in enumerate(lines) if "image in" in line)
        await pilot.press(*["down"] * image, "enter")
        await until(pilot, lambda: screen.view is LINEAGE and screen.app.screen is screen)
        await until(pilot, lambda: "shop-web:3.4.0" in names(screen))
        await until(pilot, lambda: getattr(screen.inspector.subject.image, "repository", "").endswith("shop-web"))
        assert not screen.chosen.words


async def test_a_few_letters_go_to_a_workload_at_once() -> None:
    async with explorer(company(), (80, 24)) as (pilot, screen, _):
        type_at_once(screen.app, ":", *"ledger", "enter")
        await until(pilot, lambda: screen.view is WORKLOADS)
        await until(pilot, lambda: getattr((screen.outline.cursor_key or ("",))[-1], "name", "") == "ledger")


async def test_a_query_is_a_command_too_and_completes() -> None:
    async with explorer(company(), (80, 24)) as (pilot, screen, _):
        type_at_once(screen.app, ":", *"is:runn", "enter")
        await until(pilot, lambda: screen.chosen.query == "is:running")


async def test_from_a_page_a_command_leads_back_to_the_rows() -> None:
    async with explorer(company(), (80, 24)) as (pilot, screen, _):
        await pilot.press("s")
        await until(pilot, lambda: isinstance(screen.app.screen, SourcesScreen))
        type_at_once(screen.app, ":", *"ns payments", "enter")
        await until(pilot, lambda: screen.app.screen is screen and screen.chosen.query == "ns:payments")


async def test_the_filter_is_saved_used_and_dropped_by_name() -> None:
    async with explorer(company(), (80, 24), query="ns:payments") as (pilot, screen, _):
        type_at_once(screen.app, ":", *"save mine", "enter")
        await until(pilot, lambda: dict(screen.app.queries.saved) == {"mine": "ns:payments"})
        await pilot.press("escape")
        await until(pilot, lambda: not screen.chosen.words)
        type_at_once(screen.app, ":", *"@mine", "enter")
        await until(pilot, lambda: screen.chosen.query == "ns:payments")
        type_at_once(screen.app, ":", *"forget mine", "enter")
        await until(pilot, lambda: not screen.app.queries.saved)


async def test_what_is_called_nothing_is_said_and_the_prompt_stays() -> None:
    async with explorer(company(), (80, 24)) as (pilot, screen, _):
        await pilot.press("colon", *"-", "enter")
        await until(pilot, lambda: isinstance(screen.app.screen, CommandScreen))
        assert isinstance(screen.app.screen, CommandScreen)


@pytest.mark.parametrize("typed", ["q", "q!", "quit"])
async def test_q_quits(typed: str) -> None:
    async with explorer(company(), (80, 24), settings=Settings()) as (pilot, screen, _):
        type_at_once(screen.app, ":", *typed, "enter")
        await until(pilot, lambda: not screen.app.is_running or screen.app.return_code == 0)
