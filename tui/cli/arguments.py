"""What may be typed on the command line, and the settings that it means."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence, Set
from typing import NamedTuple, NoReturn

from tui import __version__
from tui.cli.commands import COMMANDS, QUERY, Command, command_named
from tui.cli.setting_flags import add_setting_flags, given_settings
from tui.domain.common.text import clean
from tui.errors import UsageError
from tui.settings.settings import SCENARIOS

__all__ = ["SCENARIOS", "Arguments", "parse", "parser_of"]

_TERM = re.compile(r"[:=*<>]|^-?@")
"""What no name of a scenario has, and terms of a query have."""
_NEGATED = re.compile(r"-[A-Za-z]+(?::|>=?|<=?|=).")


class Arguments(NamedTuple):
    """A parsed command line: the command (empty for the explorer), the query, settings by field name, and every flag.

    `action` is the first word after the command, where the command has actions; the query is what follows it.
    """

    command: str
    query: str
    settings: dict[str, object]
    flags: argparse.Namespace
    config: str
    action: str = ""


class _Parser(argparse.ArgumentParser):
    """Argparse that raises instead of leaving, and knows the flags that it was given: `valued` take a value."""

    def __init__(self, command: Command) -> None:
        self.known: set[str] = set()
        self.valued: set[str] = set()
        self._command = command
        super().__init__("trustree", allow_abbrev=False)

    def add_argument(self, *names: str, **options: object) -> argparse.Action:
        """Add a flag."""
        action = super().add_argument(*names, **options)  # type: ignore[arg-type]
        self.known |= set(action.option_strings)
        self.valued |= set(action.option_strings) if action.nargs != 0 else set()
        return action

    def format_help(self) -> str:
        """One screen, and not every flag that there is."""
        from tui.cli.helping import command_help, overview  # not before somebody asks

        return command_help(self._command) if self._command.name else overview(self._command)

    def error(self, message: str) -> NoReturn:
        """Raise UsageError."""
        raise UsageError(clean(message), f"`{self.prog} --help` lists what can be written.")


def parse(argv: Sequence[str]) -> Arguments:
    """The meaning of a command line. Raises UsageError, and SystemExit(0) after `--help` and `--version`."""
    parser, flags, words, name = _understood(argv)
    flag_values, command = parser.parse_args(flags), command_named(name)
    _refuse_clusters_of_none(flag_values)
    if words and not command.usage:
        raise UsageError(f"`trustree {name}` takes no query.", f"`trustree report {clean(words[0], 40)}` does.")
    action, words = _action(command, words)
    settings = given_settings(flag_values)
    return Arguments(name, " ".join(words), settings, flag_values, str(settings.pop("source", "")), action)


def _action(command: Command, words: list[str]) -> tuple[str, list[str]]:
    """The action of a command that has some, and the other words. Raises UsageError."""
    if not command.actions:
        return "", words
    action, *operands = words or [next(iter(command.actions))]
    if action not in command.actions:
        raise UsageError(
            f"`trustree {command.name} {clean(action, 40)}` is not a command.", f"It is one of {', '.join(command.actions)}."
        )
    operand = command.actions[action]
    if len(operands) > bool(operand) and operand != QUERY:
        raise UsageError(
            f"`trustree {command.name} {action}` takes fewer arguments.",
            f"`trustree {command.name} --help` lists what can be written.",
        )
    return action, operands


def _understood(argv: Sequence[str]) -> tuple[_Parser, list[str], list[str], str]:
    """The parser of the command that is meant, the flags with their values, the words, and the command's name.

    Which flags take a value is the command's own to say, and the command may stand after them: so it is tried whether what
    looks like one is one.
    """
    for name in dict.fromkeys(token for token in argv if token in COMMANDS):
        parser = parser_of(name)
        flags, words, command = _sorted(argv, parser.valued)
        if command == name:
            return parser, flags, words, name
    parser, valued = parser_of(""), set[str]()
    if not {token.partition("=")[0] for token in argv if token.startswith("-")} <= parser.known:
        valued = {flag for name in COMMANDS for flag in parser_of(name).valued}  # so that its value is not taken for a word
    flags, words, _ = _sorted(argv, parser.valued | valued)
    return parser, flags, words, ""


def _sorted(argv: Sequence[str], valued: Set[str]) -> tuple[list[str], list[str], str]:
    """Flags with their values, the words of the query, and the command if the first word is one."""
    flags: list[str] = []
    words: list[str] = []
    command = ""
    tokens = iter(enumerate(argv))
    for index, token in tokens:
        if token == "--":
            words += argv[index + 1 :]
            break
        if token == "--demo":
            scenario = argv[index + 1] if index + 1 < len(argv) else ""
            _refuse_unknown_scenario(scenario)
            flags.append(f"--demo={scenario if scenario in SCENARIOS else SCENARIOS[0]}")
            if scenario in SCENARIOS:
                next(tokens)
        elif token in valued:
            flags += [token, *(value for _, value in [next(tokens, (0, None))] if value is not None)]
        elif token.startswith("-") and len(token) > 1 and not _NEGATED.match(token):
            flags.append(token)
        elif not command and not words and token in COMMANDS:
            command = token
        else:
            if not command and not words:
                _refuse_misspelt_command(token)
            words.append(token)
    return flags, words, command


def _refuse_unknown_scenario(word: str) -> None:
    """A word that names no scenario would be taken for a query that finds nothing. Raises UsageError."""
    if word in SCENARIOS or word in COMMANDS or not word or word.startswith("-") or _TERM.search(word):
        return
    raise UsageError(
        f"There is no scenario “{clean(word, 40)}”.",
        f"The scenarios are {', '.join(SCENARIOS)}; a query goes before --demo, or after `--`.",
    )


def _refuse_clusters_of_none(flag_values: argparse.Namespace) -> None:
    """What names clusters or namespaces, and what asks none, exclude each other. Raises UsageError."""
    naming = {
        "--context": flag_values.contexts,
        "--all-contexts": flag_values.all_contexts,
        "-n": flag_values.namespaces,
        "-A": flag_values.all_namespaces,
    }
    flags = [flag for flag, value in naming.items() if value]
    if flag_values.clusters is False and flags:
        raise UsageError(f"--no-cluster and {flags[0]} exclude each other.", f"Leave out --no-cluster, or {flags[0]}.")


def _refuse_misspelt_command(word: str) -> None:
    """A misspelt command would be taken for a query that finds nothing. Raises UsageError."""
    command_meant = next((command for command in COMMANDS if _is_slip(word.lower(), command)), "")
    if command_meant:
        shown = clean(word, 40)
        raise UsageError(
            f"“{shown}” is not a command.",
            f"Write `trustree {command_meant}`; to look for the name “{shown}”, write `trustree -- {shown}`.",
        )


def _is_slip(word: str, command: str) -> bool:
    """Whether one slip of the fingers makes the other: a letter too many, too few, another one, or two exchanged."""
    if word == command or abs(len(word) - len(command)) > 1:
        return word == command
    start = next(
        (index for index, (left, right) in enumerate(zip(word, command, strict=False)) if left != right),
        min(len(word), len(command)),
    )
    left, right = word[start:], command[start:]
    return left[1:] in (right, right[1:]) or left == right[1:] or (left[:2] == right[1::-1] and left[2:] == right[2:])


def parser_of(name: str) -> _Parser:
    """What understands the flags of a command, or (empty) of the explorer."""
    command = command_named(name)
    parser = _Parser(command)
    parser.add_argument("--version", action="version", version=f"trustree {__version__}")
    add_setting_flags(parser)
    command.module().add_arguments(parser)
    return parser
