"""Images as Prisma Cloud Compute (Twistlock) scans them: results of its API, and of twistcli.

Source: PaloAltoNetworks/pan.dev `openapi-specs/compute` (ImageScanResult). With `compact=true` the lists are null and the counts
stay. `status` says the fix in words: `fixed in 1.30.1-r5`. twistcli names the same things differently (`id` for `cve`).
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tui.domain.common.decoding import DECODING, from_json
from tui.domain.common.source_id import SourceId
from tui.domain.common.text import plural
from tui.domain.facts.scan import ScanReport, Severity, Vulnerability
from tui.sources.kit.moments import moment
from tui.sources.scanners.findings import Findings, Pool, rows
from tui.sources.scanners.words import Said, counted, digest_of, name_of, score, severity_of, text, web_address

__all__ = ["SCANNER", "read_image", "read_images", "read_twistcli"]

SCANNER = "Prisma Cloud"
_FIXED_IN = "fixed in "


class _RepoTag(msgspec.Struct):
    registry: Said = None
    repo: Said = None
    tag: Said = None


class _Distribution(msgspec.Struct):
    critical: int | None = None
    high: int | None = None
    medium: int | None = None
    low: int | None = None
    total: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it says, in numbers, that there is nothing."""
        return all(number == 0 for number in (self.critical, self.high, self.medium, self.low)) and not self.total


class _Image(msgspec.Struct, rename="camel"):
    own_id: Said = msgspec.field(default=None, name="_id")
    id: Said = None
    repo_tag: _RepoTag | None = None
    repo_digests: list[str] | None = None
    scan_time: Said = None
    distro: Said = None
    err: Said = None
    vulnerabilities_count: int | None = None
    vulnerability_distribution: _Distribution | None = None
    vulnerabilities: msgspec.Raw = msgspec.Raw(b"null")


class _Finding(msgspec.Struct, rename="camel"):
    """`cve` in the API, where `id` is the number of a check; `id` in twistcli."""

    cve: Said = None
    id: int | str | None = None
    severity: Said = None
    cvss: float | None = None
    status: Said = None
    package_name: Said = None
    package_version: Said = None
    package_path: Said = None
    link: Said = None
    title: Said = None


class _Twistcli(msgspec.Struct):
    results: msgspec.Raw


class _TwistcliImage(_Image):
    """A result of twistcli: newer versions add the name, and the digest of the manifest."""

    name: Said = None
    digest: Said = None


def read_images(source: SourceId, prefix: str, body: bytes, pool: Pool, start: int = 0) -> list[ScanReport]:
    """The reports on a page that begins with number `start`; null is an empty page. Raises DECODING."""
    images, _ = rows(body, msgspec.Raw)
    return [read_image(source, f"{prefix}/{number}", prefix, raw, pool) for number, raw in enumerate(images, start)]


def read_image(source: SourceId, fallback: str, prefix: str, raw: msgspec.Raw, pool: Pool) -> ScanReport:
    """The report of one image; one that cannot be read is a report that says so, under the key `fallback`."""
    try:
        return _report(source, from_json(raw, _Image), prefix, pool)
    except DECODING as error:
        reason = f"a result of Prisma Cloud cannot be read: {text(str(error), 120)}"
        return ScanReport(source, SCANNER, fallback, None, complete=False, reason=reason)


def read_twistcli(source: SourceId, key: str, body: bytes, pool: Pool) -> Iterator[ScanReport]:
    """The reports in the output of `twistcli images scan --output-file`. Raises DECODING."""
    results, _ = rows(from_json(body, _Twistcli).results, msgspec.Raw)
    for number, raw in enumerate(results):
        image = from_json(raw, _TwistcliImage)
        image.repo_tag = image.repo_tag or _named(image.name)
        image.repo_digests = image.repo_digests or ([image.digest] if image.digest else None)
        report = _report(source, image, "", pool)
        yield msgspec.structs.replace(report, scanner="twistcli", key=f"{key}#{number}")


def _named(name: Said) -> _RepoTag | None:
    """`host/repo:tag` as twistcli writes it; the tag is what follows the last colon behind the last slash."""
    path, slash, last = (name or "").rpartition("/")
    last, _, tag = last.partition(":")
    return _RepoTag("", f"{path}{slash}{last}", tag) if last else None


def _report(source: SourceId, image: _Image, prefix: str, pool: Pool) -> ScanReport:
    tag = image.repo_tag or _RepoTag()
    digest = next(filter(None, map(digest_of, image.repo_digests or ())), "") or digest_of(image.id)
    findings = _findings(image, pool)
    distribution = image.vulnerability_distribution
    none = image.vulnerabilities_count == 0 or (
        image.vulnerabilities_count is None and distribution is not None and distribution.is_empty
    )
    listed = bytes(image.vulnerabilities) != b"null" or none
    counts = _counts(image.vulnerability_distribution) or dict(findings.counts)
    lacking = _lacking(image, findings, counts, listed)
    return ScanReport(
        source=source,
        scanner=SCANNER,
        key=f"{prefix}/{text(image.own_id) or text(image.id) or digest}",
        scanned_at=moment(image.scan_time),
        name=name_of(tag.registry, tag.repo) if tag.repo else None,
        tag=text(tag.tag, 128),
        digest=digest,
        vulnerabilities=findings.vulnerabilities if listed else None,
        counts=counts if sum(counts.values()) >= findings.counts.total() else dict(findings.counts),
        complete=not lacking,
        reason=lacking,
        os=text(image.distro, 80),
    )


def _findings(image: _Image, pool: Pool) -> Findings:
    entries, broken = rows(image.vulnerabilities, _Finding)
    findings = Findings(pool)
    findings.broken = len(broken)
    for entry in entries:
        findings.add(_vulnerability(entry))
    return findings


def _lacking(image: _Image, findings: Findings, counts: dict[Severity, int], listed: bool) -> str:
    """Why the report is not whole, empty when it is."""
    if image.err:
        return f"the scan failed: {text(image.err, 160)}"
    if listed:
        return findings.shortfall(max(image.vulnerabilities_count or 0, sum(counts.values())))
    stated = image.vulnerabilities_count or 0
    if stated > sum(counts.values()):
        return f"the result counts {plural(stated, 'vulnerability')} without a word of how severe"
    return "" if counts else "the result has neither vulnerabilities nor counts"


def _counts(distribution: _Distribution | None) -> dict[Severity, int]:
    if distribution is None:
        return {}
    return counted(
        {
            Severity.CRITICAL: distribution.critical,
            Severity.HIGH: distribution.high,
            Severity.MEDIUM: distribution.medium,
            Severity.LOW: distribution.low,
        }
    )


def _vulnerability(entry: _Finding) -> Vulnerability:
    status = text(entry.status, 200)
    return Vulnerability(
        id=text(entry.cve, 80) or (text(entry.id, 80) if isinstance(entry.id, str) else ""),
        severity=severity_of(entry.severity),
        package=text(entry.package_name),
        installed=text(entry.package_version, 120),
        fixed=status[len(_FIXED_IN) :] if status.lower().startswith(_FIXED_IN) else "",
        cvss=score(entry.cvss),
        title=text(entry.title, 200),
        url=web_address(entry.link),
        path=text(entry.package_path),
    )
