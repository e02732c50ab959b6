"""The man page, made from the commands, their flags and the settings: `python -m tests.docs` writes it into the guide."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

from tui.cli.commands import COMMANDS, EXPLORER, Command
from tui.cli.helping import QUERIES, usage_of
from tui.cli.setting_flags import add_setting_flags
from tui.reports import FORMATS
from tui.settings.declared import declared
from tui.settings.settings import Settings

__all__ = ["PAGE", "manual"]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "trustree.1"
ABOUT = """\
Trustree answers, for Azure Kubernetes Service, Azure Container Registry and any other cluster and OCI registry: which images
run in my clusters, where do they come from, can I trust them, and how do I replace those that I cannot trust? Without a command
it is a program for the terminal; where standard output is not a terminal, it prints a table. It changes nothing unless it is told
to with --write."""
EXIT_CODES = (
    ("0", "ok"),
    ("1", "usage or runtime error"),
    ("2", "the policy is violated; of commands that act: something failed"),
    ("3", "unknown: something that is needed could not be read, or only in part"),
    ("4", "nothing could be read, because a sign-in or a right is missing; of commands that act: a right is missing"),
    ("130", "interrupted"),
)
FILES = (
    ("$XDG_CONFIG_HOME/trustree/config.toml", "the settings"),
    ("$XDG_STATE_HOME/trustree/", "the log, the audit log, and what became of plans"),
    ("$XDG_CACHE_HOME/trustree/", "content that cannot change; `trustree cache` shows and clears it"),
)


class _Recording(argparse.ArgumentParser):
    """A parser that remembers its flags in their order."""

    def __init__(self) -> None:
        self.flags: list[argparse.Action] = []
        super().__init__(add_help=False)

    def add_argument(self, *names: str, **options: object) -> argparse.Action:
        """Add a flag."""
        action = super().add_argument(*names, **options)  # type: ignore[arg-type]
        self.flags.append(action)
        return action


def manual() -> str:
    """The page as roff (man(7))."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield r".\" made by `python -m tests.docs`"
    yield '.TH TRUSTREE 1 "" "trustree" "User Commands"'
    yield from _section("NAME", [r"trustree \- images in Kubernetes clusters: where they come from, and whether to trust them"])
    yield ".SH SYNOPSIS"
    for command in (EXPLORER, *COMMANDS.values()):
        yield from (f".B {_roff(usage_of(command))}", ".br")
    yield from _section("DESCRIPTION", [_roff(ABOUT)])
    yield ".SH COMMANDS"
    for command in COMMANDS.values():
        yield from _command(command)
    shared = _Recording()
    add_setting_flags(shared)
    yield from (".SH OPTIONS", "With every command:")
    yield from _flags(shared.flags)
    yield from _section("QUERIES", [".nf", _roff(QUERIES), ".fi"])
    yield from _pairs("FORMATS", FORMATS.items())
    yield from _pairs("EXIT STATUS", EXIT_CODES)
    variables = ((one.setting.variable, one.setting.help) for one in declared(Settings) if one.setting.variable)
    others = (("KUBECONFIG", "the files that name clusters"), ("NO_COLOR", "no colours"), ("COLUMNS", "how wide tables are"))
    yield from _pairs("ENVIRONMENT", (*variables, *others))
    yield from _pairs("FILES", FILES)
    yield from _section("SEE ALSO", [".BR kubectl (1), \n.BR az (1)"])


def _command(command: Command) -> Iterator[str]:
    yield f".SS {_roff(usage_of(command))}"
    yield _roff(f"{command.help[:1].upper()}{command.help[1:]}.")
    own = _Recording()
    command.module().add_arguments(own)
    yield from _flags(own.flags)
    for typed, meant in command.examples:
        yield from (".TP", f".B {_roff(typed)}", _roff(meant))


def _flags(flags: Iterable[argparse.Action]) -> Iterator[str]:
    for flag in flags:
        value = flag.metavar if isinstance(flag.metavar, str) else "|".join(flag.choices or ())
        names = ", ".join(rf"\fB{_roff(name)}\fR" for name in flag.option_strings)
        yield from (".TP", rf"{names} \fI{_roff(value)}\fR" if value else names, _roff(flag.help or ""))


def _pairs(title: str, pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield f".SH {title}"
    for name, meaning in pairs:
        yield from (".TP", f".B {_roff(name)}", _roff(meaning))


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield f".SH {title}"
    yield from lines


def _roff(text: str) -> str:
    """Text that roff takes as it is: no escape, and no request at the beginning of a line (groff_char(7))."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-").replace("`", r"\(ga").replace('"', r"\(dq")
    return "\n".join(rf"\&{line}" if line.startswith((".", "'")) else line for line in escaped.split("\n"))
