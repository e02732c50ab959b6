"""The terminal before the first frame and after the last: its size, and that it is given back as it was found."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["closing", "wait_for_size"]

PAUSE = 0.2
"""Seconds between two looks at a terminal that has no size yet."""


@contextmanager
def closing(*, shown: bool) -> Iterator[None]:
    """Say on the terminal, which has been given back already, that connections are closed, until they are."""
    terminal = sys.__stderr__
    if not shown or terminal is None or not terminal.isatty():
        yield
        return
    print("Closing …" if "utf" in terminal.encoding.lower() else "Closing ...", end="\r", file=terminal, flush=True)
    try:
        yield
    finally:
        print("\x1b[K", end="", file=terminal, flush=True)


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
