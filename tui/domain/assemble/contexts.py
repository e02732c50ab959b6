"""What images are judged on, whatever the policy and the time: everything that sources told of each."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from tui.domain.assemble.builders import BuildersTold
from tui.domain.assemble.reading import Reading
from tui.domain.checks.context import ImageContext, Scanners
from tui.domain.common.memo import Address, Rows, Trace, with_more
from tui.domain.facts.build_claim import BuildClaim
from tui.domain.facts.events import SignaturesVerified
from tui.domain.facts.facts import TrustFacts
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.source_health import RegistrySession
from tui.domain.lineage.judged import newest_build
from tui.domain.lineage.outdated import BaseVerdict, OutdatedRule
from tui.domain.policy.rules import Rules
from tui.domain.registries.catalog import CatalogImage
from tui.domain.registries.presence import Presence
from tui.domain.scans.scanned import Scans
from tui.domain.snapshot.snapshot import BaseLink, BaseState, ImageKey

__all__ = ["ContextFactory", "Evidence", "Question", "Sessions", "Use"]


@dataclass(frozen=True, slots=True)
class Sessions:
    """Who is signed in to which registry, and why no signatures are looked for, if so."""

    registries: Mapping[str, RegistrySession] = field(default_factory=dict)
    signatures_lost: str = ""


class Use(msgspec.Struct, frozen=True, gc=False):
    """Whether something that is known runs an image, and the digests that the names of what runs it give."""

    in_use: bool
    named_digests: tuple[str, ...]


class Question(msgspec.Struct, frozen=True, gc=False):
    """Everything that an `Image` is made of but rules, time and use; `as_of` is when its registry last spoke of it."""

    context: ImageContext
    as_of: datetime | None
    root: bool = False
    same_content: tuple[ImageKey, ...] = ()
    gone: bool = False
    tags_listed: bool = False
    built_by: tuple[BuildClaim, ...] = ()

    def under(self, rules: Rules, now: datetime, use: Use) -> ImageContext:
        """The context with rules, time and use there. `now` should be coarse, so that equal images stay equal."""
        return msgspec.structs.replace(self.context, rules=rules, now=now, in_use=use.in_use, named_digests=use.named_digests)


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What is known besides what registries hold: what was said of the trust in images, and who is signed in."""

    trust: TrustFacts
    sessions: Sessions
    scans: Scans
    scanners: Scanners


