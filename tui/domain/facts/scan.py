"""What scanners say of images: vulnerabilities with where they lie and what would mend them. Facts, no verdicts."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from tui.domain.common.source_id import SourceId
from tui.domain.facts.image import RepositoryName

__all__ = ["CLEARING", "NOBODY", "Exploitability", "ImageVulnerability", "ScanReport", "Severity", "Vex", "Vulnerability"]


class Severity(StrEnum):
    """How bad a vulnerability is, in the words that most scanners share; UNKNOWN is not NEGLIGIBLE."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NEGLIGIBLE = "negligible"
    UNKNOWN = "unknown"

    @property
    def rank(self) -> int:
        """Worst is highest; UNKNOWN ranks between high and critical, as it may be either."""
        return _RANK[self]

    @staticmethod
    def of_score(score: float) -> Severity:
        """The word for a CVSS base score (CVSS v3.1 specification, section 5: qualitative severity rating scale)."""
        scale = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM), (0.1, Severity.LOW))
        return next((severity for least, severity in scale if score >= least), Severity.NEGLIGIBLE)


_RANK = {
    Severity.NEGLIGIBLE: 0,
    Severity.LOW: 1,
    Severity.MEDIUM: 2,
    Severity.HIGH: 3,
    Severity.UNKNOWN: 4,
    Severity.CRITICAL: 5,
}


class Exploitability(StrEnum):
    """The status of a vulnerability in a product (CycloneDX VEX, OpenVEX)."""

    NOT_AFFECTED = "not-affected"
    AFFECTED = "affected"
    FIXED = "fixed"
    UNDER_INVESTIGATION = "under-investigation"


CLEARING = frozenset({Exploitability.NOT_AFFECTED, Exploitability.FIXED})
"""The statements after which a vulnerability is not counted."""


NOBODY = "an author who is not named"
"""Who states something in a document that names nobody: in each document somebody else, as far as is known."""


class Vex(msgspec.Struct, frozen=True, gc=False):
    """What somebody states about a vulnerability in an image; `package` empty means all of the image, `version` all of them."""

    id: str
    status: Exploitability
    author: str
    justification: str = ""
    package: str = ""
    stated_at: datetime | None = None
    version: str = ""


class Vulnerability(msgspec.Struct, frozen=True, gc=False):
    """One vulnerability in one package, as one scanner reports it.

    `severity` is the scanner's own word; `cvss` the base score 0-10 that it gives, None when none. `fixed` is empty when no
    fix is known. `layer` is the digest or diff_id of the layer, where the scanner tells. `aliases` are other identifiers of
    the same vulnerability (GHSA, RHSA...), where the scanner gives them. `exemption` says why the scanner's own console does
    not count it, empty when it does: it is there all the same.
    """

    id: str
    severity: Severity
    package: str
    installed: str = ""
    fixed: str = ""
    cvss: float | None = None
    title: str = ""
    url: str = ""
    path: str = ""
    layer: str = ""
    aliases: tuple[str, ...] = ()
    exemption: str = ""


class ScanReport(msgspec.Struct, frozen=True):
    """What one scanner says of one image at one moment.

    `source` is the scanner that is read (`scanner/defender`), `scanner` the product in words. `key` is unique within the
    source. `digest` is that of a manifest, an index or a config, empty when the scanner tells only the name and `tag`;
    `config` is the digest of the image's config where the scanner tells it, so that it is not taken for a manifest's: of an
    index it tells which platform was scanned, and so does `architecture`.
    `vulnerabilities` is None when only the `counts` are known. `complete` is False for a scan that failed or was cut,
    `reason` then says why. `os` is `debian 12.11` or the like; `end_of_life` is True when the scanner says so of the OS.
    `database_made` is when the database was made that the scanner looked into, where it tells: what became known later it
    cannot list. `cluster` and `namespace` are set for reports that lie in a cluster. A statement that is no scan (VEX alone)
    has `vex`, no `vulnerabilities` (None) and no `counts`. `scanned` is False for a document that holds no scan of
    vulnerabilities (a bill of materials, findings of secrets alone); `reason` then says what it is.
    """

    source: SourceId
    scanner: str
    key: str
    scanned_at: datetime | None
    name: RepositoryName | None = None
    tag: str = ""
    digest: str = ""
    vulnerabilities: tuple[Vulnerability, ...] | None = None
    counts: dict[Severity, int] = {}
    complete: bool = True
    reason: str = ""
    os: str = ""
    end_of_life: bool = False
    vex: tuple[Vex, ...] = ()
    cluster: str = ""
    namespace: str = ""
    config: str = ""
    scanned: bool = True
    database_made: datetime | None = None
    architecture: str = ""

    @property
    def is_scan(self) -> bool:
        """Whether somebody looked into the image; False for a mere statement about it."""
        return self.scanned and (self.vulnerabilities is not None or bool(self.counts) or not self.vex)

    @property
    def whole(self) -> bool:
        """Whether what it does not list is not there: a scan that was done and is known in detail."""
        return self.complete and self.vulnerabilities is not None


class ImageVulnerability(msgspec.Struct, frozen=True, gc=False):
    """One vulnerability in one package of an image, over all scanners that report it.

    `severity` is the strictest; `disagreement` says in a sentence how the scanners differ, empty when they agree. `from_base`
    is True when the image's base carries it too, None when that is not known; `base` names the lowest base that carries it
    (`registry/repository:tag`). `rebuild` is True when today's build of the base no longer has it; `route` names what is
    to be mended up to the direct base: first that build, or else the lowest base that carries it. `vex` is the statement that
    takes it out of the count (`not-affected`, `fixed`), if any. `aliases` are its other identifiers. `exemption` is why a
    scanner's console exempts it (it counts all the same), empty when none does.
    """

    id: str
    severity: Severity
    package: str
    installed: str = ""
    fixed: str = ""
    cvss: float | None = None
    title: str = ""
    url: str = ""
    sources: tuple[SourceId, ...] = ()
    disagreement: str = ""
    from_base: bool | None = None
    base: str = ""
    rebuild: bool | None = None
    vex: Vex | None = None
    aliases: tuple[str, ...] = ()
    exemption: str = ""
    route: tuple[str, ...] = ()
