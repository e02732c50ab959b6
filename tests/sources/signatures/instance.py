"""A Sigstore instance of our own: certificate authority, log of certificates, log of signatures, and its trusted root."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from tests.sources.signatures.cosigner import CosignKey, b64, entry, entry_body, logged, payload, sign
from tests.sources.signatures.signer import DIGEST

WHEN = datetime.fromtimestamp(1_700_000_000, UTC)
ISSUER = "https://accounts.example"
SUBJECT = "release@contoso.example"
RAW_ISSUER = "1.3.6.1.4.1.57264.1.1"
DER_ISSUER = "1.3.6.1.4.1.57264.1.8"
_SCT = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")


def utf8(text: str) -> bytes:
    """A DER UTF8String of less than 128 bytes."""
    data = text.encode()
    return bytes([0x0C, len(data)]) + data


def named(text: str) -> x509.Name:
    """A distinguished name."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def spki(key: CosignKey) -> bytes:
    """The public key in DER."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


class Instance:
    """Its keys and certificates; each test may have another."""

    def __init__(self, name: str = "contoso", *constraints: x509.ExtensionType) -> None:
        """`constraints` are extensions of the certificate between root and signers."""
        self.name = name
        self.ca, self.between_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        self.log, self.certificate_log = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        self.root = self._authority(f"{name} root", self.ca, f"{name} root", self.ca, 1)
        self.between = self._authority(f"{name} between", self.between_key, f"{name} root", self.ca, 0, *constraints)

    @staticmethod
    def _authority(
        subject: str,
        key: ec.EllipticCurvePrivateKey,
        issuer: str,
        by: ec.EllipticCurvePrivateKey,
        length: int,
        *constraints: x509.ExtensionType,
    ) -> x509.Certificate:
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        builder = _builder(subject, issuer, key, timedelta(days=3650))
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=length), critical=True)
        for constraint in constraints:
            builder = builder.add_extension(constraint, critical=False)
        return builder.add_extension(usage, critical=True).sign(by, hashes.SHA256())

    def issue(
        self,
        key: ec.EllipticCurvePrivateKey,
        *,
        names: Sequence[x509.GeneralName] | None = None,
        claims: dict[str, bytes] | None = None,
        proof: str = "good",
        when: datetime = WHEN,
    ) -> x509.Certificate:
        """A signer's certificate of ten minutes; `proof` of the certificate log: good, none, other (log) or broken."""
        claims = {RAW_ISSUER: ISSUER.encode(), DER_ISSUER: utf8(ISSUER)} if claims is None else claims
        names = [x509.RFC822Name(SUBJECT)] if names is None else names
        usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
        builder = _builder("", f"{self.name} between", key, timedelta(minutes=10), when - timedelta(minutes=1))
        builder = builder.add_extension(usage, critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=True)
        for oid, value in claims.items():
            builder = builder.add_extension(x509.UnrecognizedExtension(ObjectIdentifier(oid), value), critical=False)
        if proof == "none":
            return builder.sign(self.between_key, hashes.SHA256())
        draft = self._with_proof(builder, b"\0" * 70)
        signer = ec.generate_private_key(ec.SECP256R1()) if proof == "broken" else self.certificate_log
        return self._with_proof(builder, sign(signer, self._certified(draft, when)), other=proof == "other", when=when)

    def _with_proof(
        self, builder: x509.CertificateBuilder, signature: bytes, *, other: bool = False, when: datetime = WHEN
    ) -> x509.Certificate:
        """With a signed certificate timestamp (RFC 6962 section 3.3)."""
        log = b"\7" * 32 if other else hashlib.sha256(spki(self.certificate_log)).digest()
        stamp = b"\0" + log + struct.pack(">QH", int(when.timestamp() * 1000), 0) + b"\4\3"
        stamp += struct.pack(">H", len(signature)) + signature
        listed = struct.pack(">HH", len(stamp) + 2, len(stamp)) + stamp
        value = x509.UnrecognizedExtension(
            _SCT, bytes([4, 0x81, len(listed)] if len(listed) > 127 else [4, len(listed)]) + listed
        )
        return builder.add_extension(value, critical=False).sign(self.between_key, hashes.SHA256())

    def _certified(self, draft: x509.Certificate, when: datetime) -> bytes:
        body = draft.tbs_precertificate_bytes
        head = struct.pack(">BBQH", 0, 0, int(when.timestamp() * 1000), 1)
        return head + hashlib.sha256(spki(self.between_key)).digest() + len(body).to_bytes(3, "big") + body + b"\0\0"

    def trusted_root(self, **changes: Any) -> bytes:
        """The `trusted_root.json`."""
        certificates = [{"rawBytes": b64(each.public_bytes(Encoding.DER))} for each in (self.between, self.root)]
        span = {"start": "2020-01-01T00:00:00Z"}
        members = {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [_instance(self.log, "https://rekor.example")],
            "certificateAuthorities": [
                {
                    "subject": {"organization": self.name, "commonName": self.name},
                    "uri": "https://fulcio.example",
                    "certChain": {"certificates": certificates},
                    "validFor": span,
                }
            ],
            "ctlogs": [_instance(self.certificate_log, "https://ct.example")],
        }
        return json.dumps({**members, **changes}).encode()

    def bundle(
        self,
        key: ec.EllipticCurvePrivateKey,
        certificate: x509.Certificate,
        *,
        digest: str = DIGEST,
        when: int = int(WHEN.timestamp()),
        algorithm: hashes.HashAlgorithm | None = None,
        **changes: Any,
    ) -> bytes:
        """A keyless bundle, in the log."""
        predicate = changes.pop("predicate", "https://sigstore.dev/cosign/sign/v1")
        subject = [{"name": "", "digest": {"sha256": digest.partition(":")[2]}}]
        statement = {"_type": "https://in-toto.io/Statement/v1", "subject": subject, "predicateType": predicate, "predicate": {}}
        content, kind = json.dumps(statement).encode(), "application/vnd.in-toto+json"
        signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(content), content)
        signature = key.sign(signed, ec.ECDSA(algorithm or hashes.SHA256()))
        body = entry_body(content, signature, key, "dsse", certificate.public_bytes(Encoding.PEM))
        material = {
            "certificate": {"rawBytes": b64(certificate.public_bytes(Encoding.DER))},
            "tlogEntries": [entry(self.log, body, when=when)],
        }
        members = {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": material,
            "dsseEnvelope": {"payload": b64(content), "payloadType": kind, "signatures": [{"sig": b64(signature)}]},
        }
        return json.dumps({**members, **changes}).encode()

    def simple(
        self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate, digest: str = DIGEST, **changes: str
    ) -> tuple[bytes, dict[str, str]]:
        """The payload and the annotations (by their short names) of a keyless signature of the older kind."""
        content = payload(digest)
        signature, pem = sign(key, content), certificate.public_bytes(Encoding.PEM)
        body = entry_body(content, signature, key, holder=pem)
        notes = {
            "signature": b64(signature),
            "certificate": pem.decode(),
            "chain": (self.between.public_bytes(Encoding.PEM) + self.root.public_bytes(Encoding.PEM)).decode(),
            "bundle": json.dumps(logged(self.log, body)),
        }
        return content, notes | changes


def _builder(
    subject: str,
    issuer: str,
    key: ec.EllipticCurvePrivateKey,
    span: timedelta,
    start: datetime = datetime(2021, 1, 1, tzinfo=UTC),
) -> x509.CertificateBuilder:
    made = x509.CertificateBuilder().subject_name(named(subject) if subject else x509.Name([])).issuer_name(named(issuer))
    made = made.public_key(key.public_key()).serial_number(x509.random_serial_number())
    return made.not_valid_before(start).not_valid_after(start + span)


def _instance(key: CosignKey, url: str) -> dict[str, Any]:
    details = {"rawBytes": b64(spki(key)), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": {"start": "2020-01-01T00:00:00Z"}}
    log_id = {"keyId": b64(hashlib.sha256(spki(key)).digest())}
    return {"baseUrl": url, "hashAlgorithm": "SHA2_256", "publicKey": details, "logId": log_id}
