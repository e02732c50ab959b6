"""What follows from what registries hold, and from which of them answer: images, their bases, whether these are the newest."""

from __future__ import annotations

from collections.abc import Mapping, Set

from tui.domain.common.memo import Address, Trace, changed_keys, with_more
from tui.domain.facts.facts import ImageFacts
from tui.domain.lineage.graph import Lineage
from tui.domain.lineage.joining import LineageJoin
from tui.domain.lineage.judged import Bases, BasesJoin
from tui.domain.lineage.traits import TraitsOf
from tui.domain.registries.catalog import Catalog
from tui.domain.registries.joining import CatalogJoin
from tui.domain.registries.presence import Registries

__all__ = ["Reading", "can_follow", "changed_in"]


def can_follow(before: ImageFacts, after: ImageFacts) -> bool:
    """Whether facts can have come of others: content never goes, and what the settings say changes with the settings alone."""
    grown = len(before.manifests) <= len(after.manifests) and len(before.configs) <= len(after.configs)
    return before is after or (
        grown
        and before.configured == after.configured
        and before.manifests.keys() <= after.manifests.keys()
        and before.configs.keys() <= after.configs.keys()
    )


class Reading:
    """Keeps all of it, round after round; `moved` says whether other things stand on each other since the last one.

    `asked` answers what registries told, `registries` what that is worth while some of them are lost.
    """

    def __init__(self, trace: Trace) -> None:
        self.facts = ImageFacts()
        self.moved = False
        self.asked, self.registries = Registries(self.facts, trace=trace), Registries(self.facts, trace=trace)
        self._catalog = CatalogJoin(trace)
        self._lineage = LineageJoin(trace, self._catalog.catalog)
        self.traits = TraitsOf(trace, self._catalog.catalog, self._lineage.claims_of)
        self._bases = BasesJoin(trace, self._catalog.catalog, self._lineage.lineage)
        # The same tables round after round, brought up to date.
        self.catalog: Catalog = self._catalog.catalog
        self.lineage: Lineage = self._lineage.lineage
        self.bases: Bases = self._bases.bases

    def renew(self, facts: ImageFacts, lost: Mapping[str, str], unsurveyed: frozenset[str]) -> Set[Address]:
        """Bring all up to date; what is not as before."""
        if facts is self.facts and (lost, unsurveyed) == (self.registries.lost, self.registries.unsurveyed):
            self.moved = False
            return set()
        changed = changed_in(self.facts, facts)
        self.facts = facts
        changed |= self._catalog.join(facts, changed)
        changed |= self.asked.renew(facts, {}, changed)
        related = self._lineage.join(facts, self.asked, changed)
        changed.update(related, self._lineage.said)
        changed.update(self.traits.renew(changed))
        changed |= self.registries.renew(facts, lost, changed)
        self.registries.unsurveyed = unsurveyed
        judged = self._bases.join(self.registries, changed)
        self.moved = bool(related) or not judged.isdisjoint(self.lineage.bases)
        return with_more(changed, judged)


def changed_in(before: ImageFacts, after: ImageFacts) -> set[Address]:
    """The repositories of which something else is said, and the digests of content that came, or of which something is said."""
    return {
        *changed_keys(before.last_seen, after.last_seen),
        *changed_keys(before.tags, after.tags),
        *changed_keys(before.tag_lists, after.tag_lists),
        *changed_keys(before.listings, after.listings),
        *changed_keys(before.failed, after.failed),
        *changed_keys(before.proven, after.proven),
        *changed_keys(before.referrers, after.referrers),
        *changed_keys(before.claims, after.claims),
        *changed_keys(before.builders, after.builders),
        *(after.manifests.keys() - before.manifests.keys() if len(before.manifests) < len(after.manifests) else ()),
        *(after.configs.keys() - before.configs.keys() if len(before.configs) < len(after.configs) else ()),
    }
