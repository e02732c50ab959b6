"""What `is:` asks of rows: how an image is used, and what is known of images, containers and workloads.

What was never asked is "cannot be told": the tags of a repository that nobody listed, whether an image runs in a cluster that
did not answer, whether an owner that may not be read is suspended.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from tui.domain.common.pace import paced
from tui.domain.facts.source_health import Hearing, clusters_heard
from tui.domain.query.language import Trait
from tui.domain.query.risk import RiskKind, Risks
from tui.domain.query.rows import Mark, Rows, Truth
from tui.domain.snapshot.snapshot import Container, Drift, Image, Snapshot, Workload

__all__ = ["OF_USE", "ImageTraits"]

OF_USE: Mapping[Trait, Mark] = {
    Trait.DECLARED: Mark.DECLARED,
    Trait.SCHEDULED: Mark.SCHEDULED,
    Trait.SCALED_TO_ZERO: Mark.SCALED_TO_ZERO,
    Trait.ROLLBACK: Mark.ROLLBACK,
}
"""Uses without a pod: to answer them, more rows are looked at."""
_UNSURE: Mapping[Trait, Mark] = {
    Trait.DECLARED: Mark.UNSURE_DECLARED,
    Trait.SCHEDULED: Mark.UNSURE_OWNER,
    Trait.SCALED_TO_ZERO: Mark.UNSURE_OWNER,
}


class _OfImage(NamedTuple):
    """Whether an image is it, and whether that can be told."""

    holds: Callable[[Image], bool]
    is_known: Callable[[Image], bool]


class ImageTraits:
    """The answers to `is:` that need no other answer."""

    def __init__(self, snapshot: Snapshot, rows: Rows, risks: Callable[[], Risks]) -> None:
        self._snapshot = snapshot
        self._risks = risks
        self._rows = rows
        self._heard = clusters_heard(snapshot.sources)

    @property
    def unheard(self) -> int:
        """The rows of images that no workload runs, while no cluster has told what it runs."""
        return self._rows.without_workload if self._heard is Hearing.NOTHING else 0

    def answer(self, trait: Trait) -> Truth:
        """For which rows a trait holds."""
        rows = self._rows
        if trait is Trait.RUNNING:
            return Truth(rows.marked(Mark.RUNNING), self._unread).sure
        if trait is Trait.UNUSED:
            unused = rows.image.where(not image.in_use for image in paced(rows.images))
            return Truth(unused) if self._heard is Hearing.WHOLE else Truth(0, unused)
        if trait is Trait.AT_RISK:
            return self._at_risk()
        if trait in OF_USE:
            unsure = rows.marked(_UNSURE[trait]) if trait in _UNSURE else 0
            return Truth(rows.marked(OF_USE[trait]), unsure | self._unread).sure
        if trait in _CONTAINER:
            return Truth(rows.container.where(map(_CONTAINER[trait], rows.containers)), self.unheard)
        if trait in _WORKLOAD:
            hidden = rows.workload.where(not workload.owner_readable for workload in paced(rows.workloads))
            return Truth(rows.workload.where(map(_WORKLOAD[trait], rows.workloads)), hidden | self.unheard).sure
        if trait is Trait.BASE:
            below = self._snapshot.derived
            return Truth(rows.image.where(bool(below.get(image.key)) for image in paced(rows.images)), rows.without_image)
        return self._of_image(_IMAGE[trait])

    def _at_risk(self) -> Truth:
        """What runs, is scheduled, scaled to zero or kept for rollback, and could not be pulled again now or soon."""
        rows, risks = self._rows, self._risks()
        needed = rows.marked(_NEEDED)
        image_risks = [risks.of(image) for image in paced(rows.images)]
        sure = rows.image.where(risk is not None and risk.kind is not RiskKind.UNKNOWN for risk in image_risks)
        unsure = rows.image.where(risk is not None and risk.kind is RiskKind.UNKNOWN for risk in image_risks)
        names = [_loses_name(container, self._snapshot, risks) for container in paced(rows.containers)]
        by_name = rows.container.where(loses is True for loses in names)
        unsure |= rows.container.where(loses is None for loses in names)
        yes = (needed & (sure | by_name)) | rows.marked(Mark.LOST)
        unread = needed & rows.without_image & ~rows.marked(Mark.LOST)
        return Truth(yes, (needed & unsure) | unread | self._unread).sure

    @property
    def _unread(self) -> int:
        """The rows of images that no workload is seen to use, while some cluster has not told all that it runs."""
        return 0 if self._heard is Hearing.WHOLE else self._rows.without_workload

    def _of_image(self, trait: _OfImage) -> Truth:
        rows = self._rows
        yes = rows.image.where(map(trait.holds, rows.images))
        unknown = rows.image.where(not trait.is_known(image) for image in paced(rows.images))
        return Truth(yes, unknown | rows.without_image).sure


_NEEDED = Mark.RUNNING | Mark.SCHEDULED | Mark.SCALED_TO_ZERO | Mark.ROLLBACK


def _loses_name(container: Container, snapshot: Snapshot, risks: Risks) -> bool | None:
    """Whether what a container names is gone, or its tag goes although its image stays; None where that cannot be told."""
    if container.drift is Drift.GONE:
        return True
    image = snapshot.images.get(container.declared) if container.declared is not None else None
    if image is None or not container.tag or container.pin:
        return False
    risk = risks.of_tag(image, container.tag)
    return None if risk is not None and risk.kind is RiskKind.UNKNOWN else risk is not None


_CONTAINER: Mapping[Trait, Callable[[Container], bool]] = {
    Trait.STUCK: lambda container: bool(container.trouble),
    Trait.PINNED: lambda container: bool(container.pin),
}
_WORKLOAD: Mapping[Trait, Callable[[Workload], bool]] = {
    Trait.SUSPENDED: lambda workload: workload.suspended,
    Trait.MANAGED: lambda workload: bool(workload.managed_by),
}
_IMAGE: Mapping[Trait, _OfImage] = {
    Trait.ABSENT: _OfImage(lambda image: image.gone, lambda image: not image.absent),
    Trait.ROOT: _OfImage(lambda image: image.root, lambda image: image.base is not None),
    Trait.ORPHAN: _OfImage(lambda image: image.base is None and not image.root, lambda image: True),
    Trait.TAGGED: _OfImage(lambda image: bool(image.tags), lambda image: image.tags_listed),
    Trait.UNTAGGED: _OfImage(
        lambda image: not image.tags and image.tags_listed, lambda image: image.tags_listed or bool(image.tags)
    ),
    Trait.MULTIARCH: _OfImage(lambda image: len(image.platforms) > 1, lambda image: bool(image.platforms)),
}
