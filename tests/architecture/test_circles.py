"""No module stands in a circle of imports, those inside functions and for types alone included: each can be read by itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tests.parsed import ROOT, SYNTAX, nodes

pytestmark = SYNTAX


def modules() -> dict[str, Path]:
    """Every module of the program by its name."""
    paths = [path for room in ("tui", "widgets") for path in (ROOT / room).rglob("*.py")]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


def imports(path: Path, known: dict[str, Path]) -> Iterator[str]:
    """The modules of ours that a module names in an import, wherever it stands."""
    for node in nodes(path):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            within = [f"{node.module}.{name.name}" for name in node.names]
            yield from (name for name in (node.module, *within) if name in known)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name in known)


def test_no_module_stands_in_a_circle() -> None:
    known = modules()
    assert len(known) > 300
    graph = {name: set(imports(path, known)) - {name} for name, path in known.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise AssertionError(f"a circle: {' -> '.join(error.args[1])}") from error
