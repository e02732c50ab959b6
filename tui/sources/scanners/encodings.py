"""Encodings of report files: UTF-8 as JSON has it, and what shells of other systems make of it (`>` of PowerShell)."""

from __future__ import annotations

import codecs

from tui.errors import UntrustedPayload

__all__ = ["as_utf8"]

# The longer marks first: that of UTF-32 in little endian begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def as_utf8(body: bytes) -> bytes:
    """The text in UTF-8 without a byte order mark. Raises UntrustedPayload naming the encoding that it cannot be read in."""
    mark, encoding = next(((mark, name) for mark, name in _MARKS if body.startswith(mark)), (b"", _unmarked(body)))
    if encoding == "utf-8":
        return _checked(body[len(mark) :])
    try:
        return body[len(mark) :].decode(encoding).encode()
    except UnicodeError as error:
        raise UntrustedPayload(
            f"it begins as {encoding.upper()} and is cut or damaged", "Write the report again as UTF-8."
        ) from error


def _unmarked(body: bytes) -> str:
    """The encoding by the zero bytes beside the first character, which is ASCII in every format (RFC 4627, section 3)."""
    zeros = tuple(not byte for byte in body[:4])
    patterns: dict[tuple[bool, ...], str] = {
        (False, True, True, True): "utf-32-le",
        (True, True, True, False): "utf-32-be",
        (False, True, False, True): "utf-16-le",
        (True, False, True, False): "utf-16-be",
    }
    return patterns.get(zeros, "utf-8")


def _checked(body: bytes) -> bytes:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise UntrustedPayload(f"it is not in UTF-8 (line {line})", "Write the report again as UTF-8.") from error
    return body
