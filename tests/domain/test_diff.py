"""The law of differences: applied to the first snapshot they give the second, in every field that a snapshot has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain import estates as e
from tests.laws import examples
from tui.domain.common.source_id import SourceId, SourceKind
from tui.domain.common.trust import State
from tui.domain.facts.admission import Constraint, Enforcement, Gate
from tui.domain.facts.build import BuilderKind, Job, JobKey, Run, RunState
from tui.domain.facts.retention import RegistryPolicies
from tui.domain.snapshot.diff import Diff, apply, diff, same_content
from tui.domain.snapshot.snapshot import (
    EMPTY,
    Attribution,
    AttributionBasis,
    Confidence,
    Image,
    NodeKind,
    Snapshot,
    Summary,
    UnknownBase,
    Workload,
)

KEYS = (e.API, e.OLD_API, e.PYTHON, e.DEBIAN)
PLACES = tuple(workload.key for workload in e.WORKLOADS)
DENIES = Constraint("prod-weu", "K8sAllowedRepos", "only-ours", Enforcement.DENY, total=2, images="contoso.*")
GATES = (
    Gate(SourceId(SourceKind.ADMISSION, "prod-weu")),
    Gate(SourceId(SourceKind.ADMISSION, "prod-weu"), (DENIES,), e.NOW),
    Gate(
        SourceId(SourceKind.ADMISSION, "prod-weu"), unread="It may not be read.", remedy="Ask for the right to list constraints."
    ),
    Gate(SourceId(SourceKind.ADMISSION, "prod-weu"), absent="Nothing refuses images."),
)


def table(keys: st.SearchStrategy[object], values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """A table of some of the keys."""
    return st.dictionaries(keys, values, max_size=4)


def several(values: tuple[object, ...]) -> st.SearchStrategy[object]:
    """Some of the values, each at most once."""
    return st.lists(st.sampled_from(values), unique=True, max_size=3).map(tuple)


def keyed(*things: Image | UnknownBase | Workload) -> st.SearchStrategy[object]:
    """Some of the things by their keys; of those with one key the last counts."""
    return st.lists(st.sampled_from(things), max_size=5).map(lambda chosen: {each.key: each for each in chosen})


JOBS = tuple(JobKey(BuilderKind.JENKINS, "ci", name) for name in ("web", "api"))
RUNS = tuple(Run(BuilderKind.JENKINS, "ci", "7", state, JOBS[0]) for state in (RunState.RUNNING, RunState.FAILED))
ATTRIBUTIONS = tuple(Attribution(job, AttributionBasis.IMAGES, Confidence.LIKELY, "It pushes this tag.") for job in JOBS)
OTHER_BASE = UnknownBase(e.DEBIAN, NodeKind.SHARED_LAYERS, "shared", "several repositories have them", layers=3, repositories=2)
FIELDS: Mapping[str, st.SearchStrategy[object]] = {
    "number": st.integers(1, 9),
    "as_of": st.integers(0, 9).map(lambda hours: e.NOW + timedelta(hours=hours)),
    "images": keyed(*e.IMAGES, *(msgspec.structs.replace(image, pods=99, verdict=State.WARN) for image in e.IMAGES)),
    "bases": keyed(*e.BASES, OTHER_BASE),
    "derived": table(st.sampled_from(KEYS), several(KEYS)),
    "roots": several(KEYS),
    "workloads": keyed(*e.WORKLOADS, *(msgspec.structs.replace(workload, pods=7) for workload in e.WORKLOADS)),
    "users": table(st.sampled_from(KEYS), several(PLACES)),
    "sources": several(e.SOURCES),
    "summary": st.builds(Summary, st.just({State.FAIL: 1}), st.just({State.PASS: 2}), st.integers(0, 3)),
    "complete": st.booleans(),
    "jobs": table(st.sampled_from(JOBS), st.sampled_from([Job(JOBS[0], "web"), Job(JOBS[0], "web", disabled="It is off.")])),
    "runs": table(st.sampled_from(JOBS), several(RUNS)),
    "builders": table(st.sampled_from(KEYS), several(ATTRIBUTIONS)),
    "policies": table(st.sampled_from(["a.azurecr.io", "b.azurecr.io"]), st.builds(RegistryPolicies, st.sampled_from([None, 7]))),
    "gates": table(st.sampled_from(["prod-weu", "prod-neu"]), st.sampled_from(GATES)),
}
"""What any snapshot may have in each of its fields; a new field is not forgotten here, as the first test says."""


def snapshot_of(fields: Mapping[str, object]) -> Snapshot:
    """A snapshot with these fields by name, the others empty."""
    return replace(EMPTY, **fields)  # type: ignore[arg-type]  # their types are those of FIELDS


SNAPSHOTS = st.fixed_dictionaries(dict(FIELDS)).map(snapshot_of)


def test_every_field_of_a_snapshot_is_made_and_differs() -> None:
    assert set(FIELDS) == set(Snapshot.__dataclass_fields__)
    assert set(Diff.__struct_fields__) == set(Snapshot.__dataclass_fields__)


@examples(100)
@given(SNAPSHOTS, SNAPSHOTS)
def test_applying_a_difference_gives_the_other_snapshot(one: Snapshot, other: Snapshot) -> None:
    assert same_content(apply(diff(one, other), one), other)


@pytest.mark.parametrize("name", FIELDS)
@examples(10)
@given(data=st.data())
def test_what_changes_in_one_field_alone_is_not_lost(name: str, data: st.DataObject) -> None:
    one, other = (snapshot_of({name: data.draw(FIELDS[name])}) for _ in range(2))
    assert getattr(apply(diff(one, other), one), name) == getattr(other, name)
    assert same_content(one, other) == (getattr(one, name) == getattr(other, name))


@examples(20)
@given(SNAPSHOTS)
def test_a_snapshot_does_not_differ_from_itself(one: Snapshot) -> None:
    assert diff(one, one).empty


@pytest.mark.parametrize("gate", GATES[1:])
def test_another_gate_is_a_change(gate: Gate) -> None:
    before, after = (replace(e.estate(), gates={"prod-weu": each}) for each in (GATES[0], gate))
    assert not diff(before, after).empty


def test_names_what_came_went_and_changed() -> None:
    changed = msgspec.structs.replace(e.IMAGES[0], pods=5)
    found = diff(e.estate(e.IMAGES[:2]), e.estate((changed, e.IMAGES[2])))
    assert set(found.images.put) == {e.PYTHON, e.OLD_API}
    assert found.images.gone == {e.API}
    assert found.workloads.empty
    assert not found.empty
