"""The JSON report of Trivy (`trivy image --format json`).

Source: aquasecurity/trivy `pkg/types/report.go` (SchemaVersion 2) and `trivy-db/pkg/types`.
"""

from __future__ import annotations

import msgspec

from tui.domain.common.decoding import DECODING, from_json
from tui.domain.facts.scan import ScanReport, Vulnerability
from tui.sources.kit.moments import moment
from tui.sources.scanners.findings import Findings, rows
from tui.sources.scanners.formats.drafts import DocumentSubject, ReportDraft, ReportOrigin, subject_of
from tui.sources.scanners.words import Said, score, severity_of, text, unrecognised, web_address

__all__ = ["read_trivy"]

OS_PACKAGES = "os-pkgs"
UNREAD = "?"
"""In place of a class: the result lists vulnerabilities, or is of a version of Trivy before there were classes (0.21)."""
PACKAGES = frozenset({OS_PACKAGES, "lang-pkgs", UNREAD})
"""Classes of results whose packages were looked up (trivy `pkg/types/target.go`); the others look elsewhere."""
_CLASSES = {"secret": "secrets", "config": "misconfigurations", "license": "licences", "license-file": "licences"}
IMAGE_TYPES = frozenset({"container_image", "cyclonedx", "spdx"})
"""Artifacts that are images, or bills of materials that say themselves what they are about (trivy `pkg/fanal/types`)."""


class _Os(msgspec.Struct, rename="pascal"):
    family: Said = None
    name: Said = None
    eosl: bool | None = msgspec.field(default=None, name="EOSL")


class _ImageConfig(msgspec.Struct):
    architecture: Said = None


class _Metadata(msgspec.Struct, rename="pascal"):
    image_config: _ImageConfig | None = None
    os: _Os | None = msgspec.field(default=None, name="OS")
    image_id: Said = msgspec.field(default=None, name="ImageID")
    repo_tags: list[str] | None = None
    repo_digests: list[str] | None = None


class _Result(msgspec.Struct, rename="pascal"):
    target: Said = None
    class_: Said = msgspec.field(default=None, name="Class")
    type: Said = None
    vulnerabilities: msgspec.Raw = msgspec.Raw(b"null")
    modified: msgspec.Raw = msgspec.field(default=msgspec.Raw(b"null"), name="ExperimentalModifiedFindings")


class _Report(msgspec.Struct, rename="pascal"):
    created_at: Said = None
    artifact_name: Said = None
    artifact_type: Said = None
    metadata: _Metadata | None = None
    results: list[msgspec.Raw] | None = None


class _Layer(msgspec.Struct, rename="pascal"):
    digest: Said = None
    diff_id: Said = msgspec.field(default=None, name="DiffID")


class _Cvss(msgspec.Struct, rename="pascal"):
    v3_score: float | None = msgspec.field(default=None, name="V3Score")
    v40_score: float | None = msgspec.field(default=None, name="V40Score")


class _Finding(msgspec.Struct, rename="pascal"):
    vulnerability_id: Said = msgspec.field(default=None, name="VulnerabilityID")
    vendor_ids: list[str] | None = msgspec.field(default=None, name="VendorIDs")
    pkg_name: Said = None
    pkg_path: Said = None
    installed_version: Said = None
    fixed_version: Said = None
    severity: Said = None
    title: Said = None
    primary_url: Said = msgspec.field(default=None, name="PrimaryURL")
    layer: _Layer | None = None
    cvss: dict[str, _Cvss] | None = msgspec.field(default=None, name="CVSS")


class _Modified(msgspec.Struct, rename="pascal"):
    """A finding that Trivy was told to leave out (`.trivyignore`, VEX): with `--show-suppressed` it stands beside the others."""

    type: Said = None
    status: Said = None
    statement: Said = None
    source: Said = None
    finding: _Finding = msgspec.field(default_factory=_Finding)


