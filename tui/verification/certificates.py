"""Certificates as cryptography's objects, for checks that need more of them than notation does; as strict as Go's parser."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tui.domain.facts.signature import SignerCertificate
from tui.verification import chains
from tui.verification.faults import parsed
from tui.verification.pkix.certificate import parse_certificate

__all__ = ["issued_by", "load_certificate", "shown"]


def load_certificate(der: bytes) -> x509.Certificate:
    """Parse one certificate and every extension of it; ValueError when malformed."""
    ours = parse_certificate(der)
    if ours.version != 3:
        raise ValueError("certificate is not of version 3")
    if not ours.serial:
        raise ValueError("certificate has the serial number 0")
    return parsed(lambda: _read_by_cryptography(der))


def _read_by_cryptography(der: bytes) -> x509.Certificate:
    certificate = x509.load_der_x509_certificate(der)
    for extension in certificate.extensions:
        _ = extension.value
    return certificate


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """True when the issuer may issue, bears the name, and its key made the signature (RFC 5280 section 6.1)."""
    return parse_certificate(_der(certificate)).issued_by(parse_certificate(_der(issuer)))


def shown(certificate: x509.Certificate, der: bytes) -> SignerCertificate:
    """The certificate for display."""
    del certificate
    return chains.shown(parse_certificate(der))


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)
