"""CycloneDX documents with vulnerabilities: scans (with components) and VEX (statements alone).

Source: CycloneDX 1.4 to 1.6 (`vulnerabilities[].analysis.state`, `ratings`, `affects[].ref`), package-url for `purl`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from urllib.parse import unquote

import msgspec

from tui.domain.common.decoding import from_json
from tui.domain.common.text import plural
from tui.domain.facts.scan import CLEARING, Exploitability, ScanReport, Severity, Vex, Vulnerability
from tui.domain.scans.vulnerabilities import graded
from tui.sources.kit.moments import moment
from tui.sources.scanners.findings import Findings, rows
from tui.sources.scanners.formats.drafts import DocumentSubject, ReportDraft, ReportOrigin
from tui.sources.scanners.formats.purl import Package, is_image, package_of, subject_in
from tui.sources.scanners.words import Said, is_cvss, score, severity_of, severity_of_score, text, web_address

__all__ = ["read_cyclonedx"]

_STATES = {
    "not_affected": Exploitability.NOT_AFFECTED,
    "false_positive": Exploitability.NOT_AFFECTED,
    "resolved": Exploitability.FIXED,
    "resolved_with_pedigree": Exploitability.FIXED,
    "exploitable": Exploitability.AFFECTED,
    "in_triage": Exploitability.UNDER_INVESTIGATION,
}


class _Named(msgspec.Struct):
    name: Said = None


class _Component(msgspec.Struct):
    ref: Said = msgspec.field(default=None, name="bom-ref")
    name: Said = None
    version: Said = None
    purl: Said = None


class _Metadata(msgspec.Struct):
    timestamp: Said = None
    component: _Component | None = None
    authors: list[_Named] | None = None
    supplier: _Named | None = None
    tools: msgspec.Raw = msgspec.Raw(b"null")


class _Rating(msgspec.Struct):
    method: Said = None
    vector: Said = None
    score: float | None = None
    severity: Said = None


class _Versions(msgspec.Struct):
    version: Said = None
    status: Said = None


class _Affected(msgspec.Struct):
    ref: Said = None
    versions: list[_Versions] | None = None


class _Analysis(msgspec.Struct):
    state: Said = None
    justification: Said = None
    detail: Said = None


class _Advisory(msgspec.Struct):
    url: Said = None


class _Entry(msgspec.Struct):
    id: Said = None
    ratings: list[_Rating] | None = None
    description: Said = None
    recommendation: Said = None
    affects: list[_Affected] | None = None
    analysis: _Analysis | None = None
    advisories: list[_Advisory] | None = None


class _Tools(msgspec.Struct):
    components: list[_Named] | None = None


class _Document(msgspec.Struct):
    metadata: _Metadata | None = None
    components: list[_Component] | None = None
    vulnerabilities: msgspec.Raw = msgspec.Raw(b"null")


def read_cyclonedx(reading: ReportOrigin, body: bytes | msgspec.Raw) -> list[ScanReport]:
    """The scan, the statements, or that it is a bill of materials without either. Raises DECODING.

    A list that is empty proves nothing: tools write it too when they were not asked to look for vulnerabilities, and a list
    of which every entry carries an analysis is what somebody states, not what a scanner found.
    """
    wire = from_json(body, _Document)
    metadata = wire.metadata or _Metadata()
    entries, broken = rows(wire.vulnerabilities, _Entry)
    packages: dict[Said, Package] = {
        component.ref: package_of(component.purl, component.name, component.version)
        for component in wire.components or ()
        if component.ref
    }
    written, who = moment(metadata.timestamp), reading.author(_author(metadata))
    subject = _subject(metadata)
    own = metadata.component.ref if metadata.component else None
    gathered: defaultdict[DocumentSubject, list[Vex]] = defaultdict(list, {subject: []})
    for entry in entries:
        for place, package in _places(entry, packages, own):
            gathered[subject if place is None else place] += _statements(entry, package, who, written)
    scanner = _tool(metadata) or "CycloneDX"
    draft = ReportDraft(scanner=scanner, scanned_at=written, subject=subject, vex=tuple(gathered.pop(subject)))
    reported = [entry for entry in entries if entry.analysis is None]
    if packages or reported or not (entries or broken):
        draft.findings = _findings(entries, packages, reading)
        draft.findings.broken = len(broken)
        if not reported:
            draft.not_a_scan = f"the bill of materials{_by(metadata)}{' with statements' if entries else ''}"
    elif broken:
        draft.lacking = f"{plural(len(broken), 'statement')} could not be read"
    others = [
        ReportDraft(scanner=scanner, scanned_at=written, subject=place, vex=tuple(vex)) for place, vex in gathered.items() if vex
    ]
    is_about_others = bool(others) and not draft.vex and draft.findings is None
    drafts = others if is_about_others else [draft, *others]
    return [draft.report(reading, number) for number, draft in enumerate(drafts)]


def _findings(entries: list[_Entry], packages: dict[Said, Package], reading: ReportOrigin) -> Findings:
    findings = Findings(reading.pool)
    for entry in entries:
        for reference in dict.fromkeys(affected.ref for affected in entry.affects or ()) or [None]:
            findings.add(_vulnerability(entry, packages.get(reference) or package_of(reference)))
    return findings


def _vulnerability(entry: _Entry, package: Package) -> Vulnerability:
    ratings = entry.ratings or []
    base = max(filter(None, map(_score, ratings)), default=None)
    return Vulnerability(
        id=text(entry.id, 80),
        severity=_severity(ratings),
        package=package.name,
        installed=package.version,
        fixed=_fixed(entry.recommendation),
        cvss=base,
        title=text(entry.description, 200),
        url=web_address(next((advisory.url for advisory in entry.advisories or () if advisory.url), None)),
    )


def _score(rating: _Rating) -> float | None:
    return score(rating.score) if is_cvss(rating.method) or (rating.vector or "").startswith("CVSS:") else None


def _severity(ratings: list[_Rating]) -> Severity:
    """The worst of the ratings: each one's own word, or what its score means where it has none."""
    return graded(
        word if (word := severity_of(rating.severity)) is not Severity.UNKNOWN else severity_of_score(_score(rating))
        for rating in ratings
    )


