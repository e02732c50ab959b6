"""Where words go: data to stdout, messages to stderr, and how the process ends."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from enum import IntEnum

from tui.domain.common.locale import speaks_unicode
from tui.domain.common.redaction import redact
from tui.errors import TrustreeError
from tui.reports.columns import plain
from tui.reports.document import TextStyle

__all__ = ["Exit", "Writer", "look_of_stdout", "say", "write_stdout"]

Writer = Callable[[Iterable[bytes]], None]


class Exit(IntEnum):
    """What the process says when it ends."""

    OK = 0
    ERROR = 1
    VIOLATED = 2
    UNSURE = 3
    DENIED = 4
    INTERRUPTED = 130


def write_stdout(pieces: Iterable[bytes]) -> None:
    """Write data to stdout; a reader that has gone (`| head`) is no error. Raises TrustreeError when it cannot be written."""
    out = sys.stdout.buffer
    try:
        for piece in pieces:
            out.write(piece)
        out.flush()
    except OSError as error:
        # Python flushes stdout once more at exit: let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            headline = f"The output cannot be written: {error.strerror or 'the device refuses it'}."
            raise TrustreeError(headline, "Free some space, or write it elsewhere.") from error


def look_of_stdout(ascii_only: bool = False) -> TextStyle:
    """Width and colours where there is a terminal; signs beyond ASCII where the encoding has them.

    `COLUMNS` says how wide lines are also where there is no terminal; without it nothing is cut there.
    """
    terminal = sys.stdout.isatty()
    colour = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"
    width = shutil.get_terminal_size().columns if terminal or os.environ.get("COLUMNS", "").isdecimal() else 0
    return TextStyle(width, colour, speaks_unicode(os.environ, sys.stdout.encoding) and not ascii_only)


def say(message: str) -> None:
    """A message for people, on stderr, one line; that nobody reads it (`2>&1 | head`) is no error."""
    with suppress(BrokenPipeError):
        sys.stderr.write(plain(redact(message), speaks_unicode(os.environ, sys.stderr.encoding)) + "\n")
