"""Tables of what registries said. Every table keeps the newest word on each thing, so the order of events cannot matter."""

from __future__ import annotations

from datetime import datetime

from tui.domain.facts.configured import ConfiguredBase
from tui.domain.facts.events import (
    CatalogListed,
    ClaimsRead,
    LookupFailed,
    ManifestRead,
    ManifestsListed,
    ReferrersListed,
    TagResolved,
    TagsListed,
)
from tui.domain.facts.facts import ImageFacts, TagRecord
from tui.domain.facts.image import Claim, ImageConfig, Manifest, RepositoryName, Tag
from tui.domain.facts.inventory.newest import replaces

__all__ = ["ImageTables"]

MAX_SPANS = 20
"""Digests that are remembered of one tag: a tag that moves more often has lost its meaning anyway."""


class ImageTables:
    """What registries hold, as they say it."""

    def __init__(self) -> None:
        self.manifests: dict[str, Manifest] = {}
        self.configs: dict[str, ImageConfig] = {}
        self.held: dict[RepositoryName, dict[str, datetime]] = {}
        self.tags: dict[RepositoryName, dict[str, TagRecord]] = {}
        self.tag_lists: dict[RepositoryName, datetime] = {}
        self.listings: dict[RepositoryName, ManifestsListed] = {}
        self.proven: dict[RepositoryName, dict[str, datetime]] = {}
        self.failed: dict[RepositoryName, dict[str, LookupFailed]] = {}
        self.catalogs: dict[str, CatalogListed] = {}
        self.referrers: dict[RepositoryName, dict[str, ReferrersListed]] = {}
        self.claims: dict[str, dict[str, tuple[Claim, ...]]] = {}
        self.configured: tuple[ConfiguredBase, ...] = ()

    def manifest(self, event: ManifestRead) -> None:
        """A manifest is in a repository."""
        self.manifests.setdefault(event.manifest.digest, event.manifest)
        held = self.held.setdefault(event.name, {})
        known = held.get(event.manifest.digest)
        held[event.manifest.digest] = event.at if known is None else max(known, event.at)
        self._prove(event.name, event.reference or event.manifest.digest, event.at)

    def config(self, config: ImageConfig) -> None:
        """A config; its digest says that it is the same as one known."""
        self.configs.setdefault(config.digest, config)

    def tag(self, event: TagResolved) -> None:
        """A tag names a digest."""
        self._name(event.name, event.tag, event.digest, event.at)
        self._prove(event.name, event.tag, event.at)

    def tag_list(self, event: TagsListed) -> None:
        """The tags of a repository; only a whole list says what is not there."""
        for tag in event.tags:
            self._name(event.name, tag.name, tag.digest, event.at, tag)
        if event.complete:
            known = self.tag_lists.get(event.name)
            self.tag_lists[event.name] = event.at if known is None else max(known, event.at)

    def listing(self, event: ManifestsListed) -> None:
        """The manifests of a repository; a whole list replaces an older one, a partial one only what is not known better."""
        known = self.listings.get(event.name)
        if known is None or replaces(event, known, _list_rank):
            self.listings[event.name] = event

    def failure(self, event: LookupFailed) -> None:
        """A tag or digest could not be read."""
        failed = self.failed.setdefault(event.name, {})
        known = failed.get(event.reference)
        if known is None or replaces(event, known, lambda each: (each.at,)):
            failed[event.reference] = event

    def catalog(self, event: CatalogListed) -> None:
        """The repositories of a registry."""
        known = self.catalogs.get(event.registry)
        if known is None or replaces(event, known, lambda each: (each.at, len(each.repositories))):
            self.catalogs[event.registry] = event

    def attached(self, event: ReferrersListed) -> None:
        """What is attached to a manifest."""
        found = self.referrers.setdefault(event.name, {})
        known = found.get(event.subject)
        if known is None or replaces(event, known, lambda each: (each.at, bool(each.error), len(each.referrers))):
            found[event.subject] = event

    def claimed(self, event: ClaimsRead) -> None:
        """What is said about a base from outside; each source says it once, the words of all are kept."""
        found = self.claims.setdefault(event.digest, {})
        found[event.source] = tuple(dict.fromkeys(sorted((*found.get(event.source, ()), *event.claims), key=_claim_rank)))

    def freeze(self, version: int) -> ImageFacts:
        """Copies of all tables."""
        claims = {
            digest: tuple(claim for source in sorted(found) for claim in found[source]) for digest, found in self.claims.items()
        }
        return ImageFacts(
            version=version,
            manifests=self.manifests.copy(),
            configs=self.configs.copy(),
            held={name: found.copy() for name, found in self.held.items()},
            tags={name: found.copy() for name, found in self.tags.items()},
            tag_lists=self.tag_lists.copy(),
            listings=self.listings.copy(),
            failed={name: found.copy() for name, found in self.failed.items()},
            proven={name: found.copy() for name, found in self.proven.items()},
            catalogs=self.catalogs.copy(),
            referrers={name: found.copy() for name, found in self.referrers.items()},
            claims=claims,
            configured=self.configured,
        )

    def _prove(self, name: RepositoryName, reference: str, at: datetime) -> None:
        proven = self.proven.setdefault(name, {})
        proven[reference] = max(at, proven.get(reference, at))

    def _name(self, name: RepositoryName, tag: str, digest: str, at: datetime, row: Tag | None = None) -> None:
        tags = self.tags.setdefault(name, {})
        known = tags.get(tag)
        if known is None:
            tags[tag] = TagRecord({digest: (at, at)}, row, at if row is not None else None)
            return
        first, last = known.spans.get(digest, (at, at))
        spans = known.spans | {digest: (min(first, at), max(last, at))}
        if len(spans) > MAX_SPANS:
            del spans[min(spans, key=lambda each: (spans[each][1], each))]
        newer = row is not None and (known.row_at is None or (at, digest) > (known.row_at, known.row.digest if known.row else ""))
        tags[tag] = TagRecord(spans, row, at) if newer else TagRecord(spans, known.row, known.row_at)


def _list_rank(event: ManifestsListed) -> tuple[bool, datetime, int]:
    return event.complete, event.at, len(event.manifests)


def _claim_rank(claim: Claim) -> tuple[str, str, str, bool, str]:
    return claim.kind, claim.reference, claim.digest, claim.scratch, claim.source
