"""Two encoders, each as far as it is needed: DER (X.690) and CBOR (RFC 8949)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

__all__ = ["Tagged", "algorithm", "bits", "cbor", "explicit", "generalized", "implicit", "integer", "octets", "oid", "sequence"]
__all__ += ["set_of"]

# ---- DER


def _tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def sequence(*parts: bytes) -> bytes:
    """SEQUENCE."""
    return _tlv(0x30, b"".join(parts))


def set_of(parts: Iterable[bytes]) -> bytes:
    """SET OF: sorted by encoding."""
    return _tlv(0x31, b"".join(sorted(parts)))


def integer(value: int) -> bytes:
    """INTEGER of a number that is not negative."""
    return _tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octets(value: bytes) -> bytes:
    """OCTET STRING."""
    return _tlv(0x04, value)


def bits(value: bytes) -> bytes:
    """BIT STRING of whole bytes."""
    return _tlv(0x03, b"\0" + value)


def oid(text: str) -> bytes:
    """OBJECT IDENTIFIER."""
    first, second, *arcs = (int(part) for part in text.split("."))
    return _tlv(0x06, b"".join(_base128(number) for number in (first * 40 + second, *arcs)))


def _base128(number: int) -> bytes:
    septets = [number & 0x7F]
    while number := number >> 7:
        septets.append(number & 0x7F | 0x80)
    return bytes(reversed(septets))


def generalized(moment: datetime) -> bytes:
    """GeneralizedTime in whole seconds."""
    return _tlv(0x18, moment.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode())


def explicit(number: int, content: bytes) -> bytes:
    """[number] EXPLICIT."""
    return _tlv(0xA0 | number, content)


def implicit(number: int, encoded: bytes) -> bytes:
    """[number] IMPLICIT: a constructed value under another tag."""
    return bytes([0xA0 | number]) + encoded[1:]


def algorithm(name: str) -> bytes:
    """AlgorithmIdentifier without parameters."""
    return sequence(oid(name))


# ---- CBOR


@dataclass(frozen=True, slots=True)
class Tagged:
    """A value under a tag."""

    number: int
    value: object


def cbor(value: object) -> bytes:
    """Encode numbers, texts, bytes, lists, maps and tags with definite lengths, members in the order given."""
    match value:
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case bytes():
            return _head(2, len(value)) + value
        case str():
            return _head(3, len(value.encode())) + value.encode()
        case list():
            return _head(4, len(value)) + b"".join(cbor(item) for item in value)
        case dict():
            return _head(5, len(value)) + b"".join(cbor(key) + cbor(item) for key, item in value.items())
        case Tagged():
            return _head(6, value.number) + cbor(value.value)
        case _:
            raise TypeError(type(value).__name__)


def _head(major: int, count: int) -> bytes:
    if count < 24:
        return bytes([major << 5 | count])
    width = next(place for place in range(4) if count < 1 << (8 << place))
    return bytes([major << 5 | 24 + width]) + count.to_bytes(1 << width, "big")
