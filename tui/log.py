"""The log: to a file only, bounded in size, and nothing secret ever in it."""

from __future__ import annotations

import logging
import os
import re
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from tui.domain.common.redaction import redact
from tui.errors import UsageError
from tui.private_files import make_private, open_private

__all__ = ["start_log"]

MAX_BYTES = 2_000_000
KEPT = 2
_UNPRINTABLE = re.compile(r"[^\n\t\x20-\x7e]")


def start_log(level: str, path: Path, *, asked: bool = False) -> None:
    """Send the log of the whole program to a file of mode 0600; `asked` when the operator named the file.

    A file that cannot be written is an error only when it was asked for. Raises UsageError.
    """
    root = logging.getLogger()
    for handler in root.handlers[:]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level.upper())
    try:
        make_private(path.parent)
        root.addHandler(_handler(path))
    except OSError as error:
        root.addHandler(logging.NullHandler())
        if asked:
            raise UsageError(
                f"The log {path} cannot be written: {error.strerror or error}.", "Name another --log-file."
            ) from error


def _handler(path: Path) -> logging.Handler:
    handler = _PrivateFile(path, maxBytes=MAX_BYTES, backupCount=KEPT, encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(_Redacting("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return handler


class _Redacting(logging.Formatter):
    """Redacts the whole record, its traceback included, and lets nothing through that a terminal would obey."""

    def format(self, record: logging.LogRecord) -> str:
        return _UNPRINTABLE.sub(_visible, redact(super().format(record)))


class _PrivateFile(RotatingFileHandler):
    """A log file that only its owner may read, and that never writes to the terminal when it fails."""

    def _open(self) -> TextIOWrapper:
        descriptor = open_private(self.baseFilename, os.O_APPEND | os.O_WRONLY)
        return TextIOWrapper(os.fdopen(descriptor, "ab"), encoding=self.encoding, errors=self.errors)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # the name is that of logging
        """Say nothing: a full disk must not draw over the screen."""


def _visible(found: re.Match[str]) -> str:
    character = found[0]
    return character if character.isprintable() else f"\\x{ord(character):02x}"
