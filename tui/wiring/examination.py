"""What `doctor` does: learn which registries are in use, then try each kind of read of every source once, within seconds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Protocol, TypeVar

from tui.domain.facts.demand import Demand
from tui.domain.facts.diagnosis import Diagnosis, Tried
from tui.domain.facts.events import Event, HealthChanged, SourceId
from tui.domain.facts.health import answered, loading
from tui.settings.settings import Settings
from tui.sources.ports import Probe

__all__ = [
    "LEARNING",
    "PROBE",
    "REQUEST",
    "DemandRecorder",
    "Diagnose",
    "Examinable",
    "Examined",
    "TriedReport",
    "examine",
]

Examined = tuple[str, str, str, str, Sequence[Diagnosis]]
"""A source: its name, kind, who is signed in, its endpoint, and what was tried."""

TriedReport = Callable[[str, int], None]
"""Is told the name of a source that was tried, and how many are left."""
Diagnose = Callable[[Settings, TriedReport], Awaitable[Sequence[Examined]]]
"""Tries every source that the settings name."""
LEARNING = 3.0
"""Seconds that the clusters are given to name the registries of what they run."""
PROBE = 10.0
"""Seconds for all that is tried of one source. All are tried at once; one that is down is left after its first request."""
REQUEST = 3.0
"""Seconds for one request, unless the operator says otherwise: who asks what is wrong does not want to wait for it."""


class Examinable(Probe, Protocol):
    """A source that can be tried, and that has a name."""

    @property
    def id(self) -> SourceId:
        """Of the source."""
        ...


_S = TypeVar("_S", bound=Examinable)


class DemandedSource(Protocol):
    """A source that is told what runs."""

    @property
    def id(self) -> SourceId:
        """Of the source."""
        ...

    def want(self, demands: tuple[Demand, ...]) -> None:
        """Ask for more."""
        ...


class DemandRecorder:
    """Stands for a registry while the clusters are read: it passes on what runs, and asks nobody anything."""

    idle = True

    def __init__(self, registry: DemandedSource) -> None:
        self._registry = registry
        self.id = registry.id

    def want(self, demands: tuple[Demand, ...]) -> None:
        """Tell the registry what would be asked of it."""
        self._registry.want(demands)

    async def events(self) -> AsyncIterator[Event]:
        """That there is nothing to wait for."""
        yield HealthChanged(answered(loading(self.id), None, objects=0))
        await asyncio.Event().wait()


async def examine(sources: Sequence[_S], report: Callable[[str, int], None]) -> list[tuple[_S, Sequence[Diagnosis]]]:
    """What can be read of each source; `report` is told the name of each that is done, and how many are left."""
    left = len(sources)

    async def one(source: Examinable) -> Sequence[Diagnosis]:
        nonlocal left
        diagnoses = await _examined(source)
        left -= 1
        report(str(source.id), left)
        return diagnoses

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(source), name=f"doctor {source.id}") for source in sources]
    return [(source, task.result()) for source, task in zip(sources, tasks, strict=True)]


async def _examined(source: Examinable) -> Sequence[Diagnosis]:
    diagnoses: list[Diagnosis] = []
    try:
        async with asyncio.timeout(PROBE), aclosing(source.diagnose()) as stream:
            async for diagnosis in stream:
                diagnoses.append(diagnosis)
    except TimeoutError:
        what, slow = ("everything", "not all could be tried") if diagnoses else ("reachable", "it did not answer")
        remedy = "Try again later; `trustree report --view sources` waits longer."
        diagnoses.append(Diagnosis(what, Tried.FAILED, f"{slow} within {PROBE:g} s", remedy=remedy))
    return diagnoses
