"""A remedy is a promise: what a sentence of the program names as the next step exists, and is called so.

Every text of the program is walked, not the remedies alone: a flag, a setting, a command or a role that is named anywhere is one
that somebody will try.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

import msgspec
import pytest

from tests.parsed import ROOT, SYNTAX, nodes
from tests.recordings import ORIGINS, document
from tui.cli.arguments import parser_of
from tui.cli.commands import COMMANDS
from tui.settings import file as config_file
from tui.settings import policy_file
from tui.settings import settings as config

pytestmark = SYNTAX
OTHERS = (
    "az ",
    "kubectl ",
    "kubelogin ",
    "docker ",
    "cosign ",
    "notation ",
    "oras ",
    "chmod ",
    "ulimit ",
    "crane ",
    "python ",
    "curl ",
    "gh ",
)
"""Programs of others, whose flags and words are theirs."""
WORDS = frozenset(
    {"host/repository", "host:port/repository", "registry/repository:tag", "registry/repository@digest", "https://"}
)
"""Forms that are shown in backticks and are no names of ours."""
WELL_KNOWN_ROLES = frozenset({"view", "Reader", "Security Reader"})
"""`view` of Kubernetes; the others of Azure stand in the recorded definitions, or are older than those of registries."""


class Said(NamedTuple):
    """A text of the program, with `{}` for what is filled in."""

    place: str
    text: str


def texts() -> Iterator[Said]:
    """Every text but the documentation; not those of the demo, which speaks as others do."""
    for path in sorted((ROOT / "tui").rglob("*.py")):
        if "demo" not in path.parts:
            yield from (Said(f"{path.relative_to(ROOT)}:{line}", text) for line, text in _strings(nodes(path)))


def _strings(tree: Iterable[ast.AST]) -> Iterator[tuple[int, str]]:
    taken = {id(node.value) for node in tree if isinstance(node, ast.Expr)}
    for node in tree:
        if isinstance(node, ast.JoinedStr):
            taken |= {id(part) for part in node.values}
            yield node.lineno, "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    for node in tree:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in taken:
            yield node.lineno, node.value


@cache
def sentences() -> tuple[Said, ...]:
    """Those that somebody reads: a text with a backslash is a pattern."""
    return tuple(said for said in texts() if " " in said.text and "\\" not in said.text)


def flags() -> set[str]:
    """Every flag of every command."""
    found: set[str] = set()
    for command in ("", *COMMANDS):
        found |= parser_of(command).known
    return found


def settings() -> set[str]:
    """Every name that may stand in the settings and in a policy."""
    found: set[str] = set()
    for module in (config, config_file, policy_file):
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, msgspec.Struct):
                found |= {field.encode_name for field in msgspec.structs.fields(value)}
    return found


def _is_of_others(text: str, at: int) -> bool:
    """Whether a word stands in a command of another program: behind its name, in the same piece of code or sentence."""
    before = re.split(r"[`;,]|\. ", text[:at])[-1]
    return any(program in f"{before} " for program in OTHERS)


def named(pattern: str, among: Iterable[Said] | None = None) -> Iterator[tuple[str, str]]:
    """What a pattern finds in sentences, but in commands of others; with the place."""
    for said in sentences() if among is None else among:
        for match in re.finditer(pattern, said.text):
            if not _is_of_others(said.text, match.start()):
                yield match[1], said.place


def missing(names: Iterable[tuple[str, str]], known: Iterable[str]) -> list[tuple[str, str]]:
    known = set(known)
    return [(name, place) for name, place in names if name not in known]


def test_every_flag_that_is_named_exists() -> None:
    assert missing(named(r"(?<![\w-])(--[a-z][a-z-]+)"), flags()) == []


def test_every_setting_that_is_named_exists() -> None:
    found = list(named(r"`\[?([a-z]+(?:_[a-z]+)*)\]?(?: = [^`]*)?`"))
    assert missing(found, settings() | COMMANDS.keys()) == []
    assert {name for name, _ in found} >= {"ca_file", "request_timeout"}


def test_every_command_that_is_named_exists() -> None:
    assert missing(named(r"`trustree ([a-z]+)"), COMMANDS) == []


def test_every_variable_that_is_named_in_a_sentence_is_documented() -> None:
    guide = "".join(path.read_text() for path in (ROOT / "docs").glob("*.md"))
    found = named(r"\b([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+)\b", (said for said in sentences() if re.search(r"[a-z] [a-z]", said.text)))
    assert missing(((name, place) for name, place in found if "UNKNOWN" not in name), re.findall(r"[A-Z][A-Z0-9_]+", guide)) == []


def roles() -> set[str]:
    rows: Any = json.loads(document("rbac/role_definitions_acr_aks_2025.json", ORIGINS[-1]))
    rows = rows if isinstance(rows, list) else rows.get("value", rows.get("roles"))
    return {row.get("roleName") or row["properties"]["roleName"] for row in rows}


def test_every_role_that_is_named_exists() -> None:
    words = r"[A-Z][A-Za-z]+(?: [A-Z][A-Za-z]+)*"
    found = list(named(rf"(?:\broles? |\bClusterRole |\bor )({words}|'view')(?= |\.|,|;|\)|$)"))
    known = {*roles(), *WELL_KNOWN_ROLES, "'view'"}
    spoken = [(name, place) for name, place in found if re.search(r"Reader|Pull|Push|Lister|Contributor|Owner|view", name)]
    assert missing(spoken, known) == []


@pytest.mark.parametrize("program", OTHERS)
def test_commands_of_others_are_told_by_their_names(program: str) -> None:
    assert _is_of_others(f"Run `{program}--flag", len(f"Run `{program}"))
    assert not _is_of_others(f"Run `{program}x`, or name --flag", len(f"Run `{program}x`, or name "))
