"""How far the reports on an image can be believed: whole, recent, on every platform, and certainly about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from tui.domain.checks.context import ImageContext
from tui.domain.common.text import clean
from tui.domain.common.trust import State
from tui.domain.facts.scan import ScanReport

__all__ = ["Opinion", "coverage", "scanner_of"]


class Opinion(NamedTuple):
    """One thing that bears on the answer."""

    state: State
    reason: str
    rule: str
    brief: str = ""
    remedy: str = ""


_AHEAD = timedelta(days=1)
"""How far the clock of a scanner may run ahead before its report is of no known age."""


def coverage(heard: Sequence[ScanReport], context: ImageContext) -> list[Opinion]:
    """Empty when a scan is whole and recent, on every platform that could run, and certainly about this image."""
    certain = [report for report in heard if (report.source, report.key) not in context.scan.matched.doubtful]
    if heard and not certain:
        return [_doubted(context), *_freshness(heard, context)]
    if not certain or not context.scan.matched.platforms:
        return _freshness(certain, context)
    return [
        opinion for platform, about in context.scan.matched.platforms for opinion in _covered(platform, about, certain, context)
    ]


def _doubted(context: ImageContext) -> Opinion:
    remedy = "Have it scanned by its digest."
    return Opinion(State.UNKNOWN, context.scan.matched.doubt, context.rules.cite("scan_missing"), "scan of unknown image", remedy)


def _covered(platform: str, about: Sequence[ScanReport], heard: Sequence[ScanReport], context: ImageContext) -> list[Opinion]:
    reports = [report for report in about if report in heard]
    if reports:
        return [opinion._replace(reason=f"{platform}: {opinion.reason}") for opinion in _freshness(reports, context)]
    if context.rules.scan_missing is State.OFF:
        return []
    reason, rule = f"No report is about {platform}, which it could run.", context.rules.cite("scan_missing")
    return [Opinion(State.UNKNOWN, reason, rule, "platform not scanned", "Have every platform scanned, each by itself.")]


def _freshness(heard: Sequence[ScanReport], context: ImageContext) -> list[Opinion]:
    """Empty when a scan is whole and recent."""
    rules = context.rules
    limit = timedelta(days=rules.scan_max_age)
    scans = [report for report in heard if report.complete]
    recent = [report for report in scans if _is_recent(report.scanned_at, context.now, limit)]
    if any(report.database_made is None or _is_recent(report.database_made, context.now, limit) for report in recent):
        return []
    if recent:
        newest = max(recent, key=lambda report: (report.database_made, report.key))
        database = f"{scanner_of(newest)} looked into a database of {newest.database_made:%Y-%m-%d}"
        if newest.database_made is not None and newest.database_made > context.now:
            reason = f"{database}, which is still to come."
            return [
                Opinion(State.UNKNOWN, reason, rules.cite("scan_max_age"), "database of unknown age", "Have it scanned again.")
            ]
        reason = f"{database}, more than {rules.scan_max_age} days old."
        remedy = "Update the scanner's database, and have it scanned again."
        return [Opinion(State.UNKNOWN, reason, rules.cite("scan_max_age"), "database too old", remedy)]
    dated = [report for report in scans if report.scanned_at is not None and context.now - report.scanned_at > limit]
    if dated:
        newest = max(dated, key=lambda report: (report.scanned_at is not None, report.scanned_at, report.key))
        reason = f"The newest report is of {newest.scanned_at:%Y-%m-%d}, more than {rules.scan_max_age} days old."
        return [Opinion(State.UNKNOWN, reason, rules.cite("scan_max_age"), "scan too old", "Have it scanned again.")]
    if scans:
        scanner, at = scanner_of(scans[0]), scans[0].scanned_at
        reason = f"{scanner} does not say when it scanned the image."
        if at is not None:
            reason = f"{scanner} says that it scanned the image on {at:%Y-%m-%d}, which is still to come."
        return [Opinion(State.UNKNOWN, reason, rules.cite("scan_max_age"), "scan of unknown age", "Have it scanned again.")]
    if not heard:
        return []
    reason = f"{scanner_of(heard[0])} could not scan it: {clean(heard[0].reason, 200) or 'it does not say why'}."
    remedy = "Look into the scanner, and have it scanned again."
    return [Opinion(State.UNKNOWN, reason, rules.cite("scan_missing"), "scan failed", remedy)]


def _is_recent(moment: datetime | None, now: datetime, limit: timedelta) -> bool:
    """Whether a moment is no older than a limit (0 is none), and not still to come."""
    if moment is None:
        return not limit
    return now - moment >= -_AHEAD and (not limit or now - moment <= limit)


def scanner_of(report: ScanReport) -> str:
    """The product that reports, as it is shown."""
    return clean(report.scanner or report.source.label, 60)
