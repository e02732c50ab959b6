"""The cursor stays on what it is on, and everything acts on what is under it."""

from __future__ import annotations

import dataclasses

import msgspec

from tests.estates import Builder, company, loading
from tests.ui.driving import explorer, names, text_of, until
from tui.domain.snapshot.snapshot import Image, ImageKey, Snapshot
from tui.presenters.views.lineage import LineageModel
from tui.presenters.views.table import FINDINGS
from tui.ui.screens.explorer import ExplorerScreen


def based(snapshot: Snapshot) -> list[Image]:
    """The images that stand on a base which is an image, and that something runs."""
    return [each for each in snapshot.images.values() if each.base and each.base.base in snapshot.images and each.pods]


def without_base(snapshot: Snapshot, key: ImageKey) -> Snapshot:
    """As it is while the base of an image has not been found yet."""
    image = snapshot.images[key]
    assert image.base is not None
    below = image.base.base
    return dataclasses.replace(
        snapshot,
        number=snapshot.number + 1,
        images={**snapshot.images, key: msgspec.structs.replace(image, base=None)},
        derived={**snapshot.derived, below: tuple(each for each in snapshot.derived[below] if each != key)},
        roots=(*snapshot.roots, key),
    )


def under_cursor(screen: ExplorerScreen) -> object:
    """The innermost part of the row under the cursor."""
    return screen.outline.cursor_key[-1] if screen.outline.cursor_key else None


async def test_a_row_that_comes_to_stand_on_its_base_keeps_cursor_line_fold_and_mark() -> None:
    whole = company()
    key = based(whole)[0].key
    async with explorer(without_base(whole, key)) as (pilot, screen, estate):
        screen.outline.select((key,))
        await pilot.press(*(["right"] if (key,) not in screen.outline.expanded else []), "space", "k")
        assert under_cursor(screen) == key
        line = screen.outline.cursor_line
        estate.publish(dataclasses.replace(whole, number=9))
        await until(pilot, lambda: screen.app.snapshot.number == 9 and (key,) not in screen.outline.keys)
        path = screen.outline.cursor_key
        assert path is not None
        assert path[-1] == key
        assert len(path) > 1
        assert path in screen.outline.expanded
        assert screen.outline.marked == (path,)
        assert screen.outline.is_marked(path)
        assert screen.outline.cursor_line == min(line, screen.outline.cursor_line)
        assert screen.inspector.subject.image == key


async def test_a_view_left_and_entered_again_is_where_it_was() -> None:
    async with explorer(company()) as (pilot, screen, _):
        await pilot.press("j", "j", "j")
        before = screen.outline.cursor_key
        for other in ("2", "4"):
            await pilot.press(other)
            await until(pilot, lambda: not isinstance(screen.outline.model, LineageModel))
            await pilot.press("1")
            await until(pilot, lambda: isinstance(screen.outline.model, LineageModel))
            assert screen.outline.cursor_key == before


async def test_an_opened_finding_is_come_back_to_and_its_first_image_is_under_the_cursor() -> None:
    async with explorer(company()) as (pilot, screen, _):
        await pilot.press("4")
        await until(pilot, lambda: screen.view is FINDINGS and not isinstance(screen.outline.model, LineageModel))
        await pilot.press("j", "j")
        row = screen.outline.cursor_key
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(screen.outline.model, LineageModel))
        assert screen.chosen.finding is not None
        assert under_cursor(screen) in screen.chosen.finding.images
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(screen.outline.model, LineageModel))
        assert screen.outline.cursor_key == row


async def test_a_filter_puts_the_cursor_on_its_first_hit_and_dims_what_leads_there() -> None:
    async with explorer(company()) as (pilot, screen, _):
        await pilot.press("slash", *"payments-api", "enter")
        await until(
            pilot, lambda: screen.chosen.query == "payments-api" and screen.built is not None and bool(screen.built.matched)
        )
        assert "payments-api" in str(under_cursor(screen))
        model = screen.outline.model
        path = screen.outline.cursor_key or ()
        for length in range(1, len(path)):
            assert all(span.style in ("dim", "") for span in model.row(path[:length]).cells[0])
            assert model.row(path[:length]).cells[0][-1].style == "dim"
        before = under_cursor(screen)
        await pilot.press("escape")
        await until(pilot, lambda: not screen.chosen.words and len(names(screen)) > len(path))
        assert under_cursor(screen) == before


async def test_what_was_chosen_under_a_filter_stays_chosen_without_it() -> None:
    async with explorer(company(), (160, 24)) as (pilot, screen, _):
        await pilot.press("slash", *"is:running", "enter")
        await until(
            pilot, lambda: screen.chosen.query == "is:running" and screen.built is not None and bool(screen.built.matched)
        )
        await pilot.press("j", "j", "j")
        chosen = screen.outline.model.identity(screen.outline.cursor_key or ())
        await pilot.press("escape")
        await until(pilot, lambda: not screen.chosen.query and screen.built is not None and screen.built.matched is None)
        assert screen.outline.model.identity(screen.outline.cursor_key or ()) == chosen


async def test_views_come_back_to_the_line_that_the_cursor_was_on() -> None:
    async with explorer(company(), (160, 16)) as (pilot, screen, _):
        await pilot.press("G", "k", "k")
        left = (screen.outline.cursor_key, screen.outline.cursor_line)
        await pilot.press("4")
        await until(pilot, lambda: _is_shown(screen, "FindingModel"))
        await pilot.press("1")
        await until(pilot, lambda: _is_shown(screen, "LineageModel"))
        assert (screen.outline.cursor_key, screen.outline.cursor_line) == left


async def test_while_the_estate_loads_new_roots_come_below_until_a_key_asks_for_order() -> None:
    def estate_of(names: list[str], number: int) -> Snapshot:
        build = Builder()
        for name in names:
            build.image(f"{name}:1")
        return build.freeze(*loading().sources, number=number)

    async with explorer(estate_of(["m", "n"], 1), (120, 30)) as (pilot, screen, estate):
        await pilot.press("j")
        assert names(screen) == ["m:1", "n:1"]
        estate.publish(estate_of(["a", "m", "n", "b"], 2))
        await until(pilot, lambda: len(names(screen)) == 4)
        assert names(screen) == ["m:1", "n:1", "a:1", "b:1"]
        assert screen.outline.cursor_line == 1
        assert "new rows below" in text_of(screen)
        await pilot.press("o")
        assert screen.outline.keys == list(screen.outline.model.roots())
        assert screen.outline.cursor_line == 1
        assert "new rows below" not in text_of(screen)


def _is_shown(screen: ExplorerScreen, model: str) -> bool:
    return type(screen.outline.model).__name__ == model
