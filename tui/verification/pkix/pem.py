"""PEM as Go's encoding/pem (1.24) reads it: blocks begin at the beginning of a line, and what lies before them is passed over."""

from __future__ import annotations

import base64
from typing import NamedTuple

__all__ = ["PemBlock", "first_block", "go_base64"]

_BEGIN, _END, _DASHES = b"-----BEGIN ", b"\n-----END ", b"-----"


class PemBlock(NamedTuple):
    """A block: its label, its content, and what follows it."""

    label: str
    content: bytes
    rest: bytes


def first_block(data: bytes) -> PemBlock | None:
    """The first block that is whole; None without one. One that is not whole hides none that follows."""
    start = 0
    while (end := data.find(_END, start)) >= 0:
        begin = data.rfind(_BEGIN, start, end)
        if begin >= 0 and (begin == start or data[begin - 1 : begin] == b"\n"):
            block = _block(data, begin + len(_BEGIN), end)
            if block is not None:
                return block
        start = end + len(_END)
    return None


def _block(data: bytes, start: int, end: int) -> PemBlock | None:
    """The block whose label begins at `start` and whose last line at `end`, with the line break before it."""
    label, body = _line(data, start)
    if not label.endswith(_DASHES):
        return None
    label = label[: -len(_DASHES)]
    headers = body
    while b":" in (line := _line(data, body))[0]:
        body = line[1]
    trailer, rest = _line(data, end + len(_END))
    if trailer != label + _DASHES or (headers != body and body > end):
        return None
    try:
        content = go_base64(data[body:end].replace(b" ", b"").replace(b"\t", b""))
    except ValueError:
        return None
    return PemBlock(label.decode("latin-1"), content, data[rest:])


def _line(data: bytes, start: int) -> tuple[bytes, int]:
    """A line without its end and the blanks before that, and where the next begins."""
    end = data.find(b"\n", start)
    if end < 0:
        return data[start:].rstrip(b" \t"), len(data)
    return data[start:end].removesuffix(b"\r").rstrip(b" \t"), end + 1


def go_base64(text: bytes) -> bytes:
    """Padded base64 as encoding/base64 decodes it: line breaks anywhere are skipped (openssl writes them)."""
    plain = text.replace(b"\r", b"").replace(b"\n", b"")
    if len(plain) % 4:
        raise ValueError("not base64")
    return base64.b64decode(plain, validate=True)
