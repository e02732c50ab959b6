"""What sends frames: at once what the terminal takes, in a thread the rest."""

from __future__ import annotations

import pytest

from tui.ui.output.driver import Outlet
from tui.ui.output.screen import TerminalScreen

ENTER = "\x1b[?1049h"


class Terminal:
    """It takes so many bytes at once, the rest when one waits for it."""

    def __init__(self, room: int) -> None:
        self._room = room
        self.took_at_once = self.took = b""

    def take_at_once(self, data: bytes) -> int:
        """Take what there is room for."""
        taken, self._room = data[: self._room], max(0, self._room - len(data))
        self.took_at_once += taken
        self.took += taken
        return len(taken)

    def take(self, data: bytes) -> None:
        """Take everything."""
        self.took += data


def _outlet(terminal: Terminal) -> Outlet:
    return Outlet(TerminalScreen(lambda: (10, 2), erases=True), terminal.take, terminal.take_at_once)


def test_what_the_terminal_takes_is_there_before_any_thread_runs() -> None:
    terminal = Terminal(room=1000)
    outlet = _outlet(terminal)
    outlet.draw(ENTER)
    outlet.draw("\x1b[1;1Hhello")
    assert b"hello" in terminal.took_at_once
    outlet.start()
    outlet.end()
    assert terminal.took == terminal.took_at_once


@pytest.mark.parametrize("room", [0, 1, 9, 12])
def test_what_it_does_not_take_at_once_comes_after_it_in_order(room: int) -> None:
    whole, terminal = Terminal(room=1000), Terminal(room)
    for shown in (whole, terminal):
        outlet = _outlet(shown)
        outlet.draw(ENTER)
        outlet.draw("\x1b[1;1Hhällo")
        outlet.start()
        outlet.end()
    assert terminal.took_at_once == whole.took[:room]
    assert terminal.took == whole.took
