"""The chain of a time stamping authority, from the certificates of a token to a root of a `tsa` store.

Time, extended usage and unknown critical extensions count here, unlike in the signer's given chain (trust-store-trust-policy.md,
authentic timestamp; RFC 5280 section 6.1 as far as crypto/x509 of Go applies it).
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from tui.domain.signature import Reason
from tui.sources.signatures.certificates import (
    CertificateFacts,
    Purpose,
    check_chain,
    facts_of,
    issued_by,
    load_certificate,
    subject_of,
)
from tui.sources.signatures.faults import CheckFailed
from tui.sources.signatures.notation.stamp import Token

__all__ = ["authority_chain", "authority_facts"]

MAX_DEPTH = 8
MAX_CHECKS = 200

_KNOWN = frozenset(
    {
        ExtensionOID.KEY_USAGE,
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
        ExtensionOID.CRL_DISTRIBUTION_POINTS,
    }
)


@lru_cache(maxsize=4096)
def authority_facts(token: Token, roots: tuple[bytes, ...]) -> tuple[CertificateFacts, ...]:
    """The facts of `authority_chain`; it depends on token and roots alone, so a policy judged again does not build it again."""
    chain = authority_chain(token, roots)
    return tuple(facts_of(certificate, certificate.public_bytes(Encoding.DER)) for certificate in chain)


def authority_chain(token: Token, roots: tuple[bytes, ...]) -> list[x509.Certificate]:
    """The chain of the token's signer, leaf first, ending in one of the roots; CheckFailed when there is none."""
    trusted = [load_certificate(der) for der in roots]
    between = [load_certificate(der) for der in token.certificates]
    leaf = load_certificate(token.signer)
    chain = _Search(trusted, between, token.time).chain([leaf])
    if chain is None:
        raise CheckFailed(f"{subject_of(leaf)} stamped, but no TSA root of the policy vouches for it", Reason.TIMESTAMP_UNTRUSTED)
    check_chain(chain, Purpose.TIME_STAMPING)
    moment = token.attribute_time
    if moment is not None and not all(_valid_at(certificate, moment) for certificate in chain):
        raise CheckFailed("the signing time of the time stamp lies outside its certificates", Reason.TIMESTAMP_INVALID)
    return chain


class _Search:
    """A bounded depth-first search, roots before intermediates."""

    def __init__(self, roots: list[x509.Certificate], between: list[x509.Certificate], moment: datetime) -> None:
        self._roots = roots
        self._between = between
        self._moment = moment
        self._checks = 0

    def chain(self, below: list[x509.Certificate]) -> list[x509.Certificate] | None:
        """The first whole chain that starts with `below`."""
        last = below[-1]
        if not self._usable(last, position=len(below) - 1):
            return None
        if last in self._roots:
            return below
        for issuer in (*self._roots, *self._between):
            if issuer not in below and len(below) < MAX_DEPTH and self._issued(last, issuer):
                found = self.chain([*below, issuer])
                if found is not None:
                    return found
        return None

    def _issued(self, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
        if certificate.issuer != issuer.subject:
            return False
        self._checks += 1
        return self._checks <= MAX_CHECKS and issued_by(certificate, issuer)

    def _usable(self, certificate: x509.Certificate, position: int) -> bool:
        critical = {extension.oid for extension in certificate.extensions if extension.critical}
        return _valid_at(certificate, self._moment) and critical <= _KNOWN and (not position or _may_stamp(certificate))


def _valid_at(certificate: x509.Certificate, moment: datetime) -> bool:
    return certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc


def _may_stamp(authority: x509.Certificate) -> bool:
    """A CA that limits usages must allow time stamping; one that constrains names is refused, for names are not looked at."""
    oids = {extension.oid for extension in authority.extensions}
    if ExtensionOID.NAME_CONSTRAINTS in oids:
        return False
    if ExtensionOID.EXTENDED_KEY_USAGE not in oids:
        return True
    usages = authority.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    return ExtendedKeyUsageOID.TIME_STAMPING in usages or ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in usages
