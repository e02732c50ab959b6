"""A restart that somebody repeated, and one that was undone: told apart by when the last one was wished for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.actions.plans import NOW, digest, restart
from tui.actions.converge import Wanted, converge, is_made
from tui.actions.transitions import Proof, StepRecord
from tui.actions.verify import Refuted
from tui.domain.facts.rollout import RolloutState, RunningImage
from tui.domain.facts.workload import ObjectKey

STEP = restart("web")
WANTED = Wanted(digests={"main": frozenset({digest(2)})}, at=NOW)


def state(restarted_at: str) -> RolloutState:
    """A deployment whose one pod runs the new image."""
    return RolloutState(
        key=ObjectKey("prod-weu", "prod", "Deployment", "web"),
        uid="u",
        api_version="apps/v1",
        resource_version="7",
        generation=2,
        observed=2,
        desired=1,
        replicas=1,
        updated=1,
        ready=1,
        available=1,
        restarted_at=restarted_at,
        running=(RunningImage("main", "r.example/web:1", digest(2), pods=1, ready=1),),
    )


@pytest.mark.parametrize("later", [0, 1, 3600])
def test_a_restart_is_not_undone_by_a_later_one(later: int) -> None:
    moment = (NOW + timedelta(seconds=later)).isoformat()
    assert isinstance(converge(STEP, StepRecord(since=NOW), WANTED, state(moment), NOW), Proof)


@pytest.mark.parametrize("moment", ["", "soon", (NOW - timedelta(seconds=1)).isoformat()])
def test_a_restart_that_is_gone_was_undone(moment: str) -> None:
    assert isinstance(converge(STEP, StepRecord(since=NOW), WANTED, state(moment), NOW), Refuted)


def test_a_restart_of_somebody_else_is_not_taken_for_a_lost_one() -> None:
    assert not is_made(WANTED, state((NOW + timedelta(seconds=5)).isoformat()))
