"""What images are judged on, whatever the policy and the time: everything that sources told of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from tui.domain.checks.context import ImageContext, Scanners
from tui.domain.facts.events import SignaturesVerified
from tui.domain.facts.facts import ImageFacts, TrustFacts
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.source_health import RegistrySession
from tui.domain.lineage.graph import Lineage
from tui.domain.lineage.judged import Bases, newest_build
from tui.domain.lineage.outdated import OutdatedRule
from tui.domain.lineage.traits import TraitsOf
from tui.domain.policy.rules import Rules
from tui.domain.registries.catalog import Catalog, CatalogImage
from tui.domain.registries.presence import Registries
from tui.domain.scans.scanned import Scans
from tui.domain.snapshot.snapshot import BaseState, ImageKey

__all__ = ["Ancestry", "ContextFactory", "Sessions"]


@dataclass(frozen=True, slots=True, eq=False)
class Ancestry:
    """What follows from what registries hold alone."""

    catalog: Catalog
    lineage: Lineage
    traits: TraitsOf


@dataclass(frozen=True, slots=True)
class Sessions:
    """Who is signed in to which registry, and why no signatures are looked for, if so."""

    registries: Mapping[str, RegistrySession] = field(default_factory=dict)
    signatures_lost: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ContextFactory:
    """Makes the contexts of images. `made` is what was made before, for whichever.

    `used` are the images that something runs, each with the digests that the names of what runs it give.

    `at` is equal as long as all but `used` is.
    """

    at: object
    facts: ImageFacts
    trust: TrustFacts
    ancestry: Ancestry
    bases: Bases
    registries: Registries
    sessions: Sessions
    scans: Scans
    scanners: Scanners
    used: Mapping[ImageKey, tuple[str, ...]] = field(default_factory=dict)
    made: dict[ImageKey, ImageContext] = field(default_factory=dict)

    def of(self, known: CatalogImage, rules: Rules, now: datetime) -> ImageContext:
        """All that is known of an image, with the rules there; `now` should be coarse, so that equal images stay equal."""
        made, in_use, named = self.made.get(known.key), known.key in self.used, self.used.get(known.key, ())
        if made is None:
            made = self._context(known, rules, now)
        elif made.rules is not rules or made.now != now or made.in_use is not in_use or made.named != named:
            made = msgspec.structs.replace(made, rules=rules, now=now, in_use=in_use, named=named)
        self.made[known.key] = made
        return made

    def absent(self, key: ImageKey, reason: str, rules: Rules, now: datetime) -> ImageContext:
        """The little that is known of an image that runs although no registry shows it to us."""
        return ImageContext(
            rules=rules,
            now=now,
            key=key,
            absent=reason,
            altered=self.registries.altered(RepositoryName(key.registry, key.repository), (key.digest,)),
            session=self.sessions.registries.get(key.registry),
            lost=self.registries.lost.get(key.registry, ""),
            in_use=True,
            signatures_lost=self.sessions.signatures_lost,
            scan=self.scans.of_digest(key.digest),
            scanners=self.scanners,
        )

    def _context(self, known: CatalogImage, rules: Rules, now: datetime) -> ImageContext:
        key, sessions, lineage = known.key, self.sessions, self.ancestry.lineage
        traits = self.ancestry.traits.of(known)
        link = self.bases.links.get(key)
        alone = link is None
        return ImageContext(
            rules=rules,
            now=now,
            key=key,
            known=known,
            absent=known.absent,
            altered=self.registries.altered(known.name, (*known.digests, *known.configs)),
            link=link,
            base=self.bases.verdicts.get(key),
            base_at=self.bases.read.get(key),
            scratch=alone and traits.scratch,
            distro=traits.system if alone and traits.distribution else "",
            derived=key in lineage.derived,
            remarks=lineage.remarks.get(key, ()),
            session=sessions.registries.get(key.registry),
            lost=self.registries.lost.get(key.registry, ""),
            in_use=key in self.used,
            named=self.used.get(key, ()),
            signatures=self._signatures(known),
            signatures_lost=sessions.signatures_lost,
            signatures_missed=self._missed(known),
            content_trust=self._content_trust(known),
            scan=self.scans.of(key),
            scanners=self.scanners,
            system=traits.system,
            runtimes=traits.runtimes,
            renewed=self._renewed(key),
        )

    def _renewed(self, key: ImageKey) -> str:
        """The distribution of the newest build of an image's base; empty where the image stands on that already."""
        link, verdict = self.bases.links.get(key), self.bases.verdicts.get(key)
        if link is None or verdict is None or verdict.state is not BaseState.OUTDATED or verdict.rule is OutdatedRule.BASE_BEHIND:
            return ""
        catalog = self.ancestry.catalog
        newest = newest_build(catalog, self.registries, link, verdict)
        return self.ancestry.traits.of(catalog.images[newest]).system if newest is not None else ""

    def _signatures(self, known: CatalogImage) -> tuple[SignaturesVerified, ...]:
        """What was found on each of its digests that was looked at."""
        here = self.trust.signatures.get(known.name, {})
        return tuple(here[digest] for digest in known.digests if digest in here)

    def _missed(self, known: CatalogImage) -> tuple[tuple[str, str], ...]:
        """Why digests of it could not be looked at: they could not be read, or what is attached to them could not."""
        here, listed = self.trust.signatures.get(known.name, {}), self.facts.referrers.get(known.name, {})
        missing = [digest for digest in known.digests if digest not in here]
        failures = ((digest, self.registries.failure(known.name, digest)) for digest in missing)
        found = {digest: failure.reason for digest, failure in failures if failure is not None}
        found |= {digest: listed[digest].error for digest in missing if digest in listed and listed[digest].error}
        return tuple(found.items())

    def _content_trust(self, known: CatalogImage) -> bool:
        """Whether its registry marks a tag of it as signed by Docker Content Trust (ACR: `signed` of a tag)."""
        tags = self.facts.tags.get(known.name, {})
        rows = (record.row for tag in known.tags if (record := tags.get(tag)) is not None)
        return any(row is not None and row.signed for row in rows)
