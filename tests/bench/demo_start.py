"""`demo-start`: process start until every server of the embedded estate is up, and its handshake printed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from tests.bench.results import Result

__all__ = ["run"]

ROUNDS = 5
REACH = 1.0
ROOT = Path(__file__).resolve().parents[2]


def run() -> list[Result]:
    """The median of several starts; bytecode is warm."""
    with tempfile.TemporaryDirectory() as folder:
        _start(folder)
        seconds = [_start(folder) for _ in range(ROUNDS)]
    figure = median(seconds)
    details: dict[str, str | int | float | bool] = {"fastest s": min(seconds), "slowest s": max(seconds), "starts": ROUNDS}
    return [Result("demo-start", round(figure, 2), "s to servers up", f"<= {REACH}", figure <= REACH, details)]


def _start(folder: str) -> float:
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder, "TMPDIR": folder}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "tui.demo"], cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        if not process.stdout.readline():
            raise RuntimeError("the demo did not start")
        return time.perf_counter() - begun
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()
