"""Which images have a vulnerability, a vulnerable package, or one of some severity; and of which it cannot be told.

An image without a whole and recent report is never a no.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from tui.domain.common.memo import SharedByIdentity
from tui.domain.facts.scan import ImageVulnerability, Severity
from tui.domain.query.language import Op
from tui.domain.query.match import is_glob, text_matcher
from tui.domain.snapshot.snapshot import Image

__all__ = ["counting", "having", "is_open", "names", "package", "severity", "ungraded"]

Matcher = Callable[[ImageVulnerability], bool]
# cve.org (CVE-year-number of four digits or more), GitHub advisories (GHSA-xxxx-xxxx-xxxx).
_WHOLE = re.compile(r"cve-\d{4}-\d{4,}|ghsa(?:-[0-9a-z]{4}){3}")


def having(images: Sequence[Image], matches: Matcher) -> list[bool]:
    """Whether each image has a vulnerability that matches; equal lists of vulnerabilities are searched once."""
    answers = SharedByIdentity[Sequence[ImageVulnerability], bool](lambda rows: any(map(matches, rows)))
    return [answers.get(image.vulnerabilities) for image in images]


def names(value: str) -> Matcher:
    """By identifier or alias: a whole one means itself, a part of one all that have it in them."""
    value = value.lower()
    is_whole = _WHOLE.fullmatch(value) is not None and not is_glob(value)
    matches = value.__eq__ if is_whole else text_matcher(value)
    return lambda row: matches(row.id.lower()) is True or any(matches(alias.lower()) is True for alias in row.aliases)


def package(value: str) -> Matcher:
    """By a part of the package's name."""
    matches = text_matcher(value)
    return lambda row: matches(row.package.lower())


def severity(value: str, op: Op) -> Matcher:
    """By severity, of those that count: what somebody states not to apply does not."""
    severities = _ranks(value, op)
    return lambda row: row.vex is None and row.severity in severities


def _ranks(value: str, op: Op) -> frozenset[Severity]:
    limit = Severity(value).rank
    graded = [level for level in Severity if level is not Severity.UNKNOWN]
    tests: dict[Op, Callable[[int], bool]] = {
        Op.OVER: limit.__lt__,
        Op.AT_LEAST: limit.__le__,
        Op.UNDER: limit.__gt__,
        Op.AT_MOST: limit.__ge__,
        Op.IS: limit.__eq__,
        Op.EQUALS: limit.__eq__,
    }
    return frozenset(level for level in graded if tests[op](level.rank))


def counting(image: Image, value: str, op: Op) -> bool:
    """Whether a report that gives numbers only counts one of such a severity."""
    severities = _ranks(value, op)
    reports = (report for report in image.scans if report.vulnerabilities is None)
    return any(number and level in severities for report in reports for level, number in report.counts.items())


def is_open(image: Image) -> bool:
    """Whether a vulnerability that is not listed may be there all the same."""
    return bool(image.scan_gap) or not image.scans


def ungraded(rows: Iterable[ImageVulnerability]) -> bool:
    """Whether a vulnerability counts whose severity nobody knows."""
    return any(row.severity is Severity.UNKNOWN and row.vex is None for row in rows)
