"""Plans and what became of them, printed: as JSON to be opened again, as Markdown for a ticket, as a table for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC

import msgspec

from tui.domain.common.decoding import DECODING, from_json
from tui.domain.common.text import clean, full_stop
from tui.domain.facts.rights import RightState
from tui.domain.plans.board import Board, BoardRow
from tui.domain.plans.plan import Plan, Step
from tui.domain.plans.words import UNSURE
from tui.errors import UsageError
from tui.presenters.words import plural
from tui.reports.columns import plain
from tui.reports.encoding import encode

__all__ = ["PLAN_FORMATS", "board_json", "board_lines", "plan_from", "plan_pieces", "plan_table", "resume_command"]

SCHEMA = "trustree/plan/v1"
RESULT = "trustree/plan-result/v1"
NOTHING = "Nothing is to be done."
PLAN_FORMATS = ("table", "json", "markdown")
YEARS = range(2000, 9000)
"""Years of which days and hours can be reckoned from."""
_SHOWN = 20
"""So many findings are listed that stay, and so many that nobody can tell: an image of a distribution has hundreds."""


class PlanDocument(msgspec.Struct, frozen=True):
    """A plan as a file."""

    schema: str
    plan: Plan


class ResultDocument(msgspec.Struct, frozen=True):
    """What became of a plan: `ended` when nothing is left to do, else `resume` is the command that goes on with it; `rows` as the
    board has them."""

    schema: str
    plan: str
    action: str
    query: str
    ended: bool
    resume: str
    sentence: str
    rows: tuple[BoardRow, ...]


def plan_pieces(plan: Plan, output: str, *, unicode: bool) -> Iterable[bytes]:
    """A plan in a format of `PLAN_FORMATS`."""
    if output == "json":
        return [encode(PlanDocument(SCHEMA, plan)), b"\n"]
    lines = _markdown(plan) if output == "markdown" else plan_table(plan)
    return (f"{plain(line, unicode or output == 'markdown')}\n".encode(errors="replace") for line in lines)


def plan_from(body: bytes, name: str) -> Plan:
    """The plan of a file. Raises UsageError."""
    try:
        document = from_json(body, PlanDocument)
    except DECODING as error:
        raise UsageError(f"{clean(name, 200)} is not a plan.", "`trustree rebuild QUERY --save FILE` writes one.") from error
    if document.schema != SCHEMA:
        raise UsageError(f"{clean(name, 200)} is a plan of another version.", "Make a new plan.")
    plan = document.plan
    if any(moment.tzinfo is None or moment.year not in YEARS for moment in (plan.made, plan.as_of)):
        raise UsageError(f"When {clean(name, 200)} was made cannot be read.", "Make a new plan.")
    if not plan.is_ordered:
        raise UsageError(f"The steps of {clean(name, 200)} are not in their order.", "Make a new plan.")
    # It is shown as UTC, and whoever wrote the file may have another zone.
    return msgspec.structs.replace(plan, made=plan.made.astimezone(UTC), as_of=plan.as_of.astimezone(UTC))


def plan_table(plan: Plan) -> Iterator[str]:
    """What a plan does, step by step, for a terminal."""
    ready = {step.id for step in plan.ready}
    yield f"Plan {clean(plan.id, 100)}: {plan.action} {clean(plan.query, 200)}".rstrip()
    if not plan.steps:
        yield UNSURE if plan.unknown else NOTHING
    for number, wave in enumerate(plan.waves, 1):
        yield ""
        yield f"wave {number} of {len(plan.waves)}"
        for step in wave:
            yield from _step_lines(step, is_ready=step.id in ready)
    yield from _forecast_lines(plan)
    for words in plan.unknown:
        yield f"Not known: {full_stop(clean(words, 400))}"


def _step_lines(step: Step, *, is_ready: bool) -> Iterator[str]:
    duration = f"  about {_duration(step.seconds)}" if step.seconds is not None else ""
    yield f"  {'✔' if is_ready else '✘'} {step.kind:13} {clean(step.target, 120)}{duration}"
    yield f"      {clean(step.what, 400)} {clean(step.why, 400)}".rstrip()
    for words in step.warnings:
        yield f"      ▲ {clean(words, 400)}"
    for right in step.rights:
        if right.state is not RightState.HELD and not (step.blocked and right.state is RightState.MISSING):
            name = f"{clean(right.name, 120)} on {clean(right.on, 120)}"
            yield f"      {right.state} right: {name}. {clean(right.remedy, 300)}".rstrip()
    if step.blocked:
        yield f"      ✘ {full_stop(clean(step.blocked, 400))}"
        yield from (f"        {clean(line, 400)}" for line in step.remedy.splitlines())
    for command in step.commands:
        yield from (f"      $ {clean(line, 600)}" for line in command.splitlines())
    if step.undo:
        yield f"      undo: {clean(step.undo, 600)}"


def _forecast_lines(plan: Plan) -> Iterator[str]:
    yield from (clean(note, 400) for note in plan.notes)
    forecast = plan.forecast
    if forecast is None:
        return
    yield ""
    if forecast.removed:
        yield (
            f"Removes {plural(len(forecast.removed), 'finding')}: {', '.join(clean(name, 60) for name in forecast.removed[:8])}"
            + (" …" if len(forecast.removed) > 8 else "")
        )
    for title, rows in (("Stays", forecast.staying), ("Not known", forecast.unknown)):
        for row in rows[:_SHOWN]:
            yield f"{title}: {clean(row.finding, 80)} in {plural(row.images, 'image')}: {clean(row.reason, 200)}"
        if len(rows) > _SHOWN:
            yield f"{title}: {len(rows) - _SHOWN:,} more; -o json has all of them"


def _markdown(plan: Plan) -> Iterator[str]:
    """The same for a ticket."""
    yield f"# Plan {_md(plan.id)}: {plan.action} {_md(plan.query)}".rstrip()
    yield ""
    yield f"Made {plan.made:%Y-%m-%d %H:%M} UTC, of facts as of {plan.as_of:%Y-%m-%d %H:%M} UTC."
    if not plan.steps:
        yield ""
        yield UNSURE if plan.unknown else NOTHING
    for number, wave in enumerate(plan.waves, 1):
        yield ""
        yield f"## Wave {number}"
        for step in wave:
            yield ""
            yield f"- **{step.kind}** {_md(step.target)}: {_md(step.what)} {_md(step.why)}".rstrip()
            yield from (f"  - {_md(words)}" for words in (*step.leaves, *step.warnings))
            if step.blocked:
                title, *patch = step.remedy.splitlines() or [""]
                yield f"  - **Cannot be done:** {_md(step.blocked)} {_md(title)}".rstrip()
                yield from _fenced("yaml", patch)
            if step.undo:
                yield f"  - Undo: {_md(step.undo)}"
            yield from _fenced("sh", [line for command in step.commands for line in command.splitlines()])
    # Below a heading and as points: lines without would be one paragraph, and belong to the point above.
    outcome = [f"- {_md(line)}" for line in _forecast_lines(plan) if line]
    if outcome:
        yield from ("", "## What comes of it", "", *outcome)
    elif plan.unknown:
        yield ""
    for words in plan.unknown:
        yield f"- Not known: {_md(words)}"


def _fenced(language: str, lines: list[str]) -> Iterator[str]:
    """Lines to be copied, below a point of a list; nothing where there are none."""
    if lines:
        yield from ("", f"  ```{language}", *(f"  {clean(line, 600).replace('```', '` ` `')}" for line in lines), "  ```")


def _md(text: str) -> str:
    """Text of others, which is no Markdown."""
    shown = clean(text, 600)
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>|#" else sign for sign in shown)


def board_json(board: Board) -> Iterable[bytes]:
    """What became of a plan."""
    plan, resume = board.plans[0], resume_command(board)
    document = ResultDocument(RESULT, plan.id, str(plan.action), plan.query, board.ended, resume, plan.sentence, board.rows)
    return [encode(document), b"\n"]


def resume_command(board: Board) -> str:
    """The command that goes on with a plan; empty when nothing is left to do of it."""
    return "" if board.ended else f"trustree {board.plans[0].action} --resume {board.plans[0].id}"


def board_lines(board: Board) -> Iterator[str]:
    """What became of a plan, a line for each row."""
    for row in board.rows:
        yield f"{row.state:9} {clean(row.title, 120)}: {clean(row.sentence, 600)}"
        yield from (f"          {clean(line, 600)}" for line in row.remedy.splitlines())


def _duration(seconds: float) -> str:
    minutes, remainder = divmod(round(seconds), 60)
    return f"{minutes} m {remainder} s" if minutes else f"{remainder} s"
