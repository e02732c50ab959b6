"""A problem that very many images have: its detail is one pass over what has it, and the first one is made with the rows."""

from __future__ import annotations

from heapq import nlargest

import pytest

from tests.domain.estates import NOW, check, container, image_key
from tests.estates import company
from tests.snapshots import snapshot_of
from tui.domain.common.trust import CheckName, State
from tui.domain.facts.workload import ObjectKey
from tui.domain.query.findings import find
from tui.domain.snapshot.snapshot import Image, Workload
from tui.domain.workloads.counting import crews_of, pods_found
from tui.presenters.glyphs import UNICODE
from tui.presenters.keys import subject_of
from tui.presenters.tabs.spec import SectionContext
from tui.presenters.views import findings
from tui.presenters.views.building import build_view
from tui.presenters.views.findings import FindingModel, pods_of_finding
from tui.presenters.views.spec import Filter
from tui.presenters.views.table import FINDINGS


def test_pods_of_a_problem_are_those_that_are_found_of_each_image() -> None:
    old = check(CheckName.AGE, State.FAIL, "Built 120 days ago.")
    images = [Image(key := image_key("app", letter), (key.digest,), checks=(old,), verdict=State.FAIL) for letter in "abc"]
    runs = [(image.key,) for image in images] + [(images[0].key, images[1].key)]
    containers = [container("main", "app:1", *keys, pods=3) for keys in runs]
    workloads = [
        Workload(ObjectKey("c", "n", "Deployment", str(number)), (item,), pods=3, crews=crews_of([item.pod_refs]))
        for number, item in enumerate(containers)
    ]
    snapshot = snapshot_of(1, NOW, images, workloads)
    [finding] = find(snapshot)
    pods = pods_of_finding(finding, snapshot)
    assert {key: pods.get(key, 0) for key in finding.images} == {
        key: pods_found(snapshot, {key}, frozenset(finding.workloads)) for key in finding.images
    }
    assert sum(pods.values()) == 12


def test_what_has_the_first_problem_is_ranked_with_the_rows_and_no_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is drawn with every step of the cursor goes over forty lines, not over all that has the problem."""
    ranked: list[int] = []

    def noted(number: int, *arguments: object, **more: object) -> list[object]:
        ranked.append(number)
        return nlargest(number, *arguments, **more)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(findings, "nlargest", noted)
    snapshot = company()
    model = build_view(FINDINGS, snapshot, Filter(), NOW, UNICODE).model
    assert isinstance(model, FindingModel)
    assert len(ranked) == 2
    lines = [model.detail(subject_of(model.roots()[0]), SectionContext(snapshot, NOW, UNICODE, width)) for width in (60, 80)]
    assert all(lines)
    assert len(ranked) == 2
