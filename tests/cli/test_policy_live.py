"""A policy file that changes reaches the verdicts of a living estate."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cli.test_policy_command import write
from tests.domain.world import NOW, A, World, check, image
from tui.domain.common.trust import CheckName, State
from tui.domain.facts.demand import Demand
from tui.domain.facts.events import Event, HealthChanged, SourceHealth, SourceId, SourceKind, SourceState
from tui.domain.snapshot.snapshot import Snapshot
from tui.estate.estate import Estate
from tui.sources.ports import DemandSource
from tui.wiring.policy_watch import PolicyWatch


class Told:
    """A registry that says what it was given, and has an answer to everything."""

    id = SourceId(SourceKind.REGISTRY, A)
    idle = True

    def __init__(self, events: list[Event]) -> None:
        self._events = events

    async def events(self) -> AsyncIterator[Event]:
        """Say all, then stay."""
        for event in self._events:
            yield event
        yield HealthChanged(SourceHealth(self.id, SourceState.OK, NOW, identity="me"))
        await asyncio.Event().wait()

    def want(self, demands: tuple[Demand, ...]) -> None:
        """Nothing more is known."""


async def when(estate: Estate, condition: str, found: str) -> Snapshot:
    """The first snapshot in which the rule of the check `age` says so, or the health of the policy does."""
    seen: asyncio.Queue[Snapshot] = asyncio.Queue()
    end = estate.subscribe(seen.put_nowait)
    snapshot = estate.snapshot
    try:
        async with asyncio.timeout(20):
            while condition not in told(snapshot, found):
                snapshot = await seen.get()
    finally:
        end()
    return snapshot


def told(snapshot: Snapshot, found: str) -> str:
    """The rule of the age of an image, and what is wrong with the policy."""
    if not snapshot.images:
        return ""
    errors = [source.error for source in snapshot.sources if source.kind is SourceKind.POLICY]
    return " ".join((check(image(snapshot, found), CheckName.AGE).rule, *errors))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A policy."""
    path = tmp_path / "ours.toml"
    path.write_text("[age]\nmax = 50\n")
    return path


async def test_a_change_reaches_the_verdicts_and_a_fault_does_not(file: Path) -> None:
    world = World()
    found = world.manifest(f"{A}/app", "ab", "1", days=100)
    watch = PolicyWatch(str(file), pause=0.01)
    registry: DemandSource = Told(world.events)
    estate = Estate((watch,), lambda _: registry, watch.policy, (A,), clock=lambda: NOW)
    watch.taken = estate.set_policy
    async with estate.running():
        before = await when(estate, "age.max = 50 (policy ours)", found)
        assert image(before, found).verdict is State.FAIL
        write(file, "[age]\nmax = 365\nwarn = 0\n")
        after = await when(estate, "age.max = 365 (policy ours)", found)
        assert check(image(after, found), CheckName.AGE).state is State.PASS
        write(file, "[age]\nmax = 'soon' # faulty\n")
        faulty = await when(estate, "`max` has a wrong value", found)
        assert check(image(faulty, found), CheckName.AGE).rule == "age.max = 365 (policy ours)"
        assert faulty.complete is False
