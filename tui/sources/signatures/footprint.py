"""Whether files that trust is read from have changed: their sizes and times, without reading them or `cryptography`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from tui.private_files import check_regular
from tui.sources.signatures.options import TrustPaths

__all__ = ["Footprint", "footprint", "unusable"]

MAX_FILES = 5000
POLICY_FILES = ("trustpolicy.oci.json", "trustpolicy.json")
Footprint = tuple[tuple[str, int, int, int], ...]
"""Path, modification time in nanoseconds, size and inode of each; files that are not there are left out."""


def footprint(trusted: Iterable[TrustPaths]) -> Footprint:
    """What the files and directories look like now."""
    paths = dict.fromkeys(path for trust in trusted for path in _paths(trust))
    return tuple(print_ for path in list(paths)[:MAX_FILES] if (print_ := _print(path)) is not None)


def unusable(trusted: Iterable[TrustPaths]) -> tuple[tuple[str, str], ...]:
    """The files that are named and cannot be read, or policies that are no files, each with why; nothing is read for that."""
    paths = dict.fromkeys(path for trust in trusted for path in (*trust.files, *_policies(trust)))
    return tuple((path, why) for path in paths if (why := _fault(path)))


def _policies(trusted: TrustPaths) -> Iterator[str]:
    """The trust policies that are there: none has to be."""
    if trusted.notation_config:
        yield from filter(os.path.lexists, (str(Path(trusted.notation_config) / name) for name in POLICY_FILES))


def _fault(path: str) -> str:
    try:
        check_regular(Path(path).expanduser())
    except OSError as error:
        return error.strerror or "it cannot be read"
    except (ValueError, RuntimeError):
        return "it is not the name of a file"
    return ""


def _paths(trusted: TrustPaths) -> Iterator[str]:
    yield from trusted.files
    if trusted.notation_config:
        directory = Path(trusted.notation_config)
        yield from (str(directory / name) for name in POLICY_FILES)
        yield from _below(str(directory / "truststore" / "x509"), 3)


def _below(directory: str, depth: int) -> Iterator[str]:
    yield directory
    if depth == 0:
        return
    try:
        with os.scandir(directory) as entries:
            names = sorted(entry.path for entry in entries)[:MAX_FILES]
    except OSError:
        return
    for name in names:
        yield from _below(name, depth - 1)


def _print(path: str) -> tuple[str, int, int, int] | None:
    try:
        status = os.lstat(path)
    except (OSError, ValueError):
        return None
    return path, status.st_mtime_ns, status.st_size, status.st_ino
