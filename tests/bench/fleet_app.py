"""The estate of several clusters, as `report` opens it: `python -m tests.bench.fleet_app BEGUN KUBECONFIG...` prints what it saw.

One line of JSON when every cluster is live and the snapshot shows all of it; `BEGUN` is when the process was started.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from pathlib import Path

import msgspec

from tui.domain.facts.events import SourceState
from tui.domain.policy.policy import built_in
from tui.estate.estate import Estate
from tui.sources.cluster import ClusterOptions, ClusterSource
from tui.wiring.interpreter import prepare_interpreter

__all__ = ["Seen"]

PATIENCE = 120.0


class Seen(msgspec.Struct):
    """Seconds from the start of the process, the peak in MB, pods, and how many clusters are live."""

    seconds: float
    memory: float
    pods: int
    live: int


async def _run(begun: float, kubeconfigs: list[str]) -> Seen:
    prepare_interpreter()
    clusters = [ClusterSource(ClusterOptions(context=Path(path).stem, paths=(Path(path),))) for path in kubeconfigs]
    estate = Estate(clusters, lambda registry: None, built_in())
    async with estate.running():
        if not await estate.settled(PATIENCE):
            raise TimeoutError("the clusters never came to rest")
        seconds, snapshot = time.monotonic() - begun, estate.snapshot
        pods = sum(workload.pods for workload in snapshot.workloads.values())
        live = sum(source.live and source.state is SourceState.OK for source in snapshot.sources)
    return Seen(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, pods, live)


if __name__ == "__main__":
    print(msgspec.json.encode(asyncio.run(_run(float(sys.argv[1]), sys.argv[2:]))).decode())
