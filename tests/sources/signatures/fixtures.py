"""The shared signature fixtures, made by notation, cosign and others; and what stands of them in `tests/shapes`.

A shape of a case is its name, the verdict and the reason: envelopes of it are made by our own signer, on every clone.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import NamedTuple

__all__ = ["HERE", "ROOT", "SIGNATURES", "Case", "cases", "indexed", "read", "shapes"]

ROOT = Path(__file__).resolve().parents[4] / "shared" / "fixtures" / "signatures"
HERE = ROOT.is_dir()
"""Whether the fixtures lie beside the repository."""
SIGNATURES = Path(__file__).resolve().parents[2] / "shapes" / "signatures.toml"


class Case(NamedTuple):
    """A case of the index; `path` is that of the fixture, empty for what is made, `step` what the index names."""

    name: str
    verdict: str
    reason: str = ""
    path: str = ""
    step: str = ""

    def __str__(self) -> str:
        """As tests are called."""
        return f"{self.name} {'fixture' if self.path else 'made'}"


def indexed(system: str) -> list[Case]:
    """The rows of INDEX.md; the reason is not there."""
    if not HERE:
        return []
    rows = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in (ROOT / "INDEX.md").read_text().splitlines()]
    return [
        Case(row[1], row[3], "", row[2].strip("`"), row[4].partition(":")[0])
        for row in rows
        if len(row) >= 5 and row[0] == system
    ]


def shapes() -> dict[str, list[dict[str, str]]]:
    """What stands of the fixtures; nothing before it was made."""
    text = SIGNATURES.read_text(encoding="utf-8") if SIGNATURES.exists() else ""
    return {"notation": [], "cosign": [], "envelope": []} | tomllib.loads(text)


def cases(system: str) -> list[Case]:
    """The cases of a system to be made, and those of the fixtures, where they lie, with the same reasons."""
    made = [Case(row["case"], row["verdict"], row["reason"]) for row in shapes()[system]]
    reasons = {case.name: case.reason for case in made}
    return [*made, *(case._replace(reason=reasons.get(case.name, "")) for case in indexed(system))]


def read(path: str) -> bytes:
    """A file of the fixtures."""
    return (ROOT / path).read_bytes()
