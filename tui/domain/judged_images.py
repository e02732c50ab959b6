"""Images with everything but their use: what the catalog and the lineage know of them, and what the checks make of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import msgspec

from tui.domain.check_context import ImageContext, Scanners
from tui.domain.checks import BY_CONTAINER, Checks, of_containers
from tui.domain.checks_scan import scan_gap
from tui.domain.events import SignaturesVerified
from tui.domain.facts import ImageFacts, TrustFacts
from tui.domain.genealogy import Bases
from tui.domain.image import RepositoryName
from tui.domain.join import Catalog, Known
from tui.domain.lineage import Lineage
from tui.domain.rulebook import RuleBook
from tui.domain.rules import Rules
from tui.domain.ruling import ruled
from tui.domain.scanned import Scans
from tui.domain.scopes import Place
from tui.domain.snapshot import Image, ImageKey
from tui.domain.standing import Registries
from tui.domain.traits import TraitsOf
from tui.domain.trust import Check, CheckName, State, roll_up, worst

__all__ = ["ImageJudge", "Memory", "used", "verdict_of"]

_ORDER = {name: number for number, name in enumerate(CheckName)}


class Question(NamedTuple):
    """Everything that an `Image` is made of."""

    context: ImageContext
    root: bool
    same_content: tuple[ImageKey, ...]


Memory = dict[ImageKey, tuple[Question, Image]]
"""Images as they were judged last, and upon what."""


@dataclass(frozen=True, slots=True, eq=False)
class ImageJudge:
    """Makes an `Image` of what is known of it; `now` should be coarse, so that equal images stay equal.

    `lost` are the registries that do not answer, with a sentence. `used` are the images that something runs,
    `signatures_lost` says why no signatures are looked for, empty while they are.
    The same question is not judged again as long as `memory` is handed on.
    """

    facts: ImageFacts
    catalog: Catalog
    traits: TraitsOf
    lineage: Lineage
    bases: Bases
    checks: Checks
    book: RuleBook
    now: datetime
    signed_in: frozenset[str]
    lost: Mapping[str, str] = field(default_factory=dict)
    signed_out: frozenset[str] = frozenset()
    trust: TrustFacts = field(default_factory=TrustFacts)
    used: frozenset[ImageKey] = frozenset()
    signatures_lost: str = ""
    scans: Scans = field(default_factory=Scans)
    scanners: Scanners = field(default_factory=Scanners)
    memory: Memory = field(default_factory=dict)

    def all(self) -> dict[ImageKey, Image]:
        """Every image that a registry shows or showed, in the order of the catalog, by the rules of its repository."""
        roots = frozenset(self.lineage.roots)
        for key in self.memory.keys() - self.catalog.images.keys():
            del self.memory[key]
        return {key: self.image(known, key in roots) for key, known in self.catalog.images.items()}

    def image(self, known: Known, root: bool) -> Image:
        """One image, by the rules of its repository."""
        key = known.key
        rules = self.book.rules(Place(name=RepositoryName(key.registry, key.repository)))
        context = self._context(known, rules)
        question = Question(context, root and context.link is None, self.catalog.same_content(key))
        kept = self.memory.get(key)
        if kept is None or kept[0] != question:
            kept = self.memory[key] = question, self._image(known, question)
        return kept[1]

    def _image(self, known: Known, question: Question) -> Image:
        context = question.context
        checks = self._checks(context, known.digests)
        return Image(
            key=known.key,
            digests=known.digests,
            tags=known.tags,
            platforms=known.platforms,
            size=known.size,
            created=known.created,
            pushed=known.pushed,
            checks=checks,
            verdict=roll_up(checks),
            base=context.link,
            root=question.root,
            distro=context.system,
            absent=known.absent,
            as_of=known.held,
            config_digests=known.configs,
            same_content=question.same_content,
            signatures=context.signatures,
            vulnerabilities=context.scan.vulnerabilities,
            scans=context.scan.reports,
            scan_gap=scan_gap(context),
        )

    def absent(self, key: ImageKey, registries: Registries) -> Image:
        """An image that runs although no registry shows it to us."""
        reason = _why_absent(key, registries)
        name = RepositoryName(key.registry, key.repository)
        context = self._bare(key, reason, self.book.rules(Place(name=name)))
        checks = self._checks(context, (key.digest,))
        return Image(
            key=key,
            digests=(key.digest,),
            checks=checks,
            verdict=roll_up(checks),
            absent=reason,
            as_of=registries.digest(name, key.digest).at,
            vulnerabilities=context.scan.vulnerabilities,
            scans=context.scan.reports,
            scan_gap=scan_gap(context),
        )

    def again(self, image: Image, rules: Rules) -> tuple[Check, ...]:
        """The checks of an image by other rules."""
        known = self.catalog.images.get(image.key)
        if known is None:
            return self._checks(self._bare(image.key, image.absent, rules), image.digests)
        return self._checks(self._context(known, rules), image.digests)

    def _bare(self, key: ImageKey, reason: str, rules: Rules) -> ImageContext:
        return ImageContext(
            rules=rules,
            now=self.now,
            key=key,
            absent=reason,
            signed_in=self.signed_in,
            lost=self.lost.get(key.registry, ""),
            signed_out=self.signed_out,
            in_use=True,
            signatures_lost=self.signatures_lost,
            scan=self.scans.of_digest(key.digest),
            scanners=self.scanners,
        )

    def _context(self, known: Known, rules: Rules) -> ImageContext:
        key = known.key
        traits = self.traits.of(known)
        link = self.bases.links.get(key)
        alone = link is None
        return ImageContext(
            rules=rules,
            now=self.now,
            key=key,
            known=known,
            absent=known.absent,
            link=link,
            base=self.bases.verdicts.get(key),
            base_at=self.bases.read.get(key),
            scratch=alone and traits.scratch,
            distro=traits.system if alone and traits.distribution else "",
            derived=key in self.lineage.derived,
            remarks=self.lineage.remarks.get(key, ()),
            signed_in=self.signed_in,
            lost=self.lost.get(key.registry, ""),
            signed_out=self.signed_out,
            in_use=key in self.used,
            signatures=self._signatures(known),
            signatures_lost=self.signatures_lost,
            content_trust=self._content_trust(known),
            scan=self.scans.of(key),
            scanners=self.scanners,
            system=traits.system,
            runtimes=traits.runtimes,
        )

    def _signatures(self, known: Known) -> tuple[SignaturesVerified, ...]:
        """What was found on each of its digests that was looked at."""
        here = self.trust.signatures.get(known.name, {})
        return tuple(here[digest] for digest in known.digests if digest in here)

    def _content_trust(self, known: Known) -> bool:
        """Whether its registry marks a tag of it as signed by Docker Content Trust (ACR: `signed` of a tag)."""
        tags = self.facts.tags.get(known.name, {})
        rows = (record.row for tag in known.tags if (record := tags.get(tag)) is not None)
        return any(row is not None and row.signed for row in rows)

    def _checks(self, context: ImageContext, digests: tuple[str, ...]) -> tuple[Check, ...]:
        answers = ruled((check(context) for check in self.checks.image), context.rules, digests)
        return _in_order((*answers, *(of_containers(name, ()) for name in BY_CONTAINER)))


def used(image: Image, answers: tuple[Check, ...], pods: int) -> Image:
    """The image as something uses it: with the answers of its containers."""
    others = (check for check in image.checks if check.name not in BY_CONTAINER)
    checks = _in_order((*others, *(of_containers(name, answers) for name in BY_CONTAINER)))
    return msgspec.structs.replace(image, in_use=True, pods=pods, checks=checks, verdict=roll_up(checks))


def verdict_of(own: Iterable[Check], images: Iterable[tuple[Check, ...]]) -> State:
    """The verdict of a container: its own checks and those of the images that it runs, but for what others run of them."""
    return worst([*(check.state for check in own), *(state for checks in images for state in _own_states(checks))])


def _own_states(checks: Iterable[Check]) -> Iterator[State]:
    return (check.state for check in checks if check.name not in BY_CONTAINER)


def _in_order(checks: Iterable[Check]) -> tuple[Check, ...]:
    return tuple(sorted(checks, key=lambda check: _ORDER[check.name]))


def _why_absent(key: ImageKey, registries: Registries) -> str:
    name = RepositoryName(key.registry, key.repository)
    word = registries.digest(name, key.digest)
    if word.gone:
        return f"{name} does not have it any more: it was deleted or purged."
    if word.there:
        return f"{name} has it, but it has not been read."
    return word.reason
