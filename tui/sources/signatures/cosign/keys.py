"""Public keys as cosign uses them: SHA-256 with ECDSA or RSA PKCS #1 v1.5, and Ed25519 (sigstore signature.LoadVerifier)."""

from __future__ import annotations

import hashlib
from typing import TypeAlias

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key, load_pem_public_key

from tui.domain.signature import Reason
from tui.errors import InvalidConfig
from tui.sources.signatures.faults import EXPECTED, CheckFailed, said

__all__ = ["CosignPolicy", "Identity", "PublicKey", "key_id", "load_key", "signed_by", "spki_of", "verify_with"]

SIGNING_KEYS = (rsa.RSAPublicKey, ec.EllipticCurvePublicKey, ed25519.Ed25519PublicKey)
SigningKey: TypeAlias = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey

_SMALLEST_RSA = 2048
_CURVES = ("secp256r1", "secp384r1", "secp521r1")


class PublicKey(msgspec.Struct, frozen=True):
    """A configured key: its name for the operator, and its SubjectPublicKeyInfo in DER."""

    name: str
    spki: bytes


class Identity(msgspec.Struct, frozen=True):
    """Who may sign without a key: a subject (`pattern`: a regular expression over all of it) and the exact OIDC issuer."""

    subject: str
    issuer: str
    pattern: bool = False


class CosignPolicy(msgspec.Struct, frozen=True):
    """What cosign signatures must fulfil.

    `rekor` are the transparency logs' keys; with `require_log` a signature without an entry is refused. `fulcio` are DER
    roots for keyless signatures of the older kind; bundles with certificates are the optional extra's, with its own roots.
    """

    keys: tuple[PublicKey, ...] = ()
    rekor: tuple[PublicKey, ...] = ()
    require_log: bool = False
    fulcio: tuple[bytes, ...] = ()
    identities: tuple[Identity, ...] = ()


def load_key(name: str, pem: bytes) -> PublicKey:
    """A key from PEM; InvalidConfig for anything that may not sign."""
    try:
        key = load_pem_public_key(pem)
        _usable(key)
        return PublicKey(name, key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    except EXPECTED as error:
        raise InvalidConfig(
            f"the public key {name} cannot be used: {said(error)}", "give an ECDSA, RSA or Ed25519 key"
        ) from error


def _usable(key: object) -> SigningKey:
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < _SMALLEST_RSA:
        raise ValueError("RSA keys need 2048 bits or more")
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name not in _CURVES:
        raise ValueError(f"the curve {key.curve.name} is not supported")
    if not isinstance(key, SIGNING_KEYS):
        raise ValueError("it is of an unsupported kind")
    return key


def verify_with(spki: bytes, signed: bytes, signature: bytes) -> bool:
    """True when the key made the signature."""
    key = _usable(load_der_public_key(spki))
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
        else:
            key.verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def signed_by(keys: tuple[PublicKey, ...], signed: bytes, signature: bytes) -> PublicKey:
    """The configured key that made the signature; CheckFailed when none did, or none is configured."""
    if not keys:
        raise CheckFailed("no public key is configured for this signature", Reason.NO_KEY, unknown=True)
    for key in keys:
        if verify_with(key.spki, signed, signature):
            return key
    raise CheckFailed("no configured key verifies this signature", Reason.WRONG_KEY)


def key_id(key: PublicKey) -> str:
    """How Rekor names a log: the hex SHA-256 of its key in DER."""
    return hashlib.sha256(key.spki).hexdigest()


def spki_of(pem: bytes) -> bytes:
    """The DER public key in a PEM public key or certificate; ValueError otherwise."""
    certified = b"BEGIN CERTIFICATE" in pem
    key = _usable(x509.load_pem_x509_certificate(pem).public_key() if certified else load_pem_public_key(pem))
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
