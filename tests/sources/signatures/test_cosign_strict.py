"""What cosign refuses of a key's signature, and what it takes although it looks odd (cosign 3.1 pkg/cosign, sigstore-go 1.2)."""

from __future__ import annotations

import base64
import json
import textwrap
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding

from tests.sources.signatures.cosigner import (
    REPOSITORY,
    TYPE,
    b64,
    bundle,
    entry,
    entry_body,
    logged,
    payload,
    public,
    sign,
)
from tests.sources.signatures.instance import WHEN, Instance
from tests.sources.signatures.signer import DIGEST
from tui.domain.common.goregexp import compile_pattern, found_in
from tui.domain.facts.signature import Outcome, Reason, Verdict
from tui.verification.cosign.bundle_judge import verify_bundle
from tui.verification.cosign.keys import CosignPolicy, dsse_key_id
from tui.verification.cosign.simple import SimpleSignature, verify_simple

KEY, OTHER, LOG = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
TRUST = CosignPolicy(keys=(public(KEY),))
LOGGED = CosignPolicy(keys=(public(KEY),), rekor=(public(LOG),), require_log=True)
FOREIGN = "sha256:" + "cd" * 32
OURS = Instance()
CERTIFICATE = OURS.issue(KEY)
PEM = CERTIFICATE.public_bytes(Encoding.PEM).decode()


def simple(content: bytes = payload(), policy: CosignPolicy = TRUST, **more: str) -> Outcome:
    signature = SimpleSignature(TYPE, content, **{"signature": b64(sign(KEY, content)), **more})
    return verify_simple(signature, DIGEST, REPOSITORY, policy, WHEN)


def rewritten(change: Callable[[dict[str, Any]], object], **more: Any) -> bytes:
    made = json.loads(payload())
    change(made)
    return json.dumps({**made, **more}).encode()


def before_end(text: str) -> bytes:
    """The payload with something put in before its last brace."""
    return payload()[:-1] + text.encode() + b"}"


IMAGE = f'{{"image": {{"docker-manifest-digest": "{DIGEST}"}}, "type": "cosign container image signature"}}'
PAYLOADS = {
    "two digests": payload().replace(
        b'"docker-manifest-digest"', f'"docker-manifest-digest": "{FOREIGN}", "docker-manifest-digest"'.encode()
    ),
    "a digest in capitals beside it": payload().replace(
        b'"docker-manifest-digest"', f'"Docker-Manifest-Digest": "{FOREIGN}", "docker-manifest-digest"'.encode()
    ),
    "a second critical": before_end(f', "critical": {IMAGE}'),
    "a second critical in capitals": before_end(f', "CRITICAL": {IMAGE}'),
    "an image in capitals": payload().replace(b'"image"', b'"Image": {}, "image"'),
    "an optional that is text": rewritten(lambda made: made.update(optional="x")),
    "an optional that is a list": rewritten(lambda made: made.update(optional=[])),
    "an optional in capitals": before_end(', "Optional": "x"'),
    "a number out of range": before_end(', "more": 1e999'),
    "an identity that is text": rewritten(lambda made: made["critical"].update(identity="x")),
    "a reference that is a number": rewritten(lambda made: made["critical"]["identity"].update({"docker-reference": 1})),
    "a type that is a number": rewritten(lambda made: made["critical"].update(type=1)),
    "no digest": rewritten(lambda made: made["critical"]["image"].clear()),
    "something after it": payload() + b"x",
    "a mark before it": b"\xef\xbb\xbf" + payload(),
}


@pytest.mark.parametrize("case", PAYLOADS)
def test_a_payload_that_can_be_read_in_two_ways_or_is_of_other_types_is_refused(case: str) -> None:
    outcome = simple(PAYLOADS[case])
    assert outcome.verdict is Verdict.INVALID, outcome.sentence


@pytest.mark.parametrize(
    "content",
    [
        rewritten(lambda made: made.update(optional={"creator": "x", "timestamp": 1})),
        rewritten(lambda made: made.pop("optional")),
        rewritten(lambda made: made["critical"].pop("identity")),
        rewritten(lambda made: made.update(more=[1, 2.5, {"a": None}])),
    ],
    ids=["optional", "without optional", "without identity", "with more"],
)
def test_a_payload_that_cosign_takes_is_taken(content: bytes) -> None:
    assert simple(content).verdict is Verdict.VALID


def wrapped(text: str) -> str:
    return "\n".join(textwrap.wrap(text, 64)) + "\n"


