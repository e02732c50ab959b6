"""What the first rows on the screen are under stays at the top, and never hides what the operator looks at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot

from tests.widgets.models import NestedModel, Shape, WideModel, leaves
from tests.widgets.test_outline import SHAPES, expected_rows
from tests.widgets.test_tree import TreeApp, press
from widgets.rows import RowKey
from widgets.sticky import Pinned, most_pinned, pinned

DEEP: Shape = {
    "base": {"python": {"app": {"pods": leaves(*(f"p{number:02}" for number in range(30))), "other": {}}}},
    "last": leaves(*(f"q{number:02}" for number in range(30))),
}


def everything_open(shape: Shape) -> list[RowKey]:
    """All rows, unfolded."""
    return expected_rows(shape, frozenset(_places(shape, ())))


def _places(shape: Shape, path: RowKey) -> list[RowKey]:
    return [place for name, inside in shape.items() for place in ((*path, name), *_places(inside, (*path, name)))]


@pytest.mark.parametrize(("room", "most"), [(1, 0), (7, 0), (8, 1), (12, 2), (16, 3), (60, 3)])
def test_small_panes_have_room_for_fewer_or_none(room: int, most: int) -> None:
    assert most_pinned(room) == most


@given(SHAPES, st.integers(0, 40), st.integers(0, 3))
def test_pins_are_what_rows_are_under_and_are_not_shown_again(shape: Shape, top: int, most: int) -> None:
    rows = everything_open(shape)
    pins = pinned(rows, top, most)
    assert len(pins) <= most
    for line, pin in enumerate(pins):
        assert len(pin) < len(rows[top + line])
        assert rows[top + line][: len(pin)] == pin
    assert not set(pins) & set(rows[top + len(pins) :])
    if len(pins) == most and pins and top + most < len(rows) and len(rows[top + most]) > 1:
        assert pins[-1] == rows[top + most][:-1] or len(pins[-1]) < len(rows[top + most - 1])


@given(SHAPES, st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3), st.booleans()), max_size=8))
def test_pins_that_are_kept_are_those_of_the_rows_there_are(shape: Shape, looks: list[tuple[int, int, bool]]) -> None:
    rows, kept = everything_open(shape), Pinned()
    for top, most, shorter in looks:
        if shorter:
            del rows[-1:]
        assert list(kept.rows(rows, top, most)) == pinned(rows, top, most)


@pytest.mark.parametrize(
    ("top", "pins"),
    [
        (0, []),
        (5, [("base",), ("base", "python"), ("base", "python", "app")]),
        (10, [("base", "python"), ("base", "python", "app"), ("base", "python", "app", "pods")]),
        (40, [("last",)]),
    ],
)
def test_the_nearest_are_pinned_outermost_first(top: int, pins: list[RowKey]) -> None:
    rows = everything_open(DEEP)
    if top == 5:
        rows = [*rows[:4], *(row for row in rows[4:] if len(row) < 5)]
        rows[5:5] = [("base", "python", "app", name) for name in ("a", "b", "c", "d")]
    assert pinned(rows, top, 3) == pins


async def step(pilot: Pilot[Any], app: TreeApp, number: int) -> None:
    """As many steps down, as by the key."""
    for _ in range(number):
        app.shown.action_step(1)
    await pilot.pause()


async def test_the_rows_above_stay_at_the_top_dimmed_and_the_cursor_is_never_under_them() -> None:
    app = TreeApp(NestedModel(DEEP))
    async with app.run_test(size=(60, 20)) as pilot:
        app.shown.set_model(app.model, expanded=_places(DEEP, ()))
        await step(pilot, app, 30)
        assert [app.text(line).split()[:3] for line in (1, 2, 3)] == [["▴", "x", "python"], ["▴", "x", "app"], ["▴", "x", "pods"]]
        assert app.shown.visible_keys[:3] == [
            ("base", "python")[:2],
            ("base", "python", "app"),
            ("base", "python", "app", "pods"),
        ]
        for _ in range(30):
            await press(pilot, "k")
            assert app.shown.cursor_key in app.shown.visible_keys
            line = app.shown.cursor_line + 1
            assert str((app.shown.cursor_key or ("",))[-1]) in app.text(line)
            assert "▴" not in app.text(line)
        assert "▴" not in app.text(1)


@pytest.mark.parametrize("size", [(60, 20), (60, 14), (60, 10), (60, 6)])
async def test_a_page_skips_no_row_that_was_not_seen(size: tuple[int, int]) -> None:
    app = TreeApp(NestedModel(DEEP))
    async with app.run_test(size=size) as pilot:
        app.shown.set_model(app.model, expanded=_places(DEEP, ()))
        every = everything_open(DEEP)
        for key in ("pagedown", "pageup"):
            seen = set(app.shown.visible_keys)
            before: list[RowKey] = []
            while before != app.shown.visible_keys:
                before = app.shown.visible_keys
                await press(pilot, key)
                seen |= set(app.shown.visible_keys)
            assert seen == set(every)


async def test_a_click_on_a_row_that_stays_at_the_top_goes_to_it() -> None:
    app = TreeApp(NestedModel(DEEP))
    async with app.run_test(size=(60, 20)) as pilot:
        app.shown.set_model(app.model, expanded=_places(DEEP, ()))
        await step(pilot, app, 30)
        await pilot.click(app.shown, offset=(12, 2))
        assert app.cursor() == ("base", "python", "app")


async def test_without_unicode_what_stays_at_the_top_has_a_sign_of_ascii() -> None:
    app = TreeApp(NestedModel(DEEP))
    async with app.run_test(size=(60, 20)) as pilot:
        app.shown.ascii = True
        app.shown.set_model(app.model, expanded=_places(DEEP, ()))
        await step(pilot, app, 30)
        assert app.text(1).split()[0] == "^"


async def test_rows_that_come_and_go_anywhere_never_move_the_row_under_the_cursor() -> None:
    app = TreeApp(WideModel(20, 8))
    async with app.run_test(size=(60, 20)) as pilot:
        for start in (0, 3, 90, 159):
            app.shown.set_model(WideModel(20, 8), expanded=WideModel(20, 8).roots())
            await press(pilot, "g")
            await step(pilot, app, start)
            before = (app.shown.cursor_key, app.shown.cursor_line, app.text(app.shown.cursor_line + 1))
            for each in (9, 7, 12, 8, 7, 9):
                kept = [("base/0000",)] if each == 7 and start > 3 else []
                app.shown.set_model(Thinned(20, each, kept))
                await pilot.pause()
                assert (app.shown.cursor_key, app.shown.cursor_line, app.text(app.shown.cursor_line + 1)) == before


class Thinned(WideModel):
    """A wide model of which some roots have gone."""

    def __init__(self, groups: int, each: int, gone: Sequence[RowKey]) -> None:
        super().__init__(groups, each)
        self._gone = gone

    def roots(self) -> Sequence[RowKey]:
        return [key for key in super().roots() if key not in self._gone]

    def find(self, identity: RowKey) -> RowKey | None:
        return None if identity[:1] in self._gone else identity
