"""OCSP and revocation lists, judged from bytes (RFC 6960, RFC 5280 section 5; the rules of notation-core-go revocation)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.sources.signatures.cases import SUBJECT, statement, stores, verify
from tests.sources.signatures.revocations import CRL_URL, OCSP_URL, asked, crl, delegate, lookup_of, ocsp_response
from tests.sources.signatures.signer import (
    JWS,
    NOW,
    Ask,
    Stamp,
    authority,
    ca,
    issue,
    jws,
    key,
    name,
    stamping,
    token,
    usual,
    with_token,
)
from tui.domain.facts.signature import Reason, Verdict
from tui.verification.fetched_revocation import FetchedRevocation
from tui.verification.notation.judge import revocation_lookups
from tui.verification.notation.static import parse_envelope
from tui.verification.revocation import OFFLINE, FetchAnswer, RevocationState, crl_key, ocsp_key

S = RevocationState
CHAIN = asked()
ONLY_CRL = asked(ocsp=())
SERIAL = ONLY_CRL.chain[0].serial_number
REVOKED, UNKNOWN = ocsp.OCSPCertStatus.REVOKED, ocsp.OCSPCertStatus.UNKNOWN
LATER = NOW + timedelta(days=1)


def by_ocsp(body: bytes | None, *, lists: bytes | None = None, signing_time: datetime | None = None) -> RevocationState:
    lookup = lookup_of(CHAIN)
    answers = {} if body is None else {ocsp_key(lookup.certificate, lookup.issuer, OCSP_URL): FetchAnswer(body)}
    answers |= {} if lists is None else {crl_key(CRL_URL): FetchAnswer(lists)}
    return FetchedRevocation(answers).status(lookup, NOW, signing_time).state


def by_list(body: bytes, signing_time: datetime | None = None) -> RevocationState:
    return FetchedRevocation({crl_key(CRL_URL): FetchAnswer(body)}).status(lookup_of(ONLY_CRL), NOW, signing_time).state


def responder(**changes: Any) -> bytes:
    return ocsp_response(CHAIN, responder=delegate(**changes), signing_key=key("ES256", "responder"))


STRANGER = issue(ca("Contoso Root", key("ES256", "x")), ca("Contoso Root", key("ES256", "x")))
OCSP_CASES = {
    "good": (ocsp_response(CHAIN), S.GOOD),
    "revoked": (ocsp_response(CHAIN, REVOKED), S.REVOKED),
    "unknown": (ocsp_response(CHAIN, UNKNOWN), S.UNKNOWN),
    "about another certificate": (ocsp_response(CHAIN, about=usual().chain[0]), S.UNKNOWN),
    "out of date": (ocsp_response(CHAIN, next_update=NOW - timedelta(minutes=1)), S.UNKNOWN),
    "without an end": (ocsp_response(CHAIN, next_update=None), S.UNKNOWN),
    "of the future": (ocsp_response(CHAIN, this_update=NOW + timedelta(hours=1)), S.UNKNOWN),
    "signed by a stranger": (ocsp_response(CHAIN, responder=STRANGER, signing_key=key("ES256", "x")), S.UNKNOWN),
    "signed by a delegate": (responder(), S.GOOD),
    "signed by a delegate not for OCSP": (responder(eku=(ExtendedKeyUsageOID.CODE_SIGNING,)), S.UNKNOWN),
    "signed by an expired delegate": (responder(not_after=NOW - timedelta(days=1)), S.UNKNOWN),
    "an error": (b"\x30\x03\x0a\x01\x03", S.UNKNOWN),
    "junk": (b"junk", S.UNKNOWN),
    "empty": (b"", S.UNKNOWN),
    "too large": (b"0" * 30_000, S.UNKNOWN),
}


@pytest.mark.parametrize("case", OCSP_CASES)
def test_an_ocsp_response_is(case: str) -> None:
    body, state = OCSP_CASES[case]
    assert by_ocsp(body, lists=b"junk") is state


def test_an_unknown_ocsp_answer_falls_back_to_the_list() -> None:
    assert by_ocsp(b"junk", lists=crl([])) is S.GOOD
    assert by_ocsp(b"junk", lists=crl([(CHAIN.chain[0].serial_number, None, None)])) is S.REVOKED
    assert by_ocsp(ocsp_response(CHAIN, REVOKED), lists=crl([])) is S.REVOKED
    assert by_ocsp(None) is S.OFFLINE


HOLD, LIFT = x509.ReasonFlags.certificate_hold, x509.ReasonFlags.remove_from_crl
POINT = x509.IssuingDistributionPoint


def point(url: str = CRL_URL, **on: bool) -> tuple[tuple[x509.ExtensionType, bool], ...]:
    flags = ("only_contains_user_certs", "only_contains_ca_certs", "indirect_crl", "only_contains_attribute_certs")
    where = [x509.UniformResourceIdentifier(url)]
    return (((POINT(where, None, only_some_reasons=None, **{flag: on.get(flag, False) for flag in flags})), True),)


UNKNOWN_EXTENSION = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\5\0")
FRESHEST = x509.FreshestCRL([x509.DistributionPoint([x509.UniformResourceIdentifier(CRL_URL)], None, None, None)])
CRL_CASES = {
    "empty": (crl([]), S.GOOD),
    "about others": (crl([(SERIAL + 1, None, None)]), S.GOOD),
    "revoked": (crl([(SERIAL, None, None)]), S.REVOKED),
    "compromised": (crl([(SERIAL, x509.ReasonFlags.key_compromise, None)]), S.REVOKED),
    "on hold": (crl([(SERIAL, HOLD, None)]), S.REVOKED),
    "hold lifted": (crl([(SERIAL, HOLD, None), (SERIAL, LIFT, None)]), S.GOOD),
    "held again": (crl([(SERIAL, LIFT, None), (SERIAL, HOLD, None)]), S.REVOKED),
    "invalid later, time not authentic": (crl([(SERIAL, None, LATER)]), S.REVOKED),
    "out of date": (crl([], next_update=NOW - timedelta(minutes=1)), S.UNKNOWN),
    "of the future": (crl([], last_update=NOW + timedelta(hours=1)), S.UNKNOWN),
    "of another issuer": (crl([], issuer=name("Another")), S.UNKNOWN),
    "signed by a stranger": (crl([], signing_key=key("ES256", "x")), S.UNKNOWN),
    "an unknown critical extension": (crl([], extensions=((UNKNOWN_EXTENSION, True),)), S.UNKNOWN),
    "an unknown extension": (crl([], extensions=((UNKNOWN_EXTENSION, False),)), S.GOOD),
    "a delta": (crl([], extensions=((x509.DeltaCRLIndicator(1), True),)), S.UNKNOWN),
    "with deltas elsewhere": (crl([], extensions=((FRESHEST, False),)), S.UNKNOWN),
    "of this place": (crl([], extensions=point()), S.GOOD),
    "of another place": (crl([], extensions=point("http://crl.example/b.crl")), S.UNKNOWN),
    "of CAs only": (crl([], extensions=point(only_contains_ca_certs=True)), S.UNKNOWN),
    "of users only": (crl([], extensions=point(only_contains_user_certs=True)), S.GOOD),
    "of attributes only": (crl([], extensions=point(only_contains_attribute_certs=True)), S.UNKNOWN),
    "indirect": (crl([], extensions=point(indirect_crl=True)), S.UNKNOWN),
    "junk": (b"junk", S.UNKNOWN),
}


@pytest.mark.parametrize("case", CRL_CASES)
def test_a_revocation_list_is(case: str) -> None:
    body, state = CRL_CASES[case]
    assert by_list(body) is state


@pytest.mark.parametrize(("days", "state"), [(-1, S.GOOD), (2, S.REVOKED)])
def test_an_invalidity_date_acquits_an_earlier_authentic_signature(days: int, state: RevocationState) -> None:
    assert by_list(crl([(SERIAL, None, LATER)]), NOW + timedelta(days=days)) is state


def test_every_distribution_point_must_answer() -> None:
    chain = asked(ocsp=(), crl=(CRL_URL, "http://crl.example/b.crl"))
    serial = chain.chain[0].serial_number
    one = FetchedRevocation({crl_key(CRL_URL): FetchAnswer(crl([]))})
    assert one.status(lookup_of(chain), NOW, None).state is S.OFFLINE
    failed = FetchedRevocation({**one.answers, crl_key("http://crl.example/b.crl"): FetchAnswer(fault="no route")})
    assert failed.status(lookup_of(chain), NOW, None).state is S.UNKNOWN
    revoked = FetchedRevocation({crl_key(CRL_URL): FetchAnswer(crl([(serial, None, None)]))})
    assert revoked.status(lookup_of(chain), NOW, None).state is S.REVOKED


@pytest.mark.parametrize("url", ["https://crl.example/a.crl", "ldap://crl.example/a", "file:///etc/passwd", "http://[::1", ""])
def test_only_http_is_asked(url: str) -> None:
    chain = asked(ocsp=(url,) if url else (), crl=(url or "ftp://a/",))
    assert FetchedRevocation({crl_key(url): FetchAnswer(crl([]))}).status(lookup_of(chain), NOW, None).state is S.UNKNOWN


def test_a_certificate_that_names_no_service_cannot_be_revoked() -> None:
    assert OFFLINE.status(lookup_of(usual()), NOW, None).state is S.NOT_REVOKABLE
    assert OFFLINE.status(lookup_of(CHAIN), NOW, None).state is S.OFFLINE


def lookups(ask: Ask, **more: Any) -> int:
    trusting = more.pop("trusting", stores(ca=ask.signer.root, authority=ask.signer.root))
    static = parse_envelope(jws(ask), JWS)
    return len(revocation_lookups(static, more.pop("subject", SUBJECT), statement(**more), trusting, NOW))


def test_nothing_is_to_be_fetched_before_authenticity_holds() -> None:
    ask = Ask(CHAIN)
    assert lookups(ask) == 1
    assert lookups(ask, trusting=stores(ca=usual().root)) == 0
    assert lookups(ask, trustedIdentities=["x509.subject:C=US,ST=WA,O=Other"]) == 0
    assert lookups(ask, override={"revocation": "skip"}) == 0
    assert lookups(ask, level="audit", trusting=stores(ca=usual().root)) == 0
    assert lookups(Ask(CHAIN, digest="sha256:00")) == 0
    assert lookups(Ask(CHAIN, payload=b"{")) == 0
    assert lookups(Ask(usual())) == 0


def test_the_authority_of_a_stamp_is_asked_about_only_when_it_is_trusted() -> None:
    place = stamping(crl=(CRL_URL,))
    static = parse_envelope(with_token(JWS, Ask(), lambda signature: token(Stamp(place), signature)), JWS)
    under = statement(trustStores=["ca:c", "tsa:t"])
    found = revocation_lookups(static, SUBJECT, under, stores(ca=usual().root, tsa=place.root), NOW)
    assert [lookup.certificate.crl for lookup in found] == [(CRL_URL,)]
    assert not revocation_lookups(static, SUBJECT, under, stores(ca=usual().root, tsa=usual().root), NOW)
    assert not revocation_lookups(static, SUBJECT, statement(), stores(ca=usual().root), NOW)


def test_revoked_and_offline_are_told_apart_in_the_outcome() -> None:
    lookup = lookup_of(CHAIN)
    answers = {ocsp_key(lookup.certificate, lookup.issuer, OCSP_URL): FetchAnswer(ocsp_response(CHAIN, REVOKED))}
    revoked = verify(Ask(CHAIN), revocation=FetchedRevocation(answers))
    assert (revoked.verdict, revoked.reason) == (Verdict.INVALID, Reason.REVOKED)
    offline = verify(Ask(CHAIN))
    assert (offline.verdict, offline.reason) == (Verdict.INCONCLUSIVE, Reason.REVOCATION_OFFLINE)
    unknown = verify(
        Ask(CHAIN),
        revocation=FetchedRevocation(
            {key: FetchAnswer(fault="time-out") for key in answers} | {crl_key(CRL_URL): FetchAnswer(b"")}
        ),
    )
    assert (unknown.verdict, unknown.reason) == (Verdict.INVALID, Reason.REVOCATION_UNKNOWN)
    acquitted = verify(
        Ask(ONLY_CRL, **authority()), revocation=FetchedRevocation({crl_key(CRL_URL): FetchAnswer(crl([(SERIAL, None, LATER)]))})
    )
    assert acquitted.verdict is Verdict.VALID
