"""What scanners found in an image."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from tui.domain.common.trust import State
from tui.domain.facts.scan import ImageVulnerability, ScanReport, Severity
from tui.domain.snapshot.snapshot import Image
from tui.presenters.keys import RowSubject
from tui.presenters.tabs.lines import of_images, wrapped
from tui.presenters.tabs.spec import SectionContext, TabSpec
from tui.presenters.words import age, count
from widgets.rows import LazyLines, Span, TextLine
from widgets.text import fit

__all__ = ["VULNERABILITIES", "Order", "vulnerability_lines"]

SEVERITY_ROLE = {
    Severity.CRITICAL: "fail bold",
    Severity.HIGH: "warn",
    Severity.MEDIUM: "",
    Severity.LOW: "dim",
    Severity.NEGLIGIBLE: "dim",
    Severity.UNKNOWN: "unknown",
}


class Order(StrEnum):
    """What vulnerabilities are sorted by."""

    SEVERITY = "severity"
    PACKAGE = "package"
    FIXABLE = "what has a fix"
    OWN = "own before base"


ID, VERSION = 18, 17
LEAST_PACKAGE, MOST_PACKAGE = 9, 30
ROOMY_FIX = 10
"""Cells of the version that fixes, from which its column has its long name."""
FULL_ORIGIN = 100
"""From this width on the right edge has room to say of what is mended by a rebuild that it comes from the base."""


class _Widths(NamedTuple):
    """How many cells each column has: no identifier is cut, nor most versions. `installed` is 0 where it is left out."""

    package: int
    installed: int
    fixed: int


def _widths(width: int) -> _Widths:
    origin = len("rebuild base " if width >= FULL_ORIGIN else "rebuild ")
    room = width - len(" C ") - ID - origin - 2
    installed = VERSION if room >= LEAST_PACKAGE + 2 * VERSION else 0
    package = max(LEAST_PACKAGE, min(MOST_PACKAGE, room - installed - VERSION))
    return _Widths(package, installed, max(0, room - installed - package))


_KEYS: Mapping[Order, Callable[[ImageVulnerability], tuple[object, ...]]] = {
    Order.PACKAGE: lambda vulnerability: (vulnerability.package, -vulnerability.severity.rank, vulnerability.id),
    Order.FIXABLE: lambda vulnerability: (
        not vulnerability.fixed,
        -vulnerability.severity.rank,
        vulnerability.package,
        vulnerability.id,
    ),
    Order.OWN: lambda vulnerability: (
        vulnerability.from_base is not False,
        -vulnerability.severity.rank,
        vulnerability.package,
        vulnerability.id,
    ),
}


def vulnerability_lines(image: Image, look: SectionContext) -> Sequence[TextLine]:
    """Whose reports these are, then one line for each vulnerability; those only that the filter names, if it names some."""
    lines = [line for report in image.scans for line in _report(report, look)]
    order, filter_text = Order(look.order or Order.SEVERITY), look.filter_value
    if not image.scans:
        silent = "No scanner has reported on it: that is unknown, not clean."
        return [*wrapped(silent, "unknown", look.width), *wrapped(image.scan_gap, "unknown", look.width)]
    lines += wrapped(image.scan_gap, "unknown", look.width)
    vulnerabilities: Sequence[ImageVulnerability] = image.vulnerabilities
    if filter_text:
        vulnerabilities = [row for row in vulnerabilities if filter_text in f"{row.id} {row.package}".lower()]
    if order is not Order.SEVERITY:  # in which they come
        vulnerabilities = sorted(vulnerabilities, key=_KEYS[order])
    number = (
        f"{count(len(vulnerabilities))} of {count(len(image.vulnerabilities))} match {filter_text}"
        if filter_text
        else count(len(vulnerabilities))
    )
    title = (Span(f" {number}, by {order.value}", "dim"),)
    lines += [TextLine(), TextLine(title, (Span("o ", "accent bold"), Span("other order ", "dim"))), _titles(look)]
    widths, full_origin = _widths(look.width), look.width >= FULL_ORIGIN
    return LazyLines(lines, vulnerabilities, lambda row: _vulnerability(row, widths, full_origin=full_origin))


def _report(report: ScanReport, look: SectionContext) -> Iterator[TextLine]:
    when = f"{age(report.scanned_at, look.now)} ago " if report.scanned_at else "no date "
    glyph = look.glyphs.of(State.PASS if report.complete else State.UNKNOWN)
    yield TextLine((Span(" "), glyph, Span(f" {report.scanner}"), Span(f"  {report.os}", "dim")), (Span(when, "dim"),))
    yield from wrapped(report.reason, "unknown", look.width, indent=3)


def _titles(look: SectionContext) -> TextLine:
    widths = _widths(look.width)
    installed = f"{'installed':<{widths.installed}}" if widths.installed else ""
    fixed = "fixed in" if widths.fixed >= ROOMY_FIX else "fix"
    names = f"   {'vulnerability':<{ID}}{'package':<{widths.package}}{installed}{fixed}"
    return TextLine((Span(names, "dim"),), (Span("from ", "dim"),))


def _vulnerability(row: ImageVulnerability, widths: _Widths, *, full_origin: bool) -> TextLine:
    role = "dim" if row.vex is not None else SEVERITY_ROLE[row.severity]
    stated = f"  {row.vex.status}, says {row.vex.author}" if row.vex is not None else ""
    fixed = row.fixed or ("no fix known" if widths.fixed >= len("no fix known") else "none")
    origin = {True: "base", False: "own", None: "?"}[row.from_base]
    if row.rebuild:
        origin = f"rebuild {origin}" if full_origin else "rebuild"
    return TextLine(
        (
            Span(f" {row.severity[:1].upper()} ", role),
            Span(f"{fit(row.id, ID - 1):<{ID}}", role),
            Span(f"{fit(row.package, widths.package - 1):<{widths.package}}"),
            Span(f"{fit(row.installed, widths.installed - 1):<{widths.installed}}" if widths.installed else "", "dim"),
            Span(fit(fixed, widths.fixed), "" if row.fixed else "dim"),
            Span(fit(stated, max(0, widths.fixed - len(fixed))), "dim"),
        ),
        (Span(f"{origin} ", "dim" if row.from_base else ""),),
    )


def _lines(subject: RowSubject, context: SectionContext) -> Sequence[TextLine]:
    return of_images(subject, context, vulnerability_lines)


VULNERABILITIES = TabSpec("vulnerabilities", "Vulnerabilities", _lines, orders=tuple(Order), brief="Vulns")
