"""What `rebuild`, `redeploy` and `contain` share: a plan is made or opened, shown, confirmed, carried out, and its end told."""

from __future__ import annotations

import argparse
import asyncio
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from tui.actions.actions import Actions
from tui.actions.board import board_of, summary
from tui.actions.plan_files import open_plan, save_plan
from tui.actions.state import Execution
from tui.cli.acting_terminal import Operator, Progress
from tui.cli.commands import Invocation
from tui.cli.flags import add_output, add_wait
from tui.cli.output import Exit, Writer, look_of_stdout, say, write_stdout
from tui.cli.reading import OpenEstate, barred, looked, meant, refuse_nothing_to_ask
from tui.domain.plans.board import Board, BoardState
from tui.domain.plans.plan import Action, Plan
from tui.domain.query.query import Query, Selection, parse_query
from tui.domain.query.reach import reach_of
from tui.domain.snapshot.snapshot import ImageKey, Snapshot
from tui.errors import InvalidQuery, PlanChanged, UsageError
from tui.presenters.untold import not_told
from tui.presenters.words import age
from tui.reports.plans import PLAN_FORMATS, board_json, board_lines, plan_pieces, plan_table, resume_command
from tui.settings.settings import Settings

__all__ = ["act", "add_acting_arguments", "exit_of_board"]


class ActingOptions(msgspec.Struct, frozen=True):
    """What was given."""

    output: str = "table"
    plan: bool = False
    yes: bool = False
    file: str = ""
    save: str = ""
    resume: str = ""
    typed: tuple[str, ...] = ()
    wait: float = 60.0


def add_acting_arguments(parser: argparse.ArgumentParser) -> None:
    """The plan: shown, saved, opened, confirmed, taken up again."""
    add = parser.add_argument
    add_output(parser, PLAN_FORMATS)
    add("--plan", action="store_true", help="print the plan, and change nothing")
    add("--yes", action="store_true", help="carry it out without asking")
    add("--save", metavar="FILE", default="", help="write the plan to a file, for somebody else or for later")
    add("--from", metavar="FILE", default="", dest="file", help="the plan of a file; what has changed since is shown first")
    add("--resume", metavar="ID", default="", help="resume a plan that was started; nothing is sent twice")
    add("--confirm", metavar="NAME", action="append", default=[], help="the name of a protected cluster that may be changed")
    add_wait(parser)
    parser.epilog = (
        "Nothing is changed without --write, or write = true in the settings. Exit codes:\n"
        "0 done and proven; 2 something failed; 3 something is unknown, nothing\n"
        "was found, or not every step was started; 4 a right is missing."
    )


def act(call: Invocation, action: Action) -> Exit:
    """Run a command that acts."""
    refuse_nothing_to_ask(call.settings)
    flags = call.flags
    options = ActingOptions(
        flags.output, flags.plan, flags.yes, flags.file, flags.save, flags.resume, tuple(flags.confirm), flags.wait
    )
    _refuse_contradictions(call, options)
    codes: list[Exit] = []

    async def keep() -> None:
        codes.append(await _act(call, options, action))

    asyncio.run(keep())
    return codes[0]


def _refuse_contradictions(call: Invocation, options: ActingOptions) -> None:
    plan_flags = [flag for flag, value in (("--from", options.file), ("--resume", options.resume)) if value]
    if call.text and plan_flags:
        raise UsageError(f"{plan_flags[0]} and a query exclude each other.", "The plan names its query.")
    if len(plan_flags) == 2:
        raise UsageError("--from and --resume exclude each other.", "A plan that was started is resumed by --resume alone.")
    if not call.text and not plan_flags:
        raise UsageError(
            "A query is missing: it says which images are meant.", "Name them as `trustree report` does: base:debian."
        )
    if options.resume and (options.plan or options.save):
        raise UsageError("A plan that is resumed is neither made nor saved.", "Leave out --plan and --save.")


# ---- planned


def _exit_of_plan(plan: Plan, snapshot: Snapshot, selection: Selection) -> Exit:
    """4 when a right is missing, 3 when not everything is known that the plan should have been made of, the query finds nothing,
    or a step cannot be done."""
    if barred(snapshot.sources) or any(step.lacks_right for step in plan.steps):
        return Exit.DENIED
    is_known = snapshot.complete and selection.told and not plan.unknown
    return Exit.OK if is_known and len(plan.ready) == len(plan.steps) else Exit.UNSURE


def _print_plan(plan: Plan, options: ActingOptions, settings: Settings, write: Writer) -> None:
    write(plan_pieces(plan, options.output, unicode=look_of_stdout(settings.ascii).unicode))


def _save(plan: Plan, name: str) -> None:
    say(f"The plan was written to {save_plan(plan, Path(name))}.")


# ---- carried out


async def _act(call: Invocation, options: ActingOptions, action: Action) -> Exit:
    async with call.acting(call.settings) as (estate, actions):
        operator = Operator(actions)
        if options.resume:
            execution = actions.execution(options.resume)
            plan = _for(action, execution.plan)
            if execution.ended is not None:
                return _told_end(execution, options, call.settings)
        else:
            snapshot, selection, plan = await _planned(call, options, action, estate, actions)
            if options.save:
                _save(plan, options.save)
            if options.plan or (options.save and not options.yes) or barred(snapshot.sources) or not plan.ready:
                differences = await actions.differences(plan) if options.file else ()
                _say_differences(differences)
                _print_plan(plan, options, call.settings, write_stdout)
                code = _exit_of_plan(plan, snapshot, selection)
                return Exit.UNSURE if differences and code is Exit.OK else code
        typed = await _agreed(plan, options, actions, operator)
        return await _carried(plan, options, actions, operator, typed, call.settings)


