"""Time stamps (RFC 3161 2.4.2, CMS of RFC 5652, signing-certificate-v2 of RFC 5816)."""

from __future__ import annotations

import hashlib
from datetime import datetime

from cryptography import x509

from tui.demo.signing.certificates import ECDSA_SHA256, Certified, ecdsa
from tui.demo.signing.encodings import algorithm, explicit, generalized, implicit, integer, octets, oid, sequence, set_of

__all__ = ["stamp"]

_SHA256 = "2.16.840.1.101.3.4.2.1"
_SIGNED_DATA, _TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
POLICY = "1.3.6.1.4.1.4146.2.3.1.2"


def stamp(authority: Certified, signature: bytes, moment: datetime) -> bytes:
    """A token over a signature, accurate to a second."""
    serial = int.from_bytes(hashlib.sha256(signature).digest()[:8], "big")
    imprint = sequence(algorithm(_SHA256), octets(hashlib.sha256(signature).digest()))
    info = sequence(integer(1), oid(POLICY), imprint, integer(serial), generalized(moment), sequence(integer(1)))
    signed = sequence(
        integer(3),
        set_of([algorithm(_SHA256)]),
        sequence(oid(_TST_INFO), explicit(0, octets(info))),
        implicit(0, set_of(authority.chain)),
        set_of([_signer(authority, info)]),
    )
    return sequence(oid(_SIGNED_DATA), explicit(0, signed))


def _signer(authority: Certified, info: bytes) -> bytes:
    leaf = authority.chain[0]
    certificate = x509.load_der_x509_certificate(leaf)
    pinned = sequence(sequence(sequence(octets(hashlib.sha256(leaf).digest()))))
    attributes = set_of(
        [
            sequence(oid(_CONTENT_TYPE), set_of([oid(_TST_INFO)])),
            sequence(oid(_MESSAGE_DIGEST), set_of([octets(hashlib.sha256(info).digest())])),
            sequence(oid(_SIGNING_CERTIFICATE_V2), set_of([pinned])),
        ]
    )
    return sequence(
        integer(1),
        sequence(certificate.issuer.public_bytes(), integer(certificate.serial_number)),
        algorithm(_SHA256),
        implicit(0, attributes),
        algorithm(ECDSA_SHA256),
        octets(ecdsa(authority.key, attributes)),
    )
