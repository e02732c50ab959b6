"""What is done in one place only, so that its rule holds everywhere."""

from __future__ import annotations

import ast

import pytest

from tests.parsed import ROOT, SYNTAX, nodes

pytestmark = SYNTAX


def callers(name: str) -> set[str]:
    """The modules that call a function or a method of that name."""
    found = set()
    for room in ("tui", "widgets"):
        for path in (ROOT / room).rglob("*.py"):
            calls = (node.func for node in nodes(path) if isinstance(node, ast.Call))
            if any(name == (call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "")) for call in calls):
                found.add(str(path.relative_to(ROOT)))
    return found


@pytest.mark.parametrize(
    ("name", "modules"),
    [
        # It takes functions, never coroutines: one that never begins would be awaited by nobody.
        ("run_worker", {"tui/ui/work.py"}),
    ],
)
def test_only_the_module_with_the_rule_calls_it(name: str, modules: set[str]) -> None:
    assert callers(name) == modules
