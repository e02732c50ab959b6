"""What is on the screen: one tree over the estate, and what is known about the row under the cursor."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.getters import query_one
from textual.message import Message

from tui.errors import InvalidQuery, TrustreeError
from tui.presenters.header import HEIGHT, NARROW
from tui.ui.screens.acting import Acting
from tui.ui.screens.answer import AnswerBar
from tui.ui.screens.building import RowBuilder, RowsRequest
from tui.ui.screens.copying import Copying
from tui.ui.screens.heading import Heading
from tui.ui.screens.inspector import Inspector
from tui.ui.screens.keys import KeyLine, dress
from tui.ui.screens.laying import LaidOut, MadeRows
from tui.ui.screens.logs import Logs
from tui.ui.screens.looking import Looking
from tui.ui.screens.navigable import NavigableScreen
from tui.ui.screens.notices import Notices, has_rows
from tui.ui.screens.panes import Panes
from tui.ui.screens.tree_state import TreeState
from tui.ui.work import begin_work
from widgets.marking import MarkingTree
from widgets.page import Banner, TextPage
from widgets.rows import Span, TextLine
from widgets.tree import VirtualTree

__all__ = ["ShowingScreen"]

FRAME = 3
"""Lines that neither the header nor rows take: the rule, the titles of the columns, the keys."""


class ShowingScreen(NavigableScreen):
    """Mediates between the snapshot, the tree, the detail and the filter."""

    class RowsBuilt(Message):
        """The rows that were wished for are there, or the query does not parse."""

        def __init__(self, wish: RowsRequest, rows: MadeRows | InvalidQuery) -> None:
            self.wish = wish
            self.rows = rows
            super().__init__()

    DEFAULT_CSS = """
    ShowingScreen {
        overflow: hidden;
        & #rule { height: 1; }
        & #body { height: 1fr; }
        & #left { width: 64fr; height: 1fr; }
        & #detail { width: 36fr; height: 1fr; }
        & #progress { height: auto; }
    }
    """

    header = query_one("#header", Heading)
    rule = query_one("#rule", Banner)
    answer = query_one("#answer", AnswerBar)
    body = query_one("#body", Horizontal)
    left = query_one("#left", Vertical)
    notice = query_one("#notice", TextPage)
    progress = query_one("#progress", Banner)
    detail = query_one("#detail", TextPage)

    def __init__(self, query: str = "") -> None:
        super().__init__(query)
        self.inspector = Inspector(self)
        self._acting = Acting(self, self.shown_rows)
        self._logs = Logs(self, self._acting)
        self._copying = Copying(self, self.shown_rows)
        self._notices = Notices(self)
        self._looking = Looking(self)

    def compose(self) -> ComposeResult:
        """Header, tree and detail side by side, keys."""
        yield Heading(id="header")
        yield Banner(id="rule")
        yield AnswerBar(id="answer")
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield MarkingTree(id="tree")
                yield TextPage(id="notice")
            yield TextPage(id="detail")
        yield Banner(id="progress")
        yield KeyLine(id="keys", classes="keys")

    def on_mount(self) -> None:
        """Follow the app's snapshot."""
        dress(self, self.app.glyphs)
        self._panes = Panes(self.body, self.left, self.outline, self.notice, self.detail)
        self.stage = TreeState(self.outline, self.history)
        self._rows = RowBuilder(self, self.app.indexes, self.app.courtesy, self._built, self._counted, self.stage.left_in)
        self.watch(self.app, "snapshot", self._snapshot_changed, init=False)
        self.watch(self.app, "board", self._board_changed, init=False)
        self.watch(self.app, "trouble", self._trouble_changed, init=False)
        self.set_interval(1, self._show_heading)
        self.progress.display = False
        self._arrange()
        self._notices.show_trouble(None)
        self.set_focus(self.outline)

    def on_resize(self, event: events.Resize) -> None:
        """Choose the form for the width: side by side, or the detail as a screen of its own."""
        self._arrange()
        self.rule.set_lines([TextLine((Span(self.app.glyphs.rule * event.size.width, "line"),))])
        self._show_heading()
        self.show_answer()
        self.call_after_refresh(self.inspector.show)
        if self.empty:
            self.call_after_refresh(self._notices.show_emptiness)
        elif self.built is not None and not self.stage.touched and not self.chosen.words:
            self.stage.unfold_first(self.built, self._room)

    @property
    def wide(self) -> bool:
        """Whether there is room for the detail beside the tree."""
        return self.size.width >= NARROW

    @property
    def empty(self) -> bool:
        """Whether there is no row to show."""
        return not has_rows(self)

    def _arrange(self) -> None:
        room = self._room - len(self.answer.lines)
        if self._panes.arrange(self.view, wide=self.wide, empty=self.empty, room=room):
            self.call_after_refresh(self.inspector.show)

    # ---- from the estate to the screen

    def _snapshot_changed(self) -> None:
        """Ask for the rows of the newest snapshot, and show how loading goes."""
        self._show_heading()
        self._notices.show_progress()
        self.ask_for_rows()

    def _board_changed(self) -> None:
        """Another board: the header tells how much is being done, and its view shows it."""
        self._show_heading()
        if self.view.busy is not None:
            self.ask_for_rows()

    def ask_for_rows(self) -> None:
        """Have the rows of the newest snapshot made."""
        app, stage = self.app, self.stage
        wish = RowsRequest(self.view, self.chosen, app.snapshot, app.clock(), app.glyphs, app.board)
        place = wish._replace(arrives=stage.arrives, others=stage.shows_other_rows, open_rows=stage.left_open, room=self._room)
        self._rows.ask(place)

    def _trouble_changed(self, trouble: TrustreeError | None) -> None:
        self._notices.show_trouble(trouble)
        self.refresh_bindings()

    def _built(self, wish: RowsRequest, rows: MadeRows | InvalidQuery) -> None:
        self.post_message(self.RowsBuilt(wish, rows))

    @on(RowsBuilt)
    def _rows_arrived(self, message: RowsBuilt) -> None:
        """Show rows, unless the operator has gone elsewhere since they were wished for."""
        wish, rows = message.wish, message.rows
        if (wish.view, wish.chosen) != (self.view, self.chosen):
            return
        if isinstance(rows, InvalidQuery):
            self.filtering.show_wrong(rows)
        else:
            self._show_rows(wish, rows)

    def _show_rows(self, wish: RowsRequest, rows: MadeRows) -> None:
        self.stage.show(wish, rows, self._room)
        self.built = rows.built if isinstance(rows, LaidOut) else rows
        self.shown_rows.are_of(wish.view, wish.chosen)
        self.land()
        self._notices.show_emptiness()
        self._show_heading()
        self.show_answer()
        self.show_count()
        self.inspector.show()
        self.shown_rows.serve()

    def typing_ended(self) -> None:
        """The answer is shown whole."""
        self.show_answer()

    def show_answer(self) -> None:
        """What is asked, answered as far as it is known now."""
        self.answer.show(self.built, self.size.width, self.app.glyphs, self._looking.follow(), typing=self.filtering.is_open)
        self._arrange()

    @property
    def _room(self) -> int:
        """How many rows of the tree fit, known before anything is laid out."""
        lines = self.app.size.height - HEIGHT - FRAME
        return lines - self._notices.height

    def _counted(self) -> None:
        """What stands beside the names of views is known."""
        self.header.counts, self.header.running = self._rows.counts, self._rows.running
        self._show_heading()
        begin_work(self, self.filtering.prepare, name="imports", group="imports")

    def _show_heading(self) -> None:
        self.header.show(self)

    def visit_changed(self) -> None:
        """The heading says where the operator is."""
        self._show_heading()

    # ---- the detail

    @on(VirtualTree.RowHighlighted)
    def _row_highlighted(self) -> None:
        self.inspector.follow()

    @on(MarkingTree.MarksChanged)
    def _marks_changed(self) -> None:
        self._show_heading()

    @on(Banner.Clicked, "#header")
    def _header_clicked(self, event: Banner.Clicked) -> None:
        view = self.header.view_at(self, event.line, event.cell)
        count = self.header.count_at(self, event.line, event.cell)
        if view is not None:
            self.action_view(view.id)
        elif count is not None:
            self.show_counted(count)

    @on(Banner.Clicked, "#detail")
    def _detail_clicked(self, event: Banner.Clicked) -> None:
        self.inspector.click(event.line, event.cell, self.detail.size.width)
