"""What takes longer than a second says so, and can be cancelled."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from tests.ui.driving import until
from tests.ui.test_activity import HandActions, acting
from tui.domain.facts.workload import ObjectKey
from tui.domain.plans.plan import Action, Plan
from tui.domain.snapshot.snapshot import ImageKey
from tui.ui.screens import waiting
from tui.ui.screens.plan import PlanScreen
from tui.ui.screens.waiting import WaitingScreen


@dataclass
class SlowActions(HandActions):
    """Actions whose plans are made when they may be."""

    may: asyncio.Event = field(default_factory=asyncio.Event)
    ended: list[str] = field(default_factory=list)

    async def plan(
        self,
        action: Action,
        images: frozenset[ImageKey],
        workloads: frozenset[ObjectKey],
        query: str,
        unknown: tuple[str, ...] = (),
    ) -> Plan:
        try:
            await self.may.wait()
            self.ended.append("made")
        except asyncio.CancelledError:
            self.ended.append("cancelled")
            raise
        return await super().plan(action, images, workloads, query, unknown)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", 0.01)


async def test_a_plan_that_takes_long_says_so_and_is_shown_when_it_is_there() -> None:
    slow = SlowActions()
    async with acting((80, 24), slow) as (pilot, _, _):
        await pilot.press("j", "j", "b")
        await until(pilot, lambda: isinstance(pilot.app.screen, WaitingScreen))
        slow.may.set()
        await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen))
        await pilot.press("escape")
        await until(pilot, lambda: len(pilot.app.screen_stack) == 1)


async def test_escape_cancels_what_is_waited_for() -> None:
    slow = SlowActions()
    async with acting((80, 24), slow) as (pilot, screen, _):
        await pilot.press("j", "j", "b")
        await until(pilot, lambda: isinstance(pilot.app.screen, WaitingScreen))
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen and slow.ended == ["cancelled"])
        assert pilot.app.is_running


async def test_escape_cancels_a_plan_also_before_it_is_said_that_it_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would come up over what the operator has turned to since; one escape takes back the last key alone."""
    monkeypatch.setattr(waiting, "PATIENCE", 600.0)
    slow = SlowActions()
    async with acting((80, 24), slow) as (pilot, screen, _):
        await pilot.press("j", "j", "b")
        await until(pilot, lambda: any(worker.name == "plan" and worker.is_running for worker in pilot.app.workers))
        await pilot.press("escape")
        await until(pilot, lambda: slow.ended == ["cancelled"])
        assert pilot.app.screen is screen
        slow.may.set()
        await pilot.press("b")
        await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen))
        await pilot.press("escape")
        await until(pilot, lambda: len(pilot.app.screen_stack) == 1)
