"""Keys, a Sigstore instance and one image, and what may be attached to it: what the cases of cosign are made of."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from tests.sources.signatures import cosigner
from tests.sources.signatures.cosigner import CosignKey, b64, entry_body, logged, sign
from tests.sources.signatures.instance import Instance

SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
INDEX = "application/vnd.oci.image.index.v1+json"
EMPTY = "application/vnd.oci.empty.v1+json"
COSIGN_REFERRER = "application/vnd.dev.cosign.artifact.sig.v1+json"
FOREIGN = "sha256:" + "cd" * 32
NOW = datetime.now(UTC).replace(microsecond=0)


class Mode(StrEnum):
    """How cosign is asked: with a key, with a key and the log, or for an identity."""

    KEY = "key"
    LOG = "key and log"
    KEYLESS = "keyless"


class Layer(msgspec.Struct, frozen=True):
    """A layer of a signature manifest; `changes` are made to its descriptor."""

    media_type: str
    content: bytes
    annotations: dict[str, str] = {}
    changes: dict[str, Any] = {}


class Attached(msgspec.Struct, frozen=True):
    """A manifest beside the image: under the tag with that ending, else as a referrer of that type."""

    layers: tuple[Layer, ...]
    ending: str = ""
    kind: str = ""
    changes: dict[str, Any] = {}


class Case(msgspec.Struct, frozen=True):
    """What lies there, how it is asked for, and whether cosign verifies it; `stricter` says why we need not.

    `file` is what the file of the key holds, if not the key in PEM.
    """

    name: str
    mode: Mode
    attached: tuple[Attached, ...]
    verified: bool
    stricter: str = ""
    key: CosignKey | None = None
    file: bytes = b""


class Bench:
    """Keys, a Sigstore instance, and one image."""

    def __init__(self, digest: str) -> None:
        self.digest, self.hex = digest, digest.partition(":")[2]
        self.key, self.other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        self.instance, self.foreign = Instance(), Instance("fabrikam")
        self.log = self.instance.log

    def payload(self, digest: str = "") -> bytes:
        """A simple signing payload."""
        return cosigner.payload(digest or self.digest)

    def simple(self, content: bytes | None = None, key: CosignKey | None = None, **notes: str) -> Attached:
        """A signature under the tag `.sig`; `notes` are its annotations by their last word."""
        content = self.payload() if content is None else content
        return under(content, {"signature": b64(sign(key or self.key, content)), **notes})

    def logged(self, content: bytes | None = None, **changes: Any) -> dict[str, str]:
        """Signature and Rekor bundle of a key's signature."""
        content = self.payload() if content is None else content
        signature = sign(self.key, content)
        body = entry_body(content, signature, self.key, holder=changes.pop("pem", b""))
        note = logged(changes.pop("log", self.log), body, **changes)
        return {"signature": b64(signature), "bundle": json.dumps(note)}

    def bundle(self, change: Callable[[dict[str, Any]], object] | None = None, *, log: bool = True, **more: Any) -> Attached:
        """A key's bundle, changed."""
        made = json.loads(cosigner.bundle(self.key, log=self.log if log else None, digest=self.digest, **more))
        if change is not None:
            change(made)
        return bundled(json.dumps(made).encode())

    def statement(self, change: Callable[[dict[str, Any]], object], key: CosignKey | None = None) -> Attached:
        """A key's bundle around a changed statement."""
        plain = json.loads(cosigner.bundle(self.key, digest=self.digest))
        content = json.loads(base64.b64decode(plain["dsseEnvelope"]["payload"]))
        change(content)
        return bundled(cosigner.bundle(key or self.key, content=json.dumps(content).encode()))


def under(content: bytes, notes: dict[str, str], ending: str = ".sig", **changes: Any) -> Attached:
    """A simple signature under a tag."""
    names = {
        "signature": "dev.cosignproject.cosign/signature",
        "certificate": "dev.sigstore.cosign/certificate",
        "chain": "dev.sigstore.cosign/chain",
        "bundle": "dev.sigstore.cosign/bundle",
        "timestamp": "dev.sigstore.cosign/rfc3161timestamp",
    }
    return Attached((Layer(SIMPLE, content, {names[name]: text for name, text in notes.items()}, changes),), ending)


def bundled(content: bytes, /, **changes: Any) -> Attached:
    """A bundle as a referrer."""
    return Attached((Layer(BUNDLE, content, {}, changes),), kind=BUNDLE)


def digest_of(content: bytes) -> str:
    """SHA-256."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
