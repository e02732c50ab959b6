"""50,000 realistic pods listed, decoded and applied, against aiohttp draining the same pages in the same run.

Each client is timed as a whole process, interpreter and imports included, as kubectl is.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from pathlib import Path
from statistics import median

from tests.bench.clusterclient import Measured, measure, write_kubeconfig
from tests.bench.podserver import podserver
from tests.bench.results import Result, skipped

__all__ = ["run"]

PODS = 50_000
ROUNDS = 3


def run() -> list[Result]:
    """The ratio, the memory, the longest hold of the event loop, and the ratio to kubectl where it is installed."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_run(folder))


async def _run(folder: str) -> list[Result]:
    async with podserver(PODS, 0, folder) as url:
        # In turn, so that a busy moment of the machine hits both.
        rounds = [(await measure("drain-list", url, folder), await measure("ours-list", url, folder)) for _ in range(ROUNDS)]
        kubectl = await _kubectl(url, folder)
    drained = [drain for drain, _ in rounds]
    ours = [mine for _, mine in rounds]
    return [_ratio(drained, ours), _memory(ours), _held(ours), *_against_kubectl(ours, kubectl)]


def _ratio(drained: list[Measured], ours: list[Measured]) -> Result:
    base, mine = median(item.whole for item in drained), median(item.whole for item in ours)
    complete = all(item.objects == PODS for item in (*drained, *ours))
    ratio = mine / base
    transfer = median(item.seconds for item in ours) / median(item.seconds for item in drained)
    details = {
        "pods": ours[0].objects,
        "ours_s": round(mine, 2),
        "drained_s": round(base, 2),
        "transfer_only": round(transfer, 2),
    }
    return Result("pods50k", round(ratio, 2), "x of draining", "<= 2.5", complete and ratio <= 2.5, dict(details))


def _memory(ours: list[Measured]) -> Result:
    peak = max(item.memory for item in ours)
    return Result("pods50k-memory", round(peak, 1), "MB peak", "<= 150", peak <= 150)


def _held(ours: list[Measured]) -> Result:
    # The least of the rounds: what another process did to this one is not ours.
    held = min(item.held for item in ours)
    return Result(
        "pods50k-loop",
        round(held, 1),
        "ms of the loop held",
        "<= 30",
        held <= 30,
        {"worst": round(max(item.held for item in ours), 1)},
    )


async def _kubectl(url: str, folder: str) -> float | None:
    program = shutil.which("kubectl")
    if program is None:
        return None
    kubeconfig = write_kubeconfig(Path(folder), url)
    begun = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        program, "--kubeconfig", str(kubeconfig), "get", "pods", "-A", stdout=asyncio.subprocess.DEVNULL, env={"HOME": folder}
    )
    await process.wait()
    return None if process.returncode else time.perf_counter() - begun


def _against_kubectl(ours: list[Measured], kubectl: float | None) -> list[Result]:
    name, unit, reach = "pods50k-kubectl", "of kubectl's time", "<= 0.0667"
    if kubectl is None:
        return [skipped(name, unit, reach, "kubectl is not installed, or failed")]
    share = median(item.whole for item in ours) / kubectl
    details: dict[str, str | int | float | bool] = {"kubectl_s": round(kubectl, 1)}
    return [Result(name, round(share, 4), unit, reach, share <= 1 / 15, details)]
