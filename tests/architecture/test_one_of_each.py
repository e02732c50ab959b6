"""What every source needs stands once, in `sources/kit`: who does it by hand is in a list here, with the reason, or does not."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.parsed import ROOT, SYNTAX, nodes

pytestmark = SYNTAX
FILES = [path for path in sorted((ROOT / "tui").rglob("*.py")) if "demo" not in path.parts]
"""Of the program, without the demo: its servers share nothing with sources."""


class Tool(NamedTuple):
    """What is called by hand only where it is `made`; `elsewhere` are the other places, each with the reason.

    `use` is what others take instead.
    """

    use: str
    made: tuple[str, ...]
    elsewhere: dict[str, str]
    is_it: Callable[[ast.Call], bool]


@cache
def _function(call: ast.Call) -> str:
    return ast.unparse(call.func)


def _named(*names: str) -> Callable[[ast.Call], bool]:
    return lambda call: _function(call) in names


def _waits(call: ast.Call) -> bool:
    """Not a pause of no length, by which others get their turn."""
    is_turn = bool(call.args) and isinstance(call.args[0], ast.Constant) and call.args[0].value == 0
    return _function(call) == "asyncio.sleep" and not is_turn


TOOLS = {
    "wait": Tool(
        "Polling, waited, patiently, Quota or Bucket of sources/kit",
        ("sources/kit",),
        {
            "actions/clock.py": "the clock of actions, which tests replace",
            "estate/pump.py": "supervises sources, and reads nothing itself",
            "estate/estate.py": "lets the first rows be painted before more is started",
            "sources/azure/arm.py": "the server says with each look at an operation when the next one is due",
            "sources/builders/acr/log.py": "a log that does not grow is looked at ever more seldom, and given up after an hour",
            "sources/cluster/follower.py": "a watch has a position: when it is lost or silent, not a clock, says when to list",
        },
        _waits,
    ),
    "health": Tool(
        "loading, answered, failed_by, failed or off of domain/facts/health",
        ("domain/facts/health.py",),
        {
            "sources/cluster/health.py": "a board: lists and watches that are each open, lost or refused by themselves",
            "sources/registry/health.py": "a board: workers that read side by side, and a rate",
            "sources/signatures/session.py": "a board: what is trusted is told while manifests are still looked at",
        },
        _named("SourceHealth"),
    ),
    "connections": Tool(
        "HttpSession of sources/kit", ("sources/kit/http.py",), {}, _named("aiohttp.ClientSession", "ClientSession")
    ),
    "queue": Tool(
        "WorkQueue, Backlog or EventStream of sources/kit",
        ("sources/kit",),
        {"cli/plain.py": "lines of a terminal, read in a thread"},
        _named("asyncio.Queue", "asyncio.PriorityQueue", "queue.Queue", "heapq.heappush"),
    ),
    "task": Tool(
        "a TaskGroup",
        ("sources/kit/streams.py",),
        {
            "cli/acting_terminal.py": "a signal's question, awaited before the command ends",
            "estate/estate.py": "the estate itself: cancelled and awaited where it is opened",
            "sources/cluster/socks.py": "a connection of a server of ours, awaited when that closes",
        },
        lambda call: _function(call).endswith("create_task") and "group" not in _function(call),
    ),
}


@cache
def _calls(path: Path) -> tuple[ast.Call, ...]:
    return tuple(node for node in nodes(path) if isinstance(node, ast.Call))


def _users(tool: Tool) -> dict[str, int]:
    """Where it is called by hand, and in which line first."""
    lines = {str(path.relative_to(ROOT / "tui")): call.lineno for path in FILES for call in _calls(path) if tool.is_it(call)}
    return {path: line for path, line in lines.items() if not path.startswith(tool.made)}


@pytest.mark.parametrize("name", TOOLS)
def test_nobody_does_by_hand_what_the_kit_does(name: str) -> None:
    tool = TOOLS[name]
    by_hand = [f"tui/{path}:{line}" for path, line in _users(tool).items() if path not in tool.elsewhere]
    assert not by_hand, f"use {tool.use}; where that does not fit, give the reason in this test and in a comment there"


@pytest.mark.parametrize("name", TOOLS)
def test_every_exception_is_still_one(name: str) -> None:
    tool = TOOLS[name]
    assert tool.elsewhere.keys() <= _users(tool).keys()
