"""Waiting for what comes in its own time, in tests that drive screens and widgets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from textual.pilot import Pilot

__all__ = ["until"]

PATIENCE = 60.0
"""Seconds until a condition counts as never: what is made in threads comes late on a machine that is busy."""


async def until(pilot: Pilot[Any], holds: Callable[[], bool], what: str | Callable[[], str] = "") -> None:
    """Wait for a condition; only what never happens takes as long as the patience of who waits."""
    clock = asyncio.get_running_loop().time
    end = clock() + PATIENCE
    while not holds():
        if clock() > end:
            raise AssertionError(f"never happened: {what() if callable(what) else what or holds}")
        await pilot.pause(0.01)
