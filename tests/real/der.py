"""A writer of DER for the tests, which also writes what DER forbids; it shares nothing with the reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from tests.sources.signatures.signer import NOW

ECDSA_SHA256 = "1.2.840.10045.4.3.2"
RSA_SHA256 = "1.2.840.113549.1.1.11"
NULL = b"\x05\x00"


def tlv(tag: int, *parts: bytes) -> bytes:
    """An element with its shortest length."""
    content = b"".join(parts)
    if len(content) < 128:
        return bytes([tag, len(content)]) + content
    width = (len(content).bit_length() + 7) // 8
    return bytes([tag, 0x80 | width]) + len(content).to_bytes(width, "big") + content


def long_form(element: bytes) -> bytes:
    """The same element with a length one byte longer than needed."""
    length, start = element[1], 2
    if length & 0x80:
        width = length & 0x7F
        length, start = int.from_bytes(element[2 : 2 + width], "big"), 2 + width
    width = start - 2 + 1
    return element[:1] + bytes([0x80 | width]) + length.to_bytes(width, "big") + element[start:]


def seq(*parts: bytes) -> bytes:
    """A SEQUENCE."""
    return tlv(0x30, *parts)


def set_of(*parts: bytes) -> bytes:
    """A SET."""
    return tlv(0x31, *parts)


def integer(value: int, tag: int = 0x02) -> bytes:
    """An INTEGER."""
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER."""
    first, second, *arcs = map(int, dotted.split("."))
    return tlv(0x06, b"".join(map(_arc, [40 * first + second, *arcs])))


def _arc(value: int) -> bytes:
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(value & 0x7F | 0x80)
    return bytes(reversed(groups))


def octets(content: bytes) -> bytes:
    """An OCTET STRING."""
    return tlv(0x04, content)


def bits(content: bytes, unused: int = 0) -> bytes:
    """A BIT STRING."""
    return tlv(0x03, bytes([unused]) + content)


def boolean(value: int) -> bytes:
    """A BOOLEAN of that content."""
    return tlv(0x01, bytes([value]))


def generalized(text: str) -> bytes:
    """A GeneralizedTime as written."""
    return tlv(0x18, text.encode())


def utc(text: str) -> bytes:
    """A UTCTime as written."""
    return tlv(0x17, text.encode())


def when(moment: datetime) -> bytes:
    """A UTCTime."""
    return utc(f"{moment:%y%m%d%H%M%SZ}")


def algorithm(dotted: str, parameters: bytes = b"") -> bytes:
    """An AlgorithmIdentifier."""
    return seq(oid(dotted), parameters)


def text(content: str | bytes, tag: int = 0x0C) -> bytes:
    """A string, UTF-8 unless told otherwise."""
    return tlv(tag, content if isinstance(content, bytes) else content.encode())


def attribute(dotted: str, value: bytes) -> bytes:
    """An attribute of a name."""
    return seq(oid(dotted), value)


COUNTRY, STATE, ORGANIZATION, COMMON = "2.5.4.6", "2.5.4.8", "2.5.4.10", "2.5.4.3"


def usual_name(cn: bytes | None = None, *more: bytes) -> bytes:
    """C=US, ST=WA, O=Contoso, the common name, and more RDNs."""
    base = [
        set_of(attribute(COUNTRY, text("US", 0x13))),
        set_of(attribute(STATE, text("WA"))),
        set_of(attribute(ORGANIZATION, text("Contoso"))),
    ]
    return seq(*base, set_of(attribute(COMMON, cn if cn is not None else text("builder"))), *more)


def extension(dotted: str, value: bytes, critical: bytes = b"") -> bytes:
    """An extension; `critical` is an encoded BOOLEAN, or nothing."""
    return seq(oid(dotted), critical, octets(value))


TRUE = boolean(0xFF)
KEY_USAGE = extension("2.5.29.15", bits(b"\x80", 7), TRUE)
CA_USAGE = extension("2.5.29.15", bits(b"\x06", 1), TRUE)
CODE_SIGNING = extension("2.5.29.37", seq(oid("1.3.6.1.5.5.7.3.3")))
CA_CONSTRAINTS = extension("2.5.29.19", seq(TRUE), TRUE)


def ec_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The SubjectPublicKeyInfo of a key on P-256."""
    point = key.public_key().public_numbers()
    raw = b"\x04" + point.x.to_bytes(32, "big") + point.y.to_bytes(32, "big")
    return seq(algorithm("1.2.840.10045.2.1", oid("1.2.840.10045.3.1.7")), bits(raw))


def rsa_key(key: rsa.RSAPrivateKey, parameters: bytes = NULL, exponent: int | None = None) -> bytes:
    """The SubjectPublicKeyInfo of an RSA key."""
    numbers = key.public_key().public_numbers()
    return seq(algorithm("1.2.840.113549.1.1.1", parameters), bits(seq(integer(numbers.n), integer(exponent or numbers.e))))


@dataclass(frozen=True)
class Parts:
    """A certificate to be, each part in DER."""

    key_info: bytes
    version: bytes = tlv(0xA0, integer(2))
    serial: bytes = integer(4711)
    algorithm: bytes = algorithm(ECDSA_SHA256)
    outer_algorithm: bytes | None = None
    issuer: bytes = usual_name(text("root"))
    validity: bytes = seq(when(NOW - timedelta(days=30)), when(NOW + timedelta(days=30)))
    subject: bytes = usual_name()
    unique_ids: bytes = b""
    extensions: tuple[bytes, ...] = (KEY_USAGE, CODE_SIGNING)
    raw_extensions: bytes | None = None
    body_end: bytes = b""
    end: bytes = b""
    signature_unused: int = 0
    more: dict[str, Any] = field(default_factory=dict)

    def but(self, **changes: Any) -> Parts:
        """The same with other parts."""
        return replace(self, **changes)

    def having(self, *extensions: bytes) -> Parts:
        """The same with more extensions."""
        return replace(self, extensions=(*self.extensions, *extensions))

    def signed_by(self, key: Any) -> bytes:
        """The certificate."""
        extensions = self.raw_extensions
        if extensions is None:
            extensions = tlv(0xA3, seq(*self.extensions)) if self.extensions else b""
        names = (self.issuer, self.validity, self.subject)
        body = seq(self.version, self.serial, self.algorithm, *names, self.key_info, self.unique_ids, extensions, self.body_end)
        made = bits(signature(key, body), self.signature_unused)
        return seq(body, self.outer_algorithm or self.algorithm, made, self.end)


Change = Callable[[Parts], Parts]


def but(**changes: Any) -> Change:
    """A change: other parts."""
    return lambda parts: parts.but(**changes)


def having(*extensions: bytes) -> Change:
    """A change: more extensions."""
    return lambda parts: parts.having(*extensions)


def signature(key: Any, data: bytes) -> bytes:
    """A signature in the usual way of the key, with SHA-256."""
    if hasattr(key, "salt"):
        made = key.inner.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), key.salt), hashes.SHA256())
        return bytes(made)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    made = key.sign(data, ec.ECDSA(hashes.SHA256()))
    return bytes(made)
