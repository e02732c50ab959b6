"""What is to be examined of what is attached to images: signatures, reports and statements."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.assemble.demands import Urgency
from tui.domain.facts.demand import ArtifactDemand, Priority
from tui.domain.facts.facts import ImageFacts
from tui.domain.facts.image import Descriptor

__all__ = ["ArtifactDemands"]


class ArtifactDemands:
    """One demand for every manifest whose referrers were listed; an empty list is a demand too: it says that there are none.

    What was demanded first comes first: what runs before what that stands on, and both before what nobody asks for any more.
    Kept as long as nothing is told that they follow from: that a tag was resolved again is nothing.
    """

    def __init__(self) -> None:
        self._images = ImageFacts()
        self._urgency: Urgency = {}
        self._demands: tuple[ArtifactDemand, ...] = ()

    def of(self, images: ImageFacts, urgency: Urgency) -> tuple[ArtifactDemand, ...]:
        """The demands of these facts; the very same as long as there is no other."""
        before, self._images = self._images, images
        same = images.referrers is before.referrers and images.manifests is before.manifests and urgency is self._urgency
        self._urgency = urgency
        if not same:
            demands = sorted(_demands(images, urgency), key=lambda demand: (demand.priority, demand.name, demand.subject.digest))
            self._demands = tuple(demands)
        return self._demands


def _demands(images: ImageFacts, urgency: Urgency) -> Iterator[ArtifactDemand]:
    for name, subjects in images.referrers.items():
        for subject, listed in subjects.items():
            manifest = images.manifests.get(subject)
            if manifest is not None:
                descriptor = Descriptor(manifest.media_type, subject, manifest.size)
                priority = urgency.get((name, subject), Priority.REST)
                search = listed.error, listed.searched, listed.notes
                yield ArtifactDemand(name, descriptor, listed.referrers, priority, *search)
