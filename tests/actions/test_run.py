"""Plans carried out against an outside that behaves, and one that does not."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from tests.actions.plans import plan_of, rebuild, restart
from tests.actions.world import Fault, HandLocks, World
from tui.actions.run import PlanRun
from tui.actions.transitions import ProofKind, Stage
from tui.domain.facts.image import Locks
from tui.domain.facts.rights import Right, RightState
from tui.domain.plans.board import BoardState, Milestone
from tui.domain.plans.gitops import NEW_DIGEST
from tui.domain.plans.plan import Plan, StepKind

APPS = plan_of(
    rebuild("python", number=1),
    rebuild("api", needs=("python",), wave=2, number=2),
    restart("web", needs=("api",), wave=3, image="api"),
)


def events(world: World, machine: str = "here") -> list[tuple[str, str]]:
    """What the audit log tells: event and step."""
    path = world.directory / machine / "audit.jsonl"
    return [(line["event"], line.get("step", "")) for line in map(json.loads, path.read_text().splitlines())]


async def carried(tmp_path: Path, plan: Plan = APPS, **faults: Fault) -> tuple[World, dict[str, Stage]]:
    """A plan carried out with faults, and the stages in which its steps ended."""
    world = World(tmp_path, faults)
    run = await world.carry_out(world.plan(plan))
    return world, {step: record.stage for step, record in run.ledger.records.items()}


async def test_a_base_is_rebuilt_before_what_stands_on_it_and_all_is_proven(tmp_path: Path) -> None:
    world = World(tmp_path)
    run = await world.carry_out(world.plan(APPS))
    assert {step: record.stage for step, record in run.ledger.records.items()} == {
        "python": Stage.VERIFIED,
        "api": Stage.VERIFIED,
        "web": Stage.CONVERGED,
    }
    assert world.done == ["python", "api", "web"]
    base = next(proof for proof in run.ledger.records["api"].proofs if proof.kind is ProofKind.BASE)
    assert base.value == run.ledger.records["python"].digest
    rows = run.board.rows
    assert [(row.title, row.state, row.at) for row in rows] == [
        ("python:1", BoardState.DONE, None),
        ("api:1", BoardState.DONE, None),
    ]
    assert rows[1].passed == frozenset(Milestone)
    assert len(rows[1].proofs) == 6, "pushed, on its base, whole, signed, scanned, and the pods"
    assert all(sentence.endswith(".") for sentence in rows[1].proofs)
    assert events(world)[0] == ("begun", "")
    assert events(world)[-1] == ("ended", "")


async def test_a_patch_for_git_says_at_the_end_what_was_pushed(tmp_path: Path) -> None:
    owned = msgspec.structs.replace(
        restart("web", needs=("api",), image="api", kind=StepKind.PIN), blocked="Flux owns it.", remedy=f"image: api@{NEW_DIGEST}"
    )
    for fault in (Fault.NONE, Fault.FAILS):
        world = World(tmp_path / fault.name, {"api": fault})
        run = await world.carry_out(world.plan(plan_of(rebuild("api"), owned)))
        record, pushed = run.ledger.records["web"], run.ledger.records["api"].digest
        assert record.stage is Stage.HELD
        assert record.remedy == (f"image: api@{pushed}" if fault is Fault.NONE else "")


@pytest.mark.parametrize(
    ("fault", "stage", "sent"),
    [
        (Fault.ANSWER_LOST, Stage.VERIFIED, 1),
        (Fault.SIGN_IN_LAPSES, Stage.VERIFIED, 1),
        (Fault.THROTTLED, Stage.VERIFIED, 2),
        (Fault.UNTOLD, Stage.VERIFIED, 1),
        (Fault.LOST_BEFORE, Stage.UNKNOWN, 1),
        (Fault.TWINS, Stage.UNKNOWN, 1),
        (Fault.DOWN, Stage.FAILED, 1),
        (Fault.REFUSED, Stage.DENIED, 1),
        (Fault.SIGNED_OUT, Stage.DENIED, 1),
        (Fault.GONE, Stage.FAILED, 0),
        (Fault.DISABLED, Stage.FAILED, 0),
        (Fault.FAILS, Stage.FAILED, 1),
        (Fault.CANCELLED, Stage.FAILED, 1),
        (Fault.NOTHING, Stage.FAILED, 1),
        (Fault.ELSEWHERE, Stage.FAILED, 1),
        (Fault.SAME, Stage.FAILED, 1),
        (Fault.OLD_BASE, Stage.FAILED, 1),
        (Fault.ONE_PLATFORM, Stage.FAILED, 1),
        (Fault.UNSIGNED, Stage.FAILED, 1),
        (Fault.UNSCANNED, Stage.UNKNOWN, 1),
        (Fault.TAG_MOVED, Stage.FAILED, 1),
    ],
)
async def test_a_bad_build_ends_as_what_it_is_and_nothing_after_it_is_begun(
    tmp_path: Path, fault: Fault, stage: Stage, sent: int
) -> None:
    world, stages = await carried(tmp_path, api=fault)
    assert stages["python"] is Stage.VERIFIED
    assert stages["api"] is stage
    assert world.sends.count("api") == sent
    assert stages["web"] is (Stage.CONVERGED if stage is Stage.VERIFIED else Stage.HELD)
    assert ("web" in world.sends) == (stage is Stage.VERIFIED)


async def test_scanners_are_asked_again_while_their_word_is_waited_for(tmp_path: Path) -> None:
    world, _ = await carried(tmp_path)
    before = world.scans_asked
    world, _ = await carried(tmp_path / "later", api=Fault.UNSCANNED)
    assert world.scans_asked > before


@pytest.mark.parametrize(
    ("fault", "stage"),
    [
        (Fault.ANSWER_LOST, Stage.CONVERGED),
        (Fault.LOST_BEFORE, Stage.UNKNOWN),
        (Fault.DOWN, Stage.FAILED),
        (Fault.REFUSED, Stage.DENIED),
        (Fault.CHANGED, Stage.CHANGED),
        (Fault.GONE, Stage.FAILED),
        (Fault.STALLED, Stage.UNKNOWN),
        (Fault.UNDONE, Stage.FAILED),
    ],
)
@pytest.mark.parametrize("kind", [StepKind.RESTART, StepKind.PIN])
async def test_a_bad_rollout_ends_as_what_it_is(tmp_path: Path, fault: Fault, stage: Stage, kind: StepKind) -> None:
    plan = plan_of(rebuild("api"), restart("web", needs=("api",), image="api", kind=kind))
    world, stages = await carried(tmp_path, plan, web=fault)
    assert stages == {"api": Stage.VERIFIED, "web": stage}
    assert world.sends.count("web") == (0 if fault is Fault.GONE else 1)


@pytest.mark.parametrize(
    ("fault", "stage"),
    [
        (Fault.NONE, Stage.APPLIED),
        (Fault.ANSWER_LOST, Stage.APPLIED),
        (Fault.LOST_BEFORE, Stage.UNKNOWN),
        (Fault.REFUSED, Stage.DENIED),
        (Fault.CHANGED, Stage.CHANGED),
    ],
)
async def test_a_lock_is_proven_by_reading_it_back(tmp_path: Path, fault: Fault, stage: Stage) -> None:
    steps = [
        restart(name, kind=kind, image="api") for name, kind in (("lock-api", StepKind.LOCK), ("stop", StepKind.SCALE_TO_ZERO))
    ]
    world, stages = await carried(tmp_path, plan_of(*steps), **{"lock-api": fault})
    assert stages == {"lock-api": stage, "stop": Stage.CONVERGED}
    assert world.sends.count("lock-api") == 1


async def test_a_lock_that_somebody_else_has_put_needs_no_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is there already is followed, as a run and a pin are: nothing is to be sent."""

    async def missing(*_: object) -> tuple[Right, ...]:
        return (Right("metadata/write", "api", RightState.MISSING),)

    async def locked(*_: object) -> Locks:
        return Locks(delete=False, write=False)

    monkeypatch.setattr(HandLocks, "rights", missing)
    _, stages = await carried(tmp_path, plan_of(restart("lock-api", kind=StepKind.LOCK, image="api")))
    assert stages == {"lock-api": Stage.DENIED}
    monkeypatch.setattr(HandLocks, "read", locked)
    world, stages = await carried(tmp_path / "again", plan_of(restart("lock-api", kind=StepKind.LOCK, image="api")))
    assert (stages, world.sends) == ({"lock-api": Stage.APPLIED}, [])


