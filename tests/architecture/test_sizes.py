"""Small functions and small files: where one grows past the limit, a concept is missing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from statistics import median

from tests.parsed import ROOT, SYNTAX, nodes

pytestmark = SYNTAX
FILES = sorted(path for room in ("tui", "widgets") for path in (ROOT / room).rglob("*.py"))
MEDIAN, LONGEST, FILE = 6, 40, 400
BROAD = {"tui/estate/pump.py": 1}
"""Where whatever goes wrong is caught: the supervisor of sources, one of which must not end the others."""


def _nodes() -> Iterator[tuple[str, ast.AST]]:
    for path in FILES:
        name = str(path.relative_to(ROOT))
        yield from ((name, node) for node in nodes(path))


def _functions() -> dict[str, int]:
    """The lines of every function, from its `def` to its end."""
    return {
        f"{name}:{node.lineno} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for name, node in _nodes()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_functions_are_small() -> None:
    functions = _functions()
    assert median(functions.values()) <= MEDIAN
    assert {name: lines for name, lines in functions.items() if lines > LONGEST} == {}


def test_files_are_small() -> None:
    lines = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in FILES}
    assert {name: number for name, number in lines.items() if number > FILE} == {}


def test_nothing_but_the_supervisor_catches_whatever_comes() -> None:
    broad: dict[str, int] = {}
    for name, node in _nodes():
        if isinstance(node, ast.ExceptHandler):
            kinds = [] if node.type is None else [node.type, *ast.walk(node.type)]
            if not kinds or any(isinstance(kind, ast.Name) and kind.id in ("Exception", "BaseException") for kind in kinds):
                broad[name] = broad.get(name, 0) + 1
    assert broad == BROAD
