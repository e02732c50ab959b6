"""`trustree check`: what is not trusted, with the exit code of a gate."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from functools import partial

from tui.cli.commands import Invocation
from tui.cli.output import Exit, Writer, say, write_stdout
from tui.cli.reading import Opener, barred, exit_of_report, look
from tui.cli.report import Options, add_printing, output_of, print_found
from tui.domain.assemble.in_use import base_hangs_on_the_rest
from tui.domain.checks.containers import image_checks
from tui.domain.common.trust import Check, State
from tui.domain.query.query import Query, Selection
from tui.domain.snapshot.snapshot import Snapshot, Workload
from tui.settings.settings import Settings

__all__ = ["CheckOptions", "add_arguments", "check", "exit_of_check", "run"]


class CheckOptions(Options, frozen=True):
    """What is asked of `check` besides: the verdict that violates the policy, and whether not knowing is well."""

    fail_on: str = "fail"
    allow_unknown: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is printed, and what makes it fail."""
    add_printing(parser, view="findings")
    add = parser.add_argument
    add("--fail-on", choices=("fail", "warn"), default="fail", metavar="VERDICT", help="what violates the policy: fail or warn")
    add("--allow-unknown", action="store_true", help="do not exit 3 for what is not known")
    parser.epilog = (
        "`trustree report --help` says what each format is for.\n\n"
        "Exit codes: 0 everything found is trusted; 2 something is not; 3 something is\n"
        "unknown, or nothing was found; 4 nothing could be read because a sign-in or a\n"
        "right is missing; 1 any other error."
    )


def run(call: Invocation) -> Exit:
    """Check what the query finds."""
    flags = call.flags
    options = CheckOptions(output_of(call), flags.view, flags.wait, flags.fail_on, flags.allow_unknown)
    return check(call.settings, call.query(), options, call.opener, write_stdout)


def check(settings: Settings, query: Query, options: CheckOptions, opener: Opener, write: Writer) -> Exit:
    """Print what is not trusted, and say so by the exit code."""
    snapshot, selection = look(settings, query, options.wait, opener, hangs_on_the_rest=partial(_hangs_on_the_rest, options))
    print_found(settings, query, options, (snapshot, selection), write)
    if not selection.images and not selection.workloads:
        say("Nothing was found that could be checked.")
    return exit_of_check(snapshot, selection, options)


def _hangs_on_the_rest(options: CheckOptions, snapshot: Snapshot, selection: Selection) -> bool:
    """Whether nothing is known to be wrong, but not all is known to be right, as some bases were not read: not worth it else."""
    unsure = exit_of_check(snapshot, selection, options) is Exit.UNSURE
    return unsure and any(base_hangs_on_the_rest(snapshot, key) for key in selection.images)


def exit_of_check(snapshot: Snapshot, selection: Selection, options: CheckOptions) -> Exit:
    """2 beats 3: what is known to be wrong is wrong whatever else is missing; a query that finds nothing is 3."""
    images = [snapshot.images[key] for key in selection.images if key in snapshot.images]
    workloads = [snapshot.workloads[key] for key in selection.workloads if key in snapshot.workloads]
    wrong = {State.FAIL, State.WARN} if options.fail_on == "warn" else {State.FAIL}
    checked = [(image.verdict, image.checks) for image in images]
    checked += [(workload.verdict, _checks_of(workload, snapshot)) for workload in workloads]
    verdicts = [verdict for verdict, _ in checked]
    if any(verdict in wrong and not _all_accepted(verdict, checks) for verdict, checks in checked):
        return Exit.VIOLATED
    if barred(snapshot.sources):
        return Exit.DENIED
    if options.allow_unknown:
        return Exit.OK
    unsure = not verdicts or any(verdict in (State.UNKNOWN, State.OFF) for verdict in verdicts)
    return Exit.UNSURE if unsure else exit_of_report(snapshot, selection)


def _checks_of(workload: Workload, snapshot: Snapshot) -> tuple[Check, ...]:
    """The checks of a workload's containers and of the images that they run."""
    own = (check for container in workload.containers for check in container.checks)
    return (*own, *(check for container in workload.containers for check in image_checks(container, snapshot.images)))


def _all_accepted(verdict: State, checks: Iterable[Check]) -> bool:
    """Whether a warning is only of what dated exceptions accept: that violates nothing."""
    warned = [check for check in checks if check.state is State.WARN]
    return verdict is State.WARN and bool(warned) and all(check.accepted for check in warned)
