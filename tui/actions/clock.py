"""The clock by which plans are carried out, handed in; and how to see that the machine slept, or that its clock was set."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol

__all__ = ["Clock", "ClockWatch", "SystemClock"]

JUMP = 60.0
"""Seconds by which the time of day and the time that we were awake may differ before that means something."""


class Clock(Protocol):
    """The time of day, which can be set and goes on while the machine sleeps, and seconds that only grow while it is awake."""

    def now(self) -> datetime:
        """The time of day, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds awake since any moment."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let others run for so long."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """The time of day, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds awake since any moment."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Let others run for so long."""
        await asyncio.sleep(seconds)


class ClockWatch:
    """Sees when the time of day and the time awake go apart: a laptop was closed, or somebody set the clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset = self._now_offset()

    def jumped(self) -> float:
        """Seconds by which the time of day went ahead (or back: negative) since the last question, 0 when it did not."""
        offset = self._now_offset()
        jump = offset - self._offset
        if abs(jump) < JUMP:
            return 0.0
        self._offset = offset
        return jump

    def _now_offset(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic()
