"""Which reports are about which image: by digest of manifest, index or config, and by name only when nothing better is there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from tui.domain.common.source_id import SourceId
from tui.domain.common.text import short
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.scan import CLEARING, ScanReport, Vex
from tui.domain.registries.catalog import Catalog, CatalogImage
from tui.domain.registries.contents import PlatformMember
from tui.domain.registries.presence import Registries

__all__ = ["Matched", "Reported", "ScanIndex"]

_NEVER = datetime(1, 1, 1, tzinfo=UTC)
_NOTHING: tuple[str, ...] = ()
_AHEAD = timedelta(hours=2)
"""How far the clock of a scanner may run ahead before its word takes no other's place; ages are judged by the hour."""
MOST_PARTS = 8
"""Scans of a part of an image that stay beside the best one of the same scanner."""


class Matched(msgspec.Struct, frozen=True):
    """The reports on an image; `by_name` says that nothing but the name relates them, `note` why others were not taken.

    `doubt` says why the scans named by `doubtful` (source and key) may be about another image; what they find counts, that they
    find nothing does not.
    `platforms` are the platforms with the scans that are about each, where not every scan is about all of them.
    """

    reports: tuple[ScanReport, ...] = ()
    by_name: bool = False
    note: str = ""
    platforms: tuple[tuple[str, tuple[ScanReport, ...]], ...] = ()
    doubt: str = ""
    doubtful: frozenset[tuple[SourceId, str]] = frozenset()


class Reported:
    """The reports by what they name, the best of each scanner alone, as of a moment: none is newer for a date still to come."""

    def __init__(self, scans: Mapping[SourceId, Mapping[str, ScanReport]], now: datetime) -> None:
        self._moment = now
        self._latest = max((moment for source in scans.values() for moment in _moments(source.values())), default=_NEVER)
        digested: defaultdict[str, list[ScanReport]] = defaultdict(list)
        by_name: defaultdict[tuple[RepositoryName, str], list[ScanReport]] = defaultdict(list)
        for source in sorted(scans):
            for report in (_as_of(report, now) for report in scans[source].values()):
                if report.digest:
                    for digest in {report.digest, report.config or report.digest}:
                        digested[digest].append(report)
                elif report.name is not None and (report.tag or not report.is_scan):
                    by_name[report.name, report.tag].append(report)
        self.digested = {digest: _best(reports, now) for digest, reports in digested.items()}
        self.named = {name: _best(reports, now) for name, reports in by_name.items()}

    def holds_at(self, now: datetime) -> bool:
        """Whether the same reports are the best of each scanner at another moment."""
        return now == self._moment or self._latest <= min(now, self._moment) + _AHEAD


