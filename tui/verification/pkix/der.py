"""A strict reader of DER (X.690), with the rules of Go's cryptobyte: shortest lengths, minimal integers, low tag numbers.

Like Go's, it reads what is asked for and leaves what follows inside an element alone; each caller says where nothing may follow.
"""

from __future__ import annotations

from tui.verification.faults import Malformed
from tui.verification.pkix.moment import Moment, der_generalized_time, der_utc_time

__all__ = [
    "BIT_STRING",
    "BOOLEAN",
    "ENUMERATED",
    "GENERALIZED_TIME",
    "INTEGER",
    "OCTET_STRING",
    "OID",
    "SEQUENCE",
    "SET",
    "UTC_TIME",
    "DerReader",
    "constructed",
    "context",
    "encoded",
    "shortest_length",
]

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, OID = 0x01, 0x02, 0x03, 0x04, 0x06
ENUMERATED, UTC_TIME, GENERALIZED_TIME, SEQUENCE, SET = 0x0A, 0x17, 0x18, 0x30, 0x31
_HIGH_TAG = 0x1F
_OID_LIMIT = 1 << 31
_INT64 = 1 << 63


def context(number: int) -> int:
    """The tag of a primitive element of the context, as [number] IMPLICIT has it."""
    return 0x80 | number


def constructed(number: int) -> int:
    """The tag of a constructed element of the context, as [number] EXPLICIT has it."""
    return 0xA0 | number


def shortest_length(length: int) -> bytes:
    """A length in DER."""
    if length < 128:
        return bytes([length])
    width = (length.bit_length() + 7) // 8
    return bytes([0x80 | width]) + length.to_bytes(width, "big")


def encoded(tag: int, content: bytes) -> bytes:
    """An element in DER."""
    return bytes([tag]) + shortest_length(len(content)) + content


class DerReader:
    """A cursor over some bytes; each method reads one element and moves on, or raises ValueError."""

    def __init__(self, data: bytes, start: int = 0, end: int | None = None) -> None:
        self._data = data
        self._at = start
        self._end = len(data) if end is None else end

    @property
    def empty(self) -> bool:
        """True when nothing is left."""
        return self._at >= self._end

    def peek(self, tag: int) -> bool:
        """True when the next element has the tag."""
        return self._at < self._end and self._data[self._at] == tag

    def rest(self) -> bytes:
        """All that is left."""
        return self._data[self._at : self._end]

    def done(self) -> None:
        """ValueError when something is left."""
        if not self.empty:
            raise Malformed("there are bytes after the end")

    def any(self) -> tuple[int, DerReader]:
        """The next element: its tag, and a reader of its content."""
        tag, content, end = self._head()
        self._at = end
        return tag, DerReader(self._data, content, end)

    def take(self, tag: int) -> DerReader:
        """A reader of the content of the next element, which must have the tag."""
        actual, content, end = self._head()
        if actual != tag:
            raise Malformed(f"there is another element than expected (tag {actual:#x})")
        self._at = end
        return DerReader(self._data, content, end)

    def raw(self, tag: int | None = None) -> bytes:
        """The next element with its head."""
        actual, _, end = self._head()
        if tag is not None and actual != tag:
            raise Malformed(f"there is another element than expected (tag {actual:#x})")
        start, self._at = self._at, end
        return self._data[start:end]

    def optional(self, tag: int) -> DerReader | None:
        """A reader of the content of the next element when it has the tag."""
        return self.take(tag) if self.peek(tag) else None

    def explicit(self, number: int) -> DerReader | None:
        """A reader of what stands under an explicit tag, where the next element has it.

        As encoding/asn1 of Go looks for it: a last element without content is refused, whatever its tag.
        """
        if self.empty:
            return None
        _, content, _ = self._head()
        if content >= self._end:
            raise Malformed("an explicit tag has no child")
        return self.optional(constructed(number))

    def octets(self, tag: int = OCTET_STRING) -> bytes:
        """The content of the next element."""
        return self.take(tag).rest()

    def boolean(self) -> bool:
        """A BOOLEAN of 0 or 0xff."""
        content = self.octets(BOOLEAN)
        if content not in (b"\x00", b"\xff"):
            raise Malformed("a BOOLEAN is not in DER")
        return content == b"\xff"

    def integer(self, tag: int = INTEGER) -> int:
        """An INTEGER, or what is tagged in its place, in its shortest form."""
        content = self.octets(tag)
        if not content or (len(content) > 1 and content[0] in (0, 0xFF) and (content[0] ^ content[1]) < 0x80):
            raise Malformed("an INTEGER is not in its shortest form")
        return int.from_bytes(content, "big", signed=True)

    def small(self, tag: int = INTEGER) -> int:
        """An INTEGER that fits into 64 bits."""
        value = self.integer(tag)
        if not -_INT64 <= value < _INT64:
            raise Malformed("an INTEGER does not fit into 64 bits")
        return value

    def oid(self) -> str:
        """An OBJECT IDENTIFIER in dotted form."""
        return dotted(self.octets(OID))

    def bits(self) -> tuple[bytes, int]:
        """A BIT STRING: its bytes, and how many bits of the last are padding, all zero."""
        content = self.octets(BIT_STRING)
        if not content or content[0] > 7:
            raise Malformed("a BIT STRING is not in DER")
        padding, value = content[0], content[1:]
        if padding and (not value or value[-1] & ((1 << padding) - 1)):
            raise Malformed("a BIT STRING is not in DER")
        return value, padding

    def aligned_bits(self) -> bytes:
        """A BIT STRING with its padding at the front, as keys and signatures are read."""
        value, padding = self.bits()
        if not padding:
            return value
        return (int.from_bytes(value, "big") >> padding).to_bytes(len(value), "big")

    def moment(self, *, fraction: bool = False) -> Moment:
        """A UTCTime or a GeneralizedTime."""
        tag, content = self.any()
        if tag == UTC_TIME:
            return der_utc_time(content.rest())
        if tag != GENERALIZED_TIME:
            raise Malformed("there is no time where one is expected")
        return der_generalized_time(content.rest(), fraction=fraction)

    def _head(self) -> tuple[int, int, int]:
        """The tag of the next element, and where its content begins and ends."""
        data, position = self._data, self._at
        if position + 2 > self._end:
            raise Malformed("an element is cut off")
        tag, length, content = data[position], data[position + 1], position + 2
        if tag & _HIGH_TAG == _HIGH_TAG:
            raise Malformed("an element has a high tag number")
        if length & 0x80:
            width = length & 0x7F
            length = int.from_bytes(data[content : content + width], "big")
            if not 0 < width <= 4 or content + width > self._end or length < 128 or not length >> (8 * width - 8):
                raise Malformed("a length is not in its shortest form")
            content += width
        if content + length > self._end:
            raise Malformed("an element is cut off")
        return tag, content, content + length


def dotted(content: bytes) -> str:
    """The dotted form of an OBJECT IDENTIFIER's content; ValueError unless in DER and within 31 bits an arc."""
    arcs: list[int] = []
    value, start = 0, True
    for byte in content:
        if (start and byte == 0x80) or value >= _OID_LIMIT >> 7:
            raise Malformed("an OBJECT IDENTIFIER is not in DER")
        value = value << 7 | byte & 0x7F
        start = not byte & 0x80
        if start:
            arcs.append(value)
            value = 0
    if not arcs or not start:
        raise Malformed("an OBJECT IDENTIFIER is cut off")
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))