def test_base64_with_line_breaks_is_taken_but_not_beside_a_log_entry() -> None:
    content = payload()
    signature = sign(KEY, content)
    note = json.dumps(logged(LOG, entry_body(content, signature, KEY)))
    assert simple(content, signature=wrapped(b64(signature))).verdict is Verdict.VALID
    assert simple(content, LOGGED, signature=b64(signature), bundle=note).verdict is Verdict.VALID
    outcome = simple(content, LOGGED, signature=wrapped(b64(signature)), bundle=note)  # compared as text
    assert outcome.reason is Reason.LOG_INVALID


JUNK = {
    "bundle": ["x", "{", "[]", '{"Payload": 1}', '{"SignedEntryTimestamp": "!"}', '{"payload": {}, "Payload": {}}', "null"],
    "timestamp": ["x", "[]", '{"SignedRFC3161Timestamp": 1}', '{"SignedRFC3161Timestamp": "!"}'],
    "certificate": ["x", PEM + "junk", PEM.replace("MII", "NII"), PEM.replace("CERTIFICATE", "PUBLIC KEY"), " "],
}


@pytest.mark.parametrize(("name", "number"), [(name, number) for name, texts in JUNK.items() for number in range(len(texts))])
def test_junk_in_an_annotation_is_refused_even_where_it_is_not_needed(name: str, number: int) -> None:
    text = JUNK[name][number]
    assert simple(payload(), TRUST, **{name: text}).verdict is Verdict.INVALID


def test_annotations_that_hold_what_they_are_for_are_taken() -> None:
    note = json.dumps(logged(OTHER, entry_body(payload(), b"x", OTHER)))
    assert simple(bundle=note, timestamp='{"SignedRFC3161Timestamp": "AAAA"}', certificate=PEM).verdict is Verdict.VALID


def test_a_certificate_beside_a_keys_signature_must_be_valid_then() -> None:
    signature = SimpleSignature(TYPE, payload(), b64(sign(KEY, payload())), PEM)
    for moment, reason in (
        (WHEN, Reason.NONE),
        (WHEN + timedelta(days=1), Reason.CERTIFICATE_EXPIRED),
        (WHEN - timedelta(days=1), Reason.CERTIFICATE_NOT_YET_VALID),
    ):
        assert verify_simple(signature, DIGEST, REPOSITORY, TRUST, moment).reason is reason


def test_a_certificate_of_another_key_is_refused_where_the_log_is_asked() -> None:
    content, stranger = payload(), OURS.issue(OTHER).public_bytes(Encoding.PEM)
    signature = sign(KEY, content)
    note = json.dumps(logged(LOG, entry_body(content, signature, KEY)))
    outcome = simple(content, LOGGED, signature=b64(signature), bundle=note, certificate=stranger.decode())
    assert outcome.verdict is Verdict.INVALID


@pytest.mark.parametrize(
    ("curve", "digest"), [(ec.SECP384R1(), hashes.SHA384()), (ec.SECP521R1(), hashes.SHA512())], ids=["P-384", "P-521"]
)
def test_larger_keys_are_tried_with_both_digests_and_the_sentence_says_which(
    curve: ec.EllipticCurve, digest: hashes.HashAlgorithm
) -> None:
    key = ec.generate_private_key(curve)
    policy, content = CosignPolicy(keys=(public(key),)), payload()
    for algorithm in (digest, hashes.SHA256()):
        made = SimpleSignature(TYPE, content, b64(key.sign(content, ec.ECDSA(algorithm))))
        outcome = verify_simple(made, DIGEST, REPOSITORY, policy)
        assert outcome.verdict is Verdict.VALID
        assert f"SHA-{algorithm.digest_size * 8}" in outcome.steps[1].sentence
    made = SimpleSignature(TYPE, content, b64(key.sign(content, ec.ECDSA(hashes.SHA224()))))
    outcome = verify_simple(made, DIGEST, REPOSITORY, policy)
    assert outcome.reason is Reason.WRONG_KEY
    assert f"was tried with SHA-256 and SHA-{digest.digest_size * 8}" in outcome.sentence


def test_what_cosign_signs_with_an_ed25519_key_is_said_to_be_verified_by_nobody() -> None:
    # Measured with cosign 3.1.3: `cosign sign` makes Ed25519ph of such a key, which its own `verify` refuses.
    policy = CosignPolicy(keys=(public(ed25519.Ed25519PrivateKey.generate()),))
    outcome = simple(policy=policy)
    assert outcome.reason is Reason.WRONG_KEY
    assert "Ed25519ph" in outcome.sentence


# ---- bundles


def edited(change: Callable[[dict[str, Any]], object], log: Any = LOG) -> bytes:
    made = json.loads(bundle(KEY, log=log))
    change(made)
    return json.dumps(made).encode()


def material(change: Callable[[dict[str, Any]], object]) -> bytes:
    return edited(lambda made: change(made["verificationMaterial"]))


