"""The child of `tree100k` and `scroll100k`: one tree that measures itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import msgspec
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from tests.bench.tree100k import Measured
from tests.widgets.models import WideModel
from tui.ui.output.driver import DifferenceDriver
from tui.ui.screens.lean_frames import LeanScreen
from tui.wiring.interpreter import prepare_interpreter
from widgets.tree import VirtualTree

__all__ = ["main"]

ROUNDS = 5


class MeasuredDriver(DifferenceDriver):
    """The program's driver, telling what it has sent."""

    sent: Callable[[int], None] = staticmethod(lambda count: None)

    def send(self, data: bytes, descriptor: int) -> None:
        """Send, and tell how many bytes."""
        super().send(data, descriptor)
        MeasuredDriver.sent(len(data))

    def send_at_once(self, data: bytes) -> int:
        """Send what goes at once, and tell it."""
        count = super().send_at_once(data)
        if count:
            MeasuredDriver.sent(count)
        return count


class TreeApp(App[None]):
    """A tree; what is sent to the terminal is counted between keys."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "done", "done")]

    def __init__(self, report: Path) -> None:
        super().__init__(MeasuredDriver)
        self.animation_level = "none"
        self.report = report
        self.measured = Measured()
        self._pressed = 0.0
        self._bytes = 0
        self._painted = False
        self._last: events.Event | None = None

    def get_default_screen(self) -> Screen[None]:
        """A screen that paints as the program's does: a key does not wait for Textual's next frame."""
        return LeanScreen()

    def compose(self) -> ComposeResult:
        """Nothing at first: mounting is measured."""
        yield from ()

    async def on_mount(self) -> None:
        """Mount both sizes in turns, then leave the large one."""
        for _ in range(ROUNDS):
            self.measured.small.append(await self._mounted(10))
            self.measured.large.append(await self._mounted(1000))
        MeasuredDriver.sent = self.sent

    async def _mounted(self, groups: int) -> float:
        await self.query(VirtualTree).remove()
        model = WideModel(groups, 99)
        begun = time.perf_counter()
        tree = VirtualTree()
        await self.mount(tree)
        tree.set_model(model, expanded=model.roots())
        tree.focus()
        return time.perf_counter() - begun

    def sent(self, count: int) -> None:
        """Take the time when a frame has gone to the terminal; called by the thread that sends."""
        if self._pressed:
            self._bytes += count
            if not self._painted:
                self.measured.paint.append(time.perf_counter() - self._pressed)
                self._painted = True

    async def on_event(self, event: events.Event) -> None:
        """Take the time when a key comes in."""
        if isinstance(event, events.Key) and event is not self._last:
            self._last = event
            if isinstance(self.screen, LeanScreen):
                self.screen.press()
            self._close_step()
            self._pressed = time.perf_counter()
        await super().on_event(event)

    def _close_step(self) -> None:
        if self._pressed:
            self.measured.written.append(self._bytes)
        self._bytes = 0
        self._painted = False

    def action_done(self) -> None:
        """Write the report and end."""
        self.report.write_bytes(msgspec.json.encode(self.measured))
        self.exit()


def main(report: str) -> None:
    """Run on the terminal that there is, with the interpreter as the program has it."""
    prepare_interpreter()
    TreeApp(Path(report)).run()
