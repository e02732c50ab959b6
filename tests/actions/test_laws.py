"""Bad days in any order: nothing is sent twice, nothing is green without its proof, and the audit log tells of every send."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from tests.actions.plans import plan_of, rebuild, restart
from tests.actions.world import Fault, Killed, World
from tests.laws import examples
from tui.actions.audit import AuditFault
from tui.actions.run import PlanRun
from tui.actions.state import StateFault, StateFiles
from tui.actions.transitions import ProofKind, Stage, StepRecord
from tui.actions.verify import same_content
from tui.domain.facts.image import RepositoryName
from tui.domain.plans.plan import Plan, Step, StepKind
from tui.errors import UsageError

PLANS = (
    plan_of(rebuild("api")),
    plan_of(rebuild("python"), rebuild("api", needs=("python",), wave=2, number=2), rebuild("web", number=3)),
    plan_of(
        rebuild("python"),
        rebuild("api", needs=("python",), wave=2, number=2),
        restart("front", needs=("api",), wave=3, image="api"),
        restart("back", needs=("api",), wave=3, image="api", kind=StepKind.PIN),
    ),
    plan_of(
        restart("lock-api", kind=StepKind.LOCK, image="api"),
        restart("unread-api", kind=StepKind.DISABLE_READ, image="api"),
        restart("stop", kind=StepKind.SCALE_TO_ZERO, image="api"),
    ),
)
MOST_RUNS = 6


@st.composite
def bad_days(draw: st.DrawFn) -> tuple[Plan, dict[str, Fault], list[int], dict[int, float], int]:
    """A plan, what goes wrong with its steps, when the program ends, when the clock jumps, from which write the disk is full."""
    plan = draw(st.sampled_from(PLANS))
    faults = {step.id: draw(st.sampled_from(Fault)) for step in plan.steps if draw(st.booleans())}
    deaths = draw(st.lists(st.integers(1, 120), max_size=3))
    jumps = draw(st.dictionaries(st.integers(1, 40), st.sampled_from([3600.0, -3600.0, 86400.0]), max_size=2))
    return plan, faults, deaths, jumps, draw(st.one_of(st.just(0), st.integers(1, 60)))


@contextmanager
def full_disk(world: World, write: int) -> Iterator[None]:
    """Every write from a number on is refused; 0: none is."""
    real = os.write

    def refuse(descriptor: int, body: bytes) -> int:
        if write and world.writes >= write:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, body)

    with mock.patch("os.write", refuse), mock.patch("os.fsync", return_value=None):
        yield


async def lived(world: World, plan: Plan, deaths: list[int], full: int) -> PlanRun | None:
    """The plan carried out, and on after each end of the program, until it has ended."""
    run = None
    for attempt in range(MOST_RUNS):
        world.dies_at = world.moments + deaths[attempt] if attempt < len(deaths) else -1
        with full_disk(world, full if attempt == 0 else 0):
            try:
                run = await world.carry_out(plan)
            except UsageError:
                return run  # it has ended
            except (StateFault, AuditFault):
                assert attempt == 0, "the disk has room again"
            except BaseExceptionGroup as group:
                killed, other = group.split(Killed)
                assert killed is not None
                assert other is None
            except Killed:
                pass
            else:
                if run.ledger.execution.ended is not None and all(record.ended for record in run.ledger.records.values()):
                    return run
    return run


def check_green(world: World, step: Step, record: StepRecord) -> None:
    """What is shown as done is so, outside."""
    kinds = {proof.kind for proof in record.proofs}
    match record.stage:
        case Stage.VERIFIED:
            assert step.image is not None
            name = step.image.name
            content = world.contents[name, record.digest]
            assert record.run is not None
            assert content.by == record.run.id
            assert content.signed is not None
            assert content.scanned is not None
            assert set(record.replaced[0].platforms) <= set(content.platforms)
            assert content.base == world.tags[world.bases[name], "12" if world.bases[name].repository == "debian" else "1"]
            assert kinds >= {ProofKind.PUSH, ProofKind.BASE, ProofKind.PLATFORMS, ProofKind.SIGNATURE, ProofKind.SCAN}
        case Stage.CONVERGED:
            assert step.workload is not None
            deployment = world.deployments[step.workload]
            if step.kind is StepKind.SCALE_TO_ZERO:
                assert deployment.replicas == 0
            else:
                assert deployment.digest in same_content(
                    world.snapshot, RepositoryName("contoso.azurecr.io", "api"), deployment.digest
                )
                assert deployment.digest != step.image.digest if step.image is not None else False
        case Stage.APPLIED:
            assert any(
                not locks.read if step.kind is StepKind.DISABLE_READ else not locks.write for locks in world.locked.values()
            )


def told_sends(world: World) -> Counter[str]:
    """How many sends of each step the audit log tells."""
    path = world.directory / "here" / "audit.jsonl"
    told: Counter[str] = Counter()
    for text in path.read_bytes().splitlines() if path.exists() else ():
        try:
            line = json.loads(text)
        except ValueError:
            continue  # a full disk has cut it
        told[line.get("step", "")] += line["event"] == "sending"
    return told


@examples(400)
@given(bad_days())
def test_whatever_happens_nothing_is_sent_twice_and_nothing_is_green_without_its_proof(
    day: tuple[Plan, dict[str, Fault], list[int], dict[int, float], int],
) -> None:
    plan, faults, deaths, jumps, full = day
    with tempfile.TemporaryDirectory() as directory:
        world = World(Path(directory), faults)
        world.clock.jumps = dict(jumps)
        world.plan(plan)
        asyncio.run(lived(world, plan, deaths, full))
        done, sends, told = Counter(world.done), Counter(world.sends), told_sends(world)
        for step in plan.steps:
            twins = faults.get(step.id) is Fault.TWINS
            assert done[step.id] <= 1, f"{step.id} was done twice"
            assert sends[step.id] <= (2 if faults.get(step.id) is Fault.THROTTLED else 1), (
                f"{step.id} was sent twice, twins {twins}"
            )
            assert sends[step.id] <= told[step.id], f"the audit log does not tell of a send of {step.id}"
        with StateFiles(world.directory / "here").claimed(plan.id, "test") as file:
            execution = file.read()
        for step in plan.steps if execution is not None else ():
            record = execution.steps[step.id] if execution is not None else None
            if record is not None and record.green:
                check_green(world, step, record)
            if execution is not None and record is not None and record.stage is Stage.HELD:
                needs = [execution.steps[need] for need in step.needs]
                assert any(need.ended and not need.green for need in needs), f"{step.id} is held back by nothing that failed"


@examples(60)
@given(
    st.sampled_from(PLANS),
    st.integers(1, 300),
    st.sampled_from([Fault.NONE, Fault.ANSWER_LOST, Fault.LOST_BEFORE, Fault.UNSIGNED]),
)
def test_a_second_operator_on_another_machine_follows_what_the_first_has_started(plan: Plan, death: int, fault: Fault) -> None:
    with tempfile.TemporaryDirectory() as directory, mock.patch("os.fsync", return_value=None):
        world = World(Path(directory), {plan.steps[0].id: fault})
        world.plan(plan)

        async def both() -> None:
            world.dies_at = death
            with suppress(Killed, BaseExceptionGroup):
                await world.carry_out(plan, "there")
            world.dies_at = -1
            await world.carry_out(plan, "here")

        asyncio.run(both())
        assert {step.id: count for step in plan.steps if (count := world.done.count(step.id)) > 1} == {}
