"""A child process on a pseudo terminal, as a user's terminal would run it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

__all__ = ["Terminal", "terminal"]

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0


class Terminal:
    """The parent's end of a child's terminal."""

    def __init__(self, pid: int, handle: int, started: float) -> None:
        self.pid = pid
        self.started = started
        self._handle = handle

    def wait_for(self, *markers: bytes) -> float:
        """Seconds from the start until one of the markers is on the terminal. Raises TimeoutError."""
        seen = b""
        while time.perf_counter() - self.started < PATIENCE:
            seen = (seen + self.read(1.0))[-200_000:]
            if any(marker in seen for marker in markers):
                return time.perf_counter() - self.started
        raise TimeoutError(f"{markers[0]!r} never came; the terminal shows {seen[-400:]!r}")

    def read(self, patience: float) -> bytes:
        """What has come, empty when nothing comes for some seconds or the child is gone."""
        ready, _, _ = select.select([self._handle], [], [], patience)
        try:
            return os.read(self._handle, 1 << 16) if ready else b""
        except OSError:  # Linux says EIO when the child has closed its end
            return b""

    def send(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._handle, keys)

    def drain(self, quiet: float) -> int:
        """Read until nothing comes for some seconds; how many bytes came."""
        count = 0
        while chunk := self.read(quiet):
            count += len(chunk)
        return count


@contextmanager
def terminal(code: str, arguments: Sequence[str] = (), columns: int = 160, lines: int = 48) -> Iterator[Terminal]:
    """Run Python code on a terminal of a size; the child is ended at last."""
    started = time.perf_counter()
    pid, handle = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
        environment.pop("NO_COLOR", None)
        if environment.pop("PYTHONDONTWRITEBYTECODE", ""):
            # What is installed has been compiled: it is not to be compiled at each start here, nor beside the sources.
            environment["PYTHONPYCACHEPREFIX"] = str(Path(tempfile.gettempdir()) / f"trustree-bench-{os.getuid()}")
        os.execve(sys.executable, [sys.executable, "-c", code, *arguments], environment)
    fcntl.ioctl(handle, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    try:
        yield Terminal(pid, handle, started)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(handle)
