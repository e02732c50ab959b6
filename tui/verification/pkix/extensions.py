"""The extensions of a certificate that decide something, each read as Go's x509 reads it (RFC 5280 section 4.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from tui.verification.faults import Malformed
from tui.verification.pkix.constraints import check_constraints
from tui.verification.pkix.der import BOOLEAN, INTEGER, OCTET_STRING, OID, SEQUENCE, DerReader, constructed, context
from tui.verification.pkix.uri import domain_is_valid, host_of

__all__ = [
    "AUTHORITY_KEY_ID",
    "CRL_SIGN",
    "DIGITAL_SIGNATURE",
    "EXTENDED_KEY_USAGE",
    "FRESHEST_CRL",
    "KEY_CERT_SIGN",
    "KEY_USAGE",
    "Extension",
    "Usages",
    "parse_extension",
    "usages_of",
]

KEY_USAGE, BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE = "2.5.29.15", "2.5.29.19", "2.5.29.37"
SUBJECT_KEY_ID, AUTHORITY_KEY_ID, ALTERNATIVE_NAMES = "2.5.29.14", "2.5.29.35", "2.5.29.17"
NAME_CONSTRAINTS, CRL_POINTS, POLICIES, POLICY_MAPPINGS = "2.5.29.30", "2.5.29.31", "2.5.29.32", "2.5.29.33"
POLICY_CONSTRAINTS, INHIBIT_ANY_POLICY, FRESHEST_CRL = "2.5.29.36", "2.5.29.54", "2.5.29.46"
_ANY_POLICY = b"\x55\x1d\x20\x00"
AUTHORITY_ACCESS, OCSP = "1.3.6.1.5.5.7.1.1", "1.3.6.1.5.5.7.48.1"

# The bits of a key usage, most significant first (RFC 5280 section 4.2.1.3).
_USAGES = (
    "digitalSignature",
    "contentCommitment",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
)
DIGITAL_SIGNATURE, KEY_CERT_SIGN, CRL_SIGN = _USAGES[0], _USAGES[5], _USAGES[6]


class Extension(msgspec.Struct, frozen=True):
    """One extension as it stands."""

    oid: str
    critical: bool
    value: bytes


class Usages(msgspec.Struct):
    """What the extensions of a certificate say, together.

    `authority` is None without basic constraints. `wants_policies`: a chain with it is good by its policies only, or not at all.
    `unhandled` are the OIDs of critical extensions that nobody here acts on.
    """

    authority: bool | None = None
    path_length: int | None = None
    key_usage: tuple[str, ...] = ()
    extended: tuple[str, ...] = ()
    ocsp: tuple[str, ...] = ()
    crl: tuple[str, ...] = ()
    constrains_names: bool = False
    wants_policies: bool = False
    alternative_names: bool = False
    unhandled: tuple[str, ...] = ()


def parse_extension(reader: DerReader) -> Extension:
    """The extension whose content the reader is at."""
    oid = reader.oid()
    critical = reader.boolean() if reader.peek(BOOLEAN) else False
    return Extension(oid, critical, reader.octets(OCTET_STRING))


def usages_of(extensions: Sequence[Extension]) -> Usages:
    """All extensions read; ValueError for one that Go would not read."""
    usages = Usages()
    for extension in extensions:
        read = _READERS.get(extension.oid)
        handled = read is not None and read(usages, extension)
        if extension.critical and not handled:
            usages.unhandled = (*usages.unhandled, extension.oid)
    return usages


def _inside(extension: Extension) -> DerReader:
    return DerReader(extension.value).take(SEQUENCE)


def _uncritical(extension: Extension) -> None:
    if extension.critical:
        raise Malformed(f"the extension {extension.oid} may not be critical")


def _key_usage(usages: Usages, extension: Extension) -> bool:
    content, padding = DerReader(extension.value).bits()
    length = 8 * len(content) - padding
    on = (content[i // 8] >> (7 - i % 8) & 1 if i < length else 0 for i in range(len(_USAGES)))
    usages.key_usage = tuple(name for name, bit in zip(_USAGES, on, strict=True) if bit)
    return True


def _basic_constraints(usages: Usages, extension: Extension) -> bool:
    """An explicit `cA FALSE` is not DER, and stands in certificates of the field: Go takes it."""
    inside = _inside(extension)
    usages.authority = inside.boolean() if inside.peek(BOOLEAN) else False
    if inside.peek(INTEGER):
        usages.path_length = inside.small()
        if usages.path_length < 0:
            raise Malformed("the length of a path is negative")
    return True


def _extended_usage(usages: Usages, extension: Extension) -> bool:
    inside, purposes = _inside(extension), []
    while not inside.empty:
        purposes.append(inside.oid())
    usages.extended = tuple(purposes)
    return True


def _names(usages: Usages, extension: Extension) -> bool:
    """Handled when there is a name of a kind that Go reads: mail, DNS, URI, IP."""
    usages.alternative_names = True
    inside, readable = _inside(extension), False
    while not inside.empty:
        tag, content = inside.any()
        kind = tag ^ 0x80
        readable |= kind in (1, 2, 6, 7)
        _check_name(kind, content.rest())
    return readable


def _check_name(kind: int, content: bytes) -> None:
    if kind == 7 and len(content) not in (4, 16):
        raise Malformed("an alternative name is an address of an odd length")
    if kind in (1, 2, 6):
        text = content.decode("ascii")
        if kind == 6 and not domain_is_valid(host_of(text), constraint=False):
            raise Malformed("an alternative name is a URI of no valid host")


def _distribution_points(usages: Usages, extension: Extension) -> bool:
    """The URLs of full names; a name relative to the issuer is refused, as Go refuses it."""
    inside, urls = _inside(extension), []
    while not inside.empty:
        point = inside.take(SEQUENCE).optional(constructed(0))
        if point is None:
            continue
        names = point.take(constructed(0))
        while names.peek(context(6)):
            urls.append(_latin(names.octets(context(6))))
    usages.crl = tuple(urls)
    return True


def _access(usages: Usages, extension: Extension) -> bool:
    _uncritical(extension)
    inside, urls = _inside(extension), []
    while not inside.empty:
        description = inside.take(SEQUENCE)
        method = description.oid()
        if description.peek(context(6)):
            url = _latin(description.octets(context(6)))
            urls += [url] if method == OCSP else []
    usages.ocsp = tuple(urls)
    return True


def _latin(content: bytes) -> str:
    """A URL, whatever its bytes: one that is no URL is never fetched."""
    return content.decode("latin-1")


def _authority_key(_: Usages, extension: Extension) -> bool:
    _uncritical(extension)
    _inside(extension).optional(context(0))
    return True


def _subject_key(_: Usages, extension: Extension) -> bool:
    _uncritical(extension)
    DerReader(extension.value).octets(OCTET_STRING)
    return True


def _policies(_: Usages, extension: Extension) -> bool:
    inside = _inside(extension)
    policies: set[bytes] = set()
    while not inside.empty:
        policy = inside.take(SEQUENCE)
        oid = policy.octets(OID)
        if oid in policies or not _is_oid(oid):
            raise Malformed("a certificate policy is malformed or stands twice")
        policies.add(oid)
    return True


def _is_oid(content: bytes) -> bool:
    """Arcs of any size, each in its shortest form."""
    starts = [0, *(position + 1 for position, byte in enumerate(content[:-1]) if not byte & 0x80)]
    return bool(content) and not content[-1] & 0x80 and all(content[position] != 0x80 for position in starts)


def _policy_mappings(usages: Usages, extension: Extension) -> bool:
    inside = _inside(extension)
    while not inside.empty:
        pair = inside.take(SEQUENCE)
        mapped = (pair.octets(OID), pair.octets(OID))
        usages.wants_policies |= _ANY_POLICY in mapped
    return True


def _policy_constraints(usages: Usages, extension: Extension) -> bool:
    inside = _inside(extension)
    usages.wants_policies |= inside.peek(context(0))
    for number in (0, 1):
        if inside.peek(context(number)):
            inside.small(context(number))
    return True


def _inhibit_any(_: Usages, extension: Extension) -> bool:
    DerReader(extension.value).small()
    return True


def _name_constraints(usages: Usages, extension: Extension) -> bool:
    usages.constrains_names = True
    return check_constraints(extension.value)


_READERS: dict[str, Callable[[Usages, Extension], bool]] = {
    KEY_USAGE: _key_usage,
    BASIC_CONSTRAINTS: _basic_constraints,
    EXTENDED_KEY_USAGE: _extended_usage,
    ALTERNATIVE_NAMES: _names,
    NAME_CONSTRAINTS: _name_constraints,
    CRL_POINTS: _distribution_points,
    POLICIES: _policies,
    POLICY_MAPPINGS: _policy_mappings,
    POLICY_CONSTRAINTS: _policy_constraints,
    INHIBIT_ANY_POLICY: _inhibit_any,
    AUTHORITY_KEY_ID: _authority_key,
    SUBJECT_KEY_ID: _subject_key,
    AUTHORITY_ACCESS: _access,
}
