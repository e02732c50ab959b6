"""The law of differences: applied to the first snapshot they give the second."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain import estates as e
from tui.domain.diff import apply, diff, same_content
from tui.domain.snapshot import Snapshot
from tui.domain.trust import State

IMAGES = [*e.IMAGES, *(msgspec.structs.replace(image, pods=99, verdict=State.WARN) for image in e.IMAGES)]
WORKLOADS = [*e.WORKLOADS, *(msgspec.structs.replace(workload, pods=7) for workload in e.WORKLOADS)]
ESTATES = st.builds(
    lambda images, workloads, complete: e.estate(images, workloads, complete=complete),
    st.lists(st.sampled_from(IMAGES), unique_by=lambda image: image.key),
    st.lists(st.sampled_from(WORKLOADS), unique_by=lambda workload: workload.key),
    st.booleans(),
)


@settings(max_examples=60)
@given(ESTATES, ESTATES)
def test_applying_a_difference_gives_the_other_snapshot(one: Snapshot, other: Snapshot) -> None:
    assert same_content(apply(diff(one, other), one), other)


@settings(max_examples=20)
@given(ESTATES)
def test_a_snapshot_does_not_differ_from_itself(one: Snapshot) -> None:
    assert diff(one, one).empty


def test_names_what_came_went_and_changed() -> None:
    changed = msgspec.structs.replace(e.IMAGES[0], pods=5)
    found = diff(e.estate(e.IMAGES[:2]), e.estate((changed, e.IMAGES[2])))
    assert set(found.images.put) == {e.PYTHON, e.OLD_API}
    assert found.images.gone == {e.API}
    assert found.workloads.empty
    assert not found.empty
