"""The answer to "what would a purge break?": what is lost, what goes next and when, and what a restart would bring."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tui.domain.answers.answer import Answer
from tui.domain.answers.at_risk import AtRisk, Loss
from tui.domain.answers.restarting import Roulette
from tui.domain.common.trust import State
from tui.domain.facts.patterns import is_azure_registry
from tui.domain.query.risk import RiskKind
from tui.presenters.answers.sentences import AnswerSentence, fitted, named, worded
from tui.presenters.answers.shared import runs, undecided, whose_and_undecided
from tui.presenters.words import count, plural, without_registry

__all__ = ["at_risk_sentences", "due_words"]


def at_risk_sentences(answer: Answer, risk: AtRisk) -> Iterator[AnswerSentence]:
    """How much needs what could vanish, what goes when, what a restart brings, what keeps it, whose it is."""
    yield runs(answer, State.FAIL, _nothing(answer))
    if risk.losses:
        yield AnswerSentence("lost", _kinds(risk))
        yield from _next(risk, answer.now)
    restart = _restart(risk.roulette)
    if risk.losses:
        yield worded("fix", _fixes(risk, restart))
    elif restart:
        yield AnswerSentence(
            "restart", f"{fitted(*(f'if all restart: {words}.' for words in restart), *(f'{words}.' for words in restart))}"
        )
    yield from whose_and_undecided(answer) if risk.losses else undecided(answer)


def _nothing(answer: Answer) -> str:
    return "Nothing that is needed can disappear." if answer.extent.is_told else "Nothing is known to be at risk of disappearing."


def _kinds(risk: AtRisk) -> str:
    """`6 gone, 1 retention, 7 purge; rollback 9, running 4, scheduled 1`."""
    kinds = ", ".join(f"{count(number)} {_KINDS[kind]}" for kind, number in risk.kinds)
    uses = sorted(((use.value, number) for use, number in risk.uses), key=lambda item: -item[1])
    return fitted(f"{kinds}; needed: {named(uses, 4)}.", *(f"{kinds}; {named(uses, most)}." for most in (4, 2, 1)), f"{kinds}.")


_KINDS = {
    RiskKind.GONE: "gone",
    RiskKind.RETENTION: "by retention",
    RiskKind.PURGE: "by a purge",
    RiskKind.UNTAGGED: "untagged and unlocked",
    RiskKind.UNKNOWN: "unknown",
}


def _next(risk: AtRisk, now: datetime) -> Iterator[AnswerSentence]:
    """`payments/api:1.12.0 and 2 more at the next purge; payments/worker 2026-12-03`."""
    dated = [loss for loss in risk.losses if loss.risk.due is not None]
    overdue = [loss for loss in dated if loss.risk.due is not None and loss.risk.due <= now]
    later = dated[len(overdue) :]
    if not dated:
        return
    first = f"{_title(overdue[0])}{_more(len(overdue))} at the next run" if overdue else ""
    then = f"{_title(later[0])}{_more(len(later))} from {due_words(later[0].risk.due, now)} on" if later else ""
    due = f"{count(len(overdue))} at the next run" if overdue else ""
    day = f"{count(len(later))} from {due_words(later[0].risk.due, now)} on" if later else ""
    wordings = ((first, then), (due, then), (first, day), (due, day))
    yield AnswerSentence("next", fitted(*(f"{'; '.join(filter(None, parts))}." for parts in wordings)))


def _more(number: int) -> str:
    return f" and {count(number - 1)} more" if number > 1 else ""


def _title(loss: Loss) -> str:
    return without_registry(loss.name).removesuffix(")").partition(" (")[0]


def due_words(due: datetime | None, now: datetime) -> str:
    """The day, or that it is due."""
    if due is None:
        return "a day that is not known"
    return "the next run" if due <= now else f"{due:%Y-%m-%d}"


def _restart(roulette: Roulette) -> tuple[str, ...]:
    """`2 workloads fail, 4 change (24 pods); 3 hidden where a node has the image`."""
    parts = []
    if roulette.fails:
        parts.append(f"{plural(len(roulette.fails), 'workload')} would fail ({plural(roulette.failing_pods, 'pod')})")
    if roulette.changes:
        noun = "" if roulette.fails else f" {'workload' if len(roulette.changes) == 1 else 'workloads'}"
        parts.append(f"{count(len(roulette.changes))}{noun} would change ({plural(roulette.changing_pods, 'pod')})")
    if roulette.unknown:
        parts.append(f"{count(len(roulette.unknown))} unknown")
    if not parts:
        return ()
    if not roulette.fails and not roulette.changes:
        return (f"{plural(len(roulette.unknown), 'workload')} unknown", f"{count(len(roulette.unknown))} unknown")
    cached = f"; nodes may hide {count(len(roulette.hidden))} (IfNotPresent)" if roulette.hidden else ""
    fails = f"{count(len(roulette.fails))} would fail"
    brief = f"{fails}, {count(len(roulette.changes))} change, {count(len(roulette.unknown))} unknown"
    return f"{', '.join(parts)}{cached}", ", ".join(parts), f"{brief}{cached}", brief


def _fixes(risk: AtRisk, restart: tuple[str, ...]) -> tuple[str, ...]:
    """What keeps them, then what a restart would bring meanwhile."""
    lost = sum(number for kind, number in risk.kinds if kind is RiskKind.GONE)
    present = [loss.image for loss in risk.losses if loss.image is not None and loss.risk.kind is not RiskKind.GONE]
    loose = sum(not is_azure_registry(image.registry) for image in present)
    locked = len(present) - loose
    lock = f"lock {'it' if locked == 1 else count(locked)} (deleteEnabled and writeEnabled off)" if locked else ""
    push = f"push {'it' if lost == 1 else count(lost)} again, or name another" if lost else ""
    brief = f"lock {count(locked)}" if locked else ""
    # Other registries than Azure's have no locks.
    tag = f"tag {'it' if loose == 1 else count(loose)} again" if loose else ""
    short = f"push {count(lost)} again" if lost else ""
    steps = ["; ".join(filter(None, parts)) for parts in ((lock, tag, push), (brief, tag, push), (brief, tag, short))]
    if not restart:
        return tuple(f"{words}." for words in steps)
    brings = (*restart, restart[-1].replace(" would fail", " fail"))
    wordings = [f"{words}; if all restart: {brought}." for words in steps for brought in brings]
    return tuple(sorted(wordings, key=len, reverse=True))
