"""The footer shows what works now, the help is made from what is focused, and a key that can do nothing says why."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from textual.app import App
from textual.binding import Binding

from tests.estates import company
from tests.ui.driving import explorer, until
from tui.domain.snapshot.snapshot import EMPTY
from tui.errors import InvalidConfig
from tui.presenters.tabs.vulnerabilities import VULNERABILITIES
from tui.ui import screens
from tui.ui.keymap import EXPLORER, GLOBAL, PAGE, PAGES, check_names
from tui.ui.screens.explorer import ExplorerScreen
from tui.ui.screens.keys import KeyLine, keys_of
from tui.ui.screens.pages import DetailScreen, HelpScreen, SourcesScreen
from tui.ui.screens.reasons import reason_for


def toasts(app: App[int]) -> list[str]:
    """What the program said in a corner."""
    return [notification.message for notification in app._notifications]


def footer(screen: ExplorerScreen) -> str:
    """The line of keys."""
    return "".join(span.text for line in screen.query_one(KeyLine).lines for span in line.left)


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("L", "Nothing here has a log. Choose a pod, a workload with pods, a run, or an image whose build is known."),
        ("X", "Only a run can be cancelled. Activity (5) shows the runs."),
        ("right_square_bracket", "There is no later place. [ goes back first."),
    ],
)
async def test_a_key_that_can_do_nothing_says_why_and_what_to_do(key: str, reason: str) -> None:
    async with explorer(company()) as (pilot, _, _estate):
        await pilot.press(key)
        await until(pilot, lambda: reason in toasts(pilot.app))


async def test_where_there_is_no_row_nothing_is_to_be_opened() -> None:
    async with explorer(EMPTY, (80, 24)) as (pilot, screen, _estate):
        await until(pilot, lambda: screen.empty and "Enter open" not in footer(screen))
        await pilot.press("enter")
        await until(pilot, lambda: any(text.startswith("There is no row here.") for text in toasts(pilot.app)))


async def test_every_key_that_is_off_has_a_reason() -> None:
    async with explorer(company()) as (pilot, screen, _estate):
        for view in ("1", "2", "3", "4", "5"):
            await pilot.press(view)
            await until(pilot, lambda key=view: screen.view.key == key)  # type: ignore[misc]
            idle = [active.binding for active in screen.active_bindings.values() if not active.enabled]
            assert all(reason_for(screen, binding) for binding in idle), [binding.action for binding in idle]


async def test_a_letter_that_is_typed_into_the_filter_says_nothing() -> None:
    async with explorer(company()) as (pilot, screen, _estate):
        await pilot.press("slash", "L", "X")
        await until(pilot, lambda: screen.filtering.is_open)
        assert not [text for text in toasts(pilot.app) if "Nothing here has a log" in text]


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_the_footer_shows_what_works_now_and_always_the_help(size: tuple[int, int]) -> None:
    async with explorer(company(), size) as (pilot, screen, _estate):
        await pilot.press("j", "j")
        await until(pilot, lambda: "w why" in footer(screen))
        line = footer(screen)
        assert line.strip().startswith("Enter open")
        assert all(words in line for words in ("/ filter", "? help"))
        assert "log" not in line
        assert len(line.rstrip()) <= size[0]
        works = {f"{key} {words}" for key, words, enabled in keys_of(pilot.app.screen) if enabled}
        assert set(line.strip().split("  ")) <= works


async def test_the_help_names_the_view_the_reasons_and_the_signs() -> None:
    async with explorer(company(), (80, 24)) as (pilot, screen, _estate):
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        shown = pilot.app.screen
        assert isinstance(shown, HelpScreen)
        await until(pilot, lambda: "Not now" in shown.page.text)
        text = " ".join(shown.page.text.split())
        assert text.startswith(f"{screen.view.name}: images by what they are built on")
        assert "L Nothing here has a log." in text
        for sign in ("a check fails", "what is worst, in short", "images by verdict", "matches the filter", "cannot tell"):
            assert sign in text


@pytest.mark.parametrize(("key", "view"), [("2", "2"), ("4", "4"), ("slash", "1"), ("f", "1"), ("v", "1")])
async def test_keys_that_lead_on_do_so_from_a_detail_that_has_the_whole_screen(key: str, view: str) -> None:
    async with explorer(company(), (80, 24)) as (pilot, screen, _estate):
        await pilot.press("j", "j", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, DetailScreen))
        await pilot.press(key)
        await until(pilot, lambda: pilot.app.screen is screen and screen.view.key == view)
        await until(pilot, lambda: screen.filtering.is_open or view != "1" or bool(screen.chosen.words) or screen.chosen.faults)


async def test_a_detail_that_has_the_whole_screen_can_be_acted_on_and_put_in_another_order() -> None:
    async with explorer(company(), (80, 24)) as (pilot, screen, _estate):
        await pilot.press("j", "j", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, DetailScreen))
        shown = pilot.app.screen
        assert not shown.active_bindings["o"].enabled
        await pilot.press("tab", "tab")
        await until(pilot, lambda: screen.inspector.tab is VULNERABILITIES and shown.active_bindings["o"].enabled)
        await pilot.press("o")
        assert {"b", "r", "K"} <= set(shown.active_bindings)
        idle = [active.binding for active in shown.active_bindings.values() if not active.enabled]
        assert all(reason_for(shown, binding) for binding in idle), [binding.action for binding in idle]


async def test_a_key_of_the_rows_says_on_a_page_that_it_works_there_only() -> None:
    async with explorer(company(), (80, 24)) as (pilot, _, _estate):
        await pilot.press("s")
        await until(pilot, lambda: isinstance(pilot.app.screen, SourcesScreen))
        await pilot.press("b")
        await until(pilot, lambda: "This key works on the rows. Esc goes back to them." in toasts(pilot.app))


async def test_a_filter_can_be_typed_before_anything_was_read() -> None:
    async with explorer(EMPTY, (80, 24)) as (pilot, screen, estate):
        await pilot.press("slash", *"payments", "enter")
        await until(pilot, lambda: screen.chosen.query == "payments")
        estate.publish(company())
        await until(pilot, lambda: screen.built is not None and bool(screen.built.matched) and screen.outline.row_count > 0)


def names_of_all_screens() -> set[str]:
    """The name of each key that any screen binds."""
    folder = Path(screens.__file__).parent
    modules = [import_module(f"{screens.__name__}.{path.stem}") for path in folder.glob("*.py") if path.stem != "__init__"]
    lists = [getattr(item, "BINDINGS", ()) for module in modules for item in vars(module).values() if isinstance(item, type)]
    bindings = [binding for item in (*lists, GLOBAL, EXPLORER, PAGE) for binding in item if isinstance(binding, Binding)]
    own = [binding for binding in bindings if binding.id and not binding.id.startswith(("app.", "screen.", "command_palette."))]
    return {binding.id for binding in own if binding.id}


def test_each_key_can_be_given_another_place_by_its_name() -> None:
    names = names_of_all_screens()
    check_names(names)
    guide = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
    assert not [name for name in {*names, *PAGES} if f"`{name}`" not in guide]
    assert set(PAGES) <= names


def test_a_name_that_no_key_has_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(InvalidConfig, match=r"`fliter` under \[keymap\] is the name of no key") as refused:
        check_names(["why", "fliter"])
    assert refused.value.remedy.startswith("Did you mean `filter`?")


@pytest.mark.parametrize("view", ["1", "2", "3", "4", "5"])
async def test_the_first_page_of_the_help_has_what_matters_in_the_view(view: str) -> None:
    async with explorer(company(), (80, 24)) as (pilot, screen, _estate):
        await pilot.press(view)
        await until(pilot, lambda: screen.view.key == view)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        shown = pilot.app.screen
        assert isinstance(shown, HelpScreen)
        await until(pilot, lambda: bool(shown.page.lines) and shown.page.size.height > 1)
        first = shown.page.lines[: shown.page.size.height - 1]
        text = "\n".join("".join(span.text for span in line.left) for line in first)
        footer = [words for _, words, enabled in keys_of(screen.app.screen_stack[0]) if enabled]
        assert not [words for words in footer if words not in text]
        assert "Signs" in text
        assert "filter" in text
        assert all(f"{key} " in text for key in ("1", "2", "3", "4", "5"))
        assert all(len("".join(span.text for span in line.left)) <= 80 for line in shown.page.lines)
        assert all(word in text for word in ("a check fails", "never the same as fine")) or view == "5"