def _fixed(recommendation: Said) -> str:
    """Trivy writes `Upgrade PACKAGE to version VERSION; ...`."""
    advice = text(recommendation).partition(";")[0]
    _, separator, version = advice.rpartition(" to version ")
    return version if separator else ""


def _places(entry: _Entry, packages: Mapping[Said, Package], own: Said) -> Iterator[tuple[DocumentSubject | None, Package]]:
    """Image (None: what the document is about) and package (empty for all of it) of each thing that a statement names.

    What is named and described nowhere is something else: a statement on it says nothing of an image. Of a BOM-Link
    (`urn:cdx:SERIAL/VERSION#REFERENCE`) the reference counts; which bill of materials that is about is for who attached it.
    """
    if entry.analysis is None:
        return
    if not entry.affects:
        yield None, Package()
    for affected in entry.affects or ():
        link, separator, fragment = (affected.ref or "").partition("#")
        reference = unquote(fragment) if separator and link.startswith("urn:cdx:") else affected.ref or ""
        package = packages.get(reference) or package_of(reference)
        if is_image(reference):
            yield None if reference == own else subject_in(reference), Package()
        elif package.name or (reference and reference == own):
            yield from ((None, named) for named in _of_versions(package, affected.versions or [], entry.analysis))


def _of_versions(package: Package, versions: list[_Versions], analysis: _Analysis) -> Iterator[Package]:
    """The package in each version that a statement names; a range, or one that is affected all the same, clears nothing."""
    if not versions or _STATES.get((analysis.state or "").lower()) not in CLEARING:
        yield package
    for named in versions:
        version, status = text(named.version, 120), (named.status or "").lower()
        if version and status not in ("affected", "unknown") and package.version in ("", version):
            yield Package(package.name, version)


def _statements(entry: _Entry, package: Package, who: str, stated: datetime | None) -> list[Vex]:
    status = _STATES.get((entry.analysis.state or "").lower()) if entry.analysis else None
    if status is None or entry.analysis is None or not text(entry.id):
        return []
    why = text(entry.analysis.justification, 120) or text(entry.analysis.detail, 200)
    return [Vex(text(entry.id, 80), status, who, why, package.name, stated, package.version)]


def _subject(metadata: _Metadata) -> DocumentSubject:
    component = metadata.component or _Component()
    return subject_in(component.purl or component.ref, component.name, component.version)


def _author(metadata: _Metadata) -> str:
    names = [text(author.name, 80) for author in metadata.authors or ()]
    return ", ".join(filter(None, names)) or text(metadata.supplier.name if metadata.supplier else None, 80) or _tool(metadata)


def _by(metadata: _Metadata) -> str:
    tool = _tool(metadata)
    return f" by {tool}" if tool else ""


def _tool(metadata: _Metadata) -> str:
    """The name of the first tool: a list in CycloneDX 1.4, `components` since."""
    try:
        tools = from_json(metadata.tools, list[_Named] | _Tools | None)
    except (msgspec.MsgspecError, RecursionError):
        return ""
    components = tools.components if isinstance(tools, _Tools) else tools
    return text(components[0].name, 60) if components else ""
