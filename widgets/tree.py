"""A tree of any number of rows: rows are data, and only what is on the screen is asked for and painted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from widgets.messages import FromWidget
from widgets.outline import Outline
from widgets.painted import Painted
from widgets.rows import RowKey, TreeModel
from widgets.treelines import ASCII_SIGNS, UNICODE_SIGNS, LinePainter, TreeFrame, TreeLine, TreeSigns
from widgets.viewport import Viewport

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
        self._viewport = Viewport(lambda: max(1, self.size.height - HEADER))
        self._painted: dict[int, TreeLine | None] = {}
        self._painter = LinePainter(self)
        self._painting: TreeFrame | None = None

    # ---- what is shown

    @property
    def _outline(self) -> Outline:
        return self._viewport.outline

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
        return self._viewport.cursor_line

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
        return self._viewport.keys

    def set_model(
        self, model: TreeModel, *, expanded: Iterable[RowKey] | None = None, keep_order: bool = False, blanks: bool = True
    ) -> None:
        """Show another model in place: open rows stay open and the cursor's row stays on its line, whatever blanks that leaves.

        A cursor whose row is gone goes to the nearest ancestor. `expanded` replaces the open rows, and leaves at most half of the
        lines blank; without `blanks` none is. With `keep_order` rows stay as they stand, new ones come below those beside them.
        """
        before, former = self.cursor_key, self.model
        self._viewport.reconcile(model, expanded, keep_order=keep_order, blanks=blanks)
        self._show_changes(before, former)

    def set_outline(self, outline: Outline, *, opening: bool = True) -> None:
        """Show rows laid out before: the cursor's row stays on its line; what is above it is opened for that, with `opening`."""
        before, line, former = self.cursor_key, self.cursor_line, self._outline
        outline.follow_cursor(former, opening=opening)
        self._viewport.outline = outline
        self._viewport.put_cursor_on(line)
        self._show_changes(before, former.model)

    def _show_changes(self, before: RowKey | None, former: TreeModel) -> None:
        if tuple(self.model.columns()) != tuple(former.columns()):
            self._painter.forget()
            self.refresh(Region(0, 0, self.size.width, HEADER))
        self._viewport.show_cursor(below_pins=False)
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
            self._viewport.put_cursor_on(line)
            self._viewport.show_cursor()
        elif self._viewport.is_hidden(key):
            self._viewport.put_cursor_on(self._viewport.room // 3)
        self._repaint_changes()
        if self.cursor_key != before:
            self.post_message(self.RowHighlighted(self, self.cursor_key))
        return is_there

    def action_step(self, by: int) -> None:
        """Move the cursor by rows."""
        self._move_to(self._outline.cursor + by)

    def action_page(self, by: int) -> None:
        """Move the cursor and the view by a page."""
        self._move_page(self._viewport.page_down() if by > 0 else -self._viewport.page_up())

    def action_half_page(self, by: int) -> None:
        """Move the cursor and the view by half a page."""
        self._move_page(by * max(1, self._viewport.room // 2))

    def _move_page(self, step: int) -> None:
        self._move_to(self._outline.cursor + step, self._viewport.top + step)

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
        viewport = self._viewport
        before, top, pins = self._outline.cursor, viewport.top, viewport.pins
        if first is None:
            viewport.top = max(0, top)
        else:
            viewport.scroll_to(first)
        self._outline.cursor = index
        viewport.show_cursor()
        if viewport.top != top or viewport.pins != pins:
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
            self._stay_in_bounds()
            self._repaint_changes()
            self.post_message(self.RowFolded(self, key, expanded))
        return changed

    def _stay_in_bounds(self) -> None:
        self._viewport.scroll_to(self._viewport.top)
        self._viewport.show_cursor()

    def on_resize(self) -> None:
        """Lay the columns out again and keep the cursor in sight."""
        self._painter.forget()
        self._stay_in_bounds()
        self.refresh()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll the rows; the cursor stays in sight."""
        event.stop()
        self._move_to(*self._viewport.scrolled(WHEEL))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll the rows; the cursor stays in sight."""
        event.stop()
        self._move_to(*self._viewport.scrolled(-WHEEL))

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the row; fold or unfold it when its marker was hit, open it on a double click."""
        line = event.y - HEADER
        key = self._viewport.key_at(line, self._viewport.pins) if line >= 0 else None
        index = self._outline.index_of(key, self._viewport.top + line) if key is not None else None
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
        self.refresh(Region(0, index - self._viewport.top + HEADER, self.size.width, 1))

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
        return TreeFrame(self.size, self._viewport.room, self._viewport.pins, self.model.columns())

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

    def _line_at(self, y: int, frame: TreeFrame) -> TreeLine | None:
        line = y - HEADER
        key = self._viewport.key_at(line, frame.pins)
        if key is None:
            return None
        ground, marker = "", self._signs.fold(self._outline, key)
        if line < len(frame.pins):
            ground, marker = "pinned", self._signs.pinned
        elif self._viewport.top + line == self._outline.cursor:
            ground = "cursor" if self.has_focus else "idle-cursor"
        thumb = self._signs.thumb if self._viewport.is_in_thumb(line, frame.room) else ""
        return TreeLine(self.model.row(key), len(key) - 1, marker, ground, thumb, self.is_marked(key))
