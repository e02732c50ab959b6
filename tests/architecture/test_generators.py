"""Generators are closed by whoever reads them: left to the collector they hold a connection, a lock or a page until it comes."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.parsed import ROOT

CLOSED_BY_OTHERS = {"iter_any"}
"""What is no generator, and ends with the response that it belongs to (aiohttp)."""


def loops(tree: ast.AST) -> Iterator[tuple[int, ast.expr]]:
    """The line and the iterable of each loop that awaits what comes next."""
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncFor):
            yield node.lineno, node.iter
        elif isinstance(node, ast.comprehension) and node.is_async:
            yield node.iter.lineno, node.iter


def is_left_open(iterable: ast.expr) -> bool:
    """Whether nothing holds what is iterated over, so that nobody can close it."""
    if not isinstance(iterable, ast.Call):
        return False
    function = iterable.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name not in CLOSED_BY_OTHERS


@pytest.mark.parametrize("code", ["async def f():\n    async for x in g(): pass", "async def f():\n    [x async for x in a.g()]"])
def test_a_generator_that_nobody_holds_is_found(code: str) -> None:
    assert [is_left_open(iterable) for _, iterable in loops(ast.parse(code))] == [True]


def test_every_generator_is_held_so_that_it_is_closed() -> None:
    """`async with aclosing(generator) as items: async for item in items`."""
    places = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted((ROOT / "tui").rglob("*.py"))
        for line, iterable in loops(ast.parse(path.read_text()))
        if is_left_open(iterable)
    ]
    assert places == []