async def _planned(
    call: Invocation, options: ActingOptions, action: Action, estate: OpenEstate, actions: Actions
) -> tuple[Snapshot, Selection, Plan]:
    """The plan of the query, or that of the file, which is held against what a plan made now would do."""
    saved = _for(action, open_plan(options.file)) if options.file else None
    text = saved.query if saved is not None else call.text
    query = _query_of(saved) if saved is not None else call.query()
    snapshot, selection = await looked(estate, query, options.wait, reach_of(query.terms))
    meant(query, snapshot, selection)
    nothing = _nothing_found(action, selection)
    if nothing:
        say(nothing)
    images, unknown = _images(action, selection), (*((nothing,) if nothing else ()), *not_told(selection))
    if saved is not None:
        plan = await actions.reopen(saved, images, selection.workloads, unknown)
        _say_age(plan)
        return snapshot, selection, plan
    plan = await actions.plan(action, images, selection.workloads, text, unknown)
    return snapshot, selection, plan


def _say_age(plan: Plan) -> None:
    """Whoever opens the plan of a file is told how old what it says is."""
    made = f"{plan.made:%Y-%m-%d %H:%M} UTC, {age(plan.made, datetime.now(UTC))} ago"
    say(f"Plan {plan.id} was made at {made}; it is held against what is so now.")


def _say_differences(differences: tuple[str, ...]) -> None:
    if differences:
        say("The plan is not what it was:")
    for words in differences:
        say(f"  {words}")


def _nothing_found(action: Action, selection: Selection) -> str:
    """What to say where the query finds nothing that this command could act upon, else empty: a name that was mistyped must not
    end like something that is done."""
    if not selection.images and not selection.workloads:
        return "Nothing was found that is meant by the query."
    if action is Action.REDEPLOY:
        return "" if selection.workloads else "No workload was found that runs what the query means."
    return "" if selection.images else "No image is known of what the query means."


def _images(action: Action, selection: Selection) -> frozenset[ImageKey]:
    """The images that are meant. A redeploy is of the workloads that were found: whoever asks for those of one namespace does
    not mean those that run the same image elsewhere."""
    return frozenset() if action is Action.REDEPLOY else selection.images


def _for(action: Action, plan: Plan) -> Plan:
    """The plan, if it is one of this command. Raises UsageError."""
    if plan.action is not action:
        raise UsageError(f"It is a plan to {plan.action}.", f"Run `trustree {plan.action}` with it.")
    return plan


def _query_of(plan: Plan) -> Query:
    try:
        return parse_query(plan.query)
    except InvalidQuery as error:
        raise UsageError("The query of the plan cannot be read, so that it cannot be checked.", "Make a new plan.") from error


async def _agreed(plan: Plan, options: ActingOptions, actions: Actions, operator: Operator) -> tuple[str, ...]:
    """See to it that it may be done and that somebody wants it; the names that were typed. Raises UsageError."""
    for line in plan_table(plan):
        say(line)
    if actions.permissions.missing(plan):
        actions.permissions.check(plan, options.typed)
    typed = list(options.typed)
    for name in actions.permissions.protected_in(plan):
        if name not in typed:
            typed.append(await operator.name(name))
    actions.permissions.check(plan, typed)
    if not options.yes and not await operator.agrees("Carry it out?"):
        raise UsageError("Nothing was changed.", "--yes carries it out without asking.")
    return tuple(typed)


def _told_end(execution: Execution, options: ActingOptions, settings: Settings) -> Exit:
    """Tell again how a plan has ended, with the exit code of that end: nothing is left to resume."""
    board = board_of(execution, datetime.now(UTC), running=False)
    say(f"Plan {execution.plan.id} ended at {execution.ended:%Y-%m-%d %H:%M} UTC: {summary(board.rows)}. Nothing is left to do.")
    _print_board(board, options, settings)
    return exit_of_board(board)


async def _carried(
    plan: Plan, options: ActingOptions, actions: Actions, operator: Operator, typed: tuple[str, ...], settings: Settings
) -> Exit:
    try:
        if options.resume:
            await actions.resume(plan.id, typed, operator.confirm)
        else:
            await actions.begin(plan, typed, operator.confirm, accepted=())
    except PlanChanged as changed:
        _say_differences(changed.differences)
        if not await operator.agrees("Carry out what was planned anyway?"):
            say("Nothing was changed.")
            return Exit.UNSURE
        await actions.begin(plan, typed, operator.confirm, accepted=changed.differences)
    progress = Progress(actions)
    with progress.shown(), operator.interrupts(plan):
        board = await actions.finished(plan.id)
    _print_board(board, options, settings)
    return exit_of_board(board)


def _print_board(board: Board, options: ActingOptions, settings: Settings) -> None:
    if options.output == "json":
        write_stdout(board_json(board))
    else:
        unicode = look_of_stdout(settings.ascii).unicode
        write_stdout(f"{line}\n".encode("utf-8" if unicode else "ascii", errors="replace") for line in board_lines(board))
    if not board.ended:
        why = board.plans[0].sentence
        say(" ".join(filter(None, ("Not every step was started.", why, f"`{resume_command(board)}` resumes it."))))


def exit_of_board(board: Board) -> Exit:
    """2 beats 4, and 4 beats 3, as everywhere; 0 only when every row is done and proven."""
    states = {row.state for row in board.rows}
    if states & {BoardState.FAILED, BoardState.CANCELLED}:
        return Exit.VIOLATED
    if BoardState.DENIED in states:
        return Exit.DENIED
    return Exit.OK if states <= {BoardState.DONE} else Exit.UNSURE
