"""The log: to a file only, bounded in size, and nothing secret ever in it."""

from __future__ import annotations

import logging
import os
import re
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from tui.errors import UsageError

__all__ = ["redact", "start_log"]

MAX_BYTES = 2_000_000
KEPT = 2
HIDDEN = "[hidden]"
_SECRET_NAMES = (
    r"x-registry-auth|client[_-]?secret|client[_-]?assertion|assertion"
    r"|(?:access|refresh|id|identity|bearer|auth|sas)[_-]?token|token|password|passwd|pwd|secret|api[_-]?key|account[_-]?key"
    r"|sig|x-ms-authorization\w*"
)
_HEADER_VALUE = r"(?:\"[^\"]*\"|'[^']*'|[^\r\n]+)"
# Order matters: whole headers and URLs first, then names with values, then what looks like a secret by itself.
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), HIDDEN),
    (
        re.compile(rf"((?:proxy-)?authorization|(?:set-)?cookie)([\"']?\s*[:=]\s*){_HEADER_VALUE}", re.IGNORECASE),
        rf"\1\2{HIDDEN}",
    ),
    (re.compile(r"([?&](?:code|signature)=)[^&\s\"']+", re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(r"\b(bearer|basic|negotiate)\s+[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (re.compile(r"(\b[a-z][a-z0-9+.-]{0,20}://)[^/\s@\"']*@", re.IGNORECASE), rf"\1{HIDDEN}@"),
    (
        re.compile(rf"(?<![A-Za-z])({_SECRET_NAMES})([\"']?\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^\s\"'&,;)}}\]]+)", re.IGNORECASE),
        rf"\1\2{HIDDEN}",
    ),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){0,4}"), HIDDEN),
)
_UNPRINTABLE = re.compile(r"[^\n\t\x20-\x7e]")


def redact(text: str) -> str:
    """The text without credentials: headers, tokens, signatures of SAS URLs, passwords in URLs, private keys."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


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
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
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
        descriptor = os.open(self.baseFilename, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        return TextIOWrapper(os.fdopen(descriptor, "ab"), encoding=self.encoding, errors=self.errors)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # the name is that of logging
        """Say nothing: a full disk must not draw over the screen."""


def _visible(found: re.Match[str]) -> str:
    character = found[0]
    return character if character.isprintable() else f"\\x{ord(character):02x}"
