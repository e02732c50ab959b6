"""What several scanners say of one image, as one list: one row for each vulnerability in each package.

The stricter scanner decides, and where they differ a sentence says so. Statements (VEX) take a vulnerability out of the
count only when nobody contradicts them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from datetime import UTC, datetime
from functools import cached_property

from tui.domain.common.source_id import SourceId
from tui.domain.common.text import clean
from tui.domain.facts.scan import CLEARING, NOBODY, ImageVulnerability, ScanReport, Severity, Vex, Vulnerability

__all__ = ["Merged", "graded", "is_meant", "merge", "severity_of"]

_NEVER = datetime(1, 1, 1, tzinfo=UTC)
_SHOWN_NAMES = 3
Spoken = tuple[ScanReport, Vulnerability]
Statements = Mapping[str, tuple[tuple[str, Vex], ...]]


class Merged:
    """The rows of one image over `reports`, worst first; equal only to itself, so that it can be kept by identity.

    `layers` are digests or diff_ids of the layers that a row lies in, by its place in `rows`, where a scanner tells.
    """

    __slots__ = ("__dict__", "layers", "reports", "rows")

    def __init__(
        self, reports: tuple[ScanReport, ...], rows: tuple[ImageVulnerability, ...], layers: Mapping[int, frozenset[str]]
    ) -> None:
        self.reports, self.rows, self.layers = reports, rows, layers

    @cached_property
    def by_name(self) -> Mapping[tuple[str, str], ImageVulnerability]:
        """The rows by identifier (aliases too) and package: the worst, where several share an alias."""
        return {(name, row.package): row for row in reversed(self.rows) for name in (row.id, *row.aliases)}

    @cached_property
    def whole(self) -> Mapping[SourceId, datetime | None]:
        """The sources whose silence means that something is not there, and when they looked."""
        return {report.source: report.scanned_at for report in self.reports if report.is_scan and report.whole}


def severity_of(vulnerability: Vulnerability) -> Severity:
    """The scanner's word, or that of its score where it has no word."""
    if vulnerability.severity is Severity.UNKNOWN and vulnerability.cvss is not None and 0 < vulnerability.cvss <= 10:
        return Severity.of_score(vulnerability.cvss)
    return vulnerability.severity


def graded(severities: Iterable[Severity]) -> Severity:
    """The strictest of the severities that are known; UNKNOWN when none is."""
    assessed = [severity for severity in severities if severity is not Severity.UNKNOWN]
    return max(assessed, key=lambda severity: severity.rank, default=Severity.UNKNOWN)


def merge(reports: tuple[ScanReport, ...]) -> Merged:
    """One list over all reports of an image; the order of the reports does not matter."""
    names = _canonical(reports)
    groups: defaultdict[tuple[str, str], list[Spoken]] = defaultdict(list)
    for report in reports:
        for vulnerability in report.vulnerabilities or ():
            groups[names.get(vulnerability.id, vulnerability.id), vulnerability.package].append((report, vulnerability))
    silent = tuple(report for report in reports if report.is_scan and report.whole)
    statements = _statements(reports)
    grouped = [(_row(name, spoken, silent, statements), spoken) for (name, _), spoken in groups.items()]
    grouped.sort(key=lambda entry: (-entry[0].severity.rank, entry[0].id, entry[0].package))
    layers = {place: lies for place, (_, spoken) in enumerate(grouped) if (lies := _layers(spoken))}
    return Merged(reports, tuple(row for row, _ in grouped), layers)


def _canonical(reports: Iterable[ScanReport]) -> dict[str, str]:
    """The name to show for each identifier that has others: a CVE where there is one.

    Two CVEs are never one vulnerability: what several of them have for an alias is an advisory on all (DSA, RHSA, USN).
    """
    named = [
        frozenset((vulnerability.id, *vulnerability.aliases))
        for report in reports
        for vulnerability in report.vulnerabilities or ()
        if vulnerability.aliases
    ]
    advisories = _advisories(named)
    groups: dict[str, set[str]] = {}
    for names in dict.fromkeys(named):
        if len(_cves(names)) < 2:
            joined = set(names - advisories)
            joined.update(*(groups[name] for name in tuple(joined) if name in groups))
            groups.update(dict.fromkeys(joined, joined))
    return {
        name: min(joined, key=lambda alias: (not _is_cve(alias), alias))
        for name, joined in groups.items()
        if len(_cves(joined)) < 2
    }


