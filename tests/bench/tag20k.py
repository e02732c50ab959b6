"""`tag20k`: one tag is resolved among 20,000 images that stand on each other, and one pod changes, until the snapshot of it.

What it computes counts, in all threads of the process: that is what it costs whatever else the machine does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta

import msgspec

from tests.bench.loops import Measured, measured, prepared
from tests.bench.results import Result
from tests.domain.world import NOW, A, World, digest, name_of, trusting
from tui.domain.facts.events import Event, HealthChanged, PodsSeen, SourceHealth, SourceId, SourceKind, SourceState, TagResolved
from tui.estate.store import Store

__all__ = ["estate", "run"]

SYSTEMS, RUNTIMES, APPLICATIONS, VERSIONS = 40, 400, 1_950, 10
RUNNING = 2_000
ROUNDS = 5
REACH, POD_REACH, HELD = 0.15, 0.03, 16.0
PUBLIC = "registry.example.com"


def run() -> list[Result]:
    """The slowest of several rounds of each kind."""
    with prepared():
        return asyncio.run(_run())


async def _run() -> list[Result]:
    world = estate()
    store = Store(trusting((A,)), lambda: NOW)
    for event in world.events:
        store.apply(event)
    pod = next(event for event in world.events if isinstance(event, PodsSeen)).pods[0]
    running = asyncio.create_task(store.run())
    begun, began = time.process_time(), time.perf_counter()
    try:
        await store.turned(store.version)
        first = time.process_time() - begun
        # The store rests after a long assembly, and gets ready for the next: that is no part of what one change costs.
        await asyncio.sleep(2.5 * (time.perf_counter() - began))
        again = await _rounds(store, lambda number: _resolved("team7/app7", "3", "app 7 3", number))
        moved = await _rounds(store, lambda number: _resolved("team8/app8", "stable", f"app 8 {number + 1}", number))
        base = await _rounds(store, lambda number: _resolved("runtime/r9", "9", f"runtime {9 + 10 * (number % 3)}", number))
        pods = await _rounds(
            store,
            lambda number: PodsSeen(
                SourceId(SourceKind.CLUSTER, "lab"), "", 1, (msgspec.structs.replace(pod, node=f"n{number}"),)
            ),
        )
    finally:
        running.cancel()
        await asyncio.wait({running})
    return [
        *_results("said again", again, REACH, first),
        *_results("moved", moved, REACH, first),
        *_results("of a base moved", base, REACH, first),
        *_results("a pod instead", pods, POD_REACH, first),
    ]


async def _rounds(store: Store, event: Callable[[int], Event]) -> Measured:
    async def change(number: int) -> None:
        store.apply(event(number))
        await store.turned(store.version)

    return await measured(change, ROUNDS)


def _results(what: str, found: Measured, reach: float, first: float) -> list[Result]:
    name = f"tag20k: {what}"
    details: dict[str, str | int | float | bool] = {
        "rounds": ROUNDS,
        "until shown s": round(found.seconds, 3),
        "the first snapshot s": round(first, 1),
    }
    held: dict[str, str | int | float | bool] = {"held when idle ms": round(found.idle, 1)}
    return [
        Result(name, round(found.computed, 3), "s computed", f"<= {reach} s", found.computed <= reach, details),
        Result(f"{name}, loop held", round(found.held, 1), "ms", f"<= {HELD} ms", found.held <= HELD, held),
    ]


def _resolved(repository: str, tag: str, content: str, number: int) -> TagResolved:
    name = name_of(f"{PUBLIC if repository.startswith('runtime') else A}/{repository}")
    return TagResolved(
        SourceId(SourceKind.REGISTRY, name.registry), name, tag, _manifest(content), NOW + timedelta(seconds=number)
    )


def _manifest(content: str) -> str:
    return digest(f"manifest {content} linux/amd64 ")


def estate() -> World:
    """Systems, runtimes on them, and applications in ten versions each on one build of a runtime; 2,000 of these run."""
    world = World()
    world.node("n1")
    world.tell(HealthChanged(SourceHealth(SourceId(SourceKind.SIGNATURES), SourceState.OK, world.clock)))
    for number in range(SYSTEMS):
        world.manifest(f"{PUBLIC}/system/s{number}", f"system {number}", "1", layers=_letters(number))
    for number in range(RUNTIMES):
        layers = _letters(number % SYSTEMS, 1_000 + number)
        world.manifest(f"{PUBLIC}/runtime/r{number % 10}", f"runtime {number}", str(number), layers=layers)
    for number in range(APPLICATIONS):
        _application(world, number)
    return world


def _application(world: World, number: int) -> None:
    name = f"{A}/team{number % 40 if number > 8 else number}/app{number}"
    for version in range(VERSIONS):
        runtime = (number * 7 + version // 4) % RUNTIMES
        layers = _letters(runtime % SYSTEMS, 1_000 + runtime, 2_000 + number * VERSIONS + version)
        tags = (str(version), "stable") if version == 0 else (str(version),)
        subject = world.manifest(name, f"app {number} {version}", *tags, layers=layers)
        if version < 1 or (version < 2 and number < RUNNING - APPLICATIONS):
            world.run(f"team{number % 40}/app{number}-{version}", f"{name}:{version}", f"{name}@{subject}")


def _letters(*numbers: int) -> str:
    """A letter for each layer."""
    return "".join(chr(0x20000 + number) for number in numbers)
