"""Every cosign case of the shared fixtures (signatures of containers/image's tests), and its like made by our own keys.

The verdicts are those of their INDEX.md.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.sources.signatures.cosign_cases import Made
from tests.sources.signatures.cosigner import REPOSITORY
from tests.sources.signatures.fixtures import HERE, ROOT, Case, cases, read
from tui.domain.facts.signature import Outcome, Reason, Verdict
from tui.verification.cosign.keys import CosignPolicy, KeylessIdentity, TrustedKey, load_key
from tui.verification.cosign.simple import SimpleSignature, signature_of_layer, verify_simple

F = "cosign-containers-image/signature/fixtures"
CASES = cases("cosign")


class Fixture:
    """The keys and signatures of the fixtures."""

    identity = KeylessIdentity("mitr@redhat.com", "https://github.com/login/oauth")
    # The key of the public Sigstore's certificate log of 2022 (ctfe_2022.pub), which signed for the certificate of the fixtures.
    certificate_log = TrustedKey(
        "ctfe_2022",
        base64.b64decode(
            "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEiPSlFi0CmFTfEjCUqF9HuCEcYXNKAaYalIJmBZ8yyezPjTqhxrKBpMnaocVtLJBI1eM3uXnQzQGAJdJ4gs9Fyw=="
        ),
    )

    def keys(self, *files: str) -> tuple[TrustedKey, ...]:
        """Public keys."""
        return tuple(load_key(file, read(f"{F}/{file}")) for file in files)

    def fulcio(self, file: str = "fulcio_v1.crt.pem") -> tuple[bytes, ...]:
        """Certificates of authorities."""
        certificates = x509.load_pem_x509_certificates(read(f"{F}/{file}"))
        return tuple(certificate.public_bytes(Encoding.DER) for certificate in certificates)


MADE, FIXTURE = Made(), Fixture()


def signature_at(path: str) -> SimpleSignature:
    """A layer as containers/image writes it: a zero byte, `sigstore-json`, a line end and JSON."""
    entry: dict[str, Any] = json.loads(read(path).partition(b"\n")[2])
    return signature_of_layer(entry["mimeType"], base64.b64decode(entry["payload"]), entry["annotations"])


def digest_at(path: str) -> str:
    """The digest of the manifest beside the signature; of nothing when there is none."""
    manifest = ROOT / path.rpartition("/")[0] / "manifest.json"
    return "sha256:" + hashlib.sha256(manifest.read_bytes() if manifest.exists() else b"").hexdigest()


def named(payload: bytes) -> tuple[str, str]:
    """The digest and the repository that a payload is about."""
    critical = json.loads(payload)["critical"]
    reference: str = critical["identity"]["docker-reference"]
    head, slash, last = reference.rpartition("/")
    return critical["image"]["docker-manifest-digest"], f"{head}{slash}{last.partition(':')[0]}"


def policy_of(case: str, by: Made | Fixture) -> CosignPolicy:
    keys, fulcio, logs = by.keys, by.fulcio, (by.certificate_log,)
    rekor = keys("rekor.pub")
    match case:
        case "wrong key" | "unknown key":
            return CosignPolicy(keys=keys("cosign2.pub"))
        case "some RSA key":
            return CosignPolicy(keys=keys("some-rsa-key.pub"))
        case "two keys configured":
            return CosignPolicy(keys=keys("cosign2.pub", "cosign.pub"))
        case "key+rekor SET":
            return CosignPolicy(keys=keys("cosign2.pub"), rekor=rekor, require_log=True)
        case "key+rekor, SET by wrong log key":
            return CosignPolicy(keys=keys("cosign2.pub"), rekor=keys("cosign.pub"), require_log=True)
        case "key valid but tlog required and absent":
            return CosignPolicy(keys=keys("cosign.pub"), rekor=rekor, require_log=True)
        case "keyless wrong identity":
            other = KeylessIdentity("someone@example.com", by.identity.issuer)
            return CosignPolicy(rekor=rekor, ct=logs, fulcio=fulcio(), identities=(other,))
        case "keyless wrong Fulcio root":
            return CosignPolicy(rekor=rekor, fulcio=fulcio("pki_root_crts.pem"), identities=(by.identity,))
        case _ if case.startswith("keyless"):
            return CosignPolicy(rekor=rekor, ct=logs, fulcio=fulcio(), identities=(by.identity,))
        case _:
            return CosignPolicy(keys=keys("cosign.pub"))


def spoiled(case: str, signature: SimpleSignature, other: SimpleSignature) -> SimpleSignature:
    """The signature with the change that the case is about; `other` is one that was logged."""
    parts = {name: getattr(signature, name) for name in ("media_type", "payload", "signature", "certificate", "chain", "bundle")}
    if case == "keyless, no SET annotation":
        parts["bundle"] = ""
    if "CVE-2022-36056" in case:
        parts["bundle"] = other.bundle
    return SimpleSignature(**parts)


def outcome_of(case: Case) -> Outcome:
    """The outcome of the fixture, or of what is made for the case."""
    return _of_fixture(case.name, case.path) if case.path else _of_made(case.name)


def _of_made(case: str) -> Outcome:
    signature = spoiled(case, MADE.signature(case), MADE.signature("key+rekor SET"))
    repository = "acr.azurecr.io/x" if "reference moved" in case else REPOSITORY
    return verify_simple(signature, MADE.digest(case), repository, policy_of(case, MADE))


def _of_fixture(case: str, path: str) -> Outcome:
    signature = spoiled(case, signature_at(path), signature_at(f"{F}/dir-img-cosign-key-rekor-valid/signature-1"))
    digest, repository = digest_at(path), "registry.example/app"
    if signature.payload.startswith(b"{"):
        signed, repository = named(signature.payload)
        digest = digest if "no manifest" in case or (ROOT / path.rpartition("/")[0] / "manifest.json").exists() else signed
    if "reference moved" in case:
        repository = "acr.azurecr.io/x"
    return verify_simple(signature, digest, repository, policy_of(case, FIXTURE))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_verdict_is_that_of_the_index(case: Case) -> None:
    outcome = outcome_of(case)
    assert outcome.reason == case.reason, outcome.sentence
    if case.verdict == "not-a-signature":
        assert (outcome.reason, outcome.verdict.accepted) == (Reason.NOT_A_SIGNATURE, False)
    else:
        assert outcome.verdict.value == case.verdict, outcome.sentence


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (
            "key valid, reference moved (ACR import)",
            ", found in acr.azurecr.io/x",
        ),
        ("wrong key", "no configured key verifies this signature"),
        ("modified manifest", "signature is for another digest"),
        ("key+rekor, SET by wrong log key", "Rekor SET invalid or unknown log"),
        ("key valid but tlog required and absent", "transparency log entry missing"),
        ("keyless wrong identity", ") not allowed"),
        ("keyless wrong Fulcio root", "certificate chain"),
        ("keyless, no SET annotation", "no Rekor bundle: signing time unknown"),
        ("keyless, SET of another signature (CVE-2022-36056)", "Rekor entry is for another signature"),
    ],
)
def test_the_sentence_names_the_rule(case: str, words: str) -> None:
    for each in (one for one in CASES if one.name == case):
        assert words in outcome_of(each).sentence


def test_the_sentence_names_who_signed_and_as_what() -> None:
    for case in CASES:
        who = FIXTURE.identity if case.path else MADE.identity
        if case.name == "keyless wrong identity":
            assert f"identity {who.subject} ({who.issuer}) not allowed" in outcome_of(case).sentence
        if case.name == "key valid, reference moved (ACR import)":
            place = "192.168.64.2:5000/cosign-signed-single-sample" if case.path else REPOSITORY
            assert f"signed as {place}, found in acr.azurecr.io/x" in outcome_of(case).sentence


def test_a_keyless_signer_that_is_made_is_named_with_its_chain() -> None:
    outcome = _of_made("keyless (Fulcio+SET)")
    assert outcome.signer == f"{MADE.identity.subject} ({MADE.identity.issuer})"
    assert (outcome.signing_time is not None, len(outcome.chain)) == (True, 3)


if HERE:

    def test_a_keyless_signer_is_named_with_time_and_chain() -> None:
        outcome = _of_fixture("keyless (Fulcio+SET)", f"{F}/dir-img-cosign-fulcio-rekor-valid/signature-1")
        assert outcome.signer == "mitr@redhat.com (https://github.com/login/oauth)"
        assert outcome.signing_time is not None
        assert (outcome.signing_time.isoformat(), len(outcome.chain)) == ("2023-01-20T20:51:33+00:00", 3)

    def test_a_real_certificate_is_held_against_its_certificate_log() -> None:
        path = f"{F}/dir-img-cosign-fulcio-rekor-valid/signature-1"
        bare = CosignPolicy(rekor=FIXTURE.keys("rekor.pub"), fulcio=FIXTURE.fulcio(), identities=(FIXTURE.identity,))
        outcome = verify_simple(signature_at(path), digest_at(path), "registry.example/app", bare)
        assert (outcome.verdict, outcome.reason) == (Verdict.INCONCLUSIVE, Reason.NO_KEY)
        assert "no key of a certificate log is configured" in outcome.sentence
