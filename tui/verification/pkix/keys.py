"""Public keys and signature algorithms as Go reads them, and the one function that checks what a key signed."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from tui.verification.faults import Malformed
from tui.verification.pkix.der import OID, SEQUENCE, DerReader, constructed

__all__ = [
    "PSS",
    "AlgorithmId",
    "Key",
    "KeyKind",
    "PublicKey",
    "SignatureScheme",
    "algorithm_id",
    "parse_key",
    "parse_rsa_key",
    "plain_scheme",
    "scheme_of",
    "signature_holds",
]

Key: TypeAlias = "rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey"

_NULL = b"\x05\x00"
_SMALLEST_RSA = 1024
_LARGEST_EXPONENT = (1 << 31) - 1
_MGF1 = "1.2.840.113549.1.1.8"
PSS = "1.2.840.113549.1.1.10"
_ED25519 = "1.3.101.112"

_CURVES: dict[str, ec.EllipticCurve] = {
    "1.3.132.0.33": ec.SECP224R1(),
    "1.2.840.10045.3.1.7": ec.SECP256R1(),
    "1.3.132.0.34": ec.SECP384R1(),
    "1.3.132.0.35": ec.SECP521R1(),
}
_HASHES: dict[str, hashes.HashAlgorithm] = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
_HASH_OIDS = {"2.16.840.1.101.3.4.2.1": "sha256", "2.16.840.1.101.3.4.2.2": "sha384", "2.16.840.1.101.3.4.2.3": "sha512"}


class KeyKind(StrEnum):
    """Kinds of keys that Go takes apart; the key of another kind is kept unread."""

    RSA = "RSA"
    DSA = "DSA"
    EC = "EC"
    ED25519 = "Ed25519"
    OTHER = "other"


class AlgorithmId(msgspec.Struct, frozen=True):
    """An AlgorithmIdentifier: the OID, and its parameters in DER, empty without."""

    oid: str
    parameters: bytes = b""


class PublicKey(msgspec.Struct, frozen=True):
    """A public key: what cryptography can check signatures with, None for what it cannot; `bits` is its strength's name."""

    kind: KeyKind
    bits: int = 0
    key: Key | None = None


def algorithm_id(reader: DerReader) -> AlgorithmId:
    """The identifier whose content the reader is at."""
    oid = reader.oid()
    return AlgorithmId(oid, b"" if reader.empty else reader.raw())


def parse_key(info: DerReader) -> PublicKey:
    """The key of a SubjectPublicKeyInfo; ValueError for one that Go would not read."""
    algorithm = algorithm_id(info.take(SEQUENCE))
    content = info.aligned_bits()
    match algorithm.oid:
        case "1.2.840.113549.1.1.1":
            return _rsa(algorithm, content)
        case "1.2.840.10045.2.1":
            return _ec(algorithm, content)
        case "1.3.101.112":
            return _edwards(algorithm, content)
        case "1.2.840.10040.4.1":
            return _dsa(algorithm, content)
        case _:
            return PublicKey(KeyKind.OTHER)


def _rsa(algorithm: AlgorithmId, content: bytes) -> PublicKey:
    """RFC 3279 section 2.3.1: the parameters are NULL."""
    if algorithm.parameters != _NULL:
        raise Malformed("an RSA key lacks its NULL parameters")
    return parse_rsa_key(DerReader(content).take(SEQUENCE))


def parse_rsa_key(numbers: DerReader) -> PublicKey:
    """The key of an RSAPublicKey (RFC 8017 appendix A.1.1); ValueError for one that Go would not read."""
    modulus, exponent = numbers.integer(), numbers.small()
    if modulus <= 0 or exponent <= 0:
        raise Malformed("an RSA key has a number that is not positive")
    bits = (modulus.bit_length() + 7) // 8 * 8  # notation takes the width in bytes for the size
    if modulus.bit_length() < _SMALLEST_RSA or exponent > _LARGEST_EXPONENT or not exponent & modulus & 1:
        return PublicKey(KeyKind.RSA, bits)
    try:
        return PublicKey(KeyKind.RSA, bits, rsa.RSAPublicNumbers(exponent, modulus).public_key())
    except (ValueError, UnsupportedAlgorithm):
        return PublicKey(KeyKind.RSA, bits)


