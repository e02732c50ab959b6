"""Signatures as cosign makes them with a key: simple signing (SIGNATURE_SPEC.md) and the bundle v0.3 (protobuf-specs)."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tui.demo.content import OCI, Json, Stored, digest_of, encode, store_artifact
from tui.demo.moments import kube_time
from tui.demo.signing.certificates import ecdsa

__all__ = ["bundle", "simple", "simple_tag"]

_SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json"
_BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
_SIGN = "https://sigstore.dev/cosign/sign/v1"
_IN_TOTO = "application/vnd.in-toto+json"


def simple_tag(digest: str) -> str:
    """Where cosign looks for the signature of a digest."""
    return f"{digest.replace(':', '-')}.sig"


def simple(subject: Stored, reference: str, key: ec.EllipticCurvePrivateKey) -> Stored:
    """A manifest whose layer is the signed payload; `reference` is the name without tag under which it was signed."""
    image = {"docker-manifest-digest": subject.digest}
    critical = {"identity": {"docker-reference": reference}, "image": image, "type": "cosign container image signature"}
    payload = encode({"critical": critical, "optional": None})
    layer: Json = {"mediaType": _SIMPLE, "size": len(payload), "digest": digest_of(payload)}
    layer["annotations"] = {"dev.cosignproject.cosign/signature": base64.b64encode(ecdsa(key, payload)).decode()}
    rootfs = {"type": "layers", "diff_ids": [digest_of(payload)]}
    config = encode({"architecture": "", "created": "0001-01-01T00:00:00Z", "history": [{}], "os": "", "rootfs": rootfs})
    about = {"mediaType": OCI.config, "size": len(config), "digest": digest_of(config)}
    body = encode({"schemaVersion": 2, "mediaType": OCI.manifest, "config": about, "layers": [layer]})
    blobs = {digest_of(config): config, digest_of(payload): payload}
    return Stored(digest_of(body), OCI.manifest, body, len(payload), config_media_type=OCI.config, blobs=blobs)


def bundle(subject: Stored, key: ec.EllipticCurvePrivateKey, moment: datetime) -> Stored:
    """A referrer with a DSSE envelope over an in-toto statement, as cosign 3 attaches it."""
    about = [{"digest": {"sha256": subject.digest.removeprefix("sha256:")}}]
    statement = encode({"_type": "https://in-toto.io/Statement/v1", "subject": about, "predicateType": _SIGN, "predicate": {}})
    signed = b"DSSEv1 %d %s %d %s" % (len(_IN_TOTO), _IN_TOTO.encode(), len(statement), statement)
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    hint = base64.b64encode(hashlib.sha256(spki).digest()).decode()
    envelope = {"payload": _b64(statement), "payloadType": _IN_TOTO, "signatures": [{"sig": _b64(ecdsa(key, signed))}]}
    material = {"publicKey": {"hint": hint}}
    body = encode({"mediaType": _BUNDLE, "verificationMaterial": material, "dsseEnvelope": envelope})
    annotations = {"dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": _SIGN}
    return store_artifact(subject, _BUNDLE, body, _BUNDLE, {**annotations, "org.opencontainers.image.created": kube_time(moment)})


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
