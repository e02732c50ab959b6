"""Work beside the keys: in a thread, which stands still while a key is seen to, and ends when nobody waits for it any more."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

from tui.domain.common.pace import in_steps

__all__ = ["Courtesy", "Superseded"]

MOMENT = 0.016
"""Seconds after a key in which nothing else is computed: threads take turns, and the key's frame would take twice as long."""
LONGEST = 0.05
"""Seconds for which a step waits at most, however busy the loop is."""
LOOK = 0.004
"""Seconds between looks at whether a key's frame, that took longer than its moment, has been painted."""

Outcome = TypeVar("Outcome")


class Superseded(Exception):
    """Nobody waits any more for what was being worked out."""


class Courtesy:
    """What keys and work have in common: work passes between its steps by here."""

    def __init__(self) -> None:
        self._calm = threading.Event()
        self._calm.set()

    def pressed(self, is_painted: Callable[[], bool] = lambda: True) -> None:
        """A key is being seen to, until its moment is over and its frame is painted, however busy the machine is.

        Keys that come meanwhile make it no longer: keys that are held leave room for work.
        """
        if self._calm.is_set():
            self._calm.clear()
            loop = asyncio.get_running_loop()
            loop.call_later(MOMENT, self._look, is_painted, loop.time() + LONGEST)

    def _look(self, is_painted: Callable[[], bool], latest: float) -> None:
        loop = asyncio.get_running_loop()
        if is_painted() or loop.time() >= latest:
            self._calm.set()
        else:
            loop.call_later(LOOK, self._look, is_painted, latest)

    def let_pass(self) -> None:
        """In a thread, between two steps: stand still while a key is seen to."""
        self._calm.wait(LONGEST)

    async def work(self, work: Callable[[], Outcome], is_wanted: Callable[[], bool] = lambda: True) -> Outcome:
        """Work something out in a thread. Raises Superseded when it is not wanted any more."""

        def between() -> None:
            if not is_wanted():
                raise Superseded
            self.let_pass()

        def in_thread() -> Outcome:
            between()
            with in_steps(between):
                return work()

        return await asyncio.to_thread(in_thread)
