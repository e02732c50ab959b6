"""Chains of certificates, and their explicit rules after the Notary Project.

The chain is the given one, leaf first, and its rules are free of time (signature-specification.md, certificate requirements;
notation-core-go x509/codesigning_cert_validations.go). A path builder with other semantics is deliberately not used.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from functools import lru_cache

import msgspec

from tui.domain.facts.signature import Reason, SignerCertificate
from tui.verification.faults import CheckFailed
from tui.verification.pkix.certificate import Certificate, parse_certificate
from tui.verification.pkix.extensions import DIGITAL_SIGNATURE, EXTENDED_KEY_USAGE, FRESHEST_CRL, KEY_CERT_SIGN, KEY_USAGE
from tui.verification.pkix.keys import KeyKind

__all__ = [
    "ANY_USAGE",
    "MAX_CHAIN",
    "OCSP_SIGNING",
    "TIME_STAMPING",
    "CertificateFacts",
    "Purpose",
    "algorithm_of",
    "check_chain",
    "facts_of",
    "shown",
    "signing_chain",
]

MAX_CHAIN = 16
_RSA = {2048: "PS256", 3072: "PS384", 4096: "PS512"}
_CURVES = {256: "ES256", 384: "ES384", 521: "ES512"}

ANY_USAGE, TIME_STAMPING, OCSP_SIGNING = "2.5.29.37.0", "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.9"
# notation-core-go excludes the first five; the specification also forbids the last, anyExtendedKeyUsage.
_FOREIGN_USAGES = {
    "1.3.6.1.5.5.7.3.1": "serverAuth",
    "1.3.6.1.5.5.7.3.2": "clientAuth",
    "1.3.6.1.5.5.7.3.4": "emailProtection",
    TIME_STAMPING: "timeStamping",
    OCSP_SIGNING: "OCSPSigning",
    ANY_USAGE: "any",
}
# What a leaf may have beside digitalSignature.
_HARMLESS_USAGES = frozenset({DIGITAL_SIGNATURE, "contentCommitment"})


class Purpose(StrEnum):
    """What the leaf of a chain signs."""

    CODE_SIGNING = "code signing"
    TIME_STAMPING = "time stamping"


class CertificateFacts(msgspec.Struct, frozen=True, cache_hash=True):
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


def shown(certificate: Certificate) -> SignerCertificate:
    """The certificate for display."""
    return SignerCertificate(
        subject=str(certificate.subject),
        issuer=str(certificate.issuer),
        serial=f"{certificate.serial:x}",
        not_before=certificate.not_before,
        not_after=certificate.not_after,
        sha256=certificate.sha256,
    )


def facts_of(certificate: Certificate) -> CertificateFacts:
    """The facts kept of a certificate."""
    return CertificateFacts(
        der=certificate.der,
        shown=shown(certificate),
        ocsp=certificate.usages.ocsp,
        crl=certificate.usages.crl,
        delta_crl=certificate.extension(FRESHEST_CRL) is not None,
    )


@lru_cache(maxsize=512)
def signing_chain(ders: tuple[bytes, ...]) -> tuple[CertificateFacts, ...]:
    """The facts of a code signing chain, leaf first, once it obeys every rule; ValueError or CheckFailed otherwise.

    One signer signs thousands of images, and the rules are free of time and policy: a chain that held is not checked again.
    """
    certificates = [parse_certificate(der) for der in ders]
    check_chain(certificates, Purpose.CODE_SIGNING)
    return tuple(map(facts_of, certificates))


def check_chain(chain: list[Certificate], purpose: Purpose) -> None:
    """Check a whole chain, leaf first, ending in its self-signed root; CheckFailed with the first rule that does not hold."""
    if not chain:
        raise CheckFailed("the certificate chain is empty", Reason.CHAIN)
    if len(chain) > MAX_CHAIN:
        raise CheckFailed(f"the certificate chain is longer than {MAX_CHAIN}", Reason.CHAIN)
    for position, certificate in enumerate(chain[:-1]):
        _check_link(certificate, chain[position + 1])
    root = chain[-1]
    if not (root.signed_itself() if len(chain) == 1 else root.issued_by(root)):
        raise CheckFailed(f"{root.subject} ends the chain but is not self-signed", Reason.CHAIN)
    _check_leaf(chain[0], purpose)
    for position, certificate in enumerate(chain[1:]):
        _check_authority(certificate, position, critical=purpose is Purpose.CODE_SIGNING)


def _check_link(certificate: Certificate, issuer: Certificate) -> None:
    if certificate.issued_by(certificate):
        raise CheckFailed(f"{certificate.subject} is self-signed before the end of the chain", Reason.CHAIN)
    if not certificate.issued_by(issuer):
        raise CheckFailed(f"{certificate.subject} is not issued by {issuer.subject}", Reason.CHAIN)


def _check_leaf(leaf: Certificate, purpose: Purpose) -> None:
    """Leaf rules: not a CA, digitalSignature and no other power, the right extended usage, a known key."""
    if leaf.usages.authority:
        raise CheckFailed(f"{leaf.subject} signs but is a CA", Reason.CHAIN)
    _check_leaf_usage(leaf, critical=purpose is Purpose.CODE_SIGNING)
    if purpose is Purpose.TIME_STAMPING:
        _check_stamping_usage(leaf)
    foreign = [_FOREIGN_USAGES[oid] for oid in leaf.usages.extended if oid in _FOREIGN_USAGES]
    if foreign and purpose is Purpose.CODE_SIGNING:
        raise CheckFailed(f"{leaf.subject} has the extended key usage {', '.join(foreign)}", Reason.CHAIN)
    algorithm_of(leaf)


def _check_leaf_usage(leaf: Certificate, *, critical: bool) -> None:
    usage = _key_usage(leaf, critical=critical)
    if DIGITAL_SIGNATURE not in usage:
        raise CheckFailed(f"{leaf.subject} lacks the key usage digitalSignature", Reason.CHAIN)
    powers = [name for name in usage if name not in _HARMLESS_USAGES]
    if powers:
        raise CheckFailed(f"{leaf.subject} has the key usage {', '.join(powers)}", Reason.CHAIN)


def _key_usage(certificate: Certificate, *, critical: bool) -> tuple[str, ...]:
    usage = certificate.extension(KEY_USAGE)
    if usage is None:
        raise CheckFailed(f"{certificate.subject} has no key usage", Reason.CHAIN)
    if critical and not usage.critical:
        raise CheckFailed(f"the key usage of {certificate.subject} is not critical", Reason.CHAIN)
    return certificate.usages.key_usage


def _check_stamping_usage(leaf: Certificate) -> None:
    """RFC 3161 section 2.3: exactly timeStamping, and critical."""
    usage = leaf.extension(EXTENDED_KEY_USAGE)
    if usage is None or leaf.usages.extended != (TIME_STAMPING,) or not usage.critical:
        raise CheckFailed(f"{leaf.subject} is not for time stamping only", Reason.TIMESTAMP_INVALID)


def _check_authority(authority: Certificate, below: int, *, critical: bool) -> None:
    """CA rules: CA with room for the `below` CAs under it, and keyCertSign."""
    usages = authority.usages
    if not usages.authority:
        raise CheckFailed(f"{authority.subject} issued a certificate but is not a CA", Reason.CHAIN)
    if usages.path_length is not None and usages.path_length < below:
        raise CheckFailed(f"{authority.subject} allows {usages.path_length} CAs below it", Reason.CHAIN)
    if KEY_CERT_SIGN not in _key_usage(authority, critical=critical):
        raise CheckFailed(f"{authority.subject} lacks the key usage keyCertSign", Reason.CHAIN)


def algorithm_of(certificate: Certificate) -> str:
    """The one algorithm that its key may sign with (signature-specification.md, algorithm selection); CheckFailed without."""
    public = certificate.public_key
    by_size = {KeyKind.RSA: _RSA, KeyKind.EC: _CURVES}.get(public.kind, {})
    if public.key is None or public.bits not in by_size:
        raise CheckFailed(f"the key of {certificate.subject} is of a kind or size that may not sign", Reason.ALGORITHM)
    return by_size[public.bits]