def _ec(algorithm: AlgorithmId, content: bytes) -> PublicKey:
    """A point in its uncompressed form on a curve of NIST, named by its OID."""
    parameters = DerReader(algorithm.parameters)
    curve = _CURVES.get(parameters.oid()) if parameters.peek(OID) else None
    if curve is None:
        raise Malformed("an elliptic curve that is not supported")
    if content[:1] != b"\x04":
        raise Malformed("a key's point is not in its uncompressed form")
    return PublicKey(KeyKind.EC, curve.key_size, ec.EllipticCurvePublicKey.from_encoded_point(curve, content))


def _edwards(algorithm: AlgorithmId, content: bytes) -> PublicKey:
    if algorithm.parameters or len(content) != 32:
        raise Malformed("an Ed25519 key is malformed")
    return PublicKey(KeyKind.ED25519, 256, ed25519.Ed25519PublicKey.from_public_bytes(content))


def _dsa(algorithm: AlgorithmId, content: bytes) -> PublicKey:
    parameters = DerReader(algorithm.parameters).take(SEQUENCE)
    numbers = [DerReader(content).integer(), *(parameters.integer() for _ in range(3))]
    if min(numbers) <= 0:
        raise Malformed("a DSA key has a number that is not positive")
    return PublicKey(KeyKind.DSA)


class SignatureScheme(msgspec.Struct, frozen=True):
    """How something was signed: the kind of key, the hash (none for Ed25519), and whether RSA was padded by PSS."""

    kind: KeyKind
    digest: str = ""
    pss: bool = False


# Weak hashes, DSA and what Go does not know are left out, for they hold nothing.
_SCHEMES = {
    "1.2.840.113549.1.1.11": SignatureScheme(KeyKind.RSA, "sha256"),
    "1.2.840.113549.1.1.12": SignatureScheme(KeyKind.RSA, "sha384"),
    "1.2.840.113549.1.1.13": SignatureScheme(KeyKind.RSA, "sha512"),
    "1.2.840.10045.4.3.2": SignatureScheme(KeyKind.EC, "sha256"),
    "1.2.840.10045.4.3.3": SignatureScheme(KeyKind.EC, "sha384"),
    "1.2.840.10045.4.3.4": SignatureScheme(KeyKind.EC, "sha512"),
}


def plain_scheme(oid: str) -> SignatureScheme | None:
    """RSA (PKCS #1 v1.5) or ECDSA with a hash that is not weak, None otherwise: all that Go takes under an OCSP response."""
    return _SCHEMES.get(oid)


def scheme_of(algorithm: AlgorithmId) -> SignatureScheme | None:
    """The scheme of a certificate's or a list's signature, None for one that holds nothing."""
    if algorithm.oid == PSS:
        return _pss_scheme(algorithm.parameters)
    if algorithm.oid == _ED25519:
        return None if algorithm.parameters else SignatureScheme(KeyKind.ED25519)
    return _SCHEMES.get(algorithm.oid)


def _pss_scheme(parameters: bytes) -> SignatureScheme | None:
    """RFC 4055 section 3.1, in the three forms that Go takes: one hash for all, a salt of its length, the usual trailer."""
    try:
        sequence = DerReader(parameters).take(SEQUENCE)
        digest = algorithm_id(sequence.take(constructed(0)).take(SEQUENCE))
        mask = algorithm_id(sequence.take(constructed(1)).take(SEQUENCE))
        inner = algorithm_id(DerReader(mask.parameters).take(SEQUENCE))
        salt = sequence.take(constructed(2)).small()
        trailer = sequence.take(constructed(3)).small() if sequence.peek(constructed(3)) else 1
    except ValueError:
        return None
    name = _HASH_OIDS.get(digest.oid, "")
    usual = {digest.parameters, inner.parameters} <= {b"", _NULL} and (mask.oid, inner.oid, trailer) == (_MGF1, digest.oid, 1)
    return SignatureScheme(KeyKind.RSA, name, pss=True) if name and usual and salt == _HASHES[name].digest_size else None


def signature_holds(public: PublicKey, scheme: SignatureScheme | None, signed: bytes, signature: bytes) -> bool:
    """True when the key made the signature by that scheme."""
    if scheme is None or scheme.kind is not public.kind:
        return False
    try:
        match public.key:
            case rsa.RSAPublicKey() as key:
                digest = _HASHES[scheme.digest]
                usual = padding.PSS(padding.MGF1(digest), padding.PSS.DIGEST_LENGTH) if scheme.pss else padding.PKCS1v15()
                key.verify(signature, signed, usual, digest)
            case ec.EllipticCurvePublicKey() as key:
                key.verify(signature, signed, ec.ECDSA(_HASHES[scheme.digest]))
            case ed25519.Ed25519PublicKey() as key:
                key.verify(signature, signed)
            case _:
                return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True
