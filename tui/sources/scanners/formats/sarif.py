"""SARIF 2.1.0 as scanners of images write it: the rule is the vulnerability, the message names the package.

Source: OASIS SARIF 2.1.0; aquasecurity/trivy `pkg/report/sarif.go` (message lines `Package:`, `Installed Version:`, `Fixed
Version:`; run properties `repoDigests`, `repoTags`, `imageName`, `imageID`; `security-severity` and tags of rules);
anchore/grype `grype/presenter/sarif` (rule `CVE-...-package`, message `A high vulnerability in deb package: zlib, version 1.2`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from tui.domain.common.decoding import from_json
from tui.domain.facts.scan import ScanReport, Severity, Vulnerability
from tui.sources.kit.moments import moment
from tui.sources.scanners.findings import Findings, rows
from tui.sources.scanners.formats.drafts import ReportDraft, ReportOrigin, subject_of
from tui.sources.scanners.formats.purl import Package, package_of
from tui.sources.scanners.words import Said, score, severity_of, severity_of_score, text, web_address

__all__ = ["read_sarif"]

SCANNERS = re.compile(
    r"(?<![a-z0-9])"
    r"(trivy|grype|scout|snyk container|defender|prisma|twistlock|twistcli|aqua|anchore|clair|wiz|wizcli)"
    r"(?![a-z0-9])"
)
"""Tools known to look at the packages of images, as whole words: Scout Suite looks at clouds, and ECLAIR at C.

The SARIF of others says nothing of images, least of all when it is empty.
"""
SINGLE_MINDED = re.compile(r"(?<![a-z0-9])(grype|docker[ -]scout|snyk container|clair)(?![a-z0-9])")
"""Those that look at nothing but packages: only theirs proves something when it is empty."""
FOUND_NOTHING = frozenset({"pass", "notapplicable", "absent"})
"""Results that report no vulnerability: their `kind` (SARIF 2.1.0, section 3.27.9), or their `baselineState` (3.27.24)."""
ELSEWHERE = frozenset({"secret", "misconfiguration", "license"})
"""Tags of Trivy's rules that are no vulnerabilities (trivy `pkg/report/sarif.go`)."""
_SEVERITY = r"(critical|high|important|medium|moderate|low|negligible|unknown)"
_HELP = re.compile(r"^\W*Severity\W+(\w+)", re.MULTILINE | re.IGNORECASE)  # the help of Grype, Trivy and Anchore
_DESCRIBED = re.compile(rf"\b{_SEVERITY}[ -](?:severity|vulnerability)\b", re.IGNORECASE)
_ID = re.compile(r"(CVE-\d{4}-\d+|GHSA(?:-[0-9a-z]{4}){3})", re.IGNORECASE)
_LINE = re.compile(r"^\s*(Package|Version|Installed Version|Fixe?d? Version)\s*: *(.*)$", re.MULTILINE | re.IGNORECASE)
_GRYPE = re.compile(r"package: ([^,]+), version (\S+) was found")


class _Text(msgspec.Struct):
    text: Said = None


class _Properties(msgspec.Struct):
    """What producers add to rules and results; each has its own member for the severity."""

    security_severity: str | float | None = msgspec.field(default=None, name="security-severity")
    cvss_severity: Said = msgspec.field(default=None, name="cvssV3_severity")  # Docker Scout
    severity: str | float | None = None  # Snyk, Wiz, Aqua
    vulnerability_severity: Said = msgspec.field(default=None, name="vulnerabilitySeverity")
    fixed_version: Said = None  # Docker Scout
    tags: list[str] | None = None


class _Rule(msgspec.Struct, rename="camel"):
    id: Said = None
    short_description: _Text | None = None
    help: _Text | None = None
    help_uri: Said = None
    properties: _Properties | None = None


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


