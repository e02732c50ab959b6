"""Watch events decoded and applied, against draining the same socket."""

from __future__ import annotations

import asyncio
import tempfile
from statistics import median

from tests.bench.clusterclient import Measured, measure
from tests.bench.podserver import PAGE, podserver
from tests.bench.results import Result

__all__ = ["run"]

EVENTS = 40_000
ROUNDS = 3


def run() -> list[Result]:
    """Events a second, and the ratio of times."""
    with tempfile.TemporaryDirectory() as folder:
        return [asyncio.run(_run(folder))]


async def _run(folder: str) -> Result:
    async with podserver(PAGE, EVENTS, folder) as url:
        rounds = [(await measure("drain-watch", url, folder), await measure("ours-watch", url, folder)) for _ in range(ROUNDS)]
    base, mine = median(_seconds(drain) for drain, _ in rounds), median(_seconds(ours) for _, ours in rounds)
    rate, ratio = EVENTS / mine, mine / base
    details: dict[str, str | int | float | bool] = {
        "ratio": round(ratio, 2),
        "drained_per_s": round(EVENTS / base),
        "applied": rounds[0][1].objects,
        "held_ms": round(min(ours.held for _, ours in rounds), 1),
    }
    return Result("watch", round(rate), "events/s", ">= 20,000, or <= 1.6x of draining", rate >= 20_000 or ratio <= 1.6, details)


def _seconds(measured: Measured) -> float:
    return measured.seconds
