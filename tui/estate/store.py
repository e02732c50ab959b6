"""The one writer: events change the inventory; snapshots are assembled off the loop and published whole."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from itertools import count

from tui.domain.assemble.assemble import Assembler
from tui.domain.common.pace import in_steps
from tui.domain.facts.demand import ArtifactDemand, Demand
from tui.domain.facts.events import Event, HealthChanged, SourceHealth, SourceId, SourceKind, SourceState
from tui.domain.facts.inventory.inventory import Facts, Inventory
from tui.domain.policy.policy import Policy
from tui.domain.snapshot.snapshot import EMPTY, Snapshot

__all__ = ["Listener", "Store", "Wishes"]

Listener = Callable[[Snapshot], None]
Wishes = tuple[tuple[Demand, ...], tuple[ArtifactDemand, ...]]
"""What registries are asked for, and what is to be examined of what is attached to images."""
_log = logging.getLogger(__name__)

FIRST_PAUSE = 0.02
"""Seconds from a fact after a silence to its snapshot: long enough for one page, short enough to feel at once."""
PAUSE = 0.15
"""Seconds between snapshots at least; an assembly that takes longer than half of it doubles the pause."""
YOUNG, MIDDLE = 4, 64
"""Steps of an assembly whose new objects are looked through together, and those after which it is what outlived that as well."""
SLICE = 200
"""Parts of an outdated snapshot that are freed at once."""


class Store:
    """Holds the inventory and the last snapshot; `run` publishes a new one whenever facts have changed.

    `version` counts the events applied, `published` is the version that the last snapshot has seen.
    """

    def __init__(self, policy: Policy, clock: Callable[[], datetime]) -> None:
        self.snapshot: Snapshot = EMPTY
        self.version = 0
        self.published = 0
        self._policy = policy
        self._clock = clock
        self._inventory = Inventory()
        self._assembler = Assembler()
        self._listeners: list[Listener] = []
        self._demanded: Callable[[Wishes], None] = _ignore
        self._wished: Wishes = ((), ())
        self._loading: set[SourceId] = set()
        self._changed = asyncio.Event()
        self._urgent = asyncio.Event()
        self._turned = asyncio.Condition()

    def on_demand(self, route: Callable[[Wishes], None]) -> None:
        """Where the wishes that follow from the facts go, before each snapshot is published."""
        self._demanded = route

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` on the loop with every new snapshot; the returned function ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def apply(self, event: Event) -> None:
        """Take one fact in."""
        self._inventory.apply(event)
        self.version += 1
        if isinstance(event, HealthChanged):
            self._note_loading(event.health)
        self._changed.set()

    def _note_loading(self, health: SourceHealth) -> None:
        """Where the last cluster has told all there is, nobody is to wait out a pause, which may be seconds, for the whole."""
        was_loading = bool(self._loading)
        loads = health.kind is SourceKind.CLUSTER and health.state is SourceState.LOADING
        (self._loading.add if loads else self._loading.discard)(health.id)
        if was_loading and not self._loading:
            self._urgent.set()

    def set_policy(self, policy: Policy) -> None:
        """Judge by another policy from the next snapshot on, which is made at once: somebody waits for it."""
        self._policy = policy
        self.version += 1
        self._urgent.set()
        self._changed.set()

    async def run(self) -> None:
        """Publish snapshots until cancelled: debounced, one at a time, never on the loop's back."""
        clock = asyncio.get_running_loop().time
        next_at = clock()
        while True:
            await self._moved()
            await self._rest(max(FIRST_PAUSE, next_at - clock()))
            self._changed.clear()
            self._urgent.clear()
            pause = max(PAUSE, 2 * await self._publish())
            next_at = clock() + pause
            await self._settle()

    async def _moved(self) -> None:
        """Wait for a fact, or until one that is known grows too old: nobody tells of that."""
        due = self._assembler.due
        seconds = None if due is None else max(0.0, (due - self._clock()).total_seconds())
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

    async def _rest(self, pause: float) -> None:
        """Let more facts come, unless something is urgent."""
        try:
            async with asyncio.timeout(pause):
                await self._urgent.wait()
        except TimeoutError:
            return

    async def _settle(self) -> None:
        """Get ready for the next change in a silence, bit by bit: what is told meanwhile does not wait for all of it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PAUSE):
                await self._changed.wait()
        while not self._changed.is_set() and await asyncio.to_thread(self._assembler.settle):
            continue

    async def turned(self, version: int) -> None:
        """Wait until a snapshot has seen at least this version."""
        async with self._turned:
            await self._turned.wait_for(lambda: self.published >= version)

    async def _publish(self) -> float:
        """Assemble and publish once; the seconds it took."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        version, facts, policy, now = self.version, self._inventory.freeze(), self._policy, self._clock()
        first = not self.snapshot.workloads
        if not first:  # registries answer while the snapshot is still in the making; the first rows do not wait for that
            await self._wish(facts)
        snapshot = await asyncio.to_thread(self._assembled, facts, policy, now)
        outdated, self.snapshot = [self.snapshot], snapshot
        for listener in tuple(self._listeners):
            listener(snapshot)
        if first:
            await self._wish(facts)
        async with self._turned:
            self.published = version
            self._turned.notify_all()
        await asyncio.to_thread(_let_go, outdated)
        took = loop.time() - began
        _log.debug("snapshot %d of version %d in %.0f ms", snapshot.number, version, took * 1000)
        return took

    def _assembled(self, facts: Facts, policy: Policy, now: datetime) -> Snapshot:
        """In a thread."""
        with in_steps(_looking_through()):
            return self._assembler.assemble(facts, policy, now)

    def _wishes(self, facts: Facts) -> Wishes:
        return self._assembler.demands(facts), self._assembler.artifacts(facts)

    async def _wish(self, facts: Facts) -> None:
        wishes = await asyncio.to_thread(self._wishes, facts)
        if wishes != self._wished:
            self._demanded(wishes)
            self._wished = wishes


def _looking_through() -> Callable[[], None]:
    """What lets the collector look through new objects, a few steps' at a time.

    As many objects go as come when an estate is judged anew. The collector counts the difference and sees nothing to do, until
    it looks through all that came at once, and holds the event loop for that. While it is to rest it is let rest.
    """
    steps = count(1)

    def between() -> None:
        step = next(steps)
        if step % YOUNG == 0 and gc.isenabled():
            gc.collect(int(step % MIDDLE == 0))

    return between


def _let_go(outdated: list[Snapshot]) -> None:
    """Drop a snapshot bit by bit, where nobody waits for it: to free ten thousand images in one go takes several frames."""
    last = outdated.pop()
    parts: list[object] = [*last.images.values(), *last.workloads.values(), *last.users.values()]
    del last
    while parts:
        del parts[-SLICE:]


def _ignore(wishes: Wishes) -> None:
    """Wishes before anybody listens go nowhere."""
