"""Memory over hours: what refers to itself is collected while nobody is at the keys.

Lines that were painted, connections that were closed and workers that have ended refer to themselves, and only the collector of
garbage frees them. It is set to look at young objects alone (a look at all of them holds everything for as long as three frames,
and longer in a large estate): these things outlive that, and were left for good, some 60 MB an hour. So all objects are looked at
when no key was pressed for a while, and the longer that takes, the more seldom.

While keys are pressed it rests: rows that are made of a hundred thousand facts are young for a moment, and to look at them in
the middle of a key held everything for a frame.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

__all__ = ["Upkeep"]

LOOK = 5.0
"""Seconds between looks at whether it is time."""
QUIET = 4.0
"""Seconds without a key after which nobody is expected to notice."""
BETWEEN = 60.0
MOST_RESTED = 60.0
"""Seconds after which even who does not let go of the keys has the young objects looked at."""
SHARE = 1_000
"""Collections are so many times longer apart than they take, at least: a thousandth of the time is spent on them."""


class Upkeep:
    """Says when it is time, and collects. `pressed` is told of keys, `look` called every so many seconds, `end` at the end."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        collect: Callable[[], object] = gc.collect,
        between: float = BETWEEN,
        disable: Callable[[], object] = gc.disable,
        resume: Callable[[], object] = gc.enable,
        every: float = LOOK,
    ) -> None:
        self.every = every
        self._clock, self._collect, self._between = clock, collect, between
        self._disable, self._resume = disable, resume
        self._pressed = clock()
        self._due = self._pressed + between
        self._resting_since: float | None = None

    def pressed(self) -> None:
        """Somebody is there: the collector rests."""
        self._pressed = self._clock()
        if self._resting_since is None:
            self._resting_since = self._pressed
            self._disable()

    def end(self) -> None:
        """Let the collector work as ever."""
        if self._resting_since is not None:
            self._resting_since = None
            self._resume()

    def look(self) -> None:
        """Collect, if it is time to and nobody is there."""
        begun = self._clock()
        if self._resting_since is not None and (begun - self._pressed >= QUIET or begun - self._resting_since >= MOST_RESTED):
            self.end()
        if begun < self._due or begun - self._pressed < QUIET:
            return
        self._collect()
        ended = self._clock()
        self._due = ended + max(self._between, SHARE * (ended - begun))
