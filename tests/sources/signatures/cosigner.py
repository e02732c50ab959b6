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
from tui.verification.cosign.keys import TrustedKey, load_key

CosignKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
REPOSITORY = "registry.example/app"
TYPE = "application/vnd.dev.cosign.simplesigning.v1+json"


def pem(key: CosignKey) -> bytes:
    """The public key in PEM."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def public(key: CosignKey, name: str = "release") -> TrustedKey:
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


def entry_body(content: bytes, signature: bytes, key: CosignKey, kind: str = "hashedrekord", holder: bytes = b"") -> bytes:
    """The body of a log entry about a signature; `holder` is the PEM that the log was shown, the key's by default."""
    digest = {"algorithm": "sha256", "value": hashlib.sha256(content).hexdigest()}
    shown = b64(holder or pem(key))
    spec: dict[str, Any] = {"data": {"hash": digest}, "signature": {"content": b64(signature), "publicKey": {"content": shown}}}
    if kind == "dsse":
        signatures = [{"signature": b64(signature), "verifier": shown}]
        spec = {"payloadHash": digest, "envelopeHash": digest, "signatures": signatures}
    return json.dumps({"apiVersion": "0.0.1", "kind": kind, "spec": spec}).encode()


def logged(log: CosignKey, body: bytes, when: int = 1_700_000_000) -> dict[str, Any]:
    """A log's promise (SET) about an entry."""
    spki = log.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    members = {"body": b64(body), "integratedTime": when, "logID": hashlib.sha256(spki).hexdigest(), "logIndex": 7}
    promise = sign(log, json.dumps(members, separators=(",", ":"), sort_keys=True).encode())
    return {"SignedEntryTimestamp": b64(promise), "Payload": members}


def grown(leaf: bytes, index: int = 5, size: int = 11) -> tuple[bytes, list[bytes]]:
    """The root of a tree with that leaf (a hash) at that place, and the hashes beside its path (RFC 6962 section 2.1)."""
    leaves = [leaf if place == index else hashlib.sha256(b"\0other%d" % place).digest() for place in range(size)]

    def root(part: list[bytes]) -> bytes:
        if len(part) == 1:
            return part[0]
        half = 1 << (len(part) - 1).bit_length() - 1
        return hashlib.sha256(b"\1" + root(part[:half]) + root(part[half:])).digest()

    def path(place: int, part: list[bytes]) -> list[bytes]:
        if len(part) == 1:
            return []
        half = 1 << (len(part) - 1).bit_length() - 1
        if place < half:
            return [*path(place, part[:half]), root(part[half:])]
        return [*path(place - half, part[half:]), root(part[:half])]

    return root(leaves), path(index, leaves)


def proven(log: CosignKey, body: bytes, index: int = 5, size: int = 11) -> dict[str, Any]:
    """A log's proof that an entry is in its tree, with the head of the tree that it signed."""
    root, path = grown(hashlib.sha256(b"\0" + body).digest(), index, size)
    note = f"log.example - 1193050959916656506\n{size}\n{b64(root)}\n"
    spki = log.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    line = b64(hashlib.sha256(spki).digest()[:4] + sign(log, note.encode()))
    return {
        "logIndex": str(index),
        "treeSize": str(size),
        "rootHash": b64(root),
        "hashes": [b64(item) for item in path],
        "checkpoint": {"envelope": f"{note}\n\u2014 log.example {line}\n"},
    }


def entry(log: CosignKey, body: bytes, kind: str = "dsse", when: int = 1_700_000_000) -> dict[str, Any]:
    """A log entry as bundles hold it: promise and proof."""
    made = logged(log, body, when)
    return {
        "logIndex": str(made["Payload"]["logIndex"]),
        "logId": {"keyId": b64(bytes.fromhex(made["Payload"]["logID"]))},
        "kindVersion": {"kind": kind, "version": "0.0.1"},
        "integratedTime": str(when),
        "inclusionPromise": {"signedEntryTimestamp": made["SignedEntryTimestamp"]},
        "inclusionProof": proven(log, body),
        "canonicalizedBody": made["Payload"]["body"],
    }


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
        material["tlogEntries"] = [entry(log, entry_body(content, signature, key, "dsse"))]
    envelope = {"payload": b64(content), "payloadType": payload_type, "signatures": [{"sig": b64(signature)}]}
    media_type = "application/vnd.dev.sigstore.bundle.v0.3+json"
    members = {"mediaType": media_type, "verificationMaterial": material, "dsseEnvelope": envelope}
    return json.dumps({**members, **changes}).encode()
