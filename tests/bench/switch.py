"""`switch`: through all views and round again, over 100,000 rows, from the key to the rows on the terminal."""

from __future__ import annotations

from statistics import median

from tests.bench.explorer100k import answered
from tests.bench.results import Details, Result

__all__ = ["run"]

VIEWS = [b"2", b"3", b"4", b"5", b"1"]
TURNS = 8
PAUSE = 0.6
REACH = 0.1


def run() -> list[Result]:
    """The slowest switch of many, and what the first ones took."""
    told = answered(VIEWS * TURNS, PAUSE)
    slowest = max(told.rows)
    details: Details = {
        "p50 ms": median(told.rows) * 1000,
        "slowest first entry ms": max(told.rows[: len(VIEWS)]) * 1000,
        "computed on the loop ms, p50": median(told.computed) * 1000,
        "switches": len(told.rows),
        "rows": told.count,
    }
    return [Result("switch", slowest * 1000, "ms to the rows, slowest", f"<= {REACH * 1000:.0f}", slowest <= REACH, details)]
