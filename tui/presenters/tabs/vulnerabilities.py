"""What scanners found in an image."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum

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


ID, PACKAGE, VERSION = 18, 22, 16


_KEYS: Mapping[Order, Callable[[ImageVulnerability], tuple[object, ...]]] = {
    Order.PACKAGE: lambda each: (each.package, -each.severity.rank, each.id),
    Order.FIXABLE: lambda each: (not each.fixed, -each.severity.rank, each.package, each.id),
    Order.OWN: lambda each: (each.from_base is not False, -each.severity.rank, each.package, each.id),
}


def vulnerability_lines(image: Image, look: SectionContext) -> Sequence[TextLine]:
    """Whose reports these are, then one line for each vulnerability; those only that the filter names, if it names some."""
    lines = [line for report in image.scans for line in _report(report, look)]
    order, filter_text = Order(look.order or Order.SEVERITY), look.wanted
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
    wide = look.width >= ID + PACKAGE + 2 * VERSION
    return LazyLines(lines, vulnerabilities, lambda row: _vulnerability(row, wide))


def _report(report: ScanReport, look: SectionContext) -> Iterator[TextLine]:
    when = f"{age(report.at, look.now)} ago " if report.at else "no date "
    glyph = look.glyphs.of(State.PASS if report.complete else State.UNKNOWN)
    yield TextLine((Span(" "), glyph, Span(f" {report.scanner}"), Span(f"  {report.os}", "dim")), (Span(when, "dim"),))
    yield from wrapped(report.reason, "unknown", look.width, indent=3)


def _titles(look: SectionContext) -> TextLine:
    versions = f"{'installed':<{VERSION}}" if look.width >= ID + PACKAGE + 2 * VERSION else ""
    return TextLine(
        (Span(f"   {'vulnerability':<{ID}}{'package':<{PACKAGE}}{versions}fixed in", "dim"),), (Span("from ", "dim"),)
    )


def _vulnerability(row: ImageVulnerability, wide: bool) -> TextLine:
    role = "dim" if row.vex is not None else SEVERITY_ROLE[row.severity]
    installed = f"{fit(row.installed, VERSION - 1):<{VERSION}}" if wide else ""
    fixed = Span(row.fixed or "no fix known", "" if row.fixed else "dim")
    origin = {True: "base", False: "own", None: "?"}[row.from_base]
    stated = f"{row.vex.status}, says {row.vex.author}" if row.vex is not None else ""
    return TextLine(
        (
            Span(f" {row.severity[:1].upper()} ", role),
            Span(f"{fit(row.id, ID - 1):<{ID}}", role),
            Span(f"{fit(row.package, PACKAGE - 1):<{PACKAGE}}"),
            Span(installed, "dim"),
            fixed,
            Span(f"  {stated}" if stated else "", "dim"),
        ),
        (Span(f"{'rebuild ' if row.rebuild else ''}{origin} ", "dim" if row.from_base else ""),),
    )


def _lines(subject: RowSubject, context: SectionContext) -> Sequence[TextLine]:
    return of_images(subject, context, vulnerability_lines)


VULNERABILITIES = TabSpec("vulnerabilities", "Vulnerabilities", _lines, orders=tuple(Order))
