"""What a transparency log wrote down of a signature: the bodies of its entries, validated as Rekor's own types are."""

from __future__ import annotations

import re

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tui.verification.certificates import load_certificate
from tui.verification.cosign.keys import SigningKey, usable_key
from tui.verification.cosign.protojson import LOG_RECORD, message
from tui.verification.cosign.wire import go_base64, json_members, pem_blocks
from tui.verification.strict import Json, base64_bytes, object_of, text_of

__all__ = ["Record", "read_record"]

_HASHES: dict[str, hashes.HashAlgorithm] = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
_HEX = re.compile(r"[0-9a-fA-F]+", re.ASCII)
# Kinds that Rekor knows and that no signature of an image is made with today.
_OTHERS = frozenset({"alpine", "cose", "helm", "intoto", "jar", "rekord", "rfc3161", "rpm", "tuf"})


class Record(msgspec.Struct, frozen=True):
    """What an entry says: digest of the payload, signature, key or certificate in DER; `read` is false for other kinds."""

    kind: str
    read: bool = True
    digest: str = ""
    signature: bytes = b""
    holder: bytes = b""


def read_record(body: bytes) -> Record | None:
    """The record of an entry, None for one of the newer log (Rekor 2); ValueError for what no log would have taken in."""
    members = json_members(body, "apiVersion", "kind", "spec")
    kind, version = text_of(members, "kind"), text_of(members, "apiVersion")
    spec = object_of(members, "spec")
    if (kind, version) == ("hashedrekord", "0.0.2"):
        message(body, LOG_RECORD)
        return None
    if (kind, version) == ("hashedrekord", "0.0.1"):
        return _hashed(spec)
    if (kind, version) == ("dsse", "0.0.1"):
        return _envelope(spec)
    if kind in _OTHERS:
        return Record(kind, read=False)
    raise ValueError("an unknown kind of entry")


def _hashed(spec: dict[str, Json]) -> Record:
    """The signature must hold over the digest that it names, as Rekor checks when it reads an entry."""
    signature, data = object_of(spec, "signature"), object_of(object_of(spec, "data"), "hash")
    holder, key = _holder(text_of(object_of(signature, "publicKey"), "content"))
    content, algorithm = go_base64(text_of(signature, "content")), text_of(data, "algorithm")
    digest = _digest(data)
    if not _signs(key, bytes.fromhex(digest), content, _hash(algorithm)):
        raise ValueError("the signature of the entry does not hold")
    return Record("hashedrekord", digest=digest if algorithm == "sha256" else "", signature=content, holder=holder)


def _envelope(spec: dict[str, Json]) -> Record:
    signatures = spec.get("signatures")
    if not isinstance(signatures, list) or len(signatures) != 1 or not isinstance(signatures[0], dict):
        raise ValueError("the entry does not hold one signature")
    _digest(object_of(spec, "envelopeHash"))
    payload = object_of(spec, "payloadHash")
    holder, _ = _holder(text_of(signatures[0], "verifier"))
    signature = base64_bytes(text_of(signatures[0], "signature"))
    is_sha256 = text_of(payload, "algorithm") == "sha256"
    return Record("dsse", digest=_digest(payload) if is_sha256 else "", signature=signature, holder=holder)


def _digest(members: dict[str, Json]) -> str:
    algorithm, value = text_of(members, "algorithm"), text_of(members, "value")
    if len(value) != _hash(algorithm).digest_size * 2 or _HEX.fullmatch(value) is None:
        raise ValueError("not a digest")
    return value


def _hash(algorithm: str) -> hashes.HashAlgorithm:
    if algorithm not in _HASHES:
        raise ValueError("a hash of an unsupported kind")
    return _HASHES[algorithm]


def _holder(content: str) -> tuple[bytes, SigningKey]:
    """The one key or certificate in base64 of PEM: its DER, and the key in it."""
    ((label, der),) = pem_blocks(go_base64(content).decode("ascii"))
    if label == "PUBLIC KEY":
        return der, usable_key(der)
    if label != "CERTIFICATE":
        raise ValueError("neither a key nor a certificate")
    key = load_certificate(der).public_key()
    return der, usable_key(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _signs(key: SigningKey, digest: bytes, signature: bytes, algorithm: hashes.HashAlgorithm) -> bool:
    """Ed25519 signs the bytes, not a digest: what Rekor takes instead (Ed25519ph) is not known here, and not contradicted."""
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, digest, padding.PKCS1v15(), Prehashed(algorithm))
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, digest, ec.ECDSA(Prehashed(algorithm)))
    except InvalidSignature:
        return False
    return True
