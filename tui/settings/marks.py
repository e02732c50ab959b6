"""How the estate stood in earlier runs, in a small private file: one mark for each set of circumstances, the newest few."""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import msgspec

from tui.domain.answers.trend import Mark
from tui.domain.common.decoding import DECODING, from_json
from tui.private_files import make_private, read_regular, write_private

__all__ = ["MarkFile"]

log = logging.getLogger(__name__)

SCHEMA = "trustree/marks/v1"
LARGEST = 8 << 20
EARLIEST, LATEST = datetime(2020, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
MOST_COUNTED = 1 << 40
MOST = 8
"""Marks that are kept: of so many estates, or states of their sources."""


class _Marks(msgspec.Struct, frozen=True):
    schema: str = SCHEMA
    marks: dict[str, Mark] = {}


class MarkFile:
    """Reads and replaces the file; without a path nothing is kept. `scope` is what the settings ask for, in any words.

    Two processes that write at once leave what one of them wrote.
    """

    def __init__(self, path: Path | None, scope: str = "") -> None:
        self._path = path
        self._scope = scope

    def read(self, circumstances: str) -> Mark | None:
        """The mark of an earlier run in the same circumstances; None where there is none, or it cannot be read."""
        return self._marks().get(self._key(circumstances))

    def keep(self, circumstances: str, mark: Mark) -> None:
        """Keep a mark instead of the one before; what cannot be written is passed over."""
        if self._path is None:
            return
        key = self._key(circumstances)
        others = sorted(((name, other) for name, other in self._marks().items() if name != key), key=lambda entry: entry[1].at)
        marks = dict([*others, (key, mark)][-MOST:])
        try:
            _replace(self._path, msgspec.json.encode(_Marks(SCHEMA, marks)))
        except OSError as error:
            log.warning("%s is not written: %s", self._path, error.strerror)

    def _key(self, circumstances: str) -> str:
        return sha256(f"{self._scope}\n{circumstances}".encode(errors="replace")).hexdigest()

    def _marks(self) -> dict[str, Mark]:
        if self._path is None:
            return {}
        try:
            body = read_regular(self._path, LARGEST)
            marks = from_json(body, _Marks) if len(body) <= LARGEST else _Marks()
        except FileNotFoundError:
            return {}
        except OSError as error:
            log.warning("%s is not read: %s", self._path, error.strerror)
            return {}
        except DECODING:
            log.warning("%s is no file of marks", self._path)
            return {}
        return {name: mark for name, mark in marks.marks.items() if _is_ours(mark)} if marks.schema == SCHEMA else {}


def _is_ours(mark: Mark) -> bool:
    """Whether we could have written it: at a moment of a zone, and no scope has less than nothing."""
    if mark.at.tzinfo is None or not EARLIEST <= mark.at < LATEST:
        return False
    return all(0 <= number < MOST_COUNTED for counts in mark.counts.values() for number in counts)


def _replace(path: Path, body: bytes) -> None:
    """Replace a file as a whole. Raises OSError."""
    make_private(path.parent)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    write_private(part, body)
    part.replace(path)
