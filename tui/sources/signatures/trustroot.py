"""A `trusted_root.json`: whom a Sigstore instance trusts, as `cosign verify --trusted-root` reads it (sigstore-go pkg/root)."""

from __future__ import annotations

from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tui.errors import InvalidConfig
from tui.verification.certificates import load_certificate
from tui.verification.cosign.keys import CertificateAuthority, TransparencyLog, TrustedRoot, usable_key
from tui.verification.cosign.protojson import TRUSTED_ROOT, message, proto_bytes
from tui.verification.strict import Json, object_of, text_of

__all__ = ["MEDIA_TYPE", "read_trusted_root"]

MEDIA_TYPE = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"
_ECDSA = ("PKIX_ECDSA_P256_SHA_256", "PKIX_ECDSA_P384_SHA_384", "PKIX_ECDSA_P521_SHA_512")
_RSA = tuple(f"PKIX_RSA_PKCS1V15_{size}_SHA256" for size in (2048, 3072, 4096))
_KINDS: dict[str, type[object]] = {
    **dict.fromkeys(_ECDSA, ec.EllipticCurvePublicKey),
    **dict.fromkeys(_RSA, rsa.RSAPublicKey),
    "PKIX_ED25519": ed25519.Ed25519PublicKey,
}


def read_trusted_root(data: bytes) -> TrustedRoot:
    """The trusted root in a file; InvalidConfig when it is none, or names something that cannot be used."""
    try:
        return _read(message(data, TRUSTED_ROOT))
    except ValueError as error:
        remedy = "Give the trusted_root.json of your Sigstore (cosign trusted-root create writes one)."
        raise InvalidConfig("it is not a trusted root that cosign would read", remedy) from error


def _read(members: dict[str, Json]) -> TrustedRoot:
    if text_of(members, "mediaType") != MEDIA_TYPE:
        raise ValueError("of another type")
    return TrustedRoot(
        authorities=tuple(map(_authority, _list(members, "certificateAuthorities"))),
        logs=tuple(map(_log, _list(members, "tlogs"))),
        certificate_logs=tuple(map(_log, _list(members, "ctlogs"))),
        stamping=len([_authority(item) for item in _list(members, "timestampAuthorities")]),
    )


def _list(members: dict[str, Json], name: str) -> list[dict[str, Json]]:
    items = members.get(name, [])
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _authority(members: dict[str, Json]) -> CertificateAuthority:
    """The chain ends in the root; the others lie between it and the signers."""
    chain = [proto_bytes(text_of(item, "rawBytes")) for item in _list(object_of(members, "certChain"), "certificates")]
    if not chain:
        raise ValueError("an authority without a certificate")
    for der in chain:
        load_certificate(der)
    start, end = _span(members)
    return CertificateAuthority(chain[-1], tuple(chain[:-1]), start, end)


def _log(members: dict[str, Json]) -> TransparencyLog:
    """A log's key must say from when it counts."""
    key = object_of(members, "publicKey")
    spki = proto_bytes(text_of(key, "rawBytes"))
    if text_of(members, "hashAlgorithm") != "SHA2_256" or not isinstance(usable_key(spki), _kind(text_of(key, "keyDetails"))):
        raise ValueError("a log of an unsupported kind")
    start, end = _span(key)
    if start is None:
        raise ValueError("a log without a beginning")
    return TransparencyLog(spki, proto_bytes(text_of(object_of(members, "logId"), "keyId")).hex(), start, end)


def _kind(details: str) -> type[object]:
    if details not in _KINDS:
        raise ValueError("a key of an unsupported kind")
    return _KINDS[details]


def _span(members: dict[str, Json]) -> tuple[datetime | None, datetime | None]:
    if "validFor" not in members:
        return None, None
    span = object_of(members, "validFor")
    start, end = (datetime.fromisoformat(text_of(span, name)) if name in span else None for name in ("start", "end"))
    return start, end
