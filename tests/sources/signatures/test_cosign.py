"""cosign signatures made here: every kind of key, simple signing, bundles, log entries (SIGNATURE_SPEC.md, DSSE, bundle v0.3)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tests.sources.signatures.cosigner import (
    REPOSITORY,
    TYPE,
    CosignKey,
    b64,
    bundle,
    entry_body,
    logged,
    payload,
    pem,
    public,
    sign,
)
from tests.sources.signatures.signer import DIGEST
from tui.domain.facts.signature import Outcome, Reason, Verdict
from tui.errors import InvalidConfig
from tui.verification.cosign.bundle_judge import verify_bundle
from tui.verification.cosign.keys import CosignPolicy, load_key
from tui.verification.cosign.simple import SimpleSignature, verify_simple

KEYS: dict[str, CosignKey] = {
    "P-256": ec.generate_private_key(ec.SECP256R1()),
    "P-384": ec.generate_private_key(ec.SECP384R1()),
    "RSA": rsa.generate_private_key(65537, 2048),
    "Ed25519": ed25519.Ed25519PrivateKey.generate(),
}
KEY, LOG, OTHER = KEYS["P-256"], ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
TRUST = CosignPolicy(keys=(public(KEY),))
LOGGED = CosignPolicy(keys=(public(KEY),), rekor=(public(LOG, "log"),), require_log=True)


def simple(
    key: CosignKey = KEY, content: bytes = b"", policy: CosignPolicy = TRUST, repository: str = REPOSITORY, **more: str
) -> Outcome:
    content = content or payload()
    signature = SimpleSignature(TYPE, content, **{"signature": b64(sign(key, content)), **more})
    return verify_simple(signature, DIGEST, repository, policy)


@pytest.mark.parametrize("kind", KEYS)
def test_every_kind_of_key_verifies(kind: str) -> None:
    policy = CosignPolicy(keys=(public(OTHER, "other"), public(KEYS[kind], kind)))
    outcome = simple(KEYS[kind], policy=policy)
    assert (outcome.verdict, outcome.signer) == (Verdict.VALID, kind), outcome.sentence
    assert verify_bundle(bundle(KEYS[kind]), DIGEST, policy).signer == kind


@pytest.mark.parametrize(
    ("content", "more", "verdict", "reason"),
    [
        (payload("sha256:" + "cd" * 32), {}, Verdict.INVALID, Reason.WRONG_SUBJECT),
        (payload(reference="old.example/app"), {}, Verdict.VALID_WITH_WARNINGS, Reason.REFERENCE_MOVED),
        (payload(reference=REPOSITORY + ":1.2"), {}, Verdict.VALID, Reason.NONE),
        (payload(reference=REPOSITORY + "@" + DIGEST), {}, Verdict.VALID, Reason.NONE),
        (payload(kind="atomic container signature"), {}, Verdict.INVALID, Reason.UNSUPPORTED),
        (b"{", {}, Verdict.INVALID, Reason.MALFORMED),
        (b"{}", {}, Verdict.INVALID, Reason.UNSUPPORTED),
        (payload()[:-1] + b', "critical": {}}', {}, Verdict.INVALID, Reason.MALFORMED),
        (payload(), {"signature": ""}, Verdict.INVALID, Reason.MALFORMED),
        (payload(), {"signature": "!"}, Verdict.INVALID, Reason.MALFORMED),
        (payload(), {"signature": b64(sign(OTHER, payload()))}, Verdict.INVALID, Reason.WRONG_KEY),
    ],
)
def test_a_simple_signature_is(content: bytes, more: dict[str, str], verdict: Verdict, reason: Reason) -> None:
    outcome = simple(KEY, content, TRUST, REPOSITORY, **more)
    assert (outcome.verdict, outcome.reason) == (verdict, reason), outcome.sentence


def test_without_a_key_nothing_is_decided() -> None:
    outcome = simple(policy=CosignPolicy())
    assert (outcome.verdict, outcome.reason) == (Verdict.INCONCLUSIVE, Reason.NO_KEY)
    assert verify_bundle(bundle(KEY), DIGEST, CosignPolicy()).reason is Reason.NO_KEY


def test_another_layer_is_no_signature() -> None:
    outcome = verify_simple(SimpleSignature("text/plain", b"x"), DIGEST, REPOSITORY, TRUST)
    assert (outcome.verdict, outcome.reason) == (Verdict.INCONCLUSIVE, Reason.NOT_A_SIGNATURE)


def note(body: bytes, log: CosignKey = LOG, **changes: Any) -> str:
    made = logged(log, body)
    return json.dumps({**made, "Payload": {**made["Payload"], **changes}})


SIGNED = sign(KEY, payload())
ENTRY = entry_body(payload(), SIGNED, KEY)
ENTRIES = {
    "good": (note(ENTRY), Reason.NONE),
    "of another log": (note(ENTRY, OTHER), Reason.LOG_INVALID),
    "with another time": (note(ENTRY, integratedTime=1), Reason.LOG_INVALID),
    "with another index": (note(ENTRY, logIndex=8), Reason.LOG_INVALID),
    "about another payload": (note(entry_body(b"x", SIGNED, KEY)), Reason.LOG_INVALID),
    "about another signature": (note(entry_body(payload(), b"x", KEY)), Reason.LOG_INVALID),
    "about another key": (note(entry_body(payload(), SIGNED, OTHER)), Reason.LOG_INVALID),
    "of another kind": (note(entry_body(payload(), SIGNED, KEY, "rfc3161")), Reason.UNSUPPORTED),
    "malformed": ("{", Reason.LOG_INVALID),
    "without members": ("{}", Reason.LOG_INVALID),
    "missing": ("", Reason.LOG_MISSING),
}


@pytest.mark.parametrize("case", ENTRIES)
def test_a_log_entry_is(case: str) -> None:
    text, reason = ENTRIES[case]
    outcome = simple(policy=LOGGED, signature=b64(SIGNED), bundle=text)
    assert outcome.reason is reason, outcome.sentence
    assert outcome.verdict.accepted is (reason is Reason.NONE)


def test_an_entry_of_a_known_log_must_hold_even_when_none_is_asked_for() -> None:
    policy = CosignPolicy(keys=LOGGED.keys, rekor=LOGGED.rekor)
    assert simple(policy=policy, signature=b64(SIGNED), bundle=note(ENTRY)).verdict is Verdict.VALID
    assert simple(policy=policy, signature=b64(SIGNED), bundle=note(ENTRY, integratedTime=1)).verdict is Verdict.INVALID
    of_another = simple(policy=policy, signature=b64(SIGNED), bundle=note(ENTRY, OTHER))
    assert of_another.verdict is Verdict.VALID  # as cosign has it with --insecure-ignore-tlog
    assert "not configured" in of_another.steps[-1].sentence
    assert verify_bundle(bundle(KEY, log=OTHER), DIGEST, policy).verdict is Verdict.VALID
    assert simple(policy=policy).verdict is Verdict.VALID


BUNDLES: dict[str, tuple[bytes, Verdict, Reason]] = {
    "good": (bundle(KEY), Verdict.VALID, Reason.NONE),
    "of another key": (bundle(OTHER), Verdict.INVALID, Reason.WRONG_KEY),
    "about another digest": (bundle(KEY, digest="sha256:" + "cd" * 32), Verdict.INVALID, Reason.WRONG_SUBJECT),
    "about another algorithm": (bundle(KEY, digest="sha512:" + "ab" * 32), Verdict.INVALID, Reason.WRONG_SUBJECT),
    "an attestation": (bundle(KEY, predicate="https://slsa.dev/provenance/v1"), Verdict.INCONCLUSIVE, Reason.NOT_A_SIGNATURE),
    "no statement": (bundle(KEY, kind="x"), Verdict.INVALID, Reason.MALFORMED),
    "no JSON inside": (bundle(KEY, content=b"x"), Verdict.INVALID, Reason.MALFORMED),
    "of a later version": (
        bundle(KEY, mediaType="application/vnd.dev.sigstore.bundle.v9+json"),
        Verdict.INCONCLUSIVE,
        Reason.UNSUPPORTED,
    ),
    "junk": (b"junk", Verdict.INVALID, Reason.MALFORMED),
    "a member twice": (bundle(KEY)[:-1] + b', "mediaType": "x"}', Verdict.INVALID, Reason.MALFORMED),
    "two signatures": (
        bundle(KEY).replace(b'"signatures": [', b'"signatures": [{"sig": "AAAA"}, '),
        Verdict.INVALID,
        Reason.MALFORMED,
    ),
    "another payload type": (
        bundle(KEY).replace(b"application/vnd.in-toto+json", b"application/vnd.in-tot0+json"),
        Verdict.INVALID,
        Reason.UNSUPPORTED,
    ),
}


@pytest.mark.parametrize("case", BUNDLES)
def test_a_bundle_is(case: str) -> None:
    data, verdict, reason = BUNDLES[case]
    outcome = verify_bundle(data, DIGEST, TRUST)
    assert (outcome.verdict, outcome.reason) == (verdict, reason), outcome.sentence


def test_an_attestation_verifies_when_any_predicate_is_wanted() -> None:
    made = bundle(KEY, predicate="https://slsa.dev/provenance/v1")
    assert verify_bundle(made, DIGEST, TRUST, predicate="").verdict is Verdict.VALID


def test_bundles_are_held_to_the_log() -> None:
    good = verify_bundle(bundle(KEY, log=LOG), DIGEST, LOGGED)
    assert good.verdict is Verdict.VALID, good.sentence
    assert good.signing_time is not None
    assert verify_bundle(bundle(KEY, log=OTHER), DIGEST, LOGGED).reason is Reason.LOG_INVALID
    assert verify_bundle(bundle(KEY), DIGEST, LOGGED).reason is Reason.LOG_MISSING


@pytest.mark.parametrize(
    "content",
    [b"", b"junk", pem(ec.generate_private_key(ec.SECP224R1())), pem(ec.generate_private_key(ec.SECP256K1()))],
)
def test_a_key_that_may_not_sign_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidConfig, match="cannot be used"):
        load_key("x", content)
