"""`trustree completion`: what a shell needs to complete commands, flags and their values, made by shtab from the flags."""

from __future__ import annotations

import argparse
from typing import Literal, cast

from tui.cli.commands import COMMANDS, EXPLORER, Command, Invocation
from tui.cli.output import Exit, write_stdout
from tui.cli.setting_flags import add_setting_flags
from tui.domain.query.language import CHOICES, Key

__all__ = ["add_arguments", "completion_script", "run"]

Shell = Literal["bash", "zsh", "fish"]
_FILES = frozenset({"FILE", "PATH"})
"""What stands in a help for the name of a file."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It has none of its own."""


def run(call: Invocation) -> Exit:
    """Print the script of the shell that was named."""
    write_stdout([completion_script(cast(Shell, call.action)).encode()])
    return Exit.OK


def completion_script(shell: Shell) -> str:
    """What the shell is to run: commands, their flags, the values of these, and the first words of a query."""
    import shtab

    return f"{shtab.complete(_tree(), shell=shell)}\n"


def _tree() -> argparse.ArgumentParser:
    """All commands as one parser, which shtab reads; the program itself has one for each."""
    root = _Described("trustree", description=EXPLORER.help)
    root.add_argument("--version", action="store_true", help="the version")
    _add_flags(root, EXPLORER)
    commands = root.add_subparsers()
    for command in COMMANDS.values():
        parser = commands.add_parser(command.name, help=command.help)
        _add_flags(parser, command)
        if command.actions:
            parser.add_argument("action", nargs="?", choices=tuple(command.actions))
        elif command.takes:
            parser.add_argument("query", nargs="*", choices=_query_words())
    return root


class _Described(argparse.ArgumentParser):
    """A parser that tells shtab where a file is named."""

    def add_argument(self, *names: str, **options: object) -> argparse.Action:
        """Add a flag; where it names a file, files are offered."""
        import shtab

        action = super().add_argument(*names, **options)  # type: ignore[arg-type]
        if action.metavar in _FILES:
            vars(action)["complete"] = shtab.FILE
        return action


def _add_flags(parser: argparse.ArgumentParser, command: Command) -> None:
    add_setting_flags(parser)
    command.module().add_arguments(parser)


def _query_words() -> tuple[str, ...]:
    """What a query may begin with, where there is a closed set of it."""
    return tuple(f"{key}:{value}" for key in (Key.IS, Key.VERDICT, Key.CHECK, Key.DRIFT) for value in CHOICES[key])