class _RuleReference(msgspec.Struct, rename="camel"):
    """A rule by id or place; with a component it is not the driver's (SARIF 2.1.0, section 3.52.7)."""

    id: Said = None
    index: int | None = None
    tool_component: msgspec.Raw = msgspec.Raw(b"null")


class _Result(msgspec.Struct, rename="camel"):
    """A result names its rule by id, by its place among the rules, or by both (SARIF 2.1.0, section 3.27.5)."""

    rule_id: Said = None
    rule_index: int | None = None
    rule: _RuleReference | None = None
    kind: Said = None
    baseline_state: Said = None
    message: _Text | None = None
    locations: list[_Location] | None = None
    properties: _Properties | None = None


class _RunProperties(msgspec.Struct, rename="camel"):
    image_name: Said = None
    image_id: Said = msgspec.field(default=None, name="imageID")
    repo_tags: list[str] | None = None
    repo_digests: list[str] | None = None


class _Notification(msgspec.Struct):
    level: Said = None


class _Invocation(msgspec.Struct, rename="camel"):
    ended: Said = msgspec.field(default=None, name="endTimeUtc")
    successful: bool | None = msgspec.field(default=None, name="executionSuccessful")
    exit_signal_name: Said = None
    process_start_failure_message: Said = None
    tool_execution_notifications: list[_Notification] | None = None
    tool_configuration_notifications: list[_Notification] | None = None

    @property
    def failed(self) -> bool:
        """Whether it did not come to its end, or says itself that what it found is not all (SARIF 2.1.0, 3.20 and 3.58.6)."""
        notifications = (*(self.tool_execution_notifications or ()), *(self.tool_configuration_notifications or ()))
        ended = self.successful is not False and not (self.exit_signal_name or self.process_start_failure_message)
        return not ended or any((notification.level or "").lower() == "error" for notification in notifications)


class _External(msgspec.Struct):
    results: list[msgspec.Raw] | None = None


class _Run(msgspec.Struct, rename="camel"):
    tool: _Tool
    results: msgspec.Raw = msgspec.Raw(b"null")
    properties: _RunProperties | None = None
    invocations: list[_Invocation] | None = None
    external_property_file_references: _External | None = None


class _Log(msgspec.Struct):
    runs: list[_Run]


def read_sarif(reading: ReportOrigin, body: bytes | msgspec.Raw) -> list[ScanReport]:
    """A report for each run. Raises DECODING."""
    runs = from_json(body, _Log).runs
    return [_draft(run, reading).report(reading, number) for number, run in enumerate(runs)]


def _draft(run: _Run, reading: ReportOrigin) -> ReportDraft:
    driver = run.tool.driver
    tool = text(driver.name, 60)
    rules = {rule.id: rule for rule in driver.rules or () if rule.id}
    entries, broken = rows(run.results, _Result)
    findings = Findings(reading.pool)
    findings.broken = len(broken)
    for entry in entries:
        entry.rule_id = _rule_id(entry, driver.rules or [])
        rule = rules.get(entry.rule_id, _Rule())
        if _is_of_a_package(rule) and not _found_nothing(entry):
            findings.add(_vulnerability(entry, rule))
    is_scanner = SCANNERS.search(tool.lower()) is not None
    properties = run.properties or _RunProperties()
    return ReportDraft(
        scanner=tool or "a tool without a name",
        scanned_at=moment(run.invocations[0].ended) if run.invocations else None,
        subject=subject_of(
            *(properties.repo_digests or ()), *(properties.repo_tags or ()), properties.image_name, image_id=properties.image_id
        ),
        findings=findings if is_scanner else None,
        not_a_scan=_other(run, tool, is_scanner and bool(findings.counts)),
        lacking=_failed(run),
    )


def _rule_id(entry: _Result, rules: list[_Rule]) -> str:
    """The identifier of a result's rule, by its place where the result does not write it out; empty when it has none."""
    reference = entry.rule or _RuleReference()
    index = reference.index if entry.rule_index is None else entry.rule_index
    is_drivers = bytes(reference.tool_component) == b"null"
    by_place = rules[index].id if index is not None and 0 <= index < len(rules) and is_drivers else ""
    return entry.rule_id or reference.id or by_place or ""


