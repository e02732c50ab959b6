"""Lines of painted text: a banner, a footer, or a page that scrolls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.strip import Strip

from widgets.columns import GAP, cut
from widgets.messages import FromWidget
from widgets.painted import Painted
from widgets.rows import Span, TextLine
from widgets.text import harmless, width_of

__all__ = ["Banner", "TextPage"]

WHEEL = 3


class Banner(Painted):
    """Lines of text, each with a left and a right part; only lines that change are repainted."""

    class Clicked(FromWidget["Banner"]):
        """A line was clicked, so many cells from its beginning."""

        def __init__(self, banner: Banner, line: int, cell: int) -> None:
            super().__init__(banner)
            self.line = line
            self.cell = cell

    DEFAULT_CSS = """
    Banner { height: 1; }
    """

    names = False
    """Whether lines that are too long are names, which are cut in their middle: sentences are wrapped before they come here."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: Sequence[TextLine] = ()

    @property
    def lines(self) -> Sequence[TextLine]:
        """What is shown."""
        return self._lines

    def set_lines(self, lines: Sequence[TextLine]) -> None:
        """Show other lines."""
        before, self._lines = self._lines, lines
        count = max(len(before), len(self._lines))
        changed = [row for row in range(count) if before[row : row + 1] != self._lines[row : row + 1]]
        self.refresh_rows(changed)

    def refresh_rows(self, rows: Sequence[int]) -> None:
        """Repaint these lines."""
        if rows:
            self.refresh(*(Region(0, row, self.size.width, 1) for row in rows))

    def render_line(self, y: int) -> Strip:
        """Paint one line."""
        return self.line_strip(y)

    def line_at(self, y: int) -> int:
        """Which line stands there."""
        return y

    def on_click(self, event: events.Click) -> None:
        """Say which line was clicked."""
        self.post_message(self.Clicked(self, self.line_at(event.y), event.x))

    def line_strip(self, row: int) -> Strip:
        """The line at an index, blank after the last."""
        width = self.size.width
        if not 0 <= row < len(self._lines):
            return self.join((), width, self.role(""))
        line = self._lines[row]
        return self.paint(_joined(line, width, "~" if self.ascii else "…", from_middle=self.names), width)


def _joined(line: TextLine, width: int, ellipsis: str, *, from_middle: bool) -> list[Span]:
    """The left part cut where the right part needs the room, and the blanks between them."""
    right, used_cells = cut(line.right, width, ellipsis=ellipsis)
    room = width - used_cells - GAP if used_cells else width
    left, used = cut(line.left, max(0, room), from_middle=from_middle, ellipsis=ellipsis)
    return [*left, Span(" " * (width - used - used_cells)), *right]


class TextPage(Banner, can_focus=True):
    """Lines of text that scroll; nothing jumps when the lines are replaced, unless another subject is shown."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_lines(1)", "down", show=False, id="page.down"),
        Binding("up,k", "scroll_lines(-1)", "up", show=False, id="page.up"),
        Binding("pagedown,ctrl+f,space", "scroll_page(1)", "page down", show=False, id="page.page-down"),
        Binding("pageup,ctrl+b", "scroll_page(-1)", "page up", show=False, id="page.page-up"),
        Binding("ctrl+d", "scroll_half(1)", "half a page down", show=False, id="page.half-down"),
        Binding("ctrl+u", "scroll_half(-1)", "half a page up", show=False, id="page.half-up"),
        Binding("g,home", "scroll_top", "first", show=False, id="page.first"),
        Binding("G,end", "scroll_bottom", "last", show=False, id="page.last"),
    ]

    DEFAULT_CSS = """
    TextPage { height: 1fr; }
    """

    names = True

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._top = 0

    @property
    def top(self) -> int:
        """The first line on the screen."""
        return self._top

    @property
    def text(self) -> str:
        """What is shown, as plain lines."""
        return "\n".join(_plain(line, self.size.width) for line in self.lines)

    def show(self, lines: Sequence[TextLine], *, from_top: bool = False) -> None:
        """Show other lines; `from_top` when they are about something else."""
        before = self._shown()
        self._top = 0 if from_top else max(0, min(self._top, len(lines) - self.size.height))
        self._lines = lines
        after = self._shown()
        # The terminal may be at the far end of a slow line: what stays is not sent again.
        Banner.refresh_rows(self, [row for row, line in enumerate(after) if line != before[row]])

    def _shown(self) -> list[TextLine | int | None]:
        """What each row of the screen shows: a line, how many more there are, or nothing."""
        height = self.size.height
        shown: list[TextLine | int | None] = list(self._lines[self._top : self._top + height])
        shown += [None] * (height - len(shown))
        if height and (more := self._more) > 0:
            shown[-1] = more
        return shown

    @property
    def _more(self) -> int:
        """How many lines are below the last row."""
        return len(self.lines) - self._top - self.size.height

    def refresh_rows(self, rows: Sequence[int]) -> None:
        """Repaint these lines where they are on the screen."""
        super().refresh_rows([row - self._top for row in rows if 0 <= row - self._top < self.size.height])

    def render_line(self, y: int) -> Strip:
        """Paint one line, with a mark in the last one when there is more below."""
        if self._more > 0 and y == self.size.height - 1:
            return self.paint([Span(f"{'v' if self.ascii else '↓'} {self._more + 1} more lines", "dim")], self.size.width)
        return self.line_strip(y + self._top)

    def line_at(self, y: int) -> int:
        """Which line stands there now."""
        return y + self._top

    def action_scroll_lines(self, by: int) -> None:
        """Scroll by lines."""
        top = max(0, min(self._top + by, len(self.lines) - self.size.height))
        if top != self._top:
            self._top = top
            self.refresh()

    def action_scroll_page(self, by: int) -> None:
        """Scroll by a page."""
        self.action_scroll_lines(by * max(1, self.size.height - 2))

    def action_scroll_half(self, by: int) -> None:
        """Scroll by half a page."""
        self.action_scroll_lines(by * max(1, self.size.height // 2))

    def action_scroll_top(self) -> None:
        """Scroll to the first line."""
        self.action_scroll_lines(-len(self.lines))

    def action_scroll_bottom(self) -> None:
        """Scroll to the last line."""
        self.action_scroll_lines(len(self.lines))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll down."""
        event.stop()
        self.action_scroll_lines(WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll up."""
        event.stop()
        self.action_scroll_lines(-WHEEL)


def _plain(line: TextLine, width: int) -> str:
    left = "".join(harmless(text) for text, _ in line.left)
    right = "".join(harmless(text) for text, _ in line.right)
    return f"{left}{' ' * max(1, width - width_of(left) - width_of(right))}{right}".rstrip() if right else left
