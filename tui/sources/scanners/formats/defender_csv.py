"""Findings of Defender exported as CSV: by the columns' names, whatever their order and spelling."""

from __future__ import annotations

import csv
import io

from tui.domain.common.text import plural
from tui.domain.facts.scan import ScanReport
from tui.errors import UntrustedPayload
from tui.sources.scanners.formats.defender import DefenderReports, DefenderRow
from tui.sources.scanners.formats.drafts import ReportOrigin

__all__ = ["looks_like_csv", "read_csv"]

_COLUMNS = {
    "digest": ("digest", "imagedigest", "artifactdigest", "artifactdetailsdigest"),
    "repo": ("repo", "repository", "repositoryname", "imagerepository"),
    "host": ("host", "registry", "registryhost", "registryname"),
    "cve": ("cve", "cveid", "vulnerabilityid", "subassessmentname", "vulnerability"),
    "severity": ("severity", "cveseverity", "vulnerabilityseverity"),
    "score": ("score", "cvss", "cvssscore", "cvssv30score"),
    "package": ("package", "packagename", "softwarename"),
    "version": ("version", "packageversion", "installedversion", "softwareversion"),
    "fixed": ("fixed", "fixedversion", "fixversion"),
    "os": ("os", "osversion", "osdetails"),
    "code": ("code", "status", "statuscode"),
    "time_generated": ("timegenerated", "scantime", "scannedat", "date"),
}
_NEEDED = ("digest", "cve", "severity")
MAX_FIELD = 1 << 20


def looks_like_csv(body: bytes) -> bool:
    """Whether the first line is a heading with the columns that are needed."""
    first = body[:4096].decode("utf-8-sig", "replace").partition("\n")[0]
    return len(_found(next(csv.reader([first]), [])).keys() & set(_NEEDED)) >= 2


def read_csv(reading: ReportOrigin, body: bytes) -> list[ScanReport]:
    """A report for each image. Raises UntrustedPayload naming what is missing, and the line of a fault."""
    gathering = DefenderReports(reading.source, reading.pool)
    csv.field_size_limit(MAX_FIELD)
    lines = csv.reader(io.StringIO(body.decode("utf-8-sig", "replace"), newline=""))
    try:
        columns = _found(next(lines, []))
        if missing := [name for name in _NEEDED if name not in columns]:
            raise UntrustedPayload(
                f"line 1: there is no column for {', '.join(missing)}", f"Columns are named such as {', '.join(_COLUMNS)}."
            )
        for cells in lines:
            if any(cells):
                gathering.add_row(
                    DefenderRow(**{name: cells[index] if index < len(cells) else "" for name, index in columns.items()})
                )
    except csv.Error as error:
        raise UntrustedPayload(f"line {lines.line_num}: {error}", "Export the findings as CSV again.") from error
    reason = f"{plural(gathering.broken, 'line')} {'names' if gathering.broken == 1 else 'name'} no image by its digest"
    return gathering.reports(reason if gathering.broken else "", prefix=reading.key)


def _found(heading: list[str]) -> dict[str, int]:
    """The number of each column that is known."""
    names = ["".join(letter for letter in cell.lower() if letter.isalnum()) for cell in heading]
    return {field: names.index(word) for field, words in _COLUMNS.items() if (word := next((w for w in words if w in names), ""))}
