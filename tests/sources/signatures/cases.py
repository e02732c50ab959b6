"""Policies, stores and a judge for the tests."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from tests.sources.signatures.signer import DIGEST, ENVELOPES, IMAGE, JWS, NOW, Ask, usual
from tui.domain.facts.signature import Outcome
from tui.verification.notation.judge import judge
from tui.verification.notation.payload import Target
from tui.verification.notation.policy import PolicyDocument, Statement, StoreType, parse_policy
from tui.verification.notation.static import parse_envelope
from tui.verification.notation.truststores import TrustStore, TrustStores
from tui.verification.revocation import OFFLINE, Lookup, RevocationChecker, RevocationState, RevocationStatus

SUBJECT = Target(IMAGE, DIGEST, 1234)
REPOSITORY = "registry.example/app"


class Fixed:
    """Revocation data that gives one answer to everything."""

    def __init__(self, state: RevocationState) -> None:
        self._state = state

    def status(self, lookup: Lookup, now: datetime, signing_time: datetime | None) -> RevocationStatus:
        """The one answer."""
        del lookup, now, signing_time
        return RevocationStatus(self._state, f"revocation status {self._state}")


GOOD = Fixed(RevocationState.GOOD)


def document(level: str = "strict", **more: Any) -> dict[str, Any]:
    """A trust policy document with one statement for everything."""
    verification: dict[str, Any] = {"level": level}
    verification |= {name: more.pop(name) for name in ("override", "verifyTimestamp") if name in more}
    statement = {
        "name": "all",
        "registryScopes": ["*"],
        "signatureVerification": verification,
        "trustStores": ["ca:c", "signingAuthority:a"],
        "trustedIdentities": ["*"],
        **more,
    }
    return {"version": "1.0", "trustPolicies": [statement]}


def policy(level: str = "strict", **more: Any) -> PolicyDocument:
    """The same, parsed."""
    return parse_policy(json.dumps(document(level, **more)).encode())


def statement(level: str = "strict", **more: Any) -> Statement:
    """The statement of such a document."""
    found = policy(level, **more).select(REPOSITORY)
    assert found is not None
    return found


def stores(ca: bytes | None = None, authority: bytes | None = None, tsa: bytes | None = None) -> TrustStores:
    """Stores `ca:c`, `signingAuthority:a` and `tsa:t` with at most one certificate each."""
    named = ((StoreType.CA, "c", ca), (StoreType.AUTHORITY, "a", authority), (StoreType.TSA, "t", tsa))
    return TrustStores(tuple(TrustStore(kind, name, (der,)) for kind, name, der in named if der is not None))


def verify(
    ask: Ask | bytes,
    media_type: str = JWS,
    *,
    under: Statement | None = None,
    trusting: TrustStores | None = None,
    now: datetime = NOW,
    revocation: RevocationChecker = OFFLINE,
    subject: Target = SUBJECT,
) -> Outcome:
    """Sign, parse and judge."""
    data = ask if isinstance(ask, bytes) else ENVELOPES[media_type](ask)
    root = ask.signer.root if isinstance(ask, Ask) else usual().root
    trusted = trusting or stores(ca=root, authority=root)
    return judge(parse_envelope(data, media_type), subject, under or statement(), trusted, now, revocation)
