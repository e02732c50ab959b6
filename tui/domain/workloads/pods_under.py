"""How many pods run an image or anything that is built on it: in one pass over the images, however deep they stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Set

from tui.domain.common.pace import paced
from tui.domain.facts.workload import ObjectKey
from tui.domain.snapshot.snapshot import ImageKey, Snapshot

__all__ = ["pods_under"]


def pods_under(
    snapshot: Snapshot, images: Set[ImageKey] | None = None, workloads: Set[ObjectKey] | None = None
) -> Mapping[ImageKey, int]:
    """For every image that runs, and every base below it, how many pods run it or what is built on it; each pod once."""
    pods: Counter[ImageKey] = Counter()
    several: Counter[tuple[ImageKey, ...]] = Counter()
    for key in paced(snapshot.workloads if workloads is None else workloads):
        workload = snapshot.workloads.get(key)
        for crew in workload.crews if workload is not None else ():
            shown = crew.images if images is None else tuple(image for image in crew.images if image in images)
            if len(shown) == 1:
                pods[shown[0]] += crew.pods
            elif shown:
                several[shown] += crew.pods
    _pass_down(pods, _bases_below(pods, snapshot))
    for shown, count in paced(several.items()):
        for image in _bases_below(shown, snapshot):
            pods[image] += count
    return pods


def _bases_below(images: Iterable[ImageKey], snapshot: Snapshot) -> dict[ImageKey, ImageKey | None]:
    """What each image stands on, and each base below, once; a circle ends where it closes."""
    bases: dict[ImageKey, ImageKey | None] = {}
    for image in paced(images):
        current: ImageKey | None = image
        while current is not None and current not in bases:
            node = snapshot.images.get(current) or snapshot.bases.get(current)
            base = node.base.base if node is not None and node.base is not None else None
            bases[current], current = base, base
    return bases


def _pass_down(pods: Counter[ImageKey], bases: Mapping[ImageKey, ImageKey | None]) -> None:
    """Add to each base the pods of what stands on it, from the tops down; what stands in a circle has all that enters it."""
    waiting = Counter(filter(None, paced(bases.values())))
    tops = [image for image in paced(bases) if not waiting.get(image)]
    while tops:
        next_down: list[ImageKey] = []
        for image in paced(tops):
            base = bases[image]
            if base is not None:
                pods[base] += pods[image]
                waiting[base] -= 1
                if not waiting[base]:
                    next_down.append(base)
        tops = next_down
    circles = {image for image, count in paced(waiting.items()) if count > 0}
    while circles:
        circle = _circle(next(iter(circles)), bases)
        total = sum(pods[image] for image in circle)
        pods.update({image: total - pods[image] for image in circle})
        circles -= circle


def _circle(image: ImageKey, bases: Mapping[ImageKey, ImageKey | None]) -> set[ImageKey]:
    circle: set[ImageKey] = set()
    current: ImageKey | None = image
    while current is not None and current not in circle:
        circle.add(current)
        current = bases[current]
    return circle
