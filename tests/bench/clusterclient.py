"""One client of the pod server in a process of its own, so that its memory is its own: `ours` or `drain`, of a list or a watch.

`python -m tests.bench.clusterclient ours-list|drain-list|ours-watch|drain-watch URL FOLDER` prints one line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import resource
import ssl
import sys
import time
from contextlib import aclosing
from pathlib import Path

import aiohttp
import msgspec

from tests.bench.podserver import PAGE
from tui.domain.facts.events import ListCompleted, ObjectGone, PodsSeen
from tui.domain.facts.inventory.inventory import Inventory
from tui.domain.facts.workload import Resource
from tui.sources.cluster import ClusterOptions, ClusterSource
from tui.wiring.interpreter import prepare_interpreter

__all__ = ["Measured", "measure", "write_kubeconfig"]


class Measured(msgspec.Struct):
    """What a client did.

    `seconds` are those of the transfer, `whole` those from the start of the process; `held` is the longest time (ms of
    processor) that the event loop was held, `memory` the peak in MB.
    """

    seconds: float
    whole: float
    objects: int
    held: float
    memory: float


async def measure(what: str, url: str, folder: str) -> Measured:
    """Run one client in a child process."""
    arguments = ("-m", "tests.bench.clusterclient", what, url, folder, str(time.monotonic()))
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    return msgspec.json.decode(output, type=Measured)


class _Ticker:
    """Measures how much processor time passes between two turns of a task that only wants its turn."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def run(self) -> None:
        last = time.thread_time()
        while True:
            await asyncio.sleep(0.001)
            now = time.thread_time()
            self.longest = max(self.longest, now - last)
            last = now


class _Clock:
    """Runs from `start` to `stop`."""

    def __init__(self) -> None:
        self._begun = 0.0
        self.seconds = 0.0

    def start(self) -> None:
        self._begun = time.perf_counter()

    def stop(self) -> None:
        self.seconds = time.perf_counter() - self._begun


async def _ours_list(url: str, folder: str, clock: _Clock) -> int:
    inventory = Inventory()
    clock.start()
    async with aclosing(_source(url, folder).events()) as events:
        async for event in events:
            inventory.apply(event)
            if isinstance(event, ListCompleted) and event.resource is Resource.PODS:
                break
        clock.stop()
    return sum(len(pods) for pods in inventory.freeze().cluster.pods.values())


async def _ours_watch(url: str, folder: str, clock: _Clock) -> int:
    inventory = Inventory()
    count = 0
    async with aclosing(_source(url, folder).events()) as events:
        async for event in events:
            inventory.apply(event)
            match event:
                case ListCompleted(resource=Resource.PODS):
                    clock.start()
                case PodsSeen(pods=pods):
                    count += len(pods)
                case ObjectGone():
                    clock.stop()
                    return count
    raise AssertionError("the source ended")


def _source(url: str, folder: str) -> ClusterSource:
    return ClusterSource(ClusterOptions(paths=(write_kubeconfig(Path(folder), url),)))


def _session(folder: str) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=f"{folder}/server.pem")))


async def _drain_list(url: str, folder: str, clock: _Clock) -> int:
    """Read the same pages, decode nothing but the token of the next."""
    clock.start()
    pages, token = 0, "0"
    async with _session(folder) as session:
        while token:
            async with session.get(f"{url}/api/v1/pods?limit=500&continue={token}") as response:
                body = await response.read()
            pages += 1
            head = body[:200].partition(b'"continue":"')[2]
            token = head.partition(b'"')[0].decode()
    clock.stop()
    return pages * PAGE


async def _drain_watch(url: str, folder: str, clock: _Clock) -> int:
    """Read the same events, count their lines."""
    count, tail = 0, b""
    async with _session(folder) as session, session.get(f"{url}/api/v1/pods?watch=true") as response:
        clock.start()
        async for chunk in response.content.iter_any():
            count += chunk.count(b"\n")
            tail = (tail + chunk)[-200:]
            if b'"uid":"end"' in tail:
                break
        clock.stop()
    return count - 1


def write_kubeconfig(folder: Path, url: str) -> Path:
    """A kubeconfig for the pod server, for us and for kubectl."""
    path = folder / "kubeconfig"
    entries: dict[str, dict[str, object]] = {
        "clusters": {"cluster": {"server": url, "certificate-authority": "server.pem"}},
        "users": {"user": {"token": "bench"}},
        "contexts": {"context": {"cluster": "bench", "user": "bench"}},
    }
    document: dict[str, object] = {"apiVersion": "v1", "kind": "Config", "current-context": "bench"}
    path.write_text(json.dumps(document | {section: [{"name": "bench"} | body] for section, body in entries.items()}))
    return path


_CLIENTS = {"ours-list": _ours_list, "drain-list": _drain_list, "ours-watch": _ours_watch, "drain-watch": _drain_watch}


async def _main(what: str, url: str, folder: str, begun: str) -> Measured:
    # As the program does when it starts.
    prepare_interpreter()
    ticker, clock = _Ticker(), _Clock()
    ticking = asyncio.create_task(ticker.run())
    objects = await _CLIENTS[what](url, folder, clock)
    whole = time.monotonic() - float(begun)
    ticking.cancel()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Measured(clock.seconds, whole, objects, ticker.longest * 1000, peak)


if __name__ == "__main__":
    print(msgspec.json.encode(asyncio.run(_main(*sys.argv[1:]))).decode())
