"""What a key or a pause in a test waits for: until the app has nothing left to do.

Textual's own way is to sleep for a fiftieth of a second, again and again, until the process has used next to no time of the
processor in it: that is long where nothing is left to do, and too short where other processes have the processor.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual._context import active_app

__all__ = ["wait_for_work"]

TURNS = 3
"""Turns of the loop with nothing to do, one after the other, that count as its end: an event takes one to become a callback."""
LONGEST = 10.0
"""Seconds for what does not end before something that the test does next; threads take long where others have the processor."""
TICK = 0.001


def wait_for_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have keys and pauses wait for callbacks, for what was given to threads, and for the repaint that follows."""
    threads = Threads(asyncio.to_thread)
    monkeypatch.setattr("asyncio.to_thread", threads.run)
    for module in ("app", "pilot"):
        monkeypatch.setattr(f"textual.{module}.wait_for_idle", threads.ended)


class Threads:
    """Counts what runs in threads."""

    def __init__(self, to_thread: Callable[..., Awaitable[Any]]) -> None:
        self._to_thread = to_thread
        self._running = 0

    async def run(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Any:
        """`asyncio.to_thread`."""
        self._running += 1
        try:
            return await self._to_thread(function, *arguments, **named)
        finally:
            self._running -= 1

    async def ended(self, *_: float) -> None:
        """Wait until the threads and the loop have nothing to do, and what was to be painted is painted."""
        loop: Any = asyncio.get_running_loop()
        end, turns = loop.time() + LONGEST, 0
        while turns < TURNS and loop.time() < end:
            later = self._running > 0 or _is_resizing()
            await asyncio.sleep(TICK if later else 0)
            turns = 0 if later or loop._ready else turns + 1
            if turns == TURNS and _repainted():
                turns = 0


def _is_resizing() -> bool:
    """Whether a new size waits until it has stood still for a moment."""
    app: Any = active_app.get(None)
    return app is not None and app._resize_event is not None


def _repainted() -> bool:
    """Paint what waits for the next tick of the screen's timer, if anything does, as `Pilot.pause` would."""
    app: Any = active_app.get(None)
    if app is None or not app.screen_stack or not app.screen.is_running or not app.screen._update_timer._active.is_set():
        return False
    with app.screen._context():
        app.screen._on_timer_update()
    return True
