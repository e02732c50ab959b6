"""Distinguished names as Go reads them: every string type that certificates in the field bear, and no other."""

from __future__ import annotations

import msgspec

from tui.domain.common.text import clean
from tui.verification.faults import Malformed
from tui.verification.pkix.der import SEQUENCE, SET, DerReader

__all__ = ["COMMON_NAME", "SERIAL_NUMBER", "Name", "NameAttribute", "parse_name"]

COMMON_NAME, SERIAL_NUMBER = "2.5.4.3", "2.5.4.5"

# `*` and `&` are not of the set, and stand in names of the field: Go takes them.
_PRINTABLES = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 '()+,-./:=?*&")
_NUMERICS = frozenset(b"0123456789 ")

# RFC 4514 section 3, as it is shown.
_SHORT = {
    COMMON_NAME: "CN",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.6": "C",
    "2.5.4.9": "STREET",
    "0.9.2342.19200300.100.1.25": "DC",
    "0.9.2342.19200300.100.1.1": "UID",
}


class NameAttribute(msgspec.Struct, frozen=True):
    """One attribute: the OID of its type, and its text."""

    oid: str
    value: str


class Name(msgspec.Struct, frozen=True):
    """A name: its DER, by which names are compared, and its attributes, one tuple for each RDN."""

    der: bytes
    rdns: tuple[tuple[NameAttribute, ...], ...]

    def __str__(self) -> str:
        """RFC 4514 form, cleaned."""
        parts = ("+".join(map(_written, rdn)) for rdn in reversed(self.rdns))
        return clean(",".join(parts), 300)


def parse_name(der: bytes) -> Name:
    """The name; ValueError for what Go would not read."""
    outer = DerReader(der)
    sequence = outer.take(SEQUENCE)
    rdns: list[tuple[NameAttribute, ...]] = []
    while not sequence.empty:
        members, attributes = sequence.take(SET), []
        while not members.empty:
            attribute = members.take(SEQUENCE)
            oid = attribute.oid()
            tag, value = attribute.any()
            attributes.append(NameAttribute(oid, _text(tag, value.rest())))
        rdns.append(tuple(attributes))
    return Name(der, tuple(rdns))


def _text(tag: int, content: bytes) -> str:
    match tag:
        case 0x0C:
            return content.decode("utf-8")
        case 0x13 if _PRINTABLES.issuperset(content):
            return content.decode("ascii")
        case 0x14:
            return content.decode("latin-1")
        case 0x16:
            return content.decode("ascii")
        case 0x12 if _NUMERICS.issuperset(content):
            return content.decode("ascii")
        case 0x1E:
            return _bmp(content)
    raise Malformed("a name has a text of a kind, or with a character, that it may not have")


def _bmp(content: bytes) -> str:
    """UCS-2 without a terminator, surrogates and non-characters."""
    if len(content) % 2:
        raise Malformed("a name has a BMPString of an odd length")
    text = content.removesuffix(b"\0\0").decode("utf-16-be", "surrogatepass")
    if any(0xD800 <= ord(c) <= 0xDFFF or 0xFDD0 <= ord(c) <= 0xFDEF or ord(c) > 0xFFFD for c in text):
        raise Malformed("a name has a BMPString with an invalid character")
    return text


def _written(attribute: NameAttribute) -> str:
    return f"{_SHORT.get(attribute.oid, attribute.oid)}={_escaped(attribute.value)}"


def _escaped(value: str) -> str:
    """RFC 4514 section 2.4."""
    text = "".join(f"\\{c}" if c in '\\",+;<>' else c for c in value).replace("\0", "\\00")
    if text[:1] in ("#", " "):
        text = "\\" + text
    return text[:-1] + "\\ " if text.endswith(" ") and len(text) > 1 else text
