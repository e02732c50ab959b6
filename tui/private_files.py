"""Files that decide what is trusted, and files that only their owner may read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from tui.errors import InvalidConfig

__all__ = ["make_private", "open_private", "refuse_writable"]

ANYBODY = stat.S_IWOTH
NOT_OURS = 0o077


def refuse_writable(file: Path) -> None:
    """See to it that not everybody may write a file that decides what is trusted. Raises InvalidConfig.

    A directory that everybody may write counts too, unless only owners may replace what is in it (as in /tmp).
    """
    try:
        own, place = file.stat().st_mode, file.resolve().parent.stat().st_mode
    except OSError:
        return  # whoever reads it says what is wrong
    if own & ANYBODY:
        raise InvalidConfig(f"{file} may be written by everybody.", f"Run `chmod o-w {file}` first.", path=str(file))
    if place & ANYBODY and not place & stat.S_ISVTX:
        folder = file.resolve().parent
        raise InvalidConfig(f"{file} lies where everybody may replace it.", f"Run `chmod o-w {folder}` first.", path=str(file))


def make_private(directory: Path) -> None:
    """Make a directory, and those above it, which only its owner may enter, whatever the umask. Raises OSError.

    One that is there already is left as it is: it may be shared on purpose.
    """
    missing = [place for place in (directory, *directory.parents) if not place.exists()]
    for place in reversed(missing):
        place.mkdir(mode=0o700, exist_ok=True)
        place.chmod(0o700)


def open_private(path: str, flags: int) -> int:
    """A descriptor of a regular file that only its owner may read, made when it is missing. Raises OSError.

    A link or a named pipe in its place is refused: it may lead anywhere, or wait for ever. One that others may read, and that
    is ours, is narrowed.
    """
    descriptor = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(0, "it is no regular file", path)
        if status.st_mode & NOT_OURS:
            os.fchmod(descriptor, 0o600)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
