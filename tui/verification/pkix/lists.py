"""Revocation lists (RFC 5280 section 5), read as Go's `x509.ParseRevocationList` reads them, in one pass over the entries."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tui.verification.faults import Malformed
from tui.verification.pkix.der import ENUMERATED, GENERALIZED_TIME, SEQUENCE, UTC_TIME, DerReader, constructed, context
from tui.verification.pkix.extensions import AUTHORITY_KEY_ID, Extension, parse_extension
from tui.verification.pkix.keys import AlgorithmId, algorithm_id
from tui.verification.pkix.names import Name, parse_name

__all__ = ["RevocationList", "RevokedCertificate", "parse_list"]

VERSION_2 = 1
REASON, CRL_NUMBER = "2.5.29.21", "2.5.29.20"


class RevokedCertificate(msgspec.Struct, frozen=True):
    """One revoked certificate: when, the reason's code (0 without), and its extensions."""

    serial: int
    revoked: datetime
    reason: int = 0
    extensions: tuple[Extension, ...] = ()


class RevocationList(msgspec.Struct, frozen=True):
    """A list, with the `entries` of the one serial number that was asked about."""

    signed: bytes
    algorithm: AlgorithmId
    signature: bytes
    issuer: Name
    this_update: datetime
    next_update: datetime | None
    extensions: tuple[Extension, ...]
    entries: tuple[RevokedCertificate, ...]


def parse_list(data: bytes, serial: int) -> RevocationList:
    """The list with its entries about the serial number; ValueError for what Go would not read, be it in another entry."""
    envelope = DerReader(data).take(SEQUENCE)
    signed = envelope.raw(SEQUENCE)
    body = DerReader(signed).take(SEQUENCE)
    if body.small() != VERSION_2:
        raise Malformed("the list is not of version 2")
    inner, outer = body.octets(SEQUENCE), envelope.octets(SEQUENCE)
    if inner != outer:
        raise Malformed("the list names two signature algorithms")
    return RevocationList(
        signed=signed,
        algorithm=algorithm_id(DerReader(inner)),
        signature=envelope.aligned_bits(),
        issuer=parse_name(body.raw(SEQUENCE)),
        this_update=body.moment().whole,
        next_update=body.moment().whole if body.peek(UTC_TIME) or body.peek(GENERALIZED_TIME) else None,
        entries=_entries(body.optional(SEQUENCE), serial),
        extensions=_extensions(body.optional(constructed(0))),
    )


def _entries(revoked: DerReader | None, serial: int) -> tuple[RevokedCertificate, ...]:
    entries: list[RevokedCertificate] = []
    while revoked is not None and not revoked.empty:
        entry = _entry(revoked.take(SEQUENCE))
        if entry.serial == serial:
            entries.append(entry)
    return tuple(entries)


def _entry(reader: DerReader) -> RevokedCertificate:
    serial, revoked = reader.integer(), reader.moment().whole
    inside = reader.optional(SEQUENCE)
    if inside is None:
        return RevokedCertificate(serial, revoked)
    extensions, reason = [], 0
    while not inside.empty:
        extension = parse_extension(inside.take(SEQUENCE))
        if extension.oid == REASON:
            reason = DerReader(extension.value).small(ENUMERATED)
        extensions.append(extension)
    return RevokedCertificate(serial, revoked, reason, tuple(extensions))


def _extensions(outer: DerReader | None) -> tuple[Extension, ...]:
    inside, extensions = outer.take(SEQUENCE) if outer is not None else DerReader(b""), []
    while not inside.empty:
        extension = parse_extension(inside.take(SEQUENCE))
        if extension.oid == CRL_NUMBER:
            DerReader(extension.value).integer()
        if extension.oid == AUTHORITY_KEY_ID and extension.critical:
            raise Malformed("the list's authority key identifier is critical")
        if extension.oid == AUTHORITY_KEY_ID:
            DerReader(extension.value).take(SEQUENCE).optional(context(0))
        extensions.append(extension)
    return tuple(extensions)
