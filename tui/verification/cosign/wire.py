"""Readers of what cosign stores, as strict as its own: JSON as Go decodes it, base64 with line breaks, PEM without junk."""

from __future__ import annotations

import base64
import math
import re

from tui.verification.strict import Json, json_object, refuse_lookalikes

__all__ = ["canonical_base64", "go_base64", "json_members", "optional_object", "pem_blocks"]

_MAX_BLOCKS = 16
_PEM = re.compile(r"\s*-----BEGIN ([A-Z0-9 ]{1,40})-----\s([A-Za-z0-9+/=\s]*?)-----END \1-----", re.ASCII)


def go_base64(text: str) -> bytes:
    """Padded base64 as encoding/base64 of Go decodes it: line breaks anywhere are skipped (openssl writes them)."""
    return base64.b64decode(text.replace("\r", "").replace("\n", "").encode("ascii"), validate=True)


def json_members(data: bytes, *names: str) -> dict[str, Json]:
    """A JSON object without a second reading: no duplicate, no look-alike of one of these `names`, no number out of range."""
    members = json_object(data)
    _refuse_infinite(members)
    refuse_lookalikes(members, names)
    return members


def _refuse_infinite(value: Json) -> None:
    """ValueError for a number that a 64-bit float cannot hold: encoding/json of Go refuses it."""
    pending: list[Json] = [value]
    while pending:
        match pending.pop():
            case float() as number if not math.isfinite(number):
                raise ValueError("json: a number is out of range")
            case int() as number if abs(number) > 1 << 1023:
                raise ValueError("json: a number is out of range")
            case list() as items:
                pending += items
            case dict() as members:
                pending += members.values()


def optional_object(members: dict[str, Json], name: str, *names: str) -> dict[str, Json]:
    """A member that is an object, without look-alikes of the `names`; empty when it is null or not there."""
    value = members.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError(f"{name} is not an object")
    refuse_lookalikes(value, names)
    return value


def pem_blocks(text: str) -> list[tuple[str, bytes]]:
    """Label and content of each block of a PEM text that holds nothing else; ValueError otherwise."""
    text, position = text.strip(), 0
    blocks: list[tuple[str, bytes]] = []
    while position < len(text):
        block = _PEM.match(text, position)
        if block is None or len(blocks) == _MAX_BLOCKS:
            raise ValueError("not PEM")
        blocks.append((block[1], base64.b64decode("".join(block[2].split()), validate=True)))
        position = block.end()
    return blocks


def canonical_base64(data: bytes) -> str:
    """Padded base64 in its one canonical form."""
    return base64.b64encode(data).decode()