def _advisories(named: Iterable[Set[str]]) -> set[str]:
    """The names that findings of several CVEs have."""
    cves_of: defaultdict[str, set[str]] = defaultdict(set)
    for names in named:
        cves = _cves(names)
        for name in names - cves:
            cves_of[name] |= cves
    return {name for name, cves in cves_of.items() if len(cves) > 1}


def _cves(names: Iterable[str]) -> set[str]:
    return {name for name in names if _is_cve(name)}


def _is_cve(name: str) -> bool:
    return name.upper().startswith("CVE-")


def is_meant(id: str, aliases: Iterable[str], names: Collection[str]) -> bool:
    """Whether one of some names means a vulnerability; of several CVEs that it has for aliases all must be among them."""
    if id in names:
        return True
    aliases = set(aliases)
    cves = _cves((id, *aliases))
    return any(alias in names for alias in aliases - cves) or (bool(cves) and all(cve in names for cve in cves))


def _layers(spoken: Sequence[Spoken]) -> frozenset[str]:
    return frozenset(vulnerability.layer for _, vulnerability in spoken if vulnerability.layer)


def _row(name: str, spoken: list[Spoken], silent: tuple[ScanReport, ...], statements: Statements) -> ImageVulnerability:
    if len(spoken) > 1:
        spoken.sort(key=lambda entry: (-severity_of(entry[1]).rank, entry[0].source, entry[0].key, entry[1].installed))
    worst = spoken[0][1]
    others = (
        {alias for _, vulnerability in spoken for alias in (vulnerability.id, *vulnerability.aliases)} - {name}
        if len(spoken) > 1 or worst.aliases
        else ()
    )
    sources = tuple(sorted({report.source for report, _ in spoken}))
    return ImageVulnerability(
        id=name,
        severity=graded(severity_of(vulnerability) for _, vulnerability in spoken),
        package=worst.package,
        installed=worst.installed if len(spoken) == 1 else _several(vulnerability.installed for _, vulnerability in spoken),
        fixed=next((vulnerability.fixed for _, vulnerability in spoken if vulnerability.fixed), ""),
        cvss=max((vulnerability.cvss for _, vulnerability in spoken if vulnerability.cvss is not None), default=None),
        title=next((vulnerability.title for _, vulnerability in spoken if vulnerability.title), ""),
        url=next((vulnerability.url for _, vulnerability in spoken if vulnerability.url), ""),
        sources=sources,
        disagreement=_disagreement(spoken, silent) if len(silent) > 1 or len(sources) > 1 else "",
        vex=_clearing(_meaning(name, others), worst.package, _versions(spoken), statements) if statements else None,
        aliases=tuple(sorted(others)),
        exemption=next((vulnerability.exemption for _, vulnerability in spoken if vulnerability.exemption), ""),
    )


def _meaning(name: str, others: Collection[str]) -> Iterable[str]:
    """The names by which a statement means a vulnerability: a CVE among several is only a part of it."""
    alone = len(_cves((name, *others))) < 2
    return (name, *(other for other in others if alone or not _is_cve(other)))


def _several(texts: Iterable[str]) -> str:
    return ", ".join(sorted({text for text in texts if text}))


# ---- where scanners differ


