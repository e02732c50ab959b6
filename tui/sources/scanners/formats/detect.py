"""Which scanner wrote a document: told by its content, never by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from tui.domain.common.decoding import DECODING, from_json
from tui.domain.common.text import clean, plural
from tui.domain.facts.scan import ScanReport
from tui.errors import UntrustedPayload
from tui.sources.scanners.encodings import as_utf8
from tui.sources.scanners.findings import Findings, rows
from tui.sources.scanners.formats import aqua, defender, defender_csv, twistlock
from tui.sources.scanners.formats.attestation import read_envelope, read_statement
from tui.sources.scanners.formats.cyclonedx import read_cyclonedx
from tui.sources.scanners.formats.drafts import ReportOrigin
from tui.sources.scanners.formats.grype import read_grype
from tui.sources.scanners.formats.openvex import read_openvex
from tui.sources.scanners.formats.sarif import read_sarif
from tui.sources.scanners.formats.trivy import read_trivy
from tui.sources.scanners.formats.vulnerability_report import headings, read_report

__all__ = ["KNOWN", "read_document"]

PACKED = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}
"""What compressed files begin with."""
Read = Callable[[ReportOrigin, bytes], list[ScanReport]]
_RAW = msgspec.Raw(b"")


class _Top(msgspec.Struct):
    """The members by which formats are told apart; each is only asked for whether it is there."""

    schema_version: msgspec.Raw = msgspec.field(default=_RAW, name="SchemaVersion")
    artifact_name: msgspec.Raw = msgspec.field(default=_RAW, name="ArtifactName")
    matches: msgspec.Raw = _RAW
    runs: msgspec.Raw = _RAW
    bom_format: msgspec.Raw = msgspec.field(default=_RAW, name="bomFormat")
    context: msgspec.Raw = msgspec.field(default=_RAW, name="@context")
    statements: msgspec.Raw = _RAW
    predicate_type: msgspec.Raw = msgspec.field(default=_RAW, name="predicateType")
    payload: msgspec.Raw = _RAW
    dsse_envelope: msgspec.Raw = msgspec.field(default=_RAW, name="dsseEnvelope")
    signature: msgspec.Raw = msgspec.field(default=_RAW, name="messageSignature")
    results: msgspec.Raw = _RAW
    result: msgspec.Raw = _RAW
    data: msgspec.Raw = _RAW
    items: msgspec.Raw = _RAW
    report: msgspec.Raw = _RAW


class _Format(NamedTuple):
    """A format: whether the members at the top are its, and its reader; `wraps` another report in itself.

    `name` is what it is called in the list of formats, where that is not its title.
    """

    title: str
    fits: Callable[[_Top], object]
    read: Read
    wraps: bool = False
    name: str = ""


def read_document(reading: ReportOrigin, body: bytes) -> list[ScanReport]:
    """The reports in a document. Raises UntrustedPayload, with line and column or the path of the fault."""
    if not body.strip():
        raise UntrustedPayload("the file is empty", "Write the report again.")
    if packed := next((name for mark, name in PACKED.items() if body.startswith(mark)), ""):
        raise UntrustedPayload(f"it is compressed ({packed})", "Unpack it first.")
    body = as_utf8(body)
    start = body[:1024].lstrip(b" \t\r\n")
    if start.startswith(b"<"):
        raise UntrustedPayload("it is a web page or XML", f"Formats are {KNOWN}.")
    if not start.startswith((b"{", b"[")):
        if defender_csv.looks_like_csv(body):
            return defender_csv.read_csv(reading, body)
        raise UntrustedPayload("it is not a report of a known scanner", f"Formats are {KNOWN}.")
    return _read_as(_format(body), reading, body)


def _read_as(form: _Format, reading: ReportOrigin, body: bytes) -> list[ScanReport]:
    try:
        return form.read(reading, body)
    except DECODING as error:
        raise UntrustedPayload(f"it looks like {form.title}, but {_place(error, body)}", "Write the report again.") from error


def _read_inner(reading: ReportOrigin, body: bytes) -> list[ScanReport]:
    """A report inside an attestation, told by its content as any other; one wrapper inside another is not unwrapped."""
    form = _format(body)
    if form.wraps:
        raise UntrustedPayload(f"it is {form.title} inside another", "Attach the scanner's own report.")
    return _read_as(form, reading, body)


def _read_envelope(reading: ReportOrigin, body: bytes) -> list[ScanReport]:
    return read_envelope(reading, body, _read_inner)


def _read_statement(reading: ReportOrigin, body: bytes) -> list[ScanReport]:
    return read_statement(reading, body, _read_inner)


def _format(body: bytes) -> _Format:
    try:
        if body.lstrip().startswith(b"["):
            return _list_format(body)
        top = from_json(body, _Top)
    except DECODING as error:
        raise UntrustedPayload(f"it is not JSON: {_place(error, body)}", "Was it cut? Write the report again.") from error
    for candidate in FORMATS:
        if candidate.fits(top):
            return candidate
    raise UntrustedPayload("it is JSON, but no report of a known scanner", f"Formats are {KNOWN}.")


class _Entry(msgspec.Struct):
    own_id: msgspec.Raw = msgspec.field(default=_RAW, name="_id")
    properties: msgspec.Raw = _RAW
    cve: msgspec.Raw = _RAW


def _list_format(body: bytes) -> _Format:
    """A list is of Prisma Cloud's images or of Defender's findings."""
    first = next(iter(rows(body, _Entry)[0]), _Entry())
    if first.own_id is not _RAW:
        return _Format("images of Prisma Cloud", bool, _read_prisma)
    if first.properties is not _RAW or first.cve is not _RAW:
        return _Format("findings of Defender", bool, _read_defender)
    raise UntrustedPayload("it is a list of something other than a scanner's findings", f"Formats are {KNOWN}.")


def _read_prisma(reading: ReportOrigin, body: bytes) -> list[ScanReport]:
    return twistlock.read_images(reading.source, reading.key, body, reading.pool)


def _read_twistcli(reading: ReportOrigin, body: bytes) -> list[ScanReport]:
    return list(twistlock.read_twistcli(reading.source, reading.key, body, reading.pool))


class _Data(msgspec.Struct):
    """An answer of Resource Graph, as `az graph query` (with underscores) or the service itself writes it."""

    data: msgspec.Raw
    total_records: int | None = None
    total: int | None = msgspec.field(default=None, name="totalRecords")
    skip_token: str | None = None
    token: str | None = msgspec.field(default=None, name="$skipToken")

    def shortfall(self, findings: int) -> str:
        """That it is one page of several: without `--first` az gives 100 rows; empty when it is all."""
        total = max(self.total_records or 0, self.total or 0)
        if total <= findings and not (self.skip_token or self.token):
            return ""
        of_all = plural(total, "finding") if total > findings else "more findings"
        return f"the file has {findings:,} of {of_all}: it is one page of several"


def _read_defender(reading: ReportOrigin, body: bytes) -> list[ScanReport]:
    """Findings as a list, or under `data` as `az graph query` prints them."""
    answer = None if body.lstrip().startswith(b"[") else from_json(body, _Data)
    entries, _ = rows(body if answer is None else answer.data, msgspec.Raw)
    gathering = defender.DefenderReports(reading.source, reading.pool)
    gathering.add_all(entries)
    reason = f"{plural(gathering.broken, 'finding')} in the file could not be read" if gathering.broken else ""
    return gathering.reports((answer.shortfall(len(entries)) if answer else "") or reason, prefix=reading.key)


def _read_aqua(reading: ReportOrigin, body: bytes) -> list[ScanReport]:
    page, entries, lost = aqua.read_page(body, aqua.AquaRow)
    gathering = aqua.AquaReports(reading.source, reading.pool)
    gathering.mourn(lost)
    for row in entries:
        gathering.add(row)
    total = len(entries) + len(lost)
    reason = f"{plural(gathering.broken, 'row')} in the file could not be read" if gathering.broken else ""
    if page.is_partial_data or total < (page.count or 0):
        reason = f"the file has {total:,} of {plural(page.count or 0, 'row')}: it is one page of several"
    return gathering.reports(reason, prefix=reading.key)


def _read_resources(reading: ReportOrigin, body: bytes) -> list[ScanReport]:
    """A list of VulnerabilityReports, as `kubectl get vulnerabilityreports -A -o json` prints it."""
    objects, broken = headings(body)
    reports = [read_report(reading.source, "", raw, reading.pool) for _, raw in objects]
    if broken:
        findings = Findings(reading.pool)
        findings.broken = broken
        reports.append(
            ScanReport(reading.source, "trivy-operator", reading.key, None, complete=False, reason=findings.shortfall())
        )
    return [_keyed(report, reading) for report in reports]


def _read_resource(reading: ReportOrigin, body: bytes) -> list[ScanReport]:
    return [_keyed(read_report(reading.source, "", body, reading.pool), reading)]


def _keyed(report: ScanReport, reading: ReportOrigin) -> ScanReport:
    return msgspec.structs.replace(report, key=f"{reading.key}#{report.key}")


FORMATS = (
    _Format(
        "a bundle or envelope of an attestation",
        lambda top: _has(top.payload, top.dsse_envelope, top.signature),
        _read_envelope,
        wraps=True,
        name="in-toto",
    ),
    _Format("an in-toto statement", lambda top: _has(top.predicate_type), _read_statement, wraps=True, name="in-toto"),
    _Format("CycloneDX", lambda top: _has(top.bom_format), read_cyclonedx),
    _Format("OpenVEX", lambda top: _has(top.context) and _has(top.statements), read_openvex),
    _Format("SARIF", lambda top: _has(top.runs), read_sarif),
    _Format("Trivy", lambda top: _has(top.schema_version, top.artifact_name), read_trivy),
    _Format("Grype", lambda top: _has(top.matches), read_grype),
    _Format("twistcli", lambda top: _has(top.results), _read_twistcli),
    _Format("Aqua", lambda top: _has(top.result), _read_aqua),
    _Format("findings of Defender", lambda top: _has(top.data), _read_defender, name="Defender (JSON, CSV)"),
    _Format("VulnerabilityReports", lambda top: _has(top.items), _read_resources, name="VulnerabilityReport"),
    _Format("a VulnerabilityReport", lambda top: _has(top.report), _read_resource, name="VulnerabilityReport"),
)
KNOWN = ", ".join(dict.fromkeys(form.name or form.title for form in FORMATS))
"""The names of the formats, for sentences."""
KNOWN = ", ".join(dict.fromkeys(form.name or form.title for form in FORMATS))
"""The names of the formats, for sentences."""


def _has(*members: msgspec.Raw) -> bool:
    """Whether one of the members is there."""
    return any(member is not _RAW for member in members)


def _place(error: Exception, body: bytes) -> str:
    """What is wrong and where: the decoder's path, or line and column of a byte."""
    message = clean(str(error), 160) or type(error).__name__
    before, separator, number = message.rpartition("(byte ")
    number = number.rstrip(")")
    if not separator or not number.isdigit():
        return message
    head = body[: int(number)]
    line, column = head.count(b"\n") + 1, int(number) - (head.rfind(b"\n") + 1) + 1
    return f"{before.strip()} at line {line}, column {column}"
