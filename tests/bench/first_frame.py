"""`first-frame`: process start to the first frame on a terminal, against a bare Textual app in the same run."""

from __future__ import annotations

from statistics import median

from tests.bench.results import Result
from tests.bench.terminal import terminal

__all__ = ["run"]

ROUNDS = 7
REACH = 1.3
BARE = """
from textual.app import App
from textual.widgets import Footer, Header, Static

class Bare(App):
    def compose(self):
        yield Header()
        yield Static("the bare application")
        yield Footer()

Bare().run()
"""
OURS = """
import asyncio
from contextlib import asynccontextmanager
from tui.ui.app import TrustreeApp

class Settings:
    ascii = False
    theme = ""
    write = False
    keymap = {}

@asynccontextmanager
async def opener():
    await asyncio.Event().wait()
    yield

TrustreeApp(Settings(), opener).run()
"""


def run() -> list[Result]:
    """The median of several starts of each, taken in turns; bytecode is warm."""
    first_frame(BARE, "bare application")
    first_frame(OURS, "Reading the estate")
    pairs = [(first_frame(BARE, "bare application"), first_frame(OURS, "Reading the estate")) for _ in range(ROUNDS)]
    bare, ours = median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
    ratio = ours / bare
    details: dict[str, str | int | float | bool] = {"ours ms": ours * 1000, "bare ms": bare * 1000, "starts": ROUNDS}
    return [Result("first-frame", round(ratio, 2), "x of a bare app", f"<= {REACH}", ratio <= REACH, details)]


def first_frame(code: str, marker: str) -> float:
    """Seconds from the start of a process until its terminal shows a marker."""
    with terminal(code) as child:
        return child.wait_for(marker)
