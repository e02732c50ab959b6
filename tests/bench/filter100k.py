"""`filter100k`: letters typed into the filter over 100,000 rows: key to paint, and what the loop computes for a key."""

from __future__ import annotations

from statistics import median

from tests.bench.explorer100k import answered
from tests.bench.results import Details, Result
from tests.bench.tree100k import p99

__all__ = ["run"]

BACKSPACE = b"\x7f"
WORDS = ("app-0001", "team-7/", "base/00", "is:running", "ns-12")
ROUNDS = 3
TYPED = 0.15
"""Seconds between two letters of who types fast."""
PAINT = 0.016


def run() -> list[Result]:
    """Words are typed and taken back; the rows follow in a thread meanwhile."""
    letters = [
        letter for word in WORDS * ROUNDS for letter in [*(bytes([code]) for code in word.encode()), *[BACKSPACE] * len(word)]
    ]
    told = answered([b"/", *letters], TYPED)
    typed = told.paint[1:]
    details: Details = {
        "p50 ms": median(typed) * 1000,
        "most ms": max(typed) * 1000,
        "computed on the loop ms, p99": p99(told.computed[1:]) * 1000,
        "keys": len(typed),
        "rows": told.count,
    }
    return [
        Result("filter100k", p99(typed) * 1000, "ms key to paint, p99", f"<= {PAINT * 1000:.0f}", p99(typed) <= PAINT, details)
    ]
