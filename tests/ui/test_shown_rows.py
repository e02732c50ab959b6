"""While what a filter finds is still looked for: nothing of the filter before is copied, written or planned under its name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from tests.estates import company
from tests.ui.driving import explorer, text_of, until
from tui.presenters.views import building
from tui.presenters.views.building import BuiltRows, build_view

SLOW = "payments"
"""The filter whose rows are not there before they are let go."""


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """What lets the rows of that filter be there."""
    opened = Event()

    def held(view: object, snapshot: object, chosen: object, *more: object) -> BuiltRows:
        if getattr(chosen, "query", "") == SLOW:
            assert opened.wait(30)
        return build_view(view, snapshot, chosen, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(building, "build_view", held)
    yield opened
    opened.set()


async def test_the_answer_is_copied_when_it_is_that_of_the_filter_on_the_screen(gate: Event) -> None:
    async with explorer(company(), (100, 30), query="is:running") as (pilot, screen, _):
        await until(pilot, lambda: screen.built is not None and screen.built.answer is not None)
        copied: list[str] = []
        screen.app.copy_text = lambda text, _, **__: copied.append(text)  # type: ignore[method-assign]
        screen.show_query(SLOW, "")
        screen.action_copy_reference()
        assert not copied
        gate.set()
        await until(pilot, lambda: bool(copied), "what was copied")
        assert copied[0].startswith(f"## {SLOW}\n")


async def test_rows_are_written_when_they_are_those_of_the_filter_in_their_title(gate: Event, tmp_path: Path) -> None:
    async with explorer(company(), (100, 30), query="is:running") as (pilot, screen, _):
        await until(pilot, lambda: screen.built is not None and screen.built.answer is not None)
        file = tmp_path / "rows.txt"
        screen.show_query(SLOW, "workloads")
        screen.action_export(str(file))
        await asyncio.sleep(0)
        assert not file.exists()
        gate.set()
        await until(pilot, lambda: file.exists() and bool(file.read_text()), "the file")
        title, _, _, *rows = file.read_text().splitlines()
        assert title.startswith(f"Workloads {SLOW}, as of ")
        assert len(rows) == screen.outline.row_count


async def test_what_was_meant_by_a_filter_is_not_done_for_the_next(gate: Event) -> None:
    async with explorer(company(), (100, 30)) as (pilot, screen, _):
        copied: list[str] = []
        screen.app.copy_text = lambda text, _, **__: copied.append(text)  # type: ignore[method-assign]
        screen.show_query(SLOW, "")
        screen.action_copy_reference()
        screen.show_query("is:running", "")
        gate.set()
        await until(pilot, lambda: screen.shown_rows.are_asked_for and screen.chosen.query == "is:running")
        assert not copied


async def test_how_many_the_filter_before_let_through_is_not_said_of_the_next(gate: Event) -> None:
    async with explorer(company(), (120, 30), query="is:running") as (pilot, screen, _):
        await until(
            pilot, lambda: screen.built is not None and screen.built.matched is not None and screen.shown_rows.are_asked_for
        )
        assert screen.built is not None
        assert f"{screen.built.matched} of " in text_of(screen)
        screen.show_query(SLOW, "")
        await asyncio.sleep(0)
        assert f"/ {SLOW}" in text_of(screen)
        assert "… of " in text_of(screen)
        gate.set()
        await until(pilot, lambda: screen.shown_rows.are_asked_for)
        assert f"{screen.built.matched} of " in text_of(screen)
