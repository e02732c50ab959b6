"""The estate as everybody else sees it: the newest snapshot, and wishes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from tui.domain.facts.demand import Demand
from tui.domain.facts.events import Event
from tui.domain.facts.inquiries import Inquiries
from tui.domain.policy.policy import Policy
from tui.domain.snapshot.snapshot import Snapshot
from tui.estate.inquiries import SourceInquiries
from tui.estate.pump import Pump
from tui.estate.store import Listener, Store, Wishes
from tui.sources.ports import RegistryFactory, Source

__all__ = ["Estate"]

PATIENCE = 1.0
"""Seconds for which everything else waits for the first facts of the sources that come first."""
BREATH = 0.1
"""Seconds in which the first rows are drawn before everything else starts."""


def utc_now() -> datetime:
    """The only clock of the estate."""
    return datetime.now(UTC)


class Estate:
    """Sources, store and pump as one living thing.

    `sources` run from the start; `later`, which have the same rights but no part in the first rows, once those are there;
    `registries` makes the source of a registry when one of its images is met, and then of each of `preload`.
    `first_facts` are known from the start; `inquiries` answers single questions. `on_tasks` adds
    what reads the tasks of registries.
    """

    def __init__(
        self,
        sources: Iterable[Source],
        registries: RegistryFactory,
        policy: Policy,
        preload: Iterable[str] = (),
        clock: Callable[[], datetime] = utc_now,
        later: Iterable[Source] = (),
        first_facts: Iterable[Event] = (),
        inquiries: Inquiries | None = None,
    ) -> None:
        self.inquiries: Inquiries = SourceInquiries(lambda _: None) if inquiries is None else inquiries
        self._sources = tuple(sources)
        self._later = tuple(later)
        self._all_started = asyncio.Event()
        self._store = Store(policy, clock)
        self._pump = Pump(self._store.apply, registries, clock)
        self._store.on_demand(self._route)
        self._preload = tuple(preload)
        self.on_tasks: Callable[[], None] = lambda: None
        for event in first_facts:
            self._store.apply(event)

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot; the empty one at first."""
        return self._store.snapshot

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` on the loop with every new snapshot; the returned function ends that."""
        return self._store.subscribe(listener)

    def _route(self, wishes: Wishes) -> None:
        demands, artifacts = wishes
        self._pump.route(demands)
        self._pump.examine(artifacts)

    def want(self, demands: tuple[Demand, ...]) -> None:
        """Ask registries for more; never blocks."""
        self._pump.route(demands)

    def look_again(self, demands: tuple[Demand, ...]) -> None:
        """Ask registries for what may have changed since they answered; never blocks."""
        self._pump.look_again(demands)

    def scan_again(self) -> None:
        """Have scanners say soon what they have found since; never blocks."""
        self._pump.scan_again()

    def attend(self) -> None:
        """Somebody looks: go on asking those who are asked for somebody alone; never blocks."""
        self._pump.attend()

    def look_at_runs(self) -> None:
        """Have builders say soon what runs there are; never blocks."""
        self._pump.look_at_runs()

    def add(self, source: Source) -> None:
        """Run one more source, as soon as sources run."""
        self._pump.add(source)

    def survey(self) -> None:
        """Have registries read as a whole that otherwise are only asked for what runs; never blocks."""
        self._pump.survey()

    def read_tasks(self) -> None:
        """Have tasks and policies of registries read, which otherwise only who stays needs; never blocks."""
        self.on_tasks()

    def refresh(self) -> None:
        """Read again now what would be read again later."""
        self._pump.refresh()

    def set_policy(self, policy: Policy) -> None:
        """Judge by another policy from the next snapshot on."""
        self._store.set_policy(policy)

    async def settled(self, timeout: float) -> bool:
        """Wait until every source has answered and the snapshot shows it; False when `timeout` seconds were not enough."""
        try:
            async with asyncio.timeout(timeout):
                await self._settle()
        except TimeoutError:
            return False
        return True

    async def _settle(self) -> None:
        await self._all_started.wait()
        while True:
            while not self._pump.loaded:
                await self._pump.moved()
            answers = self._pump.answers
            await self._store.turned(self._store.version)
            if self._pump.has_nothing_new_since(answers):  # no new demand, and none to come of newer answers
                return

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Estate]:
        """Run the estate while the context lasts. A fault in the store or the pump ends the context and is raised from it."""
        owner = asyncio.current_task()
        task = asyncio.create_task(self._run(), name="estate")  # owned here: cancelled and awaited below
        task.add_done_callback(lambda ended: _alarm(ended, owner))
        try:
            yield self
        finally:
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled() and (fault := task.exception()) is not None:
                if owner is not None:
                    owner.uncancel()
                raise fault

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._store.run(), name="store")
            group.create_task(self._pump.run(self._sources), name="pump")
            group.create_task(self._start_the_rest(), name="rest")

    async def _start_the_rest(self) -> None:
        """Sign-ins, registries and scanners cost a second of imports and requests, which the first rows are not to wait for."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._first_rows()
        for registry in self._preload:
            self._pump.add_registry(registry)
        for source in self._later:
            self._pump.add(source)
        self._all_started.set()

    async def _first_rows(self) -> None:
        while not self._pump.has_begun:
            await self._pump.moved()
        await self._store.turned(self._store.version)
        await asyncio.sleep(BREATH)


def _alarm(ended: asyncio.Task[None], owner: asyncio.Task[object] | None) -> None:
    """Wake the owner of an estate that has a fault, so that nobody waits for a snapshot that never comes."""
    if not ended.cancelled() and ended.exception() is not None and owner is not None:
        owner.cancel()
