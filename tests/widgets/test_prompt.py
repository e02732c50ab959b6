"""A prompt with a list: keys that come before the list wait for it, and nothing that was typed is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual import events
from textual._compositor import Compositor, ReflowResult
from textual.app import ComposeResult
from textual.geometry import Size
from textual.pilot import Pilot
from textual.widget import Widget

from tests.waiting import until
from widgets.choices import LOW_LINES, MOST_LINES, Choice
from widgets.prompt import FilterBar
from widgets.rows import Span
from widgets.typeahead import TypeAheadApp

WORDS = ("alpha", "beta", "beta:", "gamma")


class Prompted(TypeAheadApp[None]):
    """A prompt that is answered when the test lets it be."""

    CSS = "Screen { layers: default above; }"

    def __init__(self, *, history: tuple[str, ...] = (), takes_first: bool = False, words: tuple[str, ...] = WORDS) -> None:
        super().__init__()
        self.bar = FilterBar(history=history, takes_first=takes_first)
        self.words = words
        self.answers = asyncio.Event()
        self.answers.set()
        self.submitted: list[tuple[str, int | None]] = []
        self.cancelled = 0

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Those of the lists' grounds."""
        return {"selection": "#333333", "selection-idle": "#222222", "words-dim": "#999999", "rule": "#555555"}

    def compose(self) -> ComposeResult:
        """The prompt alone."""
        yield self.bar

    def on_filter_bar_asked(self, event: FilterBar.Asked) -> None:
        """Answer, now or later."""
        self.run_worker(self._answer(event.text), exit_on_error=False)

    async def _answer(self, text: str) -> None:
        await self.answers.wait()
        fitting = [word for word in self.words if word.startswith(text) and word != text]
        choices = [Choice(word, len(word), (Span(word),), (), word.endswith(":")) for word in fitting]
        self.bar.post_message(FilterBar.Offered(text, choices, quiet=not text))

    def on_filter_bar_submitted(self, event: FilterBar.Submitted) -> None:
        """Remember it."""
        self.submitted.append((event.text, event.chosen))

    def on_filter_bar_cancelled(self) -> None:
        """Count it."""
        self.cancelled += 1


@asynccontextmanager
async def prompted(app: Prompted, height: int = 20) -> AsyncIterator[Pilot[None]]:
    """The prompt, ready to type in."""
    async with app.run_test(size=(60, height)) as pilot:
        await pilot.pause()
        yield pilot


async def test_tab_waits_for_the_list_that_it_asks_for() -> None:
    app = Prompted()
    async with prompted(app) as pilot:
        app.answers.clear()
        for key in ("b", "tab", "enter"):
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await pilot.pause()
        assert app.bar.text == "b"
        app.answers.set()
        await until(pilot, lambda: app.submitted == [("beta", 0)])


async def test_a_letter_lays_nothing_out_and_the_end_of_a_long_text_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Prompted(words=())
    async with prompted(app) as pilot:
        await pilot.press("a")
        layouts: list[Size] = []
        lay_out = Compositor.reflow

        def reflow(compositor: Compositor, parent: Widget, size: Size) -> ReflowResult:
            layouts.append(size)
            return lay_out(compositor, parent, size)

        monkeypatch.setattr(Compositor, "reflow", reflow)
        await pilot.press(*"abcdefgh" * 10, "X", "Y")
        assert not layouts
        assert "XY" in app.bar.input.render_line(0).text


async def test_what_wants_a_value_is_taken_and_not_submitted() -> None:
    app = Prompted()
    async with prompted(app) as pilot:
        await pilot.press("b", "tab", "tab", "enter")
        await until(pilot, lambda: app.bar.text == "beta:")
        assert not app.submitted
        await pilot.press("x", "enter")
        await until(pilot, lambda: app.submitted == [("beta:x", None)])