class ScanIndex:
    """All reports, found by the image that they are about.

    A report on a digest is about every image of the same content, wherever it lies: about a config about all images that
    hold it, about a manifest or an index about those that hold all of its platforms.
    """

    def __init__(self, reported: Reported, catalog: Catalog, registries: Registries) -> None:
        self._catalog, self._registries = catalog, registries
        self._digested, self._named = reported.digested, reported.named
        self._contents = {digest: configs for digest in self._digested if (configs := self._configs(digest))}
        self._by_config = self._reverse()

    def of(self, image: CatalogImage) -> Matched:
        """The reports on an image."""
        digests = dict.fromkeys((*image.digests, *image.configs, *self._elsewhere(image)))
        about = {(report.source, report.key): report for digest in digests for report in self._digested.get(digest, ())}
        reports = list(about.values())
        matched = self._by_name(image, reports) if self._named else Matched(_ordered(reports))
        if any(report.vex and not report.is_scan for report in matched.reports):
            matched = msgspec.structs.replace(matched, reports=self._with_what_clears_all(image, matched.reports))
        matched = _with_contradictions(matched, image)
        platforms = self._platforms(image, matched.reports)
        return msgspec.structs.replace(matched, platforms=platforms) if platforms else matched

    def _platforms(self, image: CatalogImage, reports: Iterable[ScanReport]) -> tuple[tuple[str, tuple[ScanReport, ...]], ...]:
        """The scans on each platform of an index, unless each is on all: one on a platform says nothing of another.

        A report that names the index, or only the name, is about all of it, unless it tells which platform it looked at: Trivy
        and Grype look at one, and name what the reference resolved to (trivy `fanal/image/remote.go`, stereoscope `oci`).
        """
        scans = [report for report in reports if report.is_scan]
        if len(image.members) < 2 or all(report.digest in ("", image.key.digest) and not _tells(report) for report in scans):
            return ()
        parts = [(member, [report for report in scans if self._is_about(report, image, member)]) for member in image.members]
        if all(len(about) == len(scans) for _, about in parts):
            return ()
        return tuple((str(member.platform or short(member.manifest)), _ordered(about)) for member, about in parts)

    def _is_about(self, report: ScanReport, image: CatalogImage, member: PlatformMember) -> bool:
        if not _is_of(report, member, image.members):
            return False
        own = report.digest in ("", image.key.digest, member.manifest, member.config)
        return own or member.config in self._contents.get(report.digest, ())

    def _with_what_clears_all(self, image: CatalogImage, reports: tuple[ScanReport, ...]) -> tuple[ScanReport, ...]:
        """Of statements about a platform, what clears stays where every platform has a statement that does."""
        statements = [report for report in reports if report.vex and not report.is_scan]
        by_member = [[report for report in statements if self._is_stated_of(report, image, member)] for member in image.members]
        if all(len(about) == len(statements) for about in by_member):
            return reports
        everywhere = frozenset.intersection(*(frozenset(map(_cleared, _clearing(about))) for about in by_member))
        return tuple(report if report.is_scan else _without_clearing(report, everywhere) for report in reports)

    def _is_stated_of(self, report: ScanReport, image: CatalogImage, member: PlatformMember) -> bool:
        architecture = _architecture(member) or (report.architecture if len(image.members) == 1 else "")
        return self._is_about(report, image, member) and report.architecture in ("", architecture)

    def of_digest(self, digest: str) -> Matched:
        """The reports on an image of which nothing but a digest is known."""
        return Matched(self._digested.get(digest, ()))

    def _configs(self, digest: str) -> frozenset[str]:
        """The contents that a report on a digest is about; empty when they are not all known."""
        if digest in self._catalog.by_config:
            return frozenset((digest,))
        configs = frozenset(member.config for member in self._catalog.contents.members(digest) or ())
        return frozenset() if "" in configs else configs

    def _reverse(self) -> dict[str, tuple[str, ...]]:
        holders: defaultdict[str, list[str]] = defaultdict(list)
        for digest, configs in self._contents.items():
            for config in configs:
                holders[config].append(digest)
        return {config: tuple(sorted(digests)) for config, digests in holders.items()}

    def _elsewhere(self, image: CatalogImage) -> Iterator[str]:
        """Digests with reports under which parts of the same content lie elsewhere."""
        for config in image.configs:
            for digest in self._by_config.get(config, _NOTHING):
                if self._contents[digest] <= frozenset(image.configs):
                    yield digest

    def _by_name(self, image: CatalogImage, reports: list[ScanReport]) -> Matched:
        """Reports that tell only a name are about what its tag names now, if they are not older than that.

        A scan that names the digest makes those that do not superfluous; statements are about what they name all the same, one
        without a tag about every image of the repository.
        """
        scanned = any(report.is_scan for report in reports)
        statements = [report for report in self._named.get((image.name, ""), ()) if not report.is_scan]
        scans: list[ScanReport] = []
        doubtful: set[tuple[SourceId, str]] = set()
        note = doubt = ""
        for tag in image.tags:
            known = self._registries.moved(image.name, tag) or image.pushed
            since = known or image.created  # it was pushed after it was built, but who knows how long after
            for report in self._named.get((image.name, tag), ()):
                if report.is_scan and scanned:
                    continue
                if report.scanned_at is None or since is None or report.scanned_at < since:
                    note = _too_early(report, f"{image.name}:{tag}")
                else:
                    (scans if report.is_scan else statements).append(report)
                    if known is None and report.is_scan:
                        doubt = _doubt(report, f"{image.name}:{tag}")
                        doubtful.add((report.source, report.key))
        note = "" if scans or scanned else note
        return Matched(_ordered((*reports, *scans, *statements)), bool(scans), note, doubt=doubt, doubtful=frozenset(doubtful))


def _clearing(reports: Iterable[ScanReport]) -> Iterator[Vex]:
    return (statement for report in reports for statement in report.vex if statement.status in CLEARING)


def _cleared(statement: Vex) -> tuple[str, str, str]:
    return statement.id, statement.package, statement.version


