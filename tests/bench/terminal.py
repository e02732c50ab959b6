"""A child process on a pseudo terminal, as a user's terminal would run it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import pyte

__all__ = ["Terminal", "terminal"]

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0
_NOT_SHOWN = re.compile(rb"\x1b\[[<>=][\d;]*u|\x1b\[\?\d+\$p")
"""What asks the terminal or chooses its keyboard, and is no text, though the emulator takes it for some."""
NUDGE = 0.05


class Terminal:
    """The parent's end of a child's terminal."""

    def __init__(self, pid: int, handle: int, started: float, columns: int, lines: int) -> None:
        self.pid = pid
        self.started = started
        self.count = 0
        """Bytes that came."""
        self.handle = handle
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)

    def wait_for(self, *markers: str, nudge: bytes = b"") -> float:
        """Seconds from the start until the terminal shows one of the markers. Raises TimeoutError.

        `nudge` is pressed whenever nothing new comes.
        """
        while time.perf_counter() - self.started < PATIENCE:
            came = self.read(NUDGE if nudge else 1.0)
            if nudge and not came:
                self.send(nudge)
            seconds = time.perf_counter() - self.started
            self._stream.feed(_NOT_SHOWN.sub(b"", came))
            shown = self.text if came else ""  # made once: a screen is slow to read, and there may be hundreds of markers
            if any(marker in shown for marker in markers):
                return seconds
        raise TimeoutError(f"{markers[0]!r} never came; the terminal shows {self.text}")

    @property
    def text(self) -> str:
        """What was read while waiting, as it is shown."""
        return "\n".join(line.rstrip() for line in self._screen.display).strip()

    def read(self, patience: float) -> bytes:
        """What has come, empty when nothing comes for some seconds or the child is gone."""
        ready, _, _ = select.select([self.handle], [], [], patience)
        try:
            came = os.read(self.handle, 1 << 16) if ready else b""
        except OSError:  # Linux says EIO when the child has closed its end
            return b""
        self.count += len(came)
        return came

    def resize(self, columns: int, lines: int) -> None:
        """Give the terminal another size; what it showed is as good as gone."""
        self._screen.resize(lines, columns)
        self.forget()
        fcntl.ioctl(self.handle, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def forget(self) -> None:
        """Show nothing any more."""
        self._screen.reset()

    def send(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self.handle, keys)

    def drain(self, quiet: float) -> int:
        """Read until nothing comes for some seconds; how many bytes came."""
        before = self.count
        while came := self.read(quiet):
            self._stream.feed(_NOT_SHOWN.sub(b"", came))
        return self.count - before

    def listen(self, seconds: float) -> int:
        """Read for some seconds; how many bytes came."""
        before, end = self.count, time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self._stream.feed(_NOT_SHOWN.sub(b"", self.read(left)))
        return self.count - before


@contextmanager
def terminal(
    code: str,
    arguments: Sequence[str] = (),
    columns: int = 160,
    lines: int = 48,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Terminal]:
    """Run Python code on a terminal of a size; the child is ended at last."""
    started = time.perf_counter()
    pid, handle = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.execve(sys.executable, [sys.executable, "-c", code, *arguments], _environment() | dict(environment))
    fcntl.ioctl(handle, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    try:
        yield Terminal(pid, handle, started, columns, lines)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(handle)


def _environment() -> dict[str, str]:
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
    for name in ("NO_COLOR", "COLUMNS", "LINES"):
        environment.pop(name, None)
    if environment.pop("PYTHONDONTWRITEBYTECODE", ""):
        # What is installed has been compiled: it is not to be compiled at each start here, nor beside the sources.
        environment["PYTHONPYCACHEPREFIX"] = str(Path(tempfile.gettempdir()) / f"trustree-bench-{os.getuid()}")
    return environment
