"""Signs as cosign does, from its specifications: simple signing, DSSE bundles, Rekor entries with a SET."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.sources.signatures.signer import DIGEST
from tui.sources.signatures.cosign.keys import PublicKey, load_key

CosignKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
REPOSITORY = "registry.example/app"
TYPE = "application/vnd.dev.cosign.simplesigning.v1+json"


def pem(key: CosignKey) -> bytes:
    """The public key in PEM."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def public(key: CosignKey, name: str = "release") -> PublicKey:
    """The public key as configured."""
    return load_key(name, pem(key))


def sign(key: CosignKey, data: bytes) -> bytes:
    """A signature as cosign makes it."""
    match key:
        case ec.EllipticCurvePrivateKey():
            return key.sign(data, ec.ECDSA(hashes.SHA256()))
        case rsa.RSAPrivateKey():
            return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        case _:
            return key.sign(data)


def b64(data: bytes) -> str:
    """Padded base64."""
    return base64.b64encode(data).decode()


def payload(digest: str = DIGEST, reference: str = REPOSITORY, kind: str = "cosign container image signature") -> bytes:
    """A simple signing payload."""
    critical = {"identity": {"docker-reference": reference}, "image": {"docker-manifest-digest": digest}, "type": kind}
    return json.dumps({"critical": critical, "optional": None}).encode()


def entry_body(content: bytes, signature: bytes, key: CosignKey, kind: str = "hashedrekord") -> bytes:
    """The body of a log entry about a signature."""
    digest = {"algorithm": "sha256", "value": hashlib.sha256(content).hexdigest()}
    spec: dict[str, Any] = {
        "data": {"hash": digest},
        "signature": {"content": b64(signature), "publicKey": {"content": b64(pem(key))}},
    }
    if kind == "dsse":
        spec = {"payloadHash": digest, "signatures": [{"signature": b64(signature), "verifier": b64(pem(key))}]}
    return json.dumps({"apiVersion": "0.0.1", "kind": kind, "spec": spec}).encode()


def logged(log: CosignKey, body: bytes, when: int = 1_700_000_000) -> dict[str, Any]:
    """A log's promise (SET) about an entry."""
    spki = log.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    members = {"body": b64(body), "integratedTime": when, "logID": hashlib.sha256(spki).hexdigest(), "logIndex": 7}
    promise = sign(log, json.dumps(members, separators=(",", ":"), sort_keys=True).encode())
    return {"SignedEntryTimestamp": b64(promise), "Payload": members}


def bundle(
    key: CosignKey,
    *,
    log: CosignKey | None = None,
    digest: str = DIGEST,
    predicate: str = "https://sigstore.dev/cosign/sign/v1",
    kind: str = "https://in-toto.io/Statement/v1",
    **changes: Any,
) -> bytes:
    """A v0.3 bundle with a managed key."""
    algorithm, _, value = digest.partition(":")
    subject = [{"name": "", "digest": {algorithm: value}}]
    statement = json.dumps({"_type": kind, "subject": subject, "predicateType": predicate, "predicate": {}}).encode()
    content = changes.pop("content", statement)
    payload_type = "application/vnd.in-toto+json"
    signature = sign(key, b"DSSEv1 %d %s %d %s" % (len(payload_type), payload_type.encode(), len(content), content))
    material: dict[str, Any] = {"publicKey": {"hint": "x"}, "tlogEntries": []}
    if log is not None:
        made = logged(log, entry_body(content, signature, key, "dsse"))
        material["tlogEntries"] = [
            {
                "logIndex": str(made["Payload"]["logIndex"]),
                "logId": {"keyId": b64(bytes.fromhex(made["Payload"]["logID"]))},
                "integratedTime": str(made["Payload"]["integratedTime"]),
                "inclusionPromise": {"signedEntryTimestamp": made["SignedEntryTimestamp"]},
                "canonicalizedBody": made["Payload"]["body"],
            }
        ]
    envelope = {"payload": b64(content), "payloadType": payload_type, "signatures": [{"sig": b64(signature)}]}
    media_type = "application/vnd.dev.sigstore.bundle.v0.3+json"
    members = {"mediaType": media_type, "verificationMaterial": material, "dsseEnvelope": envelope}
    return json.dumps({**members, **changes}).encode()
