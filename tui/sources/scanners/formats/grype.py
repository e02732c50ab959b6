"""The JSON report of Grype (`grype IMAGE -o json`).

Source: anchore/grype `grype/presenter/models` (Document, Match, Vulnerability, Source).
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from tui.domain.common.decoding import DECODING, from_json
from tui.domain.common.text import first_few
from tui.domain.facts.scan import ScanReport, Vulnerability
from tui.sources.kit.moments import moment
from tui.sources.scanners.findings import Findings, rows
from tui.sources.scanners.formats.drafts import DocumentSubject, ReportDraft, ReportOrigin, subject_of
from tui.sources.scanners.words import Said, digest_of, score, severity_of, text, web_address

__all__ = ["read_grype"]

UNMATCHED = frozenset({"distro-unknown", "distro-disabled"})
"""Alerts on packages that were compared with nothing; one on a distribution at its end was."""
SHOWN = 3
_T = TypeVar("_T")


class _Fix(msgspec.Struct):
    versions: list[str] | None = None


class _Metrics(msgspec.Struct, rename="camel"):
    base_score: float | None = None


class _Cvss(msgspec.Struct):
    metrics: _Metrics | None = None


class _Vulnerability(msgspec.Struct, rename="camel"):
    id: Said = None
    severity: Said = None
    data_source: Said = None
    description: Said = None
    fix: _Fix | None = None
    cvss: list[_Cvss] | None = None


class _Related(msgspec.Struct):
    id: Said = None


class _Location(msgspec.Struct):
    path: Said = None
    layer: Said = msgspec.field(default=None, name="layerID")


class _Artifact(msgspec.Struct):
    name: Said = None
    version: Said = None
    locations: list[_Location] | None = None


class _Match(msgspec.Struct, rename="camel"):
    vulnerability: _Vulnerability
    artifact: _Artifact
    related_vulnerabilities: list[_Related] | None = None


class _Target(msgspec.Struct, rename="camel"):
    user_input: Said = None
    image_id: Said = msgspec.field(default=None, name="imageID")
    manifest_digest: Said = None
    architecture: Said = None
    tags: list[str] | None = None
    repo_digests: list[str] | None = None


class _Source(msgspec.Struct):
    type: Said = None
    target: msgspec.Raw = msgspec.Raw(b"{}")


class _Distro(msgspec.Struct):
    name: Said = None
    version: Said = None


class _Status(msgspec.Struct):
    """What Grype says of its database: at the top of `db` until version 0.87, under `status` since (`grype db status`)."""

    built: Said = None
    valid: bool | None = None
    error: Said = None


class _Database(_Status):
    status: _Status | None = None


class _Configuration(msgspec.Struct):
    exclude: list[str] | None = None


class _Descriptor(msgspec.Struct):
    timestamp: Said = None
    db: msgspec.Raw = msgspec.Raw(b"null")
    configuration: msgspec.Raw = msgspec.Raw(b"null")


class _Alert(msgspec.Struct):
    type: Said = None


class _Alerts(msgspec.Struct):
    """What Grype says of a package beside vulnerabilities (grype `presenter/models/alerts.go`)."""

    alerts: list[_Alert] | None = None


class _Rule(msgspec.Struct, rename="camel"):
    reason: Said = None
    vulnerability: Said = None
    vex_status: Said = msgspec.field(default=None, name="vex-status")


class _Ignored(_Match, rename="camel"):
    """A match that Grype was told to leave out (`ignore` in its configuration, VEX)."""

    applied_ignore_rules: list[_Rule] | None = None


class _Report(msgspec.Struct):
    matches: msgspec.Raw
    ignored: msgspec.Raw = msgspec.field(default=msgspec.Raw(b"null"), name="ignoredMatches")
    source: _Source | None = None
    distro: _Distro | None = None
    descriptor: _Descriptor | None = None
    alerts: msgspec.Raw = msgspec.field(default=msgspec.Raw(b"null"), name="alertsByPackage")


def read_grype(reading: ReportOrigin, body: bytes | msgspec.Raw) -> list[ScanReport]:
    """The report. Raises DECODING."""
    wire = from_json(body, _Report)
    entries, broken = rows(wire.matches, _Match)
    findings = Findings(reading.pool)
    findings.broken = len(broken)
    for entry in entries:
        findings.add(_finding(entry))
    ignored, unread = rows(wire.ignored, _Ignored)
    findings.broken += len(unread)
    for match in ignored:
        findings.add(msgspec.structs.replace(_finding(match), exemption=_exemption(match)))
    distro = wire.distro or _Distro()
    blind = not entries and not ignored and wire.distro is not None and not text(distro.name, 40)
    names_source = wire.source is not None and bytes(wire.matches) != b"null"
    draft = ReportDraft(
        scanner="Grype",
        scanned_at=moment(wire.descriptor.timestamp if wire.descriptor else None),
        subject=_subject(wire.source),
        findings=findings,
        not_a_scan="" if names_source else "Grype's report that names nothing it looked at",
        lacking=_elsewhere(wire.source)
        or ("the operating system was not recognised, and nothing was found" if blind else "")
        or _left_out(wire),
        os=" ".join(filter(None, (text(distro.name, 40), text(distro.version, 40)))),
        database_made=moment(_database(wire).built),
    )
    return [draft.report(reading)]


def _database(wire: _Report) -> _Status:
    raw = _lenient(wire.descriptor.db, _Database) if wire.descriptor else None
    return (raw.status or raw) if raw else _Status()


def _lenient(raw: msgspec.Raw, kind: type[_T]) -> _T | None:
    """A part of the report that says how it was made; None where it is of another form, as the findings do not hang on it."""
    try:
        return from_json(raw, kind) if bytes(raw) != b"null" else None
    except DECODING:
        return None


def _left_out(wire: _Report) -> str:
    """Why packages may be vulnerable that are not listed; empty when Grype looked at all of them."""
    database = _database(wire)
    if database.error or database.valid is False:
        return "Grype's database of vulnerabilities was not valid"
    configuration = _lenient(wire.descriptor.configuration, _Configuration) if wire.descriptor else None
    if excluded := [text(path, 60) for path in (configuration.exclude if configuration else None) or ()]:
        return f"Grype was told not to look at {first_few(excluded, SHOWN)}"
    alerts = _lenient(wire.alerts, list[_Alerts]) or []
    if any(alert.type in UNMATCHED for packages in alerts for alert in packages.alerts or ()):
        return "Grype does not know the distribution of packages, so they were not looked up"
    return ""


def _elsewhere(source: _Source | None) -> str:
    """Why the report is not about an image: Grype also scans folders, files and package URLs (syft `source`)."""
    kind = text(source.type, 40) if source else ""
    return f"it is about a {kind}, which is not an image" if kind and kind != "image" else ""


def _subject(source: _Source | None) -> DocumentSubject:
    """The image; `target` is a text for anything but images."""
    if _elsewhere(source):
        return DocumentSubject()
    try:
        target = from_json(source.target if source else b"{}", _Target)
    except DECODING:
        return DocumentSubject()
    subject = subject_of(
        *(target.repo_digests or ()),
        *(target.tags or ()),
        target.user_input,
        image_id=target.image_id,
        architecture=target.architecture,
    )
    # Syft computes the manifest's digest by itself when the image came from no registry: the registry's own word is better.
    return subject if subject.digest else msgspec.structs.replace(subject, digest=digest_of(target.manifest_digest))


def _exemption(match: _Ignored) -> str:
    rules = match.applied_ignore_rules or []
    why = next((word for rule in rules if (word := text(rule.reason, 120) or text(rule.vex_status, 40))), "")
    return f"Grype was told to leave it out{f' ({why})' if why else ''}"


def _finding(entry: _Match) -> Vulnerability:
    vulnerability, package = entry.vulnerability, entry.artifact
    place = next(iter(package.locations or ()), _Location())
    scores = [
        rating.metrics.base_score
        for rating in vulnerability.cvss or ()
        if rating.metrics and rating.metrics.base_score is not None
    ]
    name = text(vulnerability.id, 80)
    return Vulnerability(
        id=name,
        severity=severity_of(vulnerability.severity),
        package=text(package.name),
        installed=text(package.version, 120),
        fixed=text(next(iter((vulnerability.fix.versions if vulnerability.fix else None) or ()), ""), 120),
        cvss=score(max(scores, default=None)),
        title=text(vulnerability.description, 200),
        url=web_address(vulnerability.data_source),
        path=text(place.path),
        layer=text(place.layer, 140),
        aliases=tuple(
            dict.fromkeys(
                text(related.id, 80) for related in entry.related_vulnerabilities or () if related.id != vulnerability.id
            )
        ),
    )
