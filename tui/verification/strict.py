"""Strict readers of JSON and base64: what two readers could understand differently is refused."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable
from typing import TypeAlias

from tui.verification.faults import Malformed

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
_MOST_DIGITS = 400


def _unique(pairs: list[tuple[str, Json]]) -> Json:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Malformed("json: duplicate member")
    return members


def _no_constant(name: str) -> float:
    raise Malformed(f"json: {name} is not a number")


def json_object(data: bytes, *, as_floats: bool = False) -> dict[str, Json]:
    """The JSON object that the UTF-8 bytes hold, without duplicate members at any depth; ValueError otherwise.

    `as_floats` refuses a number that a float cannot hold, as Go does where it reads numbers without a type.
    """
    if len(data) > _DATA_LIMIT:
        raise Malformed("json: too large")
    decoder = _FLOATS if as_floats else _NUMBERS
    try:
        value: Json = decoder.decode(data.decode("utf-8"))
    except RecursionError as error:
        raise Malformed("json: too deep") from error
    except UnicodeDecodeError as error:
        raise Malformed("json: not UTF-8") from error
    except json.JSONDecodeError as error:
        raise Malformed("it is not JSON") from error
    if not isinstance(value, dict):
        raise Malformed("json: not an object")
    return value


def _integer(text: str) -> int | float:
    """An integer; one of thousands of digits, which no member of ours may be, is only kept as a number."""
    return int(text) if len(text) <= _MOST_DIGITS else float(text)


def _held_integer(text: str) -> int | float:
    _held_float(text)
    return int(text)


def _held_float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise Malformed("json: a number that is too large")
    return value


_NUMBERS = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_integer)
_FLOATS = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_held_integer, parse_float=_held_float
)


def refuse_lookalikes(members: Iterable[str], names: Iterable[str]) -> None:
    """ValueError for a member that differs from one of `names` by case only: encoding/json of Go would take it for that one."""
    folded = {name.casefold(): name for name in names}
    for member in members:
        if folded.get(member.casefold(), member) != member:
            raise Malformed(f"json: member {member!r} is written in another case")


def base64url_bytes(text: str) -> bytes:
    """Unpadded base64url in its only canonical form (RFC 7515 section 2)."""
    try:
        data = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError as error:
        raise Malformed("illegal base64url") from error
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != text:
        raise Malformed("illegal base64url")
    return data


def base64_bytes(text: str) -> bytes:
    """Padded base64 in its only canonical form."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except ValueError as error:
        raise Malformed("illegal base64") from error
    if base64.b64encode(data).decode() != text:
        raise Malformed("illegal base64")
    return data


def text_of(members: dict[str, Json], name: str) -> str:
    """A member that must be text."""
    value = members.get(name)
    if not isinstance(value, str):
        raise Malformed(f"{name} is missing or not text")
    if any("\ud800" <= character <= "\udfff" for character in value):  # a lone surrogate is not text
        raise Malformed(f"{name} is not text")
    return value


def integer_of(members: dict[str, Json], name: str) -> int:
    """A member that must be an integer."""
    value = members.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Malformed(f"{name} is missing or not an integer")
    return value


def object_of(members: dict[str, Json], name: str) -> dict[str, Json]:
    """A member that must be an object."""
    value = members.get(name)
    if not isinstance(value, dict):
        raise Malformed(f"{name} is missing or not an object")
    return value


def strings_of(members: dict[str, Json], name: str) -> tuple[str, ...]:
    """A member that must be a list of text; empty when absent or null."""
    value = members.get(name)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise Malformed(f"{name} is not a list")
    texts = tuple(item for item in value if isinstance(item, str))
    if len(texts) != len(value):
        raise Malformed(f"{name} holds something that is not text")
    return texts
