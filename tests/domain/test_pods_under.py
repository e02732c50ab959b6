"""Pods are counted under every base, each once, in one pass however deep the images stand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.estates import NOW, image_key
from tests.laws import examples
from tests.snapshots import snapshot_of
from tui.domain.common.pace import in_steps
from tui.domain.facts.workload import ObjectKey
from tui.domain.snapshot.snapshot import BaseLink, Basis, Confidence, Image, ImageKey, PodGroup, Snapshot, Workload
from tui.domain.workloads.pods_under import pods_under

KEYS = [image_key("app", letter) for letter in "0123456789"]
BASES = st.lists(st.none() | st.sampled_from(KEYS), min_size=len(KEYS), max_size=len(KEYS))
CREWS = st.lists(st.tuples(st.sets(st.sampled_from(KEYS), max_size=3), st.integers(1, 5)), max_size=6)


def estate(bases: list[ImageKey | None], crews: list[tuple[set[ImageKey], int]]) -> Snapshot:
    """Images on these bases, and workloads with these pods."""
    links = [BaseLink(base, Basis.LAYERS, Confidence.CERTAIN) if base is not None else None for base in bases]
    images = [Image(key, (key.digest,), base=link) for key, link in zip(KEYS, links, strict=True)]
    workloads = [
        Workload(ObjectKey("c", "n", "Deployment", str(number)), (), crews=(PodGroup(tuple(sorted(keys)), pods),))
        for number, (keys, pods) in enumerate(crews)
    ]
    return snapshot_of(1, NOW, images, workloads)


def below(key: ImageKey, bases: list[ImageKey | None]) -> set[ImageKey]:
    """An image and every base below it."""
    visited: set[ImageKey] = set()
    current: ImageKey | None = key
    while current is not None and current not in visited:
        visited.add(current)
        current = bases[KEYS.index(current)]
    return visited


@examples(200)
@given(BASES, CREWS, st.none() | st.sets(st.sampled_from(KEYS)))
def test_every_pod_counts_once_under_each_base_also_where_bases_stand_in_a_circle(
    bases: list[ImageKey | None], crews: list[tuple[set[ImageKey], int]], shown: set[ImageKey] | None
) -> None:
    with in_steps(lambda: None):
        counted = pods_under(estate(bases, crews), shown)
    for key in KEYS:
        under = sum(
            pods for keys, pods in crews if any(key in below(image, bases) for image in keys if shown is None or image in shown)
        )
        assert counted.get(key, 0) == under
