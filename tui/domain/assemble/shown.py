"""The parts of a snapshot that follow from its images, its lineage and its workloads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from tui.domain.common.trust import State
from tui.domain.facts.workload import ObjectKey
from tui.domain.lineage.graph import Lineage
from tui.domain.lineage.judged import Bases
from tui.domain.snapshot.snapshot import Image, ImageKey, Summary, UnknownBase, Workload

__all__ = ["Frame", "frame_of", "summary_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """What holds the images of a snapshot together: unknown bases, what stands on what, and what stands on nothing."""

    bases: Mapping[ImageKey, UnknownBase]
    derived: Mapping[ImageKey, tuple[ImageKey, ...]]
    roots: tuple[ImageKey, ...]


def frame_of(lineage: Lineage, bases: Bases, shown: Mapping[ImageKey, Image]) -> Frame:
    """The frame of what is shown; it depends on which images there are and on their bases alone."""
    return Frame(_bases(lineage, bases), _derived(lineage, shown), _roots(lineage, shown))


def _derived(lineage: Lineage, shown: Mapping[ImageKey, Image]) -> dict[ImageKey, tuple[ImageKey, ...]]:
    children_of = {
        base: tuple(child for child in children if child in shown or child in lineage.bases)
        for base, children in lineage.derived.items()
    }
    return {base: children for base, children in children_of.items() if children}


def _bases(lineage: Lineage, bases: Bases) -> dict[ImageKey, UnknownBase]:
    """Unknown bases with the state of what they stand on themselves."""
    return {key: _with_link(base, bases) for key, base in sorted(lineage.bases.items())}


def _with_link(base: UnknownBase, bases: Bases) -> UnknownBase:
    link = bases.links.get(base.key)
    return (
        base if link is None else UnknownBase(base.key, base.kind, base.label, base.reason, link, base.layers, base.repositories)
    )


def _roots(lineage: Lineage, shown: Mapping[ImageKey, Image]) -> tuple[ImageKey, ...]:
    """What stands on nothing: images, unknown bases, and images of which nothing could be read."""
    alone = (key for key, image in shown.items() if image.base is None)
    bases = (key for key, base in lineage.bases.items() if base.base is None)
    return tuple(sorted({*alone, *bases}))


def summary_of(images: Mapping[ImageKey, Image], workloads: Mapping[ObjectKey, Workload]) -> Summary:
    counted = Counter(image.verdict for image in images.values())
    working = Counter(workload.verdict for workload in workloads.values())
    states = [state for state in State if state is not State.OFF]
    pods = sum(workload.pods for workload in workloads.values())
    return Summary({state: counted[state] for state in states}, {state: working[state] for state in states}, pods)
