"""The end of life of what an image is built on: a part of the check `base`."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

import msgspec

from tui.domain.check_context import ImageContext
from tui.domain.endoflife import AS_OF, SOURCE, Product, end_of_life, newest_release, parse_product
from tui.domain.text import clean
from tui.domain.trust import Check, State

__all__ = ["with_lifetime"]

SOON = timedelta(days=90)
"""How long before its end a release warns."""


class _Ending(NamedTuple):
    """Something that has ended, or soon will."""

    state: State
    reason: str
    brief: str
    remedy: str
    rule: str


def with_lifetime(check: Check, context: ImageContext) -> Check:
    """The check with what the table of lifetimes says of the operating system and the runtimes; unchanged when all is well."""
    endings = _endings(context)
    if not endings:
        return check
    worst = max(endings, key=lambda ending: ending.state.severity)
    said = " ".join(ending.reason for ending in endings)
    remedy = " ".join(filter(None, (ending.remedy for ending in endings)))
    if worst.state.severity < check.state.severity:
        return msgspec.structs.replace(
            check, reason=f"{check.reason} {said}", remedy=" ".join(filter(None, (check.remedy, remedy)))
        )
    return msgspec.structs.replace(
        check,
        state=worst.state,
        reason=f"{said} {check.reason}",
        brief=worst.brief,
        remedy=" ".join(filter(None, (remedy, check.remedy))),
        rule=worst.rule,
    )


def _endings(context: ImageContext) -> list[_Ending]:
    rules, today = context.rules, context.now.date()
    if rules.base_end_of_life is State.OFF:
        return []
    system = _operating_system(context)
    found = [_ending(system, today, rules.base_end_of_life, rules.cite("base_end_of_life"))] if system is not None else []
    if system is None or end_of_life(system) is None:
        found.append(_said_by_scanner(context) or _said_by_lost_scanner(context))
    # A runtime is often not reached from outside, and is the application's own choice: it warns.
    warns = State.WARN if rules.base_end_of_life is not State.PASS else State.PASS
    found += [_ending(runtime, today, warns, rules.cite("base_end_of_life")) for runtime in context.runtimes]
    return [ending for ending in found if ending is not None]


def _operating_system(context: ImageContext) -> Product | None:
    """What the history or the labels tell, else what a scanner saw that still answers."""
    lost = dict(context.scanners.lost)
    texts = (context.system, *(report.os for report in context.scan.reports if report.source not in lost))
    return next((product for text in texts if text and (product := parse_product(text)) is not None), None)


def _ending(product: Product, today: date, state: State, rule: str) -> _Ending | None:
    ends = end_of_life(product)
    if ends is None or ends - today > SOON:
        return None
    newest = newest_release(product.name, today)
    remedy = f"Move to {newest[0]}, which has fixes until {newest[1]}." if newest is not None else f"Move away from {product}."
    table = f"({SOURCE}, as of {AS_OF})"
    if ends <= today:
        reason = f"{product} has had no fixes since {ends} {table}."
        return _Ending(state, reason, f"{product} at end of life", remedy, rule)
    reason = f"{product} gets no fixes from {ends} on {table}."
    return _Ending(State.WARN if state is not State.PASS else state, reason, f"{product} ends {ends}", remedy, rule)


def _said_by_scanner(context: ImageContext) -> _Ending | None:
    """Of what the table does not know, a scanner's word."""
    lost, rules = dict(context.scanners.lost), context.rules
    for report in context.scan.reports:
        if report.end_of_life and report.source not in lost:
            system = clean(report.os, 60) or "its operating system"
            reason = f"{clean(report.scanner, 60)} says that {system} is at its end of life."
            rule = rules.cite("base_end_of_life")
            return _Ending(rules.base_end_of_life, reason, "system at end of life", "Move to a release that gets fixes.", rule)
    return None


def _said_by_lost_scanner(context: ImageContext) -> _Ending | None:
    """What a scanner said of the end of a system is open while it does not answer."""
    lost, today = dict(context.scanners.lost), context.now.date()
    for report in context.scan.reports:
        product = parse_product(report.os)
        ends = end_of_life(product) if product is not None else None
        if report.source in lost and (report.end_of_life or (ends is not None and ends - today <= SOON)):
            reason = f"Whether its operating system still gets fixes is not known: {lost[report.source]}"
            return _Ending(State.UNKNOWN, reason, "end of life unknown", "", "")
    return None
