"""The terminal before the first frame and after the last: its size, and that it is given back as it was found."""

from __future__ import annotations

import os
import time

__all__ = ["wait_for_size"]

PAUSE = 0.2
"""Seconds between two looks at a terminal that has no size yet."""


def wait_for_size(descriptor: int) -> None:
    """Wait, quietly, until the terminal has rows and columns: a pane that is being made has none, and nothing can be drawn.

    What is no terminal has no size to wait for.
    """
    while True:
        try:
            columns, rows = os.get_terminal_size(descriptor)
        except OSError:
            return
        if columns > 0 and rows > 0:
            return
        time.sleep(PAUSE)
