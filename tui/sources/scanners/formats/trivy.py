"""The JSON report of Trivy (`trivy image --format json`).

Source: aquasecurity/trivy `pkg/types/report.go` (SchemaVersion 2) and `trivy-db/pkg/types`.
"""

from __future__ import annotations

import msgspec

from tui.domain.decoding import from_json
from tui.domain.scan import ScanReport, Vulnerability
from tui.sources.scanners.findings import DECODING, Findings, rows
from tui.sources.scanners.formats.drafts import Draft, Reading, subject_of
from tui.sources.scanners.words import Said, moment, score, severity_of, text, web_address

__all__ = ["read_trivy"]


class _Os(msgspec.Struct, rename="pascal"):
    family: Said = None
    name: Said = None
    eosl: bool | None = msgspec.field(default=None, name="EOSL")


class _Metadata(msgspec.Struct, rename="pascal"):
    os: _Os | None = msgspec.field(default=None, name="OS")
    image_id: Said = msgspec.field(default=None, name="ImageID")
    repo_tags: list[str] | None = None
    repo_digests: list[str] | None = None


class _Result(msgspec.Struct, rename="pascal"):
    target: Said = None
    vulnerabilities: msgspec.Raw = msgspec.Raw(b"null")


class _Report(msgspec.Struct, rename="pascal"):
    created_at: Said = None
    artifact_name: Said = None
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


def read_trivy(reading: Reading, body: bytes | msgspec.Raw) -> list[ScanReport]:
    """The report; a part of it that cannot be read is said. Raises DECODING."""
    wire = from_json(body, _Report)
    metadata = wire.metadata or _Metadata()
    system = metadata.os or _Os()
    findings = Findings(reading.pool)
    for raw in wire.results or ():
        _read_result(raw, findings)
    draft = Draft(
        scanner="Trivy",
        at=moment(wire.created_at),
        subject=subject_of(
            *(metadata.repo_digests or ()), *(metadata.repo_tags or ()), wire.artifact_name, image_id=metadata.image_id
        ),
        findings=findings,
        os=" ".join(filter(None, (text(system.family, 40), text(system.name, 40)))),
        end_of_life=bool(system.eosl),
    )
    return [draft.report(reading)]


def _read_result(raw: msgspec.Raw, findings: Findings) -> None:
    try:
        result = from_json(raw, _Result)
        entries, broken = rows(result.vulnerabilities, _Finding)
    except DECODING:
        findings.broken += 1
        return
    findings.broken += len(broken)
    for entry in entries:
        findings.add(_vulnerability(entry, text(result.target)))


def _vulnerability(entry: _Finding, target: str) -> Vulnerability:
    layer = entry.layer or _Layer()
    scores = [each.v3_score or each.v40_score for each in (entry.cvss or {}).values()]
    return Vulnerability(
        id=text(entry.vulnerability_id, 80),
        severity=severity_of(entry.severity),
        package=text(entry.pkg_name),
        installed=text(entry.installed_version, 120),
        fixed=text(entry.fixed_version, 120),
        cvss=score(max((each for each in scores if each is not None), default=None)),
        title=text(entry.title, 200),
        url=web_address(entry.primary_url),
        path=text(entry.pkg_path) or target,
        layer=text(layer.digest or layer.diff_id, 140),
        aliases=tuple(text(each, 80) for each in entry.vendor_ids or ()),
    )
