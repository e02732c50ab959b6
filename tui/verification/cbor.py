"""A reader of CBOR (RFC 8949), as strict as that of notation and no stricter.

Definite lengths only, no duplicate map keys, integers within 64 bits, bounded depth and count, nothing after the end.
"""

from __future__ import annotations

import struct
from typing import TypeAlias

import msgspec

from tui.verification.faults import Malformed
from tui.verification.pkix.moment import rfc3339

__all__ = ["MAX_DEPTH", "OddKey", "Simple", "Tagged", "Value", "encode_bytes", "encode_head", "encode_text", "read"]

MAX_DEPTH = 32
MAX_ITEMS = 10_000


class Tagged(msgspec.Struct, frozen=True):
    """A tagged value (major type 6)."""

    tag: int
    value: Value


class Simple(msgspec.Struct, frozen=True):
    """A simple value without a meaning of its own."""

    number: int


class OddKey(msgspec.Struct, frozen=True):
    """A key of a map that is neither an integer nor text, by its kind and bytes."""

    kind: str
    value: str


Key: TypeAlias = "int | str | OddKey"
Value: TypeAlias = "int | float | bytes | str | bool | list[Value] | dict[Key, Value] | Tagged | Simple | None"

_SIMPLE: dict[int, bool | None] = {20: False, 21: True, 22: None, 23: None}
_FLOATS = {25: ">e", 26: ">f", 27: ">d"}
_LARGEST = (1 << 63) - 1


def read(data: bytes, *, tags: bool = True) -> Value:
    """The one value that the bytes hold; ValueError for anything else, and for a tag where there may be none."""
    reader = _Reader(data, tags=tags)
    value = reader.value(0)
    if reader.position != len(data):
        raise Malformed("cbor: bytes after the end")
    return value


def encode_head(major: int, argument: int) -> bytes:
    """The shortest head of a value of that major type (RFC 8949 section 4.2.1)."""
    if argument < 24:
        return bytes([major << 5 | argument])
    for info, width in ((24, 1), (25, 2), (26, 4)):
        if argument < 1 << (8 * width):
            return bytes([major << 5 | info]) + argument.to_bytes(width, "big")
    return bytes([major << 5 | 27]) + argument.to_bytes(8, "big")


def encode_bytes(value: bytes) -> bytes:
    """A byte string."""
    return encode_head(2, len(value)) + value


def encode_text(value: str) -> bytes:
    """A text string."""
    data = value.encode()
    return encode_head(3, len(data)) + data


class _Reader:
    """A cursor over the bytes; each method reads one thing and moves on."""

    def __init__(self, data: bytes, *, tags: bool) -> None:
        self._data = data
        self._tags = tags
        self.position = 0
        self._items = 0

    def value(self, depth: int) -> Value:
        """Any value; arrays, maps and tags at most `MAX_DEPTH` deep."""
        self._items += 1
        if self._items > MAX_ITEMS:
            raise Malformed("cbor: too many items")
        major, info, argument = self._head()
        match major:
            case 0:
                return _small(argument)
            case 1:
                return -1 - argument
            case 2:
                return self._take(argument)
            case 3:
                return self._text(argument)
            case 7:
                return _special(info, argument)
            case _:
                return self._nested(major, argument, depth)

    def _nested(self, major: int, argument: int, depth: int) -> Value:
        if depth >= MAX_DEPTH:
            raise Malformed("cbor: too deep")
        if major == 4:
            return self._array(argument, depth)
        if major == 5:
            return self._map(argument, depth)
        if not self._tags:
            raise Malformed("cbor: a tag where there may be none")
        return _tagged(argument, self.value(depth + 1))

    def _take(self, count: int) -> bytes:
        end = self.position + count
        if end > len(self._data):
            raise Malformed("cbor: truncated")
        data = self._data[self.position : end]
        self.position = end
        return data

    def _text(self, count: int) -> str:
        try:
            return self._take(count).decode("utf-8")
        except UnicodeDecodeError as error:
            raise Malformed("cbor: text that is not UTF-8") from error

    def _head(self) -> tuple[int, int, int]:
        """The major type, the additional information, and the argument."""
        initial = self._take(1)[0]
        major, info = initial >> 5, initial & 0x1F
        if info < 24:
            return major, info, info
        if info > 27:
            raise Malformed("cbor: indefinite or reserved length")
        return major, info, int.from_bytes(self._take(1 << (info - 24)), "big")

    def _array(self, count: int, depth: int) -> list[Value]:
        if count > len(self._data) - self.position:
            raise Malformed("cbor: truncated")
        return [self.value(depth + 1) for _ in range(count)]

    def _map(self, count: int, depth: int) -> dict[Key, Value]:
        if count * 2 > len(self._data) - self.position:
            raise Malformed("cbor: truncated")
        members: dict[Key, Value] = {}
        for _ in range(count):
            key = _key(self.value(depth + 1))
            if key in members:
                raise Malformed("cbor: duplicate map key")
            members[key] = self.value(depth + 1)
        return members


def _small(argument: int) -> int:
    """Go's reader keeps integers in 64 bits with a sign; larger ones it takes below zero only."""
    if argument > _LARGEST:
        raise Malformed("cbor: an integer of more than 63 bits")
    return argument


def _special(info: int, argument: int) -> Value:
    """Simple values and floats (RFC 8949 section 3.3)."""
    if info in _FLOATS:
        number: float = struct.unpack(_FLOATS[info], argument.to_bytes(1 << (info - 24), "big"))[0]
        return number
    if info == 24 and argument < 32:
        raise Malformed("cbor: a simple value in a wrong form")
    return _SIMPLE[argument] if argument in _SIMPLE else Simple(argument)


def _tagged(tag: int, value: Value) -> Tagged:
    """A tagged value whose content fits its tag (RFC 8949 section 3.4): dates and big numbers."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = {0: isinstance(value, str), 1: number, 2: isinstance(value, bytes), 3: isinstance(value, bytes)}
    if not fits.get(tag, True):
        raise Malformed(f"cbor: what stands under tag {tag} does not fit it")
    if tag == 0 and isinstance(value, str):
        rfc3339(value)
    return Tagged(tag, value)


def _key(value: Value) -> Key:
    if isinstance(value, int | str) and not isinstance(value, bool):
        return value
    if isinstance(value, bool | bytes | float | Simple) or value is None:
        return OddKey(type(value).__name__, repr(value))
    raise Malformed("cbor: a map key of a kind that cannot be one")
