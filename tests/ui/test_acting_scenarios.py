"""What was found is mended from the explorer, on an embedded estate of its own, within the keys that it may take."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from tests.ui.driving import Settings as Looks
from tests.ui.driving import text_of, until
from tests.ui.test_scenarios import LOADING, Operator
from tui.actions.actions import Actions
from tui.domain.answers.mending import MendingKind
from tui.domain.plans.board import BoardRow, BoardState, Milestone
from tui.domain.plans.plan import Plan, StepKind
from tui.estate.estate import Estate
from tui.presenters.untold import not_told
from tui.settings.settings import Settings
from tui.ui.app import TrustreeApp
from tui.ui.screens.explorer import ExplorerScreen
from tui.ui.screens.keys import keys_of
from tui.ui.screens.plan import PlanScreen
from tui.wiring.opening import opened_to_act

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("acting estate"), pytest.mark.writes]
DOING = 150.0
"""Seconds for a build, its proofs and the rollout, on a machine that does other things too."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def acting(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Estate, Actions]]:
    """The demo, loaded, and what changes it."""
    state: Path = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(state))
        async with opened_to_act(Settings(demo="contoso", write=True)) as (estate, actions):
            assert await estate.settled(LOADING)
            yield estate, actions


@asynccontextmanager
async def operator(acting: tuple[Estate, Actions], size: tuple[int, int]) -> AsyncIterator[Operator]:
    """The explorer on the estate that may be changed."""

    @asynccontextmanager
    async def opener() -> AsyncIterator[tuple[Estate, Actions]]:
        yield acting

    app = TrustreeApp(Looks(write=True), opener)
    async with app.run_test(size=size) as pilot:
        screen = app.screen
        assert isinstance(screen, ExplorerScreen)
        await until(pilot, lambda: screen.outline.row_count > 0 and screen.outline.size.height > 1, "rows")
        yield Operator(pilot, screen)


def plan_shown(ops: Operator) -> Plan:
    """The plan on the screen."""
    shown = ops.screen.app.screen
    assert isinstance(shown, PlanScreen)
    return shown._plan


async def planned(ops: Operator) -> None:
    """Wait for the plan, which is read."""
    await ops.sees(lambda: isinstance(ops.pilot.app.screen, PlanScreen), "a plan")


async def done(ops: Operator, of: Callable[[BoardRow], bool]) -> list[BoardRow]:
    """The rows of the board when nothing is left to do."""
    async with asyncio.timeout(DOING):
        while True:
            board = ops.screen.app.board
            rows = [row for row in board.rows if of(row)]
            if rows and all(row.state not in (BoardState.RUNNING, BoardState.WAITING) for row in rows):
                return rows
            await ops.pilot.pause(0.2)


@pytest.mark.parametrize(("verb", "kinds"), [("redeploy", {StepKind.RESTART, StepKind.PIN}), ("contain", {StepKind.LOCK})])
async def test_the_other_verbs_have_all_that_was_found_by_name(
    acting: tuple[Estate, Actions], verb: str, kinds: set[StepKind]
) -> None:
    """They stand first: what the tests below carry out moves what is found here."""
    async with operator(acting, (80, 24)) as ops:
        await ops.filter("drift:moved payments/worker")
        await ops.press("enter", "colon", *f"{verb} all", "enter")
        await planned(ops)
        assert kinds & {step.kind for step in plan_shown(ops).steps}
        await ops.press("escape")
        await ops.sees(lambda: ops.screen.app.screen is ops.screen, "the rows")


@pytest.mark.parametrize(("size", "image"), [((160, 48), "data/reports"), ((80, 24), "payments/worker")])
async def test_s6_from_an_outdated_image_to_its_new_pods_takes_five_keys(
    acting: tuple[Estate, Actions], size: tuple[int, int], image: str
) -> None:
    async with operator(acting, size) as ops:
        await ops.filter(f"is:outdated {image}")
        await ops.press("enter", "b")
        await planned(ops)
        await ops.press("enter")
        name = image.removeprefix("payments")  # names are shortened in front of what tells them apart
        await ops.sees(lambda: ops.screen.view.id == "activity" and name in text_of(ops.screen), "the board")
        assert ops.keys <= 5
        rows = await done(ops, lambda row: image in row.title)
        assert [(row.state, row.sentence) for row in rows if row.state is not BoardState.DONE] == []
        assert all(row.passed | row.waived == row.asked and Milestone.CONVERGED in row.passed for row in rows)


@pytest.mark.parametrize("size", [(160, 48), (80, 24)])
async def test_s6_all_that_was_found_is_planned_by_one_key_and_the_plan_is_what_the_answer_says(
    acting: tuple[Estate, Actions], size: tuple[int, int]
) -> None:
    async with operator(acting, size) as ops:
        assert ops.screen.check_action("act_on_found", ("rebuild",)) is None, "nothing is asked for yet"
        await ops.filter("is:outdated is:running")
        await ops.press("enter")
        await ops.answered("fix")
        await ops.sees(lambda: ("B", "rebuild all", True) in keys_of(ops.screen.app.screen), "the key")
        built = ops.screen.built
        assert built is not None
        assert built.answer is not None
        await ops.press("B")
        await planned(ops)
        assert ops.keys <= 4
        steps = [step for step in plan_shown(ops).steps if step.kind is StepKind.REBUILD]
        stages = built.answer.mending.steps
        assert len(steps) == sum(stage.number for stage in stages if stage.kind is not MendingKind.WORKLOADS) > 1
        assert plan_shown(ops).query == "is:outdated is:running"
        is_told = any(words.startswith("Whether the query means") for words in plan_shown(ops).unknown)
        assert is_told or not not_told(built), "of what could not be told the plan says nothing"
        await ops.press("escape")
        await ops.sees(lambda: ops.screen.app.screen is ops.screen, "the rows")


