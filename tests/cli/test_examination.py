"""What `doctor` tries: every source at once, each within its own time, and no registry is read to learn what runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from tui.domain.facts.demand import Demand
from tui.domain.facts.diagnosis import Diagnosis, Tried
from tui.domain.facts.events import HealthChanged, SourceId, SourceKind, SourceState
from tui.domain.facts.image import RepositoryName
from tui.wiring import examination
from tui.wiring.examination import DemandRecorder, examine


class Fake:
    """A source that answers, or never does."""

    def __init__(self, id: SourceId, *, hangs: bool = False, tells_first: bool = False) -> None:
        self.id, self._hangs, self._tells_first = id, hangs, tells_first
        self.wanted: tuple[Demand, ...] = ()
        self.cancelled = False

    def want(self, demands: tuple[Demand, ...]) -> None:
        self.wanted += demands

    async def diagnose(self) -> AsyncGenerator[Diagnosis, None]:
        if self._tells_first:
            yield Diagnosis("reachable", Tried.OK)
        try:
            await asyncio.sleep(3600 if self._hangs else 0)
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        yield Diagnosis("signed in", Tried.OK)


async def test_a_source_that_hangs_is_given_up_and_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "PROBE", 0.05)
    sources = [Fake(SourceId(SourceKind.CLUSTER, "frozen"), hangs=True), Fake(SourceId(SourceKind.REGISTRY, "a"))]
    told: list[tuple[str, int]] = []
    (frozen, first), (_, second) = await examine(sources, lambda name, left: told.append((name, left)))
    assert (str(frozen.id), first[0].state, second[0].state) == ("cluster/frozen", "failed", "ok")
    assert "did not answer within" in first[0].detail
    assert sources[0].cancelled
    assert told == [("registry/a", 1), ("cluster/frozen", 0)]


async def test_what_was_tried_in_time_stays_and_the_rest_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "PROBE", 0.05)
    slow = Fake(SourceId(SourceKind.CLUSTER, "slow"), hangs=True, tells_first=True)
    ((_, lines),) = await examine([slow], lambda name, left: None)
    assert [(line.what, line.state) for line in lines] == [("reachable", "ok"), ("everything", "failed")]
    assert "not all could be tried within" in lines[1].detail
    assert slow.cancelled


async def test_what_is_overheard_passes_on_what_runs_and_asks_nobody() -> None:
    registry = Fake(SourceId(SourceKind.REGISTRY, "a"))
    overheard = DemandRecorder(registry)
    demand = Demand(RepositoryName("a", "b"), "1")
    overheard.want((demand,))
    events = overheard.events()
    first = await anext(events)
    assert isinstance(first, HealthChanged)
    assert (registry.wanted, overheard.id, overheard.idle) == ((demand,), SourceId(SourceKind.REGISTRY, "a"), True)
    assert (first.health.id, first.health.state) == (SourceId(SourceKind.REGISTRY, "a"), SourceState.OK)
