"""`pod-event`: one pod among 50,000 changes, from the socket until the terminal shows it: what that computes, in all threads."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from pathlib import Path

from tests.bench.podserver import podserver
from tests.bench.results import Result
from tests.bench.terminal import terminal

__all__ = ["run"]

PODS, ROUNDS, REACH = 50_000, 5, 50.0
PATIENCE = 300.0
PROGRAM = "import sys; from tests.bench.pod_event_app import main; main(*sys.argv[1:])"


def run() -> list[Result]:
    """The dearest of several changes."""
    with tempfile.TemporaryDirectory() as folder:
        spent = asyncio.run(_run(Path(folder)))
    most = max(spent) * 1000
    details: dict[str, str | int | float | bool] = {"pods": PODS, "rounds": ROUNDS, "least ms": round(min(spent) * 1000, 1)}
    return [Result("pod-event", round(most, 1), "ms computed", f"<= {REACH:g}", most <= REACH, details)]


async def _run(folder: Path) -> list[float]:
    async with podserver(PODS, 0, str(folder)) as url:
        return await asyncio.to_thread(_watched, url, folder)


def _watched(url: str, folder: Path) -> list[float]:
    file, begun = folder / "spent.json", time.monotonic()
    with terminal(PROGRAM, (url, str(folder), str(file), str(ROUNDS))) as child:
        while not file.exists() or not file.read_text():
            if time.monotonic() - begun > PATIENCE:
                raise TimeoutError("the changes were never measured")
            child.listen(1.0)
        spent: list[float] = json.loads(file.read_text())
        return spent
