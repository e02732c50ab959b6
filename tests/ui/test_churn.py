"""A minute of a hundred pod events a second, with time compressed: the row under the cursor never changes and never moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import cycle, islice

import msgspec
import pytest
from textual.pilot import Pilot

from tests.domain.world import A, World, trusting
from tests.estates import NOW
from tests.ui.driving import Settings, until
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
from tui.presenters.keys import PodPart
from tui.ui.app import TrustreeApp
from tui.ui.screens.explorer import ExplorerScreen

SECONDS, EVENTS = 60, 100
SOURCE = SourceId(SourceKind.CLUSTER, "lab")
APPS, REPLICAS = 12, 10


class Churn:
    """A cluster of which every second pods restart, go, and come under other names."""

    def __init__(self) -> None:
        self.id = SOURCE
        self.kept = ""
        """The pod that is left alone."""
        self._turn = asyncio.Semaphore(0)
        self._world = World()
        self._world.node("n1")
        for number in range(APPS):
            name = f"team{number % 3}/app{number:02}"
            subject = self._world.manifest(f"{A}/{name}", f"{number:05}", "1")
            self._world.run(name, f"{A}/{name}:1", *([f"{A}/{name}@{subject}"] * REPLICAS))

    def tick(self) -> None:
        """Let another second go by."""
        self._turn.release()

    async def events(self) -> AsyncIterator[Event]:
        """Everything at first, then second after second."""
        for event in self._world.events:
            yield event
        yield ListCompleted(SOURCE, Resource.PODS, "", 1)
        yield HealthChanged(SourceHealth(SOURCE, SourceState.OK, self._world.clock, live=True))
        pods = [pod for event in self._world.events if isinstance(event, PodsSeen) for pod in event.pods]
        turn = cycle(range(len(pods)))
        for second in range(SECONDS + 1):
            await self._turn.acquire()
            for number in islice(turn, EVENTS):
                for event in _events_of(pods, number, second, self.kept):
                    yield event
        await asyncio.Event().wait()


def _events_of(pods: list[Pod], number: int, second: int, kept: str) -> list[Event]:
    """One pod restarts, or goes, or one more comes beside it; how many there are goes up and down."""
    pod = pods[number]
    (container,) = pod.containers
    if pod.name == kept or (second + number) % 3:
        pods[number] = msgspec.structs.replace(
            pod, containers=(msgspec.structs.replace(container, restarts=container.restarts + 1),)
        )
        return [PodsSeen(SOURCE, "", 1, (pods[number],))]
    come = msgspec.structs.replace(pod, uid=f"{pod.uid}-{second}", name=f"{pod.name[:24]}-{second:02}")
    if (second // 5 + number) % 2:
        return [PodsSeen(SOURCE, "", 1, (come,))]
    pods[number] = come
    return [ObjectGone(SOURCE, Resource.PODS, pod.uid), PodsSeen(SOURCE, "", 1, (come,))]


async def _second(pilot: Pilot[int], screen: ExplorerScreen, churn: Churn) -> None:
    """Let a second go by, until its rows are shown."""
    app, number = screen.app, screen.app.snapshot.number
    churn.tick()
    await until(pilot, lambda: app.snapshot.number > number, "another snapshot")
    await until(pilot, lambda: screen.outline.model.snapshot is app.snapshot, "its rows")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("size", "keys", "pinned"),
    [
        ((160, 48), (), False),
        ((80, 24), (), True),
        ((80, 24), ("slash", *"app", "enter"), True),
    ],
    ids=["wide", "with what is above at the top", "with the filter open"],
)
async def test_the_row_under_the_cursor_neither_changes_nor_moves(
    size: tuple[int, int], keys: tuple[str, ...], pinned: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "FIRST_PAUSE", 0.0)
    monkeypatch.setattr(store, "PAUSE", 0.0)
    churn = Churn()

    @asynccontextmanager
    async def opened() -> AsyncIterator[Estate]:
        async with Estate((churn,), lambda registry: None, trusting((A,))).running() as estate:
            yield estate

    app = TrustreeApp(Settings(), opened, clock=lambda: NOW)
    async with app.run_test(size=size) as pilot:
        screen = app.screen
        assert isinstance(screen, ExplorerScreen)
        outline = screen.outline
        await until(pilot, lambda: outline.row_count >= APPS and app.snapshot.summary.pods == APPS * REPLICAS)
        await pilot.press(*keys, "j")
        await until(pilot, lambda: screen.stage._shown == screen.chosen and outline.row_count >= APPS)
        image = sorted(app.snapshot.users)[APPS // 2]
        assert outline.select(outline.model.find((image,)) or ())
        await pilot.press("right", "right", "right", "right", *["j"] * (REPLICAS - 3))
        key, line = outline.cursor_key, outline.cursor_line
        assert key is not None
        assert isinstance(key[-1], PodPart)
        churn.kept = key[-1].name
        if "slash" in keys:
            await pilot.press("slash")
        assert any("▴" in outline.render_line(y).text for y in (1, 2)) is pinned
        for _ in range(SECONDS):
            await _second(pilot, screen, churn)
            assert (outline.cursor_key, outline.cursor_line) == (key, line)
            assert str(churn.kept[-8:]) in outline.render_line(line + 1).text
