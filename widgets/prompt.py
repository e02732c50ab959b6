"""A one-line prompt with completion of the word being typed, and a word at its right edge on how it goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input

from widgets.page import Banner
from widgets.rows import Cell, Span, TextLine

__all__ = ["FilterBar", "TextSuggester"]


class TextSuggester(Suggester):
    """Completes the text to the first whole text that a function offers."""

    def __init__(self, offers: Callable[[str], Sequence[str]]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._offers = offers

    async def get_suggestion(self, value: str) -> str | None:
        """The first offer that goes on from what is typed."""
        return next((text for text in self._offers(value) if text.startswith(value) and text != value), None)


class FilterBar(Horizontal):
    """Where a filter is typed."""

    class Changed(Message):
        """The text is another."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    class Submitted(Message):
        """Enter was pressed: the filter stays."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    class Cancelled(Message):
        """Esc was pressed: the filter goes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "clear", id="filter.cancel"),
        Binding("tab", "complete", "complete", id="filter.complete"),
    ]

    DEFAULT_CSS = """
    FilterBar {
        height: 1;
        dock: bottom;
        & > #sign { width: 3; height: 1; }
        & > Input { width: 1fr; height: 1; border: none; padding: 0; }
        & > #verdict { width: 46; height: 1; }
    }
    """

    def __init__(self, text: str = "", offers: Callable[[str], Sequence[str]] = lambda _: (), *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._text = text
        self._suggester = TextSuggester(offers)

    def compose(self) -> ComposeResult:
        """A sign, the text, and how it goes."""
        yield Banner(id="sign")
        yield Input(self._text, suggester=self._suggester, select_on_focus=False, compact=True)
        yield Banner(id="verdict")

    def on_mount(self) -> None:
        """Ready to type."""
        self.query_one("#sign", Banner).set_lines([TextLine((Span(" / ", "accent bold"),))])
        self.screen.set_focus(self.query_one(Input))  # not by a message: the keys after it are on their way

    def say(self, cell: Cell) -> None:
        """Show how it goes, at the right edge."""
        self.query_one("#verdict", Banner).set_lines([TextLine((), (*cell, Span(" ")))])

    def on_input_changed(self, event: Input.Changed) -> None:
        """Pass the text on."""
        event.stop()
        self.post_message(self.Changed(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the filter."""
        event.stop()
        self.post_message(self.Submitted(event.value))

    def action_cancel(self) -> None:
        """Drop the filter."""
        self.post_message(self.Cancelled())

    def action_complete(self) -> None:
        """Take the completion that is shown."""
        self.query_one(Input).action_cursor_right()
