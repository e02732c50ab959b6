"""The chain of a time stamping authority, from the certificates of a token to a root of a `tsa` store.

Time, extended usage and unknown critical extensions count here, unlike in the signer's given chain (trust-store-trust-policy.md,
authentic timestamp; RFC 5280 section 6.1 as far as crypto/x509 of Go applies it).
"""

from __future__ import annotations

from functools import lru_cache

from tui.domain.facts.signature import Reason
from tui.verification.chains import ANY_USAGE, TIME_STAMPING, CertificateFacts, Purpose, check_chain, facts_of
from tui.verification.faults import CheckFailed
from tui.verification.notation.stamp import Token
from tui.verification.pkix.certificate import Certificate, parse_certificate

__all__ = ["authority_chain", "authority_facts"]

MAX_DEPTH = 8
MAX_CHECKS = 200


@lru_cache(maxsize=4096)
def authority_facts(token: Token, roots: tuple[bytes, ...]) -> tuple[CertificateFacts, ...]:
    """The facts of `authority_chain`; it depends on token and roots alone, so a policy judged again does not build it again."""
    chain = authority_chain(token, roots)
    return tuple(map(facts_of, chain))


def authority_chain(token: Token, roots: tuple[bytes, ...]) -> list[Certificate]:
    """The chain of the token's signer, leaf first, ending in one of the roots; CheckFailed when there is none."""
    trusted = [parse_certificate(der) for der in roots]
    between = [parse_certificate(der) for der in token.certificates]
    leaf = parse_certificate(token.signer)
    chain = _Search(trusted, between, token).chain([leaf])
    if chain is None:
        raise CheckFailed(f"{leaf.subject} stamped, but no TSA root of the policy vouches for it", Reason.TIMESTAMP_UNTRUSTED)
    check_chain(chain, Purpose.TIME_STAMPING)
    moments = () if token.attribute_time is None else (token.attribute_time.whole, token.attribute_time.after)
    if not all(certificate.covers(moment) for certificate in chain for moment in moments):
        raise CheckFailed("the signing time of the time stamp lies outside its certificates", Reason.TIMESTAMP_INVALID)
    return chain


class _Search:
    """A bounded depth-first search, roots before intermediates."""

    def __init__(self, roots: list[Certificate], between: list[Certificate], token: Token) -> None:
        self._roots = roots
        self._between = between
        self._moments = (token.moment.whole, token.moment.after)
        self._checks = 0

    def chain(self, below: list[Certificate]) -> list[Certificate] | None:
        """The first whole chain that starts with `below`."""
        last = below[-1]
        if not self._usable(last, below[:-1]):
            return None
        if last in self._roots:
            return below
        for issuer in (*self._roots, *self._between):
            if issuer not in below and len(below) < MAX_DEPTH and self._issued(last, issuer):
                longer = self.chain([*below, issuer])
                if longer is not None:
                    return longer
        return None

    def _issued(self, certificate: Certificate, issuer: Certificate) -> bool:
        if certificate.issuer.der != issuer.subject.der:
            return False
        self._checks += 1
        return self._checks <= MAX_CHECKS and certificate.issued_by(issuer)

    def _usable(self, certificate: Certificate, below: list[Certificate]) -> bool:
        """In time, with nothing critical that nobody acts on, and allowed to stand above the others."""
        usages = certificate.usages
        if not all(certificate.covers(moment) for moment in self._moments) or usages.unhandled:
            return False
        if usages.wants_policies and certificate not in self._roots:
            return False
        return not below or _may_stand_above(certificate, below)


def _may_stand_above(authority: Certificate, below: list[Certificate]) -> bool:
    """A CA that limits usages must allow time stamping; one that constrains names must have none below it."""
    usages = authority.usages
    if usages.constrains_names and any(certificate.usages.alternative_names for certificate in below):
        return False
    return not usages.extended or bool({TIME_STAMPING, ANY_USAGE} & set(usages.extended))
