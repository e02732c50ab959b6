"""The end of life of what an image is built on: a part of the check `base`."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import msgspec

from tui.domain.checks.base import SOON, is_renewed, move_to, operating_system
from tui.domain.checks.context import ImageContext
from tui.domain.common.text import clean
from tui.domain.common.trust import Check, State
from tui.domain.lineage.endoflife import AS_OF, SOURCE, Product, end_of_life, newest_release, parse_product

__all__ = ["with_lifetime"]


class _Ending(NamedTuple):
    """Something that has ended, or soon will; `instead` says that its remedy takes the place of a rebuild on the same base."""

    state: State
    reason: str
    brief: str
    remedy: str
    rule: str
    instead: bool = False


def with_lifetime(check: Check, context: ImageContext) -> Check:
    """The check with what the table of lifetimes says of the operating system and the runtimes; unchanged when all is well."""
    endings = _endings(context)
    if not endings:
        return check
    worst = max(endings, key=lambda ending: ending.state.severity)
    reasons = " ".join(ending.reason for ending in endings)
    remedy = _remedy(check, endings)
    if worst.state.severity < check.state.severity:
        return msgspec.structs.replace(check, reason=f"{check.reason} {reasons}", remedy=remedy)
    return msgspec.structs.replace(
        check, state=worst.state, reason=f"{reasons} {check.reason}", brief=worst.brief, remedy=remedy, rule=worst.rule
    )


def _remedy(check: Check, endings: list[_Ending]) -> str:
    """What to do, in order: what has ended is not mended by a rebuild on the same; what will end is moved after it."""
    instead = [ending.remedy for ending in endings if ending.instead]
    others = [ending.remedy for ending in endings if not ending.instead and ending.remedy]
    first = [*instead] if instead else [check.remedy] if check.remedy else []
    return " ".join(dict.fromkeys((*first, *others)))


def _endings(context: ImageContext) -> list[_Ending]:
    rules, today = context.rules, context.now.date()
    if rules.base_end_of_life is State.OFF:
        return []
    system = operating_system(context)
    endings: list[_Ending | None] = []
    if system is not None:
        remedy = "" if is_renewed(context) else move_to(context, system, today)
        endings = [_ending(system, today, rules.base_end_of_life, rules.cite("base_end_of_life"), remedy)]
    if system is None or end_of_life(system) is None:
        endings.append(_said_by_scanner(context) or _said_by_lost_scanner(context))
    # A runtime is often not reached from outside, and is the application's own choice: it warns.
    warns = State.WARN if rules.base_end_of_life is not State.PASS else State.PASS
    for runtime in context.runtimes:
        ending = _ending(runtime, today, warns, rules.cite("base_end_of_life"), _newer(runtime, today))
        endings.append(ending._replace(instead=False) if ending is not None else None)
    return [ending for ending in endings if ending is not None]


def _newer(runtime: Product, today: date) -> str:
    newest = newest_release(runtime.name, today)
    return f"Move to {newest[0]}, which has fixes until {newest[1]}." if newest is not None else f"Move away from {runtime}."


def _ending(product: Product, today: date, state: State, rule: str, remedy: str) -> _Ending | None:
    ends = end_of_life(product)
    if ends is None or ends - today > SOON:
        return None
    table = f"({SOURCE}, as of {AS_OF})"
    if ends <= today:
        reason = f"{product} has had no fixes since {ends} {table}."
        return _Ending(state, reason, f"{product} at end of life", remedy, rule, bool(remedy))
    reason = f"{product} gets no fixes from {ends} on {table}."
    soon = f"Before {ends}: {remedy}" if remedy else ""
    return _Ending(State.WARN if state is not State.PASS else state, reason, f"{product} ends {ends}", soon, rule)


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
