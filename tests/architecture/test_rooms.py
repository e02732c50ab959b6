"""Every room says what it is for and where to begin, and what it names is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.parsed import ROOT, SYNTAX, parsed

pytestmark = SYNTAX
FEW = 2
"""Modules of a room that needs no guide."""
ROOMS = {
    str(path.parent.relative_to(ROOT)): path
    for top in ("tui", "widgets")
    for path in sorted((ROOT / top).rglob("__init__.py"))
    if len(list(path.parent.glob("*.py"))) - 1 > FEW
}


def beginnings(path: Path) -> list[str]:
    """What a room says to begin with."""
    sentences = re.findall(r"[Bb]egin with (.*?)\.(?:\s|$)", ast.get_docstring(parsed(path)) or "", re.DOTALL)
    return [name for sentence in sentences for name in re.findall(r"`([\w.]+)`", sentence)]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_where_to_begin(room: str) -> None:
    names = beginnings(ROOMS[room])
    assert names
    places = [(ROOT / room).joinpath(*name.split(".")) for name in names]
    assert not [str(place) for place in places if not place.with_suffix(".py").exists() and not place.is_dir()]


def test_the_guide_names_every_room_below_the_top() -> None:
    """In the first column of its tables, or within the text of one that it names."""
    guide = (ROOT / "docs" / "architecture.md").read_text()
    named = set(re.findall(r"`(?:tui/)?([a-z_]+)`", guide))
    tops = {Path(room).parts[1] for room in ROOMS if room.startswith("tui/")}
    domain = {Path(room).parts[2] for room in ROOMS if room.startswith("tui/domain/")}
    assert tops | domain <= named
