"""What is to be examined of what is attached to images: signatures, reports and statements."""

from __future__ import annotations

from collections.abc import Iterable

from tui.domain.facts.demand import ArtifactDemand, Demand, Priority
from tui.domain.facts.facts import Facts, ImageFacts
from tui.domain.facts.image import Descriptor, RepositoryName
from tui.domain.registries.presence import Registries

__all__ = ["wanted_artifacts"]

_Subject = tuple[RepositoryName, str]


def wanted_artifacts(facts: Facts, demands: Iterable[Demand]) -> tuple[ArtifactDemand, ...]:
    """One demand for every manifest whose referrers were listed; an empty list is a demand too: it says that there are none.

    What was demanded first comes first: what runs before what that stands on, and both before what nobody asks for any more.
    """
    images, urgent = facts.images, _urgent(demands, facts.images)
    found = []
    for name, subjects in images.referrers.items():
        for subject, listed in subjects.items():
            manifest = images.manifests.get(subject)
            if manifest is not None:
                descriptor = Descriptor(manifest.media_type, subject, manifest.size)
                priority = urgent.get((name, subject), Priority.REST)
                how = listed.error, listed.searched, listed.notes
                found.append(ArtifactDemand(name, descriptor, listed.referrers, priority, *how))
    return tuple(sorted(found, key=lambda each: (each.priority, each.name, each.subject.digest)))


def _urgent(demands: Iterable[Demand], facts: ImageFacts) -> dict[_Subject, Priority]:
    """How urgent each manifest that is demanded is, and each platform of it."""
    registries = Registries(facts)
    found: dict[_Subject, Priority] = {}
    for demand in demands:
        digest = demand.reference if ":" in demand.reference else registries.tag(demand.name, demand.reference).digest
        manifest = facts.manifests.get(digest)
        platforms = manifest.children if manifest is not None else ()
        for each in (digest, *(child.digest for child in platforms)):
            known = found.get((demand.name, each), Priority.REST)
            found[demand.name, each] = min(known, demand.priority)
    return found
