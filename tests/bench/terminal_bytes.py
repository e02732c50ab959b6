"""`terminal-bytes`: what the program writes to a terminal of 160x48 while 6,000 pods load, when nothing happens, and for keys.

The registry that the pods are from has no address here, as on a laptop without a network: it is told once, and not again.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.clusterclient import write_kubeconfig
from tests.bench.podserver import podserver
from tests.bench.results import Details, Result
from tests.bench.terminal import Terminal, terminal

__all__ = ["run"]

PODS = 6_000
IDLE = 30.0
SETTLED = 3.0
PROGRAM = "import sys; from tui.cli.main import main; sys.exit(main(['--no-azure']))"


def run() -> list[Result]:
    """One start of the program on a cluster of its own, in a home that has nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_run(folder))


async def _run(folder: str) -> list[Result]:
    async with podserver(PODS, 0, folder) as url:
        environment = {"KUBECONFIG": str(write_kubeconfig(Path(folder), url)), "HOME": folder}
        return await asyncio.to_thread(lambda: list(_measured(environment)))


def _measured(environment: dict[str, str]) -> Iterator[Result]:
    with terminal(PROGRAM, environment=environment) as child:
        seconds = child.wait_for(" live ")
        until_live = child.count
        child.listen(SETTLED)
        yield _within(
            "start-bytes", child.count / 1000, "kB until live", 60, {"live s": seconds, "at once kB": until_live / 1000}
        )
        yield _within("idle-bytes", child.listen(IDLE) / IDLE, "bytes a second, idle", 20, {"s": IDLE})
        yield from _keys(child)


def _keys(child: Terminal) -> Iterator[Result]:
    yield _key(child, "key-bytes-filter", b"/", 3.0)
    yield _key(child, "key-bytes-letter", b"s", 1.0)
    yield _key(child, "key-bytes-second", b"t", 4.0)
    yield _key(child, "key-bytes-backspace", b"\x7f", 4.0)
    yield _within("idle-bytes-filter", child.listen(IDLE) / IDLE, "bytes a second, filter", 20, {"s": IDLE})
    yield _key(child, "key-bytes-close", b"\x1b", 3.0)
    yield _key(child, "key-bytes-view", b"2", 10.0)
    yield _key(child, "key-bytes-faults", b"f", 10.0)


def _key(child: Terminal, name: str, key: bytes, reach: float) -> Result:
    begun = time.perf_counter()
    child.send(key)
    count = child.listen(SETTLED)
    details: Details = {"key": key.decode().replace("\x1b", "Esc").replace("\x7f", "Backspace"), "s": time.perf_counter() - begun}
    return _within(name, count / 1000, "kB for a key", reach, details)


def _within(name: str, figure: float, unit: str, reach: float, details: Details) -> Result:
    return Result(name, round(figure, 2), unit, f"<= {reach:g}", figure <= reach, details)
