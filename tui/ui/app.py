"""The Textual application: it paints first, opens the estate afterwards, and hands every snapshot to its screens."""

from __future__ import annotations

from tui.ui.at_rest import resume  # before all others: the collector rests while they are imported

# isort: split
import asyncio
import locale
import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, ExitStack, suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from rich.text import Text
from textual import events
from textual.app import App
from textual.binding import BindingType
from textual.driver import Driver
from textual.events import Event, InputEvent
from textual.message import Message
from textual.screen import Screen
from textual.worker import Worker, WorkerCancelled, WorkerFailed, WorkerState

from tui.domain.common.locale import speaks_unicode
from tui.domain.common.text import clean
from tui.domain.plans.board import Board
from tui.domain.snapshot.snapshot import Snapshot
from tui.errors import TrustreeError, fault_of
from tui.presenters.glyphs import ASCII, UNICODE, Glyphs
from tui.ui.courtesy import Courtesy
from tui.ui.host import Actions, DisplaySettings, Host, LiveEstate
from tui.ui.keymap import GLOBAL
from tui.ui.query_indexes import QueryIndexes
from tui.ui.screens.explorer import ExplorerScreen
from tui.ui.screens.lean_frames import LeanScreen
from tui.ui.screens.themes import DARK, SIXTEEN, THEMES, defaults_for, theme_named
from tui.ui.terminal import closing
from tui.ui.upkeep import LOOK, Upkeep
from tui.ui.work import begin_work

if TYPE_CHECKING:
    from tui.domain.answers.trend import Mark
    from tui.settings.marks import MarkFile
    from tui.settings.query_book import QueryBook
    from tui.ui.trends import Trends

__all__ = ["TrustreeApp"]

log = logging.getLogger(__name__)

CLOSING = 6.0
"""Seconds that the estate is given to close; longer than the demo's process is."""
ATTENDED = 30.0
"""Seconds in which it is not said again that somebody is there."""

TWICE = timedelta(seconds=3)
"""Within which Ctrl+C must be pressed a second time."""
ENDING = (signal.SIGTERM, signal.SIGHUP)
Opener = Callable[[], AbstractAsyncContextManager[LiveEstate | tuple[LiveEstate, Actions]]]
"""Opens an estate, with what acts on it where there is that."""


@runtime_checkable
class _Blinking(Protocol):
    """Textual's inputs, which are not imported before somebody types."""

    cursor_blink: bool


