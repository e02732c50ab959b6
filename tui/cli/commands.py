"""The commands there are: a new one is a module of its name in this room, and a row here."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from tui.errors import InvalidQuery
from tui.settings.settings import Settings

if TYPE_CHECKING:
    from tui.cli.openers import ActingOpener
    from tui.cli.reading import Opener
    from tui.domain.query.query import Query
    from tui.wiring.examination import Diagnose

__all__ = ["COMMANDS", "EXPLORER", "QUERY", "Command", "CommandModule", "Invocation", "command_named"]


QUERY = "QUERY"
"""What follows an action that is asked of what a query finds."""


class Invocation(NamedTuple):
    """What a command is run with: settings, what was written after its name, and its own flags.

    `action` is the first word where the command has actions, `text` the rest. `opener` opens the estate, `diagnose` tries its
    sources, `acting` opens the estate and what changes it; what is heavy to import is imported when they are called.
    """

    settings: Settings
    action: str
    text: str
    flags: argparse.Namespace
    opener: Opener
    diagnose: Diagnose
    acting: ActingOpener

    def query(self) -> Query:
        """The text as a query. Raises InvalidQuery."""
        from tui.domain.query.query import parse_query

        try:
            return parse_query(self.text)
        except InvalidQuery as error:
            error.add_note(self.text)
            raise


class CommandModule(Protocol):
    """What the module of a command has."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the flags that only this command takes."""
        ...

    def run(self, call: Invocation) -> int:
        """Run it and give the exit code. Raises TrustreeError."""
        ...


class Command(NamedTuple):
    """A command: its name, what it does in one line, and what may be written after it.

    `actions` are the words that may come first, the usual one at the front, each with what follows it: nothing, a QUERY, or one
    word. Where there are none, a query may follow, unless `takes` is empty. `asks` says that sources are connected to.
    `examples` are what its help begins with: what is typed, and what that means.
    """

    name: str
    help: str
    takes: str = "[QUERY]"
    actions: Mapping[str, str] = MappingProxyType({})
    asks: bool = True
    examples: tuple[tuple[str, str], ...] = ()

    @property
    def usage(self) -> str:
        """What may be written after the name, as a usage line has it."""
        if not self.actions:
            return self.takes
        return f"[{' | '.join(f'{action} {operand}'.strip() for action, operand in self.actions.items())}]"

    def module(self) -> CommandModule:
        """Its module, imported now."""
        return cast(CommandModule, importlib.import_module(f"tui.cli.{self.name or 'explore'}"))


EXPLORER = Command(
    "",
    "the explorer; on a pipe the table report",
    examples=(
        ("trustree --demo", "the explorer, on an embedded estate"),
        ("trustree", "the same, on the current context of the kubeconfig"),
        ("trustree cve:CVE-2026-1", "do we run it, where, what fixes it"),
    ),
)
COMMANDS: Mapping[str, Command] = {
    command.name: command
    for command in (
        Command(
            "report",
            "print what is known: as a table, JSON, SARIF, CSV and more",
            examples=(
                ("trustree report is:running -o json", "what runs, for a script"),
                ("trustree report base:debian --view findings", "what is wrong on that base"),
            ),
        ),
        Command(
            "check",
            "exit 2 when something is not trusted, 3 when it is not known",
            examples=(
                ("trustree check ns:prod", "a gate for a pipeline"),
                ("trustree check ns:prod -o sarif --fail-on warn", "stricter, for code scanning"),
            ),
        ),
        Command(
            "rebuild",
            "rebuild what a query finds and roll it out: confirmed, proven",
            examples=(
                ("trustree rebuild base:debian --plan", "the steps; nothing is changed"),
                ("trustree rebuild base:debian --write", "carry them out, after a question"),
            ),
        ),
        Command(
            "redeploy",
            "redeploy workloads to what their names mean now",
            examples=(
                ("trustree redeploy drift:moved --plan", "the steps; nothing is changed"),
                ("trustree redeploy drift:moved --write", "carry them out, after a question"),
            ),
        ),
        Command(
            "contain",
            "lock an image that is compromised, and stop what runs it",
            examples=(
                ("trustree contain digest:ab12 --plan", "the steps; nothing is changed"),
                ("trustree contain digest:ab12 --write", "carry them out, after a question"),
            ),
        ),
        Command(
            "doctor",
            "what each source can and cannot read, and the right that is missing",
            takes="",
            examples=(("trustree doctor", "each source, each right, and what to ask for"),),
        ),
        Command(
            "policy",
            "show, explain or check what images are judged by",
            actions={"show": "", "explain": QUERY, "check": "FILE"},
            examples=(
                ("trustree policy", "the policy in force"),
                ("trustree policy explain repo:payments/api", "which rule decided on each check"),
                ("trustree policy check policy.toml", "whether a file is a policy"),
            ),
        ),
        Command(
            "cache",
            "show or clear what is kept on disk between runs",
            actions={"info": "", "clear": ""},
            asks=False,
            examples=(("trustree cache clear", "make the next run read everything again"),),
        ),
        Command("info", "versions and every path in use", takes="", asks=False),
        Command("options", "the options of every command", takes="", asks=False),
        Command(
            "completion",
            "print the completion of bash, zsh or fish",
            actions={"bash": "", "zsh": "", "fish": ""},
            asks=False,
            examples=(
                ('eval "$(trustree completion bash)"', "in ~/.bashrc"),
                ("trustree completion zsh > ~/.zfunc/_trustree", "with ~/.zfunc in fpath"),
                ("trustree completion fish | source", "in config.fish"),
            ),
        ),
    )
}


def command_named(name: str) -> Command:
    """The command of a name; the explorer for the empty one."""
    return COMMANDS[name] if name else EXPLORER
