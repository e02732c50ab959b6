"""What is to be examined of what is attached to images: signatures, reports and statements."""

from __future__ import annotations

from tui.domain.demand import ArtifactDemand, Priority
from tui.domain.facts import Facts
from tui.domain.image import Descriptor

__all__ = ["wanted_artifacts"]


def wanted_artifacts(facts: Facts) -> tuple[ArtifactDemand, ...]:
    """One demand for every manifest whose referrers were listed; an empty list is a demand too: it says that there are none."""
    images = facts.images
    found = []
    for name in sorted(images.referrers):
        for subject, listed in sorted(images.referrers[name].items()):
            manifest = images.manifests.get(subject)
            if manifest is not None:
                descriptor = Descriptor(manifest.media_type, subject, manifest.size)
                found.append(ArtifactDemand(name, descriptor, listed.referrers, Priority.RUNNING, listed.error))
    return tuple(found)
