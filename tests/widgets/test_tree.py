"""The tree in tiny apps: exact messages, what is painted, and what stays where it is."""

from __future__ import annotations

from typing import Any

import pytest
from textual import on
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.message import Message
from textual.pilot import Pilot
from textual.strip import Strip

from tests.widgets.models import NestedModel, Shape, WideModel, leaves
from widgets.rows import RowKey, TreeModel
from widgets.tree import VirtualTree

SHAPE: Shape = {"a": {"b": leaves("c", "d")}, "e": {}, "f": leaves("g")}


class TreeApp(App[None]):
    """One tree and a list of what it said."""

    def __init__(self, model: TreeModel) -> None:
        super().__init__()
        self.model = model
        self.said: list[tuple[str, RowKey | None]] = []

    def compose(self) -> ComposeResult:
        yield VirtualTree()

    def on_mount(self) -> None:
        self.shown.set_model(self.model)

    @property
    def shown(self) -> VirtualTree:
        return self.query_one(VirtualTree)

    @on(VirtualTree.RowHighlighted)
    @on(VirtualTree.RowOpened)
    def remember(self, message: VirtualTree.RowHighlighted | VirtualTree.RowOpened) -> None:
        self.said.append((type(message).__name__, message.key))

    @on(VirtualTree.RowFolded)
    def remember_fold(self, message: VirtualTree.RowFolded) -> None:
        self.said.append(("Unfolded" if message.expanded else "Folded", message.key))

    def cursor(self) -> object:
        return self.shown.cursor_key

    def text(self, y: int) -> str:
        return self.shown.render_line(y).text.rstrip()


