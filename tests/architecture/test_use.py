"""What the program defines for all, the program itself uses: what only tests need stands with the tests."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.parsed import ROOT, SYNTAX, nodes, parsed

pytestmark = SYNTAX
FILES = {str(path.relative_to(ROOT)): path for room in ("tui", "widgets") for path in sorted((ROOT / room).rglob("*.py"))}
HOOKS = {"can_replace", "compose", "get_default_screen", "get_theme_variable_defaults", "handleError", "render_line"}
"""Methods that packages call."""
BY_NAME = ("action_", "check_", "compute_", "on_", "validate_", "watch_")
"""Beginnings of names by which Textual finds methods."""
FOR_TESTS = {"visible_keys": "what is on the screen: rows of a tree are drawn, and not told to anybody"}


def _used(path: Path) -> Iterator[str]:
    """Every name that is read or called, or stands in a text that may name it."""
    for node in nodes(path):
        match node:
            case ast.Name():
                yield node.id
            case ast.Attribute():
                yield node.attr
            case ast.keyword(arg=str(name)):
                yield name


def _definitions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Functions, classes and methods; not those inside functions, and none that a decorator hands to somebody."""
    body = getattr(tree, "body", [])
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _definitions(node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            handlers = {ast.unparse(decorator).partition("(")[0] for decorator in node.decorator_list}
            if "on" not in handlers:
                yield node


def test_what_is_defined_is_used() -> None:
    used = {name for path in FILES.values() for name in _used(path)} | HOOKS
    unused = {
        f"{name}:{node.lineno} {node.name}"
        for name, path in FILES.items()
        if not name.startswith("tui/demo")  # servers that tests drive by hand
        for node in _definitions(parsed(path))
        if node.name not in used and not node.name.startswith(("__", *BY_NAME)) and node.name not in FOR_TESTS
    }
    assert not unused
