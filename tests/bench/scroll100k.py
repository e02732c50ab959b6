"""`scroll100k`: page down held over 100,000 rows on a terminal: key to paint, and bytes for a page."""

from __future__ import annotations

import time
from statistics import median

from tests.bench.results import Result
from tests.bench.tree100k import measured, p99

__all__ = ["run"]

PAGE_DOWN = b"\x1b[6~"
PAGES = 300
REPEAT = 0.033
"""Seconds between two repeats of a key that is held."""
PAINT = 0.016


def run() -> list[Result]:
    """One child; the time is taken from where the key comes in until its frame has gone to the terminal."""
    begun = time.perf_counter()
    told = measured([PAGE_DOWN] * PAGES, REPEAT)
    paint = p99(told.paint)
    details: dict[str, str | int | float | bool] = {
        "p50 ms": median(told.paint) * 1000,
        "most ms": max(told.paint) * 1000,
        "bytes a page": median(told.written),
        "pages": len(told.paint),
        "s": time.perf_counter() - begun,
    }
    return [Result("scroll100k", paint * 1000, "ms page to paint, p99", f"<= {PAINT * 1000:.0f}", paint <= PAINT, details)]
