"""Strict readers of JSON and base64: what two readers could understand differently is refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import TypeAlias

__all__ = [
    "Json",
    "base64_bytes",
    "base64url_bytes",
    "integer_of",
    "json_object",
    "object_of",
    "refuse_lookalikes",
    "strings_of",
    "text_of",
]

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

_DATA_LIMIT = 32 << 20


def _unique(pairs: list[tuple[str, Json]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("json: duplicate member")
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"json: {name} is not a number")


def json_object(data: bytes) -> dict[str, Json]:
    """The JSON object that the UTF-8 bytes hold, without duplicate members at any depth; ValueError otherwise."""
    if len(data) > _DATA_LIMIT:
        raise ValueError("json: too large")
    try:
        value: Json = json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("json: too deep") from error
    if not isinstance(value, dict):
        raise ValueError("json: not an object")
    return value


def refuse_lookalikes(members: Iterable[str], known: Iterable[str]) -> None:
    """ValueError for a member that differs from a known one by case only: encoding/json of Go would take it for that one."""
    folded = {name.casefold(): name for name in known}
    for member in members:
        if folded.get(member.casefold(), member) != member:
            raise ValueError(f"json: member {member!r} is written in another case")


def base64url_bytes(text: str) -> bytes:
    """Unpadded base64url in its only canonical form (RFC 7515 section 2)."""
    data = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != text:
        raise ValueError("illegal base64url")
    return data


def base64_bytes(text: str) -> bytes:
    """Padded base64 in its only canonical form."""
    data = base64.b64decode(text.encode("ascii"), validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("illegal base64")
    return data


def text_of(members: dict[str, Json], name: str) -> str:
    """A member that must be text."""
    value = members.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name} is missing or not text")
    value.encode("utf-8")  # a lone surrogate is not text
    return value


def integer_of(members: dict[str, Json], name: str) -> int:
    """A member that must be an integer."""
    value = members.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{name} is missing or not an integer")
    return value


def object_of(members: dict[str, Json], name: str) -> dict[str, Json]:
    """A member that must be an object."""
    value = members.get(name)
    if not isinstance(value, dict):
        raise ValueError(f"{name} is missing or not an object")
    return value


def strings_of(members: dict[str, Json], name: str) -> tuple[str, ...]:
    """A member that must be a list of text; empty when absent or null."""
    value = members.get(name)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise ValueError(f"{name} is not a list")
    found = tuple(item for item in value if isinstance(item, str))
    if len(found) != len(value):
        raise ValueError(f"{name} holds something that is not text")
    return found
