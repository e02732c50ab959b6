"""Attestations about images: in-toto statements, bare, in a DSSE envelope (cosign `.att`) or in a Sigstore bundle.

Source: in-toto/attestation `spec/v1/statement.md`, `spec/predicates/vuln.md` (`https://in-toto.io/attestation/vulns/v0.1`),
sigstore/cosign `specs/COSIGN_VULN_ATTESTATION_SPEC.md`, openvex/spec `ATTESTING.md`, secure-systems-lab/dsse `envelope.md`.
Signatures are not looked at here: whoever reads a statement says that nobody has verified it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import datetime

import msgspec

from tui.domain.common.decoding import from_json
from tui.domain.facts.reference import is_digest
from tui.domain.facts.scan import ScanReport, Severity, Vulnerability
from tui.errors import UntrustedPayload
from tui.sources.kit.moments import moment
from tui.sources.scanners.findings import Findings, rows
from tui.sources.scanners.formats.cyclonedx import read_cyclonedx
from tui.sources.scanners.formats.drafts import DocumentSubject, ReportDraft, ReportOrigin
from tui.sources.scanners.formats.openvex import read_openvex
from tui.sources.scanners.formats.purl import is_named, subject_in
from tui.sources.scanners.words import Said, is_cvss, score, severity_of, severity_of_score, text

__all__ = ["is_about_vulnerabilities", "read_envelope", "read_statement"]

COSIGN_VULN = "https://cosign.sigstore.dev/attestation/vuln/"
INTOTO_VULN = "https://in-toto.io/attestation/vulns/"
OPENVEX = "https://openvex.dev/ns"
CYCLONEDX = "https://cyclonedx.org/"
Read = Callable[[ReportOrigin, bytes], list[ScanReport]]
"""How a scanner's own report inside a statement is read: raises UntrustedPayload or DECODING."""
PREDICATES = (COSIGN_VULN, INTOTO_VULN, OPENVEX, CYCLONEDX)


class _Envelope(msgspec.Struct):
    payload: str


class _Bundle(msgspec.Struct, rename="camel"):
    """A Sigstore bundle; one around a plain signature has no envelope."""

    dsse_envelope: _Envelope | None = None


class _Subject(msgspec.Struct):
    name: Said = None
    digest: dict[str, str] | None = None


class _Statement(msgspec.Struct, rename="camel"):
    predicate_type: str
    subject: list[_Subject] | None = None
    predicate: msgspec.Raw = msgspec.Raw(b"{}")


class _Database(msgspec.Struct, rename="camel"):
    last_update: Said = None


class _Scanner(msgspec.Struct):
    uri: Said = None
    version: Said = None
    db: _Database | None = None
    result: msgspec.Raw = msgspec.Raw(b"null")


class _Metadata(msgspec.Struct, rename="camel"):
    scan_started_on: Said = None
    scan_finished_on: Said = None


class _Vulnerabilities(msgspec.Struct):
    scanner: _Scanner | None = None
    metadata: _Metadata | None = None


class _Rating(msgspec.Struct):
    method: Said = None
    score: str | float | None = None


class _Finding(msgspec.Struct):
    id: Said = None
    severity: list[_Rating] | None = None


def is_about_vulnerabilities(predicate_type: str) -> bool:
    """Whether a predicate of this type is read here."""
    return predicate_type.startswith(PREDICATES)


def read_envelope(reading: ReportOrigin, body: bytes | msgspec.Raw, inner: Read) -> list[ScanReport]:
    """The reports in a DSSE envelope or in a Sigstore bundle around one; the signature is not verified. Raises DECODING."""
    try:
        envelope: _Envelope | None = from_json(body, _Envelope)
    except msgspec.ValidationError:
        envelope = from_json(body, _Bundle).dsse_envelope
    if envelope is None:
        return []
    try:
        payload = base64.b64decode(envelope.payload, validate=True)
    except binascii.Error as error:
        raise msgspec.ValidationError("the payload of the envelope is not base64 - at `$.payload`") from error
    return read_statement(reading, payload, inner)


def read_statement(reading: ReportOrigin, body: bytes | msgspec.Raw, inner: Read) -> list[ScanReport]:
    """The reports in an in-toto statement, one for each subject; none for predicates about other things. Raises DECODING."""
    statement = from_json(body, _Statement)
    subjects = [(digest, subject) for subject in statement.subject or () for digest in _digests(subject)]
    reports = _read_predicate(reading, statement, inner)
    if not subjects:
        return [msgspec.structs.replace(report, complete=False, reason="the statement has no subject") for report in reports]
    return [_about(report, digest, subject, number) for number, (digest, subject) in enumerate(subjects) for report in reports]


