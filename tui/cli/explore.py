"""No command: the explorer; where nobody sits at a terminal, the table report."""

from __future__ import annotations

import argparse
import os
import sys

from tui.cli.commands import Invocation
from tui.cli.flags import add_wait

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How long the table waits, where it is one."""
    add_wait(parser)


def run(call: Invocation) -> int:
    """Explore the estate."""
    from tui.cli.reading import refuse_nothing_to_ask

    refuse_nothing_to_ask(call.settings)
    query = call.query()
    if call.settings.plain:
        from tui.cli.plain import read_plain

        return read_plain(call)
    if _interactive():
        from tui.ui.start import run as explore

        return explore(call.settings, call.text)
    from tui.cli.output import write_stdout
    from tui.cli.report import Options, print_report

    return print_report(call.settings, query, Options(wait=call.flags.wait), call.opener, write_stdout)


def _interactive() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
