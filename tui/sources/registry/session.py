"""What works while a registry's events are read: workers, the walk through the rest, a second look, recovery, health."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime

from tui.domain.facts.demand import Priority
from tui.domain.facts.events import HealthChanged, SourceHealth, SourceId, SourceState
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.reference import is_digest
from tui.errors import AuthenticationFailed, NotFound, ServerFault, SourceError, Throttled, Unreachable
from tui.sources.kit.polling import Polling
from tui.sources.kit.requestlog import reason
from tui.sources.kit.streams import EventStream
from tui.sources.kit.throttle import Backoff
from tui.sources.ports import ContentStore
from tui.sources.registry.attaching import ReferrerQueue
from tui.sources.registry.client import RegistryClient
from tui.sources.registry.faults import failure
from tui.sources.registry.health import Health
from tui.sources.registry.pulse import Pulse
from tui.sources.registry.queue import DemandQueue, QueuedDemand
from tui.sources.registry.reading import RegistryReader
from tui.sources.registry.recovery import PASSING, Recovery, goes_on, is_unsettled
from tui.sources.registry.room import Room
from tui.sources.registry.survey import Survey
from tui.sources.registry.surveying import SurveyRounds

__all__ = ["RegistrySession"]

_log = logging.getLogger(__name__)

EVENT_ROOM = 512
HEALTH_PACE = 0.25
# A registry that is away is asked for at least this often, in seconds.
LONGEST_ABSENCE = 15.0
# Kinds of reading: each takes back only what it said itself.
READING, PARTS, LOOKING = "reading", "parts", "looking again"
NAMES_AGAIN = 20
DIGESTS_AGAIN = 4
# Where more runs than can be looked at in that time without being a burden, looks are further apart.
LOOKS_PER_SECOND = 10.0
LOOKS_AT_ONCE = 8
SEARCHES_AT_ONCE = 4
# What is attached to everything that runs is searched anew every so many looks: five minutes, or as long as it takes.
SEARCH_AGAIN = 20
# Looks that come to nothing, one after the other, before what was seen there is not known any more.
MISSES = 2
RETRY_MOST = 900.0
SIGN_IN_AGAIN, LONGEST_LOCK = 15.0, 600.0
"""Seconds before a sign-in that was refused is tried again, first and at most: some wrong passwords lock an account."""


class RegistrySession:
    """One run of a registry source. `drive` does the work until it is cancelled, and tells `events`."""

    def __init__(
        self,
        source: SourceId,
        client: RegistryClient,
        queue: DemandQueue,
        store: ContentStore,
        room: Room,
        survey_wanted: asyncio.Event,
        now: Callable[[], datetime],
    ) -> None:
        self._source, self.client, self._queue, self._now = source, client, queue, now
        self._options = client.options
        self.events = EventStream(EVENT_ROOM)
        self.health = Health(source, client, now)
        self._reader = RegistryReader(source, client, store, room, self.events.emit, now)
        self._survey = Survey(client, self._reader, self.health, self.events.emit, queue.repositories)
        self._attaching = ReferrerQueue(self._search)
        self._pulse = Pulse(client, self.health, self._silent, self._recovered)
        self._recovery = Recovery(client, self.health, queue, self._attaching, self._look)
        self._looks = Polling("looks", self._options.refresh)
        self._decided, self._up, self._lost = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._rounds = SurveyRounds(self._options, self._survey, self.health, survey_wanted, self._lost.set)
        self._told: SourceHealth | None = None

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do now, or nothing can be done because the registry is not there."""
        is_told = self._told is not None and self._told.state is not SourceState.LOADING
        is_answered = self._queue.idle and (self._attaching.idle or self.health.down is not None)
        return is_told and is_answered and self.events.empty and (self._rounds.walked or self.health.down is not None)

    async def drive(self) -> None:
        """Everything at once, until cancelled."""
        await self._tell()
        async with asyncio.TaskGroup() as group:
            for part in (self._keep_connected, self._keep_looking):
                group.create_task(part())
            group.create_task(self._rounds.keep(self._up, self._queue))
            group.create_task(Polling("health", HEALTH_PACE).keep(self._tell))
            group.create_task(self._pulse.keep())
            group.create_task(self._recovery.keep())
            group.create_task(self._queue.work(self._serve, self._options.concurrency))
            group.create_task(self._attaching.work(SEARCHES_AT_ONCE))

    # ---- connection

    async def _keep_connected(self) -> None:
        away = Polling(f"{self._source}: connection", backoff=Backoff(most=LONGEST_ABSENCE))
        refused = Polling(f"{self._source}: sign-in", backoff=Backoff(SIGN_IN_AGAIN, LONGEST_LOCK))
        while True:
            self._lost.clear()
            try:
                await self.client.ping()
                await self.client.enter()
            except SourceError as error:
                await self._down(error)
                await (refused if isinstance(error, AuthenticationFailed) else away).rest(error)
                self.client.restart()
                continue
            away.reset()
            refused.reset()
            self._came_up()
            await self._lost.wait()

    async def _down(self, error: SourceError) -> None:
        self.health.down = error
        self._up.clear()
        self._decided.set()
        await self._tell()

    def _came_up(self) -> None:
        was_down, self.health.down = self.health.down, None
        self.health.good()
        self._up.set()
        self._decided.set()
        if was_down is not None:
            self._recovered()

    def _recovered(self) -> None:
        """What could not be read while it was away, or asked for patience, is read now, not when its turn would come."""
        self._recovery.release()
        self._rounds.release()
        self._looks.wake()

    async def _silent(self, error: SourceError) -> None:
        """It does not answer, as far as the pulse can tell: that is so until a request of any kind says otherwise."""
        await self._down(error)
        self._lost.set()

    # ---- demands

    async def _serve(self, entry: QueuedDemand) -> None:
        await self._decided.wait()
        if self.health.down is not None:
            await self._failed(entry, self.health.down)
        else:
            await self._answer(entry)

    async def _answer(self, entry: QueuedDemand) -> None:
        name, reference = entry.key
        try:
            outcome = await self._reader.read(name, reference, for_rest=entry.demand.priority is Priority.REST)
        except SourceError as error:
            await self._failed(entry, error)
            return
        was_unsettled = is_unsettled(entry)
        entry.digest, entry.missed = outcome.digest, 0
        self.health.allow(str(name), _by(LOOKING, entry))
        self.health.good()
        self.health.allow(str(name), _by(READING, entry))
        if outcome.errors:
            self._noticed(str(name), outcome.errors[0], _by(PARTS, entry))
        else:
            self.health.allow(str(name), _by(PARTS, entry))
        errors = [*outcome.errors, *await self._more(entry)]
        if errors:
            self._later(entry, next((error for error in errors if isinstance(error, PASSING)), errors[0]))
        else:
            entry.error, entry.failures = None, 0
        self._settled(entry, was_unsettled)

    def _settled(self, entry: QueuedDemand, was_unsettled: bool) -> None:
        """It was tried again: when that was of itself and succeeded, what else failed in passing is tried as well."""
        was_freed, entry.freed = entry.freed, False
        if was_unsettled and not was_freed and not is_unsettled(entry):
            self._recovered()

    async def _more(self, entry: QueuedDemand) -> list[SourceError]:
        """Read what else is asked for of it; what failed of that in passing."""
        name = entry.demand.name
        passing: list[SourceError] = []
        if entry.demand.history:
            try:
                lacking = (await self._reader.history(name)).lacking
            except SourceError as error:
                lacking = error
            if lacking is None:
                self.health.allow(f"tags of {name}")
            elif not isinstance(lacking, NotFound):
                self._noticed(f"tags of {name}", lacking)
                passing += [lacking] if isinstance(lacking, PASSING) else []
        if entry.demand.referrers:
            # Of what nothing runs, only what the name gives is asked for: that decides, and the budget is small.
            alone = entry.demand.priority is Priority.REST
            search = self._attaching.renew if entry.anew else self._attaching.add
            entry.anew = False
            for subject in (entry.digest,) if alone else self._reader.subjects(name, entry.digest):
                search(name, subject)
        return passing

    async def _search(self, name: RepositoryName, subject: str) -> bool:
        label = f"what is attached to images of {name}"
        try:
            failures = await self._reader.attached(name, subject)
        except SourceError as error:
            failures = [error]
        if failures:
            self._noticed(label, failures[0], subject)
            if any(isinstance(error, PASSING) for error in failures):
                self._attaching.hope(name, subject)
        else:
            self.health.allow(label, subject)
        return not failures

    def _noticed(self, label: str, error: SourceError, reading: str = "") -> None:
        """A reading failed: that is said until the same reading succeeds; it may be that the registry is not there at all."""
        _log.log(self.health.weight(label, reading), "%s: %s could not be read: %s", self._source, label, reason(error))
        if isinstance(error, Unreachable):
            self._lost.set()
        self.health.deny(label, error, reading)

    async def _failed(self, entry: QueuedDemand, error: SourceError) -> None:
        name, reference = entry.key
        was_unsettled, entry.missed = is_unsettled(entry), 0
        entry.digest = ""
        # So that a later success is told anew.
        self._reader.forget(name, reference)
        self._later(entry, error)
        if self.health.down is None and not isinstance(error, NotFound):
            self._noticed(str(name), error, _by(READING, entry))
        elif isinstance(error, NotFound):
            for reading in (READING, PARTS, LOOKING):
                self.health.allow(str(name), _by(reading, entry))
        await self.events.emit(failure(self._source, name, reference, error, self._now()))
        # That it is gone, or not ours to read, is an answer as well.
        self._settled(entry, was_unsettled)

    def _later(self, entry: QueuedDemand, error: SourceError) -> None:
        entry.failures = entry.failures + 1 if goes_on(entry.error, error) else 1
        entry.error, entry.tried_at = error.kept(), time.monotonic()
        wait = min(RETRY_MOST, self._options.refresh * 2.0 ** min(entry.failures - 1, 10))
        entry.retry_at = time.monotonic() + wait

    # ---- a second look

    async def _keep_looking(self) -> None:
        cycle = 0
        while True:
            await self._looks.rest()
            await self._up.wait()
            cycle += 1
            if cycle % NAMES_AGAIN == 0:
                self._reader.refresh_lists()
            self._retry()
            self._attaching.retry()
            if self._options.once:
                continue
            if cycle % SEARCH_AGAIN == 0 or await self._reader.finds_more():
                self._attaching.again()
            watched = [entry for entry in self._queue if self._watched(entry, cycle)]
            self._looks.every = max(self._options.refresh, len(watched) / LOOKS_PER_SECOND)
            for start in range(0, len(watched), LOOKS_AT_ONCE):
                async with asyncio.TaskGroup() as group:
                    for entry in watched[start : start + LOOKS_AT_ONCE]:
                        group.create_task(self._look(entry))

    def _retry(self) -> None:
        now = time.monotonic()
        for entry in self._queue:
            if entry.error is not None and entry.retry_at <= now:
                self._queue.again(entry)

    def _watched(self, entry: QueuedDemand, cycle: int) -> bool:
        if not self._queue.rests(entry) or not entry.digest or entry.demand.priority > Priority.BASE:
            return False
        return entry.missed > 0 or not is_digest(entry.demand.reference) or cycle % DIGESTS_AGAIN == 0

    async def _look(self, entry: QueuedDemand) -> None:
        name, reference = entry.key
        try:
            digest = await self.client.head(name.repository, reference)
        except (Unreachable, Throttled, ServerFault) as error:
            # What is known stays known for another look, which is soon.
            self._noticed(str(name), error, _by(LOOKING, entry))
            entry.missed += 1
            entry.tried_at = time.monotonic()
            if entry.missed >= MISSES:
                await self._failed(entry, error)
        except SourceError:
            self._reader.forget(name, reference)
            self._queue.again(entry)
        else:
            was_unsettled, entry.missed = entry.missed > 0, 0
            self.health.good()
            self.health.allow(str(name), _by(LOOKING, entry))
            if digest != entry.digest:
                self._queue.again(entry)
            self._settled(entry, was_unsettled)

    # ---- health

    async def _tell(self) -> None:
        health = self.health
        if self._rounds.walked and self._queue.idle and self._attaching.idle:
            health.loading = False
        health.manifests, health.demands = self._reader.manifests, self._queue.progress
        health.searches = self._attaching.progress
        health.surveyed = not self._rounds.unasked
        now = health.read(time.monotonic())
        if now != self._told:
            self._told = now
            await self.events.emit(HealthChanged(now))


def _by(reading: str, entry: QueuedDemand) -> str:
    """Which reading it was, for what it takes back."""
    return f"{reading} {entry.demand.reference}"
