"""BER into DER, as far as time stamps of the field need it: lengths become the shortest, everything else stays as it stands."""

from __future__ import annotations

from tui.verification.faults import Malformed
from tui.verification.pkix.der import shortest_length

__all__ = ["to_der"]

_CONSTRUCTED, _LONG_TAG, _MORE = 0x20, 0x1F, 0x80
_DEEPEST = 64


def to_der(data: bytes) -> bytes:
    """The one element of the bytes with the shortest lengths throughout; ValueError for an indefinite length."""
    element, end = _element(data, 0, len(data), 0)
    if end != len(data):
        raise Malformed("there are bytes after the end")
    return element


def _element(data: bytes, start: int, end: int, depth: int) -> tuple[bytes, int]:
    """The element at `start`, rewritten, and where the next one begins."""
    if depth > _DEEPEST:
        raise Malformed("the elements are nested too deep")
    body = _after_tag(data, start, end)
    content, length = _length(data, body, end)
    stop = content + length
    if stop > end:
        raise Malformed("an element is cut off")
    inside = data[content:stop]
    if data[start] & _CONSTRUCTED:
        members, position = [], content
        while position < stop:
            member, position = _element(data, position, stop, depth + 1)
            members.append(member)
        inside = b"".join(members)
    return data[start:body] + shortest_length(len(inside)) + inside, stop


def _after_tag(data: bytes, start: int, end: int) -> int:
    position = start + 1
    if start < end and data[start] & _LONG_TAG == _LONG_TAG:
        while position < end and data[position] & _MORE:
            position += 1
        position += 1
    if position >= end:
        raise Malformed("an element is cut off")
    return position


def _length(data: bytes, position: int, end: int) -> tuple[int, int]:
    """Where the content begins, and its length."""
    first = data[position]
    if first < 0x80:
        return position + 1, first
    width = first & 0x7F
    if not 0 < width <= 4 or position + 1 + width > end:
        raise Malformed("a length is indefinite or too long")
    return position + 1 + width, int.from_bytes(data[position + 1 : position + 1 + width], "big")