async def test_one_job_that_builds_several_images_runs_once_for_each_and_no_run_counts_twice(tmp_path: Path) -> None:
    first, second = rebuild("api"), rebuild("web", number=2)
    plan = plan_of(first, msgspec.structs.replace(second, job=first.job))
    world = World(tmp_path)
    world.forgets_marks = True
    run = await world.carry_out(world.plan(plan))
    runs = [record.run.id for record in run.ledger.records.values() if record.run is not None]
    assert len(set(runs)) == len(runs) == len(world.done) == 2


async def test_what_needs_a_step_that_was_left_is_left_as_well_and_resumed_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has stopped a plan, or had no room on the disk, goes on with all of it and not with its first wave alone."""
    world, opened = World(tmp_path), PlanRun.open

    async def stopped(run: PlanRun) -> None:
        await opened(run)
        await run.stop()

    with monkeypatch.context() as patched:
        patched.setattr(PlanRun, "open", stopped)
        run = await world.carry_out(world.plan(APPS))
    assert {record.stage for record in run.ledger.records.values()} == {Stage.PLANNED}
    assert "which was left for later" in run.ledger.records["web"].sentence
    assert run.ledger.execution.ended is None
    run = await world.carry_out(world.plan(APPS))
    assert {row.state for row in run.board.rows} == {BoardState.DONE}
    assert run.ledger.execution.ended is not None


@pytest.mark.parametrize(
    "kind", [StepKind.RESTART, StepKind.PIN, StepKind.SCALE_TO_ZERO, StepKind.LOCK, StepKind.DISABLE_READ], ids=str
)
async def test_the_second_of_two_operators_follows_what_the_first_has_done(tmp_path: Path, kind: StepKind) -> None:
    """Two plans of the same moment: nothing is done twice, and the second is told that somebody else did it."""
    world = World(tmp_path)
    plan = world.plan(plan_of(rebuild("api"), restart("web", needs=("api",), image="api", kind=kind)))
    await world.carry_out(plan, "there")
    run = await world.carry_out(plan, "here")
    record = run.ledger.records["web"]
    assert [*Counter(world.done).values()] == [1, 1]
    assert (record.green, record.adopted, record.sent) == (True, True, None)
    assert {("adopted", "api"), ("adopted", "web")} <= {*events(world)}
    assert {row.state for row in run.board.rows} == {BoardState.DONE}
    assert run.board.rows[-1].passed >= run.board.rows[-1].asked - {Milestone.QUEUED}