async def test_on_an_empty_line_the_list_comes_when_it_is_asked_for() -> None:
    app = Prompted()
    async with prompted(app) as pilot:
        assert not app.bar.list.display
        await pilot.press("down")
        await until(pilot, lambda: app.bar.list.texts == list(WORDS) and app.bar.text == "alpha")
        await pilot.press("shift+tab")
        assert app.bar.text == "gamma"
        await pilot.press("escape")
        assert (app.bar.text, app.bar.list.display, app.cancelled) == ("", False, 0)
        await pilot.press("escape")
        await until(pilot, lambda: app.cancelled == 1)


async def test_esc_leaves_a_prompt_that_offers_something_before_anything_is_typed() -> None:
    app = Prompted()
    async with prompted(app) as pilot:
        app.bar.post_message(FilterBar.Offered("", [Choice(word, len(word), (Span(word),)) for word in WORDS]))
        await until(pilot, lambda: app.bar.list.display)
        await pilot.press("escape")
        await until(pilot, lambda: app.cancelled == 1)


async def test_esc_closes_the_list_of_what_was_typed_and_keeps_that() -> None:
    app = Prompted()
    async with prompted(app) as pilot:
        await pilot.press("b")
        await until(pilot, lambda: app.bar.list.display)
        await pilot.press("escape")
        assert (app.bar.text, app.bar.list.display, app.cancelled) == ("b", False, 0)


async def test_up_goes_through_what_was_typed_before_and_down_back_to_the_beginning() -> None:
    app = Prompted(history=("one", "two", "one"))
    async with prompted(app) as pilot:
        await pilot.press("b")
        texts = []
        for key in ("up", "up", "up", "down", "down"):
            await pilot.press(key)
            texts.append(app.bar.text)
        assert texts == ["one", "two", "two", "one", "b"]
        await pilot.press("up", "x")
        await until(pilot, lambda: app.bar.text == "onex")


async def test_the_first_may_stand_for_what_is_typed() -> None:
    app = Prompted(takes_first=True)
    async with prompted(app) as pilot:
        await pilot.press("b", "down")
        await until(pilot, lambda: app.bar.text == "beta:")
        await pilot.press("up", "up")
        await until(pilot, lambda: app.bar.text == "b")
        await pilot.press("enter")
        await until(pilot, lambda: app.submitted == [("b", None)])


@pytest.mark.parametrize(("height", "most"), [(20, LOW_LINES), (40, MOST_LINES)])
async def test_a_long_list_shows_where_the_choice_is_and_that_there_is_more(height: int, most: int) -> None:
    app = Prompted(words=tuple(f"w{number:02}" for number in range(30)))
    async with prompted(app, height) as pilot:
        await pilot.press("w", *["tab"] * 12)
        await until(pilot, lambda: app.bar.text == "w11")
        lines = [app.bar.list.render_line(y).text for y in range(app.bar.list.size.height)]
        assert len(lines) == most
        assert "w11" in lines[-1]
        assert lines[0].rstrip().endswith("↑")
        assert lines[-1].rstrip().endswith("↓")


async def test_a_click_takes_a_line() -> None:
    app = Prompted()
    async with prompted(app) as pilot:
        await pilot.press("b")
        await until(pilot, lambda: app.bar.list.texts == ["beta", "beta:"])
        await pilot.pause()
        await pilot.click(app.bar.list, offset=(3, 0))
        await until(pilot, lambda: app.bar.text == "beta")


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb\r\n", "\r\n a \n\n b", "a\x1b[31m\nb"])
async def test_pasted_lines_are_one_and_harmless(text: str) -> None:
    app = Prompted()
    async with prompted(app) as pilot:
        app.post_message(events.Paste(text))
        await until(pilot, lambda: app.bar.text.endswith(" b"))
        assert app.bar.text.isprintable()


async def test_a_fault_stands_above_its_place() -> None:
    app = Prompted()
    async with prompted(app) as pilot:
        await pilot.press(*"xyz q")
        app.bar.show_fault(4, "It is wrong.", "Write another.")
        await pilot.pause()
        assert app.bar.list.texts[:2] == [" It is wrong.", " Write another."]
        assert app.bar.list.texts[2].index("↓") == 3 + 4