def read_trivy(reading: ReportOrigin, body: bytes | msgspec.Raw) -> list[ScanReport]:
    """The report; a part of it that cannot be read is said. Raises DECODING."""
    wire = from_json(body, _Report)
    metadata = wire.metadata or _Metadata()
    system = metadata.os or _Os()
    findings = Findings(reading.pool)
    classes = [_read_result(raw, findings) for raw in wire.results or ()]
    elsewhere = _elsewhere(wire)
    subject = subject_of(
        *(metadata.repo_digests or ()),
        *(metadata.repo_tags or ()),
        wire.artifact_name,
        image_id=metadata.image_id,
        architecture=metadata.image_config.architecture if metadata.image_config else None,
    )
    draft = ReportDraft(
        scanner="Trivy",
        scanned_at=moment(wire.created_at),
        subject=DocumentSubject() if elsewhere else subject,
        findings=findings,
        not_a_scan=_other(classes),
        lacking=elsewhere or _unseen(classes, system),
        os=" ".join(filter(None, (text(system.family, 40), text(system.name, 40)))),
        end_of_life=bool(system.eosl),
    )
    return [draft.report(reading)]


def _read_result(raw: msgspec.Raw, findings: Findings) -> str:
    """Add what a result lists; the class of what it looked at, UNREAD when that cannot be told."""
    try:
        result = from_json(raw, _Result)
        entries, broken = rows(result.vulnerabilities, _Finding)
        modified, unread = rows(result.modified, _Modified)
        broken += unread
    except DECODING:
        findings.broken += 1
        return UNREAD
    findings.broken += len(broken)
    for entry in entries:
        findings.add(_vulnerability(entry, text(result.target)))
    for change in modified:
        if change.type == "vulnerability":
            findings.add(_told(change, text(result.target)))
    listed = bytes(result.vulnerabilities) != b"null"
    return text(result.class_, 40) or (UNREAD if listed or result.type else "")


def _other(classes: list[str]) -> str:
    """What the report is when no result tells that packages were looked at: a scan of secrets alone has the same shape."""
    if any(kind in PACKAGES for kind in classes):
        return ""
    kinds = ", ".join(sorted({_CLASSES.get(kind, kind) for kind in classes if kind}))
    return f"Trivy's report of {kinds} alone" if kinds else "Trivy's report without a result"


def _unseen(classes: list[str], system: _Os) -> str:
    """Whether the packages of the operating system were left out (`--pkg-types library`, a system that Trivy does not know)."""
    family = text(system.family, 40)
    if unknown := unrecognised(family):
        return unknown
    if family and OS_PACKAGES not in classes and UNREAD not in classes:
        return f"the packages of the operating system ({family}) were not looked at"
    return ""


def _elsewhere(wire: _Report) -> str:
    """Why the report is not about an image: Trivy also scans folders, repositories of code and disks."""
    kind = text(wire.artifact_type, 40)
    if not kind or kind in IMAGE_TYPES:
        return ""
    return f"it is about the {kind} {text(wire.artifact_name, 120)}, which is not an image"


def _told(change: _Modified, target: str) -> Vulnerability:
    why = ": ".join(filter(None, (text(change.source, 60), text(change.statement, 120))))
    exemption = f"Trivy was told to leave it out ({text(change.status, 30) or 'ignored'}{f', {why}' if why else ''})"
    return msgspec.structs.replace(_vulnerability(change.finding, target), exemption=exemption)


def _vulnerability(entry: _Finding, target: str) -> Vulnerability:
    layer = entry.layer or _Layer()
    scores = [rating.v3_score or rating.v40_score for rating in (entry.cvss or {}).values()]
    return Vulnerability(
        id=text(entry.vulnerability_id, 80),
        severity=severity_of(entry.severity),
        package=text(entry.pkg_name),
        installed=text(entry.installed_version, 120),
        fixed=text(entry.fixed_version, 120),
        cvss=score(max((value for value in scores if value is not None), default=None)),
        title=text(entry.title, 200),
        url=web_address(entry.primary_url),
        path=text(entry.pkg_path) or target,
        layer=text(layer.digest or layer.diff_id, 140),
        aliases=tuple(text(vendor_id, 80) for vendor_id in entry.vendor_ids or ()),
    )
