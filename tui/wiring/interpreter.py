"""The interpreter, set for a process that keeps hundreds of thousands of facts, judges them in a thread, and draws a screen."""

from __future__ import annotations

import gc
import sys

__all__ = ["keep_for_good", "prepare_interpreter"]

TURN = 0.0005
"""Seconds for which a thread may go on while another wants the interpreter."""


def prepare_interpreter() -> None:
    """Collect garbage rarely and let threads take turns often. Call it once, at the start."""
    # Facts are frozen and refer only downwards: they need no collector, yet a full collection walks all of them and holds the
    # event loop for 50 ms at 50,000 pods. Reference counting frees what is dropped either way. So: cycles are looked for in
    # young objects, few at a time (200,000 of them held everything for 100 ms, 10,000 for 12), in all objects hardly ever.
    gc.set_threshold(2_000, 5, 1_000)
    # The event loop gives the interpreter away at every read and write, and waits a whole turn to have it back while a
    # snapshot is judged: with the usual 5 ms a hundred small answers would take half a second.
    sys.setswitchinterval(TURN)


def keep_for_good() -> None:
    """Leave everything that is there now out of every later collection. Call it when modules have been imported."""
    # Classes and functions are two thirds of all objects at first, and none of them ever goes.
    gc.freeze()