def first_entry(change: Callable[[dict[str, Any]], object]) -> bytes:
    return material(lambda members: change(members["tlogEntries"][0]))


def statement(change: Callable[[dict[str, Any]], object]) -> bytes:
    content = json.loads(base64.b64decode(json.loads(bundle(KEY))["dsseEnvelope"]["payload"]))
    change(content)
    return bundle(KEY, content=json.dumps(content).encode())


CERTIFIED = {"rawBytes": b64(CERTIFICATE.public_bytes(Encoding.DER))}
OLDER = "application/vnd.dev.sigstore.bundle+json;version=0."
REFUSED = {
    "an unknown member": edited(lambda made: made.update(more=1)),
    "an unknown member inside": material(lambda made: made.update(more=1)),
    "an unknown member of the envelope": edited(lambda made: made["dsseEnvelope"].update(more=1)),
    "an unknown member of the signature": edited(lambda made: made["dsseEnvelope"]["signatures"][0].update(more=1)),
    "a member under both its names": edited(lambda made: made.update(media_type=made["mediaType"])),
    "an envelope and a message's signature": edited(lambda made: made.update(messageSignature={"signature": "AAAA"})),
    "a key and a certificate": material(lambda made: made.update(certificate=CERTIFIED)),
    "a key and a chain": material(lambda made: made.update(x509CertificateChain={"certificates": [CERTIFIED]})),
    "a chain in place of a key": edited(
        lambda made: made.update(verificationMaterial={"x509CertificateChain": {"certificates": [CERTIFIED]}})
    ),
    "neither key nor certificate": material(lambda made: made.pop("publicKey")),
    "version 0.1": edited(lambda made: made.update(mediaType=OLDER + "1")),
    "version 0.1 without a promise": edited(
        lambda made: (made.update(mediaType=OLDER + "1"), made["verificationMaterial"]["tlogEntries"][0].pop("inclusionPromise"))
    ),
    "version 0.2": edited(lambda made: made.update(mediaType=OLDER + "2")),
    "an entry without a proof": first_entry(lambda made: made.pop("inclusionProof")),
    "an entry whose proof has no head": first_entry(lambda made: made["inclusionProof"].pop("checkpoint")),
    "an entry whose head is empty": first_entry(lambda made: made["inclusionProof"]["checkpoint"].update(envelope="")),
    "an entry without a kind": first_entry(lambda made: made.pop("kindVersion")),
    "an entry without a log": first_entry(lambda made: made.pop("logId")),
    "an entry of junk": first_entry(lambda made: made.update(canonicalizedBody=b64(b"junk"))),
    "an entry of an unknown kind": first_entry(
        lambda made: made.update(canonicalizedBody=b64(b'{"apiVersion":"0.0.1","kind":"x","spec":{}}'))
    ),
    "an entry without a body": first_entry(lambda made: made.pop("canonicalizedBody")),
    "an entry with a negative index": first_entry(lambda made: made.update(logIndex="-1")),
    "an entry with more": first_entry(lambda made: made.update(more=1)),
    "an entry that is null": material(lambda made: made["tlogEntries"].append(None)),
    "entries that are none": material(lambda made: made.update(tlogEntries={})),
    "too many entries": material(lambda made: made.update(tlogEntries=made["tlogEntries"] * 33)),
    "time stamps of junk": material(lambda made: made.update(timestampVerificationData={"rfc3161Timestamps": ["x"]})),
    "a key that another name is given": edited(
        lambda made: made["dsseEnvelope"]["signatures"][0].update(keyid=dsse_key_id(public(OTHER).spki))
    ),
    "a statement with more": statement(lambda made: made.update(more=1)),
    "a subject with more": statement(lambda made: made["subject"][0].update(more=1)),
    "a subject that is null": statement(lambda made: made["subject"].append(None)),
    "a digest that is none": statement(lambda made: made["subject"][0]["digest"].update(sha512="xyz")),
    "a digest in capitals": statement(lambda made: made["subject"][0]["digest"].update(sha256=DIGEST[7:].upper())),
    "a predicate that is text": statement(lambda made: made.update(predicate="x")),
    "too many subjects": statement(lambda made: made.update(subject=made["subject"] * 1025)),
    "too many digests": statement(lambda made: made["subject"][0]["digest"].update({f"x{n}": "ab" for n in range(33)})),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bundle_that_cosign_would_not_read_is_refused_though_no_log_is_asked_for(case: str) -> None:
    outcome = verify_bundle(REFUSED[case], DIGEST, TRUST)
    assert not outcome.verdict.accepted, outcome.sentence
    assert outcome.reason is not Reason.NOT_A_SIGNATURE


TAKEN = {
    "the other names of members": edited(
        lambda made: (made.update(media_type=made.pop("mediaType")), made.update(dsse_envelope=made.pop("dsseEnvelope")))
    ),
    "null for what is not there": edited(lambda made: made.update(messageSignature=None)),
    "base64 without padding": edited(
        lambda made: made["dsseEnvelope"].update(payload=made["dsseEnvelope"]["payload"].rstrip("="))
    ),
    "the key under its own name": edited(
        lambda made: made["dsseEnvelope"]["signatures"][0].update(keyid=dsse_key_id(public(KEY).spki))
    ),
    "numbers for 64-bit integers": first_entry(lambda made: made.update(logIndex=7, integratedTime=1_700_000_000)),
    "a subject with everything": statement(lambda made: made["subject"][0].update(uri="x", annotations={"a": 1}, mediaType="y")),
}


@pytest.mark.parametrize("case", TAKEN)
def test_a_bundle_that_cosign_reads_is_taken(case: str) -> None:
    outcome = verify_bundle(TAKEN[case], DIGEST, TRUST)
    assert outcome.verdict is Verdict.VALID, outcome.sentence


UNPROVEN = {
    "a proof of another tree": first_entry(lambda made: made["inclusionProof"].update(rootHash=b64(b"\1" * 32))),
    "a proof with another path": first_entry(lambda made: made["inclusionProof"]["hashes"].reverse()),
    "a proof for another place": first_entry(lambda made: made["inclusionProof"].update(logIndex="4")),
    "a proof beyond the tree": first_entry(lambda made: made["inclusionProof"].update(logIndex="11")),
    "a proof too short": first_entry(lambda made: made["inclusionProof"]["hashes"].pop()),
    "a head that another log signed": first_entry(
        lambda made: made.update(inclusionProof=entry(OTHER, base64.b64decode(made["canonicalizedBody"]))["inclusionProof"])
    ),
    "a head that nobody signed": first_entry(
        lambda made: made["inclusionProof"]["checkpoint"].update(
            envelope=made["inclusionProof"]["checkpoint"]["envelope"].partition("\u2014")[0]
        )
    ),
    "a promise of a time that no calendar has": first_entry(lambda made: made.update(integratedTime=str(1 << 62))),
    "a promise of a time before all calendars": first_entry(lambda made: made.update(integratedTime=str(-(1 << 62)))),
    "a promise about another time": first_entry(lambda made: made.update(integratedTime="1")),
    "an entry twice": material(lambda made: made["tlogEntries"].append(made["tlogEntries"][0])),
    "no entry": material(lambda made: made["tlogEntries"].clear()),
}


@pytest.mark.parametrize("case", UNPROVEN)
def test_where_the_log_is_asked_promise_and_proof_must_hold(case: str) -> None:
    assert verify_bundle(bundle(KEY, log=LOG), DIGEST, LOGGED).verdict is Verdict.VALID
    outcome = verify_bundle(UNPROVEN[case], DIGEST, LOGGED)
    assert outcome.verdict is Verdict.INVALID, outcome.sentence
    assert outcome.reason in (Reason.LOG_INVALID, Reason.LOG_MISSING)


# ---- regular expressions


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("https://github.com/contoso/", "https://github.com/contoso/app", True),
        ("^a$", "a\n", False),
        ("(?m)^b$", "a\nb\nc", True),
        (r".*@contoso\.example", "me@contoso.example", True),
        ("(?i)ABC", "xabcx", True),
        ("a(?i)b", "aB", True),
        (r"\d", "\u0663", False),
        (r"\w", "\u00e9", False),
        ("[[:alpha:]]+@", "x@", True),
        ("[^[:digit:]]", "1", False),
        (r"\Qa.b\E", "axb", False),
        (r"\x41\x{42}", "AB", True),
        ("x{,3}", "x{,3}", True),
        ("a{2,3}?", "aa", True),
        ("[]a]", "]", True),
        ("(?P<n>a)(?<m>b)", "ab", True),
        ("^(a|b)$", "b", True),
        (r"^a\z", "a\n", False),
    ],
)
def test_a_pattern_means_what_it_means_to_go(pattern: str, text: str, found: bool) -> None:
    assert found_in(pattern, text) is found


@pytest.mark.parametrize(
    "pattern",
    [
        "(?=a)",
        "(?<!a)",
        "a**",
        "a++",
        "(a",
        "a)",
        "*",
        r"\1",
        r"\Z",
        "(?x)a",
        "a{2000}",
        "[z-a]",
        "[",
        "\\",
        "(?>a)",
        "[[:x:]]",
        "(?#x)",
    ],
)
def test_a_pattern_that_go_refuses_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        compile_pattern(pattern)
