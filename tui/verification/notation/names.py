"""Distinguished names as policies write them and certificates bear them (trust-store-trust-policy.md, trusted identities)."""

from __future__ import annotations

from tui.verification.faults import Malformed
from tui.verification.pkix.names import COMMON_NAME, SERIAL_NUMBER, Name

__all__ = ["attributes_of", "is_subset", "parse_name"]

MANDATORY = ("C", "ST", "O")
_SPECIAL = frozenset(' "#+,;<=>\\')

# The types that Go's pkix.Name prints by name; notation matches no other.
_TYPES = {
    COMMON_NAME: "CN",
    SERIAL_NUMBER: "SERIALNUMBER",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "STREET",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.17": "POSTALCODE",
}
_LAST_COUNTS = frozenset({COMMON_NAME, SERIAL_NUMBER})


def attributes_of(name: Name) -> dict[str, str]:
    """The attributes of a certificate's subject by type; ValueError for a subject that no identity but `*` may match.

    Which RDN an attribute stands in does not matter, and of several common names or serial numbers the last counts: Go writes
    the subject anew before notation compares it.
    """
    attributes: dict[str, str] = {}
    for attribute in (attribute for rdn in name.rdns for attribute in rdn):
        kind = _TYPES.get(attribute.oid)
        if kind is None:
            raise Malformed(f"the subject has an attribute of the unknown type {attribute.oid}")
        if kind in attributes and attribute.oid not in _LAST_COUNTS:
            raise Malformed(f"the subject has {kind} twice")
        if "=#" in attribute.value:
            raise Malformed("the subject has a value that cannot be compared")
        attributes[kind] = attribute.value
    return _complete(attributes)


def parse_name(text: str) -> dict[str, str]:
    """The attributes of a name in RFC 4514 form; ValueError for a name that a trust policy may not use."""
    if "=#" in text:
        raise Malformed("a DN may not contain '=#'")
    attributes: dict[str, str] = {}
    for part in _split(text):
        kind, value = _attribute(part)
        _add(attributes, "ST" if kind == "S" else kind, value)
    return _complete(attributes)


def is_subset(required: dict[str, str], borne: dict[str, str]) -> bool:
    """True when the borne name has every attribute of the required one."""
    return all(borne.get(kind, "") == value for kind, value in required.items())


def _add(attributes: dict[str, str], kind: str, value: str) -> None:
    if attributes.get(kind):
        raise Malformed(f"a DN may not have {kind} twice")
    attributes[kind] = value


def _complete(attributes: dict[str, str]) -> dict[str, str]:
    if not all(attributes.get(kind) for kind in MANDATORY):
        raise Malformed("DN must contain C, ST (or S) and O")
    return attributes


def _split(text: str) -> list[str]:
    """The parts between unescaped commas or semicolons; an unescaped plus makes a multi-valued RDN, which is refused."""
    parts, start, escaping = [], 0, False
    for position, character in enumerate(text):
        if escaping:
            escaping = False
        elif character == "\\":
            escaping = True
        elif character in ",;":
            parts.append(text[start:position])
            start = position + 1
        elif character == "+":
            raise Malformed("a DN may not have a multi-valued RDN")
    return [*parts, text[start:]]


def _attribute(part: str) -> tuple[str, str]:
    kind, separator, value = part.partition("=")
    if not separator or not kind.strip(" ") or "\\" in kind:
        raise Malformed("DN is not a list of type=value")
    return kind.strip(" "), _unescaped(value)


def _unescaped(value: str) -> str:
    """The value without escapes and without the unescaped spaces around it (RFC 4514 section 3)."""
    trimmed = value.strip(" ")
    if trimmed.endswith("\\") and value.endswith(" "):
        trimmed += " "
    out, position = bytearray(), 0
    while position < len(trimmed):
        if trimmed[position] != "\\":
            out += trimmed[position].encode()
            position += 1
        elif trimmed[position + 1 : position + 2] in _SPECIAL and position + 1 < len(trimmed):
            out += trimmed[position + 1].encode()
            position += 2
        else:
            out += _hex_pair(trimmed[position + 1 : position + 3])
            position += 3
    return out.decode("utf-8")


def _hex_pair(text: str) -> bytes:
    if len(text) != 2:
        raise Malformed("DN ends inside an escape")
    return bytes.fromhex(text)