def _disagreement(spoken: Sequence[Spoken], silent: Iterable[ScanReport]) -> str:
    """A sentence on how the scanners differ: in the severity, in the fix, in whether it is there at all."""
    severities = {
        (report.scanner or str(report.source)): severity_of(vulnerability) for report, vulnerability in reversed(spoken)
    }
    parts = []
    if len(set(severities.values())) > 1:
        parts.append(", ".join(f"{_short(scanner)} says {severity}" for scanner, severity in sorted(severities.items())))
    fixes = {
        vulnerability.fixed: report.scanner or str(report.source)
        for report, vulnerability in reversed(spoken)
        if vulnerability.fixed
    }
    if len(fixes) > 1 and len(severities) > 1:
        parts.append(f"fixed in {' or '.join(f'{clean(fix, 40)} ({_short(who)})' for fix, who in sorted(fixes.items()))}")
    absent = sorted({report.scanner or str(report.source) for report in silent} - set(severities))
    if absent:
        parts.append(f"{' and '.join(map(_short, absent[:_SHOWN_NAMES]))} {'does' if len(absent) == 1 else 'do'} not report it")
    return f"{'; '.join(parts)}." if parts else ""


def _short(name: str) -> str:
    return clean(name, 40)


# ---- statements


def _statements(reports: Iterable[ScanReport]) -> Statements:
    """What is stated of each name, and by whom: two documents that name no author have not the same one."""
    by_name: defaultdict[str, list[tuple[str, Vex]]] = defaultdict(list)
    for report in reports:
        for statement in report.vex:
            unnamed = statement.author.startswith(NOBODY)
            by_name[statement.id].append((f"{report.source} {report.key}" if unnamed else statement.author, statement))
    return {name: tuple(several) for name, several in by_name.items()}


def _versions(spoken: Iterable[Spoken]) -> frozenset[str]:
    return frozenset(vulnerability.installed for _, vulnerability in spoken if vulnerability.installed)


def _clearing(names: Iterable[str], package: str, installed: Set[str], statements: Statements) -> Vex | None:
    """The statement that takes a vulnerability out of the count: the newest, when every author's last word does so."""
    last: dict[str, Vex] = {}
    candidates = (candidate for name in names for candidate in statements.get(name, ()))
    for author, statement in (candidate for candidate in candidates if _is_about(candidate[1], package, installed)):
        previous = last.get(author)
        if previous is None or _newness(statement) > _newness(previous):
            last[author] = statement
    if not last or any(statement.status not in CLEARING for statement in last.values()):
        return None
    return max(last.values(), key=_newness)


def _newness(statement: Vex) -> tuple[datetime, bool, str, str]:
    # Of two statements of one moment the one that clears nothing counts.
    return statement.stated_at or _NEVER, statement.status not in CLEARING, statement.author, statement.justification


def _is_about(statement: Vex, package: str, installed: Set[str]) -> bool:
    """Whether a statement is about a package, and about the version that is installed where it names one.

    A package is named by its name, or by a package URL (purl-spec: pkg:type/namespace/name@version). Of several versions a
    statement has to clear each, and contradicts where it is about any (openvex/go-vex, `PurlMatches`).
    """
    if not statement.package:
        return True
    name = statement.package.partition("?")[0].rpartition("/")[2].partition("@")[0]
    if not _same_name(statement.package, package) and not (statement.package.startswith("pkg:") and name == package):
        return False
    same = [_same_version(statement.version, version) for version in installed]
    return not statement.version or (bool(same) and (all(same) if statement.status in CLEARING else any(same)))


def _same_name(stated: str, package: str) -> bool:
    """Whether two names are of one package: in any case (PyPI), and by the artifact alone where a scanner gives no more."""
    full, shown = (name.casefold().replace("_", "-") for name in (stated, package))
    return full == shown or (bool(shown) and full.rpartition(":")[2] == shown)


def _same_version(stated: str, installed: str) -> bool:
    """Whether two versions are one: without the epoch where only one names it (deb, rpm), and without Go's `v`."""
    stated, installed = stated.removeprefix("v"), installed.removeprefix("v")
    return stated == installed or stated == _without_epoch(installed) or _without_epoch(stated) == installed


def _without_epoch(version: str) -> str:
    epoch, separator, upstream = version.partition(":")
    return upstream if separator and epoch.isdigit() else version
