"""Plans as files: saved to be looked at, and carried out later or by somebody else."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from tui.domain.plans.plan import Plan
from tui.errors import UsageError
from tui.private_files import IS_LINK, NO_REGULAR, make_private, open_private, read_regular
from tui.reports.plans import plan_from, plan_pieces

__all__ = ["open_plan", "save_plan"]

LARGEST = 32 << 20


def open_plan(name: str) -> Plan:
    """The plan of a file. Raises UsageError."""
    try:
        body = read_regular(Path(name), LARGEST)
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror or 'the operating system refuses it'}.") from error
    if len(body) > LARGEST:
        raise UsageError(f"{name} is too large for a plan.")
    return plan_from(body, name)


def save_plan(plan: Plan, file: Path) -> Path:
    """Write a plan to a file that is for its owner alone. Raises UsageError."""
    part = file.with_name(f"{file.name}.part")
    try:
        if file.is_symlink() or (file.exists() and not file.is_file()):  # to replace /dev/null would be a deed of its own
            raise OSError(errno.EINVAL, IS_LINK if file.is_symlink() else NO_REGULAR, str(file))
        make_private(file.parent)
        descriptor = open_private(str(part), os.O_WRONLY | os.O_TRUNC)
        try:
            with open(descriptor, "wb") as opened:
                opened.write(b"".join(plan_pieces(plan, "json", unicode=True)))
            part.replace(file)
        except OSError:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UsageError(
            f"{file} cannot be written: {error.strerror or 'the operating system refuses it'}.",
            f"Free some space in {file.parent}, or name a file elsewhere: `trustree {plan.action} QUERY --plan --save FILE`.",
        ) from error
    return file
