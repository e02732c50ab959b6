"""A tree of any number of rows: rows are data, and only what is on the screen is asked for and painted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from widgets.columns import thumb
from widgets.messages import FromWidget
from widgets.outline import NOTHING, Outline
from widgets.painted import Painted
from widgets.rows import RowKey, TreeModel
from widgets.sticky import Pinned, most_pinned, pinned
from widgets.treelines import ASCII_SIGNS, UNICODE_SIGNS, LinePainter, TreeFrame, TreeLine, TreeSigns

__all__ = ["VirtualTree"]

HEADER = 1
WHEEL = 3


class VirtualTree(Painted, can_focus=True):
    """A foldable tree with columns over a `TreeModel`.

    The widget scrolls by itself instead of being a scroll view: a change of the number of rows is then no layout of the
    screen, and the row under the cursor can keep its line exactly when rows come and go above it. The rows that the first ones
    on the screen are under stay at the top, dimmed.
    """

    class RowHighlighted(FromWidget["VirtualTree"]):
        """The cursor is on another row; `key` is None when there are no rows."""

        def __init__(self, tree: VirtualTree, key: RowKey | None) -> None:
            super().__init__(tree)
            self.key = key

        def can_replace(self, message: Message) -> bool:
            """Only where the cursor is now matters."""
            return isinstance(message, VirtualTree.RowHighlighted) and message.control is self.control

    class RowOpened(FromWidget["VirtualTree"]):
        """Enter was pressed on a row."""

        def __init__(self, tree: VirtualTree, key: RowKey) -> None:
            super().__init__(tree)
            self.key = key

    class RowFolded(FromWidget["VirtualTree"]):
        """A row was folded, or unfolded (`expanded`)."""

        def __init__(self, tree: VirtualTree, key: RowKey, expanded: bool) -> None:
            super().__init__(tree)
            self.key = key
            self.expanded = expanded

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "step(1)", "down", show=False, id="tree.down"),
        Binding("up,k", "step(-1)", "up", show=False, id="tree.up"),
        Binding("pagedown,ctrl+f", "page(1)", "page down", show=False, id="tree.page-down"),
        Binding("pageup,ctrl+b", "page(-1)", "page up", show=False, id="tree.page-up"),
        Binding("ctrl+d", "half_page(1)", "half a page down", show=False, id="tree.half-down"),
        Binding("ctrl+u", "half_page(-1)", "half a page up", show=False, id="tree.half-up"),
        Binding("g,home", "first", "first", show=False, id="tree.first"),
        Binding("G,end", "last", "last", show=False, id="tree.last"),
        Binding("right", "unfold", "unfold", show=False, id="tree.unfold"),
        Binding("h,left", "fold", "fold", show=False, id="tree.fold"),
        Binding("enter", "open", "open", id="tree.open"),
    ]

    DEFAULT_CSS = """
    VirtualTree {
        height: 1fr;
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._outline = Outline(NOTHING)
        self._top = 0
        self._painted: dict[int, TreeLine | None] = {}
        self._painter = LinePainter(self)
        self._painting: TreeFrame | None = None
        self._pinned = Pinned()

    # ---- what is shown

    @property
    def model(self) -> TreeModel:
        """The rows."""
        return self._outline.model

    @property
    def cursor_key(self) -> RowKey | None:
        """The row under the cursor."""
        return self._outline.cursor_key

    @property
    def cursor_line(self) -> int:
        """The line of the widget that the cursor is on, counted from the first row."""
        return self._outline.cursor - self._top

    @property
    def expanded(self) -> frozenset[RowKey]:
        """Every row that is unfolded, also inside folded ones."""
        return self._outline.expanded

    @property
    def in_order(self) -> bool:
        """Whether the top rows stand as the model orders them."""
        return self._outline.in_order

    @property
    def row_count(self) -> int:
        """How many rows are unfolded."""
        return len(self._outline.rows)

    @property
    def keys(self) -> Sequence[RowKey]:
        """The rows that are unfolded, top first."""
        return self._outline.rows

    @property
    def visible_keys(self) -> list[RowKey]:
        """The rows on the screen, top first."""
        pins, top = self._pins, max(0, self._top)
        return [*pins, *self._outline.rows[top + len(pins) : self._top + self._room]]

    def set_model(
        self, model: TreeModel, *, expanded: Iterable[RowKey] | None = None, keep_order: bool = False, blanks: bool = True
    ) -> None:
        """Show another model in place: open rows stay open and the cursor's row stays on its line, whatever blanks that leaves.

        A cursor whose row is gone goes to the nearest ancestor. `expanded` replaces the open rows, and leaves at most half of the
        lines blank; without `blanks` none is. With `keep_order` rows stay as they stand, new ones come below those beside them.
        """
        before, line, former = self.cursor_key, self.cursor_line, self.model
        self._outline.reconcile(model, expanded, keep_order=keep_order)
        top, now, half = self._outline.cursor - line, self.cursor_key, self._room // 2
        same = now is not None and before is not None and model.identity(now) == former.identity(before)
        in_place = max(-half, top if expanded is None else min(top, max(0, self.row_count - half)))
        self._top = in_place if same and blanks and (expanded is None or keep_order) else self._clamped(top)
        self._show_changes(before, former)

    def set_outline(self, outline: Outline, *, opening: bool = True) -> None:
        """Show rows laid out before: the cursor's row stays on its line; what is above it is opened for that, with `opening`."""
        before, line, former = self.cursor_key, self.cursor_line, self._outline
        outline.follow_cursor(former, opening=opening)
        self._outline = outline
        self._top = self._clamped(outline.cursor - line)
        self._show_changes(before, former.model)

    def _show_changes(self, before: RowKey | None, former: TreeModel) -> None:
        if tuple(self.model.columns()) != tuple(former.columns()):
            self._painter.forget()
            self.refresh(Region(0, 0, self.size.width, HEADER))
        self._show_cursor(below_pins=False)
        self._repaint_changes()
        if self.cursor_key != before:
            self.post_message(self.RowHighlighted(self, self.cursor_key))

    def select(self, key: RowKey, line: int | None = None) -> bool:
        """Put the cursor on a row, opening what is above it; on the nearest ancestor when there is no such row.

        `line` is where the row comes to stand, counted from the first one on the screen, as far as that can be.
        """
        before = self.cursor_key
        is_there = self._outline.reveal(key)
        if line is not None:
            self._top = self._clamped(self._outline.cursor - line)
            self._show_cursor()
        elif not self._most_pinned_above(key) <= self.cursor_line < self._room:
            self._top = self._clamped(self._outline.cursor - self._room // 3)
        self._repaint_changes()
        if self.cursor_key != before:
            self.post_message(self.RowHighlighted(self, self.cursor_key))
        return is_there

    def action_step(self, by: int) -> None:
        """Move the cursor by rows."""
        self._move_to(self._outline.cursor + by)

    def action_page(self, by: int) -> None:
        """Move the cursor and the view by a page."""
        step = self._page_down() if by > 0 else -max(1, self._room - 1 - len(self._pins))
        self._move_to(self._outline.cursor + step, self._top + step)

    def action_half_page(self, by: int) -> None:
        """Move the cursor and the view by half a page."""
        step = by * max(1, self._room // 2)
        self._move_to(self._outline.cursor + step, self._top + step)

    def _page_down(self) -> int:
        """How far down the last row of this page is the first below the pins of the next."""
        rows, most = self._outline.rows, most_pinned(self._room)
        height = max(1, self._room - 1)
        return next((step for step in range(height, 1, -1) if step + len(pinned(rows, self._top + step, most)) <= height), 1)

    def action_first(self) -> None:
        """Move to the first row."""
        self._move_to(0)

    def action_last(self) -> None:
        """Move to the last row."""
        self._move_to(self.row_count - 1)

    def action_unfold(self) -> None:
        """Unfold the row, or go to its first child when it is open."""
        key = self.cursor_key
        if key is None:
            return
        if self._outline.is_expanded(key):
            if self._outline.end_of(self._outline.cursor) > self._outline.cursor + 1:
                self._move_to(self._outline.cursor + 1)
        else:
            self._set_expanded(self._outline.cursor, True)

    def action_fold(self) -> None:
        """Fold the row, or go to its parent when it is not open."""
        key = self.cursor_key
        if key is None or self._set_expanded(self._outline.cursor, False):
            return
        parent = self._outline.parent_of(self._outline.cursor)
        if parent is not None:
            self._move_to(parent)

    def action_open(self) -> None:
        """Say that the row was opened."""
        if self.cursor_key is not None:
            self.post_message(self.RowOpened(self, self.cursor_key))

    def _move_to(self, index: int, first: int | None = None) -> None:
        """Put the cursor on a row; `first` is the row that comes to stand at the top, as far as that can be."""
        index = max(0, min(index, self.row_count - 1))
        before, top, pins = self._outline.cursor, self._top, self._pins
        self._top = max(0, top) if first is None else self._clamped(first)
        self._outline.cursor = index
        self._show_cursor()
        if self._top != top or self._pins != pins:
            self._repaint_changes()
        elif index != before:
            self._repaint_row(before)
            self._repaint_row(index)
        if index != before:
            self.post_message(self.RowHighlighted(self, self.cursor_key))

    def _set_expanded(self, index: int, expanded: bool) -> bool:
        key = self._outline.rows[index]
        changed = self._outline.unfold(index) if expanded else self._outline.fold(index)
        if changed:
            self._top = self._clamped(self._top)
            self._show_cursor()
            self._repaint_changes()
            self.post_message(self.RowFolded(self, key, expanded))
        return changed

    @property
    def _room(self) -> int:
        """How many rows fit."""
        return max(1, self.size.height - HEADER)

    def _clamped(self, top: int) -> int:
        return max(0, min(top, self.row_count - self._room))

    @property
    def _pins(self) -> list[RowKey]:
        """The rows above the first ones that stay at the top: never so many that they cover the cursor."""
        return self._pinned.rows(self._outline.rows, self._top, min(most_pinned(self._room), self.cursor_line))

    def _most_pinned_above(self, key: RowKey) -> int:
        return min(most_pinned(self._room), len(key) - 1)

    def _show_cursor(self, *, below_pins: bool = True) -> None:
        """Scroll no further than is needed to see the cursor, and below what it is under."""
        cursor, key = self._outline.cursor, self.cursor_key
        above = self._most_pinned_above(key) if below_pins and key is not None else 0
        if cursor < self._top + above:
            self._top = cursor - above
        elif cursor >= self._top + self._room:
            self._top = cursor - self._room + 1

    def on_resize(self) -> None:
        """Lay the columns out again and keep the cursor in sight."""
        self._painter.forget()
        self._top = self._clamped(self._top)
        self._show_cursor()
        self.refresh()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll the rows; the cursor stays in sight."""
        event.stop()
        self._scroll_by(WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll the rows; the cursor stays in sight."""
        event.stop()
        self._scroll_by(-WHEEL)

    def _scroll_by(self, lines: int) -> None:
        top = self._clamped(self._top + lines)
        self._move_to(max(top, min(self._outline.cursor, top + self._room - 1)), top)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the row; fold or unfold it when its marker was hit, open it on a double click."""
        key = self._key_at(event.y, self._pins) if event.y >= HEADER else None
        index = self._outline.index_of(key, self._top + event.y - HEADER) if key is not None else None
        if key is None or index is None:
            return
        self._move_to(index)
        if event.x <= 2 * len(key):
            self._set_expanded(index, not self._outline.is_expanded(key))
        elif event.chain == 2:
            self.action_open()

    def on_focus(self) -> None:
        """Show the cursor brightly."""
        self._repaint_row(self._outline.cursor)

    def on_blur(self) -> None:
        """Show the cursor dimly."""
        self._repaint_row(self._outline.cursor)

    # ---- painting

    def is_marked(self, key: RowKey) -> bool:
        """Whether a row has a mark beside it; for trees that have marks."""
        return False

    def _repaint_row(self, index: int) -> None:
        self.refresh(Region(0, index - self._top + HEADER, self.size.width, 1))

    def _repaint_changes(self) -> None:
        """Repaint the lines that no longer look as they were painted, and nothing else."""
        if not self.is_mounted or not self.size:
            return
        frame = self._frame()
        changed = [y for y in range(HEADER, frame.size.height) if self._painted.get(y, ()) != self._line_at(y, frame)]
        if changed:
            self.refresh(*(Region(0, y, frame.size.width, 1) for y in changed))

    def watch_ascii(self) -> None:
        """Other markers."""
        self._painter.forget()
        self.refresh()

    def notify_style_update(self) -> None:
        """Colours changed: every line is painted anew."""
        self._painted.clear()
        self._painter.forget()
        super().notify_style_update()

    @property
    def _signs(self) -> TreeSigns:
        return ASCII_SIGNS if self.ascii else UNICODE_SIGNS

    def _frame(self) -> TreeFrame:
        return TreeFrame(self.size, self._room, self._pins, self.model.columns())

    def render_lines(self, crop: Region) -> list[Strip]:
        """Paint lines of the widget: what is the same for each of them is found once."""
        self._painting = self._frame()
        try:
            return super().render_lines(crop)
        finally:
            self._painting = None

    def render_line(self, y: int) -> Strip:
        """Paint one line of the widget."""
        frame = self._painting or self._frame()
        width = frame.size.width
        if y < HEADER:
            return self._painter.header(frame.columns, width)
        line = self._line_at(y, frame)
        self._painted[y] = line
        return self._painter.row(line, frame.columns, width) if line else self.join((), width, self.role(""))

    def _key_at(self, y: int, pins: Sequence[RowKey]) -> RowKey | None:
        line = y - HEADER
        if line < len(pins):
            return pins[line]
        index = self._top + line
        return self._outline.rows[index] if 0 <= index < self.row_count else None

    def _line_at(self, y: int, frame: TreeFrame) -> TreeLine | None:
        key = self._key_at(y, frame.pins)
        if key is None:
            return None
        ground, marker = "", self._signs.fold(self._outline, key)
        if y - HEADER < len(frame.pins):
            ground, marker = "pinned", self._signs.pinned
        elif self._top + y - HEADER == self._outline.cursor:
            ground = "cursor" if self.has_focus else "idle-cursor"
        visible_part = self._signs.thumb if y - HEADER in thumb(self._top, frame.room, self.row_count) else ""
        return TreeLine(self.model.row(key), len(key) - 1, marker, ground, visible_part, self.is_marked(key))
