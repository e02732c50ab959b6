"""`trustree contain`: lock an image that is compromised, stop what runs it, and prove it."""

from __future__ import annotations

import argparse

from tui.cli.acting import act, add_acting_arguments
from tui.cli.commands import Invocation
from tui.cli.output import Exit
from tui.domain.plans.plan import Action

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of commands that act."""
    add_acting_arguments(parser)


def run(call: Invocation) -> Exit:
    """Contain what the query finds."""
    return act(call, Action.CONTAIN)
