"""A one-line prompt: a list of what the word being typed could become, what was typed before, and how it goes on the right."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.geometry import Size
from textual.message import Message
from textual.reactive import Reactive
from textual.widgets import Input

from widgets.choices import Choice, ChoiceList
from widgets.page import Banner
from widgets.rows import Cell, Span, TextLine
from widgets.text import harmless, width_of, wrap

__all__ = ["FilterBar", "PromptInput"]

SIGN = 3
"""Cells of the sign before the text."""
PATIENCE = 2.0
"""Seconds that a key waits for the list of what is typed: keys that are read in one go mean the list that they ask for."""


class PromptInput(Input):
    """A line of text; what is pasted on several lines becomes one.

    It has the room that it is given, however long its text is: with no letter the screen is laid out anew.
    """

    virtual_size = Reactive(Size(0, 0))

    def on_paste(self, event: events.Paste) -> None:
        """Take every line."""
        event.stop()
        event.prevent_default()
        text = " ".join(harmless(line).strip() for line in event.text.splitlines() if line.strip())
        self.replace(text, *self.selection)


class FilterBar(Horizontal):
    """Where a filter is typed.

    What could be typed is asked for by `Asked` and answered by `Offered`. Tab and the arrows choose from it; where nothing is
    chosen, up and down go through what was typed before (`history`, the oldest first).
    """

    class Changed(Message):
        """The text is another."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    class Asked(Changed):
        """The operator typed: what could come at the cursor?"""

        def __init__(self, text: str, cursor: int) -> None:
            self.cursor = cursor
            super().__init__(text)

    class Offered(Message):
        """What the text could become; `quiet` where it is shown only when a key asks for it."""

        def __init__(self, text: str, choices: Sequence[Choice], quiet: bool = False) -> None:
            self.text, self.choices, self.quiet = text, choices, quiet
            super().__init__()

    class Submitted(Message):
        """Enter was pressed: the filter stays. `chosen` is the number of what was chosen of the list, None for what was typed."""

        def __init__(self, text: str, chosen: int | None = None) -> None:
            self.text, self.chosen = text, chosen
            super().__init__()

    class Cancelled(Message):
        """Esc was pressed: the filter goes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "close the list, then clear", id="filter.cancel"),
        Binding("tab", "choose(1)", "complete", id="filter.complete"),
        Binding("shift+tab", "choose(-1)", "complete, backwards", show=False, id="filter.complete-before"),
        Binding("down", "down", "next of the list", show=False, id="filter.down"),
        Binding("up", "up", "earlier query", key_display="↑", id="filter.up"),
    ]

    DEFAULT_CSS = """
    FilterBar {
        height: 1;
        dock: bottom;
        & > #sign { width: 3; height: 1; }
        & > Input { width: 1fr; height: 1; border: none; padding: 0; }
        & > #verdict { width: 8; height: 1; }
    }
    """

    def __init__(
        self, text: str = "", *, history: Sequence[str] = (), sign: str = "/", takes_first: bool = False, id: str | None = None
    ) -> None:
        """With `takes_first` Enter means the first of the list where nothing else is chosen."""
        super().__init__(id=id)
        self._takes_first = takes_first
        self.list = ChoiceList(self._pick)
        self._text, self._sign = text, sign
        self._history = [past for past in dict.fromkeys(reversed(history)) if past != text]
        self._past: int | None = None
        self._typed = text
        self._given = text
        self._choices: Sequence[Choice] = ()
        self._chosen: int | None = None
        self._offered_for: str | None = None
        self._arrived = asyncio.Event()

    def compose(self) -> ComposeResult:
        """A sign, the text, and how it goes."""
        yield Banner(id="sign")
        yield PromptInput(self._text, select_on_focus=False, compact=True)
        yield Banner(id="verdict")

    def on_mount(self) -> None:
        """Ready to type."""
        self.query_one("#sign", Banner).set_lines([TextLine((Span(f" {self._sign} ", "accent bold"),))])
        self.screen.mount(self.list)
        self.screen.set_focus(self.input)  # not by a message: the keys after it are on their way
        self._ask()

    def on_unmount(self) -> None:
        """The list goes with it."""
        self.list.remove()

    @property
    def input(self) -> Input:
        """Where the text is."""
        return self.query_one(PromptInput)

    @property
    def text(self) -> str:
        """What stands in it."""
        return self.input.value

    def say(self, cell: Cell) -> None:
        """Show how it goes, at the right edge."""
        verdict = self.query_one("#verdict", Banner)
        width = sum(width_of(span.text) for span in cell) + 1
        verdict.styles.width = -(-width // 8) * 8  # in steps: with every other width all is laid out anew
        verdict.set_lines([TextLine((), (*cell, Span(" ")))])

    def show_fault(self, position: int, headline: str, remedy: str) -> None:
        """Say above the text what is wrong where."""
        width = self.screen.size.width
        column = max(0, min(SIGN + position - int(self.input.scroll_offset.x), width - 2))
        lines = [TextLine((Span(f" {part}", "fail"),)) for part in wrap(headline, width - 2)]
        lines += [TextLine((Span(f" {part}", "dim"),)) for part in wrap(remedy, width - 2)]
        self.list.show_lines([*lines, TextLine((Span(" " * column), Span("v" if self.list.ascii else "↓", "fail bold")))])

    # ---- what is typed

    def on_input_changed(self, event: Input.Changed) -> None:
        """Pass the text on, and ask what could come."""
        event.stop()
        if event.value != self.text:
            return  # it is another again
        if event.value == self._given:
            self.post_message(self.Changed(event.value))
            return
        self._typed, self._given, self._past, self._chosen = event.value, event.value, None, None
        if not self.list.shows_choices:
            self.list.close()  # what was wrong may not be any more
        self.post_message(self.Changed(event.value))
        self._ask()

    def _ask(self) -> None:
        self._arrived.clear()
        self.post_message(self.Asked(self.text, self.input.cursor_position))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the filter; or go on with what is chosen, where a value is to follow."""
        event.stop()
        if self._chosen is not None and self._choices[self._chosen].unfinished:
            self._go_on()
        else:
            self.post_message(self.Submitted(event.value, self._chosen))

    def type(self, text: str) -> None:
        """Have a text there, as if it had been typed."""
        self._put(text, len(text))
        self._go_on()

    def _go_on(self) -> None:
        """What stands there was typed, as it were."""
        self._typed, self._chosen, self._choices, self._past = self.text, None, (), None
        self._show_choices()
        self._offered_for = None
        self._ask()

    # ---- the list

    def on_filter_bar_offered(self, event: Offered) -> None:
        """Show what could come, unless something else was typed since."""
        event.stop()
        if event.text != self._typed:
            return
        before = [choice.text for choice in self._choices]
        if self._chosen is not None and before != [choice.text for choice in event.choices]:
            return
        self._choices, self._offered_for = event.choices, event.text
        if not event.quiet or self._chosen is not None:
            self._show_choices()
        elif self.list.shows_choices:
            self.list.close()
        self._arrived.set()

    def _show_choices(self) -> None:
        chosen = 0 if self._takes_first and self._chosen is None and self._choices else self._chosen
        self.list.show(self._choices, chosen)

    async def _wait_for_choices(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while self._offered_for != self._typed or (self.text not in (self._typed, self._given)):
                    await self._arrived.wait()
                    await asyncio.sleep(0)
        except TimeoutError:
            return

    async def action_choose(self, by: int) -> None:
        """Take the next of the list into the text, or the one before; the only one as if it had been typed."""
        await self._wait_for_choices()
        if not self._choices:
            return
        places = len(self._choices)
        self._choose((0 if by > 0 else places - 1) if self._chosen is None else (self._chosen + by) % places)
        if places == 1:
            self._go_on()

    def _choose(self, chosen: int | None) -> None:
        self._chosen, self._past = chosen, None
        if chosen is None:
            self._put(self._typed, len(self._typed))
        else:
            self._put(self._choices[chosen].text, self._choices[chosen].cursor)
        self._show_choices()

    def _pick(self, chosen: int) -> None:
        self._choose(chosen)
        self._go_on()

    def _put(self, text: str, cursor: int) -> None:
        self._given = text
        self.input.value = text
        self.input.cursor_position = cursor

    async def action_down(self) -> None:
        """The next of the list; without one what was typed after it."""
        if self._past is not None:
            self._go_through(self._past - 1)
        else:
            await self._wait_for_choices()
            if self._takes_first and self._chosen is None and len(self._choices) > 1:
                self._choose(1)
            else:
                await self.action_choose(1)

    async def action_up(self) -> None:
        """The one before in the list, above its first the text as it was typed; else what was typed before."""
        if self._chosen is not None:
            self._choose(self._chosen - 1 if self._chosen else None)
        else:
            self._go_through(0 if self._past is None else self._past + 1)

    def _go_through(self, past: int) -> None:
        """Put an earlier text there; the newest is the first, and before it comes what was typed."""
        if past >= len(self._history):
            return
        if self._past is None and self.list.display:
            self.list.close()
        self._past = past if past >= 0 else None
        text = self._typed if past < 0 else self._history[past]
        self._put(text, len(text))

    async def action_cancel(self) -> None:
        """Close the list, and have the text as it was typed; without a list drop the filter.

        A list that is there before anything is typed is no reason to stay: nothing was begun.
        """
        await self._wait_for_choices()
        if not self.list.display or (not self.input.value and self._chosen is None):
            self.post_message(self.Cancelled())
            return
        if self._chosen is not None:
            self._choose(None)
        self._choices = ()
        self.list.close()
