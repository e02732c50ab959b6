"""What scanners say of every image. Pure, but for what it keeps of the last time: reports are merged and compared once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from operator import is_

from tui.domain.common.memo import Address, changed_keys
from tui.domain.common.source_id import SourceId
from tui.domain.common.text import short
from tui.domain.facts.scan import ImageVulnerability, ScanReport
from tui.domain.facts.workload import ObjectKey
from tui.domain.lineage.base_steps import title_of
from tui.domain.lineage.judged import Bases, newest_build
from tui.domain.lineage.outdated import BaseVerdict, OutdatedRule, base_repository
from tui.domain.registries.catalog import Catalog
from tui.domain.registries.presence import Registries
from tui.domain.scans.index import Matched, Reported, ScanIndex
from tui.domain.scans.inherited import LowerBase, inherit
from tui.domain.scans.tally import Tally, tally
from tui.domain.scans.vulnerabilities import Merged, merge
from tui.domain.snapshot.snapshot import BaseLink, ImageKey

__all__ = ["NOT_SCANNED", "ScanJoin", "Scanned", "Scans"]

MAX_GENERATIONS = 30
_CURRENT = frozenset({OutdatedRule.SAME, OutdatedRule.INDEX_REPUSHED, OutdatedRule.BASE_BEHIND})
_NO_LAYERS: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class Scanned:
    """What is known of one image: its reports, the vulnerabilities over all of them, and how the reports were found."""

    matched: Matched = field(default_factory=Matched)
    vulnerabilities: tuple[ImageVulnerability, ...] = ()

    @property
    def reports(self) -> tuple[ScanReport, ...]:
        """The reports, one a scanner and content."""
        return self.matched.reports

    @cached_property
    def tally(self) -> Tally:
        """The vulnerabilities by what decides about them."""
        return tally(self.vulnerabilities)


NOT_SCANNED = Scanned()


@dataclass(frozen=True, slots=True, eq=False)
class Scans:
    """Every image that somebody reported on, and the reports on digests that no registry shows."""

    images: Mapping[ImageKey, Scanned] = field(default_factory=dict)
    index: ScanIndex | None = None

    def of(self, key: ImageKey) -> Scanned:
        """What is known of an image."""
        return self.images.get(key, NOT_SCANNED)

    def of_digest(self, digest: str) -> Scanned:
        """What is known of an image that no registry shows."""
        matched = self.index.of_digest(digest) if self.index is not None else Matched()
        return Scanned(matched, merge(matched.reports).rows) if matched.reports else NOT_SCANNED


class _AnswerMemory:
    """Answers by what they were made of; those not asked for in a round are forgotten after it."""

    def __init__(self) -> None:
        self.merged: dict[tuple[tuple[SourceId, str], ...], Merged] = {}
        self.placed: dict[tuple[Merged, tuple[LowerBase, ...]], tuple[ImageVulnerability, ...]] = {}
        self.scanned: dict[ImageKey, Scanned] = {}


class ScanJoin:
    """Joins reports with images, round after round."""

    def __init__(self, catalog: Catalog, bases: Bases) -> None:
        self.scans = Scans()
        self._catalog, self._bases = catalog, bases
        self._last = _AnswerMemory()
        self._reports: Mapping[SourceId, Mapping[str, ScanReport]] = {}
        self._reported: Reported | None = None

    def renew(
        self,
        reports: Mapping[SourceId, Mapping[str, ScanReport]],
        registries: Registries,
        changed: Collection[Address],
        now: datetime,
    ) -> set[ImageKey]:
        """Join again when reports or images changed; the images of which scanners say something else."""
        reported = self._reported
        same, self._reports = reported is not None and reported.holds_at(now) and reports == self._reports, reports
        if same and (not any(reports.values()) or all(isinstance(address, ObjectKey) for address in changed)):
            return set()  # what runs has no say in what a report is about
        if reported is None or not same:
            reported = self._reported = Reported(reports, now)
        before, self.scans = self.scans, self._join(reported, registries)
        return changed_keys(before.images, self.scans.images)

    def _join(self, reported: Reported, registries: Registries) -> Scans:
        if not any(self._reports.values()):
            self._last = _AnswerMemory()
            return Scans()
        index = ScanIndex(reported, self._catalog, registries)
        joined = _Round(self._last, index, self._catalog, self._bases, registries)
        images = joined.all()
        self._last = joined.kept
        return Scans(images, joined.index)


class _Round:
    """One join."""

    def __init__(self, last: _AnswerMemory, index: ScanIndex, catalog: Catalog, bases: Bases, registries: Registries) -> None:
        self.index, self.kept, self._last = index, _AnswerMemory(), last
        self._catalog, self._bases, self._registries = catalog, bases, registries
        self._matched: dict[ImageKey, Matched] = {}
        self._merged: dict[ImageKey, Merged | None] = {}
        self._steps: dict[tuple[ImageKey, str], LowerBase] = {}

    def all(self) -> dict[ImageKey, Scanned]:
        for key, image in self._catalog.images.items():
            matched = self.index.of(image)
            if matched.reports or matched.note:
                self._matched[key] = matched
        return {key: self._scanned(key) for key in self._matched}

    def _scanned(self, key: ImageKey) -> Scanned:
        matched, own = self._matched[key], self._own(key)
        rows = self._placed(own, tuple(self._below(key))) if own is not None else ()
        previous = self._last.scanned.get(key)
        same = previous is not None and previous.vulnerabilities is rows and previous.matched == matched
        self.kept.scanned[key] = scanned = previous if previous is not None and same else Scanned(matched, rows)
        return scanned

    def _own(self, key: ImageKey) -> Merged | None:
        if key not in self._merged:
            reports = self._matched[key].reports if key in self._matched else ()
            self._merged[key] = self._merge(reports) if reports else None
        return self._merged[key]

    def _merge(self, reports: tuple[ScanReport, ...]) -> Merged:
        key = tuple([(report.source, report.key) for report in reports])
        merged = self.kept.merged.get(key) or self._last.merged.get(key)
        if merged is None or not all(map(is_, merged.reports, reports)):
            merged = merge(reports)
        self.kept.merged[key] = merged
        return merged

    def _placed(self, own: Merged, steps: tuple[LowerBase, ...]) -> tuple[ImageVulnerability, ...]:
        key = (own, steps)
        rows = self._last.placed.get(key)
        if rows is None:
            rows = self.kept.placed.get(key)
        placed = self.kept.placed[key] = inherit(own, steps) if rows is None else rows
        return placed

    # ---- bases

    def _below(self, key: ImageKey) -> Iterator[LowerBase]:
        """The bases of an image, the direct one first; links make no cycle."""
        for _ in range(MAX_GENERATIONS):
            link = self._bases.links.get(key)
            if link is None:
                return
            yield self._step(link, self._bases.verdicts.get(key))
            key = link.base

    def _step(self, link: BaseLink, verdict: BaseVerdict | None) -> LowerBase:
        key = (link.base, f"{link.tag} {verdict.rule if verdict else ''} {verdict.newest if verdict else ''}")
        step = self._steps.get(key)
        if step is None:
            current = verdict is not None and verdict.rule in _CURRENT
            newest = None if current or verdict is None else newest_build(self._catalog, self._registries, link, verdict)
            today = self._found(newest) if newest is not None else None
            base = self._held(link.base)
            tag = verdict.newest.partition("@")[0] if verdict is not None and newest is not None else ""
            title = title_of(link, tag, newest.digest) if newest is not None else _name(link)
            step = LowerBase(_name(link), self._found(base), self._layers(base), current, today, title)
            self._steps[key] = step
        return step

    def _held(self, key: ImageKey) -> ImageKey:
        """The base, or an image of the same content where that is readable under another name only."""
        if key in self._catalog.images or not key.digest:
            return key
        members = self._catalog.contents.members(key.digest) or ()
        same = (self._catalog.by_config.get(member.config, ()) for member in members)
        return next((keys[0] for keys in same if keys), key)

    def _found(self, key: ImageKey) -> Merged | None:
        return self._own(key) if key in self._catalog.images else None

    def _layers(self, key: ImageKey) -> frozenset[str]:
        """The layers of a base by any name that a scanner may give them."""
        image, contents = self._catalog.images.get(key), self._catalog.contents
        if image is None or not image.complete:
            return _NO_LAYERS
        diff_ids = {diff_id for member in image.members for diff_id in contents.configs[member.config].diff_ids}
        manifests = (contents.manifests[m.manifest] for m in image.members if m.manifest in contents.manifests)
        return frozenset(diff_ids.union(layer.digest for manifest in manifests for layer in manifest.layers))


def _name(link: BaseLink) -> str:
    base = link.base
    name = base_repository(base)
    return f"{name}:{link.tag}" if link.tag else f"{name}@{short(base.digest)}" if base.digest and base.repository else name
