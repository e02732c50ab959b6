"""When a workload has arrived: a CronJob keeps the pods of its Jobs that have ended, and those run nothing any more."""

from __future__ import annotations

import msgspec
import pytest

from tests.actions.plans import NOW, digest, restart
from tui.actions.converge import RolloutGoal, converge
from tui.actions.transitions import Proof, StepRecord
from tui.actions.verify import Awaited
from tui.domain.facts.rollout import RolloutState, RunningImage
from tui.domain.facts.workload import ContainerType, ObjectKey, TemplateContainer
from tui.domain.plans.plan import StepKind

KEY = ObjectKey("prod-weu", "prod", "CronJob", "settle")
PINNED = f"contoso.azurecr.io/settle:1@{digest(2)}"
PIN = RolloutGoal(digests={"main": frozenset({digest(2)})}, images={"main": PINNED})
SUSPEND = RolloutGoal(replicas=0)


def cron_job(*running: RunningImage, suspended: bool = False) -> RolloutState:
    containers = (TemplateContainer("main", ContainerType.CONTAINER, PINNED),)
    state = RolloutState(key=KEY, uid="u", api_version="batch/v1", resource_version="7", containers=containers)
    return msgspec.structs.replace(state, running=running, suspended=suspended)


def pods(number: int, *, ended: int, count: int = 3) -> RunningImage:
    """Pods of its Jobs, of which some have ended."""
    return RunningImage("main", "contoso.azurecr.io/settle:1", digest(number), count, 0, None, ended)


@pytest.mark.parametrize(
    ("change", "running", "is_there"),
    [
        pytest.param(PIN, (pods(1, ended=3),), True, id="the Jobs of the old image have ended"),
        pytest.param(PIN, (pods(1, ended=2),), False, id="one of them runs still"),
        pytest.param(PIN, (pods(1, ended=3), pods(2, ended=0, count=1)), True, id="the next runs the new image"),
        pytest.param(PIN, (), True, id="none was kept"),
        pytest.param(SUSPEND, (pods(1, ended=3),), True, id="suspended, and all have ended"),
        pytest.param(SUSPEND, (pods(1, ended=2),), False, id="suspended, and one runs still"),
        pytest.param(SUSPEND, (), True, id="suspended, and none was kept"),
    ],
)
def test_pods_of_jobs_that_have_ended_hold_nothing_up(
    change: RolloutGoal, running: tuple[RunningImage, ...], is_there: bool
) -> None:
    kind = StepKind.PIN if change is PIN else StepKind.SCALE_TO_ZERO
    state = cron_job(*running, suspended=change is SUSPEND)
    verdict = converge(restart("settle", kind=kind), StepRecord(since=NOW), change, state, NOW)
    assert isinstance(verdict, Proof if is_there else Awaited), verdict


def test_what_cannot_be_read_is_waited_for() -> None:
    state = msgspec.structs.replace(cron_job(suspended=True), running=None)
    for change in (PIN, SUSPEND):
        assert isinstance(converge(restart("settle"), StepRecord(since=NOW), change, state, NOW), Awaited)