def _found_nothing(entry: _Result) -> bool:
    """Whether a result says that something is not there."""
    return not FOUND_NOTHING.isdisjoint({(entry.kind or "").lower(), (entry.baseline_state or "").lower()})


def _other(run: _Run, tool: str, listed: bool) -> str:
    """What the run is when it does not tell that packages were looked at."""
    proven = bytes(run.results) != b"null" and SINGLE_MINDED.search(tool.lower()) is not None
    if listed or proven:
        return ""
    return f"the SARIF of {tool or 'a tool without a name'}"


def _failed(run: _Run) -> str:
    """A run that did not succeed (SARIF 2.1.0, section 3.20.14) may have missed anything; results may be elsewhere (3.15.3)."""
    if run.external_property_file_references is not None and run.external_property_file_references.results:
        return "its results lie in other files"
    failed = any(invocation.failed for invocation in run.invocations or ())
    return "the run says that it did not succeed" if failed else ""


def _is_of_a_package(rule: _Rule) -> bool:
    """Whether a result is a vulnerability of a package: Trivy writes secrets and misconfigurations beside them."""
    tags = {tag.lower() for tag in (rule.properties.tags if rule.properties else None) or ()}
    return tags.isdisjoint(ELSEWHERE)


def _vulnerability(entry: _Result, rule: _Rule) -> Vulnerability:
    words = _lines(rule.help) | _lines(entry.message)
    match = _GRYPE.search(_beginning(entry.message))
    package = package_of(words["package"]) if words.get("package", "").startswith("pkg:") else Package(words.get("package", ""))
    rule_id = _ID.match(entry.rule_id or "")
    base = score(rule.properties.security_severity) if rule.properties else None
    location = next(iter(entry.locations or ()), _Location()).physical_location or _Physical()
    return Vulnerability(
        id=text(rule_id[1] if rule_id else entry.rule_id, 80),
        severity=_severity(entry, rule, base),
        package=text(package.name) or text(match[1] if match else ""),
        installed=text(
            words.get("installed version") or words.get("version") or package.version or (match[2] if match else ""), 120
        ),
        fixed=text(words.get("fixed version") or words.get("fix version"), 120),
        cvss=base,
        title=text(rule.short_description.text if rule.short_description else None, 200),
        url=web_address(rule.help_uri),
        path=text(location.artifact_location.uri if location.artifact_location else None),
    )


def _severity(entry: _Result, rule: _Rule, base: float | None) -> Severity:
    """The scanner's own word, wherever it writes it; only without one the rating of its score.

    A score is somebody else's opinion: Debian calls low what NVD scores 10.
    """
    severities = (severity_of(word) for word in _said_severities(entry, rule))
    return next((severity for severity in severities if severity is not Severity.UNKNOWN), severity_of_score(base))


def _said_severities(entry: _Result, rule: _Rule) -> Iterator[str]:
    """The words that may be the severity, the most particular first."""
    yield from _HELP.findall(_beginning(entry.message))
    for properties in (entry.properties, rule.properties):
        if properties is not None:
            yield from (
                text(word, 40) for word in (properties.cvss_severity, properties.vulnerability_severity, properties.severity)
            )
            yield from properties.tags or ()
    yield from _HELP.findall(_beginning(rule.help))
    for described in (rule.short_description, entry.message):
        yield from _DESCRIBED.findall(_beginning(described))


def _beginning(message: _Text | None) -> str:
    """As much of a text as is searched."""
    return ((message.text if message else None) or "")[:4000]


def _lines(message: _Text | None) -> dict[str, str]:
    """What a text says in lines `Package: zlib`, by the name in small letters."""
    return {name.lower(): value.strip() for name, value in _LINE.findall(_beginning(message))}
