"""What a reader of documents is given and gives back: who reads, and reports that say which image they are about."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tui.domain.common.source_id import SourceId
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.reference import Reference, parse_reference
from tui.domain.facts.scan import NOBODY, ScanReport, Severity, Vex
from tui.errors import InvalidReference
from tui.sources.scanners.findings import Findings, Pool
from tui.sources.scanners.words import digest_of, text

__all__ = ["DocumentSubject", "ReportDraft", "ReportOrigin", "subject_of"]


class ReportOrigin(msgspec.Struct, frozen=True):
    """Who reads a document and under which key; `trust` is what is said of a statement's author (`unsigned`)."""

    source: SourceId
    key: str
    pool: Pool
    trust: str = "unsigned"

    def author(self, name: str) -> str:
        """The author of a statement as the operator reads it: nobody has verified who it was."""
        return f"{name or NOBODY} ({self.trust})"


class DocumentSubject(msgspec.Struct, frozen=True):
    """The image that a document names, as far as it does; `digest` is the `config` where nothing better is named."""

    name: RepositoryName | None = None
    tag: str = ""
    digest: str = ""
    config: str = ""
    architecture: str = ""


class ReportDraft(msgspec.Struct, kw_only=True):
    """A report about to be made; `stated` is the number of vulnerabilities that the document itself gives, if any.

    `not_a_scan` says what the document is when it holds no scan of vulnerabilities, and `lacking` why a scan is not whole.
    """

    scanner: str
    scanned_at: datetime | None
    subject: DocumentSubject = DocumentSubject()
    findings: Findings | None = None
    counts: dict[Severity, int] = {}
    stated: int = 0
    lacking: str = ""
    not_a_scan: str = ""
    os: str = ""
    end_of_life: bool = False
    vex: tuple[Vex, ...] = ()
    database_made: datetime | None = None

    def report(self, reading: ReportOrigin, number: int = 0) -> ScanReport:
        """The report; `number` tells several of one document apart."""
        findings = self.findings
        if findings is None and not (self.counts or self.vex or self.lacking):
            self.not_a_scan = self.not_a_scan or f"the document of {self.scanner} without a statement"
        scanned = not self.not_a_scan or (findings is not None and bool(findings.counts))
        lacking = self.lacking or (findings.shortfall(self.stated) if findings is not None else "")
        if self.not_a_scan:
            gap = "does not say that every package was looked at" if scanned else "holds no scan of vulnerabilities"
            lacking = f"{self.not_a_scan} {gap}"
        return ScanReport(
            source=reading.source,
            scanner=self.scanner,
            key=f"{reading.key}#{number}" if number else reading.key,
            scanned_at=self.scanned_at,
            name=self.subject.name,
            tag=self.subject.tag,
            digest=self.subject.digest,
            vulnerabilities=findings.vulnerabilities if findings is not None and scanned else None,
            counts=self.counts or (dict(findings.counts) if findings is not None else {}),
            complete=not lacking,
            reason=lacking,
            os=self.os,
            end_of_life=self.end_of_life,
            vex=self.vex,
            config=self.subject.config,
            scanned=scanned,
            database_made=self.database_made,
            architecture=self.subject.architecture,
        )


def subject_of(*references: str | None, image_id: str | None = None, architecture: str | None = None) -> DocumentSubject:
    """The image that references name, the best first: one with a digest; else the name, with the config's digest if given."""
    parsed = [reference for written in references if written and (reference := _parsed(written)) is not None]
    best = next((reference for reference in parsed if reference.digest), None) or next(iter(parsed), None)
    config, architecture = digest_of(image_id), text(architecture, 40)
    if best is None:
        return DocumentSubject(digest=config, config=config, architecture=architecture)
    tag = next((reference.tag for reference in parsed if reference.tag and reference.name == best.name), "")
    return DocumentSubject(best.name, tag, best.digest or config, config, architecture)


def _parsed(name: str) -> Reference | None:
    """A reference, None for what is none: names of archives and folders are not. The tag is only what was written."""
    try:
        reference = parse_reference(name.strip())
    except InvalidReference:
        return None
    written = ":" in name.rpartition("/")[2].partition("@")[0]
    return msgspec.structs.replace(reference, tag=text(reference.tag, 128) if written else "")
