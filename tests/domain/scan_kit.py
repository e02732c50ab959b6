"""Short ways to say what scanners report."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.domain.world import NOW, World
from tui.domain.facts.events import ScansSeen, SourceId, SourceKind, SourceState
from tui.domain.facts.scan import Exploitability, ScanReport, Severity, Vex, Vulnerability

__all__ = ["CVE", "LATELY", "report", "set_up", "statement", "tell", "vulnerability"]

LATELY = NOW - timedelta(days=1)
CVE = "CVE-2026-0001"


def vulnerability(id: str = CVE, severity: str = "critical", package: str = "openssl", **more: Any) -> Vulnerability:
    """A vulnerability; `more` are other fields."""
    return Vulnerability(id, Severity(severity), package, **{"installed": "3.0", "fixed": "3.1", **more})


def report(digest: str, *found: Vulnerability, scanner: str = "Trivy", at: datetime | None = LATELY, **more: Any) -> ScanReport:
    """A whole report on a digest."""
    source = SourceId(SourceKind.SCANNER, scanner.lower())
    fields = {"key": f"{digest} {more.get('tag', '')}", "vulnerabilities": found, **more}
    return ScanReport(source, scanner, fields.pop("key"), at, digest=digest, **fields)


def statement(
    status: Exploitability,
    author: str = "Security",
    id: str = CVE,
    at: datetime | None = LATELY,
    package: str = "",
    version: str = "",
) -> Vex:
    """A statement about a vulnerability."""
    return Vex(id, status, author, package=package, stated_at=at, version=version)


def tell(world: World, *reports: ScanReport) -> None:
    """Scanners report; each source is seen as a whole."""
    for each in reports:
        world.tell(ScansSeen(each.source, 1, (each,)))


def set_up(world: World, *scanners: str, state: SourceState = SourceState.OK, error: str = "") -> None:
    """Scanners are set up, and do so."""
    for scanner in scanners:
        world.health(SourceId(SourceKind.SCANNER, scanner.lower()), state, error)
