"""Readers of what cosign stores, as strict as its own: JSON as Go decodes it, base64 with line breaks, PEM without junk."""

from __future__ import annotations

import base64
import math

from tui.verification.pkix import pem
from tui.verification.strict import Json, json_object, refuse_lookalikes

__all__ = ["canonical_base64", "go_base64", "json_members", "optional_object", "pem_blocks"]

_MAX_BLOCKS = 16
_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""What Go takes for white space around a text (unicode.IsSpace)."""


def go_base64(text: str) -> bytes:
    """Padded base64 as Go decodes it, line breaks and all."""
    return pem.go_base64(text.encode("ascii"))


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
    """Label and content of each block of a PEM text (cryptoutils.UnmarshalCertificatesFromPEM); ValueError for what follows."""
    rest = text.strip(_SPACE).encode()
    blocks: list[tuple[str, bytes]] = []
    while rest:
        block = pem.first_block(rest)
        if block is None or len(blocks) == _MAX_BLOCKS:
            raise ValueError("not PEM")
        blocks.append((block.label, block.content))
        rest = block.rest
    return blocks


def canonical_base64(data: bytes) -> str:
    """Padded base64 in its one canonical form."""
    return base64.b64encode(data).decode()
