"""The board: how far every image is on its way from a rebuild to its pods, as the rows of the view of activity."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tui.domain.plans.board import MILESTONES, Board, BoardRow, BoardState, Milestone, PlanProgress
from tui.presenters.glyphs import Glyphs
from tui.presenters.keys import BoardPart, PlanPart, RowSubject
from tui.presenters.tabs.lines import wrapped
from tui.presenters.tabs.spec import SectionContext
from tui.presenters.views.spec import Filter, RowsContext
from tui.presenters.words import age, brief_digests, count, duration, plural, short_hex, without_registry
from widgets.rows import Cell, Column, Row, RowKey, Span, TextLine

__all__ = ["BoardModel", "board_model", "narrowed_by"]

WIDE, WIDEST = 130, 170
"""From how many columns on the milestones have names over them, and rows tell their run and how long they are there."""
STEP = 10
"""Cells from one milestone to the next where there is room; the longest name has nine."""
BAR = 8
_FIELD = re.compile(r"[:<>=]|^-")
"""A word of a query that is about the estate, and not a part of a name."""
FAULTS = (BoardState.FAILED, BoardState.UNKNOWN, BoardState.DENIED, BoardState.CHANGED)
ROLES = {
    BoardState.WAITING: "dim",
    BoardState.RUNNING: "accent",
    BoardState.DONE: "pass",
    BoardState.HELD: "dim",
    BoardState.CHANGED: "warn",
    BoardState.DENIED: "fail",
    BoardState.CANCELLED: "dim",
    BoardState.FAILED: "fail",
    BoardState.UNKNOWN: "unknown",
}
_PROVEN = (Milestone.PUSHED, Milestone.SIGNED, Milestone.SCANNED, Milestone.CONVERGED)
"""What is shown by something else than that it was begun."""
_WORDS = {
    BoardState.RUNNING: "running",
    BoardState.WAITING: "waiting",
    BoardState.DONE: "done",
    BoardState.FAILED: "failed",
    BoardState.UNKNOWN: "unknown",
    BoardState.DENIED: "without a right",
    BoardState.CHANGED: "changed since the plan",
    BoardState.HELD: "held back",
    BoardState.CANCELLED: "cancelled",
}


class BoardModel:
    """Plans, the newest first, and under each its images and workloads."""

    def __init__(self, board: Board, words: Sequence[str], faults: bool, context: RowsContext) -> None:
        self.snapshot = context.snapshot
        self._now, self._glyphs = context.now, context.glyphs
        self._plans = {plan.id: plan for plan in board.plans}
        self._rows: dict[RowKey, BoardRow] = {}
        self._all: dict[str, list[BoardRow]] = {}
        self._under: dict[str, list[RowKey]] = {}
        for row in board.rows:
            self._all.setdefault(row.plan, []).append(row)
            if not _is_shown(row, words, faults):
                continue
            key = (PlanPart(row.plan), BoardPart(row.plan, row.steps[0], row.image))
            self._rows[key] = row
            self._under.setdefault(row.plan, []).append(key)
        narrowed = bool(words) or faults
        self._roots: list[RowKey] = [(PlanPart(plan.id),) for plan in board.plans if plan.id in self._under or not narrowed]

    def columns(self) -> Sequence[Column]:
        """The image, its way in one of two widths, what happens there, the run, and for how long.

        A plan says how its rows stand where the way is wide, else where rows say what happens.
        """
        names = "".join(f"{milestone:<{STEP}}" for milestone in MILESTONES).rstrip()
        return (
            Column("image", share=4),
            Column(names, STEP * (len(MILESTONES) - 1) + len(MILESTONES[-1]), from_width=WIDE),
            Column("way", 2 * len(MILESTONES) - 1, below_width=WIDE),
            Column("what happens", share=4, from_width=WIDE, keeps_start=True),
            Column("what happens", share=6, below_width=WIDE, keeps_start=True),
            Column("run", 12, from_width=WIDEST),
            Column("since", 5, right=True, from_width=WIDE),
        )

    def roots(self) -> Sequence[RowKey]:
        """Every plan that has rows to show."""
        return self._roots

    def children(self, key: RowKey) -> Sequence[RowKey]:
        """The rows of a plan."""
        return self._under.get(key[0].id, ()) if len(key) == 1 and isinstance(key[0], PlanPart) else ()

    def has_children(self, key: RowKey) -> bool:
        """Whether it is a plan with rows."""
        return bool(self.children(key))

    def identity(self, key: RowKey) -> RowKey:
        """Plans and steps have ids."""
        return key

    def find(self, identity: RowKey) -> RowKey | None:
        """The row, if it is still shown."""
        return identity if identity in self._rows or identity in self._roots else None

    @property
    def images_shown(self) -> int:
        """How many images the rows are about."""
        return len({row.image for row in self._rows.values() if row.image is not None})

    def is_hit(self, key: RowKey) -> bool:
        """Rows of images; plans only lead to them."""
        return key in self._rows

    def urgency(self, key: RowKey) -> int:
        """Plans at work are unfolded first, then those with a fault."""
        if len(key) > 1:
            return 0
        states = {self._rows[child].state for child in self.children(key)}
        return 3 if BoardState.RUNNING in states else 2 if states.intersection(FAULTS) else 1

    def matches(self) -> list[RowKey]:
        """Every plan."""
        return list(self._roots)

    def row(self, key: RowKey) -> Row:
        """The cells of a plan or of an image."""
        row = self._rows.get(key)
        if row is not None:
            return self._row(row)
        plan = self._plans.get(key[0].id) if isinstance(key[0], PlanPart) else None
        return self._plan(plan) if plan is not None else Row(Span(""), ((),) * 7)

    def _row(self, row: BoardRow) -> Row:
        role = ROLES[row.state]
        run = Span(row.run.id if row.run is not None else "", "dim")
        since = Span(age(row.since, self._now) if row.since else "", "dim")
        cells: tuple[Cell, ...] = (
            (Span(without_registry(row.title)),),
            track(row, self._glyphs, STEP),
            track(row, self._glyphs, 2),
            (*_happening(row, self._glyphs), *_bar(row, self._glyphs)),
            _happening(row, self._glyphs),
            (run,),
            (since,),
        )
        return Row(Span(self._glyphs.stages[row.state], role), cells)

    def _plan(self, plan: PlanProgress) -> Row:
        rows = self._all.get(plan.id, ())
        state = _whole(plan, rows)
        cells: tuple[Cell, ...] = (
            (Span(f"{plan.action} ", "dim"), Span(without_registry(plan.query), "bold")),
            (Span(_progress(plan, rows), "dim"),),
            (),
            (Span(plan.sentence or _interrupted(plan, rows), "dim"),),
            (Span(_interrupted(plan, rows) or _progress(plan, rows), "dim"),),
            (),
            (Span(age(plan.started, self._now) if plan.started else "", "dim"),),
        )
        return Row(Span(self._glyphs.stages[state], ROLES[state]), cells)

    def detail(self, subject: RowSubject, context: SectionContext) -> Sequence[TextLine] | None:
        """What is known of a row: where it is, what is proven, and what to do."""
        for part in reversed(subject.view_parts):
            if isinstance(part, BoardPart):
                row = self._rows.get((PlanPart(part.plan), part))
                return [] if row is None else row_lines(row, context)
            if isinstance(part, PlanPart):
                plan = self._plans.get(part.id)
                return [] if plan is None else self._plan_lines(plan, context)
        return []

    def _plan_lines(self, plan: PlanProgress, context: SectionContext) -> list[TextLine]:
        rows = self._all.get(plan.id, ())
        begun = f"started {age(plan.started, context.now)} ago" if plan.started else ""
        by = f"by {plan.operator}" if plan.operator else ""
        lines = [TextLine((Span(f" {plan.action} ", "dim"), Span(plan.query, "bold")), (Span(f"plan {plan.id} ", "dim"),))]
        lines.append(TextLine((Span(f" {' '.join(part for part in (begun, by) if part)}", "dim"),)))
        lines += [TextLine(), *wrapped(_progress(plan, rows), "", context.width)]
        lines += wrapped(plan.sentence, "dim", context.width)
        for row in rows:
            if row.state in FAULTS:
                lines += [TextLine(), *wrapped(f"{row.title}: {row.sentence}", ROLES[row.state], context.width)]
                lines += wrapped(f"{context.glyphs.arrow}{row.remedy}" if row.remedy else "", "accent", context.width)
        return lines

    def narrowed_to(self, subject: RowSubject, chosen: Filter) -> Filter | None:
        """Enter leads into the detail."""
        return None

    def interrupted(self, subject: RowSubject) -> PlanProgress | None:
        """The plan that a subject is about, if nobody works at it here and it has not ended."""
        part = subject.view_parts[-1] if subject.view_parts else None
        plan = self._plans.get(part.id) if isinstance(part, PlanPart) else None
        if plan is None or plan.running:
            return None
        return plan if _interrupted(plan, self._all.get(plan.id, ())) else None

    def board_row(self, subject: RowSubject) -> BoardRow | None:
        """The row that a subject is about; None for a plan."""
        part = next((part for part in reversed(subject.view_parts) if isinstance(part, BoardPart)), None)
        return self._rows.get((PlanPart(part.plan), part)) if part is not None else None


def track(row: BoardRow, glyphs: Glyphs, step: int) -> Cell:
    """The way of a row, `step` cells from one milestone to the next: proven, waived, where it is, and what is not reached.

    Milestones that are not on its way are passed over: a restart builds nothing, and nothing runs some images.
    """
    reached = [index for index, milestone in enumerate(MILESTONES) if milestone in row.passed or milestone is row.at]
    furthest = max(reached, default=-1)
    spans: list[Span] = []
    for index, milestone in enumerate(MILESTONES):
        line = (glyphs.rule if index < furthest else " ") * (step - 1 if milestone is not MILESTONES[-1] else 0)
        spans += (_sign(row, milestone, glyphs, passed_over=index < furthest), Span(line, "pass"))
    return tuple(spans)


def _sign(row: BoardRow, milestone: Milestone, glyphs: Glyphs, *, passed_over: bool) -> Span:
    if milestone not in row.asked:
        return Span(glyphs.rule if passed_over else " ", "pass")
    if milestone in row.passed:
        return Span(glyphs.waived if milestone in row.waived else glyphs.proven, "pass")
    if milestone is row.at:
        sign = glyphs.here if row.state in (BoardState.RUNNING, BoardState.WAITING) else glyphs.stages[row.state]
        return Span(sign, ROLES[row.state])
    return Span(glyphs.ahead, "faint")


def row_lines(row: BoardRow, context: SectionContext) -> list[TextLine]:
    """A row in full."""
    glyphs, width = context.glyphs, context.width
    lines = [
        TextLine(
            (Span(f" {row.title}", "bold"), Span(f"  wave {row.wave}", "dim")), (Span(f"{_WORDS[row.state]} ", ROLES[row.state]),)
        )
    ]
    if row.run is not None:
        begun = f", started {age(row.run.created, context.now)} ago" if row.run.created else ""
        lines += wrapped(f"{row.run.kind} {row.run.builder}, run {row.run.id}{begun}", "dim", width)
        lines += wrapped(row.run.url, "dim", width)
    if row.digest:
        lines += wrapped(f"new digest {short_hex(row.digest)}", "dim", width)
    lines += [TextLine(), *wrapped(brief_digests(row.sentence), ROLES[row.state], width)]
    lines += wrapped(f"{glyphs.arrow}{row.remedy}" if row.remedy else "", "accent", width)
    if row.seconds_left is not None and row.state is BoardState.RUNNING:
        lines += wrapped(f"about {duration(row.seconds_left)} left, by its past runs", "dim", width)
    lines += [TextLine(), *(_said(row, milestone, glyphs) for milestone in MILESTONES if milestone in row.asked)]
    if row.proofs:
        lines += [TextLine(), TextLine((Span(" what proves it", "dim"),))]
        lines += [line for words in row.proofs for line in wrapped(f"  {brief_digests(words)}", "", width)]
    workloads = [f"{key.cluster}  {key.namespace}  {key.kind}/{key.name}" for key in row.workloads]
    return [*lines, TextLine(), *(TextLine((Span(f"  {words}", "dim"),)) for words in workloads)]


def _said(row: BoardRow, milestone: Milestone, glyphs: Glyphs) -> TextLine:
    if milestone in row.waived:
        return TextLine((Span(f"  {glyphs.waived} ", "dim"), Span(f"{milestone:<10}"), Span("nothing requires it", "dim")))
    if milestone in row.passed:
        return TextLine(
            (Span(f"  {glyphs.proven} ", "pass"), Span(f"{milestone:<10}"), Span("proven" if milestone in _PROVEN else "", "dim"))
        )
    if milestone is row.at:
        return TextLine((Span(f"  {glyphs.here} ", ROLES[row.state]), Span(f"{milestone:<10}"), Span(_WORDS[row.state], "dim")))
    return TextLine((Span(f"  {glyphs.ahead} ", "faint"), Span(f"{milestone:<10}", "dim")))


def _happening(row: BoardRow, glyphs: Glyphs) -> Cell:
    role = "" if row.state is BoardState.RUNNING else ROLES[row.state]
    left = f"{glyphs.dot}about {duration(row.seconds_left)}" if row.seconds_left and row.state is BoardState.RUNNING else ""
    return (Span(brief_digests(row.sentence), role), Span(left, "dim"))


def _bar(row: BoardRow, glyphs: Glyphs) -> Cell:
    if row.progress is None or row.state is not BoardState.RUNNING:
        return ()
    full = min(BAR, int(BAR * row.progress))
    return (
        Span("  "),
        Span(glyphs.strip * full, "accent"),
        Span(glyphs.strip * (BAR - full), "line"),
        Span(f" {row.progress:.0%}", "dim"),
    )


def _progress(plan: PlanProgress, rows: Sequence[BoardRow]) -> str:
    """`2 running · 1 failed · wave 1 of 3 · about 6m left`: where it is cut, the counts stay."""
    numbers = [(state, sum(row.state is state for row in rows)) for state in _WORDS]
    parts = [f"{count(number)} {_WORDS[state]}" for state, number in numbers if number]
    parts.append(f"wave {plan.wave} of {plan.waves}" if plan.waves > 1 else "")
    parts.append(f"about {duration(plan.seconds_left)} left" if plan.seconds_left and plan.running else "")
    return " · ".join(part for part in parts if part) or plural(0, "step")


def _interrupted(plan: PlanProgress, rows: Sequence[BoardRow]) -> str:
    """What is said of a plan that has not ended, and that nobody works at here; else nothing."""
    is_open = any(row.state in (BoardState.RUNNING, BoardState.WAITING) for row in rows)
    return "interrupted: Enter resumes it" if is_open and not plan.running else ""


def _whole(plan: PlanProgress, rows: Sequence[BoardRow]) -> BoardState:
    """How a plan stands: at work while somebody works at it, else the worst of its rows."""
    states = {row.state for row in rows}
    if plan.running:
        return BoardState.RUNNING
    order = (*FAULTS, BoardState.CANCELLED, BoardState.HELD, BoardState.RUNNING, BoardState.WAITING)
    return next((state for state in order if state in states), BoardState.DONE if states else BoardState.WAITING)


def _is_shown(row: BoardRow, words: Sequence[str], faults: bool) -> bool:
    """By its name alone, and always when something is wrong: what a rebuild mends no filter for the fault finds any more."""
    return row.state in FAULTS or (not faults and all(word in row.title.lower() for word in words))


def narrowed_by(chosen: Filter) -> Filter:
    """The plain words of a filter, and whether only faults are wanted: what it says of the estate says nothing of the board."""
    about_estate = any(_FIELD.search(word) for word in chosen.query.split())
    return Filter("" if about_estate else chosen.query, chosen.faults)


def board_model(rows: RowsContext) -> BoardModel:
    """The rows that a filter lets through."""
    chosen = narrowed_by(rows.chosen)
    return BoardModel(rows.board, chosen.query.lower().split(), chosen.faults, rows)
