"""A restart that somebody repeated, and one that was undone: told apart by when the last one was wished for."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any

import msgspec
import pytest

from tests.actions.plans import NOW, digest, restart
from tui.actions.adopting import adoption_of
from tui.actions.converge import RolloutGoal, converge, is_made
from tui.actions.transitions import Proof, StepRecord
from tui.actions.verify import Refuted
from tui.domain.facts.rollout import RolloutState, RunningImage
from tui.domain.facts.workload import ObjectKey

STEP = restart("web")
WANTED = RolloutGoal(digests={"main": frozenset({digest(2)})}, restarted_at=NOW)


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


AFTER, BEFORE = (NOW + timedelta(seconds=30)).isoformat(), (NOW - timedelta(seconds=30)).isoformat()
OLD_PODS = (RunningImage("main", "r.example/web:1", digest(1), pods=1, ready=1),)


@pytest.mark.parametrize(
    ("changes", "follows"),
    [
        ({"restarted_at": AFTER}, True),
        ({"restarted_at": AFTER, "running": OLD_PODS, "updated": 0}, True),
        ({"restarted_at": AFTER, "running": OLD_PODS, "observed": 1}, True),
        ({"restarted_at": AFTER, "running": OLD_PODS}, False),
        ({"restarted_at": AFTER, "running": None}, False),
        ({"restarted_at": BEFORE}, False),
        ({"restarted_at": BEFORE, "running": OLD_PODS, "updated": 0}, False),
        ({"restarted_at": ""}, False),
        ({"restarted_at": "soon"}, False),
    ],
)
def test_a_restart_of_somebody_else_since_the_plan_is_followed_when_its_pods_run_the_new_image_or_are_replaced(
    changes: dict[str, Any], follows: bool
) -> None:
    """One that was done before the new image was there has started the old one: then it is still to be done."""
    seen = msgspec.structs.replace(state(""), **changes)
    adoption = adoption_of(STEP, msgspec.structs.replace(WANTED, restarted_at=None), seen, NOW, NOW + timedelta(minutes=5))
    assert (adoption is not None) is follows
    if adoption is not None:
        assert adoption.restarted == NOW + timedelta(seconds=30)
        assert "after the plan was made: that is followed." in adoption.words


@pytest.mark.parametrize(("running", "follows"), [(OLD_PODS, False), (state("").running, True)])
def test_a_restart_before_the_new_image_was_pushed_is_followed_only_where_all_pods_run_that(
    running: tuple[RunningImage, ...], follows: bool
) -> None:
    """While it was under way its pods pulled the old image: nobody would replace these once more."""
    seen = msgspec.structs.replace(state(AFTER), running=running, updated=0 if running is OLD_PODS else 1)
    pushed = NOW + timedelta(seconds=31)
    adoption = adoption_of(
        STEP, msgspec.structs.replace(WANTED, restarted_at=None), seen, NOW, NOW + timedelta(minutes=5), pushed
    )
    assert (adoption is not None) is follows


def test_a_restart_is_told_in_utc_whatever_zone_it_was_written_in() -> None:
    """`kubectl rollout restart` writes the local time with its offset."""
    at = NOW + timedelta(seconds=30)
    seen = state(at.astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat())
    adoption = adoption_of(STEP, msgspec.structs.replace(WANTED, restarted_at=None), seen, NOW, NOW + timedelta(minutes=5))
    assert adoption is not None
    assert adoption.words.startswith(f"Somebody else restarted it at {at:%H:%M:%S} UTC,")


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_restart_at_no_moment_of_utc_is_none(moment: str) -> None:
    assert adoption_of(STEP, msgspec.structs.replace(WANTED, restarted_at=None), state(moment), NOW, NOW) is None


def test_where_it_is_not_known_what_is_to_run_no_restart_is_taken_for_ours() -> None:
    for digests in ({}, {"main": frozenset[str]()}):
        assert adoption_of(STEP, RolloutGoal(digests=digests), state(AFTER), NOW, NOW) is None


def test_a_restart_of_somebody_else_is_not_taken_for_a_lost_one() -> None:
    assert not is_made(WANTED, state((NOW + timedelta(seconds=5)).isoformat()))
