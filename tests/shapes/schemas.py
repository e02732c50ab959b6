"""The shape of the schema of SARIF: members, types and choices, without a word of what they are for.

The schema is that of OASIS (sarif-schema-2.1.0, rtm.5); it lies beside the repository.
"""

from __future__ import annotations

import json
from pathlib import Path

__all__ = ["SARIF", "SCHEMA", "sarif_shape", "write_sarif"]

SARIF = Path(__file__).with_name("sarif-2.1.0.json")
SCHEMA = Path(__file__).resolve().parents[2].parent / "shared/fixtures/signatures/ratify/test/testdata/sarif-2.1.0-rtm.5.json"
_WORDS = frozenset({"description", "title", "default", "$comment"})
_NAMED = frozenset({"definitions", "properties", "patternProperties"})
"""Members whose own members are names, whatever they are called."""


def write_sarif() -> None:
    """Make it anew."""
    SARIF.write_text(sarif_shape(), encoding="utf-8")


def sarif_shape() -> str:
    """The schema without words: what a validator goes by."""
    return json.dumps(_shape(json.loads(SCHEMA.read_text(encoding="utf-8"))), indent=1) + "\n"


def _shape(part: object, *, are_names: bool = False) -> object:
    match part:
        case dict():
            kept = {name: value for name, value in part.items() if are_names or name not in _WORDS}
            return {name: _shape(value, are_names=name in _NAMED and not are_names) for name, value in kept.items()}
        case list():
            return [_shape(item) for item in part]
        case _:
            return part