class ContextFactory:
    """Makes the contexts of images, round after round: that of an image that nothing changed about is the very same.

    `used` are the images that something runs, each with the digests that the names of what runs it give.
    """

    def __init__(self, trace: Trace, reading: Reading, used: Mapping[ImageKey, tuple[str, ...]]) -> None:
        self._reading, self._used = reading, used
        self._trace = trace
        self._evidence = Evidence(TrustFacts(), Sessions(), Scans(), Scanners())
        self._rows: Rows[ImageKey, Question] = Rows(trace, self._question)
        self._builders = BuildersTold(reading)

    def renew(self, evidence: Evidence, changed: Set[Address]) -> Set[Address]:
        """Make those again that something changed about; the keys of images that are known otherwise."""
        before, self._evidence = self._evidence, evidence
        if (before.sessions, before.scanners) != (evidence.sessions, evidence.scanners):
            changed = with_more(changed, self._rows.values.keys())
        keys = {address for address in changed if isinstance(address, ImageKey)}
        present = {key for key in keys if key in self._reading.catalog.images or key in self._used}
        return self._rows.refresh(changed, present, keys - present)

    def question(self, key: ImageKey) -> Question:
        """All that is known of an image, with no rules and at no time; the very same as long as nothing changed about it."""
        return self._rows.get(key)

    def use(self, question: Question, digests: tuple[str, ...] | None = None) -> Use:
        """Whether something runs an image, and the digests that names give of it, or these `digests` alone."""
        if question.context.catalogued is None:
            return Use(True, digests or ())
        names = self._used.get(question.context.key)
        if names is None and not digests:
            return _UNUSED
        return Use(names is not None, (names or ()) if digests is None else digests)

    def _question(self, key: ImageKey) -> Question:
        reading, name = self._reading, key.name
        registries, catalog_image = reading.registries, reading.catalog.image(key)
        listed = registries.lists_tags(name)
        presence = registries.digest_once(name, key.digest)
        if catalog_image is None:
            return Question(self._absent(key, presence), presence.answered_at, gone=presence.gone, tags_listed=listed)
        context = self._context(catalog_image, name)
        root = context.link is None and key in reading.lineage.roots
        is_gone = bool(catalog_image.absent) and presence.gone
        built_by = self._builders.of(catalog_image, context.link, context.signatures)
        return Question(context, catalog_image.confirmed, root, reading.catalog.same_content(key), is_gone, listed, built_by)

    def _absent(self, key: ImageKey, presence: Presence) -> ImageContext:
        """The little that is known of an image that runs although no registry shows it to us."""
        registries, sessions = self._reading.registries, self._evidence.sessions
        name = key.name
        return ImageContext(
            rules=_NO_RULES,
            now=_NO_TIME,
            key=key,
            absent=_why_absent(name, presence),
            altered=registries.altered(name, (key.digest,)),
            session=sessions.registries.get(key.registry),
            registry_lost=registries.lost.get(key.registry, ""),
            in_use=True,
            signatures_lost=sessions.signatures_lost,
            scan=self._evidence.scans.of_digest(key.digest),
            scanners=self._evidence.scanners,
        )

    def _context(self, catalog_image: CatalogImage, name: RepositoryName) -> ImageContext:
        key, sessions, reading = catalog_image.key, self._evidence.sessions, self._reading
        registries, lineage, bases = reading.registries, reading.lineage, reading.bases
        traits = reading.traits.of(key)
        link = bases.links.get(key)
        verdict, alone = bases.verdicts.get(key), link is None
        return ImageContext(
            rules=_NO_RULES,
            now=_NO_TIME,
            key=key,
            catalogued=catalog_image,
            absent=catalog_image.absent,
            altered=registries.altered(name, (*catalog_image.digests, *catalog_image.configs)),
            link=link,
            base=verdict,
            base_at=bases.read.get(key),
            scratch=alone and traits.scratch,
            distro=traits.system if alone and traits.distribution else "",
            derived=key in lineage.derived,
            remarks=lineage.remarks.get(key, ()),
            session=sessions.registries.get(key.registry),
            registry_lost=registries.lost.get(key.registry, ""),
            signatures=self._signatures(catalog_image, name),
            signatures_lost=sessions.signatures_lost,
            signatures_missed=self._missed(catalog_image, name),
            content_trust=self._content_trust(catalog_image, name),
            scan=self._evidence.scans.of(key),
            scanners=self._evidence.scanners,
            system=traits.system,
            runtimes=traits.runtimes,
            renewed=self._renewed(link, verdict),
        )

    def _renewed(self, link: BaseLink | None, verdict: BaseVerdict | None) -> str:
        """The distribution of the newest build of an image's base; empty where the image stands on that already."""
        reading = self._reading
        if link is None or verdict is None or verdict.state is not BaseState.OUTDATED or verdict.rule is OutdatedRule.BASE_BEHIND:
            return ""
        newest = newest_build(reading.catalog, reading.registries, link, verdict)
        return reading.traits.of(newest).system if newest is not None else ""

    def _signatures(self, catalog_image: CatalogImage, name: RepositoryName) -> tuple[SignaturesVerified, ...]:
        """What was found on each of its digests that was looked at."""
        verified = self._evidence.trust.signatures.get(name, {})
        return tuple(verified[digest] for digest in catalog_image.digests if digest in verified)

    def _missed(self, catalog_image: CatalogImage, name: RepositoryName) -> tuple[tuple[str, str], ...]:
        """Why digests of it could not be looked at: they could not be read, or what is attached to them could not."""
        registries = self._reading.registries
        verified, listed = self._evidence.trust.signatures.get(name, {}), registries.facts.referrers.get(name, {})
        missing, failed = [digest for digest in catalog_image.digests if digest not in verified], registries.failures(name)
        if not missing or not (failed or listed):
            return ()
        reasons = {digest: failed[digest].reason for digest in missing if digest in failed}
        reasons |= {digest: listed[digest].error for digest in missing if digest in listed and listed[digest].error}
        return tuple(reasons.items())

    def _content_trust(self, catalog_image: CatalogImage, name: RepositoryName) -> bool:
        """Whether its registry marks a tag of it as signed by Docker Content Trust (ACR: `signed` of a tag)."""
        self._trace.reads.add(name)
        tags = self._reading.registries.facts.tags.get(name, {})
        rows = (record.row for tag in catalog_image.tags if (record := tags.get(tag)) is not None)
        return any(row is not None and row.signed for row in rows)


def _why_absent(name: RepositoryName, presence: Presence) -> str:
    if presence.gone:
        return f"{name} does not have it any more: it was deleted or purged."
    if presence.there:
        return f"{name} has it, but it has not been read."
    return presence.reason


_UNUSED = Use(False, ())
_NO_RULES, _NO_TIME = Rules(), datetime(1, 1, 1, tzinfo=UTC)
"""What a context is kept with, until it is asked for by the rules of a place and the time."""
