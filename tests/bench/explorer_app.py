"""The explorer, measuring itself: the child of `filter100k` and `switch` over 100,000 rows, and of `churn` over a cluster."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec
from textual import events

from tests.bench.tree_app import MeasuredDriver
from tests.estates import NOW, HandEstate, huge
from tests.ui.driving import Settings
from tui.ui import app as app_module
from tui.ui.app import Opener, TrustreeApp
from tui.ui.screens.explorer import ExplorerScreen
from tui.wiring.interpreter import prepare_interpreter

__all__ = ["IMAGES", "Answered", "MeasuredApp", "main"]

IMAGES = 52_000
"""Images of the estate: 52,000 rows of images and 46,800 of workloads, besides their pods."""
DONE = "f12"


class Answered(msgspec.Struct):
    """For each key: seconds until something was painted, until its rows were, and that the loop computed until the next key."""

    paint: list[float] = []
    rows: list[float] = []
    computed: list[float] = []
    count: int = 0


class MeasuredApp(TrustreeApp):
    """The program; what is sent to the terminal is timed."""

    CSS_PATH = str(Path(app_module.__file__).with_name("app.tcss"))

    def __init__(self, report: Path, opener: Opener, clock: Callable[[], datetime]) -> None:
        super().__init__(Settings(), opener, clock=clock)
        self.driver_class = MeasuredDriver
        self.report = report
        self.answered = Answered()
        self._pressed = self._computed = 0.0
        self._painted = self._shown = True
        self._last: events.Event | None = None
        MeasuredDriver.sent = self.sent

    def sent(self, count: int) -> None:
        """Take the time when a frame has gone to the terminal; called by the thread that sends."""
        if self._shown:
            return
        now = time.perf_counter()
        if not self._painted:
            self._painted = True
            self.answered.paint.append(now - self._pressed)
        screen = self.screen_stack[0]
        if isinstance(screen, ExplorerScreen) and not screen.stage.shows_other_rows:
            self._shown = True
            self.answered.rows.append(now - self._pressed)

    async def on_event(self, event: events.Event) -> None:
        """Take the time when a key comes in."""
        if isinstance(event, events.Key) and event is not self._last:
            self._last = event
            if event.key == DONE:
                self.answered.count = len(self.snapshot.images) + len(self.snapshot.workloads)
                self.report.write_bytes(msgspec.json.encode(self.answered))
                self.exit()
                return
            computed = time.thread_time()
            if self._pressed:
                self.answered.computed.append(computed - self._computed)
            self._pressed, self._computed = time.perf_counter(), computed
            self._painted = self._shown = False
        await super().on_event(event)


def main(report: str) -> None:
    """Run on the terminal that there is, with the interpreter as the program has it."""
    prepare_interpreter()
    MeasuredApp(Path(report), HandEstate(huge(IMAGES)).open, lambda: NOW).run()
