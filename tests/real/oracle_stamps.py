"""Time stamps written byte by byte (RFC 3161, RFC 5652), good ones and odd ones."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.real import der
from tests.real.der import (
    algorithm,
    boolean,
    generalized,
    integer,
    long_form,
    octets,
    oid,
    seq,
    set_of,
    tlv,
    usual_name,
)
from tests.sources.signatures.signer import NOW, Signer, stamping, usual

SHA256, SHA384, SHA1 = "2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.2.2", "1.3.14.3.2.26"
SIGNED_DATA, STAMP = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE, DIGEST, TIME, PIN = (f"1.2.840.113549.1.9.{arc}" for arc in ("3", "4", "5", "16.2.47"))
RSA, RSA_SHA384, RSA_SHA1 = "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.12", "1.2.840.113549.1.1.5"
AT = NOW - timedelta(days=8)
HASHES: dict[str, Any] = {SHA256: hashes.SHA256(), SHA384: hashes.SHA384(), SHA1: hashes.SHA1()}
SIGNER = stamping()


@dataclass(frozen=True)
class RawStamp:
    """A stamp to be; each part in DER, None for the usual one."""

    time: bytes = generalized(f"{AT:%Y%m%d%H%M%SZ}")
    accuracy: bytes = b""
    after: bytes = b""
    version: bytes = integer(1)
    policy: bytes = oid("1.2.3")
    serial: bytes = integer(7)
    imprint_algorithm: str = SHA256
    digest: str = SHA256
    signature_algorithm: bytes = algorithm(RSA, der.NULL)
    signed_with: str = SHA256
    pss: bool = False
    attributes: dict[str, bytes | None] = field(default_factory=dict)
    pin: bytes | None = None
    data_version: bytes = integer(3)
    digests: bytes = b""
    signer_version: bytes = integer(1)
    identifier: bytes | None = None
    more_certificates: bytes = b""
    lists: bytes = b""
    unsigned: bytes = b""
    signers: int = 1
    content_type: str = STAMP
    sorted: bool = True
    outer: str = SIGNED_DATA
    shape: Any = None
    names: tuple[bytes, bytes] | None = None
    signer: Signer = SIGNER

    @staticmethod
    def variants() -> dict[str, dict[str, Any]]:
        """Changes by their name."""
        critical = seq(oid("1.2.3.4"), boolean(0xFF), octets(b"x"))
        leaf = SIGNER.chain[0]
        parts = issuer_of(leaf)
        serial = integer(leaf.serial_number)
        own = hashlib.sha256(SIGNER.ders[0]).digest()
        name = seq(tlv(0xA4, parts))

        def pin(*certificate: bytes) -> dict[str, bytes]:
            return {"pin": seq(seq(seq(*certificate)))}

        return {
            "plain": {},
            "version 2": {"version": integer(2)},
            "signed data of version 1": {"data_version": integer(1)},
            "signed data of version 4": {"data_version": integer(4)},
            "signer of version 3": {"signer_version": integer(3)},
            "signer by key": {"identifier": tlv(0x80, b"12345")},
            "signer by key, version 3": {"identifier": tlv(0x80, b"12345"), "signer_version": integer(3)},
            "another signer in the identifier": {"identifier": seq(parts, integer(99))},
            "another name in the identifier": {"identifier": seq(usual_name(), serial)},
            "other digest": {"digest": SHA384},
            "other digest, other signature": {"digest": SHA384, "signed_with": SHA384},
            "digest SHA-1": {"digest": SHA1, "signed_with": SHA1},
            "imprint SHA-384": {"imprint_algorithm": SHA384},
            "imprint SHA-1": {"imprint_algorithm": SHA1},
            "sha256WithRSA": {"signature_algorithm": algorithm(der.RSA_SHA256, der.NULL)},
            "sha384WithRSA over SHA-256": {"signature_algorithm": algorithm(RSA_SHA384, der.NULL), "signed_with": SHA384},
            "sha1WithRSA": {"signature_algorithm": algorithm(RSA_SHA1, der.NULL), "signed_with": SHA1},
            "RSA without NULL": {"signature_algorithm": algorithm(RSA)},
            "PSS": {"signature_algorithm": algorithm("1.2.840.113549.1.1.10"), "pss": True},
            "unknown algorithm": {"signature_algorithm": algorithm("1.2.3")},
            "ECDSA over RSA": {"signature_algorithm": algorithm(der.ECDSA_SHA256)},
            "unsorted attributes": {"sorted": False},
            "without content type": {"attributes": {CONTENT_TYPE: None}},
            "another content type": {"attributes": {CONTENT_TYPE: oid("1.2.3")}},
            "without digest": {"attributes": {DIGEST: None}},
            "an unknown attribute": {"attributes": {"1.2.3.4": octets(b"x")}},
            "signing time": {"attributes": {TIME: der.when(AT)}},
            "signing time in generalized form": {"attributes": {TIME: generalized(f"{AT:%Y%m%d%H%M%S}.5Z")}},
            "signing time long ago": {"attributes": {TIME: der.when(AT - timedelta(days=900))}},
            "signing time junk": {"attributes": {TIME: octets(b"x")}},
            "signing time with a zero": {"attributes": {TIME: generalized(f"{AT:%Y%m%d%H%M%S}.50Z")}},
            "content type of another stamp": {"content_type": "1.2.3"},
            "not signed data": {"outer": "1.2.840.113549.1.7.1"},
            "pin without algorithm": pin(octets(own)),
            "pin with SHA-256": pin(algorithm(SHA256), octets(own)),
            "pin with SHA-384": pin(algorithm(SHA384), octets(hashlib.sha384(SIGNER.ders[0]).digest())),
            "pin with SHA-1": pin(algorithm(SHA1), octets(hashlib.sha1(SIGNER.ders[0]).digest())),
            "pin with the issuer": pin(octets(own), seq(name, serial)),
            "pin with another serial": pin(octets(own), seq(name, integer(99))),
            "pin with another issuer": pin(octets(own), seq(seq(tlv(0xA4, usual_name())), serial)),
            "pin with an empty issuer": pin(octets(own), seq(seq(), serial)),
            "pin with a mail": pin(octets(own), seq(seq(tlv(0x81, b"a@b")), serial)),
            "pin of nothing": {"pin": seq(seq())},
            "pin of two": {"pin": seq(seq(seq(octets(own)), seq(octets(bytes(32)))))},
            "pin of another first": {"pin": seq(seq(seq(octets(bytes(32))), seq(octets(own))))},
            "pin with something else behind": {"pin": seq(seq(seq(octets(own)), octets(b"x")))},
            "digest algorithms turned round": {"digests": set_of(seq(der.NULL, oid(SHA256)))},
            "digest algorithms unknown": {"digests": set_of(algorithm("1.2.3"), algorithm(SHA256, der.NULL))},
            "no digest algorithms": {"digests": set_of()},
            "nonce and ordering": {"after": boolean(0xFF) + integer(1 << 70)},
            "ordering FALSE": {"after": boolean(0)},
            "ordering of 1": {"after": boolean(1)},
            "authority's name": {"after": tlv(0xA0, tlv(0xA4, usual_name()))},
            "an extension": {"after": tlv(0xA1, seq(oid("1.2.3.4"), octets(b"x")))},
            "a critical extension": {"after": tlv(0xA1, critical)},
            "more behind": {"after": tlv(0xA2, b"x")},
            "serial 0": {"serial": integer(0)},
            "serial negative": {"serial": integer(-1)},
            "serial not minimal": {"serial": tlv(2, b"\0\1")},
            "policy wrong": {"policy": tlv(6, b"\x80\1")},
            "baseline policy": {"policy": oid("0.4.0.2023.1.1")},
            "a certificate too many": {"more_certificates": usual().root},
            "junk among the certificates": {"more_certificates": seq(integer(1))},
            "an attribute certificate": {"more_certificates": tlv(0xA2, integer(1))},
            "lists": {"lists": tlv(0xA1, seq(integer(1)))},
            "lists empty": {"lists": tlv(0xA1)},
            "unsigned attributes": {"unsigned": tlv(0xA1, seq(oid("1.2.3"), set_of(integer(1))))},
            "two signatures": {"signers": 2},
            "no signature": {"signers": 0},
            "BER lengths": {"shape": long_form},
            "trailing byte": {"shape": lambda data: data + b"\0"},
            "indefinite": {"shape": lambda data: b"\x30\x80" + data[4:] + b"\0\0"},
            "empty": {"shape": lambda data: b""},
            "wrapped": {"shape": seq},
            "as an answer": {"shape": lambda data: seq(seq(integer(0)), data)},
        }


def issuer_of(certificate: x509.Certificate) -> bytes:
    """The issuer in DER."""
    return certificate.issuer.public_bytes()


def raw_token(stamp: RawStamp, signature: bytes) -> bytes:
    """The token over the signature."""
    imprint = seq(algorithm(stamp.imprint_algorithm), octets(_digest(stamp.imprint_algorithm, signature)))
    info = seq(stamp.version, stamp.policy, imprint, stamp.serial, stamp.time, stamp.accuracy, stamp.after)
    certificates = tlv(0xA0, *stamp.signer.ders, stamp.more_certificates)
    signed = [stamp.data_version, stamp.digests or set_of(algorithm(stamp.digest))]
    content = seq(oid(stamp.content_type), tlv(0xA0, octets(info)))
    signers = set_of(*[_signer(stamp, info)] * stamp.signers)
    body = seq(*signed, content, certificates, stamp.lists, signers)
    data = seq(oid(stamp.outer), tlv(0xA0, body))
    return bytes(stamp.shape(data)) if stamp.shape else data


def _digest(name: str, data: bytes) -> bytes:
    made = hashes.Hash(HASHES[name])
    made.update(data)
    return made.finalize()


def _signer(stamp: RawStamp, info: bytes) -> bytes:
    own = hashlib.sha256(stamp.signer.ders[0]).digest()
    issuer, serial = stamp.names or (issuer_of(stamp.signer.chain[0]), integer(stamp.signer.chain[0].serial_number))
    values: dict[str, bytes | None] = {
        CONTENT_TYPE: oid(STAMP),
        DIGEST: octets(_digest(stamp.digest, info)),
        PIN: stamp.pin or seq(seq(seq(octets(own)))),
    }
    values |= stamp.attributes
    attributes = [seq(oid(name), set_of(value)) for name, value in values.items() if value is not None]
    signed = set_of(*sorted(attributes))
    key = stamp.signer.signing_key
    assert isinstance(key, rsa.RSAPrivateKey)
    digest = HASHES[stamp.signed_with]
    scheme = padding.PSS(padding.MGF1(digest), digest.digest_size) if stamp.pss else padding.PKCS1v15()
    made = key.sign(signed, scheme, digest)
    identifier = stamp.identifier or seq(issuer, serial)
    shown = tlv(0xA0, *(sorted(attributes) if stamp.sorted else sorted(attributes, reverse=True)))
    return seq(
        stamp.signer_version, identifier, algorithm(stamp.digest), shown, stamp.signature_algorithm, octets(made), stamp.unsigned
    )
