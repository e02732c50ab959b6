"""X.509: what is kept of a certificate, and the explicit chain rules of the Notary Project.

The chain is the given one, leaf first, and its rules are free of time (signature-specification.md, certificate requirements;
notation-core-go x509/codesigning_cert_validations.go). A path builder with other semantics is deliberately not used.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, ExtensionOID, PublicKeyAlgorithmOID

from tui.domain.signature import Reason, SignerCertificate
from tui.domain.text import clean
from tui.sources.signatures.faults import EXPECTED, CheckFailed

__all__ = [
    "MAX_CHAIN",
    "CertificateFacts",
    "Purpose",
    "algorithm_of",
    "check_chain",
    "facts_of",
    "issued_by",
    "load_certificate",
    "self_signed",
    "shown",
    "signing_chain",
    "subject_of",
]

MAX_CERTIFICATE = 64 << 10
MAX_CHAIN = 16
SECURE_HASHES = ("sha256", "sha384", "sha512")
_SMALLEST_RSA = 1024
_RSA = {2048: "PS256", 3072: "PS384", 4096: "PS512"}
_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}

E = TypeVar("E", bound=x509.ExtensionType)

# notation-core-go excludes the first five; the specification also forbids the last, anyExtendedKeyUsage.
_FOREIGN_USAGES = {
    ExtendedKeyUsageOID.SERVER_AUTH: "serverAuth",
    ExtendedKeyUsageOID.CLIENT_AUTH: "clientAuth",
    ExtendedKeyUsageOID.EMAIL_PROTECTION: "emailProtection",
    ExtendedKeyUsageOID.TIME_STAMPING: "timeStamping",
    ExtendedKeyUsageOID.OCSP_SIGNING: "OCSPSigning",
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE: "any",
}


class Purpose(StrEnum):
    """What the leaf of a chain signs."""

    CODE_SIGNING = "code signing"
    TIME_STAMPING = "time stamping"


class CertificateFacts(msgspec.Struct, frozen=True):
    """What judging needs of a certificate, so that a cached result needs no parsing.

    `ocsp` and `crl` are the URLs it names; `delta_crl` says it names a freshest CRL.
    """

    der: bytes
    shown: SignerCertificate
    ocsp: tuple[str, ...] = ()
    crl: tuple[str, ...] = ()
    delta_crl: bool = False

    @property
    def subject(self) -> str:
        """The subject in RFC 4514 form, cleaned."""
        return self.shown.subject

    def covers(self, moment: datetime) -> bool:
        """True when the moment lies in the validity period, both ends included (RFC 5280 section 4.1.2.5)."""
        return self.shown.not_before <= moment <= self.shown.not_after


def load_certificate(der: bytes) -> x509.Certificate:
    """Parse one certificate and every extension of it; ValueError and friends when malformed."""
    if len(der) > MAX_CERTIFICATE:
        raise ValueError("certificate is too large")
    _check_serial(der)
    certificate = x509.load_der_x509_certificate(der)
    for extension in certificate.extensions:
        _ = extension.value
    if certificate.version is not x509.Version.v3:
        raise ValueError("certificate is not of version 3")
    return certificate


def _check_serial(der: bytes) -> None:
    """A serial number is positive (RFC 5280 section 4.1.2.2); looked at before parsing, for the parser only warns, on stderr."""
    inside = _content(der, _content(der, 0, 0x30), 0x30)
    version = _content(der, inside, 0xA0)
    serial = _content(der, version + der[version - 1], 0x02)
    if der[serial] & 0x80 or not any(der[serial : serial + der[serial - 1]]):
        raise ValueError("certificate has a serial number that is not positive")


def _content(der: bytes, position: int, tag: int) -> int:
    """Where the content of the element at the position begins; ValueError for another tag."""
    if der[position] != tag:
        raise ValueError("certificate is not made as X.509 says")
    length = der[position + 1]
    return position + 2 + (length & 0x7F if length & 0x80 else 0)


def subject_of(certificate: x509.Certificate) -> str:
    """The subject in RFC 4514 form, cleaned."""
    return clean(certificate.subject.rfc4514_string(), 300)


def shown(certificate: x509.Certificate, der: bytes) -> SignerCertificate:
    """The certificate for display."""
    return SignerCertificate(
        subject=subject_of(certificate),
        issuer=clean(certificate.issuer.rfc4514_string(), 300),
        serial=f"{certificate.serial_number:x}",
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        sha256=hashlib.sha256(der).hexdigest(),
    )


def facts_of(certificate: x509.Certificate, der: bytes) -> CertificateFacts:
    """The facts kept of a certificate."""
    extensions = {extension.oid: extension.value for extension in certificate.extensions}
    access = extensions.get(ExtensionOID.AUTHORITY_INFORMATION_ACCESS)
    points = extensions.get(ExtensionOID.CRL_DISTRIBUTION_POINTS)
    return CertificateFacts(
        der=der,
        shown=shown(certificate, der),
        ocsp=_responders(access) if isinstance(access, x509.AuthorityInformationAccess) else (),
        crl=_distribution(points) if isinstance(points, x509.CRLDistributionPoints) else (),
        delta_crl=ExtensionOID.FRESHEST_CRL in extensions,
    )


def _responders(access: x509.AuthorityInformationAccess) -> tuple[str, ...]:
    return tuple(
        item.access_location.value
        for item in access
        if item.access_method == AuthorityInformationAccessOID.OCSP
        and isinstance(item.access_location, x509.UniformResourceIdentifier)
    )


def _distribution(points: x509.CRLDistributionPoints) -> tuple[str, ...]:
    names = (name for point in points for name in point.full_name or ())
    return tuple(name.value for name in names if isinstance(name, x509.UniformResourceIdentifier))


@lru_cache(maxsize=512)
def signing_chain(ders: tuple[bytes, ...]) -> tuple[CertificateFacts, ...]:
    """The facts of a code signing chain, leaf first, once it obeys every rule; raises as `load_certificate` and `check_chain` do.

    One signer signs thousands of images, and the rules are free of time and policy: a chain that held is not checked again.
    """
    certificates = [load_certificate(der) for der in ders]
    check_chain(certificates, Purpose.CODE_SIGNING)
    return tuple(facts_of(certificate, der) for certificate, der in zip(certificates, ders, strict=True))


def check_chain(chain: list[x509.Certificate], purpose: Purpose) -> None:
    """Check a whole chain, leaf first, ending in its self-signed root; CheckFailed with the first rule that does not hold."""
    if not chain:
        raise CheckFailed("the certificate chain is empty", Reason.CHAIN)
    if len(chain) > MAX_CHAIN:
        raise CheckFailed(f"the certificate chain is longer than {MAX_CHAIN}", Reason.CHAIN)
    for position, certificate in enumerate(chain[:-1]):
        _check_link(certificate, chain[position + 1])
    if not self_signed(chain[-1], single=len(chain) == 1):
        raise CheckFailed(f"{subject_of(chain[-1])} ends the chain but is not self-signed", Reason.CHAIN)
    _check_leaf(chain[0], purpose)
    for position, certificate in enumerate(chain[1:]):
        _check_authority(certificate, position, critical=purpose is Purpose.CODE_SIGNING)


def _check_link(certificate: x509.Certificate, issuer: x509.Certificate) -> None:
    if self_signed(certificate, single=False):
        raise CheckFailed(f"{subject_of(certificate)} is self-signed before the end of the chain", Reason.CHAIN)
    if not issued_by(certificate, issuer):
        raise CheckFailed(f"{subject_of(certificate)} is not issued by {subject_of(issuer)}", Reason.CHAIN)


def self_signed(certificate: x509.Certificate, *, single: bool) -> bool:
    """True when it carries its own signature; a `single` one need not be a CA (a self-signed signing certificate)."""
    return _signature_holds(certificate, certificate) if single else issued_by(certificate, certificate)


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """True when the issuer may issue, bears the name, and its key made the signature (RFC 5280 section 6.1)."""
    return _may_issue(issuer) and _signature_holds(certificate, issuer)


def _may_issue(issuer: x509.Certificate) -> bool:
    constraints = _extension(issuer, x509.BasicConstraints)
    usage = _extension(issuer, x509.KeyUsage)
    return constraints is not None and constraints.value.ca and (usage is None or usage.value.key_cert_sign)


def _signature_holds(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """The signature and both names; SHA-1 and other weak hashes never hold."""
    try:
        algorithm = certificate.signature_hash_algorithm
        if algorithm is not None and algorithm.name not in SECURE_HASHES:
            return False
        key = issuer.public_key()
        if isinstance(key, rsa.RSAPublicKey) and key.key_size < _SMALLEST_RSA:
            return False
        certificate.verify_directly_issued_by(issuer)
    except EXPECTED:
        return False
    return True


def _extension(certificate: x509.Certificate, kind: type[E]) -> x509.Extension[E] | None:
    try:
        return certificate.extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None


def _check_leaf(leaf: x509.Certificate, purpose: Purpose) -> None:
    """Leaf rules: not a CA, digitalSignature and no other power, the right extended usage, a known key."""
    constraints = _extension(leaf, x509.BasicConstraints)
    if constraints is not None and constraints.value.ca:
        raise CheckFailed(f"{subject_of(leaf)} signs but is a CA", Reason.CHAIN)
    _check_leaf_usage(leaf, critical=purpose is Purpose.CODE_SIGNING)
    usages = _extension(leaf, x509.ExtendedKeyUsage)
    if purpose is Purpose.TIME_STAMPING:
        _check_stamping_usage(leaf, usages)
    elif usages is not None:
        foreign = [_FOREIGN_USAGES[oid] for oid in usages.value if oid in _FOREIGN_USAGES]
        if foreign:
            raise CheckFailed(f"{subject_of(leaf)} has the extended key usage {', '.join(foreign)}", Reason.CHAIN)
    algorithm_of(leaf)


def _check_leaf_usage(leaf: x509.Certificate, *, critical: bool) -> None:
    usage = _key_usage(leaf, critical=critical)
    if not usage.digital_signature:
        raise CheckFailed(f"{subject_of(leaf)} lacks the key usage digitalSignature", Reason.CHAIN)
    agreement = usage.key_agreement
    powers = {
        "keyEncipherment": usage.key_encipherment,
        "dataEncipherment": usage.data_encipherment,
        "keyAgreement": agreement,
        "keyCertSign": usage.key_cert_sign,
        "cRLSign": usage.crl_sign,
        "encipherOnly": agreement and usage.encipher_only,
        "decipherOnly": agreement and usage.decipher_only,
    }
    if any(powers.values()):
        raise CheckFailed(f"{subject_of(leaf)} has the key usage {', '.join(n for n, on in powers.items() if on)}", Reason.CHAIN)


def _key_usage(certificate: x509.Certificate, *, critical: bool) -> x509.KeyUsage:
    usage = _extension(certificate, x509.KeyUsage)
    if usage is None:
        raise CheckFailed(f"{subject_of(certificate)} has no key usage", Reason.CHAIN)
    if critical and not usage.critical:
        raise CheckFailed(f"the key usage of {subject_of(certificate)} is not critical", Reason.CHAIN)
    return usage.value


def _check_stamping_usage(leaf: x509.Certificate, usages: x509.Extension[x509.ExtendedKeyUsage] | None) -> None:
    """RFC 3161 section 2.3: exactly timeStamping, and critical."""
    if usages is None or list(usages.value) != [ExtendedKeyUsageOID.TIME_STAMPING] or not usages.critical:
        raise CheckFailed(f"{subject_of(leaf)} is not for time stamping only", Reason.TIMESTAMP_INVALID)


def _check_authority(authority: x509.Certificate, below: int, *, critical: bool) -> None:
    """CA rules: CA with room for the `below` CAs under it, and keyCertSign."""
    constraints = _extension(authority, x509.BasicConstraints)
    if constraints is None or not constraints.value.ca:
        raise CheckFailed(f"{subject_of(authority)} issued a certificate but is not a CA", Reason.CHAIN)
    if constraints.value.path_length is not None and constraints.value.path_length < below:
        raise CheckFailed(f"{subject_of(authority)} allows {constraints.value.path_length} CAs below it", Reason.CHAIN)
    if not _key_usage(authority, critical=critical).key_cert_sign:
        raise CheckFailed(f"{subject_of(authority)} lacks the key usage keyCertSign", Reason.CHAIN)


def algorithm_of(certificate: x509.Certificate) -> str:
    """The one algorithm that its key may sign with (signature-specification.md, algorithm selection); CheckFailed without."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey) and certificate.public_key_algorithm_oid == PublicKeyAlgorithmOID.RSAES_PKCS1_v1_5:
        if key.key_size in _RSA:
            return _RSA[key.key_size]
    elif isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    raise CheckFailed(f"the key of {subject_of(certificate)} is of a kind or size that may not sign", Reason.ALGORITHM)