class TrustreeApp(Host):
    """The explorer over one estate."""

    class SnapshotArrived(Message):
        """A snapshot was published; only the newest matters."""

        def __init__(self, snapshot: Snapshot) -> None:
            self.snapshot = snapshot
            super().__init__()

        def can_replace(self, message: Message) -> bool:
            """A newer snapshot stands for all before it."""
            return isinstance(message, TrustreeApp.SnapshotArrived)

    class BoardArrived(Message):
        """Something moved of what is being done; only the newest board matters."""

        def __init__(self, board: Board) -> None:
            self.board = board
            super().__init__()

        def can_replace(self, message: Message) -> bool:
            """A newer board stands for all before it."""
            return isinstance(message, TrustreeApp.BoardArrived)

    TITLE = "trustree"
    CSS_PATH = "app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = GLOBAL
    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self,
        settings: DisplaySettings,
        opener: Opener,
        query: str = "",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        upkeep: Upkeep | None = None,
        queries: Callable[[], QueryBook] | None = None,
        marks: Callable[[], MarkFile] | None = None,
        exports: Path | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.estate: LiveEstate | None = None
        self.actions: Actions | None = None
        unicode = speaks_unicode(os.environ, locale.getpreferredencoding(False))
        self.glyphs: Glyphs = UNICODE if unicode and not settings.ascii else ASCII
        self._opener = opener
        self._query = query
        self._upkeep = upkeep or Upkeep()
        self._open_queries = queries
        self.indexes = QueryIndexes()
        self.courtesy = Courtesy()
        self._open_marks = marks
        self.exports = exports
        self._trends: Trends | None = None
        self._interrupted: datetime | None = None
        self._following: Worker[None] | None = None
        self._attended = 0.0
        ansi_color = True if "NO_COLOR" in os.environ else None  # or colours would only turn to greys
        super().__init__(_driver(), ansi_color=ansi_color)
        self.animation_level = "none"
        for theme in THEMES:
            self.register_theme(theme)
        wished = SIXTEEN.name if self.no_color or (not settings.theme and self._has_few_colours) else theme_named(settings.theme)
        self.set_class(self.glyphs is ASCII, "-ascii")
        self._begin_with(wished if wished in self.available_themes else DARK.name)
        self.set_keymap(dict(settings.keymap))

    @property
    def _has_few_colours(self) -> bool:
        """Whether the terminal has sixteen: of these the ones nearest to ours are one grey for unknown and for fine."""
        return self.console.color_system == "standard"

    @cached_property
    def queries(self) -> QueryBook:
        """The queries that are kept; loaded when somebody filters."""
        from tui.settings.query_book import QueryBook

        return self._open_queries() if self._open_queries is not None else QueryBook()

    @property
    def marked_before(self) -> Mark | None:
        """How the estate stood when it was looked at before, where that can be compared with how it is now."""
        return self._trends.before(self.snapshot) if self._trends is not None else None

    async def _look_back(self) -> None:
        """Read how the estate stood before, and keep how it stands now; not before there is something to see."""
        if self._open_marks is None or not self.snapshot.workloads:
            return
        if self._trends is None:
            from tui.ui.trends import Trends

            self._trends = Trends(self._open_marks(), self.clock)
        await self._trends.look(self.snapshot)

    def _begin_with(self, theme: str) -> None:
        """Set the first theme; the usual one without a change of theme, which would style everything a second time."""
        if theme == DARK.name:
            self.set_reactive(App.theme, theme)
        else:
            self.theme = theme
        self.stylesheet.set_variables(self.get_css_variables())

    def get_css_variables(self) -> dict[str, str]:
        """The variables of the theme; Textual asks for them first when ours are not there yet, and no style is read."""
        return super().get_css_variables() if DARK.name in self.available_themes else {}

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The variables of our style sheet, for themes that do not set them."""
        return defaults_for(self.current_theme)

    def get_default_screen(self) -> Screen[None]:
        """The explorer."""
        return ExplorerScreen(self._query)

    def on_load(self) -> None:
        """Until the first frame the collector rests, as it does for keys."""
        self._upkeep.pressed()

    def on_mount(self) -> None:
        """Open the estate once the first frame is on the terminal."""
        self.app_resume_signal.subscribe(self, lambda _: self.screen.refresh(layout=True))
        loop = asyncio.get_running_loop()
        for number in ENDING:
            with suppress(NotImplementedError, RuntimeError, ValueError):  # no signals on Windows, nor in another thread
                loop.add_signal_handler(number, self._ended_by, number)
        self.set_interval(self._upkeep.every, self._upkeep.look)
        if self._open_marks is not None:
            self.set_interval(LOOK, lambda: begin_work(self, self._look_back, name="marks", group="marks"))
        self.call_after_refresh(self._upkeep.end)
        self.call_after_refresh(self.open_estate)

    async def on_event(self, event: Event) -> None:
        """Every key and click passes here first: somebody is there."""
        if isinstance(event, InputEvent):
            self._upkeep.pressed()
            screen = self.screen if self.screen_stack else None
            if isinstance(screen, LeanScreen):
                screen.press()
                self.courtesy.pressed(lambda: screen.is_painted)
            else:
                self.courtesy.pressed()
            self._attend()
        await super().on_event(event)

    def _attend(self) -> None:
        """Who is there need not be said with every key."""
        now = asyncio.get_running_loop().time()
        if self.estate is not None and now >= self._attended + ATTENDED:
            self._attended = now
            self.estate.attend()

    def open_estate(self) -> None:
        """Open the estate and follow it; what goes wrong becomes `trouble`."""
        self.trouble = None
        self._following = begin_work(self, self._follow, name="estate", group="estate", exclusive=True)

    async def on_unmount(self) -> None:
        """Wait until the estate is closed: connections, and the demo's process."""
        self._upkeep.end()
        if self._following is not None:
            with suppress(TimeoutError, WorkerFailed, WorkerCancelled), closing(shown=not self.is_headless):
                async with asyncio.timeout(CLOSING):
                    await self._following.wait()

    async def _follow(self) -> None:
        async with self._opener() as opened:
            estate, actions = opened if isinstance(opened, tuple) else (opened, None)
            with ExitStack() as ends:
                self.estate, self.actions = estate, actions
                ends.callback(self._forget_estate)
                ends.callback(estate.subscribe(lambda snapshot: self._arrived(snapshot)))
                self._arrived(estate.snapshot)
                if actions is not None:
                    ends.callback(actions.subscribe(lambda board: self._board_arrived(board)))
                    actions.look_for_unfinished()
                await asyncio.Event().wait()  # until the worker is cancelled with the app

    def _forget_estate(self) -> None:
        self.estate = self.actions = None

    def _board_arrived(self, board: Board) -> None:
        self.post_message(self.BoardArrived(board))

    def _arrived(self, snapshot: Snapshot) -> None:
        self.post_message(self.SnapshotArrived(snapshot))

    def on_trustree_app_snapshot_arrived(self, message: SnapshotArrived) -> None:
        """Show the newest snapshot; compared by identity, as snapshots are."""
        self.snapshot = message.snapshot
        self.indexes.leave(message.snapshot)

    def on_trustree_app_board_arrived(self, message: BoardArrived) -> None:
        """Show the newest board."""
        self.board = message.board

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Say what any worker failed with, in the operator's words."""
        if event.state is not WorkerState.ERROR:
            return
        error = event.worker.error
        log.error("worker %s failed", event.worker.name, exc_info=error)
        if isinstance(error, TrustreeError):
            self.trouble = error
        else:
            self.trouble = TrustreeError(
                f"{event.worker.name} failed: {_innermost(error)}", "The log file has the details; R tries again."
            )

    def _handle_exception(self, error: Exception) -> None:
        """End over a fault of our own: Textual would print every local variable, and what others wrote is among them.

        There is no other hook for it; what an exception says of itself by `__rich__` is printed as it is.
        """
        log.critical("the program ended", exc_info=error)
        last_words = Text(fault_of(type(error)))
        error.__rich__ = lambda: last_words  # type: ignore[attr-defined]
        super()._handle_exception(error)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Let cursors stand still: one that blinks writes to the terminal for as long as nothing happens."""
        if isinstance(event.widget, _Blinking):
            event.widget.cursor_blink = False

    def action_refresh_estate(self) -> None:
        """Read again now what would be read again later; after a failed start, start again."""
        if self.estate is not None:
            self.estate.refresh()
            self.notify("Reading everything again.", timeout=2)
        elif self.trouble is not None:
            self.open_estate()

    def copy_text(self, text: str, description: str, *, lines: bool = False) -> None:
        """Copy a text through tmux where there is one, else by OSC 52, and say what was done about it."""
        copied = "\n".join(map(clean, text.split("\n"))) if lines else clean(text)
        begin_work(self, partial(self._copy, copied, description), name="copy", group="copy")

    async def _copy(self, text: str, label: str) -> None:
        from tui.ui.clipboard import copied_by_tmux  # not before somebody copies

        if await copied_by_tmux(text, os.environ):
            self.notify(f"copied {label}", timeout=2, markup=False)
            return
        self.copy_to_clipboard(text)
        if "TMUX" in os.environ:
            self.notify(f"tmux did not take {label}: it needs `set -g set-clipboard on`.", severity="warning", markup=False)
        else:  # terminals do not answer
            self.notify(f"sent {label} to the terminal's clipboard", timeout=3, markup=False)

    def action_redraw(self) -> None:
        """Send everything that the screen shows once more: something else may have written into the terminal."""
        if sys.platform != "win32":
            signal.raise_signal(signal.SIGWINCH)  # a change of the size has all sent anew

    def action_picture(self) -> None:
        """Write what the screen shows as a picture into a file."""
        from tui.ui.screens.exporting import save_picture  # not before somebody wants one

        begin_work(self, partial(save_picture, self), name="picture", group="picture")

    def action_interrupt(self) -> None:
        """End at once when it is pressed twice, as programs without a screen do with one."""
        now = self.clock()
        if self._interrupted is not None and now - self._interrupted < TWICE:
            self.exit(128 + signal.SIGINT)
            return
        self._interrupted = now
        busy = "What runs goes on, and the next start resumes it. " if self.board.busy else ""
        self.notify(f"{busy}Press Ctrl+C again to quit; q asks first.", timeout=TWICE.total_seconds())

    def _ended_by(self, number: signal.Signals) -> None:
        """Leave the terminal and the demo's folder as they were found; the exit code says which signal it was."""
        self.exit(128 + number)

    async def action_command(self) -> None:
        """Type a command, a query or a name."""
        from tui.ui.palette import CommandScreen  # not before somebody asks

        if not isinstance(self.screen, CommandScreen):
            await asyncio.to_thread(lambda: self.queries.load())
            await self.push_screen(CommandScreen(self.screen))

    def action_help(self) -> None:
        """Show every key of this screen."""
        from tui.ui.screens.pages import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen))


def _driver() -> type[Driver] | None:
    """Ours, which sends differences; None for Textual's own where the operator or the system wants another."""
    if sys.platform == "win32" or "TEXTUAL_DRIVER" in os.environ:
        return None
    from tui.ui.output.driver import DifferenceDriver

    return DifferenceDriver


def _innermost(error: BaseException | None) -> str:
    """What really happened, where a group of tasks failed with it: a group says only how many did."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{error} ({type(error).__name__})"


resume()
