"""Envelopes of the Notary Project (signature-envelope-jws.md, signature-envelope-cose.md), good ones and spoiled ones."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tui.demo.content import Json, Stored, encode
from tui.demo.moments import kube_time
from tui.demo.signing.certificates import Certified, ecdsa
from tui.demo.signing.encodings import Tagged, cbor
from tui.demo.signing.stamps import stamp

__all__ = ["COSE", "JWS", "SigningRequest", "envelope"]

JWS, COSE = "application/jose+json", "application/cose"
_AGENT = "notation/1.3.2"
_CONTENT = "application/vnd.cncf.notary.payload.v1+json"
_N = "io.cncf.notary."
_Header = dict[int | str, object]


@dataclass(frozen=True, slots=True)
class SigningRequest:
    """What is to be signed, by whom and when.

    `stamper` adds a time stamp of the same moment; with `tampered` the payload is changed afterwards.
    """

    subject: Stored
    signer: Certified
    at: datetime
    media_type: str = COSE
    expiry: datetime | None = None
    stamper: Certified | None = None
    tampered: bool = False

    @property
    def payload(self) -> bytes:
        """The descriptor of the subject."""
        about = {"mediaType": self.subject.media_type, "digest": self.subject.digest, "size": len(self.subject.body)}
        return encode({"targetArtifact": about})

    @property
    def critical(self) -> list[str]:
        """Which of the attributes must be understood."""
        return [f"{_N}signingScheme", *([f"{_N}expiry"] if self.expiry else [])]


def envelope(wish: SigningRequest) -> bytes:
    """The signature as it is stored."""
    return _cose(wish) if wish.media_type == COSE else _jws(wish)


def _raw(wish: SigningRequest, signed: bytes) -> bytes:
    r, s = decode_dss_signature(ecdsa(wish.signer.key, signed))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _token(wish: SigningRequest, signature: bytes) -> bytes:
    return stamp(wish.stamper, signature, wish.at) if wish.stamper else b""


def _shown(wish: SigningRequest) -> bytes:
    """The payload as the reader finds it: one digit of the digest is another when somebody has been at it."""
    if not wish.tampered:
        return wish.payload
    digest = wish.subject.digest.encode()
    return wish.payload.replace(digest, digest[:-1] + (b"0" if digest[-1:] != b"0" else b"1"))


def _jws(wish: SigningRequest) -> bytes:
    protected: Json = {"alg": "ES256", "crit": wish.critical, "cty": _CONTENT, f"{_N}signingScheme": "notary.x509"}
    protected[f"{_N}signingTime"] = kube_time(wish.at)
    if wish.expiry:
        protected[f"{_N}expiry"] = kube_time(wish.expiry)
    head = _b64url(encode(protected))
    signature = _raw(wish, f"{head}.{_b64url(wish.payload)}".encode())
    header: Json = {"x5c": [base64.b64encode(der).decode() for der in wish.signer.chain], f"{_N}signingAgent": _AGENT}
    if token := _token(wish, signature):
        header[f"{_N}timestampSignature"] = base64.b64encode(token).decode()
    return encode({"payload": _b64url(_shown(wish)), "protected": head, "header": header, "signature": _b64url(signature)})


def _cose(wish: SigningRequest) -> bytes:
    signing = Tagged(1, int(wish.at.timestamp()))
    head: _Header = {1: -7, 2: wish.critical, 3: _CONTENT, f"{_N}signingScheme": "notary.x509", f"{_N}signingTime": signing}
    if wish.expiry:
        head[f"{_N}expiry"] = Tagged(1, int(wish.expiry.timestamp()))
    protected = cbor(head)
    signature = _raw(wish, cbor(["Signature1", protected, b"", wish.payload]))
    unprotected: _Header = {33: list(wish.signer.chain), f"{_N}signingAgent": _AGENT}
    if token := _token(wish, signature):
        unprotected[f"{_N}timestampSignature"] = token
    return cbor(Tagged(18, [protected, unprotected, _shown(wish), signature]))


def _b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
