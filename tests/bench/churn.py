"""`churn`: keys deep in the tree while a hundred pods a second change on a real API server for a minute: key to paint."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from statistics import median

import msgspec

from tests.bench.explorer_app import Answered
from tests.bench.podserver import podserver
from tests.bench.results import Details, Result
from tests.bench.terminal import terminal
from tests.bench.tree100k import p99

__all__ = ["run"]

PODS, SECONDS = 6_000, 60
KEYS = 8
"""Keys a second."""
PAINT = 0.016
SETTLED = 3.0
F12 = b"\x1b[24~"
PROGRAM = "import sys; from tests.bench.churn_app import main; main(*sys.argv[1:])"


def run() -> list[Result]:
    """The cursor goes up and down among the pods of a workload far down."""
    with tempfile.TemporaryDirectory() as folder:
        told = asyncio.run(_run(Path(folder)))
    paint = p99(told.paint)
    details: Details = {
        "p50 ms": median(told.paint) * 1000,
        "most ms": max(told.paint) * 1000,
        "computed on the loop ms a key, p50": median(told.computed) * 1000,
        "keys": len(told.paint),
        "pods": PODS,
        "events": SECONDS * 100,
    }
    return [Result("churn", paint * 1000, "ms key to paint, p99", f"<= {PAINT * 1000:.0f}", paint <= PAINT, details)]


async def _run(folder: Path) -> Answered:
    async with podserver(PODS, 0, str(folder)) as url:
        return await asyncio.to_thread(_told, url, folder)


def _told(url: str, folder: Path) -> Answered:
    report = folder / "answered.json"
    with terminal(PROGRAM, (url, str(folder), str(report), str(SECONDS * 100))) as child:
        child.wait_for(" live ")
        child.drain(SETTLED)
        for key in (b"G", b"\x1b[C", b"G", b"\x1b[C", *[b"j"] * 5, *[b"j", b"j", b"k", b"k"] * (SECONDS * KEYS // 4)):
            child.send(key)
            child.listen(1 / KEYS)
        child.send(F12)
        while not report.exists() or not report.stat().st_size:
            child.listen(0.2)
        return msgspec.json.decode(report.read_bytes(), type=Answered)
