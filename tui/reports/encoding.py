"""JSON that is data for programs and harmless on a terminal."""

from __future__ import annotations

import re

import msgspec

__all__ = ["encode"]

_BEYOND = re.compile(r"[^\x20-\x7e]")


def encode(value: msgspec.Struct) -> bytes:
    """Compact JSON in UTF-8; characters that do not print (controls, bidi, invisible ones) are escaped as `\\u....`."""
    encoded = msgspec.json.encode(value)
    if encoded.isascii() and b"\x7f" not in encoded:
        return encoded
    return _BEYOND.sub(_escaped, encoded.decode()).encode()


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    if character.isprintable():
        return character
    wide = character.encode("utf-16-be")
    return "".join(f"\\u{wide[position]:02x}{wide[position + 1]:02x}" for position in range(0, len(wide), 2))
