"""The garbage collector, set for a process that keeps hundreds of thousands of facts and draws a screen."""

from __future__ import annotations

import gc

__all__ = ["collect_rarely"]


def collect_rarely() -> None:
    """Look for cycles in young objects as often as is useful, and in all objects hardly ever.

    Facts are frozen and refer only downwards: they need no collector, yet a full collection walks all of them and holds the
    event loop for 50 ms at 50,000 pods. Reference counting frees what is dropped either way. Call it once, at the start.
    """
    gc.set_threshold(10_000, 20, 100)
