"""`tree100k`: a tree of 100,000 rows on a terminal: key to paint, mount, and bytes for one step of the cursor."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles

import msgspec

from tests.bench.results import Result
from tests.bench.terminal import terminal

__all__ = ["Measured", "measured", "p99", "run"]

STEPS = ([b"j"] * 40 + [b"k"] * 40) * 4
SCROLLS = [b"j"] * 120
QUIET = 0.03
PAINT = 0.016
STEP_BYTES = 1024
CHILD = "import sys; from tests.bench.tree_app import main; main(sys.argv[1])"


class Measured(msgspec.Struct):
    """What the child measured in its own process: seconds, and bytes written after each key."""

    small: list[float] = []
    large: list[float] = []
    paint: list[float] = []
    written: list[int] = []


def run() -> list[Result]:
    """One child: mounts both sizes in turns, then answers a few hundred keys one at a time."""
    return list(results(measured(STEPS + SCROLLS, QUIET)))


def measured(keys: Sequence[bytes], quiet: float) -> Measured:
    """What a child tells when it is sent these keys, each when nothing came for some seconds."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "measured.json"
        with terminal(CHILD, [str(report)]) as child:
            child.wait_for("base/0000")
            child.drain(1.0)
            for key in keys:
                child.send(key)
                child.drain(quiet)
            child.send(b"q")
            while not report.exists():
                child.drain(quiet)
            child.drain(0.5)
        return msgspec.json.decode(report.read_bytes(), type=Measured)


def results(told: Measured) -> list[Result]:
    """The three figures; steps that scroll repaint the whole pane and are told apart."""
    steps, scrolls = told.paint[: len(STEPS)], told.paint[len(STEPS) + 50 :]
    small, large = median(told.small), median(told.large)
    reach = 2 * small + 0.1
    written = median(told.written[: len(STEPS)])
    paints: dict[str, str | int | float | bool] = {
        "p50 ms": median(steps) * 1000,
        "most ms": max(steps) * 1000,
        "p50 ms when scrolling": median(scrolls) * 1000,
        "p99 ms when scrolling": p99(scrolls) * 1000,
        "keys": len(steps),
    }
    return [
        Result("tree100k", p99(steps) * 1000, "ms key to paint, p99", f"<= {PAINT * 1000:.0f}", p99(steps) <= PAINT, paints),
        Result(
            "tree100k-mount",
            large * 1000,
            "ms to mount",
            f"<= {reach * 1000:.0f}",
            large <= reach,
            {"1,000 rows ms": small * 1000},
        ),
        Result(
            "tree100k-step",
            written,
            "bytes for a cursor step",
            f"<= {STEP_BYTES}",
            written <= STEP_BYTES,
            {"most": max(told.written[1 : len(STEPS)])},
        ),
    ]


def p99(seconds: list[float]) -> float:
    """The value that one in a hundred exceeds."""
    return quantiles(seconds, n=100)[98]
