"""Images and their vulnerabilities as Aqua Enterprise lists them.

Source: aquasecurity/terraform-provider-aquasec `client/image.go` and `client/vulnerabilities.go`, and a real answer of
`/api/v2/risks/vulnerabilities`. Registries have the names that Aqua's administrators gave them, so the digest says what a row is
about. A row is for one package of one image, so reports are gathered from many rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

import msgspec

from tui.domain.common.decoding import DECODING, from_json
from tui.domain.common.source_id import SourceId
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.scan import ScanReport, Severity, Vulnerability
from tui.sources.kit.moments import moment
from tui.sources.scanners.findings import Findings, Pool, rows
from tui.sources.scanners.words import Said, counted, digest_of, name_of, score, severity_of, text, web_address

__all__ = ["SCANNER", "AquaPage", "AquaReports", "AquaRow", "ImageRow", "read_page"]

SCANNER = "Aqua"
SCANNED = frozenset({"", "finished", "completed", "complete", "success", "ok"})


class AquaPage(msgspec.Struct):
    """A page of any list; `is_partial_data` says that the server knows more than it tells."""

    result: msgspec.Raw = msgspec.Raw(b"null")
    count: int | None = None
    is_partial_data: bool | None = None


class ImageRow(msgspec.Struct):
    """A scanned image with its counts."""

    registry: Said = None
    repository: Said = None
    tag: Said = None
    digest: Said = None
    vulns_found: int | None = None
    crit_vulns: int | None = None
    high_vulns: int | None = None
    med_vulns: int | None = None
    low_vulns: int | None = None
    neg_vulns: int | None = None
    os: Said = None
    os_version: Said = None
    scan_status: Said = None
    scan_date: Said = None
    scan_error: Said = None
    partial_results: bool | None = None


class _Resource(msgspec.Struct):
    name: Said = None
    version: Said = None
    path: Said = None


class AquaRow(msgspec.Struct):
    """A vulnerability in a package of an image."""

    name: Said = None
    registry: Said = None
    image_repository_name: Said = None
    image_name: Said = None
    image_digest: Said = None
    aqua_severity: Said = None
    nvd_severity: Said = None
    aqua_score: float | None = None
    nvd_cvss3_score: float | None = None
    fix_version: Said = None
    resource: _Resource | None = None
    nvd_url: Said = None
    vendor_url: Said = None
    os: Said = None
    os_version: Said = None
    last_found_date: Said = None


class _Place(msgspec.Struct):
    """The least of a row that tells whose it is, when the rest of it cannot be read."""

    image_digest: Said = None
    digest: Said = None


_T = TypeVar("_T")


def read_page(body: bytes, kind: type[_T]) -> tuple[AquaPage, list[_T], list[msgspec.Raw]]:
    """A page, its entries, and those that cannot be read. Raises DECODING."""
    page = from_json(body, AquaPage)
    return page, *rows(page.result, kind)


class _Image(msgspec.Struct):
    """What is known of one image so far."""

    registry: str
    repository: str
    tag: str
    digest: str
    findings: Findings
    listed: ImageRow | None = None
    os: str = ""
    last_seen: datetime | None = None


class AquaReports:
    """Gathers images and vulnerabilities, in any order, into one report an image."""

    def __init__(self, source: SourceId, pool: Pool) -> None:
        self._source, self._pool = source, pool
        self._images: dict[tuple[str, str], _Image] = {}
        self._lost: Counter[str] = Counter()
        self.rows = 0
        self.broken = 0

    def add_image(self, row: ImageRow) -> None:
        """An image of the list."""
        image = self._image(row.registry, row.repository, row.tag, row.digest)
        image.listed = row
        image.os = image.os or _system(row.os, row.os_version)

    def add(self, row: AquaRow) -> None:
        """A vulnerability."""
        self.rows += 1
        tag = (row.image_name or "").rpartition("/")[2].partition(":")[2]
        image = self._image(row.registry, row.image_repository_name, tag, row.image_digest)
        image.os = image.os or _system(row.os, row.os_version)
        image.last_seen = max(filter(None, (image.last_seen, moment(row.last_found_date))), default=None)
        image.findings.add(_vulnerability(row))

    def mourn(self, lost: Iterable[msgspec.Raw]) -> None:
        """Rows that cannot be read cost the images that they are about; those that name none are counted as `broken`."""
        for raw in lost:
            try:
                place = from_json(raw, _Place)
            except DECODING:
                place = _Place()
            digest = digest_of(place.image_digest) or digest_of(place.digest)
            if digest:
                self._lost[digest] += 1
            else:
                self.broken += 1

    def _image(self, registry: Said, repository: Said, tag: Said, digest: Said) -> _Image:
        place = f"{text(registry)}/{text(repository)}"
        named_digest = digest_of(digest)
        key = (place, named_digest or text(tag, 128))
        if key not in self._images:
            self._images[key] = _Image(text(registry), text(repository), text(tag, 128), named_digest, Findings(self._pool))
        return self._images[key]

    def counted(self) -> list[ScanReport]:
        """What the list of images alone tells: counts."""
        return [self._report(key, image, image.listed, None, "") for key, image in self._images.items() if image.listed]

    def reports(self, reason: str = "", prefix: str = "") -> list[ScanReport]:
        """A report for each image met; with a `reason`, not all rows were read, and none of them is whole.

        `prefix` is put before their keys.
        """
        reports = [self._report(key, image, image.listed, image.findings, reason) for key, image in self._images.items()]
        return [msgspec.structs.replace(report, key=f"{prefix}#{report.key}") for report in reports] if prefix else reports

    def _report(
        self, key: tuple[str, str], image: _Image, listed: ImageRow | None, findings: Findings | None, reason: str
    ) -> ScanReport:
        counts = _counts(listed) if listed is not None else {}
        lacking = _lacking(listed) or reason
        stated = max(sum(counts.values()), (listed.vulns_found or 0) if listed is not None else 0)
        if findings is not None:
            findings.broken = self._lost[image.digest]
            lacking = lacking or findings.shortfall(stated)
            counts = counts if sum(counts.values()) >= findings.counts.total() else dict(findings.counts)
        else:
            lacking = lacking or _silence(listed, counts)
        return ScanReport(
            source=self._source,
            scanner=SCANNER,
            key=f"{key[0]}@{key[1]}",
            scanned_at=moment(listed.scan_date) if listed is not None else image.last_seen,
            name=_name(image.registry, image.repository),
            tag=image.tag,
            digest=image.digest,
            vulnerabilities=findings.vulnerabilities if findings is not None else None,
            counts=counts,
            complete=not lacking,
            reason=lacking,
            os=image.os,
        )


def _name(registry: str, repository: str) -> RepositoryName | None:
    """The repository, if the registry's name in Aqua is its host."""
    return name_of(registry, repository) if "." in registry and " " not in registry else None


