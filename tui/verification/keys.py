"""Signatures over bytes: the six algorithms of the Notary Project, by the key of a certificate."""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tui.domain.facts.signature import Reason
from tui.verification.faults import CheckFailed
from tui.verification.pkix.keys import Key

__all__ = ["HASHES", "verify_signature"]

HASHES: dict[str, hashes.HashAlgorithm] = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
_HASH_OF = {"256": "sha256", "384": "sha384", "512": "sha512"}


def verify_signature(algorithm: str, key: Key | None, signed: bytes, signature: bytes, *, any_salt: bool) -> None:
    """Verify by PS256..PS512 (RFC 7518 3.5) or ES256..ES512 (3.4: fixed-size r and s); InvalidSignature or CheckFailed otherwise.

    `any_salt` allows a PSS salt of another length than the hash, as the JWT library of notation does.
    """
    digest = HASHES[_HASH_OF[algorithm[2:]]]
    if isinstance(key, rsa.RSAPublicKey) and algorithm.startswith("PS"):
        salt = padding.PSS.AUTO if any_salt else padding.PSS.DIGEST_LENGTH
        key.verify(signature, signed, padding.PSS(mgf=padding.MGF1(digest), salt_length=salt), digest)
    elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm.startswith("ES"):
        key.verify(_der_of(signature, (key.key_size + 7) // 8), signed, ec.ECDSA(digest))
    else:
        raise CheckFailed(f"{algorithm} does not fit the key of the certificate", Reason.ALGORITHM)


def _der_of(signature: bytes, width: int) -> bytes:
    if len(signature) != 2 * width:
        raise CheckFailed("the signature has the wrong length", Reason.SIGNATURE_MISMATCH)
    return encode_dss_signature(int.from_bytes(signature[:width], "big"), int.from_bytes(signature[width:], "big"))
