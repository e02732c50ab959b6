"""The file in which content is kept between runs: SQLite, private, bounded, and given up rather than believed.

A rollback journal, not a write-ahead log: home directories lie on network file systems, where the shared memory of a log does
not work, and one file can be set aside as a whole. Every use holds a shared lock on a file beside it, setting aside and
clearing an exclusive one: nobody writes to a file that another process has just moved away, whose journal bears the same name.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import msgspec

from tui.estate.content_faults import CacheUnusable, FileBusy, WrongFile, as_fault
from tui.private_files import make_private, open_private

__all__ = ["LARGEST", "CacheUsage", "ContentFile", "Entry"]

T = TypeVar("T")

FILE, LOCK, ASIDE = "content.sqlite", "lock", ".aside"
APPLICATION, VERSION = 0x74727573, 1
"""What the header of the file says it is ("trus"), and the version of the tables in it."""
SCHEMA = (
    "CREATE TABLE entry (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, body BLOB NOT NULL, stored REAL NOT NULL,"
    " used INTEGER NOT NULL)",
    "CREATE INDEX entry_used ON entry (used)",
)
COMPANIONS = ("-journal", "-wal", "-shm")
LARGEST = 4 << 20
"""Bytes of one entry at most: what is larger is rare, and read again when it is needed."""
LOW_WATER = 0.9
TOUCH = 6 * 3600
"""Seconds after which it is written down that an entry was used: reading is not to be writing."""
BUSY, TURN, TRIES = 1.0, 0.01, 5


class Entry(msgspec.Struct, frozen=True):
    """Bytes under a name, and when they were stored (seconds since the epoch)."""

    name: str
    body: bytes
    stored: float


class CacheUsage(msgspec.Struct, frozen=True):
    """How much is kept: entries, the bytes of the file, and the file that was set aside, empty when none was."""

    entries: int
    size: int
    aside: str = ""


class ContentFile:
    """One process's way to the file; to be used by one thread. Raises the faults of `content_faults`."""

    def __init__(self, directory: Path, limit: int, clock: Callable[[], float] = time.time) -> None:
        self.path, self.limit, self._clock = directory / FILE, limit, clock
        self._connection: sqlite3.Connection | None = None
        self._inode = -1
        self._lock = -1
        self._touched: set[str] = set()

    @property
    def aside(self) -> Path:
        """Where a file that could not be used is kept, the last one only."""
        return self.path.with_name(self.path.name + ASIDE)

    # ---- what is kept

    def get(self, name: str) -> Entry | None:
        """The entry of a name."""
        query = "SELECT body, stored, used FROM entry WHERE name = ? AND length(body) <= ?"
        row = self._using(lambda connection: connection.execute(query, (name, LARGEST)).fetchone())
        if row is None:
            return None
        body, stored, used = row
        if not (isinstance(body, bytes) and isinstance(stored, int | float) and isinstance(used, int)):
            raise WrongFile("it holds what was not written by trustree")
        if self._clock() - used > TOUCH:
            self._touched.add(name)
        return Entry(name, body, stored)

    def put(self, entries: Iterable[Entry]) -> None:
        """Keep entries in one transaction, in place of earlier ones of the same names; what was not used for longest goes."""
        self._using(lambda connection: self._write(connection, entries))

    def drop(self, name: str) -> None:
        """Let an entry go."""
        self._using(lambda connection: connection.execute("DELETE FROM entry WHERE name = ?", (name,)))

    def names(self) -> list[str]:
        """The names of all entries."""
        return self._using(lambda connection: [name for (name,) in connection.execute("SELECT name FROM entry")])

    def usage(self) -> CacheUsage:
        """How much is kept now."""
        entries = self._using(lambda connection: connection.execute("SELECT count(*) FROM entry").fetchone()[0])
        return CacheUsage(entries, self.path.stat().st_size, str(self.aside) if os.path.lexists(self.aside) else "")

    def _write(self, connection: sqlite3.Connection, entries: Iterable[Entry]) -> None:
        now = int(self._clock())
        with _transaction(connection):
            connection.executemany(
                "INSERT INTO entry (name, body, stored, used) VALUES (?, ?, ?, ?) ON CONFLICT (name)"
                " DO UPDATE SET body = excluded.body, stored = excluded.stored, used = excluded.used",
                [(entry.name, entry.body, entry.stored, now) for entry in entries],
            )
            connection.executemany("UPDATE entry SET used = ? WHERE name = ?", [(now, name) for name in self._touched])
            self._touched.clear()
            evicted = self._evict(connection)
        if evicted:
            connection.execute("PRAGMA incremental_vacuum").fetchall()

    def _evict(self, connection: sqlite3.Connection) -> bool:
        """Let the least recently used go until there is some room again; whether any went."""
        page = _number(connection, "page_size")
        occupied = (_number(connection, "page_count") - _number(connection, "freelist_count")) * page
        if occupied <= self.limit:
            return False
        surplus = occupied - int(self.limit * LOW_WATER)
        deleted: list[tuple[int]] = []
        for identity, length in connection.execute("SELECT id, length(body) FROM entry ORDER BY used, id"):
            if surplus <= 0:
                break
            deleted.append((identity,))
            surplus -= max(length, page // 8)
        connection.executemany("DELETE FROM entry WHERE id = ?", deleted)
        return True

    # ---- the file

    def _using(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do something with the file as it lies at its place now."""
        with as_fault():
            for _ in range(TRIES):
                if not self._is_current():
                    self._open()
                with self._locked(fcntl.LOCK_SH):
                    if self._connection is not None and self._is_current():
                        return work(self._connection)
            raise FileBusy("other processes replace it again and again")

    def _is_current(self) -> bool:
        if self._connection is None:
            return False
        try:
            return os.stat(self.path, follow_symlinks=False).st_ino == self._inode
        except FileNotFoundError:
            return False

    def _open(self) -> None:
        self.close()
        self._prepare_directory()
        with self._locked(fcntl.LOCK_SH):
            self._prepare_file()
            with ExitStack() as undo:
                connection = undo.enter_context(closing(_connect(self.path)))
                _prepare_tables(connection)
                undo.pop_all()
            self._connection = connection

    def _prepare_directory(self) -> None:
        directory = self.path.parent
        make_private(directory)
        status = directory.stat()
        if status.st_uid != os.geteuid():
            raise CacheUnusable(f"{directory} belongs to another user")
        if status.st_mode & 0o077:
            directory.chmod(0o700)
        if self._lock < 0:
            self._lock = open_private(str(directory / LOCK), os.O_RDWR)

    def _prepare_file(self) -> None:
        """See to it that a private file of ours lies at the place, and remember which it is."""
        try:
            status = os.lstat(self.path)
        except FileNotFoundError:
            # Not opened when it is there already: closing a descriptor lets go of SQLite's locks on the same file.
            with suppress(FileExistsError):  # another process was faster
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
            status = os.lstat(self.path)
        self._inode = status.st_ino
        if not stat.S_ISREG(status.st_mode):
            raise WrongFile("it is not a regular file")
        if status.st_uid != os.geteuid():
            raise WrongFile("it belongs to another user")
        if status.st_mode & 0o077:
            os.chmod(self.path, 0o600)

    def set_aside(self) -> Path:
        """Rename what lies at the place, so that the next use makes a new file; another process may have done so already."""
        with as_fault():
            inode = self._inode
            self.close()
            with self._locked(fcntl.LOCK_EX):
                if os.path.lexists(self.path) and inode in (-1, os.lstat(self.path).st_ino):
                    _replace(self.path, self.aside)
                    for companion in COMPANIONS:
                        beside = self.path.with_name(self.path.name + companion)
                        if os.path.lexists(beside):
                            _replace(beside, self.aside.with_name(self.aside.name + companion))
        return self.aside

    def clear(self) -> None:
        """Take the file away, with what was set aside. It needs no room on the disk, and not even that the file is whole."""
        with as_fault():
            self.close()
            self._prepare_directory()
            with self._locked(fcntl.LOCK_EX):
                for path in (self.path, self.aside):
                    for companion in ("", *COMPANIONS):
                        _remove(path.with_name(path.name + companion))

    def close(self) -> None:
        """Let go of the file."""
        connection, self._connection, self._inode = self._connection, None, -1
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def release(self) -> None:
        """Let go of everything, for good."""
        self.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    @contextmanager
    def _locked(self, kind: int) -> Iterator[None]:
        give_up = time.monotonic() + BUSY
        while True:
            try:
                fcntl.flock(self._lock, kind | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > give_up:
                    raise FileBusy("another process holds it") from error
                time.sleep(TURN)
        try:
            yield
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=rw", uri=True, timeout=BUSY, isolation_level=None, check_same_thread=False
    )
    with ExitStack() as undo:
        undo.callback(connection.close)
        for pragma in (
            "trusted_schema = OFF",
            "cache_size = -1024",
            "mmap_size = 0",
            "temp_store = MEMORY",
            "synchronous = NORMAL",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        undo.pop_all()
    return connection


def _prepare_tables(connection: sqlite3.Connection) -> None:
    """Make the tables of an empty file, or see that they are ours. Raises WrongFile."""
    if _is_empty(connection):
        _make_tables(connection)
    application, version = _number(connection, "application_id"), _number(connection, "user_version")
    if application != APPLICATION:
        raise WrongFile("it belongs to another program")
    if version > VERSION:
        raise WrongFile("a newer trustree wrote it")
    if version < VERSION or _schema(connection) != SCHEMA:
        raise WrongFile("its tables are not those that this trustree writes")
    if connection.execute("PRAGMA journal_mode = DELETE").fetchone() != ("delete",):
        raise WrongFile("its journal is of another kind")


def _is_empty(connection: sqlite3.Connection) -> bool:
    return not (_number(connection, "application_id") or _number(connection, "user_version") or _schema(connection))


def _schema(connection: sqlite3.Connection) -> tuple[str, ...]:
    return tuple(sql for (sql,) in connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid"))


def _make_tables(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL").fetchall()
    with _transaction(connection):
        if not _is_empty(connection):
            return  # another process was faster
        for statement in SCHEMA:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {VERSION}")


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Written down at its end, taken back when something is raised (sqlite3.Connection as a context manager)."""
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        yield


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    number: int = connection.execute(f"PRAGMA {pragma}").fetchone()[0]
    return number


def _replace(path: Path, target: Path) -> None:
    """Rename over an earlier file or link; a directory that holds something is in the way, and stays."""
    if target.is_dir() and not target.is_symlink():
        target.rmdir()
    elif os.path.lexists(target):
        target.unlink()
    os.rename(path, target)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    elif os.path.lexists(path):
        path.unlink()
