"""The way to the terminal: frames go into a picture, and only what differs from what the terminal shows goes out.

What the terminal takes without waiting is sent at once: to hand a key's frame to a thread takes as long as to draw it, and many
times that while other threads compute. A thread sends what is left, however long that takes. A terminal at the far end of a slow
line gets fewer frames instead of a queue of them: while something is on its way frames only change the picture, and what is sent
next leads to the newest.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from threading import Condition, Thread
from types import FrameType

from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message
from textual.messages import InBandWindowResize

from tui.ui.output.screen import TerminalScreen
from tui.ui.output.typed_early import keys_typed, take_typed

__all__ = ["DifferenceDriver"]


PAUSE = 0.1
"""Seconds after a change of the size in which Textual has laid out anew."""
SLOW = 0.2
"""Seconds; when sending took longer, no more is sent at once than takes about as long."""


class DifferenceDriver(LinuxDriver):
    """Textual's driver, sending differences."""

    _outlet: Outlet | None = None
    _unwaiting: int | None = None
    """The terminal once more, as a file whose writes do not wait."""
    _typed_early = b""
    _is_suspended = False

    def start_application_mode(self) -> None:
        """Begin with a terminal of which nothing is known; also after Ctrl+Z."""
        descriptor = sys.__stderr__.fileno() if sys.__stderr__ is not None else 2
        screen = TerminalScreen(lambda: _size(descriptor), erases=_erases_in_colour(os.environ.get("TERM", "")))
        self._unwaiting = _opened_unwaiting(descriptor)
        self._outlet = Outlet(screen, lambda data: self.send(data, descriptor), self.send_at_once)
        self._outlet.start()
        self._is_suspended = False
        early = take_typed(self.fileno)
        self._typed_early = early.typed if early is not None else b""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if early is not None:
            self.attrs_before = early.attributes  # Textual gives back what it found, and that was set just now
        self._watch_size()

    def suspend_application_mode(self) -> None:
        """Give the terminal back for a while."""
        super().suspend_application_mode()
        self._is_suspended = True

    def resume_application_mode(self) -> None:
        """Begin anew after Ctrl+Z, and where the program goes on that was never suspended (SIGSTOP, a terminal that hangs up).

        The threads of then are ended first: Textual would start more beside them, which share the keys, and one that nobody ends.
        What has not begun, or is over, does not begin here.
        """
        if self._is_suspended:
            super().resume_application_mode()
        elif self._outlet is not None:
            # Not in a handler of signals: what it interrupts may hold what the threads need to end.
            self._loop.call_soon_threadsafe(self._begin_anew)

    def _begin_anew(self) -> None:
        if self._outlet is not None and os.isatty(self.fileno):  # not one that has hung up
            self.suspend_application_mode()
            self._must_signal_resume = True
            super().resume_application_mode()

    def run_input_thread(self) -> None:
        """Hand on what was typed before the keys were ours, and then each key."""
        for message in keys_typed(self._typed_early):
            self.process_message(message)
        super().run_input_thread()

    def _watch_size(self) -> None:
        """A terminal that changes its size rearranges what it shows; the handler before ours lays out anew."""
        lay_out = signal.getsignal(signal.SIGWINCH)

        def resized(number: int, frame: FrameType | None) -> None:
            self.forget()
            # Textual does nothing when the size has changed back before it looked.
            self._loop.call_soon_threadsafe(self._loop.call_later, PAUSE, self.write, "")
            if callable(lay_out):
                lay_out(number, frame)

        signal.signal(signal.SIGWINCH, resized)

    def process_message(self, message: Message) -> None:
        """As above, for terminals that tell their size in the stream of keys."""
        if isinstance(message, InBandWindowResize):
            self.forget()
        super().process_message(message)

    def forget(self) -> None:
        """With the next frame, send everything anew."""
        if self._outlet is not None:
            self._outlet.screen.forget()

    def write(self, data: str) -> None:
        """Draw a frame, or pass codes on; what is written after the terminal was given back is dropped."""
        if self._outlet is not None:
            self._outlet.draw(data)

    def send_at_once(self, data: bytes) -> int:
        """Send to the terminal what it takes without waiting; returns how many bytes that were."""
        if self._unwaiting is not None:
            with suppress(OSError):  # it takes nothing now, or is gone, which who waits for it finds out
                return os.write(self._unwaiting, data)
        return 0

    def send(self, data: bytes, descriptor: int) -> None:
        """Send to the terminal, however long it takes; raises OSError when it is gone."""
        left = memoryview(data)
        while left:
            try:
                left = left[os.write(descriptor, left) :]
            except BlockingIOError:  # whoever shares the terminal made it so
                select.select((), (descriptor,), ())

    def close(self) -> None:
        """Wait until everything was sent."""
        super().close()
        if self._outlet is not None:
            outlet, self._outlet = self._outlet, None
            outlet.end()
        if self._unwaiting is not None:
            os.close(self._unwaiting)
            self._unwaiting = None


