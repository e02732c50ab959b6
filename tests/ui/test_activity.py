"""Plans, the board and logs of runs, on actions that a test drives by hand."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from textual.pilot import Pilot

from tests.actions.plans import plan_of, rebuild, restart
from tests.estates import NOW, company
from tests.ui.driving import Settings, explorer, text_of, until
from tui.domain.facts.build import BuilderKind, Run, RunState
from tui.domain.facts.workload import ObjectKey
from tui.domain.plans.board import EMPTY_BOARD, MILESTONES, Board, BoardRow, BoardState, Milestone, PlanProgress
from tui.domain.plans.plan import Action, Plan
from tui.domain.snapshot.snapshot import ImageKey
from tui.errors import Forbidden, PlanChanged
from tui.presenters.keys import PlanPart
from tui.ui.screens.explorer import ExplorerScreen
from tui.ui.screens.pages import QuestionScreen
from tui.ui.screens.plan import PlanScreen
from tui.ui.screens.runlog import RunLogScreen
from widgets.page import Banner

PLAN = plan_of(rebuild("debian"), rebuild("api", needs=("debian",), wave=2), restart("web", needs=("api",), wave=3, image="api"))


@dataclass
class HandActions:
    """Actions that note what they are asked for."""

    can_write: bool = True
    board: Board = EMPTY_BOARD
    guarded: tuple[str, ...] = ()
    begun: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    asked: list[tuple[Action, frozenset[ImageKey], frozenset[ObjectKey], str]] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    refuses: bool = False
    later: Plan | None = None

    def subscribe(self, listener: Callable[[Board], None]) -> Callable[[], None]:
        return lambda: None

    async def plan(
        self,
        action: Action,
        images: frozenset[ImageKey],
        workloads: frozenset[ObjectKey],
        query: str,
        unknown: tuple[str, ...] = (),
    ) -> Plan:
        self.asked.append((action, images, workloads, query))
        return PLAN

    async def plan_again(self, plan: Plan) -> Plan:
        return self.later or plan

    def look_for_unfinished(self) -> None:
        """Nothing was begun earlier."""

    @property
    def busy(self) -> bool:
        return bool(self.board.busy)

    def protected(self, plan: Plan) -> tuple[str, ...]:
        return self.guarded

    async def begin(self, plan: Plan, confirmed: tuple[str, ...]) -> None:
        if self.later is not None and plan is not self.later:
            raise PlanChanged(("rebuild of web:1 is needed now as well.",))
        if self.refuses:
            raise Forbidden("The audit log cannot be written: the disk is full.", "Make room on the disk.")
        self.begun.append((plan.id, confirmed))

    async def resume(self, plan: str) -> None:
        self.begun.append((plan, ()))

    async def cancel(self, row: BoardRow) -> None:
        self.cancelled.append(row.title)

    async def log(self, row: BoardRow) -> AsyncGenerator[str, None]:
        for number in range(200):
            yield f"Step {number}/200 : RUN make"

    def markdown(self, plan: Plan) -> str:
        return f"# {plan.query}"

    def save(self, plan: Plan) -> Path:
        return Path("/home/somebody/plan.json")


def row(title: str, at: Milestone | None, state: BoardState, sentence: str = "", **changes: object) -> BoardRow:
    passed = frozenset(MILESTONES[: MILESTONES.index(at)]) if at is not None else frozenset(MILESTONES)
    made = BoardRow(plan="p1", steps=(title,), title=title, state=state, at=at, passed=passed, sentence=sentence, since=NOW)
    return msgspec.structs.replace(made, **changes)


RUN = Run(BuilderKind.ACR_TASKS, "contoso.azurecr.io", "ch51", RunState.RUNNING, created=NOW - timedelta(seconds=100))
BOARD = Board(
    (PlanProgress(id="p1", action=Action.REBUILD, query="base:debian", wave=2, waves=3, running=True, seconds_left=360),),
    (
        row("base/debian:12-slim", None, BoardState.DONE, "done in 72s"),
        row("payments-api:1.8.2", Milestone.SIGNED, BoardState.RUNNING, "waits for its signature", seconds_left=40),
        row("ledger:2.1", Milestone.BUILDING, BoardState.RUNNING, "step 7 of 12  pip install", run=RUN, progress=0.62),
        row(
            "legacy-admin:0.9", Milestone.BUILDING, BoardState.FAILED, "failed: FROM node:14 not found", remedy="Change its base."
        ),
    ),
)


@asynccontextmanager
async def acting(
    size: tuple[int, int] = (160, 48), actions: HandActions | None = None
) -> AsyncIterator[tuple[Pilot[int], ExplorerScreen, HandActions]]:
    hand = actions or HandActions()
    async with explorer(company(), size, settings=Settings(write=True)) as (pilot, screen, _):
        screen.app.actions = hand
        yield pilot, screen, hand


async def on_board(pilot: Pilot[int], screen: ExplorerScreen, rows: int) -> None:
    """Wait for so many rows of the board: another view may have as many."""
    tree = screen.outline

    def shows_board() -> bool:
        is_whole = len(tree.keys) == rows and all(isinstance(key[0], PlanPart) for key in tree.keys)
        return is_whole and tree.display and tree.size.height > 1  # it is laid out after its rows are known

    await until(pilot, shows_board, "the board")


async def test_a_finding_is_planned_and_begun_in_three_keys() -> None:
    async with acting() as (pilot, screen, hand):
        await pilot.press("4")
        await until(pilot, lambda: screen.view.id == "findings" and screen.outline.row_count > 2)
        await pilot.press("b")
        await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen))
        (action, images, _, query) = hand.asked[0]
        assert action is Action.REBUILD
        assert images
        assert query
        await pilot.press("enter")
        await until(pilot, lambda: screen.view.id == "activity" and pilot.app.screen is screen)
        assert hand.begun == [("p1", ())]


async def test_a_plan_says_each_step_in_full() -> None:
    async with acting((80, 24)) as (pilot, screen, _):
        await pilot.press("b")
        await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen))
        plan = pilot.app.screen
        assert isinstance(plan, PlanScreen)
        await until(pilot, lambda: "Run the task debian." in plan.page.text)
        await pilot.press("j")
        await until(pilot, lambda: "Run the task api." in plan.page.text)
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen)


async def test_a_protected_context_asks_for_its_name() -> None:
    async with acting(actions=HandActions(guarded=("prod",))) as (pilot, screen, hand):
        await pilot.press("b")
        await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen))
        await pilot.press("enter")
        await pilot.press(*"prd", "enter")
        assert not hand.begun
        await pilot.press("backspace", *"od", "enter")
        await until(pilot, lambda: pilot.app.screen is screen)
        assert hand.begun == [("p1", ("prod",))]


def said(banner: Banner) -> str:
    """What a banner says."""
    return " ".join(span.text for line in banner.lines for span in line.left)


@pytest.mark.parametrize("size", [(160, 48), (80, 24)])
async def test_a_plan_that_has_changed_is_shown_anew_with_what_has_changed_before_it_is_begun(size: tuple[int, int]) -> None:
    steps = (*PLAN.steps, msgspec.structs.replace(PLAN.steps[0], id="web2", target="web:1", what="Run the task web."))
    later = msgspec.structs.replace(PLAN, id="p2", steps=steps)
    async with acting(size, HandActions(later=later)) as (pilot, screen, hand):
        await pilot.press("b")
        await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen))
        await pilot.press("enter")
        plan = pilot.app.screen
        assert isinstance(plan, PlanScreen)
        await until(pilot, lambda: "web:1 is needed now as well" in said(plan.heading))
        assert "Nothing was started" in said(plan.heading)
        assert plan.steps.row_count == len(steps)
        assert not hand.begun
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen is screen)
        assert hand.begun == [("p2", ())]


async def test_nothing_is_begun_where_nothing_may_be_written() -> None:
    async with acting(actions=HandActions(can_write=False)) as (pilot, _, hand):
        await pilot.press("b")
        await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen))
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, PlanScreen)
        assert not hand.begun


async def test_what_keeps_a_plan_from_beginning_is_said() -> None:
    async with acting(actions=HandActions(refuses=True)) as (pilot, _, hand):
        await pilot.press("b")
        await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen))
        await pilot.press("enter")
        await until(pilot, lambda: len(pilot.app._notifications) > 0)
        assert isinstance(pilot.app.screen, PlanScreen)
        assert not hand.begun


async def test_the_board_shows_how_far_every_image_is() -> None:
    async with acting() as (pilot, screen, hand):
        await pilot.press("5")
        await until(pilot, lambda: screen.notice.display and "b plans a rebuild" in screen.notice.text)
        screen.app.board = BOARD
        await on_board(pilot, screen, 5)
        shown = text_of(screen)
        assert "2 ●" in shown
        assert "wave 2 of 3" in shown
        assert "failed: FROM node:14 not found" in shown
        await pilot.press("j", "j", "j", "X")
        await until(pilot, lambda: hand.cancelled == ["ledger:2.1"])
        await pilot.press("L")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunLogScreen))
        log = pilot.app.screen
        assert isinstance(log, RunLogScreen)
        await until(pilot, lambda: "Step 199/200" in log.page.text and "complete" in log.remark)


async def test_cancel_is_about_the_marked_rows_wherever_the_cursor_is() -> None:
    async with acting() as (pilot, screen, hand):
        await pilot.press("5")
        screen.app.board = BOARD
        await until(pilot, lambda: screen.outline.row_count == 5)
        await pilot.press("j", "j", "space", "g", "j", "j", "j", "space")
        await until(pilot, lambda: len(screen.outline.marked) == 2)
        await pilot.press("g", "X")
        await until(pilot, lambda: len(hand.cancelled) == 2)
        assert "ledger:2.1" in hand.cancelled


async def test_a_board_at_80_columns_keeps_name_way_and_sentence() -> None:
    async with acting((80, 24)) as (pilot, screen, _):
        screen.app.board = BOARD
        await pilot.press("5")
        await on_board(pilot, screen, 5)
        shown = text_of(screen)
        assert "payments-api:1.8.2" in shown
        assert "waits for its signature" in shown
        assert "●─●─◉" in shown.replace("● ", "●─")


async def test_a_filter_for_the_fault_leaves_the_board_whole_and_a_name_narrows_it() -> None:
    async with acting() as (pilot, screen, _):
        screen.app.board = BOARD
        await pilot.press("slash", *"is:running", "enter")
        await until(pilot, lambda: screen.answer.display)
        await pilot.press("5")
        await on_board(pilot, screen, 5)
        await until(pilot, lambda: not screen.answer.display)
        assert "is:running   not in this view" in text_of(screen)
        await pilot.press("1")
        await until(pilot, lambda: screen.answer.display)
        await pilot.press("5")
        await pilot.press("escape", "slash", *"ledger", "enter")
        await on_board(pilot, screen, 3)
        shown = text_of(screen)
        assert "ledger:2.1" in shown
        assert "legacy-admin:0.9" in shown, "what failed is never hidden"
        assert "2 running" in shown, "a plan counts all its rows"


async def test_an_empty_board_is_not_said_to_lack_what_a_filter_asks_of_the_estate() -> None:
    async with acting() as (pilot, screen, _):
        await pilot.press("slash", *"is:running", "enter", "5")
        await until(pilot, lambda: screen.notice.display and "b plans a rebuild" in screen.notice.text)
        assert "match" not in screen.notice.text
        assert not screen.answer.display
        await pilot.press("escape", "f")
        await until(pilot, lambda: "faults only   not in this view" in text_of(screen))
        assert "b plans a rebuild" in screen.notice.text
        await pilot.press("f")
        await pilot.press("slash", *" image:")
        await until(pilot, lambda: screen.filtering.wrong is not None)
        await pilot.press("escape")


async def test_a_plan_that_was_interrupted_is_taken_up_again_when_asked() -> None:
    stopped = Board((msgspec.structs.replace(BOARD.plans[0], running=False),), BOARD.rows)
    async with acting() as (pilot, screen, hand):
        screen.app.board = stopped
        await pilot.press("5")
        await on_board(pilot, screen, 5)
        await pilot.press("g", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, QuestionScreen))
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen)
        assert not hand.begun
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, QuestionScreen))
        await pilot.press("enter")
        await until(pilot, lambda: hand.begun == [("p1", ())])


async def test_leaving_says_what_is_under_way() -> None:
    async with acting() as (pilot, screen, _):
        screen.app.board = BOARD
        await pilot.press("q")
        await until(pilot, lambda: isinstance(pilot.app.screen, QuestionScreen))
        lines = pilot.app.screen.query_one(Banner).lines
        assert "2 steps are under way" in lines[0].left[0].text
        assert "resumes them" in lines[1].left[0].text


async def test_who_redeploys_a_workload_means_no_other_that_runs_its_image() -> None:
    async with acting() as (pilot, screen, hand):
        await pilot.press("2")
        await until(pilot, lambda: screen.view.id == "workloads" and screen.outline.row_count > 3)
        key = next(key for key in screen.outline.keys if isinstance(key[-1], ObjectKey))
        assert screen.outline.select(key)
        await pilot.press("r")
        await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen))
        _, images, workloads, _ = hand.asked[-1]
        assert not images
        assert key[-1] in workloads
        assert len(workloads) == 1
        await pilot.press("escape", "b")
        await until(pilot, lambda: len(hand.asked) == 2)
        assert hand.asked[-1][1], "what is rebuilt are the images that run there"
