"""Revocation as prefetched data: what to fetch, and what the fetched bytes mean. Pure.

OCSP first, CRL when OCSP is unknown (trust-store-trust-policy.md, certificate revocation evaluation; the rules of
notation-core-go revocation). Nothing is to be fetched before authenticity holds: until then an attacker chose the URLs.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Protocol

import msgspec

from tui.verification.chains import CertificateFacts

__all__ = [
    "OFFLINE",
    "FetchAnswer",
    "Lookup",
    "Method",
    "Offline",
    "RevocationChecker",
    "RevocationState",
    "RevocationStatus",
    "lookups_of",
    "names_service",
    "without_method",
    "worst_status",
]


class RevocationState(StrEnum):
    """How one certificate stands. OFFLINE: nobody asked, as opposed to asked without a usable answer."""

    GOOD = "good"
    NOT_REVOKABLE = "not-revokable"
    OFFLINE = "offline"
    UNKNOWN = "unknown"
    REVOKED = "revoked"


class RevocationStatus(msgspec.Struct, frozen=True):
    """The state with a sentence."""

    state: RevocationState
    sentence: str

    @property
    def good(self) -> bool:
        """True when nothing stands against the certificate."""
        return self.state in (RevocationState.GOOD, RevocationState.NOT_REVOKABLE)


class Method(StrEnum):
    """How revocation is asked."""

    OCSP = "ocsp"
    CRL = "crl"


class Lookup(msgspec.Struct, frozen=True):
    """One certificate to ask about, with its issuer."""

    certificate: CertificateFacts
    issuer: CertificateFacts


class FetchAnswer(msgspec.Struct, frozen=True):
    """What a URL answered: bytes, or the sentence that says why there are none."""

    body: bytes = b""
    fault: str = ""


class RevocationChecker(Protocol):
    """Something that knows how a certificate stands."""

    def status(self, lookup: Lookup, now: datetime, signing_time: datetime | None) -> RevocationStatus:
        """How it stands now; `signing_time` is an authentic one, against which an invalidity date counts, else None."""
        ...


@lru_cache(maxsize=512)
def lookups_of(chain: tuple[CertificateFacts, ...]) -> tuple[Lookup, ...]:
    """The certificates of a chain that can be asked about: all but the root (leaf first)."""
    return tuple(Lookup(certificate, issuer) for certificate, issuer in pairwise(chain))


@lru_cache(maxsize=512)
def names_service(chain: tuple[CertificateFacts, ...]) -> bool:
    """Whether any of those certificates names somebody to ask."""
    return any(lookup.certificate.ocsp or lookup.certificate.crl for lookup in lookups_of(chain))


def ocsp_key(certificate: CertificateFacts, issuer: CertificateFacts, url: str) -> str:
    """The key of an OCSP answer: it is about one certificate of one issuer."""
    pair = hashlib.sha256(certificate.der + issuer.der).hexdigest()
    return f"{Method.OCSP}:{pair}:{url}"


def crl_key(url: str) -> str:
    """The key of a revocation list."""
    return f"{Method.CRL}:{url}"


class Offline:
    """Nothing was fetched: certificates that name a responder or a list are undecided."""

    def status(self, lookup: Lookup, now: datetime, signing_time: datetime | None) -> RevocationStatus:
        """Decides only what needs no data."""
        return without_method(lookup) or RevocationStatus(
            RevocationState.OFFLINE, f"revocation of {lookup.certificate.subject} was not looked up"
        )


OFFLINE = Offline()


def without_method(lookup: Lookup) -> RevocationStatus | None:
    """That a certificate names nobody to ask; None when it does."""
    if lookup.certificate.ocsp or lookup.certificate.crl:
        return None
    return RevocationStatus(RevocationState.NOT_REVOKABLE, f"{lookup.certificate.subject} names no revocation service")


_ORDER = list(RevocationState)


def worst_status(
    chain: tuple[CertificateFacts, ...], revocation: RevocationChecker, now: datetime, signing_time: datetime | None
) -> RevocationStatus:
    """The worst of a chain: revoked before unknown before not looked up before good."""
    statuses = [revocation.status(lookup, now, signing_time) for lookup in lookups_of(chain)]
    if not statuses:
        return RevocationStatus(RevocationState.NOT_REVOKABLE, "a self-signed certificate cannot be revoked")
    return max(statuses, key=lambda status: _ORDER.index(status.state))
