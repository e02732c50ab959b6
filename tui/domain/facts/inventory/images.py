"""Tables of what registries said. Every table keeps the newest word on each thing, so the order of events cannot matter."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

import msgspec

from tui.domain.facts.build_claim import BuildClaim
from tui.domain.facts.configured import ConfiguredBase
from tui.domain.facts.events import (
    BasesConfigured,
    CatalogListed,
    ClaimsRead,
    ConfigRead,
    ImageEvent,
    LookupFailed,
    ManifestRead,
    ManifestsListed,
    PoliciesRead,
    ReferrersListed,
    SourceId,
    TagResolved,
    TagsListed,
)
from tui.domain.facts.facts import ImageFacts, TagRecord
from tui.domain.facts.image import Claim, ImageConfig, Manifest, RepositoryName, Tag
from tui.domain.facts.inventory.newest import replaces
from tui.domain.facts.inventory.tables import NestedTable, Table

__all__ = ["ImageTables"]

MAX_SPANS = 20
"""Digests that are remembered of one tag: a tag that moves more often has lost its meaning anyway."""


MAX_BUILDERS = 8
"""Different statements on who built it that are kept of one index: platforms of an honest one say the same."""


class ImageTables:
    """What registries hold, as they say it."""

    def __init__(self) -> None:
        self._manifests: Table[str, Manifest] = Table()
        self._configs: Table[str, ImageConfig] = Table()
        self._held: NestedTable[RepositoryName, str, datetime] = NestedTable()
        self._tags: NestedTable[RepositoryName, str, TagRecord] = NestedTable()
        self._tag_lists: Table[RepositoryName, datetime] = Table()
        self._listings: Table[RepositoryName, ManifestsListed] = Table()
        self._proven: NestedTable[RepositoryName, str, datetime] = NestedTable()
        self._failed: NestedTable[RepositoryName, str, LookupFailed] = NestedTable()
        self._catalogs: Table[str, CatalogListed] = Table()
        self._referrers: NestedTable[RepositoryName, str, ReferrersListed] = NestedTable()
        self._claims: Table[str, tuple[Claim, ...]] = Table()
        self._claims_by_source: dict[str, dict[SourceId, tuple[Claim, ...]]] = {}
        self._builders: Table[str, tuple[BuildClaim, ...]] = Table()
        self._configured: tuple[ConfiguredBase, ...] = ()
        self._policies: Table[str, PoliciesRead] = Table()

    def apply(self, event: ImageEvent) -> bool:
        """Take an event in. Says whether it said anything new: the same words at the same moment do not."""
        match event:
            case TagResolved():
                return self._tag(event)
            case ManifestRead():
                return self._manifest(event)
            case ConfigRead():
                return self._config(event.config)
            case LookupFailed():
                return self._failure(event)
            case CatalogListed():
                return self._catalog(event)
            case TagsListed():
                return self._tag_list(event)
            case ManifestsListed():
                return self._listing(event)
            case ReferrersListed():
                return self._attached(event)
            case ClaimsRead():
                return self._claimed(event)
            case BasesConfigured():
                return self._configure(event.bases)
            case PoliciesRead():
                return self._ruled(event)
            case _:
                assert_never(event)

    def _manifest(self, event: ManifestRead) -> bool:
        """A manifest is in a repository."""
        digest = event.manifest.digest
        new = self._manifests.get(digest) is None and self._manifests.put(digest, event.manifest)
        before = self._held.get(event.name, digest)
        newly_held = self._held.put(event.name, digest, event.at if before is None else max(before, event.at))
        proven = self._prove(event.name, event.reference or digest, event.at)
        return new or newly_held or proven

    def _config(self, config: ImageConfig) -> bool:
        """A config; its digest says that it is the same as one known."""
        return self._configs.get(config.digest) is None and self._configs.put(config.digest, config)

    def _tag(self, event: TagResolved) -> bool:
        """A tag names a digest."""
        newly_named = self._name(event.name, event.tag, event.digest, event.at)
        return self._prove(event.name, event.tag, event.at) or newly_named

    def _tag_list(self, event: TagsListed) -> bool:
        """The tags of a repository; only a whole list says what is not there."""
        changed = [self._name(event.name, tag.name, tag.digest, event.at, tag) for tag in event.tags]
        if event.complete:
            before = self._tag_lists.get(event.name)
            changed.append(self._tag_lists.put(event.name, event.at if before is None else max(before, event.at)))
        return any(changed)

    def _listing(self, event: ManifestsListed) -> bool:
        """The manifests of a repository; a whole list replaces an older one, a partial one only what is not known better."""
        before = self._listings.get(event.name)
        return (before is None or replaces(event, before, _list_rank)) and self._listings.put(event.name, event)

    def _failure(self, event: LookupFailed) -> bool:
        """A tag or digest could not be read."""
        before = self._failed.get(event.name, event.reference)
        newer = before is None or replaces(event, before, lambda failure: (failure.at,))
        return newer and self._failed.put(event.name, event.reference, event)

    def _catalog(self, event: CatalogListed) -> bool:
        """The repositories of a registry."""
        before = self._catalogs.get(event.registry)
        newer = before is None or replaces(event, before, lambda listed: (listed.at, len(listed.repositories)))
        return newer and self._catalogs.put(event.registry, event)

    def _attached(self, event: ReferrersListed) -> bool:
        """What is attached to a manifest."""
        before = self._referrers.get(event.name, event.subject)
        newer = before is None or replaces(event, before, lambda listed: (listed.at, bool(listed.error), len(listed.referrers)))
        return newer and self._referrers.put(event.name, event.subject, event)

    def _claimed(self, event: ClaimsRead) -> bool:
        """What is said about a base and about builders from outside; each source says it once, the words of all are kept."""
        told_before = self._builders.get(event.digest) or ()
        # The first ones in an order of their own, so that the order of the events cannot matter.
        builders = tuple(sorted({*told_before, *event.builders}, key=_builder_rank)[:MAX_BUILDERS])
        is_new = bool(builders) and builders != told_before and self._builders.put(event.digest, builders)
        return self._claim(event) or is_new

    def _claim(self, event: ClaimsRead) -> bool:
        if not event.claims:
            return False
        sources = self._claims_by_source.setdefault(event.digest, {})
        claims = sorted((*sources.get(event.source, ()), *event.claims), key=_claim_rank)
        sources[event.source] = tuple(dict.fromkeys(claims))
        return self._claims.put(event.digest, tuple(claim for source in sorted(sources) for claim in sources[source]))

    def _configure(self, bases: tuple[ConfiguredBase, ...]) -> bool:
        """The bases that the settings name."""
        changed, self._configured = bases != self._configured, bases
        return changed

    def _ruled(self, event: PoliciesRead) -> bool:
        """What deletes images from a registry by itself, and how it gives rights."""
        before = self._policies.get(event.registry)
        newer = before is None or replaces(event, before, lambda read: (read.at, bool(read.policies.reason)))
        return newer and self._policies.put(event.registry, event)

    def freeze(self, version: int) -> ImageFacts:
        """The tables as they are now."""
        return ImageFacts(
            version=version,
            manifests=self._manifests.freeze(),
            configs=self._configs.freeze(),
            last_seen=self._held.freeze(),
            tags=self._tags.freeze(),
            tag_lists=self._tag_lists.freeze(),
            listings=self._listings.freeze(),
            failed=self._failed.freeze(),
            proven=self._proven.freeze(),
            catalogs=self._catalogs.freeze(),
            referrers=self._referrers.freeze(),
            claims=self._claims.freeze(),
            builders=self._builders.freeze(),
            configured=self._configured,
            policies=self._policies.freeze(),
        )

    def _prove(self, name: RepositoryName, reference: str, proven: datetime) -> bool:
        return self._proven.put(name, reference, max(proven, self._proven.get(name, reference) or proven))

    def _name(self, name: RepositoryName, tag: str, digest: str, observed: datetime, row: Tag | None = None) -> bool:
        before = self._tags.get(name, tag)
        if before is None:
            return self._tags.put(
                name, tag, TagRecord({digest: (observed, observed)}, row, observed if row is not None else None)
            )
        first, last = before.spans.get(digest, (observed, observed))
        spans = before.spans | {digest: (min(first, observed), max(last, observed))}
        if len(spans) > MAX_SPANS:
            del spans[min(spans, key=lambda candidate: (spans[candidate][1], candidate))]
        newer = row is not None and (
            before.row_at is None or (observed, digest) > (before.row_at, before.row.digest if before.row else "")
        )
        record = TagRecord(spans, row, observed) if newer else TagRecord(spans, before.row, before.row_at)
        return self._tags.put(name, tag, record)


def _list_rank(event: ManifestsListed) -> tuple[bool, datetime, int]:
    return event.complete, event.at, len(event.manifests)


def _builder_rank(claim: BuildClaim) -> tuple[str, ...]:
    return tuple(map(str, msgspec.structs.astuple(claim)))


def _claim_rank(claim: Claim) -> tuple[str, str, str, bool, str]:
    return claim.kind, claim.reference, claim.digest, claim.scratch, claim.source
