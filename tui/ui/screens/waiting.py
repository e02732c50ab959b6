"""What takes longer than a second says so, tells for how long it has, and can be cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.worker import Worker

from tui.presenters.words import plural
from tui.ui.host import Explorer, Host
from tui.ui.screens.keys import dress
from widgets.page import Banner
from widgets.rows import Span, TextLine
from widgets.text import wrap

__all__ = ["PATIENCE", "Waiting", "WaitingScreen"]

PATIENCE = 1.0
"""Seconds that nothing is said: what is over by then needs no words."""
ROOM = 58


class Awaited(Protocol):
    """What ends what is waited for."""

    def cancel(self) -> None:
        """End it."""
        ...


class WaitingScreen(ModalScreen[None]):
    """Says what is waited for; Esc cancels it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "cancel", "cancel", id="waiting.cancel")]

    DEFAULT_CSS = """
    WaitingScreen {
        align: center middle;
        & > #waiting { width: 62; height: auto; padding: 1 2; background: $panel; }
    }
    """

    if TYPE_CHECKING:
        app: Host

    def __init__(self, words: str, awaited: Awaited) -> None:
        super().__init__()
        self._words, self._awaited = words, awaited
        self._seconds = int(PATIENCE)

    def compose(self) -> ComposeResult:
        """The words, for how long, and the key."""
        yield Banner(id="waiting")

    def on_mount(self) -> None:
        """Count the seconds."""
        dress(self, self.app.glyphs)
        self.set_interval(1, self._count)
        self._show()

    def _count(self) -> None:
        self._seconds += 1
        self._show()

    def _show(self) -> None:
        lines = [TextLine((Span(part),)) for part in wrap(self._words, ROOM)]
        keys = (Span("Esc", "accent bold"), Span(" cancel", "dim"))
        lines += [TextLine(), TextLine(keys, (Span(plural(self._seconds, "second"), "dim"),))]
        banner = self.query_one(Banner)
        banner.styles.height = len(lines) + 2
        banner.set_lines(lines)

    def action_cancel(self) -> None:
        """End what is waited for."""
        self._awaited.cancel()
        self.dismiss()


class Waiting:
    """Shows over a screen what it waits for, once that takes long."""

    def __init__(self, explorer: Explorer) -> None:
        self._explorer = explorer
        self._timer: Timer | None = None
        self._worker: Worker[None] | None = None
        self._shown: WaitingScreen | None = None

    def begin(self, worker: Worker[None], words: str) -> None:
        """Something has begun."""
        self._stop()
        self._worker = worker
        self._timer = self._explorer.set_timer(PATIENCE, lambda: self._show(worker, words))

    def _show(self, worker: Worker[None], words: str) -> None:
        if not worker.is_finished:
            self._shown = WaitingScreen(words, worker)
            self._explorer.app.push_screen(self._shown)

    def cancel(self) -> bool:
        """End what is waited for, also before anything was said of it; False where nothing is."""
        if self._worker is None:
            return False
        self._worker.cancel()
        self.end()
        return True

    def end(self) -> None:
        """It is over, or was cancelled."""
        self._stop()
        if self._shown is not None and self._shown.is_current:
            self._shown.dismiss()
        self._shown = None

    def _stop(self) -> None:
        self._worker = None
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
