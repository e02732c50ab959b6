"""The log of a run as it grows: follow, search and wrap."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input

from tui.errors import TrustreeError
from tui.ui.host import Host
from tui.ui.screens.pages import TextScreen
from tui.ui.work import begin_work
from widgets.rows import Span, TextLine
from widgets.text import wrap

__all__ = ["RunLogScreen"]

MOST = 50_000
"""Lines that are kept, the newest ones."""
EVERY = 0.2
"""Seconds between two looks at what has come: a build may write thousands of lines at once."""


class RunLogScreen(TextScreen):
    """Lines as they come; whoever scrolls up stops following, and the last line is followed again with `F` or `G`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("F", "follow", "follow", id="log.follow"),
        Binding("w", "wrap", "wrap", id="log.wrap"),
        Binding("slash", "search", "search", key_display="/", id="log.search"),
        Binding("n", "next(1)", "next hit", show=False, id="log.next"),
        Binding("N", "next(-1)", "hit before", show=False, id="log.before"),
    ]

    DEFAULT_CSS = """
    RunLogScreen > #search { height: 1; dock: bottom; }
    RunLogScreen Input { height: 1; border: none; padding: 0 1; }
    """

    if TYPE_CHECKING:
        app: Host

    def __init__(self, title: str, open_log: Callable[[], AsyncGenerator[str, None]]) -> None:
        super().__init__()
        self._title = title
        self._open_log = open_log
        self._text: list[str] = []
        self._cut = 0
        self._state = "reading"
        self._wraps = False
        self._follows = True
        self._wanted = ""
        self._new = False

    def on_mount(self) -> None:
        """Read until the end of the log, or until the screen is left."""
        super().on_mount()
        self.page.names = False
        begin_work(self, self._read, name="log of a run", group="runlog", exclusive=True)
        self.set_interval(EVERY, self._show_new)

    async def _read(self) -> None:
        lines = self._open_log()
        try:
            async for line in lines:
                self._text.append(line)
                self._new = True
                if len(self._text) > MOST:
                    self._cut += len(self._text) - MOST
                    del self._text[: len(self._text) - MOST]
            self._state = "complete"
        except TrustreeError as error:
            self._state = f"broken off: {error.headline} {error.remedy}".strip()
        finally:
            self._new = True
            await lines.aclose()

    def _show_new(self) -> None:
        if self._new:
            self._new = False
            self.show_lines()

    def show_lines(self) -> None:
        """As of now; at its end while it is followed."""
        self.heading = f"{self._title}  {self._state}{'  following' if self._follows else ''}"
        super().show_lines()
        if self._follows:
            self.page.action_scroll_bottom()

    def lines(self) -> Sequence[TextLine]:
        """Every line, wrapped where that is asked for; hits of the search stand out."""
        width = self.size.width - 2
        shown: list[TextLine] = []
        if self._cut:
            shown.append(TextLine((Span(f" {self._cut} lines before these are not kept: the builder has them.", "dim"),)))
        for line in self._text:
            role = "accent bold" if self._wanted and self._wanted in line.lower() else ""
            parts = wrap(line, width) if self._wraps else [line]
            shown += [TextLine((Span(f" {part}", role),)) for part in parts or [""]]
        return shown

    def on_key(self) -> None:
        """Whoever moves up reads: the end is not followed any more."""
        self.call_after_refresh(self._look_whether_followed)

    def _look_whether_followed(self) -> None:
        at_end = self.page.top >= len(self.page.lines) - self.page.size.height
        if at_end != self._follows:
            self._follows = at_end
            self.show_lines()

    def action_follow(self) -> None:
        """To the end, and stay there."""
        self._follows = True
        self.show_lines()

    def action_wrap(self) -> None:
        """Long lines in several, or cut."""
        self._wraps = not self._wraps
        self.show_lines()

    async def action_search(self) -> None:
        """Ask for what to look for."""
        if not self.query(Input):
            await self.mount(Horizontal(Input(self._wanted, placeholder="search, Enter", compact=True), id="search"))
        self.set_focus(self.query_one(Input))

    @on(Input.Submitted)
    async def _search(self, event: Input.Submitted) -> None:
        self._wanted = event.value.lower()
        await self._end_search()
        self.action_next(1)

    async def _end_search(self) -> None:
        await self.query("#search").remove()
        self.set_focus(self.page)

    def action_next(self, by: int) -> None:
        """The next line with what is looked for."""
        if not self._wanted:
            return
        shown = self.page.lines
        order = range(self.page.top + by, len(shown)) if by > 0 else range(self.page.top + by, -1, -1)
        hit = next((row for row in order if any(self._wanted in span.text.lower() for span in shown[row].left)), None)
        self._follows = False
        self.show_lines()
        if hit is None:
            self.notify("No further line has it.", timeout=2)
        else:
            self.page.action_scroll_lines(hit - self.page.top)

    def action_leave(self) -> None:
        """Out of the search, then back."""
        if self.query(Input):
            begin_work(self, self._end_search, name="search", group="search")
        else:
            self.dismiss()
