"""What a process is started with: its standard descriptors open, enough of the others, and no place for programs of anybody."""

from __future__ import annotations

import os
import sys

from tui.errors import UsageError

__all__ = ["NEEDED", "allow_enough", "keep_absolute_places", "open_standard"]

NEEDED = 128
"""Open files: connections to a cluster, its registries and scanners, the demo's process, the terminal, modules being read."""
WISHED = 4_096


def open_standard() -> None:
    """Lead standard streams that are closed (`>&-`) nowhere, so that no file opened later takes their place."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDONLY if descriptor == 0 else os.O_WRONLY)  # the lowest free number is this one
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  # it is for the whole process
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def keep_absolute_places() -> None:
    """Leave out of PATH what is empty or not absolute: it means the working directory, where anybody may have put a program.

    Not only what is started here looks there: Python's own `platform` runs `uname`, and packages run it when they are imported.
    """
    places = os.environ.get("PATH", os.defpath).split(os.pathsep)
    os.environ["PATH"] = os.pathsep.join(place for place in places if os.path.isabs(place))


def allow_enough() -> None:
    """Raise the limit of open files as far as it may be. Raises UsageError when even that is too low to work with."""
    try:
        import resource
    except ImportError:  # no such limit on Windows
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = WISHED if hard == resource.RLIM_INFINITY else min(WISHED, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        soft = allowed
    if soft != resource.RLIM_INFINITY and soft < NEEDED:
        raise UsageError(f"Only {soft} files may be open at once, and {NEEDED} are needed.", f"Try `ulimit -n {NEEDED}` first.")
