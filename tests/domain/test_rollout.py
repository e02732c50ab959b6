"""A rollout's state as a value: when it is settled, and what cannot be done."""

from __future__ import annotations

import msgspec
import pytest

from tui.domain.facts.image import Locks
from tui.domain.facts.rollout import RolloutState, RunningImage, WorkloadChange
from tui.domain.facts.workload import ObjectKey

STATE = RolloutState(
    key=ObjectKey("prod", "shop", "Deployment", "web"),
    uid="u",
    api_version="apps/v1",
    resource_version="7",
    generation=3,
    observed=3,
    desired=2,
    replicas=2,
    updated=2,
    ready=2,
    available=2,
)


@pytest.mark.parametrize(
    ("changes", "settled"),
    [
        ({}, True),
        ({"observed": 2}, False),
        ({"replicas": 3}, False),  # an old pod still ends
        ({"updated": 1}, False),
        ({"available": 1}, False),
        ({"observed": None}, None),
        ({"desired": None}, None),
        ({"available": None}, None),
        ({"observed": 2, "available": None}, False),
    ],
)
def test_a_rollout_is_settled_as_kubectl_tells(changes: dict[str, int | None], settled: bool | None) -> None:
    assert msgspec.structs.replace(STATE, **changes).settled is settled


def test_what_cannot_be_done_is_said_for_that_change_alone() -> None:
    bare = msgspec.structs.replace(STATE, restartable="A bare pod has nobody who makes it anew.")
    assert bare.obstacle(WorkloadChange.RESTART)
    assert not bare.obstacle(WorkloadChange.PIN)
    assert not bare.obstacle(WorkloadChange.SCALE)


def test_digests_are_told_by_container_and_unknown_without_pods() -> None:
    api, proxy = RunningImage("api", "a:1", "sha256:1", 2), RunningImage("proxy", "b:1", "sha256:2", 2)
    assert msgspec.structs.replace(STATE, running=(api, proxy)).digests("api") == (api,)
    assert STATE.digests("api") is None


def test_locks_change_only_what_they_are_for() -> None:
    before = Locks(list=False, quarantine="Passed")
    assert before.locked == Locks(delete=False, write=False, list=False, quarantine="Passed")
    assert before.unreadable == Locks(read=False, list=False, quarantine="Passed")
