"""Findings of Microsoft Defender for Containers, as Resource Graph and exports of it give them.

Source: learn.microsoft.com/azure/defender-for-cloud/subassessment-rest-api (`additionalData` of
AzureContainerRegistryVulnerability), and the real answer in azure-rest-api-specs. `status.severity` has no "Critical";
`vulnerabilityDetails.severity` has. A finding is for one package of one image, so reports are gathered from many rows.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import msgspec

from tui.domain.common.decoding import DECODING, from_json, json_decoder
from tui.domain.common.source_id import SourceId
from tui.domain.facts.scan import ScanReport, Vulnerability
from tui.sources.kit.moments import moment
from tui.sources.scanners.findings import Findings, Pool
from tui.sources.scanners.words import Said, digest_of, name_of, score, severity_of, text, web_address

__all__ = ["ASSESSMENTS", "QUERY", "SCANNER", "DefenderReports", "DefenderRow"]

_log = logging.getLogger(__name__)
LOGGED = 10
SCANNER = "Microsoft Defender for Containers"
ASSESSMENTS = (
    "c0b7cfc6-3172-465a-b378-53c7ff2cc0d5",  # images in registries, until the recommendations became individual
    "33422d8f-ab1e-42be-bc9a-38685bb567b9",  # images in registries, since
    "c609cf0f-71ab-41e9-a3c6-9a1f7fe1b8d5",  # images of running containers, until
    "e9acaf48-d2cf-45a3-a6e7-3caa2ef769e0",  # images of running containers, since
)
_KEYS = ", ".join(f"'{key}'" for key in ASSESSMENTS)
QUERY = f"""securityresources
| where type =~ 'microsoft.security/assessments/subassessments'
| extend assessmentKey = tolower(extract(@'(?i)providers/Microsoft.Security/assessments/([^/]*)', 1, id))
| where assessmentKey in ({_KEYS})
| extend d = properties.additionalData
| project id, digest = tostring(d.artifactDetails.digest), repo = tostring(d.artifactDetails.repositoryName),
    host = tostring(d.artifactDetails.registryHost), cve = tostring(properties.id),
    severity = tostring(d.vulnerabilityDetails.severity), score = d.cvssV30Score,
    package = tostring(d.softwareDetails.packageName), version = tostring(d.softwareDetails.version),
    fixed = tostring(d.softwareDetails.fixedVersion), os = tostring(d.softwareDetails.osDetails.osVersion),
    code = tostring(properties.status.code), cause = tostring(properties.status.cause),
    why = tostring(properties.status.description), timeGenerated = tostring(properties.timeGenerated)
