"""A plan for the operator: what would be done in which order, by whom, and what it leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from tui.domain.answers.mending import summed_up
from tui.domain.common.text import capitalized, first_few
from tui.domain.facts.rights import Right, RightState
from tui.domain.plans.forecast import asked_for
from tui.domain.plans.plan import Action, Forecast, Plan, Staying, Step, StepKind
from tui.domain.plans.words import UNSURE
from tui.presenters.answers.shared import mending_words
from tui.presenters.glyphs import Glyphs
from tui.presenters.tabs.lines import wrapped
from tui.presenters.words import brief_digests, count, duration, plural, without_registry
from widgets.rows import Cell, Column, FlatModel, Row, RowKey, Span, TextLine
from widgets.text import wrap

__all__ = ["PlanModel", "plan_heading", "step_lines"]

WIDE = 100
SHOWN = 6
"""Findings that are named one by one."""
_VERBS = {
    StepKind.REBUILD: "rebuild",
    StepKind.RESTART: "restart",
    StepKind.PIN: "pin",
    StepKind.ROLL_BACK: "roll back",
    StepKind.SCALE_TO_ZERO: "scale to zero",
    StepKind.LOCK: "lock",
    StepKind.DISABLE_READ: "disable reads",
}
_RIGHTS = {RightState.HELD: ("pass", "held"), RightState.MISSING: ("fail", "missing"), RightState.UNKNOWN: ("unknown", "unknown")}


_NOTHING = {
    Action.REBUILD: "A rebuild is not known to fix anything here: nothing is built on an old base or has what a newer one fixes.",
    Action.REDEPLOY: "Nothing is to be rolled out: whatever runs is what its name means now.",
    Action.CONTAIN: "There is nothing to contain: no registry that may be read holds it, and nothing runs it.",
}


def plan_heading(plan: Plan, width: int, glyphs: Glyphs, changes: Sequence[str] = (), most: int | None = None) -> list[TextLine]:
    """What the plan is for and how much it does, what it clears and what stays, and what could not be told.

    `changes` are what is other than in the plan that was to be begun, and come first. Of more than `most` lines the last says
    where the rest is; no sentence is cut, unless there would be none.
    """
    lines: list[TextLine] = []
    sentences = [list(sentence) for sentence in _sentences(plan, width, glyphs, changes)]
    for number, sentence in enumerate(sentences, 1):
        room = len(sentence) if most is None else most - len(lines) - (number < len(sentences))
        if len(sentence) > room:
            return [*lines, *(sentence[:room] if number <= 2 else ()), TextLine((Span(" The ticket (c) has the rest.", "dim"),))]
        lines += sentence
    return lines


def _sentences(plan: Plan, width: int, glyphs: Glyphs, changes: Sequence[str]) -> Iterator[Iterable[TextLine]]:
    """The lines of each sentence, the weightiest first: low terminals leave the last ones to the ticket."""
    numbers = [(kind, sum(step.kind is kind for step in plan.steps)) for kind in StepKind]
    parts = [f"{_VERBS[kind]} {count(number)}" for kind, number in numbers if number]
    seconds = _seconds(plan)
    parts += [f"{plural(len(plan.waves), 'wave')}"] if len(plan.waves) > 1 else []
    parts += [f"about {duration(seconds)}"] if seconds else []
    title = (Span(f" {plan.action} ", "badge-brand"), Span(f"  {plan.query}", "bold"))
    yield [TextLine(title, (Span(f"plan {plan.id} ", "dim"),))]
    if changes:
        yield wrapped("Nothing was started, because the plan has changed. This is the new one:", "warn", width)
    for sentence in changes:
        yield wrapped(sentence, "warn", width)
    if plan.action is Action.REBUILD:
        order = mending_words(summed_up(plan))
        yield wrapped(f"{capitalized(order)}." if order else "", "", width)
    yield wrapped(glyphs.dot.join(parts) or (UNSURE if plan.unknown else _NOTHING[plan.action]), "", width)
    stuck = len(plan.steps) - len(plan.ready)
    if stuck:
        yield wrapped(f"{plural(stuck, 'step')} cannot be carried out as things are: see below.", "fail", width)
    asked, others = _forecast(plan.forecast, plan.query, width) if plan.forecast is not None else ([], [])
    yield from asked
    for sentence in plan.unknown:
        yield wrapped(sentence, "unknown", width)
    yield from others


def _seconds(plan: Plan) -> float:
    """Waves follow one another, and the steps of one run side by side."""
    return sum(max((step.seconds or 0.0 for step in wave), default=0.0) for wave in plan.waves)


_Told = list[Iterable[TextLine]]


def _forecast(forecast: Forecast, query: str, width: int) -> tuple[_Told, _Told]:
    """What becomes of what was asked for; and what else goes, stays or cannot be told."""
    is_asked = asked_for(query)
    asked, others = _fates(forecast, width, is_asked), _fates(forecast, width, lambda finding: not is_asked(finding))
    return asked, others


def _fates(forecast: Forecast, width: int, is_meant: Callable[[str], bool]) -> _Told:
    """The findings that are meant, first those that go."""
    told: _Told = []
    removed = [finding for finding in forecast.removed if is_meant(finding)]
    if removed:
        told.append(wrapped(f"Clears {first_few(removed, SHOWN)}.", "pass", width))
    for role, verb, findings in (("warn", "stays", forecast.staying), ("unknown", "is not known", forecast.unknown)):
        meant = [finding for finding in findings if is_meant(finding.finding)]
        told += [_fate(finding, role, verb, width) for finding in meant[:SHOWN]]
        if len(meant) > SHOWN:
            told.append(wrapped(f"{count(len(meant) - SHOWN)} more of these.", role, width))
    return told


def _fate(finding: Staying, role: str, verb: str, width: int) -> Iterable[TextLine]:
    return wrapped(f"{finding.finding} {verb} in {plural(finding.images, 'image')}: {finding.reason}.", role, width)


class PlanModel(FlatModel):
    """The steps of a plan as rows, in their order."""

    def __init__(self, plan: Plan, glyphs: Glyphs) -> None:
        self._steps = {step.id: step for step in plan.steps}
        self._ready = {step.id for step in plan.ready}
        self._waves = len(plan.waves)
        self._glyphs = glyphs

    def columns(self) -> Sequence[Column]:
        """The step, who carries it out, whether the rights are there, and how long it takes."""
        return (
            Column("step", share=4, keeps_start=True),
            Column("by", share=2, from_width=WIDE),
            Column("rights", 9),
            Column("takes", 6, right=True),
            Column("wave", 4, right=True, from_width=WIDE if self._waves > 1 else 10_000),
        )

    def roots(self) -> Sequence[RowKey]:
        """Every step."""
        return [(step,) for step in self._steps]

    def find(self, identity: RowKey) -> RowKey | None:
        """The step, if it still is in the plan."""
        return identity if identity[0] in self._steps else None

    def step(self, key: RowKey | None) -> Step | None:
        """The step of a row."""
        return self._steps.get(str(key[0])) if key else None

    def row(self, key: RowKey) -> Row:
        """The cells of a step."""
        step = self._steps[str(key[0])]
        ready = step.id in self._ready
        sign = Span(self._glyphs.ahead, "dim") if ready else Span("!", "fail")
        by = _carrier(step)
        cells: tuple[Cell, ...] = (
            (Span(f"{_VERBS[step.kind]} ", "dim"), Span(without_registry(step.target), "" if ready else "dim"), *_blocked(step)),
            (Span(by, "dim"),),
            (_rights_word(step.rights),),
            (Span(duration(step.seconds) if step.seconds else "?", "dim"),),
            (Span(str(step.wave), "dim"),),
        )
        return Row(sign, cells)


def _carrier(step: Step) -> str:
    """Who carries a step out: a job by its own name, or a cluster, or a registry."""
    if step.job is not None:
        return f"{step.job.job.rpartition('/')[2]}  {step.job.builder}"
    if step.workload is not None:
        return step.workload.cluster
    return step.image.registry if step.image is not None else ""


def _blocked(step: Step) -> Cell:
    return (Span(f"  {step.blocked}", "fail"),) if step.blocked else ()


def _rights_word(rights: Sequence[Right]) -> Span:
    states = {right.state for right in rights}
    for state in (RightState.MISSING, RightState.UNKNOWN, RightState.HELD):
        if state in states:
            role, word = _RIGHTS[state]
            return Span(word, role)
    return Span("not asked", "unknown")


def step_lines(step: Step, width: int, glyphs: Glyphs) -> list[TextLine]:
    """A step in full: what it does, why, what it leaves, the rights, the commands that do the same, and how it is undone."""
    lines = [TextLine((Span(f" {_VERBS[step.kind]} ", "dim"), Span(step.target, "bold"))), TextLine()]
    lines += wrapped(brief_digests(step.what), "", width)
    lines += wrapped(brief_digests(step.why), "dim", width)
    lines += wrapped(step.blocked, "fail", width)
    lines += wrapped(f"{glyphs.arrow}{step.remedy}" if step.remedy else "", "accent", width)
    for warning in step.warnings:
        lines += wrapped(warning, "warn", width)
    lines += _listed("leaves alone", step.leaves, "dim", width)
    for right in step.rights:
        lines += _right(right, width, glyphs)
    lines += _listed(
        "only while this still is so",
        [f"{precondition.what}: {precondition.value}" for precondition in step.preconditions],
        "dim",
        width,
    )
    lines += _listed("the same by hand", step.commands, "", width)
    lines += _listed("undone by", [step.undo] if step.undo else [], "", width)
    return lines


def _right(right: Right, width: int, glyphs: Glyphs) -> Iterator[TextLine]:
    role, word = _RIGHTS[right.state]
    yield TextLine()
    yield from wrapped(f"right {word}: {right.name} on {right.on}", role, width)
    yield from wrapped(right.reason, "unknown", width)
    if right.state is not RightState.HELD and right.remedy:
        yield from wrapped(f"{glyphs.arrow}{right.remedy}", "accent", width)


def _listed(title: str, texts: Sequence[str], role: str, width: int) -> Iterator[TextLine]:
    if texts:
        yield TextLine()
        yield TextLine((Span(f" {title}", "dim"),))
    for text in texts:
        for part in wrap(brief_digests(text) if role else text, width - 4):
            yield TextLine((Span(f"   {part}", role),))
