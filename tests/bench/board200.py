"""`board200`: what a frame of the board costs, one a second, while 200 builds run and every one of them moves."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

from tests.bench.results import Result
from tests.estates import NOW
from tests.ui.driving import until
from tests.ui.test_activity import acting
from tui.domain.facts.build import BuilderKind, Run, RunState
from tui.domain.plans.board import MILESTONES, Board, BoardRow, BoardState, PlanProgress
from tui.domain.plans.plan import Action

__all__ = ["run"]

BUILDS, FRAMES = 200, 30
LIMIT = 5.0


def run() -> list[Result]:
    """The mean of some frames, one a second."""
    seconds = asyncio.run(_measured()) / FRAMES
    details: dict[str, str | int | float | bool] = {"builds": BUILDS, "frames": FRAMES, "milliseconds": round(seconds * 1e3, 1)}
    return [Result("board200", round(seconds * 100, 2), "% of a CPU", f"<= {LIMIT:g} %", seconds * 100 <= LIMIT, details)]


async def _measured() -> float:
    """Seconds of CPU that the frames took, at 160x48."""
    boards = [_made(frame) for frame in range(FRAMES + 1)]
    async with acting((160, 48)) as (pilot, screen, _):
        screen.app.board = boards[0]
        await pilot.press("5")
        await until(pilot, lambda: screen.view.id == "activity" and screen.outline.row_count > 0)
        await pilot.press("right")  # the plan, which is folded
        await until(pilot, lambda: screen.outline.row_count > BUILDS)
        began = time.process_time()
        for board in boards[1:]:
            before = screen.built
            screen.app.board = board
            await until(pilot, lambda before=before: screen.built is not before)  # type: ignore[misc]
            await pilot.pause()
        return time.process_time() - began


def _made(frame: int) -> Board:
    rows = tuple(_row(number, frame) for number in range(BUILDS))
    plan = PlanProgress(
        id="p1",
        action=Action.REBUILD,
        query="base:debian",
        wave=1,
        waves=3,
        running=True,
        started=NOW,
        seconds_left=300.0 - frame,
    )
    return Board((plan,), rows)


def _row(number: int, frame: int) -> BoardRow:
    building = MILESTONES[1]
    running = Run(BuilderKind.ACR_TASKS, "contoso.azurecr.io", f"c{number}", RunState.RUNNING, created=NOW)
    return BoardRow(
        plan="p1",
        steps=(f"s{number}",),
        title=f"contoso.azurecr.io/team{number % 20}/app{number}:1.{number}",
        state=BoardState.RUNNING,
        at=building,
        passed=frozenset(MILESTONES[:1]),
        run=running,
        since=NOW - timedelta(seconds=number),
        begun=NOW - timedelta(seconds=number + 5),
        progress=(frame + number % 50) / 100,
        seconds_left=200.0 - frame,
        sentence=f"Step {frame}/60 : RUN make -j{number % 8}",
    )
