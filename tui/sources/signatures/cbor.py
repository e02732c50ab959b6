"""A strict reader of the part of CBOR that signatures use (RFC 8949).

Definite lengths only, shortest length arguments, no duplicate map keys, no floats, bounded depth and count, nothing after
the end: what two readers could understand differently is refused.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

__all__ = ["MAX_DEPTH", "Tagged", "Value", "encode_bytes", "encode_head", "encode_text", "read"]

MAX_DEPTH = 12
MAX_ITEMS = 10_000


class Tagged(msgspec.Struct, frozen=True):
    """A tagged value (major type 6)."""

    tag: int
    value: Value


Value: TypeAlias = "int | bytes | str | bool | list[Value] | dict[int | str, Value] | Tagged | None"

_SIMPLE: dict[int, bool | None] = {20: False, 21: True, 22: None}


def read(data: bytes) -> Value:
    """The one value that the bytes hold; ValueError for anything else."""
    reader = _Reader(data)
    value = reader.value(0)
    if reader.position != len(data):
        raise ValueError("cbor: bytes after the end")
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

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0
        self._items = 0

    def value(self, depth: int) -> Value:
        """Any value, at most `MAX_DEPTH` deep."""
        self._count(depth)
        major, argument = self._head()
        match major:
            case 0:
                return argument
            case 1:
                return -1 - argument
            case 2:
                return self._take(argument)
            case 3:
                return self._take(argument).decode("utf-8")
            case 4:
                return self._array(argument, depth)
            case 5:
                return self._map(argument, depth)
            case 6:
                return Tagged(argument, self.value(depth + 1))
            case _:
                return _simple(argument)

    def _count(self, depth: int) -> None:
        self._items += 1
        if depth > MAX_DEPTH:
            raise ValueError("cbor: too deep")
        if self._items > MAX_ITEMS:
            raise ValueError("cbor: too many items")

    def _take(self, count: int) -> bytes:
        end = self.position + count
        if end > len(self._data):
            raise ValueError("cbor: truncated")
        taken = self._data[self.position : end]
        self.position = end
        return taken

    def _head(self) -> tuple[int, int]:
        initial = self._take(1)[0]
        major, info = initial >> 5, initial & 0x1F
        if info < 24:
            return major, info
        if info > 27:
            raise ValueError("cbor: indefinite or reserved length")
        width = 1 << (info - 24)
        argument = int.from_bytes(self._take(width), "big")
        if major == 7 or argument < (24 if width == 1 else 1 << (4 * width)):
            raise ValueError("cbor: float, or a length that is not the shortest")
        return major, argument

    def _array(self, count: int, depth: int) -> list[Value]:
        if count > len(self._data) - self.position:
            raise ValueError("cbor: truncated")
        return [self.value(depth + 1) for _ in range(count)]

    def _map(self, count: int, depth: int) -> dict[int | str, Value]:
        if count * 2 > len(self._data) - self.position:
            raise ValueError("cbor: truncated")
        found: dict[int | str, Value] = {}
        for _ in range(count):
            key = self.value(depth + 1)
            if not isinstance(key, int | str) or isinstance(key, bool):
                raise ValueError("cbor: a map key is neither an integer nor text")
            if key in found:
                raise ValueError("cbor: duplicate map key")
            found[key] = self.value(depth + 1)
        return found


def _simple(argument: int) -> bool | None:
    if argument not in _SIMPLE:
        raise ValueError("cbor: unknown simple value")
    return _SIMPLE[argument]
