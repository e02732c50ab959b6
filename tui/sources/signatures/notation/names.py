"""Distinguished names as policies write them and certificates bear them (trust-store-trust-policy.md, trusted identities)."""

from __future__ import annotations

from cryptography import x509
from cryptography.x509.oid import NameOID

__all__ = ["attributes_of", "is_subset", "parse_name"]

MANDATORY = ("C", "ST", "O")
_SPECIAL = frozenset(' "#+,;<=>\\')

# The types that Go's pkix.Name prints by name; notation matches no other.
_TYPES = {
    NameOID.COMMON_NAME: "CN",
    NameOID.SERIAL_NUMBER: "SERIALNUMBER",
    NameOID.COUNTRY_NAME: "C",
    NameOID.LOCALITY_NAME: "L",
    NameOID.STATE_OR_PROVINCE_NAME: "ST",
    NameOID.STREET_ADDRESS: "STREET",
    NameOID.ORGANIZATION_NAME: "O",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
    NameOID.POSTAL_CODE: "POSTALCODE",
}


def attributes_of(name: x509.Name) -> dict[str, str]:
    """The attributes of a certificate's subject by type; ValueError for a subject that no identity but `*` may match."""
    found: dict[str, str] = {}
    for rdn in name.rdns:
        if len(rdn) != 1:
            raise ValueError("the subject has a multi-valued RDN")
        (attribute,) = rdn
        if attribute.oid not in _TYPES:
            raise ValueError(f"the subject has an attribute of the unknown type {attribute.oid.dotted_string}")
        _add(found, _TYPES[attribute.oid], _plain(attribute.value))
    return _complete(found)


def _plain(value: str | bytes) -> str:
    if not isinstance(value, str) or not value or "=#" in value or value.startswith("#"):
        raise ValueError("the subject has a value that cannot be compared")
    return value


def parse_name(text: str) -> dict[str, str]:
    """The attributes of a name in RFC 4514 form; ValueError for a name that a trust policy may not use."""
    if "=#" in text:
        raise ValueError("a DN may not contain '=#'")
    found: dict[str, str] = {}
    for part in _split(text):
        kind, value = _attribute(part)
        _add(found, "ST" if kind == "S" else kind, value)
    return _complete(found)


def is_subset(wanted: dict[str, str], borne: dict[str, str]) -> bool:
    """True when the borne name has every attribute of the wanted one."""
    return all(borne.get(kind, "") == value for kind, value in wanted.items())


def _add(found: dict[str, str], kind: str, value: str) -> None:
    if found.get(kind):
        raise ValueError(f"a DN may not have {kind} twice")
    found[kind] = value


def _complete(found: dict[str, str]) -> dict[str, str]:
    if not all(found.get(kind) for kind in MANDATORY):
        raise ValueError("DN must contain C, ST (or S) and O")
    return found


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
            raise ValueError("a DN may not have a multi-valued RDN")
    return [*parts, text[start:]]


def _attribute(part: str) -> tuple[str, str]:
    kind, separator, value = part.partition("=")
    if not separator or not kind.strip(" ") or "\\" in kind:
        raise ValueError("DN is not a list of type=value")
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
        raise ValueError("DN ends inside an escape")
    return bytes.fromhex(text)
