"""The log: to a file only, bounded in size, one record a line that begins with its time, and nothing secret ever in it.

Packages beside us say what we log ourselves, or more than that (`azure.core` writes down every header, `azure.identity` bodies of
answers): of them only warnings are let in, and of these the first line. What others wrote cannot pass for a record: a line that
goes on begins with `CONTINUED`.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from copy import copy
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from tui.domain.common.redaction import redact
from tui.errors import TrustreeError, UsageError
from tui.private_files import make_private, open_private

__all__ = ["CONTINUED", "OURS", "log_begin", "log_end", "log_error", "start_log"]

_log = logging.getLogger("trustree")
MAX_BYTES = 2_000_000
KEPT = 2
OURS = ("trustree", "tui", "widgets")
"""The loggers that obey the level that was asked for."""
CONTINUED = "    | "
LOOKED_AT, HEAD, TAIL = 64 << 10, 24 << 10, 8 << 10
"""Characters of a record that are looked at, and those of its beginning and its end that are written."""
_UNPRINTABLE = re.compile(r"[^\n\t\x20-\x7e]")


def start_log(level: str, path: Path, *, named_by_operator: bool = False) -> None:
    """Send the log of the whole program to a file of mode 0600; `named_by_operator` when the operator named the file.

    A file that cannot be written is an error only when it was asked for. Raises UsageError.
    """
    root = logging.getLogger()
    for handler in root.handlers[:]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(max(logging.WARNING, logging.getLevelName(level.upper())))
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())
    try:
        make_private(path.parent)
        root.addHandler(_handler(path))
    except OSError as error:
        root.addHandler(logging.NullHandler())
        if named_by_operator:
            raise UsageError(
                f"The log {path} cannot be written: {error.strerror or error}.", "Name another --log-file."
            ) from error


def log_begin(command: str, version: str) -> None:
    """A run begins: what it does, never how it was called, as somebody may write a secret there."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    _log.info("trustree %s begins: %s (Python %s on %s, process %d)", version, command, python, sys.platform, os.getpid())


def log_end(code: int) -> None:
    """A run ends by itself."""
    _log.info("trustree ends with exit code %d", code)


def log_error(error: TrustreeError) -> None:
    """What the operator is shown of an error, with what caused it; nothing where no log is kept yet."""
    if logging.getLogger().handlers:
        cause = error if error.__cause__ is not None or error.__context__ is not None else None
        _log.error("%s %s", error.headline, error.remedy, exc_info=cause)


def _handler(path: Path) -> logging.Handler:
    handler = _PrivateFile(path, maxBytes=MAX_BYTES, backupCount=KEPT, encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(_Redacting("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return handler


class _Redacting(logging.Formatter):
    """Redacts the whole record, its traceback included, and lets nothing through that a terminal would obey."""

    def format(self, record: logging.LogRecord) -> str:
        text = _shortened(redact(super().format(_known(record))[:LOOKED_AT]))
        return _UNPRINTABLE.sub(_visible, text).replace("\n", f"\n{CONTINUED}")


class _PrivateFile(RotatingFileHandler):
    """A log file that only its owner may read, and that never writes to the terminal when it fails."""

    def _open(self) -> TextIOWrapper:
        descriptor = open_private(self.baseFilename, os.O_APPEND | os.O_WRONLY)
        return TextIOWrapper(os.fdopen(descriptor, "ab"), encoding=self.encoding, errors=self.errors)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # the name is that of logging
        """Say nothing: a full disk must not draw over the screen."""


def _known(record: logging.LogRecord) -> logging.LogRecord:
    """The record; of one of other packages the first line."""
    if record.name.partition(".")[0] in OURS:
        return record
    first = copy(record)
    first.msg, first.args = record.getMessage().partition("\n")[0], ()
    return first


def _shortened(text: str) -> str:
    """The beginning and the end of a text that is too long, of which nothing secret is left to cut in two."""
    return text if len(text) <= HEAD + TAIL else f"{text[:HEAD]}\n[...]\n{text[-TAIL:]}"


def _visible(match: re.Match[str]) -> str:
    character = match[0]
    return character if character.isprintable() else f"\\x{ord(character):02x}"
