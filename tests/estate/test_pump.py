"""The supervisor: restarts, routes, refuses, and knows when everything has answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest

from tests.estate.fakes import NOW, HandExaminer, HandRegistry, HandSource, until
from tui.domain.facts.demand import ArtifactDemand, Demand
from tui.domain.facts.events import (
    AbsenceKind,
    Event,
    HealthChanged,
    LookupFailed,
    NodesSeen,
    SourceHealth,
    SourceId,
    SourceKind,
    SourceState,
)
from tui.domain.facts.image import Descriptor, RepositoryName
from tui.errors import Forbidden, SourceError, Unreachable
from tui.estate import pump as module
from tui.estate.pump import Pump
from tui.sources.ports import DemandSource

NODES = NodesSeen(SourceId(SourceKind.CLUSTER, "a"), 1, ())
APP = Demand(RepositoryName("r.example.org", "app"), "1")


class Bench:
    """A pump with what it was told: the registries that may be asked, and the events that it passed on."""

    def __init__(self, registries: Mapping[str, HandRegistry]) -> None:
        self.registries = registries
        self.made: list[str] = []
        self.events: list[Event] = []
        self.pump = Pump(self.events.append, self._make, lambda: NOW)

    def _make(self, registry: str) -> DemandSource | None:
        self.made.append(registry)
        return self.registries.get(registry)

    @property
    def healths(self) -> list[SourceHealth]:
        """What was said of sources, in order."""
        return [event.health for event in self.events if isinstance(event, HealthChanged)]

    def state(self, name: str) -> SourceState | None:
        """The last word on a source."""
        return next((each.state for each in reversed(self.healths) if str(each.id) == name), None)


@asynccontextmanager
async def pumping(*sources: HandSource, **registries: HandRegistry) -> AsyncIterator[Bench]:
    """A pump that runs these; `registries` are named with `_` for a dot."""
    bench = Bench({name.replace("_", "."): each for name, each in registries.items()})
    task = asyncio.create_task(bench.pump.run(sources))
    try:
        yield bench
    finally:
        task.cancel()
        await asyncio.wait([task])
        assert all(source.open == 0 for source in (*sources, *registries.values()))


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_DELAY", 0.0)


async def test_passes_on_what_every_source_says() -> None:
    one, other = HandSource(SourceId(SourceKind.CLUSTER, "a")), HandSource(SourceId(SourceKind.CLUSTER, "b"))
    async with pumping(one, other) as bench:
        one.say(NODES)
        other.health()
        await until(lambda: len(bench.events) == 2)


@pytest.mark.parametrize(
    ("error", "auth_failed", "words"),
    [
        (Unreachable("The host does not resolve.", "Check the name."), False, "does not resolve"),
        (Forbidden("No right to list pods.", "Ask for it."), True, "No right"),
        (ValueError("secret text"), False, "an error in trustree itself"),
    ],
)
async def test_a_source_that_fails_says_so_and_starts_again(error: Exception, auth_failed: bool, words: str) -> None:
    source = HandSource(SourceId(SourceKind.CLUSTER, "a"))
    async with pumping(source) as bench:
        source.health()
        source.say(error)
        await until(lambda: source.runs == 2)
        found = bench.healths[-1]
        assert (found.state, found.auth_failed) == (SourceState.FAILED, auth_failed)
        assert words in found.error
        assert found.remedy
        assert "secret" not in found.error
        assert found.as_of == NOW  # when it answered last is still known
        source.health()
        await until(lambda: bench.state("cluster/a") is SourceState.OK)


async def test_a_broken_source_ends_no_other() -> None:
    broken, good = HandSource(SourceId(SourceKind.CLUSTER, "broken")), HandSource(SourceId(SourceKind.CLUSTER, "good"))
    async with pumping(broken, good) as bench:
        broken.say(*(RuntimeError("bug") for _ in range(5)))
        await until(lambda: broken.runs == 6)
        good.health()
        await until(lambda: bench.state("cluster/good") is SourceState.OK)
        assert good.runs == 1


async def test_a_source_that_ends_is_not_started_again() -> None:
    source = HandSource(SourceId(SourceKind.SCANNER, "x"))
    async with pumping(source) as bench:
        source.health()
        source.end()
        await until(lambda: source.open == 0 and bench.pump.loaded)
        assert source.runs == 1


async def test_a_source_that_ends_without_a_word_on_how_it_did_has_failed_and_is_not_waited_for() -> None:
    source = HandSource(SourceId(SourceKind.SCANNER, "x"))
    async with pumping(source) as bench:
        source.say(NODES)
        source.end()
        await until(lambda: source.open == 0 and bench.pump.loaded)
        (said,) = bench.healths
        assert (said.id, said.state, source.runs) == (source.id, SourceState.FAILED, 1)
        assert "without saying" in said.error
        assert said.remedy


def test_the_waits_grow_to_a_limit_and_begin_anew_after_a_long_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_DELAY", 1.0)
    waits = module.restarts()
    assert [waits.next() for _ in range(9)] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    waits.reset()
    assert waits.next() == 1


# ---- demands


async def test_a_registry_starts_when_it_is_first_asked_and_only_then() -> None:
    registry = HandRegistry("r.example.org")
    async with pumping(r_example_org=registry) as bench:
        await until(lambda: bench.pump.loaded)
        assert registry.runs == 0
        bench.pump.route([APP])
        bench.pump.route([APP, Demand(APP.name, "2")])
        await until(lambda: registry.runs == 1)
        assert [each.reference for each in registry.wanted] == ["1", "2"]
        assert bench.made == ["r.example.org"]


async def test_what_was_asked_before_the_start_is_not_lost() -> None:
    registry = HandRegistry("r.example.org")
    bench = Bench({"r.example.org": registry})
    bench.pump.route([APP])
    task = asyncio.create_task(bench.pump.run(()))
    await until(lambda: registry.runs == 1)
    task.cancel()
    await asyncio.wait([task])
    assert registry.wanted == [APP]


async def test_a_registry_that_is_not_to_be_asked_is_off_and_every_wish_is_answered_once() -> None:
    async with pumping() as bench:
        bench.pump.route([APP])
        bench.pump.route([APP])
        failed = [event for event in bench.events if isinstance(event, LookupFailed)]
        assert [(each.kind, each.reference, each.at) for each in failed] == [(AbsenceKind.NOT_ASKED, "1", NOW)]
        assert 'registry."r.example.org"' in failed[0].remedy
        assert bench.state("registry/r.example.org") is SourceState.OFF
        await until(lambda: bench.pump.loaded)


async def test_what_is_attached_goes_to_every_source_that_examines() -> None:
    one, other, deaf = (
        HandExaminer(SourceId(SourceKind.SIGNATURES)),
        HandExaminer(SourceId(SourceKind.SCANNER, "files")),
        HandSource(SourceId(SourceKind.CLUSTER, "a")),
    )
    demand = ArtifactDemand(APP.name, Descriptor("application/json", "sha256:x", 1), ())
    async with pumping(one, other, deaf) as bench:
        await until(lambda: one.runs and other.runs)
        bench.pump.examine((demand,))
        assert one.examined == other.examined == [(demand,)]


async def test_what_is_attached_goes_also_to_a_source_that_starts_later() -> None:
    demand = ArtifactDemand(APP.name, Descriptor("application/json", "sha256:x", 1), ())
    early, late = HandExaminer(SourceId(SourceKind.SCANNER, "files")), HandExaminer(SourceId(SourceKind.SIGNATURES))
    async with pumping(early) as bench:
        await until(lambda: early.runs)
        bench.pump.examine((demand,))  # nobody says it again, as nothing new is attached
        bench.pump.add(late)
        assert late.examined == [(demand,)]
        await until(lambda: late.runs)
    assert early.examined == [(demand,)]


# ---- loaded


async def test_is_loaded_when_every_source_has_answered_and_is_idle() -> None:
    cluster, registry = HandSource(SourceId(SourceKind.CLUSTER, "a")), HandRegistry("r.example.org")
    async with pumping(cluster, r_example_org=registry) as bench:
        await until(lambda: cluster.runs)
        assert not bench.pump.loaded
        cluster.health(SourceState.LOADING)
        await until(lambda: bench.events)
        assert not bench.pump.loaded
        registry.idle = False
        bench.pump.route([APP])
        cluster.health()
        registry.health()
        await until(lambda: bench.state("registry/r.example.org"))
        assert not bench.pump.loaded
        registry.idle = True
        assert bench.pump.loaded


@pytest.mark.parametrize("error", [Unreachable("down"), ValueError("bug")])
async def test_a_source_that_failed_has_answered_and_owes_nothing(error: SourceError) -> None:
    registry = HandRegistry("r.example.org")
    registry.idle = False
    async with pumping(r_example_org=registry) as bench:
        bench.pump.route([APP])
        registry.say(error)
        await until(lambda: bench.pump.loaded)


# ---- refresh


async def test_refreshing_starts_every_source_anew_and_ends_its_former_run() -> None:
    cluster, registry = HandSource(SourceId(SourceKind.CLUSTER, "a")), HandRegistry("r.example.org")
    async with pumping(cluster, r_example_org=registry) as bench:
        bench.pump.route([APP])
        await until(lambda: cluster.runs == 1 and registry.runs == 1)
        bench.pump.refresh()
        bench.pump.refresh()
        await until(lambda: cluster.open == 1 and cluster.runs >= 2 and registry.runs >= 2)
        cluster.say(NODES)
        await until(lambda: NODES in bench.events)
        assert bench.events.count(NODES) == 1


async def test_refreshing_does_not_wait_for_a_source_that_is_to_start_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_DELAY", 3600.0)
    monkeypatch.setattr(module, "LONGEST_DELAY", 3600.0)
    source = HandSource(SourceId(SourceKind.CLUSTER, "a"))
    async with pumping(source) as bench:
        source.say(Unreachable("down"))
        await until(lambda: bench.state("cluster/a") is SourceState.FAILED)
        assert source.runs == 1
        bench.pump.refresh()
        await until(lambda: source.runs == 2)


async def test_pods_cannot_make_it_ask_any_number_of_registries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_REGISTRIES", 3)
    hosts = [f"h{number}.example.org" for number in range(10)]
    registries = {host.replace(".", "_"): HandRegistry(host) for host in hosts}
    async with pumping(**registries) as bench:
        demands = [Demand(RepositoryName(host, "app"), "1") for host in hosts]
        for _ in range(2):
            bench.pump.route(demands)
        assert len(bench.made) == 3
        refused = [event for event in bench.events if isinstance(event, LookupFailed)]
        assert {event.kind for event in refused} == {AbsenceKind.NOT_ASKED}
        assert len(refused) == 7
        assert bench.state("other registries") is SourceState.PARTIAL
        bench.pump.add_registry(hosts[-1])
        assert bench.made[-1] == hosts[-1]
