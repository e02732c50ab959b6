"""What the state of a row begins with under a query: whatever was asked for, before what else is not fine."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from tui.domain.common.trust import Check, CheckName
from tui.domain.facts.scan import ImageVulnerability
from tui.domain.query.finding import START
from tui.domain.snapshot.snapshot import Image
from tui.errors import InvalidQuery
from tui.presenters.glyphs import Glyphs
from tui.presenters.phrases import briefs
from tui.presenters.views.spec import RowsContext
from tui.presenters.words import age
from widgets.rows import Cell, Span

if TYPE_CHECKING:
    from tui.domain.query.language import Term
    from tui.domain.query.risk import Risk, Risks

__all__ = ["NO_EMPHASIS", "Emphasis", "emphasis_of"]


class Emphasis(NamedTuple):
    """What a query asks of images: checks that come first, a vulnerability or package, or how they could vanish.

    `stuck`: it asks what does not start, which then stands before the images that it would run.
    """

    checks: frozenset[CheckName] = frozenset()
    cve_or_package: str = ""
    risks: Risks | None = None
    stuck: bool = False

    def state(self, checks: Iterable[Check], images: Iterable[Image], now: datetime, glyphs: Glyphs) -> Cell:
        """What was asked for of the images, then what is not fine by the checks; every other span stands between two parts."""
        between = Span(glyphs.dot, "dim")
        parts: dict[Span, None] = {}
        for image in images:
            parts.update(dict.fromkeys(self._asked(image, now, glyphs)))
        lead = tuple(span for part in parts for span in (between, part))[1:]
        faults = briefs(checks, glyphs.dot, self.checks)
        return (*lead, between, *faults) if lead and faults else lead or faults

    def _asked(self, image: Image, now: datetime, glyphs: Glyphs) -> list[Span]:
        risk = self.risks.of(image) if self.risks is not None else None
        spans = [_risk_span(risk, now)] if risk is not None else []
        if self.cve_or_package:
            rows = (row for row in image.vulnerabilities if self.cve_or_package in (row.id.lower(), row.package.lower()))
            spans += [_package_span(row, glyphs) for row in rows]
        return spans


NO_EMPHASIS = Emphasis()


def _risk_span(risk: Risk, now: datetime) -> Span:
    """`gone`, `untagged, unlocked`, `retention in 3d`, `purge at its next run`."""
    from tui.domain.query.risk import RiskKind

    match risk.kind:
        case RiskKind.GONE:
            return Span("gone", "fail")
        case RiskKind.UNTAGGED:
            return Span("untagged, unlocked", "warn")
        case RiskKind.UNKNOWN:
            return Span(risk.brief, "unknown")
    if risk.due is None:
        return Span(str(risk.kind), "warn")
    return Span(f"{risk.kind} at its next run" if risk.due <= now else f"{risk.kind} in {age(now, risk.due)}", "warn")


def _package_span(row: ImageVulnerability, glyphs: Glyphs) -> Span:
    """The package that has it, and the version without it: `openssl 3.0.16 → 3.0.17`."""
    mended = f"{glyphs.arrow}{row.fixed}" if row.fixed else ""
    return Span(f"{row.package} {row.installed}".strip() + (f" {mended}" if mended else ", no fix"), "fail")


def emphasis_of(rows: RowsContext) -> Emphasis:
    """What the query of a view asks of images; nothing without one."""
    finding = rows.chosen.finding
    stuck = finding is not None and finding.check == START
    if not rows.chosen.query.strip():
        return NO_EMPHASIS._replace(stuck=stuck)
    from tui.domain.query.language import Key, Trait
    from tui.domain.query.query import parse_query
    from tui.domain.query.risk import Risks

    try:
        terms = [term for term in parse_query(rows.chosen.query).terms if not term.negated]
    except InvalidQuery:
        return NO_EMPHASIS
    cve_or_package = next((term.value.lower() for term in terms if term.key in (Key.CVE, Key.PKG)), "")
    asks_for_risk = any(term.key is Key.IS and term.value == Trait.AT_RISK for term in terms)
    index = rows.query_index
    risks = (index.risks if index is not None else Risks(rows.snapshot)) if asks_for_risk else None
    stuck = stuck or any(term.key is Key.IS and term.value == Trait.STUCK for term in terms)
    return Emphasis(frozenset(check for term in terms for check in _checks_of(term)), cve_or_package, risks, stuck)


def _checks_of(term: Term) -> tuple[CheckName, ...]:
    """The check whose words answer a term."""
    from tui.domain.query.language import Key, Trait

    traits = {
        Trait.SIGNED: CheckName.SIGNATURE,
        Trait.UNSIGNED: CheckName.SIGNATURE,
        Trait.OUTDATED: CheckName.BASE,
        Trait.DRIFTED: CheckName.IDENTITY,
    }
    keys = {Key.DRIFT: CheckName.IDENTITY, Key.SEV: CheckName.SCAN, Key.AGE: CheckName.AGE}
    match term.key:
        case Key.CHECK:
            return (CheckName(term.value.partition("=")[0]),)
        case Key.IS:
            trait = next((trait for trait in traits if trait == term.value), None)
            return (traits[trait],) if trait is not None else ()
        case _:
            return (keys[term.key],) if term.key in keys else ()
