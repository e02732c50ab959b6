"""`soak`: an hour of a cluster in which a hundred pods change each second, with the explorer on a terminal, time compressed."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

from tests.bench.results import Result, skipped
from tests.bench.soak_app import KEYS, SEEN
from tests.bench.terminal import terminal

__all__ = ["run"]

NAME, UNIT, REACH = "soak", "% more resident memory", "<= 5 after the first minute"
SECONDS = 3600
PATIENCE = 900.0
PROGRAM = "import sys; from tests.bench.soak_app import main; main(*sys.argv[1:])"
AT_FIRST, BETWEEN = 0.3, 2.0


def run(seconds: int = SECONDS) -> list[Result]:
    """How much more memory is resident at the end than after the first minute's worth."""
    if not Path("/proc/self/status").exists():
        return [skipped(NAME, UNIT, REACH, "this system does not tell the resident memory of a process")]
    with tempfile.TemporaryDirectory() as folder:
        first, *between, last = _memory(seconds, Path(folder) / "memory.json")
    growth = (last / first - 1) * 100
    details: dict[str, str | int | float | bool] = {
        "first MB": round(first, 1),
        "last MB": round(last, 1),
        "most MB": round(max(*between, last), 1),
        "seconds": seconds,
    }
    return [Result(NAME, round(growth, 1), UNIT, REACH, growth <= 5, details)]


def _memory(seconds: int, file: Path) -> list[float]:
    """Megabytes after the first minute's worth, now and then, and at the end."""
    begun, number = time.monotonic(), 0
    with terminal(PROGRAM, (str(seconds), str(file))) as child:
        while not file.exists() or not file.read_text():
            if time.monotonic() - begun > PATIENCE:
                raise TimeoutError("the hour never ended")
            # Every view is seen before the first minute ends: what is imported and laid out for it comes once.
            child.listen(BETWEEN if number >= SEEN else AT_FIRST)
            child.send(KEYS[number % len(KEYS)])
            number += 1
        memory: list[float] = json.loads(file.read_text())
        return memory
