"""Copying where no terminal is asked: through tmux."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from contextlib import suppress

__all__ = ["copied_by_tmux"]

PATIENCE = 2.0
"""Seconds that tmux is given to take a text."""


async def copied_by_tmux(text: str, environment: Mapping[str, str]) -> bool:
    """Whether tmux took a text into its buffer and handed it on to its terminal; False outside of tmux.

    As it ships (`set-clipboard external`) tmux drops what programs in it send to the clipboard, but sends its own buffers there
    (tmux(1), load-buffer -w; since 3.2).
    """
    program = shutil.which("tmux", path=environment.get("PATH"))
    if not environment.get("TMUX") or program is None:
        return False
    for flags in (("-w",), ()):
        with suppress(OSError, TimeoutError):
            child = await asyncio.create_subprocess_exec(
                program,
                *("load-buffer", *flags, "-"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                env=dict(environment),
            )
            await asyncio.wait_for(child.communicate(text.encode()), PATIENCE)
            if child.returncode == 0:
                return True
    return False
