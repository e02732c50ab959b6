"""The driver on a real terminal: what it shows, one that is slow or changes its size, Ctrl+Z, and being stopped unasked."""

from __future__ import annotations

import fcntl
import os
import signal
import struct
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bench.terminal import Terminal, terminal

PROGRAM = """
from textual.app import App
from textual.widgets import Static
from tui.ui.output.driver import DifferenceDriver

class Lines(Static):
    def render(self):
        height, count = self.size.height, self.app.count
        return "\\n".join(f"{number:02} of {height} pressed {count} times" for number in range(height))

class Counting(App):
    CSS = "Static { width: 1fr; height: 1fr; }"
    count = 0

    def compose(self):
        yield Lines(markup=False)

    def on_key(self, event):
        self.count += 1
        if event.key == "q":
            self.exit()
        elif event.key == "z":
            self.action_suspend_process()
        self.query_one(Lines).refresh()

Counting(DifferenceDriver).run()
"""

TYPED = """
import asyncio
import signal
from textual.app import App
from textual.widgets import Static
from tui.ui.output.driver import DifferenceDriver

class Typed(App):
    keys = []

    def on_mount(self):
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self.exit)  # as in the explorer: signals wake the loop
        self.app_resume_signal.subscribe(self, lambda _: self.screen.refresh(layout=True))

    def compose(self):
        yield Static("typed", markup=False)

    def on_key(self, event):
        if event.key == "q":
            self.exit()
        self.keys.append(event.character if event.is_printable and event.key != "slash" else event.key)
        self.query_one(Static).update(" ".join(["typed", *self.keys]))

Typed(DifferenceDriver).run()
"""


def test_shows_what_changed_and_sends_no_more() -> None:
    with terminal(PROGRAM, columns=60, lines=12) as child:
        child.wait_for("11 of 12 pressed 0 times")
        child.drain(0.2)
        before = child.count
        child.send(b"a")
        child.wait_for("11 of 12 pressed 1 times")
        assert child.count - before < 200


def test_enter_is_enter_when_it_was_typed_before_the_keys_were_read() -> None:
    with terminal(TYPED, columns=60, lines=6) as child:
        child.send("/é\r\x1b[Bj\r".encode())
        child.wait_for("typed")
        child.send(b"x\r\n")
        child.wait_for("slash é enter down j enter x enter ctrl+j")


def test_the_terminal_is_given_back_as_it_was_although_keys_were_read_before() -> None:
    with terminal(TYPED, columns=60, lines=6) as child:
        before = termios.tcgetattr(child.handle)
        child.send(b"\r\x1b")
        child.wait_for("enter escape")
        child.send(b"q")
        _until(lambda: os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None)
        assert termios.tcgetattr(child.handle) == before


def test_a_terminal_that_is_read_late_gets_the_newest_and_not_all_between() -> None:
    with terminal(PROGRAM, columns=200, lines=60) as child:
        child.wait_for("59 of 60 pressed 0 times")
        child.drain(0.2)
        before = child.count
        child.send(b"a" * 500)
        _until(lambda: _unread(child) > 0)
        child.wait_for("59 of 60 pressed 500 times")
        assert child.count - before < 100_000


def test_all_is_sent_anew_when_the_size_changes_and_changes_back() -> None:
    with terminal(PROGRAM, columns=60, lines=12) as child:
        child.wait_for("11 of 12 pressed 0 times")
        for lines in (10, 12):
            child.resize(60, lines)
            child.wait_for(f"{lines - 1:02} of {lines} pressed 0 times")


def test_all_is_sent_anew_when_the_size_has_changed_back_before_anybody_looked() -> None:
    with terminal(PROGRAM, columns=60, lines=12) as child:
        child.wait_for("11 of 12 pressed 0 times")
        child.forget()
        os.kill(child.pid, signal.SIGWINCH)
        child.wait_for("11 of 12 pressed 0 times")


def test_all_is_sent_anew_when_the_operator_asks_for_it(tmp_path: Path) -> None:
    """Whatever wrote into the terminal meanwhile (`wall`, a job in the background) is gone then."""
    explorer = "import sys; from tui.cli.main import main; sys.exit(main(['--no-azure']))"
    with terminal(explorer, environment={"HOME": str(tmp_path), "KUBECONFIG": str(tmp_path / "none")}) as child:
        child.wait_for("Workloads")
        child.drain(0.2)
        child.forget()
        child.send(b"\x0c")
        child.wait_for("Workloads")


def test_all_is_sent_anew_after_the_program_was_stopped() -> None:
    with terminal(PROGRAM, columns=60, lines=12) as child:
        child.wait_for("11 of 12 pressed 0 times")
        child.send(b"z")
        assert os.waitpid(child.pid, os.WUNTRACED)[1] & 0xFF == 0x7F
        child.forget()
        os.kill(child.pid, signal.SIGCONT)
        child.wait_for("11 of 12 pressed 1 times")


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="threads are counted by Linux's /proc")
def test_a_program_that_goes_on_without_having_been_suspended_has_no_threads_twice() -> None:
    with terminal(TYPED, columns=60, lines=6) as child:
        child.wait_for("typed")
        threads = len(os.listdir(f"/proc/{child.pid}/task"))
        for number in range(3):
            child.drain(0.2)
            os.kill(child.pid, signal.SIGSTOP)
            assert os.waitpid(child.pid, os.WUNTRACED)[1] & 0xFF == 0x7F
            child.forget()
            os.kill(child.pid, signal.SIGCONT)
            child.wait_for(" ".join(["typed", *"abc"[:number]]))
            child.send("abc"[number].encode())
            child.wait_for(" ".join(["typed", *"abc"[: number + 1]]))
        assert len(os.listdir(f"/proc/{child.pid}/task")) == threads


def test_the_terminal_is_given_back_at_the_end() -> None:
    with terminal(PROGRAM, columns=60, lines=12) as child:
        child.wait_for("11 of 12 pressed 0 times")
        child.send(b"q")
        sent = b""
        while chunk := child.read(5):
            sent += chunk
        assert b"\x1b[m\x1b[?1049l\x1b[?25h\x1b[?1004l" in sent


def _unread(child: Terminal) -> int:
    return struct.unpack("i", fcntl.ioctl(child.handle, termios.FIONREAD, b"\0\0\0\0"))[0]  # type: ignore[no-any-return]


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)
