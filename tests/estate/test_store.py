"""The one writer and the estate around it: snapshots that come whole, one at a time, off the loop, and when all has settled."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta

import msgspec
import pytest

from tests.domain.world import World, trusting
from tests.estate.fakes import NOW, HandExaminer, HandRegistry, HandSource, until
from tui.domain.assemble.assemble import Assembler
from tui.domain.common.trust import CheckName, State
from tui.domain.facts.events import HealthChanged, PodsSeen, SourceHealth, SourceId, SourceKind, SourceState, TagResolved
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.workload import ContainerType, Pod, PodContainer
from tui.domain.policy.policy import Policy, built_in
from tui.domain.policy.rules import Rules
from tui.domain.snapshot.snapshot import Snapshot
from tui.estate import estate as whole
from tui.estate import store as module
from tui.estate.estate import Estate
from tui.estate.store import Store
from tui.sources.ports import DemandSource, Source

HOST = "r.example.org"
IMAGE = f"{HOST}/app:1"


def pod(name: str) -> PodsSeen:
    """A pod that runs the app."""
    container = PodContainer("main", ContainerType.CONTAINER, IMAGE, f"{HOST}/app@sha256:{'a' * 64}", state="running")
    return PodsSeen(
        SourceId(SourceKind.CLUSTER, "a"), "", 1, (Pod("a", "x", name, name, phase="Running", containers=(container,)),)
    )


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.0)
    monkeypatch.setattr(module, "PAUSE", 0.0)
    monkeypatch.setattr(whole, "BREATH", 0.0)


@asynccontextmanager
async def storing() -> AsyncIterator[Store]:
    """A store that publishes."""
    store = Store(built_in(), lambda: NOW)
    task = asyncio.create_task(store.run())
    try:
        yield store
    finally:
        task.cancel()
        await asyncio.wait([task])


@contextmanager
def collected() -> Iterator[list[int]]:
    """How many young objects each look of the collector has found: as long as it looks, it holds everything."""
    sizes: list[int] = []

    def note(phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            sizes.append(len(gc.get_objects(generation=0)))

    gc.collect()
    gc.callbacks.append(note)
    try:
        yield sizes
        gc.collect()
    finally:
        gc.callbacks.remove(note)


async def test_a_judgement_anew_is_collected_bit_by_bit() -> None:
    world = World()
    world.node("n1")
    for number in range(800):
        world.run(
            f"team/app{number}", f"{HOST}/app{number}:1", f"{HOST}/app{number}@{world.manifest(f'{HOST}/app{number}', 'a', '1')}"
        )
    async with storing() as store:
        for event in world.events:
            store.apply(event)
        await asyncio.wait_for(store.turned(store.version), 60)
        with collected() as sizes:
            store.set_policy(Policy("another", Rules(warn_age=10)))
            await asyncio.wait_for(store.turned(store.version), 60)
        assert len(sizes) > 2
        assert max(sizes) < 3_000


async def test_nobody_waits_out_a_pause_when_the_last_cluster_has_told_all(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (SourceId(SourceKind.CLUSTER, name) for name in ("first", "second"))
    async with storing() as store:
        for cluster in (first, second):
            store.apply(HealthChanged(SourceHealth(cluster, SourceState.LOADING)))
        monkeypatch.setattr(module, "PAUSE", 3600.0)
        await asyncio.wait_for(store.turned(store.version), 60)
        store.apply(HealthChanged(SourceHealth(first, SourceState.OK, NOW)))
        store.apply(HealthChanged(SourceHealth(SourceId(SourceKind.REGISTRY, HOST), SourceState.LOADING)))
        version = store.version
        for _ in range(100):
            await asyncio.sleep(0)
        assert store.published < version, "more may come at any time"
        store.apply(HealthChanged(SourceHealth(second, SourceState.OK, NOW)))
        await asyncio.wait_for(store.turned(store.version), 60)


async def test_what_nobody_confirms_grows_too_old_although_nobody_says_anything() -> None:
    limits = built_in().limits
    clock = [NOW]
    store = Store(built_in(), lambda: clock[0])
    task = asyncio.create_task(store.run())
    try:
        known = SourceHealth(SourceId(SourceKind.CLUSTER, "a"), SourceState.OK, as_of=NOW, live=True, every=5.0)
        # One tenth of a second before its end: the store is to wake by itself.
        clock[0] = NOW + timedelta(seconds=limits.cluster - 0.1)
        store.apply(pod("p"))
        store.apply(HealthChanged(known))
        await store.turned(store.version)
        assert not store.snapshot.sources[0].stale
        clock[0] = NOW + timedelta(seconds=limits.cluster)
        await until(lambda: store.snapshot.sources[0].stale)
        assert not store.snapshot.complete
        number = store.snapshot.number
        store.apply(HealthChanged(msgspec.structs.replace(known, as_of=clock[0])))
        await store.turned(store.version)
        assert (store.snapshot.number, store.snapshot.sources[0].stale) == (number + 1, False)
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_many_facts_at_once_make_one_snapshot() -> None:
    seen: list[Snapshot] = []
    async with storing() as store:
        store.subscribe(seen.append)
        for number in range(200):
            store.apply(pod(f"p{number}"))
        await store.turned(store.version)
        assert [snapshot.summary.pods for snapshot in seen] == [200]
        assert store.snapshot is seen[0]


async def test_nothing_is_published_when_nothing_changed() -> None:
    async with storing() as store:
        store.apply(pod("a"))
        await store.turned(store.version)
        number = store.snapshot.number
        for _ in range(50):
            await asyncio.sleep(0)
        assert store.snapshot.number == number


async def test_assembles_off_the_loop_and_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, gate, now, most, threads = threading.get_ident(), threading.Event(), [0], [0], set[int]()
    assemble = Assembler.assemble

    def slow(self: Assembler, *args: object) -> Snapshot:
        now[0] += 1
        most[0] = max(most[0], now[0])
        threads.add(threading.get_ident())
        assert gate.wait(20)
        found = assemble(self, *args)  # type: ignore[arg-type]
        now[0] -= 1
        return found

    monkeypatch.setattr(Assembler, "assemble", slow)
    async with storing() as store:
        store.apply(pod("a"))
        await until(lambda: now[0] == 1)
        first = store.version
        store.apply(pod("b"))  # the loop is free meanwhile
        assert store.published == 0
        gate.set()
        await store.turned(first)
        await store.turned(store.version)
        assert store.snapshot.summary.pods == 2
    assert most == [1]
    assert loop not in threads


async def test_gets_ready_for_the_next_change_in_a_silence_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[int] = []
    left = [3]

    def settle(_: Assembler) -> bool:
        done.append(threading.get_ident())
        left[0] -= 1
        return left[0] > 0

    monkeypatch.setattr(Assembler, "settle", settle)
    async with storing() as store:
        store.apply(pod("one"))
        await store.turned(store.version)
        await until(lambda: len(done) == 3)
        assert threading.get_ident() not in done, "the loop was held"
        store.apply(pod("two"))
        await store.turned(store.version)
        assert len(store.snapshot.workloads) == 2


async def test_who_unsubscribes_hears_nothing_more_not_even_from_within() -> None:
    heard: list[str] = []
    async with storing() as store:

        def once(_: Snapshot) -> None:
            heard.append("once")
            leave()

        leave = store.subscribe(once)
        stay = store.subscribe(lambda _: heard.append("stay"))
        for name in ("a", "b"):
            store.apply(pod(name))
            await store.turned(store.version)
        leave()
        stay()
    assert heard == ["once", "stay", "stay"]


async def test_another_policy_judges_what_is_known_again() -> None:
    async with storing() as store:
        store.apply(pod("a"))
        await store.turned(store.version)
        assert registry_state(store.snapshot) is State.FAIL
        store.set_policy(trusting((HOST,)))
        await store.turned(store.version)
        assert registry_state(store.snapshot) is State.PASS


async def test_another_policy_does_not_wait_for_more_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    async with storing() as store:
        monkeypatch.setattr(module, "PAUSE", 3600.0)
        store.apply(pod("a"))
        await store.turned(store.version)
        async with asyncio.timeout(10):
            store.set_policy(trusting((HOST,)))
            await store.turned(store.version)
        assert registry_state(store.snapshot) is State.PASS


def registry_state(snapshot: Snapshot) -> State:
    """Whether the one image is trusted."""
    (image,) = snapshot.images.values()
    return next(check.state for check in image.checks if check.name is CheckName.REGISTRY)


# ---- the estate


def estate(cluster: HandSource, source: HandRegistry, *preload: str, later: Sequence[Source] = ()) -> Estate:
    """An estate of one cluster and one registry; `preload` are hosts to load and `later` other sources to run."""

    def make(registry: str) -> DemandSource | None:
        return source if registry == HOST else None

    return Estate((cluster,), make, built_in(), preload, lambda: NOW, later)


async def test_settles_when_everything_that_follows_from_the_facts_was_answered() -> None:
    cluster, registry = HandSource(SourceId(SourceKind.CLUSTER, "a")), HandRegistry(HOST)
    async with estate(cluster, registry).running() as found:
        settling = asyncio.create_task(found.settled(20))
        cluster.say(pod("a"))
        cluster.health()
        registry.idle = False
        await until(lambda: registry.wanted)
        assert not settling.done()
        name = RepositoryName(HOST, "app")
        registry.say(TagResolved(registry.id, name, "1", f"sha256:{'a' * 64}", NOW))
        registry.idle = True
        registry.health()
        assert await settling
        assert found.snapshot.summary.pods == 1
        assert {str(source.id) for source in found.snapshot.sources} == {"cluster/a", str(registry.id)}
    assert (cluster.open, registry.open) == (0, 0)


async def test_does_not_settle_while_a_source_is_silent() -> None:
    async with estate(HandSource(SourceId(SourceKind.CLUSTER, "a")), HandRegistry(HOST)).running() as found:
        assert not await found.settled(0.01)


async def test_a_registry_may_be_loaded_before_an_image_of_it_is_met() -> None:
    cluster, registry = HandSource(SourceId(SourceKind.CLUSTER, "a")), HandRegistry(HOST)
    found = estate(cluster, registry, HOST)
    async with found.running():
        cluster.health()
        await until(lambda: registry.runs == 1)


async def test_everything_else_starts_when_the_first_pods_are_shown_and_is_waited_for() -> None:
    cluster, registry = HandSource(SourceId(SourceKind.CLUSTER, "a")), HandRegistry(HOST)
    scanner, shown = HandSource(SourceId(SourceKind.SCANNER, "a")), list[int]()
    async with estate(cluster, registry, later=(scanner,)).running() as found:
        found.subscribe(lambda snapshot: shown.append(scanner.runs) if snapshot.workloads else None)
        settling = asyncio.create_task(found.settled(20))
        cluster.health(SourceState.LOADING)
        cluster.say(pod("a"))
        await until(lambda: scanner.runs == 1)
        assert shown[0] == 0
        cluster.health()
        registry.health()
        assert not settling.done()
        scanner.health()
        assert await settling


@pytest.mark.parametrize("state", [SourceState.OK, SourceState.FAILED])
async def test_everything_else_starts_without_pods_when_there_are_none_to_come(state: SourceState) -> None:
    cluster, scanner = HandSource(SourceId(SourceKind.CLUSTER, "a")), HandSource(SourceId(SourceKind.SCANNER, "a"))
    async with estate(cluster, HandRegistry(HOST), later=(scanner,)).running():
        cluster.health(state)
        await until(lambda: scanner.runs == 1)


async def test_everything_else_does_not_wait_for_ever_for_a_silent_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole, "PATIENCE", 0.01)
    scanner = HandSource(SourceId(SourceKind.SCANNER, "a"))
    async with estate(HandSource(SourceId(SourceKind.CLUSTER, "a")), HandRegistry(HOST), later=(scanner,)).running():
        await until(lambda: scanner.runs == 1)


async def test_a_source_that_fails_is_shown_as_failed_and_keeps_what_it_said() -> None:
    cluster = HandSource(SourceId(SourceKind.CLUSTER, "a"))
    async with estate(cluster, HandRegistry(HOST)).running() as found:
        cluster.say(pod("a"))
        cluster.health()
        cluster.say(ValueError("bug"))
        await until(lambda: [s for s in found.snapshot.sources if s.state is SourceState.FAILED])
        assert found.snapshot.summary.pods == 1
        assert not found.snapshot.complete


async def test_a_fault_of_our_own_ends_the_estate_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A snapshot that nobody renews any more must not look like one that is fine."""

    def broken(*_: object) -> Snapshot:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(Assembler, "assemble", broken)
    cluster = HandSource(SourceId(SourceKind.CLUSTER, "a"))
    with pytest.raises(ExceptionGroup) as raised:
        await told_and_settled(estate(cluster, HandRegistry(HOST)), cluster)
    assert raised.group_contains(ZeroDivisionError)
    assert cluster.open == 0


@pytest.mark.parametrize("ask", ["want", "examine"])
async def test_a_fault_while_wishes_are_handed_on_ends_the_estate_and_is_told(ask: str) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    cluster, registry, examiner = (
        HandSource(SourceId(SourceKind.CLUSTER, "a")),
        HandRegistry(HOST),
        HandExaminer(SourceId(SourceKind.SIGNATURES)),
    )
    setattr(registry if ask == "want" else examiner, ask, broken)
    found = Estate((cluster, examiner), lambda _: registry, built_in(), clock=lambda: NOW)
    with pytest.raises(ExceptionGroup) as raised:
        await told_and_settled(found, cluster)
    assert raised.group_contains(ZeroDivisionError)
    assert (cluster.open, registry.open, examiner.open) == (0, 0, 0)


async def told_and_settled(found: Estate, cluster: HandSource) -> bool:
    """Run an estate, tell it of a pod, and wait for it to settle."""
    async with found.running():
        cluster.say(pod("a"))
        return await found.settled(20)
