"""What `--help` prints: one screen of 80x24 that begins with what one wants; every shared flag stands in `trustree options`.

kubectl tells its flags apart in the same way (`kubectl options`).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from tui.cli.commands import COMMANDS, Command
from tui.cli.setting_flags import add_setting_flags

__all__ = ["EXIT_CODES", "QUERIES", "command_help", "overview", "shared_options", "usage_of"]

QUERIES = """\
A query is a list of words and terms that must all hold: ns:prod  ctx:weu
repo:payments/*  base:debian  digest:sha256:ab  is:running  is:at-risk
check:scan=fail  drift:moved  age>90d  kind:deploy  team:web  cve:CVE-2026-1
pkg:openssl  sev>=high; - negates, quotes group. A query that begins with a
negated word goes after --, and a query before --demo or after --."""
EXIT_CODES = """\
Exit codes: 0 ok; 1 usage or runtime error; 2 policy violated; 3 unknown:
something needed could not be read, or only in part; 4 nothing could be read,
because a sign-in or a right is missing; 130 interrupted."""


ROOM = 80 - len("usage: ")


class _Form(argparse.RawDescriptionHelpFormatter):
    """With each flag and what it does on one line, where both fit."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30)


def usage_of(command: Command) -> str:
    """How a command is written."""
    return " ".join(part for part in ("trustree", command.name or "[COMMAND]", command.usage, "[options]") if part)


def overview(command: Command) -> str:
    """The help of the program: what it answers, how one begins, and the commands."""
    width = max(map(len, COMMANDS))
    commands = (f"  {other.name:{width}} {other.help}" for other in COMMANDS.values())
    return "\n".join(
        (
            f"usage: {usage_of(command)}",
            "",
            "Which images run in my clusters, where do they come from, can I trust them?",
            "",
            *_examples(command),
            "",
            "commands:",
            *commands,
            "",
            "`trustree COMMAND --help` says more. `trustree options` lists the flags that go",
            "with all of them (clusters, registries, files) and the words of a query.",
            "",
        )
    )


def command_help(command: Command) -> str:
    """The help of a command: examples, and the flags that only it takes."""
    parser = argparse.ArgumentParser(
        "trustree",
        _usage_line(command),
        add_help=False,
        formatter_class=_Form,
    )
    parser.description = "\n".join((f"{command.help[:1].upper()}{command.help[1:]}.", *_examples(command)))
    command.module().add_arguments(parser)
    return parser.format_help()


def _usage_line(command: Command) -> str:
    """How it is written, and where the other flags are: on one line, if that fits."""
    one_line = f"{usage_of(command)} (more: `trustree options`)"
    return one_line if len(one_line) <= ROOM else f"{usage_of(command)}\n(more: `trustree options`)"


def shared_options() -> str:
    """Every flag that goes with every command, the words of a query, and the exit codes."""
    parser = argparse.ArgumentParser(
        "trustree", argparse.SUPPRESS, "Options of every command.", add_help=False, formatter_class=_Form
    )
    parser.epilog = f"{QUERIES}\n\n{EXIT_CODES}"
    add_setting_flags(parser)
    return parser.format_help()


def _examples(command: Command) -> Iterable[str]:
    width = max((len(typed) for typed, _ in command.examples), default=0)
    return (f"  {typed:{width}}  {meaning}" for typed, meaning in command.examples)
