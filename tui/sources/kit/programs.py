"""Programs of others (credential helpers and plugins): found in the operator's own PATH, never in the working directory."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping

__all__ = ["find_program"]


def find_program(command: str, environment: Mapping[str, str]) -> str:
    """The absolute path of a command that is named without one. Raises FileNotFoundError.

    Entries of PATH that are empty or not absolute mean the working directory or lie below it, where anybody may have put a
    program of that name; Go's os/exec refuses what it finds there, too (ErrDot). A path that is absolute stays as it is.
    """
    if os.path.isabs(command):
        return command
    places = [entry for entry in environment.get("PATH", os.defpath).split(os.pathsep) if os.path.isabs(entry)]
    path = shutil.which(command, path=os.pathsep.join(places)) if os.sep not in command and places else None
    if path is None:
        raise FileNotFoundError(command)
    return path
