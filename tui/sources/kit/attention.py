"""Whether anybody is there who wants to know: what is asked in rounds for nobody is not asked."""

from __future__ import annotations

from math import inf

from tui.sources.kit.polling import Polling

__all__ = ["Attention"]

PATIENCE = 900.0
"""Seconds after which nobody looks any more."""


class Attention:
    """Stops the rounds of a reader some time after somebody has looked last, and begins them again when somebody does.

    Whoever begins to read is there. After a failure its waits count, whoever looks: a service that refuses is not asked more
    often for that.
    """

    def __init__(self, polling: Polling, patience: float = PATIENCE) -> None:
        self._polling, self._patience = polling, patience
        self._until: float | None = None
        self._waits = False
        self._failed = False

    def attend(self) -> None:
        """Somebody is there."""
        self._until = self._polling.clock.now() + self._patience
        if self._waits:
            self._waits = False
            self._polling.wake()

    def look(self) -> None:
        """Somebody waits for what is new: the next round begins soon."""
        self.attend()
        if not self._failed:
            self._polling.wake()

    def pace(self, every: float, *, failed: bool = False) -> None:
        """How long the rest is after a round, if somebody is there."""
        now = self._polling.clock.now()
        if self._until is None:
            self._until = now + self._patience
        self._failed, self._waits = failed, not failed and now >= self._until
        self._polling.every = inf if self._waits else every
