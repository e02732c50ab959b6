"""Queries that are kept between runs: what was typed, and what was saved by name. In files of our own, never in the settings.

One query a line, for their owner alone (0600). Several processes may write: each reads, changes and writes a file while it holds
its lock. What looks like a secret is not kept.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from tui.domain.common.redaction import redact
from tui.domain.common.text import clean
from tui.domain.query.language import MAX_LENGTH, parse_terms
from tui.domain.query.saved import expand, is_name
from tui.errors import TrustreeError, UsageError
from tui.private_files import make_private, open_private, read_regular

__all__ = ["QueryBook"]

log = logging.getLogger(__name__)

MOST_TYPED = 500
MOST_SAVED = 200
MOST_LINES = 1_000
"""We write fewer; of a file with more the last ones are ours."""
LARGEST = 4 << 20
"""More is no file of ours."""
PATIENCE = 40
"""Looks at a lock that another process holds, with a pause between them."""
PAUSE = 0.025
_OPAQUE = re.compile(r"(?=[\w+=-]*[a-z])(?=[\w+=-]*[A-Z])(?=[\w+=-]*\d)[\w+=-]{20,}", re.ASCII)
"""Small and capital letters and digits without a break, as keys and tokens have them and names in clusters do not."""

Change = Callable[[list[str]], list[str]]


class QueryBook:
    """The queries that were typed and those that were saved; without a directory only for this run.

    `named` are those of the settings: they cannot be saved over. Methods may be called from any thread, one at a time.
    """

    def __init__(self, directory: Path | None = None, configured: Mapping[str, str] | None = None) -> None:
        self._typed_file = directory / "history" if directory is not None else None
        self._saved_file = directory / "saved" if directory is not None else None
        self._named = dict(configured or {})
        self._typed: list[str] = []
        self._own: dict[str, str] = {}

    @property
    def history(self) -> Sequence[str]:
        """What was typed, the oldest first."""
        return self._typed

    @property
    def saved(self) -> Mapping[str, str]:
        """Every saved query by its name."""
        return {**self._own, **self._named}

    def load(self) -> None:
        """Read what earlier runs and other processes have kept; what cannot be read is passed over."""
        self._typed = _lines(self._typed_file) or self._typed
        self._own = _by_name(_lines(self._saved_file)) or self._own

    def remember(self, text: str) -> None:
        """Keep a query that was typed, as the newest, unless it holds what looks like a secret."""
        query = " ".join(text.split())
        if not query or len(query) > MAX_LENGTH or clean(query) != query or looks_secret(query):
            return
        try:
            self._typed = _changed(self._typed_file, self._typed, lambda lines: [*_without(lines, query), query][-MOST_TYPED:])
        except OSError as error:
            log.warning("the history of queries is not kept: %s", error.strerror)

    def save(self, name: str, text: str) -> None:
        """Save a query by name, over one of that name. Raises UsageError, InvalidQuery and TrustreeError."""
        if not is_name(name):
            raise UsageError(
                f"“{clean(name, 40)}” cannot be the name of a query.",
                "Use letters, digits, `.`, `_` and `-`, at most 40 of them.",
            )
        if name in self._named:
            raise UsageError(f"“{name}” is a query of your settings.", "Choose another name, or change it in [queries].")
        query = expand(text, self.saved).text.strip()
        if not parse_terms(query):
            raise UsageError("There is no filter to save.", "Filter first, with /.")
        if looks_secret(query):
            raise UsageError("The query holds what looks like a secret, and is not kept.", "Leave that out of it.")
        self._keep(name, query)

    def forget(self, name: str) -> None:
        """Drop a saved query. Raises UsageError and TrustreeError."""
        if name in self._named:
            raise UsageError(f"“{name}” is a query of your settings.", "Take it out of [queries] there.")
        if name not in self._own:
            raise UsageError(f"There is no saved query “{clean(name, 40)}”.")
        self._keep(name, "")

    def _keep(self, name: str, query: str) -> None:
        new = [f"{name} {query}"] if query else []
        lines = [f"{other} {text}" for other, text in self._own.items()]

        def with_it(lines: list[str]) -> list[str]:
            return [*(line for line in lines if line.partition(" ")[0] != name), *new][-MOST_SAVED:]

        try:
            self._own = _by_name(_changed(self._saved_file, lines, with_it))
        except OSError as error:
            raise TrustreeError(
                f"{self._saved_file} cannot be written: {error.strerror or 'the operating system refuses it'}.",
                "Make it writable for you.",
            ) from error


def looks_secret(query: str) -> bool:
    """Whether a query holds what may be a credential: it was pasted by mistake."""
    return redact(query) != query or _OPAQUE.search(query) is not None


def _without(lines: Iterable[str], line: str) -> list[str]:
    return [other for other in lines if other != line]


def _by_name(lines: Iterable[str]) -> dict[str, str]:
    pairs = (line.partition(" ")[::2] for line in lines)
    return {name: query for name, query in pairs if is_name(name) and query}


def _lines(file: Path | None) -> list[str]:
    """The lines of a file that are ours; none where it cannot be read."""
    if file is None:
        return []
    try:
        content = read_regular(file, LARGEST)
    except FileNotFoundError:
        return []
    except OSError as error:
        log.warning("%s is not read: %s", file, error.strerror)
        return []
    return _ours(content)


def _ours(content: bytes) -> list[str]:
    lines = content[:LARGEST].decode(errors="replace").split("\n")[-MOST_LINES:]
    return [line for line in lines if line.strip() and len(line) <= MAX_LENGTH + 50 and clean(line) == line]


def _changed(file: Path | None, lines: list[str], change: Change) -> list[str]:
    """The lines after a change; in a file those that it has, while nobody else writes it. Raises OSError."""
    if file is None:
        return change(lines)
    make_private(file.parent)
    descriptor = open_private(str(file), os.O_RDWR)
    try:
        _lock(descriptor)
        changed = change(_ours(os.pread(descriptor, LARGEST, 0)))
        _write(descriptor, "".join(f"{line}\n" for line in changed).encode())
        return changed
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    for _ in range(PATIENCE):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            time.sleep(PAUSE)
    raise BlockingIOError(0, "another process holds it")


def _write(descriptor: int, content: bytes) -> None:
    """In place, as others wait for this very file; what is left over is cut off at the end, so that nothing is lost halfway."""
    written = 0
    while written < len(content):
        written += os.pwrite(descriptor, content[written:], written)
    os.ftruncate(descriptor, len(content))
