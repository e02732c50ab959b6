"""`trustree options`: the flags that go with every command, the words of a query, and the exit codes."""

from __future__ import annotations

import argparse

from tui.cli.commands import Invocation
from tui.cli.output import Exit, write_stdout

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It has none of its own."""


def run(call: Invocation) -> Exit:
    """Print them."""
    from tui.cli.helping import shared_options

    write_stdout([shared_options().encode()])
    return Exit.OK