def _lacking(listed: ImageRow | None) -> str:
    if listed is None:
        return ""
    if listed.scan_error:
        return f"the scan failed: {text(listed.scan_error, 160)}"
    if (listed.scan_status or "").lower() not in SCANNED:
        return f"the scan is {text(listed.scan_status, 40)}"
    return "Aqua has partial results only" if listed.partial_results else ""


def _silence(listed: ImageRow | None, counts: dict[Severity, int]) -> str:
    """Why the numbers of the list of images alone do not tell what was found; empty when they do."""
    if listed is None or None in (listed.crit_vulns, listed.high_vulns, listed.med_vulns, listed.low_vulns):
        return "Aqua does not say how many vulnerabilities it found"
    return "" if (listed.vulns_found or 0) <= sum(counts.values()) else "Aqua does not say how severe what it found is"


def _counts(listed: ImageRow) -> dict[Severity, int]:
    return counted(
        {
            Severity.CRITICAL: listed.crit_vulns,
            Severity.HIGH: listed.high_vulns,
            Severity.MEDIUM: listed.med_vulns,
            Severity.LOW: listed.low_vulns,
            Severity.NEGLIGIBLE: listed.neg_vulns,
        }
    )


def _system(family: Said, version: Said) -> str:
    return " ".join(filter(None, (text(family, 40), text(version, 40))))


def _vulnerability(row: AquaRow) -> Vulnerability:
    resource = row.resource or _Resource()
    return Vulnerability(
        id=text(row.name, 80),
        severity=severity_of(row.aqua_severity or row.nvd_severity),
        package=text(resource.name),
        installed=text(resource.version, 120),
        fixed=text(row.fix_version, 120),
        cvss=score(row.aqua_score) or score(row.nvd_cvss3_score),
        url=web_address(row.nvd_url) or web_address(row.vendor_url),
        path=text(resource.path),
    )
