"""SARIF 2.1.0 as scanners of images write it: the rule is the vulnerability, the message names the package.

Source: OASIS SARIF 2.1.0; aquasecurity/trivy `pkg/report/sarif.go` (message lines `Package:`, `Installed Version:`, `Fixed
Version:`; run properties `repoDigests`, `repoTags`, `imageName`, `imageID`; `security-severity` and tags of rules);
anchore/grype `grype/presenter/sarif` (rule `CVE-...-package`, message `A high vulnerability in deb package: zlib, version 1.2`).
"""

from __future__ import annotations

import re

import msgspec

from tui.domain.decoding import from_json
from tui.domain.scan import ScanReport, Severity, Vulnerability
from tui.sources.scanners.findings import Findings, rows
from tui.sources.scanners.formats.drafts import Draft, Reading, subject_of
from tui.sources.scanners.words import Said, moment, score, severity_of, severity_of_score, text, web_address

__all__ = ["read_sarif"]

SCANNERS = ("trivy", "grype", "scout", "snyk container", "defender", "prisma", "twistlock", "aqua", "anchore", "clair", "wiz")
"""Tools known to look at the packages of images; the SARIF of others says nothing of them, least of all when it is empty."""
_ID = re.compile(r"(CVE-\d{4}-\d+|GHSA(?:-[0-9a-z]{4}){3})", re.IGNORECASE)
_LINE = re.compile(r"^(Package|Installed Version|Fixed Version|Severity): *(.*)$", re.MULTILINE)
_GRYPE = re.compile(r"package: ([^,]+), version (\S+) was found")


class _Text(msgspec.Struct):
    text: Said = None


class _RuleProperties(msgspec.Struct):
    security_severity: str | float | None = msgspec.field(default=None, name="security-severity")
    tags: list[str] | None = None


class _Rule(msgspec.Struct, rename="camel"):
    id: Said = None
    short_description: _Text | None = None
    help_uri: Said = None
    properties: _RuleProperties | None = None


class _Driver(msgspec.Struct):
    name: Said = None
    version: Said = None
    rules: list[_Rule] | None = None


class _Tool(msgspec.Struct):
    driver: _Driver


class _Artifact(msgspec.Struct):
    uri: Said = None


class _Physical(msgspec.Struct, rename="camel"):
    artifact_location: _Artifact | None = None


class _Location(msgspec.Struct, rename="camel"):
    physical_location: _Physical | None = None


class _Result(msgspec.Struct, rename="camel"):
    rule_id: Said = None
    message: _Text | None = None
    locations: list[_Location] | None = None


class _RunProperties(msgspec.Struct, rename="camel"):
    image_name: Said = None
    image_id: Said = msgspec.field(default=None, name="imageID")
    repo_tags: list[str] | None = None
    repo_digests: list[str] | None = None


class _Invocation(msgspec.Struct):
    ended: Said = msgspec.field(default=None, name="endTimeUtc")


class _Run(msgspec.Struct):
    tool: _Tool
    results: msgspec.Raw = msgspec.Raw(b"null")
    properties: _RunProperties | None = None
    invocations: list[_Invocation] | None = None


class _Log(msgspec.Struct):
    runs: list[_Run]


def read_sarif(reading: Reading, body: bytes | msgspec.Raw) -> list[ScanReport]:
    """A report for each run. Raises DECODING."""
    runs = from_json(body, _Log).runs
    return [_draft(run, reading).report(reading, number) for number, run in enumerate(runs)]


def _draft(run: _Run, reading: Reading) -> Draft:
    driver = run.tool.driver
    tool = text(driver.name, 60)
    rules = {rule.id: rule for rule in driver.rules or () if rule.id}
    entries, broken = rows(run.results, _Result)
    findings = Findings(reading.pool)
    findings.broken = len(broken)
    for entry in entries:
        findings.add(_vulnerability(entry, rules.get(entry.rule_id or "", _Rule())))
    known = any(word in tool.lower() for word in SCANNERS)
    given = run.properties or _RunProperties()
    return Draft(
        scanner=tool or "a tool without a name",
        at=moment(run.invocations[0].ended) if run.invocations else None,
        subject=subject_of(*(given.repo_digests or ()), *(given.repo_tags or ()), given.image_name, image_id=given.image_id),
        findings=findings if known else None,
        lacking="" if known else f"the SARIF of {tool or 'a tool without a name'} is no scan of an image's packages",
    )


def _vulnerability(entry: _Result, rule: _Rule) -> Vulnerability:
    said = (entry.message.text if entry.message else None) or ""
    words = dict(_LINE.findall(said[:4000]))
    match = _GRYPE.search(said[:4000])
    named = _ID.match(entry.rule_id or "")
    base = score(rule.properties.security_severity) if rule.properties else None
    location = next(iter(entry.locations or ()), _Location()).physical_location or _Physical()
    return Vulnerability(
        id=text(named[1] if named else entry.rule_id, 80),
        severity=_severity(words.get("Severity"), rule, base),
        package=text(words.get("Package")) or text(match[1] if match else ""),
        installed=text(words.get("Installed Version"), 120) or text(match[2] if match else "", 120),
        fixed=text(words.get("Fixed Version"), 120),
        cvss=base,
        title=text(rule.short_description.text if rule.short_description else None, 200),
        url=web_address(rule.help_uri),
        path=text(location.artifact_location.uri if location.artifact_location else None),
    )


def _severity(said: Said, rule: _Rule, base: float | None) -> Severity:
    """The scanner's own word, in the message or a tag of the rule, else the rating of the score."""
    tags = (rule.properties.tags if rule.properties else None) or ()
    words = (said, *(tag for tag in tags if severity_of(tag) is not Severity.UNKNOWN))
    return next((found for word in words if (found := severity_of(word)) is not Severity.UNKNOWN), severity_of_score(base))
