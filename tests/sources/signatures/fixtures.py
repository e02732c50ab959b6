"""The shared signature fixtures: made by notation, cosign and others, judged as their INDEX.md says."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4] / "shared" / "fixtures" / "signatures"

needs_fixtures = pytest.mark.skipif(not ROOT.exists(), reason=f"the signature fixtures are not at {ROOT.parent.name}/{ROOT.name}")


def indexed() -> list[tuple[str, str, str, str]]:
    """The rows of INDEX.md: system, case, expected verdict, file."""
    if not ROOT.exists():
        return []
    rows = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in (ROOT / "INDEX.md").read_text().splitlines()]
    found = [row for row in rows if len(row) >= 5 and row[0] in ("notation", "cosign")]
    return [(row[0], row[1], row[3], row[2].strip("`")) for row in found]


def read(path: str) -> bytes:
    """A file of the fixtures."""
    return (ROOT / path).read_bytes()
