"""Files that decide what is trusted, files that only their owner may read, and files that cannot make us wait."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from tui.errors import InvalidConfig

__all__ = [
    "IS_LINK",
    "NO_REGULAR",
    "check_regular",
    "in_the_way",
    "make_private",
    "open_private",
    "read_regular",
    "refuse_writable",
    "sync_directory",
    "write_private",
    "write_through",
]

ANYBODY = stat.S_IWOTH
NOT_OURS = 0o077
NO_REGULAR = "it is not a regular file"
IS_LINK = "it is a link"


def refuse_writable(file: Path) -> None:
    """See to it that not everybody may write a file that decides what is trusted. Raises InvalidConfig.

    A directory that everybody may write counts too, unless only owners may replace what is in it (as in /tmp).
    """
    try:
        own, place = file.stat().st_mode, file.resolve().parent.stat().st_mode
    except OSError:
        return  # whoever reads it says what is wrong
    if own & ANYBODY:
        raise InvalidConfig(f"{file} is writable for everyone.", f"Run `chmod o-w {file}` first.", path=str(file))
    if place & ANYBODY and not place & stat.S_ISVTX:
        folder = file.resolve().parent
        raise InvalidConfig(
            f"{file} is in a directory where everyone may replace it.", f"Run `chmod o-w {folder}` first.", path=str(file)
        )


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
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError as error:
        # What the system says of these (too many links, no such device) tells nobody what lies there.
        if os.path.islink(path):
            raise OSError(errno.ELOOP, IS_LINK, path) from error
        if os.path.lexists(path):
            check_regular(path)
        raise
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, NO_REGULAR, path)
        if status.st_mode & NOT_OURS:
            os.fchmod(descriptor, 0o600)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def write_private(path: Path, body: bytes) -> None:
    """Write a file for its owner alone, in place of one left behind, and wait until the disk has it. Raises OSError."""
    path.unlink(missing_ok=True)
    descriptor = open_private(str(path), os.O_WRONLY | os.O_EXCL)
    try:
        write_through(descriptor, body)
    finally:
        os.close(descriptor)


def write_through(descriptor: int, body: bytes) -> None:
    """Write all of it, and wait until the disk has it. Raises OSError."""
    while body:
        body = body[os.write(descriptor, body) :]
    os.fsync(descriptor)


def sync_directory(directory: Path) -> None:
    """Wait until the disk has the names in a directory: that of a new file is safe only then. Raises OSError."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def in_the_way(error: OSError) -> bool:
    """Whether something else lies where a file, or the directory for it, should be: more space or other rights would not help."""
    return error.errno in (errno.EINVAL, errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.EEXIST)


def read_regular(path: Path | str, limit: int) -> bytes:
    """At most `limit` + 1 bytes of a regular file, so that the reader sees whether there are more. Raises OSError.

    Links are followed, but a named pipe, a terminal or a device at their end is refused at once: it may wait, or go on, for ever.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _check(os.fstat(descriptor), path)
        with open(descriptor, "rb", closefd=False) as opened:
            return opened.read(limit + 1)
    finally:
        os.close(descriptor)


def check_regular(path: Path | str) -> None:
    """See to it that others who open a file by its name find one that ends. Raises OSError."""
    _check(os.stat(path), path)


def _check(status: os.stat_result, path: Path | str) -> None:
    if not stat.S_ISREG(status.st_mode) and not _is_nothing(status):
        raise OSError(errno.EINVAL, NO_REGULAR, str(path))


def _is_nothing(status: os.stat_result) -> bool:
    """Whether it is `/dev/null`, by which people say that there is no such file."""
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == os.stat(os.devnull).st_rdev
