"""Whom to trust of those who sign with cosign, and public keys as it uses them (sigstore signature.LoadVerifier).

`cosign verify` takes SHA-256 unless `--signature-digest-algorithm` says otherwise, while `cosign sign` takes the digest of the
curve: signatures of P-384 and P-521 keys are tried with both, and the sentence says which it was.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from typing import TypeAlias

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from tui.domain.common.text import clean
from tui.domain.facts.signature import Reason
from tui.errors import InvalidConfig
from tui.verification.faults import CheckFailed, Malformed, parsed
from tui.verification.pkix.der import SEQUENCE, DerReader
from tui.verification.pkix.keys import parse_key, parse_rsa_key
from tui.verification.pkix.pem import PemBlock, first_block

__all__ = [
    "DIGESTS",
    "CertificateAuthority",
    "CosignPolicy",
    "KeylessIdentity",
    "TransparencyLog",
    "TrustedKey",
    "TrustedRoot",
    "dsse_key_id",
    "kind_of",
    "load_key",
    "log_of",
    "own_digest",
    "signed_by",
    "spki_of",
    "usable_key",
    "verify_with",
]

SIGNING_KEYS = (rsa.RSAPublicKey, ec.EllipticCurvePublicKey, ed25519.Ed25519PublicKey)
SigningKey: TypeAlias = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
DIGESTS: dict[str, hashes.HashAlgorithm] = {"SHA-256": hashes.SHA256(), "SHA-384": hashes.SHA384(), "SHA-512": hashes.SHA512()}

_SMALLEST_RSA = 2048
_CURVES = {"secp256r1": ("P-256", "SHA-256"), "secp384r1": ("P-384", "SHA-384"), "secp521r1": ("P-521", "SHA-512")}


class TrustedKey(msgspec.Struct, frozen=True):
    """A configured key: its name for the operator, and its SubjectPublicKeyInfo in DER."""

    name: str
    spki: bytes


class TransparencyLog(msgspec.Struct, frozen=True):
    """A log of signatures or of certificates: its key in DER, its name (hex) and the time in which the key counts."""

    spki: bytes
    log_id: str
    start: datetime | None = None
    end: datetime | None = None

    def covers(self, moment: datetime) -> bool:
        """Whether the key counts at a moment."""
        return _is_between(self.start, moment, self.end)


def spki_of(certificate: x509.Certificate) -> bytes:
    """The SubjectPublicKeyInfo of a certificate, in DER."""
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def log_of(key: TrustedKey) -> TransparencyLog:
    """A log by its key alone: its name is the SHA-256 of the key (RFC 6962 section 3.2)."""
    return TransparencyLog(key.spki, hashlib.sha256(key.spki).hexdigest())


class KeylessIdentity(msgspec.Struct, frozen=True):
    """Who may sign without a key: a subject and an OIDC issuer, both needed.

    With `pattern` the subject is a regular expression as Go reads them, found anywhere in it unless anchored; `issuer_pattern`
    says the same of the issuer (cosign's `--certificate-identity-regexp` and `--certificate-oidc-issuer-regexp`).
    """

    subject: str
    issuer: str
    pattern: bool = False
    issuer_pattern: bool = False


class CertificateAuthority(msgspec.Struct, frozen=True):
    """A certificate authority for signers, in DER: its root, what lies between, and the time in which it counts."""

    root: bytes
    intermediates: tuple[bytes, ...] = ()
    start: datetime | None = None
    end: datetime | None = None

    def covers(self, moment: datetime) -> bool:
        """Whether it counts at a moment."""
        return _is_between(self.start, moment, self.end)


def _is_between(start: datetime | None, moment: datetime, end: datetime | None) -> bool:
    return (start is None or start <= moment) and (end is None or moment <= end)


class TrustedRoot(msgspec.Struct, frozen=True):
    """A `trusted_root.json`: authorities, logs of signatures, logs of certificates. `stamping` counts its time authorities."""

    authorities: tuple[CertificateAuthority, ...] = ()
    logs: tuple[TransparencyLog, ...] = ()
    certificate_logs: tuple[TransparencyLog, ...] = ()
    stamping: int = 0


class CosignPolicy(msgspec.Struct, frozen=True):
    """What cosign signatures must fulfil.

    `rekor` and `ct` are the keys of logs of signatures and of certificates, `fulcio` DER certificates of authorities; `root` is a
    trusted root, which names all three. With `require_log` a signature without an entry is refused; without `require_sct` a
    certificate need not be in a log of certificates.
    """

    keys: tuple[TrustedKey, ...] = ()
    rekor: tuple[TrustedKey, ...] = ()
    require_log: bool = False
    fulcio: tuple[bytes, ...] = ()
    identities: tuple[KeylessIdentity, ...] = ()
    ct: tuple[TrustedKey, ...] = ()
    root: TrustedRoot | None = None
    require_sct: bool = True

    @property
    def logs(self) -> tuple[TransparencyLog, ...]:
        """Every log of signatures."""
        return (*(self.root.logs if self.root is not None else ()), *map(log_of, self.rekor))

    def knows(self, log_id: str) -> bool:
        """Whether a log of signatures is configured."""
        return any(log.log_id == log_id for log in self.logs)

    @property
    def certificate_logs(self) -> tuple[TransparencyLog, ...]:
        """Every log of certificates."""
        return (*(self.root.certificate_logs if self.root is not None else ()), *map(log_of, self.ct))

    @property
    def keyless(self) -> bool:
        """Whether some authority for signers is named."""
        return bool(self.fulcio or (self.root is not None and self.root.authorities))


def load_key(name: str, pem: bytes) -> TrustedKey:
    """A key from PEM, the first block as cosign takes it; InvalidConfig for anything that may not sign."""
    block = first_block(pem)
    if block is None:
        raise _unusable(name, "it is not a public key in PEM whose lines begin at the left")
    try:
        key = parsed(lambda: _key_in(block))
    except Malformed as error:
        raise _unusable(name, f"it is not a public key in PEM that cosign reads{_compressed(block)}") from error
    fault = _fault(key)
    if fault or not isinstance(key, SIGNING_KEYS):
        raise _unusable(name, fault)
    return TrustedKey(name, key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _key_in(block: PemBlock) -> object:
    """The key of a block as Go reads it (cryptoutils.UnmarshalPEMToPublicKey); ValueError for another block."""
    reader = DerReader(block.content)
    whole = reader.take(SEQUENCE)
    reader.done()
    match block.label:
        case "PUBLIC KEY":
            return parse_key(whole).key
        case "RSA PUBLIC KEY":
            return parse_rsa_key(whole).key
        case _:
            raise Malformed("a block of another kind")


def _compressed(block: PemBlock) -> str:
    """What to say of a point in its short form, which other tools take."""
    try:
        key = parsed(lambda: load_der_public_key(block.content))
    except Malformed:
        return ""
    return ": its point is compressed" if isinstance(key, ec.EllipticCurvePublicKey) else ""


def _unusable(name: str, why: str) -> InvalidConfig:
    return InvalidConfig(f"the public key {clean(name, 100)} cannot be used: {why}", "give an ECDSA, RSA or Ed25519 key")


def _fault(key: object) -> str:
    """Why a key may not sign; empty when it may."""
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < _SMALLEST_RSA:
        return "RSA keys need 2048 bits or more"
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name not in _CURVES:
        return f"the curve {key.curve.name} is not supported"
    return "" if isinstance(key, SIGNING_KEYS) else "it is of an unsupported kind"


def usable_key(spki: bytes) -> SigningKey:
    """The key in a SubjectPublicKeyInfo; ValueError for one that may not sign."""
    key = parsed(lambda: load_der_public_key(spki))
    fault = _fault(key)
    if fault or not isinstance(key, SIGNING_KEYS):
        raise ValueError(fault)
    return key


def verify_with(spki: bytes, signed: bytes, signature: bytes, digest: str = "SHA-256") -> bool:
    """True when the key made the signature over that digest; Ed25519 signs the bytes themselves."""
    key = usable_key(spki)
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, padding.PKCS1v15(), DIGESTS[digest])
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed, ec.ECDSA(DIGESTS[digest]))
        else:
            key.verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def own_digest(spki: bytes) -> str:
    """The digest that signers take for a key when nothing else is said (sigstore signature.LoadDefaultVerifier)."""
    key = usable_key(spki)
    return _CURVES[key.curve.name][1] if isinstance(key, ec.EllipticCurvePublicKey) else "SHA-256"


def kind_of(spki: bytes) -> str:
    """`P-384`, `RSA` or `Ed25519`."""
    key = usable_key(spki)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return _CURVES[key.curve.name][0]
    return "RSA" if isinstance(key, rsa.RSAPublicKey) else "Ed25519"


def signed_by(keys: tuple[TrustedKey, ...], signed: bytes, signature: bytes) -> tuple[TrustedKey, str]:
    """The configured key that made the signature, and what to say of it; CheckFailed when none did, or none is configured."""
    if not keys:
        raise CheckFailed("no public key is configured for this signature", Reason.NO_KEY, unknown=True)
    for key in keys:
        own = own_digest(key.spki)
        for digest in dict.fromkeys(("SHA-256", own)):
            if verify_with(key.spki, signed, signature, digest):
                shown = f" ({kind_of(key.spki)}, {digest})" if own != "SHA-256" else ""
                return key, f"signed with the key {key.name}{shown}"
    raise CheckFailed(f"no configured key verifies this signature{_tried(keys)}", Reason.WRONG_KEY)


def _tried(keys: tuple[TrustedKey, ...]) -> str:
    """Which digests were tried where that is not plain."""
    large = {kind_of(key.spki): own_digest(key.spki) for key in keys if own_digest(key.spki) != "SHA-256"}
    attempts = "".join(f"; {kind} was tried with SHA-256 and {digest}" for kind, digest in sorted(large.items()))
    if any(kind_of(key.spki) == "Ed25519" for key in keys):
        attempts += "; what cosign 3 signs with an Ed25519 key (Ed25519ph) is verified neither here nor by cosign itself"
    return attempts


def dsse_key_id(spki: bytes) -> str:
    """What an envelope may call a key: its SSH fingerprint (securesystemslib dsse.SHA256KeyID)."""
    blob = usable_key(spki).public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).split()[1]
    return "SHA256:" + base64.b64encode(hashlib.sha256(base64.b64decode(blob)).digest()).decode().rstrip("=")