def _without_clearing(report: ScanReport, cleared_everywhere: frozenset[tuple[str, str, str]]) -> ScanReport:
    counting = (vex for vex in report.vex if vex.status not in CLEARING or _cleared(vex) in cleared_everywhere)
    return msgspec.structs.replace(report, vex=tuple(counting))


def _tells(report: ScanReport) -> bool:
    """Whether a report tells which platform it looked at."""
    return bool(report.config or report.architecture)


def _is_of(report: ScanReport, member: PlatformMember, members: Sequence[PlatformMember]) -> bool:
    """Whether a report may be about a platform; the config tells, else the architecture, as far as there is such a platform."""
    if report.config and any(report.config in (other.config, other.manifest) for other in members):
        return report.config in (member.config, member.manifest)
    if report.architecture and any(report.architecture == _architecture(other) for other in members):
        return report.architecture == _architecture(member)
    return True


def _architecture(member: PlatformMember) -> str:
    return member.platform.architecture if member.platform is not None else ""


def _too_early(report: ScanReport, name: str) -> str:
    dated = f"of {report.scanned_at:%Y-%m-%d} " if report.scanned_at is not None else ""
    return f"A report {dated}by {report.scanner} names {name} without a digest, and may be about an earlier image of that name."


def _with_contradictions(matched: Matched, image: CatalogImage) -> Matched:
    """With a doubt of scans that name the digest of this image and the configuration of another."""
    if not image.complete:
        return matched
    own = {"", *image.digests, *image.configs}
    others = [report for report in matched.reports if report.is_scan and report.config not in own]
    if not others:
        return matched
    report = others[0]
    doubt = (
        f"The report by {report.scanner} names this image and the configuration {short(report.config)}, which is another image's."
    )
    doubtful = matched.doubtful.union((report.source, report.key) for report in others)
    return msgspec.structs.replace(matched, doubt=matched.doubt or doubt, doubtful=doubtful)


def _doubt(report: ScanReport, name: str) -> str:
    return (
        f"The report of {report.scanned_at:%Y-%m-%d} by {report.scanner} names {name} without a digest, and may be about an "
        "earlier image of that name: the registry does not say since when it names this one."
    )


def _moments(reports: Iterable[ScanReport]) -> Iterator[datetime]:
    for report in reports:
        yield from (
            moment for moment in (report.scanned_at, *(statement.stated_at for statement in report.vex)) if moment is not None
        )


def _as_of(report: ScanReport, now: datetime) -> ScanReport:
    """The report with no statement that clears something by a date still to come: it is not newer than any other."""
    if not any(_is_ahead(statement.stated_at, now) for statement in _clearing((report,))):
        return report
    statements = (
        msgspec.structs.replace(statement, stated_at=None)
        if statement.status in CLEARING and _is_ahead(statement.stated_at, now)
        else statement
        for statement in report.vex
    )
    return msgspec.structs.replace(report, vex=tuple(statements))


def _is_ahead(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment > now + _AHEAD


def _best(reports: Iterable[ScanReport], now: datetime) -> tuple[ScanReport, ...]:
    """One scan a scanner and platform, and every statement: operators report one image once for each workload that runs it.

    Beside it stays what scans found that looked at a part of the image (`--pkg-types library` beside `os`): one that calls
    itself whole may have looked at another part alone, and no report of Trivy says so.
    """
    scans: defaultdict[tuple[SourceId, str, str], list[ScanReport]] = defaultdict(list)
    others = []
    for report in reports:
        if report.is_scan:
            scans[report.source, report.scanner, report.config or report.architecture].append(report)
        else:
            others.append(report)
    for rivals in scans.values():
        best, *beaten = sorted(rivals, key=lambda report: _worth(report, now), reverse=True)
        others.append(best)
        others += [report for report in beaten if report.vulnerabilities and not report.complete][:MOST_PARTS]
    return _ordered(others)


def _worth(report: ScanReport, now: datetime) -> tuple[bool, bool, datetime, bool, str]:
    # A failed attempt does not take the word of an earlier report; of two that succeeded the newer one counts, unless its date
    # is still to come.
    moment = report.scanned_at or _NEVER
    return report.complete, not _is_ahead(moment, now), moment, report.vulnerabilities is not None, report.key


def _ordered(reports: Iterable[ScanReport]) -> tuple[ScanReport, ...]:
    return tuple(sorted(reports, key=lambda report: (report.source, report.scanner, report.digest, report.key)))
