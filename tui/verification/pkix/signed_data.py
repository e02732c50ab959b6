"""Signed data of CMS (RFC 5652 section 5) with a time stamp in it (RFC 3161), read as tspclient-go reads it."""

from __future__ import annotations

import msgspec

from tui.verification.faults import Malformed
from tui.verification.pkix.ber import to_der
from tui.verification.pkix.certificate import Certificate, first_certificate
from tui.verification.pkix.der import BOOLEAN, INTEGER, OCTET_STRING, SEQUENCE, SET, DerReader, constructed, context, encoded
from tui.verification.pkix.extensions import Extension, parse_extension
from tui.verification.pkix.keys import AlgorithmId, algorithm_id
from tui.verification.pkix.moment import Moment

__all__ = ["SignedAttributes", "SignedData", "SignerInfo", "StampInfo", "parse_signed_data", "parse_stamp_info"]

SIGNED_DATA, STAMP_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"


class SignedAttributes(msgspec.Struct, frozen=True):
    """Signed attributes: `signed` is the DER set under the signature, `values` the content of each value set by OID."""

    signed: bytes
    values: tuple[tuple[str, bytes], ...]

    def value(self, oid: str) -> DerReader | None:
        """A reader at the value of the attribute."""
        return next((DerReader(content) for name, content in self.values if name == oid), None)


class SignerInfo(msgspec.Struct, frozen=True):
    """One signature, and the certificate that it names by issuer and serial number, unsigned."""

    version: int
    issuer: bytes
    serial: int
    digest: AlgorithmId
    attributes: SignedAttributes
    algorithm: AlgorithmId
    signature: bytes


class SignedData(msgspec.Struct, frozen=True):
    """The content that is signed, the certificates that came along, and the signatures."""

    content: bytes
    certificates: tuple[Certificate, ...]
    signers: tuple[SignerInfo, ...]


class StampInfo(msgspec.Struct, frozen=True):
    """What a time stamp says (RFC 3161 section 2.4.2); the accuracy is of seconds, milliseconds and microseconds."""

    version: int
    policy: str
    hash_oid: str
    imprint: bytes
    time: Moment
    accuracy: tuple[int, int, int]
    extensions: tuple[Extension, ...]


def parse_signed_data(data: bytes, most_certificates: int) -> SignedData:
    """The signed data; ValueError for what tspclient-go would not read, for too many certificates, and for lists beside them."""
    outer = DerReader(to_der(data)).take(SEQUENCE)
    if outer.oid() != SIGNED_DATA:
        raise Malformed("it is not signed data")
    body = outer.take(constructed(0)).take(SEQUENCE)
    if body.small() != 3:
        raise Malformed("it is signed data of another version")
    digests = body.take(SET)  # only read, as each signature names its own
    while not digests.empty:
        algorithm_id(digests.take(SEQUENCE))
    content = _content(body.take(SEQUENCE))
    certificates = _certificates(body.optional(constructed(0)), most_certificates)
    lists = body.optional(constructed(1))
    if lists is not None and not lists.empty:
        raise Malformed("it carries revocation lists, which notation does not read")
    return SignedData(content, certificates, _signers(body.take(SET)))


def _content(reader: DerReader) -> bytes:
    if reader.oid() != STAMP_INFO:
        raise Malformed("it holds something other than a time stamp")
    return reader.take(constructed(0)).octets(OCTET_STRING)


def _certificates(reader: DerReader | None, most: int) -> tuple[Certificate, ...]:
    certificates: list[Certificate] = []
    while reader is not None and not reader.empty:
        if len(certificates) >= most:
            raise Malformed("it carries too many certificates")
        certificates.append(first_certificate(reader.raw()))
    return tuple(certificates)


def _signers(reader: DerReader) -> tuple[SignerInfo, ...]:
    signers: list[SignerInfo] = []
    while not reader.empty:
        signers.append(_signer(reader.take(SEQUENCE)))
    return tuple(signers)


def _signer(reader: DerReader) -> SignerInfo:
    version = reader.small()
    name = reader.take(SEQUENCE)
    issuer, serial = name.raw(), name.integer()
    return SignerInfo(
        version=version,
        issuer=issuer,
        serial=serial,
        digest=algorithm_id(reader.take(SEQUENCE)),
        attributes=_attributes(reader.optional(constructed(0))),
        algorithm=algorithm_id(reader.take(SEQUENCE)),
        signature=reader.octets(OCTET_STRING),
    )


def _attributes(reader: DerReader | None) -> SignedAttributes:
    """The set under the signature is made anew: sorted encodings under the universal tag (RFC 5652 section 5.4)."""
    encodings, values = [], []
    while reader is not None and not reader.empty:
        attribute = reader.take(SEQUENCE)
        name, content = attribute.raw(), attribute.raw()
        encodings.append(encoded(SEQUENCE, name + content))
        values.append((DerReader(name).oid(), DerReader(content).any()[1].rest()))
    return SignedAttributes(encoded(SET, b"".join(sorted(encodings))), tuple(values))


def parse_stamp_info(data: bytes) -> StampInfo:
    """The time stamp's own words; ValueError for what tspclient-go would not read."""
    body = DerReader(data).take(SEQUENCE)
    version, policy, imprint = body.small(), body.oid(), body.take(SEQUENCE)
    hashing, digest = algorithm_id(imprint.take(SEQUENCE)), imprint.octets(OCTET_STRING)
    body.integer()  # its serial number
    time = body.moment(fraction=True)
    accuracy = _accuracy(body.optional(SEQUENCE))
    if body.peek(BOOLEAN):
        body.boolean()
    if body.peek(INTEGER):
        body.integer()
    body.optional(constructed(0))
    return StampInfo(version, policy, hashing.oid, digest, time, accuracy, _extensions(body.optional(constructed(1))))


def _accuracy(reader: DerReader | None) -> tuple[int, int, int]:
    if reader is None:
        return 0, 0, 0
    seconds, millis, micros = (reader.small(tag) if reader.peek(tag) else 0 for tag in (INTEGER, context(0), context(1)))
    return seconds, millis, micros


def _extensions(reader: DerReader | None) -> tuple[Extension, ...]:
    extensions: list[Extension] = []
    while reader is not None and not reader.empty:
        extensions.append(parse_extension(reader.take(SEQUENCE)))
    return tuple(extensions)
