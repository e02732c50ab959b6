"""What may be wrong with the file of kept content, by what is done about it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["CacheFault", "CacheUnusable", "FileBusy", "WrongFile", "as_fault"]


class CacheFault(Exception):
    """Content cannot be kept or found; `words` says why."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class FileBusy(CacheFault):
    """Another process holds the file for longer than anybody waits: it is tried again later."""


class WrongFile(CacheFault):
    """What lies there is not a file of ours, or is damaged: it is set aside and made anew."""


class CacheUnusable(CacheFault):
    """The disk is full, may not be written, or fails: nothing is kept in this run."""


_DAMAGED = frozenset(
    {
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_FORMAT,
        sqlite3.SQLITE_ERROR,  # a table or a column is missing
        sqlite3.SQLITE_SCHEMA,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_CONSTRAINT,
    }
)
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
_REASONS = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "it may not be written",
    sqlite3.SQLITE_PERM: "it may not be opened",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_IOERR: "the disk refuses to read or write it",
}


@contextmanager
def as_fault() -> Iterator[None]:
    """What SQLite and the system say, as faults of ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise _fault(error) from error
    except OSError as error:
        raise CacheUnusable(_words(error)) from error


def _fault(error: sqlite3.Error) -> CacheFault:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the low byte is the kind, the rest its details
    if code in _BUSY:
        return FileBusy("another process holds it")
    if code in _DAMAGED:
        return WrongFile("it is damaged, or not a file of trustree's")
    return CacheUnusable(_REASONS.get(code, "SQLite cannot use it"))


def _words(error: OSError) -> str:
    reason = (error.strerror or "it cannot be used").lower()
    return f"{error.filename}: {reason}" if error.filename else reason
