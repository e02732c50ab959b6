"""Keyless signatures under a Sigstore instance of our own: both kinds, each link of the chain of trust broken in turn."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address
from types import ModuleType
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from tests.sources.signatures.cosigner import REPOSITORY, TYPE, b64, public
from tests.sources.signatures.instance import DER_ISSUER, ISSUER, RAW_ISSUER, SUBJECT, WHEN, Instance, utf8
from tests.sources.signatures.signer import DIGEST
from tui.domain.facts.signature import Outcome, Reason, Verdict
from tui.errors import InvalidConfig
from tui.sources.signatures.trustroot import read_trusted_root
from tui.verification.cosign.bundle_judge import verify_bundle
from tui.verification.cosign.keys import CosignPolicy, KeylessIdentity
from tui.verification.cosign.simple import SimpleSignature, carried_moments, verify_simple

OURS, THEIRS = Instance(), Instance("fabrikam")
KEY = ec.generate_private_key(ec.SECP256R1())
WHO = (KeylessIdentity(SUBJECT, ISSUER),)
ROOTED = CosignPolicy(identities=WHO, root=read_trusted_root(OURS.trusted_root()), require_log=True)
FILES = CosignPolicy(
    identities=WHO,
    rekor=(public(OURS.log),),
    ct=(public(OURS.certificate_log),),
    fulcio=(OURS.root.public_bytes(Encoding.DER),),
)
OTHER_SUBJECT = x509.RFC822Name("someone@contoso.example")
WORKFLOW = x509.UniformResourceIdentifier("https://github.com/contoso/app/.github/workflows/release.yml@refs/heads/main")
CERTIFICATES: dict[str, tuple[dict[str, Any], Reason, Reason]] = {
    # what is issued; then what ends a signature of the older kind, and a bundle
    "good": ({}, Reason.NONE, Reason.NONE),
    "without a proof of the certificate log": ({"proof": "none"}, Reason.LOG_MISSING, Reason.LOG_MISSING),
    "with a broken proof": ({"proof": "broken"}, Reason.LOG_INVALID, Reason.LOG_INVALID),
    "in another certificate log": ({"proof": "other"}, Reason.NO_KEY, Reason.NO_KEY),
    "with issuers that disagree": (
        {"claims": {RAW_ISSUER: ISSUER.encode(), DER_ISSUER: utf8("https://other.example")}},
        Reason.IDENTITY_MISMATCH,
        Reason.IDENTITY_MISMATCH,
    ),
    "with the newer issuer only": ({"claims": {DER_ISSUER: utf8(ISSUER)}}, Reason.IDENTITY_MISMATCH, Reason.NONE),
    "with the older issuer only": ({"claims": {RAW_ISSUER: ISSUER.encode()}}, Reason.NONE, Reason.NONE),
    "without an issuer": ({"claims": {}}, Reason.IDENTITY_MISMATCH, Reason.IDENTITY_MISMATCH),
    "with a claim that is no text": (
        {"claims": {RAW_ISSUER: ISSUER.encode(), "1.3.6.1.4.1.57264.1.9": b"\x02\x01\x01"}},
        Reason.MALFORMED,
        Reason.MALFORMED,
    ),
    "with a claim cut short": (
        {"claims": {RAW_ISSUER: ISSUER.encode(), DER_ISSUER: b"\x0c"}},
        Reason.MALFORMED,
        Reason.MALFORMED,
    ),
    "of somebody else": ({"names": [OTHER_SUBJECT]}, Reason.IDENTITY_MISMATCH, Reason.IDENTITY_MISMATCH),
    "whose second name is ours": ({"names": [OTHER_SUBJECT, x509.RFC822Name(SUBJECT)]}, Reason.NONE, Reason.IDENTITY_MISMATCH),
    "whose URI comes first": ({"names": [x509.RFC822Name(SUBJECT), WORKFLOW]}, Reason.NONE, Reason.IDENTITY_MISMATCH),
    "expired by then": ({"when": WHEN - timedelta(hours=1)}, Reason.UNTRUSTED, Reason.UNTRUSTED),
}


def _log_of(kind: str) -> dict[str, Any]:
    """The log of the trusted root, its key said to be of another kind."""
    log: dict[str, Any] = json.loads(OURS.trusted_root())["tlogs"][0]
    return {**log, "publicKey": {**log["publicKey"], "keyDetails": kind}}


def older(certificate: x509.Certificate, policy: CosignPolicy, key: Any = KEY, instance: Instance = OURS, **more: str) -> Outcome:
    content, notes = instance.simple(key, certificate, **more)
    return verify_simple(SimpleSignature(TYPE, content, **notes), DIGEST, REPOSITORY, policy, WHEN)


@pytest.mark.parametrize("case", CERTIFICATES)
def test_a_certificate(case: str) -> None:
    issued, of_older, of_bundle = CERTIFICATES[case]
    certificate = OURS.issue(KEY, **issued)
    for policy in (ROOTED, FILES):
        outcome = older(certificate, policy)
        assert outcome.reason is of_older, outcome.sentence
        assert outcome.verdict.accepted is (of_older is Reason.NONE)
    outcome = verify_bundle(OURS.bundle(KEY, certificate), DIGEST, ROOTED)
    assert outcome.reason is of_bundle, outcome.sentence
    assert outcome.verdict.accepted is (of_bundle is Reason.NONE)


@pytest.mark.parametrize(
    "constraint",
    [
        x509.PolicyConstraints(require_explicit_policy=0, inhibit_policy_mapping=None),
        x509.NameConstraints([x509.DNSName("other.example")], None),
        x509.NameConstraints(None, [x509.RFC822Name("contoso.example")]),
    ],
)
def test_what_an_authority_wants_of_those_below_counts_also_where_it_is_not_critical(constraint: x509.ExtensionType) -> None:
    """`cosign verify` (3.1.3, Go 1.26) refuses a chain without the policy that is wanted, and a name that is not permitted."""
    strict = Instance("contoso", constraint)
    policy = CosignPolicy(identities=WHO, root=read_trusted_root(strict.trusted_root()), require_log=True)
    certificate = strict.issue(KEY)
    for outcome in (older(certificate, policy, instance=strict), verify_bundle(strict.bundle(KEY, certificate), DIGEST, policy)):
        assert (outcome.verdict, outcome.reason) == (Verdict.INVALID, Reason.UNTRUSTED)


def test_a_signer_is_named_with_time_and_chain() -> None:
    certificate = OURS.issue(KEY)
    for outcome in (older(certificate, ROOTED), verify_bundle(OURS.bundle(KEY, certificate), DIGEST, ROOTED)):
        assert outcome.signer == f"{SUBJECT} ({ISSUER})"
        assert (outcome.signing_time, len(outcome.chain)) == (WHEN, 3)


def test_what_another_root_vouches_for_is_undecided_never_altered() -> None:
    certificate = THEIRS.issue(KEY)
    outcome = verify_bundle(THEIRS.bundle(KEY, certificate), DIGEST, ROOTED)
    assert (outcome.verdict, outcome.reason) == (Verdict.INCONCLUSIVE, Reason.UNTRUSTED)
    assert "fabrikam between" in outcome.sentence
    assert "it cannot be verified" in outcome.sentence


def test_an_entry_of_a_log_that_the_root_does_not_name_is_undecided() -> None:
    made = json.loads(OURS.bundle(KEY, OURS.issue(KEY)))
    made["verificationMaterial"]["tlogEntries"][0]["logId"]["keyId"] = b64(b"\1" * 32)
    outcome = verify_bundle(json.dumps(made).encode(), DIGEST, ROOTED)
    assert (outcome.verdict, outcome.reason) == (Verdict.INCONCLUSIVE, Reason.UNTRUSTED), outcome.sentence


def test_a_bundle_is_about_its_image_and_signed_by_its_certificate() -> None:
    certificate = OURS.issue(KEY)
    other = OURS.bundle(KEY, certificate, digest="sha256:" + "cd" * 32)
    assert verify_bundle(other, DIGEST, ROOTED).reason is Reason.WRONG_SUBJECT
    stranger = OURS.bundle(ec.generate_private_key(ec.SECP256R1()), certificate)
    assert verify_bundle(stranger, DIGEST, ROOTED).reason is Reason.SIGNATURE_MISMATCH
    unlogged = json.loads(OURS.bundle(KEY, certificate))
    del unlogged["verificationMaterial"]["tlogEntries"]
    assert verify_bundle(json.dumps(unlogged).encode(), DIGEST, ROOTED).reason is Reason.LOG_MISSING


@pytest.mark.parametrize("algorithm", [hashes.SHA384(), hashes.SHA256()], ids=lambda algorithm: str(algorithm.name))
def test_a_larger_key_signs_a_bundle_with_either_digest(algorithm: hashes.HashAlgorithm) -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    made = OURS.bundle(key, OURS.issue(key), algorithm=algorithm)
    assert verify_bundle(made, DIGEST, ROOTED).verdict is Verdict.VALID


def test_a_log_must_have_been_shown_the_certificate_not_its_key() -> None:
    from tests.sources.signatures.cosigner import entry_body, logged, payload, sign

    certificate, content = OURS.issue(KEY), payload()
    signature = sign(KEY, content)
    note = json.dumps(logged(OURS.log, entry_body(content, signature, KEY)))
    outcome = older(certificate, ROOTED, signature=b64(signature), bundle=note)
    assert (outcome.verdict, outcome.reason) == (Verdict.INVALID, Reason.LOG_INVALID)


def test_without_a_key_of_a_certificate_log_nothing_is_decided_unless_none_is_asked_for() -> None:
    bare = CosignPolicy(identities=WHO, rekor=FILES.rekor, fulcio=FILES.fulcio)
    outcome = older(OURS.issue(KEY), bare)
    assert (outcome.verdict, outcome.reason) == (Verdict.INCONCLUSIVE, Reason.NO_KEY), outcome.sentence
    waived = CosignPolicy(identities=WHO, rekor=FILES.rekor, fulcio=FILES.fulcio, require_sct=False)
    assert older(OURS.issue(KEY, proof="none"), waived).verdict is Verdict.VALID


@pytest.mark.parametrize(
    ("identity", "allowed"),
    [
        (KeylessIdentity("release@", ISSUER, pattern=True), True),
        (KeylessIdentity("^release@contoso\\.example$", ISSUER, pattern=True), True),
        (KeylessIdentity("^release$", ISSUER, pattern=True), False),
        (KeylessIdentity(SUBJECT, "https://accounts\\.", issuer_pattern=True), True),
        (KeylessIdentity(SUBJECT, "^accounts", issuer_pattern=True), False),
        (KeylessIdentity(SUBJECT, ""), False),
        (KeylessIdentity("", ISSUER), False),
        (KeylessIdentity(SUBJECT.upper(), ISSUER), False),
        (KeylessIdentity("(?i)RELEASE@", ISSUER, pattern=True), True),
    ],
)
def test_identities_are_matched_as_cosign_matches_them(identity: KeylessIdentity, allowed: bool) -> None:
    policy = CosignPolicy(identities=(identity,), root=ROOTED.root)
    certificate = OURS.issue(KEY)
    assert older(certificate, policy).verdict.accepted is allowed
    assert verify_bundle(OURS.bundle(KEY, certificate), DIGEST, policy).verdict.accepted is allowed


ADDRESS = "https://github.com/contoso/app/release.yml@refs/heads/main"


@pytest.mark.parametrize(
    ("uri", "written"),
    [
        (ADDRESS, ADDRESS),
        (ADDRESS.replace("https", "HTTPS"), ADDRESS),
        (ADDRESS.replace("github", "GitHub"), ADDRESS.replace("github", "GitHub")),
        (f"{ADDRESS}#", ADDRESS),
        (f"{ADDRESS}?", f"{ADDRESS}?"),
        (f"{ADDRESS} x", f"{ADDRESS}%20x"),
        (f'{ADDRESS}"x', f"{ADDRESS}%22x"),
        (f"{ADDRESS}%2fx", f"{ADDRESS}%2fx"),
        (f"{ADDRESS}[x]", f"{ADDRESS}[x]"),
        ("contoso/app", "contoso/app"),
        ("https://a:b@c.example/x", "https://a:b@c.example/x"),
    ],
)
def test_a_uri_is_held_against_identities_as_go_writes_it(uri: str, written: str) -> None:
    """Measured with cosign 3.1.3, for older signatures and for bundles."""
    certificate = OURS.issue(KEY, names=[x509.UniformResourceIdentifier(uri)])
    for subject in {uri, written}:
        policy = CosignPolicy(identities=(KeylessIdentity(subject, ISSUER),), root=ROOTED.root)
        assert older(certificate, policy).verdict.accepted is (subject == written)
        assert verify_bundle(OURS.bundle(KEY, certificate), DIGEST, policy).verdict.accepted is (subject == written)


def test_an_address_of_version_4_within_one_of_version_6_is_written_as_that_of_version_4() -> None:
    certificate = OURS.issue(KEY, names=[x509.IPAddress(IPv6Address("::ffff:10.0.0.1"))])
    for subject, allowed in (("10.0.0.1", True), ("::ffff:10.0.0.1", False), ("::ffff:a00:1", False)):
        policy = CosignPolicy(identities=(KeylessIdentity(subject, ISSUER),), root=ROOTED.root)
        assert older(certificate, policy).verdict.accepted is allowed


@pytest.mark.parametrize(
    "changes",
    [
        {"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=9"},
        {"more": 1},
        {"tlogs": [{"baseUrl": "https://x.example"}]},
        {"certificateAuthorities": [{"certChain": {"certificates": []}}]},
        {"certificateAuthorities": [{"certChain": {"certificates": [{"rawBytes": "AAAA"}]}}]},
        {"tlogs": {}},
        {"tlogs": [_log_of("PKIX_ED448")]},
    ],
)
def test_a_trusted_root_that_cosign_would_not_read_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidConfig):
        read_trusted_root(OURS.trusted_root(**changes))


def test_a_time_in_which_a_log_does_not_count_is_no_proof() -> None:
    made = json.loads(OURS.trusted_root())
    made["tlogs"][0]["publicKey"]["validFor"]["end"] = "2021-01-01T00:00:00Z"
    policy = CosignPolicy(identities=WHO, root=read_trusted_root(json.dumps(made).encode()))
    certificate = OURS.issue(KEY)
    assert older(certificate, policy).reason is Reason.LOG_INVALID
    assert verify_bundle(OURS.bundle(KEY, certificate), DIGEST, policy).reason is Reason.LOG_INVALID


def test_a_certificate_without_an_end_of_its_own_lasts_to_the_end_of_the_calendar() -> None:
    """RFC 5280 section 4.1.2.5: 99991231235959Z says that there is no well-defined end."""
    name, end = x509.Name([]), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, KEY.public_key(), 7, WHEN, end)
    pem = builder.sign(KEY, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
    assert carried_moments({"dev.sigstore.cosign/certificate": pem}) == [WHEN, datetime.max.replace(tzinfo=UTC)]


# ---- the public Sigstore, by the extra

PLAIN = CosignPolicy(identities=WHO)


def test_without_a_root_keyless_bundles_need_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.verification.cosign.keyless.available", lambda: False)
    made = OURS.bundle(KEY, OURS.issue(KEY))
    outcome = verify_bundle(made, DIGEST, PLAIN)
    assert (outcome.verdict, outcome.reason) == (Verdict.INCONCLUSIVE, Reason.MISSING_EXTRA)
    assert "needs trustree[sigstore]" in outcome.sentence
    assert verify_bundle(made, DIGEST, CosignPolicy(keys=(public(KEY),))).reason is Reason.NO_KEY


def test_a_genuine_bundle_of_another_root_than_the_public_one_is_undecided() -> None:
    pytest.importorskip("sigstore")
    outcome = verify_bundle(OURS.bundle(KEY, OURS.issue(KEY)), DIGEST, PLAIN)
    assert (outcome.verdict, outcome.reason) == (Verdict.INCONCLUSIVE, Reason.UNTRUSTED)
    assert "contoso between" in outcome.sentence


class Fault(Exception):
    """Stands for sigstore.errors.Error."""


class Unverified(Fault):
    """Stands for sigstore.errors.VerificationError."""


class Unreadable(Fault):
    """Stands for sigstore.models.InvalidBundle."""


@pytest.mark.parametrize(
    ("error", "verdict", "reason"),
    [
        (Unverified("Traceback: bad"), Verdict.INVALID, Reason.SIGNATURE_MISMATCH),
        (Unreadable("Traceback: odd"), Verdict.INCONCLUSIVE, Reason.UNSUPPORTED),
        (Fault("Traceback: root"), Verdict.INCONCLUSIVE, Reason.TRUST_STORE),
        (None, Verdict.INVALID, Reason.MALFORMED),  # verified, but without ever asking for the identity
    ],
)
def test_errors_of_the_extra_are_told_apart_in_words_of_ours(
    monkeypatch: pytest.MonkeyPatch, error: Exception | None, verdict: Verdict, reason: Reason
) -> None:
    class Root:
        def get_fulcio_certs(self) -> list[x509.Certificate]:
            return [OURS.between]

    class ClientTrustConfig:
        trusted_root = Root()

        @classmethod
        def production(cls, *, offline: bool) -> ClientTrustConfig:
            assert offline
            return cls()

    class Verifier:
        def __init__(self, *, trusted_root: Root) -> None:
            assert trusted_root.get_fulcio_certs()

        def verify_dsse(self, made: object, policy: object) -> tuple[str, bytes]:
            if error is not None:
                raise error
            return "application/vnd.in-toto+json", b""

    class Bundle:
        @classmethod
        def from_json(cls, data: bytes) -> Bundle:
            return cls()

    parts: dict[str, dict[str, object]] = {
        "sigstore": {},
        "sigstore.errors": {"VerificationError": Unverified, "Error": Fault},
        "sigstore.models": {"Bundle": Bundle, "InvalidBundle": Unreadable, "ClientTrustConfig": ClientTrustConfig},
        "sigstore.verify": {"Verifier": Verifier},
    }
    for name, members in parts.items():
        module = ModuleType(name)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr("tui.verification.cosign.keyless.available", lambda: True)
    outcome = verify_bundle(OURS.bundle(KEY, OURS.issue(KEY)), DIGEST, PLAIN)
    assert (outcome.verdict, outcome.reason) == (verdict, reason), outcome.sentence
    assert "Traceback" not in outcome.sentence