@pytest.mark.parametrize("before", ["", "is:running"], ids=["unfiltered", "filtered"])
async def test_all_that_was_found_is_what_the_newest_filter_finds_though_its_rows_are_not_there_yet(
    acting: tuple[Estate, Actions], before: str
) -> None:
    async with operator(acting, (80, 24)) as ops:
        if before:
            await ops.filter(before)
            await ops.press("enter")
            await ops.answered("runs")
        screen = ops.screen
        screen.narrow(screen.chosen._replace(query="is:outdated is:running"))
        assert screen.check_action("act_on_found", ("rebuild",))
        screen.action_act_on_found("rebuild")
        await planned(ops)
        assert plan_shown(ops).query == "is:outdated is:running"
        assert screen.built is not None
        assert screen.built.answer is not None
        steps = [step for step in plan_shown(ops).steps if step.kind is StepKind.REBUILD]
        stages = screen.built.answer.mending.steps
        assert len(steps) == sum(stage.number for stage in stages if stage.kind is not MendingKind.WORKLOADS) > 1
        await ops.press("escape")
        await ops.sees(lambda: ops.screen.app.screen is ops.screen, "the rows")


async def test_what_waits_for_a_filter_is_forgotten_with_it(acting: tuple[Estate, Actions]) -> None:
    async with operator(acting, (80, 24)) as ops:
        screen = ops.screen
        screen.narrow(screen.chosen._replace(query="is:outdated"))
        screen.action_act_on_found("rebuild")
        screen.narrow(screen.chosen._replace(query="is:running"))
        await ops.sees(lambda: screen.check_action("act_on_found", ("rebuild",)) is True and screen.built is not None, "the rows")
        await ops.answered("runs")
        assert screen.app.screen is screen


async def test_s8_from_the_dossier_of_a_digest_to_the_plan_that_contains_it_takes_four_keys(
    acting: tuple[Estate, Actions],
) -> None:
    """A digest is pasted, its dossier says what is known and where the key is, and the key makes the plan."""
    async with operator(acting, (80, 24)) as ops:
        image = next(image for image in ops.snapshot.images.values() if image.key.repository == "payments/worker" and image.pods)
        await ops.filter(f"digest:{image.key.digest[:19]}")
        await ops.answered("built ", "pushed ", "K contains it")
        await ops.press("enter", "K")
        await ops.sees(lambda: "Making a plan" in text_of(ops.screen) or isinstance(ops.screen.app.screen, PlanScreen), "a sign")
        await planned(ops)
        assert ops.keys <= 4
        steps = plan_shown(ops).steps
        assert any("payments/worker" in step.target for step in steps)
        kinds = {step.kind for step in steps}
        assert {StepKind.LOCK, StepKind.DISABLE_READ} <= kinds
        assert kinds & {StepKind.ROLL_BACK, StepKind.SCALE_TO_ZERO}
        await ops.press("escape")
        await ops.sees(lambda: ops.screen.app.screen is ops.screen, "the rows")


async def test_reading_again_and_beginning_a_plan_say_so_at_once(
    acting: tuple[Estate, Actions], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with operator(acting, (80, 24)) as ops:
        told: list[str] = []
        monkeypatch.setattr(ops.screen.app, "notify", lambda message, **_: told.append(message))
        await ops.press("R")
        assert told == ["Reading everything again."]
        await ops.filter("data/reports is:running")
        await ops.press("enter", "K")
        assert told[-1] == "Making a plan."
        await planned(ops)
        begun = asyncio.Event()

        async def begin(*_: object) -> None:
            await begun.wait()

        monkeypatch.setattr(acting[1], "begin", begin)
        await ops.press("enter", "enter", "escape")
        assert told[-1] == "Beginning: what is so now is held against the plan."
        assert isinstance(ops.screen.app.screen, PlanScreen), "what begins is not cut off half-way"
        begun.set()
        await ops.sees(lambda: ops.screen.view.id == "activity", "the board")


async def test_s8_how_a_compromised_image_is_contained_takes_four_keys_and_one_more_does_it(
    acting: tuple[Estate, Actions],
) -> None:
    async with operator(acting, (80, 24)) as ops:
        await ops.filter("data/reports is:running")
        await ops.press("enter", "K")
        await planned(ops)
        assert ops.keys <= 4
        await ops.press("enter")
        await ops.sees(lambda: ops.screen.view.id == "activity" and "data/reports" in text_of(ops.screen), "the board")
        rows = await done(ops, lambda row: row.plan.startswith("contain"))
        assert [(row.title, row.state, row.sentence) for row in rows if row.state is not BoardState.DONE] == []
        assert any("read off" in row.sentence for row in rows), "nobody can pull it any more"
        assert any(Milestone.ROLLING in row.passed for row in rows), "and its pods are gone, or run another"
