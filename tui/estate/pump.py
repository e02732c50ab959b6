"""Supervises the sources: runs them, restarts them with back-off, routes demands, and tells when all have answered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import aclosing
from datetime import datetime

from tui.domain.common.text import plural
from tui.domain.facts.demand import ArtifactDemand, Demand
from tui.domain.facts.events import (
    AbsenceKind,
    ControllersSeen,
    Denial,
    Event,
    HealthChanged,
    ListCompleted,
    LookupFailed,
    NodesSeen,
    ObjectGone,
    PodsSeen,
    SourceHealth,
    SourceId,
    SourceKind,
    SourceState,
)
from tui.domain.facts.health import answered, failed, failed_by, loading, off
from tui.errors import TrustreeError
from tui.estate.discretion import discreet
from tui.estate.story import Story
from tui.sources.kit.throttle import Backoff, unspread
from tui.sources.ports import (
    ArtifactSource,
    AttendedSource,
    DemandSource,
    RegistryFactory,
    RereadSource,
    RoundSource,
    Source,
    SurveyedSource,
)

__all__ = ["Pump", "restarts"]

_log = logging.getLogger(__name__)

SLICE = 0.008
"""Seconds of applying events before the loop gets its turn: half of a frame."""
_OF_CLUSTERS = (PodsSeen, ControllersSeen, NodesSeen, ObjectGone, ListCompleted)
MOST_REGISTRIES = 100
"""Registries that are asked because a pod names them: whoever may start pods could name any number of hosts."""
FIRST_DELAY, LONGEST_DELAY = 1.0, 60.0
"""Seconds before a failed source is started again; doubled each time, until it has run for longer than the longest."""


class Pump:
    """Runs every source and makes the source of a registry when it is first asked for.

    `apply` takes each event in; `clock` says what time it is. `answers` counts the facts that did not come from clusters:
    those may make us want more, while clusters never stop talking.
    """

    def __init__(self, apply: Callable[[Event], None], registries: RegistryFactory, clock: Callable[[], datetime]) -> None:
        self._apply = apply
        self._factory = registries
        self._clock = clock
        self._health: dict[SourceId, SourceHealth] = {}
        self._story = Story()
        self._registries: dict[str, DemandSource | None] = {}
        self._unasked: set[Demand] = set()
        self._attached: tuple[ArtifactDemand, ...] = ()
        self._crowded: set[str] = set()
        self._group: asyncio.TaskGroup | None = None
        self._waiting: list[Source] = []
        self._moved = asyncio.Event()
        self.answers = 0
        self._pods_seen = self._surveys = False
        self._sources: dict[SourceId, Source] = {}
        self._running: dict[SourceId, asyncio.Task[None]] = {}

    async def run(self, sources: Iterable[Source]) -> None:
        """Run the sources, and those that demands bring, until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            for source in (*sources, *self._waiting):
                self._start(source)
            self._waiting.clear()
            self._moved.set()
            await asyncio.Event().wait()

    def add_registry(self, registry: str) -> None:
        """Load a registry although no image of it was met yet, however many others there are."""
        self._crowded.discard(registry)
        self._open(registry)

    def add(self, source: Source) -> None:
        """Run one more source."""
        self._start(source)

    def route(self, demands: Iterable[Demand]) -> None:
        """Hand each demand to the source of its registry; those nobody may ask are answered at once."""
        by_registry: dict[str, list[Demand]] = {}
        for demand in demands:
            by_registry.setdefault(demand.name.registry, []).append(demand)
        for registry, wishes in by_registry.items():
            source = self._registry(registry)
            if source is not None:
                source.want(tuple(wishes))
            else:
                self._refuse(wishes, _too_many if registry in self._crowded else _not_asked)

    def look_again(self, demands: tuple[Demand, ...]) -> None:
        """Hand demands to the registries that are asked already, also for what they have answered before."""
        for registry in {demand.name.registry for demand in demands}:
            _look_again(self._registry(registry), tuple(demand for demand in demands if demand.name.registry == registry))

    def scan_again(self) -> None:
        """Have scanners say soon what they have found since."""
        for source in self._sources.values():
            _wake(source)

    def attend(self) -> None:
        """Somebody is there who wants to know."""
        for source in self._sources.values():
            if isinstance(source, AttendedSource):
                source.attend()

    def look_at_runs(self) -> None:
        """Have builders say soon what runs there are."""
        for source in self._sources.values():
            if isinstance(source, AttendedSource):
                source.look()

    def survey(self) -> None:
        """Have every registry read as a whole that may be, also those that are met later."""
        self._surveys = True
        for source in self._sources.values():
            _survey(source)

    def refresh(self) -> None:
        """Start every source anew, those that wait after a failure too; what is known stays until they say otherwise."""
        _log.info("everything is read again, as was asked for")
        for source in tuple(self._sources.values()):
            self._start(source)

    def examine(self, demands: tuple[ArtifactDemand, ...]) -> None:
        """Hand what is attached to images to every source that reads such things, also to those that start later."""
        self._attached = demands
        for source in self._examiners:
            source.examine(demands)

    @property
    def _examiners(self) -> list[ArtifactSource]:
        return [source for source in self._sources.values() if isinstance(source, ArtifactSource)]

    @property
    def has_begun(self) -> bool:
        """Whether there are pods, or none to wait for, as every source has answered or said that it cannot."""
        return self._pods_seen or self._all_answered

    @property
    def loaded(self) -> bool:
        """Whether every source has answered, or said that it cannot."""
        return self._all_answered and self._idle

    @property
    def _all_answered(self) -> bool:
        return self._group is not None and all(self._has_answered(id) for id in self._sources)

    def _has_answered(self, source: SourceId) -> bool:
        return source in self._health and self._health[source].state is not SourceState.LOADING

    def _has_failed(self, source: SourceId) -> bool:
        return source in self._health and self._health[source].state is SourceState.FAILED

    def has_nothing_new_since(self, answers: int) -> bool:
        """Whether everything is still loaded and nothing that could bring new wishes was told since."""
        return self.loaded and self.answers == answers

    @property
    def _idle(self) -> bool:
        """Whether everything asked for was answered; a source that failed answers nothing more."""
        sources: list[DemandSource | ArtifactSource] = [source for source in self._registries.values() if source is not None]
        sources += self._examiners
        return all(source.idle or self._has_failed(source.id) for source in sources)

    async def moved(self) -> None:
        """Wait for the next event of any source."""
        self._moved.clear()
        await self._moved.wait()

    def _registry(self, registry: str) -> DemandSource | None:
        if registry not in self._registries and len(self._registries) >= MOST_REGISTRIES:
            if registry not in self._crowded:
                self._crowded.add(registry)
                self._take(HealthChanged(_others(len(self._crowded))))
            return None
        return self._open(registry)

    def _open(self, registry: str) -> DemandSource | None:
        if registry not in self._registries:
            source = self._registries[registry] = self._factory(registry)
            if source is None:
                self._take(HealthChanged(_off(registry)))
            else:
                self._start(source)
        return self._registries[registry]

    def _refuse(self, demands: Iterable[Demand], why: Callable[[Demand, datetime], LookupFailed]) -> None:
        for demand in demands:
            if demand not in self._unasked:
                self._unasked.add(demand)
                self._take(why(demand, self._clock()))

    def _start(self, source: Source) -> None:
        if self._group is None:
            self._waiting.append(source)
            return
        self._sources[source.id] = source
        if self._surveys:
            _survey(source)
        if self._attached and isinstance(
            source, ArtifactSource
        ):  # registries may have answered before it came: nobody says that again
            source.examine(self._attached)
        before = self._running.get(source.id)
        self._running[source.id] = self._group.create_task(self._supervise(source, before), name=str(source.id))

    async def _supervise(self, source: Source, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            before.cancel()
            await asyncio.wait([before])
        backoff = restarts()
        while True:
            began = asyncio.get_running_loop().time()
            try:
                await self._drain(source)
                self._ended(source)
                return
            except TrustreeError as error:
                _log.debug("%s ended by an error", source.id, exc_info=error)
                self._take(HealthChanged(failed_by(self._last(source), error)))
            except Exception:  # noqa: BLE001 - the supervisor: one broken source must not end the others
                _log.exception("%s broke", source.id)
                self._take(HealthChanged(_broken(self._last(source))))
            if asyncio.get_running_loop().time() - began > LONGEST_DELAY:
                backoff.reset()
            delay = backoff.next()
            _log.info("%s: is started again in %.0f s", source.id, delay)
            await asyncio.sleep(delay)  # not `Polling`: nothing is read here, and nobody wakes what is broken

    def _ended(self, source: Source) -> None:
        """A source has said all: one that never told how it did must not be waited for, nor taken for one that did well."""
        _log.info("%s: has said all", source.id)
        if not self._has_answered(source.id):
            self._take(HealthChanged(_speechless(self._last(source))))

    def _last(self, source: Source) -> SourceHealth:
        """What the source last said of itself: when it answered last stays known."""
        return self._health.get(source.id, loading(source.id))

    async def _drain(self, source: Source) -> None:
        clock = asyncio.get_running_loop().time
        turn = clock()
        async with aclosing(source.events()) as events:  # type: ignore[type-var]  # the port promises an async generator
            async for event in events:
                self._take(event)
                if clock() - turn > SLICE:
                    await asyncio.sleep(0)
                    turn = clock()

    def _take(self, event: Event) -> None:
        if isinstance(event, HealthChanged):
            event = HealthChanged(discreet(event.health))
            self._health[event.health.id] = event.health
            self._story.tell(event.health)
        elif not isinstance(event, _OF_CLUSTERS):
            self.answers += 1
        self._pods_seen = self._pods_seen or isinstance(event, PodsSeen)
        self._apply(event)
        self._moved.set()


def _look_again(source: Source | None, demands: tuple[Demand, ...]) -> None:
    if isinstance(source, RereadSource):
        source.look_again(demands)


def _wake(source: Source) -> None:
    if isinstance(source, RoundSource):
        source.wake()


def _survey(source: Source) -> None:
    if isinstance(source, SurveyedSource):
        source.survey()


def restarts() -> Backoff:
    """The waits of one source before it is started again."""
    return Backoff(FIRST_DELAY, LONGEST_DELAY, unspread)


def _broken(last: SourceHealth) -> SourceHealth:
    remedy = "see `trustree info` for the log's path, and report it"
    return failed(last, "an error in trustree itself; the log has the details", remedy)


def _speechless(last: SourceHealth) -> SourceHealth:
    return failed(last, "it ended without saying whether it had read everything", "refresh to start it again")


def _off(registry: str) -> SourceHealth:
    remedy = f'Set ask = true under [registry."{registry}"] in the configuration'
    return off(loading(SourceId(SourceKind.REGISTRY, registry)), f"the configuration says not to ask {registry}", remedy)


def _others(count: int) -> SourceHealth:
    """The registries beyond those that are asked, as one source: they must be seen to be missing."""
    denial = Denial(f"{plural(count, 'more registry')} that pods name", remedy=_NAME_THEM, reason=_CROWDED)
    return answered(loading(SourceId(SourceKind.REGISTRY)), None, objects=0, denials=[denial])


_CROWDED = f"pods name more than {MOST_REGISTRIES} registries"
_NAME_THEM = "Name those that count with --registry: they are asked in any case."


def _too_many(demand: Demand, now: datetime) -> LookupFailed:
    registry = demand.name.registry
    reason = f"{registry} is not asked: {_CROWDED}"
    remedy = f"Name it to have it asked: --registry {registry}"
    return LookupFailed(
        SourceId(SourceKind.REGISTRY, registry), demand.name, demand.reference, AbsenceKind.NOT_ASKED, reason, now, remedy
    )


def _not_asked(demand: Demand, now: datetime) -> LookupFailed:
    registry = demand.name.registry
    return LookupFailed(
        source=SourceId(SourceKind.REGISTRY, registry),
        name=demand.name,
        reference=demand.reference,
        kind=AbsenceKind.NOT_ASKED,
        reason=f"the configuration says not to ask {registry}",
        at=now,
        remedy=f'Set ask = true under [registry."{registry}"] in the configuration',
    )
