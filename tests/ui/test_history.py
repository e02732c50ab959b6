"""The way back: by history, out of what was opened, and from view to view, leads to the row, the folds and the line left."""

from __future__ import annotations

import dataclasses

import pytest
from textual.pilot import Pilot

from tests.estates import company
from tests.ui.driving import Settings, explorer, text_of, until
from tests.ui.test_cursor import based, under_cursor, without_base
from tui.presenters.keys import subject_of
from tui.presenters.views.table import FINDINGS, LINEAGE, WORKLOADS
from tui.ui.screens.explorer import ExplorerScreen
from tui.ui.screens.keys import keys_of

MODELS = {"1": "LineageModel", "2": "WorkloadModel", "4": "FindingModel", "5": "BoardModel"}


def place(screen: ExplorerScreen) -> object:
    """Where the operator is: view, filter, row, line, folds."""
    outline = screen.outline
    return (screen.view.id, screen.chosen, outline.cursor_key, outline.cursor_line, outline.expanded)


async def turn(pilot: Pilot[int], screen: ExplorerScreen, key: str) -> None:
    """Go to a view by its key."""
    await pilot.press(key)
    await until(pilot, lambda: type(screen.outline.model).__name__ == MODELS[key] or screen.empty, f"view {key}")


async def rows_follow(pilot: Pilot[int], screen: ExplorerScreen) -> None:
    """Wait until the rows are those of the view and the filter."""
    stage = screen.stage
    await until(pilot, lambda: stage._visit is screen.history.current and stage._shown == screen.chosen, "rows")


async def settle(pilot: Pilot[int], screen: ExplorerScreen, *keys: str) -> None:
    """Press keys, and wait for what they lead to."""
    await pilot.press(*keys)
    await rows_follow(pilot, screen)


@pytest.mark.parametrize("size", [(160, 48), (80, 16)])
async def test_history_goes_back_and_forward_through_views_filters_findings_rows_folds_and_lines(size: tuple[int, int]) -> None:
    async with explorer(company(), size) as (pilot, screen, _):
        visits = []
        for keys in (["j", "j", "h"], ["2", "j", "right", "j"], ["4", "j", "j"], ["enter"], ["slash", "p", "a", "enter"], ["2"]):
            await settle(pilot, screen, *keys)
            if keys == ["enter"]:
                await settle(pilot, screen, "j")
            visits.append(place(screen))
        for visit in reversed(visits[:-1]):
            await settle(pilot, screen, "left_square_bracket")
            assert place(screen) == visit
        await settle(pilot, screen, "left_square_bracket")
        assert place(screen) == visits[0]
        for visit in visits[1:]:
            await settle(pilot, screen, "right_square_bracket")
            assert place(screen) == visit


async def test_who_goes_elsewhere_after_going_back_has_nothing_ahead() -> None:
    async with explorer(company()) as (pilot, screen, _):
        for keys in ("2", "4", "left_square_bracket", "1"):
            await settle(pilot, screen, keys)
        assert not screen.history.can_step(1)
        await settle(pilot, screen, "left_square_bracket")
        assert screen.view is WORKLOADS


async def test_keys_of_the_history_are_in_the_help_and_can_be_changed() -> None:
    async with explorer(company(), settings=Settings(keymap={"history.back": "ctrl+o"})) as (pilot, screen, _):
        await settle(pilot, screen, "2")
        helped = {words: (keys, enabled) for keys, words, enabled in keys_of(pilot.app.screen, hidden=True)}
        assert helped["where you were before"] == ("Ctrl+O", True)
        assert helped["and forward again"] == ("]", False)
        await settle(pilot, screen, "ctrl+o")
        assert screen.view is LINEAGE


async def test_an_opened_finding_is_left_to_its_row_and_line_wherever_the_cursor_went_in_it() -> None:
    async with explorer(company(), (160, 16)) as (pilot, screen, _):
        await turn(pilot, screen, "4")
        await pilot.press("G", "k")
        before = place(screen)
        await settle(pilot, screen, "enter")
        await settle(pilot, screen, "j", "j", "right", "escape")
        assert place(screen) == before


async def test_an_estate_that_changes_meanwhile_moves_the_place_no_further_than_it_must() -> None:
    whole = company()
    key = based(whole)[0].key
    async with explorer(without_base(whole, key)) as (pilot, screen, estate):
        screen.outline.select((key,))
        await pilot.press(*(["right"] if (key,) not in screen.outline.expanded else []), "j")
        workload = under_cursor(screen)
        await turn(pilot, screen, "4")
        estate.publish(dataclasses.replace(whole, number=9))
        await until(pilot, lambda: screen.outline.model.snapshot.number == 9)  # type: ignore[attr-defined]
        await settle(pilot, screen, "left_square_bracket")
        path = screen.outline.cursor_key
        assert path is not None
        assert path[-2:] == (key, workload)
        assert path[:-1] in screen.outline.expanded