async def press(pilot: Pilot[Any], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


async def test_says_what_is_highlighted_folded_and_opened() -> None:
    app = TreeApp(NestedModel(SHAPE))
    async with app.run_test(size=(60, 10)) as pilot:
        await press(pilot, "right", "right", "right", "j", "j", "enter", "h", "left", "h")
    assert app.said == [
        ("RowHighlighted", ("a",)),
        ("Unfolded", ("a",)),
        ("RowHighlighted", ("a", "b")),
        ("Unfolded", ("a", "b")),
        ("RowHighlighted", ("a", "b", "c")),
        ("RowHighlighted", ("a", "b", "d")),
        ("RowOpened", ("a", "b", "d")),
        ("RowHighlighted", ("a", "b")),
        ("Folded", ("a", "b")),
        ("RowHighlighted", ("a",)),
    ]


async def test_paints_markers_glyphs_and_aligned_columns() -> None:
    app = TreeApp(NestedModel(SHAPE, {("e",): "moved 3 d ago"}))
    async with app.run_test(size=(50, 8)) as pilot:
        await press(pilot, "right")
        assert app.text(0) == "   name                   state              pods"
        assert app.text(1).startswith(" ▾ x a ")
        assert app.text(2).startswith("   ▸ x b ")
        assert "moved 3 d ago" in app.text(3)
        assert all(app.shown.render_line(y).cell_length == 50 for y in range(8))


async def test_long_names_are_cut_in_the_middle_and_wide_characters_counted() -> None:
    long = "mcr.microsoft.com/some/where/debian:12-slim"
    wide = "漢字" * 20
    app = TreeApp(NestedModel(leaves(long, wide)))
    async with app.run_test(size=(50, 8)):
        assert "…" in app.text(1)
        assert "12-slim" in app.text(1)
        assert all(app.shown.render_line(y).cell_length == 50 for y in range(8))


async def test_a_long_name_takes_the_empty_cells_after_it_and_no_others() -> None:
    long = "prod-weu  payments  Deployment/settlement"
    app = TreeApp(NestedModel({long: {}, f"{long}-2": {}}, {(f"{long}-2",): "state"}))
    async with app.run_test(size=(60, 4)):
        alone, beside = app.text(1), app.text(2)
        assert long in alone
        assert alone.endswith(str(len(long)))
        assert "…" in beside
        assert "state" in beside
        assert all(app.shown.render_line(y).cell_length == 60 for y in range(3))


@pytest.mark.parametrize("hostile", ["a\x1b[31mred", "b\u202edesrever", "c\x9b2J", "d\ne", "f\u2066x", "[bold]g[/]", "h\x00i"])
async def test_hostile_text_never_reaches_the_terminal(hostile: str) -> None:
    app = TreeApp(NestedModel(leaves(hostile), {(hostile,): hostile}))
    async with app.run_test(size=(60, 5)):
        line = app.shown.render_line(1)
        assert line.text.isprintable()
        assert line.cell_length == 60
        if hostile.startswith("["):
            assert hostile in line.text


async def test_rows_that_come_in_above_do_not_push_the_cursor_off_its_line() -> None:
    app = TreeApp(NestedModel(leaves(*range(100, 200))))
    async with app.run_test(size=(40, 11)) as pilot:
        await press(pilot, *["j"] * 20)
        line = app.shown.cursor_line
        app.shown.set_model(NestedModel(leaves(*range(60, 200))))
        await pilot.pause()
        assert app.cursor() == ("120",)
        assert app.shown.cursor_line == line
        app.shown.set_model(NestedModel(leaves(*range(110, 200))))
        await pilot.pause()
        assert app.cursor() == ("120",)
        assert app.shown.cursor_line == line
    assert app.said[-1] == ("RowHighlighted", ("120",))


async def test_an_update_keeps_expansion_and_falls_back_to_the_nearest_ancestor() -> None:
    app = TreeApp(NestedModel(SHAPE))
    async with app.run_test(size=(60, 10)) as pilot:
        await press(pilot, "right", "j", "right", "j")
        assert app.cursor() == ("a", "b", "c")
        app.shown.set_model(NestedModel({"0": {}, "a": {"b": leaves("d")}}))
        await pilot.pause()
        assert app.cursor() == ("a", "b")
        assert app.shown.expanded == {("a",), ("a", "b")}
        assert app.shown.visible_keys == [("0",), ("a",), ("a", "b"), ("a", "b", "d")]
    assert app.said[-1] == ("RowHighlighted", ("a", "b"))


async def test_only_visible_rows_are_asked_for() -> None:
    model = NestedModel(leaves(*range(5000)))
    app = TreeApp(model)
    async with app.run_test(size=(60, 10)) as pilot:
        await press(pilot, "G")
        assert app.cursor() == ("4999",)
    assert len({*model.asked}) <= 20


async def test_an_update_repaints_only_lines_that_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    app = TreeApp(NestedModel(leaves(*"abcdef")))
    async with app.run_test(size=(60, 10)) as pilot:
        await pilot.pause()
        painted: list[int] = []
        render_line = app.shown.render_line

        def render(y: int) -> Strip:
            painted.append(y)
            return render_line(y)

        monkeypatch.setattr(app.shown, "render_line", render)
        app.shown.set_model(NestedModel(leaves(*"abcdef"), {("c",): "moved"}))
        await pilot.pause()
        assert painted == [3]
        painted.clear()
        await press(pilot, "j")
        assert painted == [1, 2]


@pytest.mark.parametrize("keys", [("pagedown",), ("G",), ("pagedown", "pageup")])
async def test_a_page_repaints_every_line_that_changed(keys: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    app = TreeApp(WideModel(100, 3))
    async with app.run_test(size=(60, 11)) as pilot:
        await press(pilot, *keys[:-1])
        painted: set[int] = set()
        refresh = app.shown.refresh

        def note(*regions: Region) -> VirtualTree:
            painted.update(region.y for region in regions)
            return refresh(*regions)

        monkeypatch.setattr(app.shown, "refresh", note)
        await press(pilot, keys[-1])
        assert painted >= set(range(1, 11))


async def test_pages_and_ends_stay_in_range() -> None:
    app = TreeApp(WideModel(100, 3))
    async with app.run_test(size=(60, 11)) as pilot:
        await press(pilot, "pagedown")
        assert app.cursor() == ("base/0009",)
        await press(pilot, "G", "pagedown", "j")
        assert app.cursor() == ("base/0099",)
        await press(pilot, "g", "pageup", "k", "h")
        assert app.cursor() == ("base/0000",)


async def test_selecting_opens_what_is_above_and_shows_the_row() -> None:
    app = TreeApp(WideModel(100, 3))
    async with app.run_test(size=(60, 11)) as pilot:
        assert app.shown.select(("base/0050", "app-0002"))
        await pilot.pause()
        assert ("base/0050", "app-0002") in app.shown.visible_keys
    assert app.said[-1] == ("RowHighlighted", ("base/0050", "app-0002"))


async def test_an_empty_model_is_quiet() -> None:
    app = TreeApp(NestedModel({}))
    async with app.run_test(size=(60, 5)) as pilot:
        await press(pilot, "j", "k", "G", "g", "right", "h", "enter", "pagedown")
        assert app.cursor() is None
    assert app.said == []


async def test_a_click_selects_and_a_click_on_the_marker_folds() -> None:
    app = TreeApp(NestedModel(SHAPE))
    async with app.run_test(size=(60, 10)) as pilot:
        await pilot.click(VirtualTree, offset=(10, 3))
        assert app.cursor() == ("f",)
        await pilot.click(VirtualTree, offset=(1, 1))
        await pilot.pause()
        assert app.shown.expanded == {("a",)}


async def test_messages_carry_their_tree() -> None:
    app = TreeApp(NestedModel(SHAPE))
    async with app.run_test(size=(60, 10)):
        for message in (VirtualTree.RowHighlighted(app.shown, None), VirtualTree.RowOpened(app.shown, ("a",))):
            assert isinstance(message, Message)
            assert message.control is app.shown


async def test_rows_that_are_open_anew_leave_no_more_than_half_of_the_lines_blank() -> None:
    app = TreeApp(NestedModel(leaves(*map(str, range(40)))))
    async with app.run_test(size=(60, 21)) as pilot:
        app.shown.select(("20",), 2)
        app.shown.set_model(NestedModel(leaves(*map(str, range(21)))), expanded=(), keep_order=True)
        await pilot.pause()
        assert app.cursor() == ("20",)
        assert sum(app.text(y) != "" for y in range(1, 21)) == 10


@pytest.mark.parametrize(("rows", "line"), [(range(20, 40), 0), (range(21), 19)], ids=["above", "below"])
async def test_where_nobody_holds_a_row_to_its_line_none_is_blank_while_there_are_rows_for_it(rows: range, line: int) -> None:
    app = TreeApp(NestedModel(leaves(*map(str, range(40)))))
    async with app.run_test(size=(60, 21)) as pilot:
        app.shown.select(("20",), 2)
        app.shown.set_model(NestedModel(leaves(*map(str, rows))), keep_order=True, blanks=False)
        await pilot.pause()
        assert (app.cursor(), app.shown.cursor_line) == (("20",), line)
        assert sum(app.text(y) != "" for y in range(1, 21)) == 20