def _read_predicate(reading: ReportOrigin, statement: _Statement, inner: Read) -> list[ScanReport]:
    match statement.predicate_type:
        case kind if kind.startswith(OPENVEX):
            return read_openvex(reading, statement.predicate)
        case kind if kind.startswith(CYCLONEDX):
            return read_cyclonedx(reading, statement.predicate)
        case kind if kind.startswith((COSIGN_VULN, INTOTO_VULN)):
            return _read_vulnerabilities(reading, statement, inner)
        case _:
            return []


def _about(report: ScanReport, digest: str, subject: _Subject, number: int) -> ScanReport:
    """The report as one about a subject; what names another image inside is about that, and says nothing of the subject."""
    if report.digest not in ("", digest, report.config) or (report.vex and not _may_name(report, subject)):
        reason = f"the statement is about {digest[:19]}, what is in it about {report.digest[:19] or report.name}"
        return msgspec.structs.replace(
            report, digest=digest, vulnerabilities=None, vex=(), counts={}, complete=False, reason=reason
        )
    key = f"{report.key}~{number}" if number else report.key
    return msgspec.structs.replace(report, digest=digest, key=key)


def _may_name(report: ScanReport, subject: _Subject) -> bool:
    """Whether products without a digest may be the subject: a scan may have been made under another name, they have their own."""
    if report.digest or report.name is None:
        return True
    named = subject_in(subject.name, subject.name).name
    return named is not None and is_named(report.name, named)


def _digests(subject: _Subject) -> list[str]:
    return [f"{name}:{value}" for name, value in (subject.digest or {}).items() if is_digest(f"{name}:{value}")]


def _read_vulnerabilities(reading: ReportOrigin, statement: _Statement, inner: Read) -> list[ScanReport]:
    wire = from_json(statement.predicate, _Vulnerabilities)
    scanner, metadata = wire.scanner or _Scanner(), wire.metadata or _Metadata()
    scanned = moment(metadata.scan_finished_on) or moment(metadata.scan_started_on)
    if bytes(scanner.result).startswith(b"{") or (_is_cosigns(statement) and bytes(scanner.result) != b"null"):
        return _read_inner(reading, scanner, scanned, inner)
    entries, broken = rows(scanner.result, _Finding)
    findings = Findings(reading.pool)
    findings.broken = len(broken)
    for entry in entries:
        base = max(filter(None, (score(rating.score) for rating in entry.severity or () if is_cvss(rating.method))), default=None)
        findings.add(Vulnerability(id=text(entry.id, 80), severity=_severity(entry, base), package="", cvss=base))
    scanner_name = " ".join(filter(None, (text(scanner.uri, 80), text(scanner.version, 40))))
    empty = bytes(scanner.result) == b"null" or not (scanner_name or entries)
    draft = ReportDraft(
        scanner=scanner_name or "a scanner that is not named",
        scanned_at=scanned,
        subject=DocumentSubject(),
        findings=findings,
        not_a_scan="the attestation without a scanner or a result" if empty else "",
        database_made=_known(scanner),
    )
    return [draft.report(reading)]


def _is_cosigns(statement: _Statement) -> bool:
    return statement.predicate_type.startswith(COSIGN_VULN)


def _read_inner(reading: ReportOrigin, scanner: _Scanner, scanned: datetime | None, inner: Read) -> list[ScanReport]:
    """The scanner's own report: which scanner wrote it is told by its content, never by what the wrapper says."""
    try:
        reports = inner(reading, bytes(scanner.result))
    except UntrustedPayload as error:
        reports = []
        lacking = f"what the attestation of {text(scanner.uri, 80) or 'a scanner'} holds cannot be read: {error.headline}"
    else:
        lacking = f"the attestation of {text(scanner.uri, 80) or 'a scanner'} holds no report"
    if not reports:
        return [ReportDraft(scanner="an attestation", scanned_at=scanned, lacking=lacking).report(reading)]
    return [
        msgspec.structs.replace(
            report, scanned_at=report.scanned_at or scanned, database_made=report.database_made or _known(scanner)
        )
        for report in reports
    ]


def _known(scanner: _Scanner) -> datetime | None:
    return moment(scanner.db.last_update) if scanner.db else None


def _severity(entry: _Finding, base: float | None) -> Severity:
    """The worst word among the ratings, else the rating of the score."""
    words = [severity_of(rating.score) for rating in entry.severity or () if isinstance(rating.score, str)]
    graded = [word for word in words if word is not Severity.UNKNOWN]
    return max(graded, key=lambda word: word.rank, default=severity_of_score(base))
