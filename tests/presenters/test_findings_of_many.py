"""A problem that very many images have: its detail is one pass over what has it."""

from __future__ import annotations

from tests.domain.estates import NOW, check, container, image_key
from tests.snapshots import snapshot_of
from tui.domain.common.trust import CheckName, State
from tui.domain.facts.workload import ObjectKey
from tui.domain.query.findings import find
from tui.domain.snapshot.snapshot import Image, Workload
from tui.domain.workloads.counting import crews_of, pods_found
from tui.presenters.views.findings import pods_of_finding


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
