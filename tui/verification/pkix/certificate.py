"""One certificate, read as Go's `x509.ParseCertificate` reads it, and what it signed."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cached_property, lru_cache

from tui.verification.faults import Malformed
from tui.verification.pkix.der import SEQUENCE, DerReader, constructed, context
from tui.verification.pkix.extensions import KEY_CERT_SIGN, Extension, Usages, parse_extension, usages_of
from tui.verification.pkix.keys import AlgorithmId, PublicKey, algorithm_id, parse_key, scheme_of, signature_holds
from tui.verification.pkix.names import Name, parse_name

__all__ = ["MAX_CERTIFICATE", "Certificate", "first_certificate", "parse_certificate"]

MAX_CERTIFICATE = 64 << 10


class Certificate:
    """What Go keeps of a certificate; equal when the bytes are."""

    version: int
    serial: int
    algorithm: AlgorithmId
    issuer: Name
    not_before: datetime
    not_after: datetime
    subject: Name
    public_key: PublicKey
    key_bits: bytes
    extensions: tuple[Extension, ...]
    usages: Usages
    signature: bytes

    def __init__(self, der: bytes) -> None:
        """Read it; ValueError for what Go would not read, but bytes after its end are left to the caller."""
        outer = DerReader(der)
        self.der = outer.raw(SEQUENCE)
        certificate = DerReader(self.der).take(SEQUENCE)
        self.signed = certificate.raw(SEQUENCE)
        body = DerReader(self.signed).take(SEQUENCE)
        self._read_version(body)
        self._read_algorithm(body, certificate)
        self._read_names(body)
        self._read_key(body)
        self._read_extensions(body)
        self.signature = certificate.aligned_bits()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and other.der == self.der

    def __hash__(self) -> int:
        return hash(self.der)

    def _read_version(self, body: DerReader) -> None:
        """A serial number of zero is taken, a negative one is not."""
        version = body.optional(constructed(0))
        self.version = 1 + (version.small() if version is not None else 0)
        if version is not None:
            version.done()
        self.serial = body.integer()
        if not 1 <= self.version <= 3 or self.serial < 0:
            raise Malformed("the certificate has a version that does not exist, or a negative serial number")

    def _read_algorithm(self, body: DerReader, certificate: DerReader) -> None:
        inner, outer = body.octets(SEQUENCE), certificate.octets(SEQUENCE)
        if inner != outer:
            raise Malformed("the certificate names two signature algorithms")
        self.algorithm = algorithm_id(DerReader(inner))

    def _read_names(self, body: DerReader) -> None:
        self.issuer = parse_name(body.raw(SEQUENCE))
        validity = body.take(SEQUENCE)
        self.not_before, self.not_after = validity.moment().whole, validity.moment().whole
        self.subject = parse_name(body.raw(SEQUENCE))

    def _read_key(self, body: DerReader) -> None:
        key_info = body.raw(SEQUENCE)
        self.public_key = parse_key(DerReader(key_info).take(SEQUENCE))
        inside = DerReader(key_info).take(SEQUENCE)
        inside.take(SEQUENCE)
        self.key_bits = inside.aligned_bits()

    def _read_extensions(self, body: DerReader) -> None:
        extensions: list[Extension] = []
        if self.version > 1:
            body.optional(context(1))
            body.optional(context(2))
        outer = body.optional(constructed(3)) if self.version == 3 else None
        if outer is not None:
            inside = outer.take(SEQUENCE)
            while not inside.empty:
                extensions.append(parse_extension(inside.take(SEQUENCE)))
        if len({extension.oid for extension in extensions}) != len(extensions):
            raise Malformed("the certificate has an extension twice")
        self.extensions = tuple(extensions)
        self.usages = usages_of(self.extensions)

    @cached_property
    def sha256(self) -> str:
        """Its fingerprint in hexadecimal digits."""
        return hashlib.sha256(self.der).hexdigest()

    def extension(self, oid: str) -> Extension | None:
        """The extension of that OID."""
        return next((extension for extension in self.extensions if extension.oid == oid), None)

    def signed_itself(self) -> bool:
        """True when its own key made its signature, and it names itself as issuer."""
        return self.issuer.der == self.subject.der and self.made(self.algorithm, self.signed, self.signature)

    def issued_by(self, issuer: Certificate) -> bool:
        """True when the issuer may issue, bears the name, and its key made the signature (RFC 5280 section 6.1)."""
        if self.issuer.der != issuer.subject.der or not issuer.may(KEY_CERT_SIGN):
            return False
        return issuer.made(self.algorithm, self.signed, self.signature)

    def may(self, usage: str) -> bool:
        """True for an authority whose key usage, if any is set, has this one; an old one without extensions is believed."""
        usages = self.usages
        authority = usages.authority is True or (usages.authority is None and self.version < 3)
        return authority and (not usages.key_usage or usage in usages.key_usage)

    def made(self, algorithm: AlgorithmId, signed: bytes, signature: bytes) -> bool:
        """True when its key made the signature."""
        return signature_holds(self.public_key, scheme_of(algorithm), signed, signature)

    def covers(self, moment: datetime) -> bool:
        """True when the moment lies in the validity period, both ends included (RFC 5280 section 4.1.2.5)."""
        return self.not_before <= moment <= self.not_after


def first_certificate(data: bytes) -> Certificate:
    """The certificate that the bytes begin with."""
    return Certificate(data)


@lru_cache(maxsize=2048)
def parse_certificate(der: bytes) -> Certificate:
    """The certificate that the bytes are; ValueError for what Go would not read, and for one that is too large."""
    if len(der) > MAX_CERTIFICATE:
        raise Malformed("the certificate is too large")
    certificate = Certificate(der)
    if len(certificate.der) != len(der):
        raise Malformed("there are bytes after the certificate")
    return certificate
