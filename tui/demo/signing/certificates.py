"""Keys and certificates of signers, all from the seed: the same estate has the same signatures.

Keys that follow from a seed are good for a stage only: the trust stores that know them lie in the directory of a run.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from tui.demo.signing.encodings import algorithm, bits, sequence

__all__ = ["ECDSA_SHA256", "Certified", "Life", "Subject", "ecdsa", "key_of", "pem_of", "root", "signed_by", "spki_pem"]

ECDSA_SHA256 = "1.2.840.10045.4.3.2"
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256
Life = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Subject:
    """A distinguished name, as the Notary Project wants it: country, state and organisation are there."""

    country: str
    state: str
    organization: str
    common: str
    unit: str = ""

    @property
    def name(self) -> x509.Name:
        """For a certificate."""
        parts = [
            (NameOID.COUNTRY_NAME, self.country),
            (NameOID.STATE_OR_PROVINCE_NAME, self.state),
            (NameOID.ORGANIZATION_NAME, self.organization),
            (NameOID.ORGANIZATIONAL_UNIT_NAME, self.unit),
            (NameOID.COMMON_NAME, self.common),
        ]
        return x509.Name([x509.NameAttribute(kind, value) for kind, value in parts if value])


@dataclass(frozen=True, slots=True)
class Certified:
    """A key with its chain in DER, leaf first."""

    key: ec.EllipticCurvePrivateKey
    name: x509.Name
    chain: tuple[bytes, ...]

    @property
    def anchor(self) -> bytes:
        """The root."""
        return self.chain[-1]


def key_of(seed: str) -> ec.EllipticCurvePrivateKey:
    """A P-256 key."""
    number = int.from_bytes(hashlib.sha512(seed.encode()).digest(), "big")
    return ec.derive_private_key(number % (_ORDER - 1) + 1, ec.SECP256R1())


def ecdsa(key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    """ECDSA over SHA-256 in DER, the same for the same data (RFC 6979)."""
    return key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))


def pem_of(der: bytes) -> bytes:
    """A certificate as PEM."""
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)


def spki_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """A public key as PEM, as `cosign generate-key-pair` writes cosign.pub."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def root(seed: str, subject: Subject, life: Life) -> Certified:
    """A self-signed authority."""
    key = key_of(f"{seed}:{subject.common}")
    builder = _authority(_builder(subject.name, subject.name, key, life, subject.common))
    return Certified(key, subject.name, (_sealed(builder, key),))


def signed_by(
    issuer: Certified,
    seed: str,
    subject: Subject,
    life: Life,
    purpose: ObjectIdentifier = ExtendedKeyUsageOID.CODE_SIGNING,
    revocation: str = "",
) -> Certified:
    """A signer under an authority; `revocation` is the URL of its list of revoked certificates.

    signature-specification.md, "Certificate Requirements"; a time stamping authority's purpose is critical (RFC 3161 2.3).
    """
    key = key_of(f"{seed}:{subject.common}")
    builder = _builder(subject.name, issuer.name, key, life, f"{subject.common}{life}")
    builder = builder.add_extension(x509.BasicConstraints(False, None), True)
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    builder = builder.add_extension(usage, True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), purpose == ExtendedKeyUsageOID.TIME_STAMPING)
    if revocation:
        point = x509.DistributionPoint([x509.UniformResourceIdentifier(revocation)], None, None, None)
        builder = builder.add_extension(x509.CRLDistributionPoints([point]), False)
    return Certified(key, subject.name, (_sealed(builder, issuer.key), *issuer.chain))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, life: Life, serial: str
) -> x509.CertificateBuilder:
    number = int.from_bytes(hashlib.sha256(serial.encode()).digest()[:15], "big")
    builder = x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key.public_key())
    builder = builder.serial_number(number).not_valid_before(life[0]).not_valid_after(life[1])
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)


def _authority(builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    return builder.add_extension(x509.BasicConstraints(True, None), True).add_extension(usage, True)


def _sealed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> bytes:
    """The certificate with a signature that is the same each time, which the builder's own is not."""
    body = builder.sign(key, hashes.SHA256()).tbs_certificate_bytes
    return sequence(body, algorithm(ECDSA_SHA256), bits(ecdsa(key, body)))
