"""The numbered steps of notation, each with good and bad envelopes made here.

Expected results follow signature-specification.md, signing-scheme.md and trust-store-trust-policy.md of the Notary Project.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509

from tests.sources.signatures.cases import GOOD, Fixed, statement, stores, verify
from tests.sources.signatures.signer import (
    COSE,
    DIGEST,
    IMAGE,
    JWS,
    NOW,
    Ask,
    N,
    Stamp,
    authority,
    ca,
    cose,
    issue,
    jws,
    key,
    name,
    signer,
    stamping,
    token,
    usual,
    with_token,
)
from tests.sources.signatures.tables import AUTHENTICITY, CHAINS, EXPIRY, INTEGRITY, RAW, STAMPS, leaf
from tui.domain.facts.signature import Reason, StepName, StepState, Verdict
from tui.verification.notation.payload import Target
from tui.verification.notation.stamp import Token
from tui.verification.pkix.moment import Moment, shifted
from tui.verification.revocation import RevocationState

BOTH = pytest.mark.parametrize("media_type", [JWS, COSE])
ALGORITHMS = ["PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]


@BOTH
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_good_signature_is_valid(media_type: str, algorithm: str) -> None:
    outcome = verify(Ask(usual(algorithm)), media_type)
    assert (outcome.verdict, outcome.reason) == (Verdict.VALID, Reason.NONE)
    assert [step.name for step in outcome.steps] == list(StepName)[:5]
    assert outcome.signer == "CN=builder,O=Contoso,ST=WA,C=US"
    assert [certificate.subject for certificate in outcome.chain] == [outcome.signer, "CN=Contoso Root,O=Contoso,ST=WA,C=US"]
    assert outcome.signing_time == NOW - timedelta(days=1)


@BOTH
def test_a_signing_authority_is_judged_by_its_own_store(media_type: str) -> None:
    ask = Ask(**authority())
    assert verify(ask, media_type).verdict is Verdict.VALID
    only_ca = stores(ca=usual().root, authority=stamping().root)
    assert verify(ask, media_type, trusting=only_ca).reason is Reason.UNTRUSTED


@BOTH
@pytest.mark.parametrize("case", INTEGRITY)
def test_step_1_refuses(media_type: str, case: str) -> None:
    ask, reason = INTEGRITY[case]
    outcome = verify(ask, media_type, under=statement("audit"))
    assert (outcome.verdict, outcome.reason) == (Verdict.INVALID, reason), outcome.sentence
    assert outcome.steps[0].state is StepState.FAILED


@BOTH
def test_step_1_leaves_a_plugin_open(media_type: str) -> None:
    plugin = {N + "verificationPlugin": "aws", "key": 1}
    ask = Ask(critical=(N + "signingScheme", N + "verificationPlugin", "key"), attributes=plugin)
    outcome = verify(ask, media_type)
    assert (outcome.verdict, outcome.reason) == (Verdict.INCONCLUSIVE, Reason.PLUGIN_REQUIRED)
    assert "'aws'" in outcome.sentence
    assert verify(Ask(attributes=plugin), media_type).verdict is Verdict.INVALID  # the plugin is not marked critical


@BOTH
def test_attributes_that_are_not_critical_may_be_unknown(media_type: str) -> None:
    assert verify(Ask(attributes={"com.example": "x"}), media_type).verdict is Verdict.VALID


@BOTH
def test_step_1_refuses_every_single_changed_bit_of_the_signature(media_type: str) -> None:
    data = (jws if media_type == JWS else cose)(Ask())
    start = data.index(b'"signature":"') + 13 if media_type == JWS else len(data) - 64
    for position in range(start, len(data) - (2 if media_type == JWS else 0), 5):
        changed = bytes([*data[:position], data[position] ^ 1, *data[position + 1 :]])
        assert verify(changed, media_type).verdict is Verdict.INVALID


@pytest.mark.parametrize(("data", "media_type", "reason"), RAW)
def test_step_1_refuses_what_two_readers_could_read_differently(data: bytes, media_type: str, reason: Reason) -> None:
    outcome = verify(data, media_type, under=statement("audit"))
    assert (outcome.verdict, outcome.reason) == (Verdict.INVALID, reason), outcome.sentence


@BOTH
@pytest.mark.parametrize("case", CHAINS)
def test_step_1_refuses_the_chain_when(media_type: str, case: str) -> None:
    outcome = verify(CHAINS[case], media_type, under=statement("audit"))
    assert (outcome.verdict, outcome.reason) == (Verdict.INVALID, Reason.CHAIN), outcome.sentence


def test_step_1_counts_the_cas_below_a_path_length() -> None:
    top = ca("Top", key("ES256", "root"), path_length=0)
    middle = ca("Middle", key("ES256", "middle"))
    bottom = signer().chain[0]
    from tests.sources.signatures.signer import Signer, Spec

    chain = (issue(Spec(name("builder"), key()), middle), issue(middle, top), issue(top, top))
    outcome = verify(Ask(Signer("ES256", key(), chain)))
    assert outcome.reason is Reason.CHAIN, outcome.sentence
    roomy = ca("Top", key("ES256", "root"), path_length=1)
    chain = (chain[0], issue(middle, roomy), issue(roomy, roomy))
    assert verify(Ask(Signer("ES256", key(), chain))).verdict is Verdict.VALID
    assert bottom.subject == chain[0].subject


def test_a_self_signed_signing_certificate_is_a_whole_chain() -> None:
    from tests.sources.signatures.signer import Signer, Spec

    alone = Spec(name("alone"), key())
    outcome = verify(Ask(Signer("ES256", key(), (issue(alone, alone),))))
    assert outcome.verdict is Verdict.VALID, outcome.sentence


@pytest.mark.parametrize(("identities", "subject", "matches"), AUTHENTICITY)
def test_step_2_compares_identities(identities: list[str], subject: x509.Name, matches: bool) -> None:
    outcome = verify(leaf(subject=subject), under=statement(trustedIdentities=identities))
    assert (outcome.reason is Reason.NONE) is matches, outcome.sentence
    assert matches or outcome.reason is Reason.IDENTITY_MISMATCH


def test_step_2_fails_without_a_trusted_certificate_and_logs_when_only_audited() -> None:
    stranger = stores(ca=stamping().root)
    assert verify(Ask(), trusting=stranger).verdict is Verdict.INVALID
    audited = verify(Ask(), trusting=stranger, under=statement("audit"))
    assert (audited.verdict, audited.reason) == (Verdict.VALID_WITH_WARNINGS, Reason.UNTRUSTED)


def test_a_signer_that_is_only_logged_is_not_undecided_over_revocation_that_nobody_names() -> None:
    under = statement(override={"authenticity": "log"})
    logged = verify(Ask(), trusting=stores(ca=stamping().root), under=under)
    assert (logged.verdict, logged.reason) == (Verdict.VALID_WITH_WARNINGS, Reason.UNTRUSTED)
    naming = verify(leaf(ocsp=("http://ocsp.example/",)), trusting=stores(ca=stamping().root), under=under)
    assert (naming.verdict, naming.reason) == (Verdict.INCONCLUSIVE, Reason.REVOCATION_OFFLINE)


def test_step_2_trusts_any_certificate_of_the_chain() -> None:
    assert verify(Ask(), trusting=stores(ca=usual().ders[0])).verdict is Verdict.VALID


def test_step_2_uses_no_store_when_one_is_broken() -> None:
    outcome = verify(Ask(), under=statement(trustStores=["ca:c", "ca:missing"]))
    assert (outcome.verdict, outcome.reason) == (Verdict.INVALID, Reason.TRUST_STORE)
    assert "ca:missing does not exist" in outcome.sentence


@BOTH
@pytest.mark.parametrize(("seconds", "verdict"), [(-1, Verdict.VALID), (0, Verdict.INVALID), (1, Verdict.INVALID)])
def test_step_3_expires_at_the_very_second(media_type: str, seconds: int, verdict: Verdict) -> None:
    now = EXPIRY + timedelta(seconds=seconds)
    outcome = verify(Ask(expiry=EXPIRY), media_type, now=now)
    assert outcome.verdict is verdict
    assert verdict is Verdict.VALID or outcome.reason is Reason.EXPIRED
    logged = verify(Ask(expiry=EXPIRY), media_type, now=now, under=statement("permissive"))
    assert logged.verdict is (verdict if verdict is Verdict.VALID else Verdict.VALID_WITH_WARNINGS)


@BOTH
@pytest.mark.parametrize(
    ("minutes", "words"), [(40, "the signature expires"), (60 * 24 * 3, "the signature expires"), (60 * 24 * 8, "")]
)
def test_what_expires_soon_is_told_while_it_is_still_good(media_type: str, minutes: int, words: str) -> None:
    made, expiry = NOW - timedelta(days=29), NOW + timedelta(minutes=minutes)
    outcome = verify(Ask(signing_time=made, expiry=expiry), media_type)
    assert outcome.verdict is Verdict.VALID
    assert outcome.ending.startswith(words)
    assert bool(outcome.ending) is bool(words)
    assert not words or f"{expiry:%Y-%m-%d %H:%M UTC}" in outcome.ending


def test_a_certificate_that_ends_soon_is_told_unless_a_time_stamp_outlives_it() -> None:
    short = {"not_before": NOW - timedelta(days=3), "not_after": NOW + timedelta(minutes=40)}
    assert "the certificate of CN=builder,O=Contoso,ST=WA,C=US ends" in verify(leaf(**short)).ending
    assert not verify(Ask()).ending
    assert not verify(Ask(leaf(**short).signer, **authority())).ending  # it was good when it signed, and stays so
    ask, place = leaf(**short), stamping()
    for option in ("always", "afterCertExpiry"):
        data = with_token(JWS, ask, lambda signature: token(Stamp(place), signature))
        under = statement(**STAMPED, verifyTimestamp=option)
        trusting = stores(ca=ask.signer.root, tsa=place.root)
        outcome = verify(data, under=under, trusting=trusting, revocation=GOOD)
        assert (outcome.verdict, outcome.ending) == (Verdict.VALID, ""), outcome.sentence


def test_a_certificate_without_an_end_is_looked_at_again_without_one() -> None:
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    ask = leaf(not_after=last)
    assert verify(ask, now=NOW).verdict is Verdict.VALID
    assert last < shifted(last, timedelta(seconds=1)) == datetime.max.replace(tzinfo=UTC)
    wide = Token(Moment(last, 1), 86_400_000_000, "", b"", ())
    assert wide.earliest < last < wide.latest


@BOTH
@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (NOW - timedelta(days=31), Reason.CERTIFICATE_NOT_YET_VALID),
        (NOW + timedelta(days=30), Reason.NONE),
        (NOW + timedelta(days=30, seconds=1), Reason.CERTIFICATE_EXPIRED),
    ],
)
def test_step_4_wants_valid_certificates_now_without_a_time_stamp(media_type: str, now: Any, reason: Reason) -> None:
    assert verify(Ask(), media_type, now=now).reason is reason


@pytest.mark.parametrize(("days", "reason"), [(31, Reason.CERTIFICATE_NOT_YET_VALID), (-31, Reason.CERTIFICATE_EXPIRED)])
def test_step_4_takes_the_authentic_time_of_a_signing_authority(days: int, reason: Reason) -> None:
    late = NOW + timedelta(days=400)
    assert verify(Ask(**authority()), now=late).verdict is Verdict.VALID
    assert verify(Ask(**authority(authentic_time=NOW - timedelta(days=days))), now=late).reason is reason


STAMPED: dict[str, Any] = {"trustStores": ["ca:c", "tsa:t"]}
AFTER = NOW + timedelta(days=60)


def stamped(stamp: Stamp, media_type: str = JWS, *, now: Any = AFTER, revocation: Any = GOOD, **more: Any) -> Any:
    """Judge an envelope with that stamp after its certificates expired."""
    data = with_token(media_type, Ask(), lambda signature: token(stamp, signature))
    trusting = more.pop("trusting", stores(ca=usual().root, tsa=stamp.signer.root))
    under = statement(**STAMPED, **more)
    return verify(data, media_type, under=under, trusting=trusting, now=now, revocation=revocation)


@BOTH
@pytest.mark.parametrize("accuracy", [None, {"seconds": 1, "millis": 5, "micros": 7}])
def test_step_4_accepts_a_time_stamp_after_the_certificates_expired(media_type: str, accuracy: dict[str, int] | None) -> None:
    outcome = stamped(Stamp(stamping(), accuracy=accuracy), media_type)
    assert outcome.verdict is Verdict.VALID, outcome.sentence
    assert outcome.timestamp is not None
    assert (outcome.timestamp.time, outcome.timestamp.trusted) == (NOW - timedelta(days=1), True)
    assert outcome.timestamp.authority.startswith("CN=stamper")


@BOTH
@pytest.mark.parametrize("case", STAMPS)
def test_step_4_refuses_a_time_stamp(media_type: str, case: str) -> None:
    changes, reason = STAMPS[case]
    outcome = stamped(Stamp(**{"signer": stamping(), **changes}), media_type)
    assert (outcome.verdict, outcome.reason) == (Verdict.INVALID, reason), outcome.sentence


def test_step_4_bounds_the_stamp_by_its_accuracy() -> None:
    wide = stamping(not_before=NOW - timedelta(days=99), root={"not_before": NOW - timedelta(days=99)})
    edge = NOW - timedelta(days=30)
    assert stamped(Stamp(wide, time=edge)).verdict is Verdict.VALID
    assert stamped(Stamp(wide, time=edge, accuracy={"seconds": 1})).reason is Reason.CERTIFICATE_NOT_YET_VALID
    baseline = stamped(Stamp(wide, time=edge, policy="0.4.0.2023.1.1"))
    assert baseline.reason is Reason.CERTIFICATE_NOT_YET_VALID


def test_step_4_wants_a_stamp_whenever_the_policy_names_a_store_for_it() -> None:
    both = stores(ca=usual().root, tsa=stamping().root)
    missing = verify(Ask(), under=statement(**STAMPED), trusting=both)
    assert (missing.verdict, missing.reason) == (Verdict.INVALID, Reason.TIMESTAMP_MISSING)
    later = statement(**STAMPED, verifyTimestamp="afterCertExpiry")
    assert verify(Ask(), under=later, trusting=both).verdict is Verdict.VALID
    assert verify(Ask(), under=later, trusting=both, now=AFTER).reason is Reason.TIMESTAMP_MISSING


def test_step_4_does_not_believe_a_stamp_of_a_stranger() -> None:
    strangers = stores(ca=usual().root, tsa=usual().root)
    outcome = stamped(Stamp(stamping()), trusting=strangers)
    assert (outcome.reason, outcome.timestamp.trusted) == (Reason.TIMESTAMP_UNTRUSTED, False)


def test_step_4_ignores_a_broken_stamp_when_none_is_asked_for() -> None:
    assert verify(Ask(token=b"junk")).verdict is Verdict.VALID
    outcome = verify(Ask(token=b"junk"), under=statement(**STAMPED), trusting=stores(ca=usual().root, tsa=usual().root))
    assert outcome.reason is Reason.TIMESTAMP_INVALID


STATES = [
    (RevocationState.GOOD, Verdict.VALID, Reason.NONE),
    (RevocationState.REVOKED, Verdict.INVALID, Reason.REVOKED),
    (RevocationState.UNKNOWN, Verdict.INVALID, Reason.REVOCATION_UNKNOWN),
    (RevocationState.OFFLINE, Verdict.INCONCLUSIVE, Reason.REVOCATION_OFFLINE),
]


@pytest.mark.parametrize(("state", "verdict", "reason"), STATES)
def test_step_5_tells_revoked_unknown_and_offline_apart(state: RevocationState, verdict: Verdict, reason: Reason) -> None:
    outcome = verify(Ask(), revocation=Fixed(state))
    assert (outcome.verdict, outcome.reason) == (verdict, reason)
    logged = verify(Ask(), revocation=Fixed(state), under=statement("permissive"))
    assert logged.verdict is (Verdict.VALID if verdict is Verdict.VALID else Verdict.VALID_WITH_WARNINGS)
    skipped = verify(Ask(), revocation=Fixed(state), under=statement(override={"revocation": "skip"}))
    assert skipped.verdict is Verdict.VALID


@pytest.mark.parametrize(("state", "verdict", "reason"), STATES)
def test_step_4_enforces_revocation_of_the_authority(state: RevocationState, verdict: Verdict, reason: Reason) -> None:
    outcome = stamped(Stamp(stamping()), revocation=Fixed(state), override={"revocation": "skip"})
    assert (outcome.verdict, outcome.reason) == (verdict, reason), outcome.sentence


def test_levels_decide_what_a_failure_means() -> None:
    assert verify(Ask(), under=statement("skip", trustStores=[], trustedIdentities=[])).verdict is Verdict.SKIPPED
    outcome = verify(Ask(), now=AFTER, under=statement("permissive"))
    assert (outcome.verdict, outcome.reason) == (Verdict.VALID_WITH_WARNINGS, Reason.CERTIFICATE_EXPIRED)
    raised = statement("permissive", override={"authenticTimestamp": "enforce"})
    assert verify(Ask(), now=AFTER, under=raised).verdict is Verdict.INVALID


def test_without_a_statement_there_is_no_verdict() -> None:
    from tui.verification.notation.judge import judge
    from tui.verification.notation.static import parse_envelope

    outcome = judge(parse_envelope(jws(Ask()), JWS), Target(IMAGE, DIGEST, 1234), None, stores(), NOW)
    assert outcome.verdict is Verdict.NO_POLICY


def test_the_static_part_survives_a_cache() -> None:
    import msgspec

    from tui.verification.notation.static import StaticResult, parse_envelope

    data = with_token(COSE, Ask(), lambda signature: token(Stamp(stamping()), signature))
    static = parse_envelope(data, COSE)
    assert static.token is not None
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(static), type=StaticResult) == static
