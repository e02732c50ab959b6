"""What `docs/architecture.md` and `docs/contributing.md` name stands there: modules, rooms, where to begin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ARCHITECTURE, CONTRIBUTING = (ROOT / "docs" / name for name in ("architecture.md", "contributing.md"))
ROOMS = ("", "tui", "tui/domain", "tui/domain/facts", "tui/presenters", "tui/sources", "tui/ui", "tui/verification")
BASES = [ROOT / room for room in ROOMS]
"""What a path may be relative to; the last ones where the sentence says so."""
PLACE = re.compile(r"`([a-z_.]+(?:/[a-z_.*]+)+|[a-z_]+/|[a-z_]+\.(?:py|md))`")
WORD = re.compile(r"`([a-z_]+(?:/[a-z_]+)*)`")


def is_there(place: str) -> bool:
    """Whether a path is that of a module, a room or a file, from somewhere that it may be relative to."""
    place = place.rstrip("/").removesuffix("/*")
    return any((base / place).exists() or (base / f"{place}.py").exists() for base in BASES)


def places(page: Path) -> Iterator[str]:
    """Every path that a page names, but those with a NAME of one's own."""
    yield from PLACE.findall(page.read_text())


@pytest.mark.parametrize("page", [ARCHITECTURE, CONTRIBUTING], ids=lambda page: page.stem)
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    named = list(places(page))
    assert len(named) > 20
    files = {path.name for room in ("tui", "tests", "docs") for path in (ROOT / room).rglob("*.*")}
    assert [place for place in named if not is_there(place) and place not in files] == []


def test_every_room_of_the_tables_exists_and_begins_where_it_says() -> None:
    rows = [row.split("|")[1:-1] for row in ARCHITECTURE.read_text().splitlines() if row.startswith("| `")]
    assert len(rows) > 15
    for rooms, _, begin in rows:
        folders = [base / room for room in WORD.findall(rooms) for base in BASES if (base / room).is_dir()]
        modules = WORD.findall(begin)
        lost = [name for name in modules if not any((folder / f"{name}.py").is_file() for folder in folders)]
        assert folders or not modules, rooms
        assert not lost, (rooms, lost)


def test_every_room_has_its_row() -> None:
    table = set(WORD.findall("\n".join(row for row in ARCHITECTURE.read_text().splitlines() if row.startswith("| `"))))
    rooms = {path.name for path in (ROOT / "tui").iterdir() if path.is_dir() and (path / "__init__.py").exists()}
    inner = {path.name for path in (ROOT / "tui/domain").iterdir() if (path / "__init__.py").exists()}
    assert {f"tui/{room}" for room in rooms} <= table
    assert inner <= table
