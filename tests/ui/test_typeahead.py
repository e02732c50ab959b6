"""Keys that are read in one go, as over a slow line: each reaches what the key before it opened."""

from __future__ import annotations

import pytest
from textual import events
from textual.widgets import Input

from tests.estates import company
from tests.ui.driving import explorer, text_of, until
from tui.presenters.views.table import WORKLOADS
from tui.ui.host import Host
from tui.ui.palette import CommandScreen
from tui.ui.screens.explorer import ExplorerScreen
from tui.ui.screens.pages import HelpScreen, SourcesScreen

NAMED = {"/": "slash", ":": "colon", "?": "question_mark", " ": "space"}


def type_at_once(app: Host, *keys: str) -> None:
    """Post the keys without waiting; a key of one letter is what it writes."""
    for key in keys:
        app.post_message(events.Key(NAMED.get(key, key), key if len(key) == 1 else None))


async def test_a_filter_that_is_typed_at_once_is_the_filter() -> None:
    async with explorer(company()) as (pilot, screen, _):
        type_at_once(screen.app, *"/base:debian", "enter", "j")
        await until(pilot, lambda: screen.built is not None and screen.built.matched is not None)
        await until(pilot, lambda: not screen.query("#filter"))
        assert (screen.chosen.query, screen.focused) == ("base:debian", screen.outline)
        assert "/ base:debian" in text_of(screen)


async def test_keys_after_escape_are_commands_again() -> None:
    async with explorer(company()) as (pilot, screen, _):
        type_at_once(screen.app, *"/nothing", "escape", "2")
        await until(pilot, lambda: screen.view is WORKLOADS)
        assert not screen.chosen.words


async def test_a_filter_may_be_opened_again_at_once() -> None:
    async with explorer(company()) as (pilot, screen, _):
        type_at_once(screen.app, *"/one", "enter", *"/2", "enter", "1")
        await until(pilot, lambda: screen.chosen.query == "one2" and not screen.query("#filter"))


@pytest.mark.parametrize("key", [":", "ctrl+p"])
async def test_a_command_that_is_typed_at_once_is_the_command(key: str) -> None:
    async with explorer(company()) as (pilot, screen, _):
        type_at_once(screen.app, key, *"wl")
        await until(pilot, lambda: [each.value for each in screen.app.screen.query(Input)] == ["wl"])
        assert isinstance(screen.app.screen, CommandScreen)
        assert screen.chosen.query == ""
        await pilot.press("escape", "escape")
        await until(pilot, lambda: screen.app.screen is screen)


async def test_a_command_may_be_dropped_while_it_is_looked_for() -> None:
    async with explorer(company()) as (pilot, screen, _):
        type_at_once(screen.app, *":wl", "escape", "escape", "2")
        await until(pilot, lambda: screen.view is WORKLOADS)


async def test_a_command_that_is_typed_with_enter_runs() -> None:
    async with explorer(company()) as (pilot, screen, _):
        type_at_once(screen.app, *":wl", "enter")
        await until(pilot, lambda: screen.view is WORKLOADS)
        assert screen.app.screen is screen


async def test_keys_go_to_the_screen_that_a_key_before_them_opened() -> None:
    async with explorer(company()) as (pilot, screen, _):
        type_at_once(screen.app, "s", "escape", "?", "q", *"/x", "enter")
        await until(pilot, lambda: screen.chosen.query == "x")
        assert not any(isinstance(each, SourcesScreen | HelpScreen) for each in screen.app.screen_stack)
        assert isinstance(screen.app.screen, ExplorerScreen)


async def test_what_is_pasted_after_the_key_is_the_filter() -> None:
    async with explorer(company()) as (pilot, screen, _):
        type_at_once(screen.app, "/")
        screen.app.post_message(events.Paste("cve:CVE-2026-1"))
        type_at_once(screen.app, "enter")
        await until(pilot, lambda: screen.chosen.query == "cve:CVE-2026-1" and not screen.query("#filter"))
