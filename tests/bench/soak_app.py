"""The explorer over a cluster whose pods change all the time: a hundred events stand for a second of it.

`python -m tests.bench.soak_app SECONDS FILE` writes the resident memory after the first minute's worth, every ten and at the end.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path

import msgspec

from tests.domain.world import A, World, trusting
from tui.domain.facts.events import (
    Event,
    HealthChanged,
    ListCompleted,
    ObjectGone,
    PodsSeen,
    SourceHealth,
    SourceId,
    SourceKind,
    SourceState,
)
from tui.domain.facts.workload import Pod, Resource
from tui.estate import store
from tui.estate.estate import Estate
from tui.ui.app import TrustreeApp
from tui.ui.upkeep import LOOK, Upkeep
from tui.wiring.interpreter import keep_for_good, prepare_interpreter

__all__ = ["Churn", "main"]

PODS, EVENTS, SETTLING = 2_000, 100, 60
RESTARTS = 3
"""Restarts after which a pod is deleted and another one comes in its place."""
SAMPLE = 600
FASTER = 15
"""How much faster time goes by, about: what happens once a minute, or goes when it is a minute old, is to do so as often."""
KEYS = (b"2", b"j", b"\x1b[C", b"j", b"j", b"\x1b[D", b"\x1b[D", b"1", b"\x1b[6~", b"4", b"\x1b[5~")
"""What is pressed now and then: views, rows, pages; what was unfolded is folded again."""
SEEN = 2 * len(KEYS)
"""Keys after which everything has been seen that they show: the first minute does not end before."""
SOURCE = SourceId(SourceKind.CLUSTER, "lab")


class Settings:
    """How it looks."""

    ascii = False
    mouse = False
    theme = ""
    write = False
    keymap: dict[str, str] = {}  # noqa: RUF012


class Churn:
    """A cluster source: everything at first, then a hundred pods anew, as often as a snapshot has shown the last ones."""

    def __init__(self, seconds: int, file: Path) -> None:
        self.id = SOURCE
        self.shown, self.seen = asyncio.Event(), asyncio.Event()
        self.app: TrustreeApp | None = None
        self._seconds, self._file = seconds, file

    async def events(self) -> AsyncIterator[Event]:
        """Facts, until the time is over."""
        world = _world()
        for event in world.events:
            yield event
        yield ListCompleted(SOURCE, Resource.PODS, "", 1)
        yield HealthChanged(SourceHealth(SOURCE, SourceState.OK, world.clock, live=True))
        pods = [pod for event in world.events if isinstance(event, PodsSeen) for pod in event.pods]
        turn, memory = cycle(range(len(pods))), {}
        for second in range(self._seconds):
            for number in islice(turn, EVENTS):
                before, pods[number] = pods[number], _changed(pods[number], second)
                if before.uid != pods[number].uid:
                    yield ObjectGone(SOURCE, Resource.PODS, before.uid)
                yield PodsSeen(SOURCE, "", 1, (pods[number],))
            self.shown.clear()
            await self.shown.wait()
            if second == SETTLING:
                await self.seen.wait()
            if second == SETTLING or second % SAMPLE == SAMPLE - 1:
                memory[second] = resident()
        self._file.write_text(json.dumps([*memory.values(), resident()]))
        if self.app is not None:
            self.app.exit()
        await asyncio.Event().wait()


def _world() -> World:
    world = World()
    world.node("n1")
    for number in range(PODS // 4):
        name = f"team{number % 50}/app{number}"
        subject = world.manifest(f"{A}/{name}", f"{number:05}", "1")
        world.run(name, f"{A}/{name}:1", *([f"{A}/{name}@{subject}"] * 4))
    return world


def _changed(pod: Pod, second: int) -> Pod:
    """The same pod, restarted, or one in its place that never was there before; now and then it waits to be started again."""
    (container,) = pod.containers
    if container.restarts >= RESTARTS:
        name = f"{pod.name.partition('.')[0]}.{second}"
        renewed = msgspec.structs.replace(container, restarts=0, state="running", reason="")
        return msgspec.structs.replace(pod, name=name, uid=f"{name} {pod.namespace}", containers=(renewed,))
    waits = second % 7 == 0
    changed = msgspec.structs.replace(
        container,
        restarts=container.restarts + 1,
        state="waiting" if waits else "running",
        reason="CrashLoopBackOff" if waits else "",
    )
    return msgspec.structs.replace(pod, containers=(changed,))


def resident() -> float:
    """The resident memory of this process in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("the system does not tell the resident memory")


class CountingUpkeep(Upkeep):
    """Tells when so many keys have been pressed that everything has been seen.

    A collection takes no longer than ever, though time goes by faster: how seldom there is one hangs on how long it takes.
    """

    def __init__(self, seen: asyncio.Event) -> None:
        self._collecting = 0.0
        super().__init__(
            lambda: (time.monotonic() - self._collecting) * FASTER + self._collecting, self._collect_all, every=LOOK / FASTER
        )
        self._seen, self._left = seen, SEEN

    def _collect_all(self) -> None:
        begun = time.monotonic()
        gc.collect()
        self._collecting += time.monotonic() - begun

    def pressed(self) -> None:
        """Count a key."""
        super().pressed()
        self._left -= 1
        if self._left <= 0:
            self._seen.set()


def main(seconds: str, file: str) -> None:
    """Run it."""
    prepare_interpreter()
    store.FIRST_PAUSE = store.PAUSE = 0.0  # the time is compressed
    churn = Churn(int(seconds), Path(file))
    begun = datetime.now(UTC)

    def clock() -> datetime:
        return begun + (datetime.now(UTC) - begun) * FASTER

    @asynccontextmanager
    async def opened() -> AsyncIterator[Estate]:
        keep_for_good()
        async with Estate((churn,), lambda registry: None, trusting((A,)), clock=clock).running() as estate:
            estate.subscribe(lambda snapshot: churn.shown.set())
            yield estate

    upkeep = CountingUpkeep(churn.seen)
    churn.app = TrustreeApp(Settings(), opened, clock=clock, upkeep=upkeep)
    churn.app.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