class Outlet(Thread):
    """Sends what a screen has to send, one thing after the other: what does not go at once, in a thread."""

    def __init__(self, screen: TerminalScreen, send: Callable[[bytes], None], send_at_once: Callable[[bytes], int]) -> None:
        super().__init__(name="terminal-output", daemon=True)
        self.screen = screen
        self._send = send
        self._send_at_once = send_at_once
        self._ready = Condition()
        self._next = b""
        self._busy = False
        self._ending = False
        self._most: int | None = None

    def draw(self, data: str) -> None:
        """Draw, and send the difference at once unless something is on its way."""
        with self._ready:
            self.screen.draw(data)
            if not self._busy and not self._ending:
                self._next = self._left_of(self._take())
                self._busy = bool(self._next)
                if self._busy:  # what went at once needs no thread
                    self._ready.notify()

    def _take(self) -> bytes:
        return self.screen.take(self._most).encode(errors="replace")

    def _left_of(self, frame: bytes) -> bytes:
        """What is left to be sent when the terminal has taken what it takes at once; a slow one gets its frames in pieces."""
        return frame if not frame or self._most is not None else frame[self._send_at_once(frame) :]

    def end(self) -> None:
        """Send what is left, and end."""
        with self._ready:
            self._ending = True
            self._ready.notify()
        self.join()

    def run(self) -> None:
        """Send until the end, or until the terminal is gone."""
        with suppress(OSError):
            while data := self._wait():
                begun = time.monotonic()
                self._send(data)
                seconds = time.monotonic() - begun
                self._most = int(len(data) * SLOW / seconds) if seconds > SLOW else None
        self._gone()

    def _wait(self) -> bytes:
        """What is to be sent next, empty at the end."""
        with self._ready:
            data, self._next = self._next, b""
            data = data or self._take()
            while not data and not self._ending:
                self._busy = False
                self._ready.wait()
                data, self._next = self._next, b""
            return data or self.screen.take().encode(errors="replace")

    def _gone(self) -> None:
        with self._ready:
            self._ending = True


def _opened_unwaiting(descriptor: int) -> int | None:
    """The same terminal as a file of our own whose writes do not wait: the one that we were given is shared with others.

    None where there is no terminal by a name, or it may not be opened.
    """
    with suppress(OSError):
        return os.open(os.ttyname(descriptor), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    return None


def _size(descriptor: int) -> tuple[int, int]:
    """The columns and lines of a terminal, the usual where it does not tell."""
    with suppress(OSError):
        columns, lines = os.get_terminal_size(descriptor)
        if columns and lines:
            return columns, lines
    return shutil.get_terminal_size()


@cache
def _erases_in_colour(terminal: str) -> bool:
    """Whether a kind of terminal erases in the colour of the ground, by the system's data base of terminals."""
    import curses

    try:
        curses.setupterm(terminal or None, 2)
    except curses.error:
        return False
    return curses.tigetflag("bce") == 1
