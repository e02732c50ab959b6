"""`fleet`: five clusters of 20,000 pods each, from the start of the process until all are live and in the snapshot."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec

from tests.bench.clusterclient import write_kubeconfig
from tests.bench.fleet_app import Seen
from tests.bench.podserver import podserver
from tests.bench.results import Result

__all__ = ["run"]

CLUSTERS, PODS = 5, 20_000
SECONDS, MEMORY = 10.0, 450.0


def run() -> list[Result]:
    """The seconds, and the memory at the peak."""
    with tempfile.TemporaryDirectory() as folder:
        seen = asyncio.run(_run(Path(folder)))
    whole = seen.pods == CLUSTERS * PODS and seen.live == CLUSTERS
    details: dict[str, str | int | float | bool] = {"clusters": CLUSTERS, "live": seen.live, "pods": seen.pods}
    return [
        Result("fleet", round(seen.seconds, 1), "s to all live", f"<= {SECONDS:g}", whole and seen.seconds <= SECONDS, details),
        Result("fleet-memory", round(seen.memory), "MB peak", f"<= {MEMORY:g}", whole and seen.memory <= MEMORY),
    ]


async def _run(folder: Path) -> Seen:
    async with AsyncExitStack() as servers:
        kubeconfigs = [await _serve(servers, folder, f"c{number}") for number in range(CLUSTERS)]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.bench.fleet_app", str(time.monotonic()), *kubeconfigs), stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate()
    return msgspec.json.decode(output, type=Seen)


async def _serve(servers: AsyncExitStack, folder: Path, name: str) -> str:
    """A server of its own; the kubeconfig that leads to it, with a context of its name."""
    place = await asyncio.to_thread(tempfile.mkdtemp, dir=folder)
    url = await servers.enter_async_context(podserver(PODS, 0, place))
    return await asyncio.to_thread(_named, write_kubeconfig(Path(place), url), name)


def _named(kubeconfig: Path, name: str) -> str:
    named = kubeconfig.with_name(f"{name}.json")
    named.write_text(kubeconfig.read_text().replace('"bench"', f'"{name}"'))
    return str(named)
