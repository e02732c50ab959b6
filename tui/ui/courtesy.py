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

Outcome = TypeVar("Outcome")


class Superseded(Exception):
    """Nobody waits any more for what was being worked out."""


class Courtesy:
    """What keys and work have in common: work passes between its steps by here."""

    def __init__(self) -> None:
        self._calm = threading.Event()
        self._calm.set()

    def pressed(self) -> None:
        """A key is being seen to; those that come meanwhile make its moment no longer: keys that are held leave room for work."""
        if self._calm.is_set():
            self._calm.clear()
            asyncio.get_running_loop().call_later(MOMENT, self._calm.set)

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
