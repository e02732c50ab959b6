"""A log as it grows: follow, search and wrap."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.events import Key
from textual.widgets import Input

from tui.errors import TrustreeError
from tui.presenters.tabs.lines import remark
from tui.presenters.words import plural
from tui.ui.host import Host
from tui.ui.screens.pages import TextScreen
from tui.ui.work import begin_work
from widgets.rows import JoinedLines, LazyLines, Span, TextLine
from widgets.text import wrap

__all__ = ["RunLogScreen"]

MOST = 50_000
"""Lines that are kept, the newest ones."""
EVERY = 0.2
"""Seconds between two looks at what has come: a build may write thousands of lines at once."""
OpenLog = Callable[[], AsyncGenerator[str, None]]


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

    kept_by = "the builder has them"
    """Where the lines are that are not kept here."""

    if TYPE_CHECKING:
        app: Host

    def __init__(self, title: str, open_log: OpenLog) -> None:
        super().__init__()
        self._title = title
        self._open_log = open_log
        self._text: list[str] = []
        self._wrapped: list[str] = []
        self._wrapped_to = self._begun = 0
        self._cut = 0
        self._state = "reading"
        self._error: TrustreeError | None = None
        self._wraps = False
        self._follows = True
        self._wanted = ""
        self.hit: int | None = None
        self._new = False

    def on_mount(self) -> None:
        """Read until the end of the log, or until the screen is left."""
        super().on_mount()
        self.page.names = False
        self.set_interval(EVERY, self._show_new)
        self.read(self._title, self._open_log)

    def read(self, title: str, open_log: OpenLog) -> None:
        """Read a log from its beginning, in place of what was read before."""
        self._title, self._open_log = title, open_log
        self._text, self._wrapped, self._cut, self._state, self._error = [], [], 0, "reading", None
        self.hit = None
        self._follows = self._new = True
        begin_work(self, self._read, name="log", group="log", exclusive=True)

    async def _read(self) -> None:
        text = self._text
        try:
            async with aclosing(self._open_log()) as lines:
                async for line in lines:
                    text.append(line)
                    self._new = True
                    if len(text) > MOST + MOST // 10:
                        self._drop(text)
            self._state = "complete"
        except TrustreeError as error:
            self._state, self._error = "broken off" if text else "not read", error.kept()
        finally:
            self._new = True

    def _drop(self, text: list[str]) -> None:
        """Let go of the oldest lines; many at once, as all that was wrapped is wrapped anew."""
        self._cut += len(text) - MOST
        del text[: len(text) - MOST]
        self._wrapped.clear()

    @property
    def state(self) -> str:
        """How reading goes."""
        return "following" if self._state == "reading" and self._follows else self._state

    def _show_new(self) -> None:
        if self._new:
            self._new = False
            self.show_lines()

    def show_lines(self) -> None:
        """As of now; at its end while it is followed."""
        self.heading, self.remark = self._title, self.state
        super().show_lines()
        if self._follows:
            self.page.action_scroll_bottom()

    def lines(self) -> Sequence[TextLine]:
        """Every line, wrapped where that is asked for; hits of the search stand out."""
        verb = "is" if self._cut == 1 else "are"
        words = f"{plural(self._cut, 'line')} before these {verb} not kept here: {self.kept_by}."
        before = [remark(words)] if self._cut else []
        return JoinedLines([LazyLines(before, self._shown_text(), self._line), self._end()])

    def _shown_text(self) -> Sequence[str]:
        """The text as it is now; what was wrapped before is not wrapped again."""
        if not self._wraps:
            return tuple(self._text)
        width = self.size.width - 2
        if self._wrapped_to != width or not self._wrapped:
            self._wrapped, self._wrapped_to, begun = [], width, 0
        else:
            begun = self._begun
        for line in self._text[begun:]:
            self._wrapped += wrap(line, width) or [""]
        self._begun = len(self._text)
        return tuple(self._wrapped)

    def _line(self, text: str) -> TextLine:
        hit = bool(self._wanted) and self._wanted in text.lower()
        return TextLine((Span(f" {text}", "accent bold" if hit else ""),))

    def _end(self) -> list[TextLine]:
        """What stands below the last line: why there is no more, or nothing at all."""
        width = max(16, self.size.width - 2)
        if self._error is not None:
            remedy = f"{self.app.glyphs.arrow}{self._error.remedy}" if self._error.remedy else ""
            headline = [TextLine((Span(f" {part}", "unknown"),)) for part in wrap(self._error.headline, width)]
            return [*headline, *(remark(part) for part in wrap(remedy, width))]
        if not self._text:
            return [remark("The log is empty." if self._state == "complete" else "No line has come yet.")]
        return []

    def on_key(self, event: Key) -> None:
        """Whoever moves up reads: the end is not followed any more."""
        super().on_key(event)
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
        self._wanted, self.hit = event.value.lower(), None
        await self._end_search()
        self.refresh_bindings()
        self.action_next(1)

    async def _end_search(self) -> None:
        await self.query("#search").remove()
        self.set_focus(self.page)

    def action_next(self, by: int) -> None:
        """The next line with what is looked for; after the last one the first, and the other way round."""
        if not self._wanted:
            return
        shown, top = self.page.lines, self.page.top
        is_seen = self.hit is not None and top <= self.hit < top + self.page.size.height
        start = self.hit + by if self.hit is not None and is_seen else top
        hit = next((row for row in _around(start, by, len(shown)) if self._has(shown[row])), None)
        if hit is not None and (hit < start if by > 0 else hit > start):
            self.notify("Around the end of the log.", timeout=2)
        self.hit, self._follows = hit, False
        self.show_lines()
        if hit is None:
            self.notify("No line has it.", timeout=2)
        else:
            self.page.action_scroll_lines(hit - self.page.top)

    def _has(self, line: TextLine) -> bool:
        return any(self._wanted in span.text.lower() for span in line.left)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is no next hit before something is looked for."""
        return (bool(self._wanted) or None) if action == "next" else True

    def action_leave(self) -> None:
        """Out of the search, then back."""
        if self.query(Input):
            begin_work(self, self._end_search, name="search", group="search")
        else:
            self.dismiss()


def _around(start: int, by: int, total: int) -> Iterator[int]:
    """Every row once, from one on in a direction, and around the end."""
    return ((start + by * step) % total for step in range(total)) if total else iter(())