| order by id asc"""


class _Status(msgspec.Struct):
    code: Said = None
    cause: Said = None
    description: Said = None


class _Details(msgspec.Struct):
    severity: Said = None


class _Artifact(msgspec.Struct, rename="camel"):
    registry_host: Said = None
    repository_name: Said = None
    digest: Said = None


class _Os(msgspec.Struct, rename="camel"):
    os_version: Said = None


class _Software(msgspec.Struct, rename="camel"):
    package_name: Said = None
    version: Said = None
    fixed_version: Said = None
    os_details: _Os | None = None


class _Additional(msgspec.Struct, rename="camel"):
    vulnerability_details: _Details | None = None
    artifact_details: _Artifact | None = None
    software_details: _Software | None = None
    cvss_v30_score: float | str | None = msgspec.field(default=None, name="cvssV30Score")


class _Properties(msgspec.Struct, rename="camel"):
    id: Said = None
    status: _Status | None = None
    additional_data: _Additional | None = None
    time_generated: Said = None


class DefenderRow(msgspec.Struct, rename="camel"):
    """One finding, as our query projects it."""

    digest: Said = None
    repo: Said = None
    host: Said = None
    cve: Said = None
    severity: Said = None
    score: float | str | None = None
    package: Said = None
    version: Said = None
    fixed: Said = None
    os: Said = None
    code: Said = None
    cause: Said = None
    why: Said = None
    time_generated: Said = None


class _Wire(DefenderRow):
    """A row on the wire: projected, or a whole sub-assessment with `properties`."""

    properties: _Properties | None = None


class _PlaceResource(msgspec.Struct):
    id: Said = None


class _PlaceProperties(msgspec.Struct, rename="camel"):
    resource_details: _PlaceResource | None = None


class _Place(msgspec.Struct):
    """The least of a row that tells whose finding it is, when the rest of it cannot be read."""

    id: Said = None
    digest: Said = None
    properties: _PlaceProperties | None = None


class _Image(msgspec.Struct):
    """The rows of one image so far."""

    row: DefenderRow
    findings: Findings
    at: datetime | None = None


_wire = json_decoder(_Wire)


class DefenderReports:
    """Gathers rows, in any order, into one report an image; `source` is the name of who reads."""

    def __init__(self, source: SourceId, pool: Pool) -> None:
        self._source, self._pool = source, pool
        self._images: dict[tuple[str, str, str], _Image] = {}
        self._lost: Counter[str] = Counter()
        self.broken = 0
        self.rows = 0

    def add_all(self, rows: Iterable[msgspec.Raw]) -> None:
        """The rows of a page."""
        for raw in rows:
            self.add(raw)

    def add(self, raw: bytes | msgspec.Raw) -> None:
        """One row as JSON; one that is not of the shape costs its image, or counts as `broken` when it names none."""
        try:
            row = _wire.decode(raw)
        except DECODING as error:
            self._mourn(raw, error)
            return
        self.add_row(row if row.properties is None else _projected(row.properties))

    def _mourn(self, raw: bytes | msgspec.Raw, error: Exception) -> None:
        """A row that cannot be read costs the image that it is about; if that is not known, all."""
        try:
            place = from_json(raw, _Place)
        except DECODING:
            place = _Place()
        resource = place.properties.resource_details if place.properties else None
        # `/repositories/NAME/images/sha256:...`
        digest = digest_of(place.digest) or digest_of((resource.id or "").rpartition("/")[2] if resource else None)
        if digest:
            self._lost[digest] += 1
        else:
            self._drop(f"it is of another form: {error}")

    def _drop(self, why: str) -> None:
        """A row is of no use; the log says why of the first of them."""
        self.broken += 1
        if self.broken <= LOGGED:
            _log.info("a finding of Defender cannot be read: %s", why)

    def add_row(self, row: DefenderRow) -> None:
        """One row."""
        self.rows += 1
        digest = digest_of(row.digest)
        if not digest:
            self._drop("it names no image by its digest")
            return
        key = (text(row.host), text(row.repo), digest)
        image = self._images.get(key)
        if image is None:
            image = self._images[key] = _Image(row, Findings(self._pool))
        assessed = moment(row.time_generated)
        image.at = max(filter(None, (image.at, assessed)), default=None)
        # "Healthy" says that the finding was there and no longer is; an exemption says no such thing.
        if (row.code or "").lower() != "healthy":
            image.findings.add(_vulnerability(row))

    def reports(self, reason: str = "", prefix: str = "") -> list[ScanReport]:
        """A report for each image met; with a `reason`, not all rows were read, and none of them is whole.

        `prefix` is put before their keys.
        """
        reports = [self._report(key, image, reason) for key, image in self._images.items()]
        return [msgspec.structs.replace(report, key=f"{prefix}#{report.key}") for report in reports] if prefix else reports

    def _report(self, key: tuple[str, str, str], image: _Image, reason: str) -> ScanReport:
        host, repository, digest = key
        image.findings.broken = self._lost[digest]
        lacking = reason or image.findings.shortfall()
        return ScanReport(
            source=self._source,
            scanner=SCANNER,
            key=f"{host}/{repository}@{digest}",
            scanned_at=image.at,
            name=name_of(host, repository) if host else None,
            # The portal looks tags up when it is asked: they are no part of what was scanned.
            tag="",
            digest=digest,
            vulnerabilities=image.findings.vulnerabilities,
            counts=dict(image.findings.counts),
            complete=not lacking,
            reason=lacking,
            os=text(image.row.os, 80),
        )


def _projected(properties: _Properties) -> DefenderRow:
    """A stored sub-assessment as the query would have projected it."""
    data = properties.additional_data or _Additional()
    artifact = data.artifact_details or _Artifact()
    software = data.software_details or _Software()
    status = properties.status or _Status()
    return DefenderRow(
        digest=artifact.digest,
        repo=artifact.repository_name,
        host=artifact.registry_host,
        cve=properties.id,
        severity=data.vulnerability_details.severity if data.vulnerability_details else None,
        score=data.cvss_v30_score,
        package=software.package_name,
        version=software.version,
        fixed=software.fixed_version,
        os=software.os_details.os_version if software.os_details else None,
        code=status.code,
        cause=status.cause,
        why=status.description,
        time_generated=properties.time_generated,
    )


def _vulnerability(row: DefenderRow) -> Vulnerability:
    name = text(row.cve, 80)
    return Vulnerability(
        id=name,
        severity=severity_of(row.severity),
        package=text(row.package),
        installed=text(row.version, 120),
        fixed=text(row.fixed, 120),
        cvss=score(row.score),
        url=web_address(f"https://nvd.nist.gov/vuln/detail/{name}") if name.startswith("CVE-") else "",
        exemption=_exemption(row),
    )


def _exemption(row: DefenderRow) -> str:
    """Why Defender does not count the finding (`status.code` NotApplicable), in its own words; empty when it does."""
    if (row.code or "").lower() != "notapplicable":
        return ""
    why = ": ".join(filter(None, (text(row.cause, 40), text(row.why, 160))))
    return f"not applicable in Defender ({why})" if why else "not applicable in Defender"