async def test_a_row_that_is_gone_meanwhile_leaves_the_cursor_above_it() -> None:
    whole = company()
    image = based(whole)[0]
    assert image.base is not None
    async with explorer(whole) as (pilot, screen, estate):
        path = screen.outline.model.find((image.key,))
        assert path is not None
        screen.outline.select(path)
        await turn(pilot, screen, "4")
        images = {key: other for key, other in whole.images.items() if key != image.key}
        derived = {base: tuple(key for key in under if key != image.key) for base, under in whole.derived.items()}
        estate.publish(dataclasses.replace(whole, number=9, images=images, derived=derived))
        await until(pilot, lambda: screen.outline.model.snapshot.number == 9)  # type: ignore[attr-defined]
        await turn(pilot, screen, "1")
        await rows_follow(pilot, screen)
        assert under_cursor(screen) == image.base.base


async def test_a_filter_that_is_typed_and_given_up_leaves_everything_where_it_was() -> None:
    async with explorer(company(), (160, 16)) as (pilot, screen, _):
        await pilot.press("G", "k", "h", "k")
        before = place(screen)
        await settle(pilot, screen, "slash", *"ledger")
        assert place(screen) != before
        await settle(pilot, screen, "escape")
        assert place(screen) == before
        await settle(pilot, screen, "slash", *"is:running", "enter", "left_square_bracket")
        assert place(screen) == before


async def test_a_selection_is_carried_over_views_that_have_no_place_for_it() -> None:
    async with explorer(company()) as (pilot, screen, _):
        await pilot.press("j", "j")
        before = place(screen)
        for key in ("4", "j", "5", "1"):
            await settle(pilot, screen, key)
        assert place(screen) == before
        await settle(pilot, screen, "2")
        while not subject_of(screen.outline.cursor_key).workload or place(screen) == before:
            await pilot.press("j")
        await pilot.press("j", "j")
        chosen = subject_of(screen.outline.cursor_key)
        for key in ("4", "1"):
            await settle(pilot, screen, key)
        now = subject_of(screen.outline.cursor_key)
        assert now.workload == chosen.workload or now.image == chosen.image


async def test_a_page_and_back_leaves_the_place() -> None:
    async with explorer(company(), (80, 16)) as (pilot, screen, _):
        await pilot.press("G", "k", "h", "k")
        before = place(screen)
        for keys in (("s", "j", "escape"), ("question_mark", "escape"), ("enter", "tab", "j", "escape")):
            await settle(pilot, screen, *keys)
            assert place(screen) == before


async def test_findings_keep_the_place_of_every_grouping() -> None:
    async with explorer(company(), (160, 16)) as (pilot, screen, _):
        await turn(pilot, screen, "4")
        await pilot.press("j", "j")
        before = place(screen)
        await settle(pilot, screen, "o")
        await settle(pilot, screen, "j")
        await settle(pilot, screen, "left_square_bracket")
        assert screen.view is FINDINGS
        assert place(screen) == before


async def test_marks_are_those_of_their_view_are_counted_and_every_verb_says_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[tuple[str, str]] = []
    async with explorer(company()) as (pilot, screen, _):
        monkeypatch.setattr(screen.app, "copy_text", lambda text, what, **_: copied.append((text, what)))
        await pilot.press("g", "space", "space", "space")
        marked = screen.outline.marked
        assert [screen.outline.render_line(line).text[0] for line in (1, 2, 3, 4)] == ["●", "●", "●", " "]
        assert "3 marked" in text_of(screen)
        await pilot.press("c")
        assert copied[0][1] == "3 names of 3 marked rows"
        assert len(copied[0][0].splitlines()) == 3
        await settle(pilot, screen, "2")
        assert not screen.outline.marked
        assert "marked" not in text_of(screen)
        await settle(pilot, screen, "space", "1")
        assert screen.outline.marked == marked
        await settle(pilot, screen, "slash", *"ledger", "enter")
        hidden = screen.outline.hidden_marks
        assert hidden
        assert f"3 marked, {hidden} of them hidden" in text_of(screen)
        assert screen.outline.marked == marked
        await settle(pilot, screen, "escape", "U")
        assert not screen.outline.marked
        await settle(pilot, screen, "2")
        assert len(screen.outline.marked) == 1


async def test_a_filter_that_found_nothing_is_left_to_the_row_and_line_before_it() -> None:
    async with explorer(company(), (80, 24)) as (pilot, screen, _):
        await pilot.press("j", "j", "j")
        place = screen.outline.cursor_key, screen.outline.cursor_line
        screen.show_query("nonsense", "")
        await until(pilot, lambda: screen.empty, "no row")
        await pilot.press("escape")
        await until(
            pilot, lambda: screen.outline.row_count > 0 and (screen.outline.cursor_key, screen.outline.cursor_line) == place
        )
