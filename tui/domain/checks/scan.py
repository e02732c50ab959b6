"""The check `scan`: is there a recent scan, and does it pass?

A vulnerability that is found counts however old the report is, as an image does not change. That nothing is found counts only
in a report that is whole and recent: a missing, failed, partial or old one is unknown, and so is what a scanner said that does
not answer any more. Several scanners: the strictest decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import msgspec

from tui.domain.checks.base import base_step_of, move_of
from tui.domain.checks.context import ImageContext, Scanners
from tui.domain.checks.coverage import Opinion, coverage, scanner_of
from tui.domain.common.text import clean, first_few, full_stop, listed
from tui.domain.common.trust import Check, CheckName, State
from tui.domain.facts.events import SourceHealth, SourceId, SourceKind, SourceState
from tui.domain.facts.scan import ImageVulnerability, ScanReport, Severity
from tui.domain.policy.rules import Rules, Unfixed
from tui.domain.policy.ruling import accepted_as, expiry_words
from tui.domain.policy.waivers import PolicyException, accepting
from tui.domain.scans.mending import mended_most
from tui.domain.scans.tally import Tally, tally
from tui.domain.scans.vulnerabilities import is_meant, merge

__all__ = ["check_scan", "scan_gap", "scanners_of"]

_SETTINGS = ("scan_fail_on", "scan_warn_on", "scan_unfixed", "scan_missing", "scan_max_age")
_SHOWN = 3


def scanners_of(health: Mapping[SourceId, SourceHealth], scans: Iterable[SourceId]) -> Scanners:
    """How the scanners do, as far as they are set up; `scans` are the sources that reports came from."""
    configured = {name: source for name, source in health.items() if source.kind is SourceKind.SCANNER}
    lost = {name: _lost(source) for name, source in configured.items() if source.state is SourceState.FAILED}
    open_ = {
        name: _open(source) for name, source in configured.items() if source.state in (SourceState.LOADING, SourceState.PARTIAL)
    }
    off = {name: f"{name.label} is not asked." for name, source in configured.items() if source.state is SourceState.OFF}
    names = {name for name, source in configured.items() if source.state is not SourceState.OFF} | (set(scans) - set(configured))
    return Scanners(tuple(sorted(names)), tuple(sorted((lost | off).items())), tuple(sorted(open_.items())))


def _lost(health: SourceHealth) -> str:
    if health.stale:
        return full_stop(f"{health.id.label}: {health.error}")
    since = f" has not answered since {health.as_of:%Y-%m-%d %H:%M} UTC" if health.as_of is not None else " does not answer"
    return f"{health.id.label}{since}{_because(health)}"


def _open(health: SourceHealth) -> str:
    if health.state is SourceState.LOADING:
        return f"{health.id.label} has not been read whole yet."
    return f"{health.id.label} could be read in part only{_because(health)}"


def _because(health: SourceHealth) -> str:
    """The end of a sentence about a source, with what is wrong with it where that is known."""
    return f": {health.error.rstrip('.')}." if health.error else "."


def check_scan(context: ImageContext) -> Check:
    """Whether scanners looked at the image lately, and what they found is below the thresholds."""
    rules = context.rules
    if rules.scan_fail_on is None and rules.scan_warn_on is None and rules.scan_missing is State.OFF:
        return _check(context, (), Opinion(State.OFF, "The policy asks for no scan.", rules.cite("scan_missing")))
    reports = [report for report in context.scan.reports if report.is_scan]
    if not reports:
        return _check(context, (), _missing(context))
    strict = _answer(context, reports)
    exceptions = _meant(rules.exceptions, context)
    if not strict.state.is_wrong or not exceptions:
        return _with_expired(strict, context)
    lenient = _answer(context, reports, exceptions)
    return accepted_as(strict, exceptions) if lenient.state is State.PASS else _with_expired(lenient, context)


def _answer(context: ImageContext, reports: Sequence[ScanReport], exceptions: tuple[PolicyException, ...] = ()) -> Check:
    """The answer when the vulnerabilities that `exceptions` accept do not count."""
    rules, lost = context.rules, dict(context.scanners.lost)
    heard = [report for report in reports if report.source not in lost]
    silenced = {report.source: lost[report.source] for report in reports if report.source in lost}
    accepted = accepting(exceptions, context.meaning)
    rows = _without(context, lost) if silenced else context.scan.vulnerabilities
    total = tally(rows) if silenced else context.scan.tally
    counted = tally(row for row in rows if not _is_accepted(row, accepted)) if accepted else total
    opinions = [_found(counted, heard, context), *coverage(heard, context)]
    opinions += [Opinion(State.UNKNOWN, text, rules.cite("scan_missing"), "scanner lost") for _, text in sorted(silenced.items())]
    worst = max(opinions, key=lambda opinion: opinion.state.severity)
    excepted = f"{total.size - counted.size} not counted: accepted by {', '.join(exception.id for exception in exceptions)}."
    remarks = _remarks(total, excepted if counted.size < total.size else "", heard, context)
    return _check(context, heard, worst, remarks)


def _without(context: ImageContext, lost: Mapping[SourceId, str]) -> tuple[ImageVulnerability, ...]:
    """What is found in the reports of scanners that still answer."""
    return merge(tuple(report for report in context.scan.reports if report.source not in lost)).rows


def _meant(exceptions: Sequence[PolicyException], context: ImageContext) -> tuple[PolicyException, ...]:
    """The exceptions that accept vulnerabilities of this image which would count."""
    if not exceptions:
        return ()
    rules = context.rules
    rows = (row for row in context.scan.vulnerabilities if row.vex is None)
    names = {name for row in rows if _weight(row.severity, bool(row.fixed), rules) is not State.PASS for name in _names(row)}
    decisive = (exception for name, exception in accepting(exceptions, context.meaning).items() if name in names)
    return tuple(sorted(dict.fromkeys(decisive), key=lambda exception: exception.id))


def _is_accepted(row: ImageVulnerability, accepted: Mapping[str, PolicyException]) -> bool:
    return is_meant(row.id.upper(), (alias.upper() for alias in row.aliases), accepted)


def _names(row: ImageVulnerability) -> Iterable[str]:
    """Every identifier of a vulnerability, in capitals, as exceptions hold them."""
    return (name.upper() for name in (row.id, *row.aliases))


def _with_expired(check: Check, context: ImageContext) -> Check:
    late = _meant(context.rules.expired, context) if check.state.is_wrong else ()
    words = " ".join(map(expiry_words, late))
    return msgspec.structs.replace(check, reason=f"{check.reason} {words}") if words else check


def scan_gap(context: ImageContext) -> str:
    """Why a vulnerability that no report lists may be there all the same; empty when somebody looked well, and lately."""
    lost = dict(context.scanners.lost)
    reports = [report for report in context.scan.reports if report.is_scan]
    if not reports:
        return _missing(context).reason
    silenced = sorted({lost[report.source] for report in reports if report.source in lost})
    heard = [report for report in reports if report.source not in lost]
    stale = coverage(heard, context) if heard else []
    if silenced or stale:
        return " ".join((*silenced, *(opinion.reason for opinion in stale)))
    return "" if any(report.whole for report in heard) else f"{scanner_of(heard[0])} gives only the number of vulnerabilities."


def _check(context: ImageContext, heard: Sequence[ScanReport], opinion: Opinion, remarks: str = "") -> Check:
    sources = tuple(sorted({report.source for report in heard})) or context.scanners.names
    newest = max((report.scanned_at for report in heard if report.scanned_at is not None), default=None)
    reason = " ".join(filter(None, (opinion.reason, remarks)))
    rules = context.rules
    accepted = accepting(rules.exceptions, context.meaning)
    return Check(
        CheckName.SCAN,
        opinion.state,
        reason,
        sources,
        newest,
        opinion.rule,
        opinion.brief,
        opinion.remedy,
        weights=_table(rules.scan_fail_on, rules.scan_warn_on, rules.scan_unfixed),
        excepted=frozenset(accepted) if accepted else _NOTHING,
    )


_NOTHING: frozenset[str] = frozenset()


# ---- no report


_ANSWER = "Make the scanners answer, or have it scanned by its digest: trustree doctor says what is missing."


def _missing(context: ImageContext) -> Opinion:
    rules, scanners = context.rules, context.scanners
    if not scanners.names:
        if rules.is_built_in(_SETTINGS) and not context.scan.matched.note:
            reason = "No scanner is set up, and the policy does not ask for one."
            return Opinion(State.OFF, reason, rules.cite("scan_missing"))
        reason = "The policy asks for a scan, and no scanner is set up."
        return Opinion(rules.scan_missing, reason, rules.cite("scan_missing"), "not scanned", "Set up a scanner: [scanner.NAME].")
    others = sorted({clean(report.reason, 200) for report in context.scan.reports if not report.scanned})
    if others:
        state = max(State.UNKNOWN, rules.scan_missing, key=lambda candidate: candidate.severity)
        reason = f"No scan of it is known: {'; '.join(others[:_SHOWN])}."
        return Opinion(state, reason, rules.cite("scan_missing"), "not scanned", "Have it scanned for vulnerabilities.")
    unsure = [text for _, text in (*scanners.lost, *scanners.open)]
    if context.scan.matched.note or unsure:
        why = " ".join(filter(None, (context.scan.matched.note, *unsure)))
        return Opinion(State.UNKNOWN, f"No report on it is known. {why}", rules.cite("scan_missing"), "scan unknown", _ANSWER)
    names = [name.label for name in scanners.names]
    return Opinion(
        rules.scan_missing, f"{_nobody(names)} report on it.", rules.cite("scan_missing"), "not scanned", "Have it scanned."
    )


def _nobody(names: Sequence[str]) -> str:
    match names:
        case [name]:
            return f"{name} has no"
        case [first, other]:
            return f"Neither {first} nor {other} has a"
        case _:
            return f"None of the {len(names)} scanners that are set up has a"


# ---- what was found


def _found(vulnerabilities: Tally, heard: Sequence[ScanReport], context: ImageContext) -> Opinion:
    """The worst of what was found, where anything was heard."""
    rules = context.rules
    states = {kind: _weight(*kind, rules) for kind in vulnerabilities.counting}
    worst = max(states.values(), key=lambda state: state.severity, default=State.PASS)
    by_counts = _of_counts(heard, rules)
    if by_counts is not None and by_counts.state.severity > worst.severity:
        return by_counts
    if not worst.is_flaw:
        return Opinion(State.PASS, _clean(rules), rules.cite("scan_fail_on"))
    kinds = [kind for kind, state in states.items() if state is worst]
    deciding = [row for kind in kinds for row in vulnerabilities.counting[kind]]
    text, remedy = _some(deciding), mended_most(deciding, move_of(context), base_step_of(context))
    if worst is State.UNKNOWN:
        reason = f"It has {len(deciding)} {_noun(len(deciding))} of unknown severity: {text}."
        return Opinion(worst, reason, rules.cite("scan_fail_on"), "severity unknown", remedy)
    rule = rules.cite("scan_fail_on" if worst is State.FAIL else "scan_warn_on")
    counts = _counted(Counter(row.severity for row in deciding))
    return Opinion(worst, f"It has {counts} {_noun(len(deciding))}: {text}.", rule, counts, remedy)


def _weight(severity: Severity, fixed: bool, rules: Rules) -> State:
    """What one vulnerability counts."""
    return _weighed(severity, fixed, rules.scan_fail_on, rules.scan_warn_on, rules.scan_unfixed)


@lru_cache(maxsize=64)
def _table(fail_on: Severity | None, warn_on: Severity | None, unfixed: Unfixed) -> tuple[tuple[str, bool, State], ...]:
    """What a vulnerability counts by its severity and whether a fix is known: one table for all images with these rules."""
    kinds = ((severity, fixed) for severity in Severity for fixed in (True, False))
    return tuple((severity, fixed, _weighed(severity, fixed, fail_on, warn_on, unfixed)) for severity, fixed in kinds)


def _weighed(severity: Severity, fixed: bool, fail_on: Severity | None, warn_on: Severity | None, unfixed: Unfixed) -> State:
    if not fixed and unfixed is Unfixed.IGNORE:
        return State.PASS
    state = _threshold(severity, fail_on, warn_on)
    return State.WARN if state is State.FAIL and not fixed and unfixed is Unfixed.WARN else state


def _threshold(severity: Severity, fail_on: Severity | None, warn_on: Severity | None) -> State:
    if severity is Severity.UNKNOWN:
        return State.PASS if fail_on is None and warn_on is None else State.UNKNOWN
    if fail_on is not None and severity.rank >= fail_on.rank:
        return State.FAIL
    return State.WARN if warn_on is not None and severity.rank >= warn_on.rank else State.PASS


def _of_counts(heard: Sequence[ScanReport], rules: Rules) -> Opinion | None:
    """What reports say that give numbers only; numbers do not tell whether a fix is known."""
    worst: Opinion | None = None
    for report in heard:
        if report.vulnerabilities is not None:
            continue
        limits = rules.scan_fail_on, rules.scan_warn_on
        states = {severity: _threshold(severity, *limits) for severity, number in report.counts.items() if number}
        state = max(states.values(), key=lambda candidate: candidate.severity, default=State.PASS)
        if state is State.PASS or (worst is not None and worst.state.severity >= state.severity):
            continue
        numbers = Counter({severity: report.counts[severity] for severity, verdict in states.items() if verdict is state})
        counts = _counted(numbers)
        reason = f"It has {counts} {_noun(numbers.total())}; {scanner_of(report)} gives only the number."
        if state is not State.UNKNOWN and rules.scan_unfixed is not Unfixed.COUNT:
            worst = Opinion(State.UNKNOWN, f"{reason} Whether they have a fix is not known.", rules.cite("scan_unfixed"), counts)
        else:
            worst = Opinion(state, reason, rules.cite("scan_fail_on" if state is State.FAIL else "scan_warn_on"), counts)
    return worst


def _clean(rules: Rules) -> str:
    least = min(
        (limit for limit in (rules.scan_fail_on, rules.scan_warn_on) if limit), key=lambda severity: severity.rank, default=None
    )
    return f"No vulnerability counts that is {least} or worse." if least is not None else "The policy sets no threshold."


def _counted(counts: Counter[Severity]) -> str:
    ranked = sorted(counts, key=lambda severity: -severity.rank)
    return " and ".join(f"{counts[severity]} {severity}" for severity in ranked)


def _noun(number: int) -> str:
    return "vulnerability" if number == 1 else "vulnerabilities"


def _some(rows: Sequence[ImageVulnerability]) -> str:
    return first_few(list(dict.fromkeys(clean(row.id, 40) for row in rows)), _SHOWN)


# ---- what else is to be known


def _exempted(rows: Sequence[ImageVulnerability]) -> str:
    """What a console exempts is there all the same, so it counts; a policy or a statement takes it out, with a name to it."""
    reasons = sorted({clean(row.exemption, 120) for row in rows})
    return f"{len(rows)} counted though exempt: {', '.join(reasons[:_SHOWN])}."


def _distinct(names: Iterable[str]) -> list[str]:
    """Scanners by name; one that is also named with its version is one."""
    ordered = sorted(set(names))
    return [name for name in ordered if not any(other.startswith(f"{name} ") for other in ordered)]


def _remarks(vulnerabilities: Tally, excepted: str, heard: Sequence[ScanReport], context: ImageContext) -> str:
    """What else is to be known of the answer: who looked, what was not counted, what the reports leave open."""
    remarks = [f"Scanned by {listed(_distinct(map(scanner_of, heard)))}."] if heard else []
    if context.scan.matched.by_name:
        remarks.append("The report names the image by its tag only.")
    failed = [report for report in heard if not report.complete]
    if failed and len(failed) < len(heard):
        remarks.append(
            f"{scanner_of(failed[0])} could not scan it whole: {clean(failed[0].reason, 200) or 'it does not say why'}."
        )
    if vulnerabilities.cleared:
        authors = sorted({clean(row.vex.author, 60) for row in vulnerabilities.cleared if row.vex is not None and row.vex.author})
        names = ", ".join(authors[:_SHOWN]) or "an unnamed author"
        remarks.append(f"{len(vulnerabilities.cleared)} not counted: stated not to apply by {names}.")
    if excepted:
        remarks.append(excepted)
    if vulnerabilities.exempted:
        remarks.append(_exempted(vulnerabilities.exempted))
    if vulnerabilities.disputed:
        remarks.append("The scanners disagree.")
    return " ".join(remarks)
