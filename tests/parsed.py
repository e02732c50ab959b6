"""The program as its syntax: each module parsed once for all tests that read it.

Who uses this stands in the group `SYNTAX`, so that one worker parses.
"""

from __future__ import annotations

import ast
import gc
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SYNTAX = pytest.mark.xdist_group("texts of the program")


@cache
def parsed(path: Path) -> ast.Module:
    """A module's tree; nobody changes it."""
    collects = gc.isenabled()
    gc.disable()  # nothing of a tree is garbage, and looking for some takes three times as long as parsing
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    finally:
        if collects:
            gc.enable()


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Every node of a module, outer ones first."""
    return tuple(ast.walk(parsed(path)))
