"""Every cosign case of the shared fixtures (signatures of containers/image's tests); verdicts as in their INDEX.md."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.sources.signatures.fixtures import ROOT, indexed, needs_fixtures, read
from tui.domain.facts.signature import Outcome, Reason, Verdict
from tui.verification.cosign.keys import CosignPolicy, KeylessIdentity, TrustedKey, load_key
from tui.verification.cosign.simple import SimpleSignature, signature_of_layer, verify_simple

pytestmark = needs_fixtures

F = "cosign-containers-image/signature/fixtures"
ROWS = [(case, expected, path) for system, case, expected, path in indexed() if system == "cosign"]
# The key of the public Sigstore's certificate log of 2022 (ctfe_2022.pub), which signed for the certificate of the fixtures.
CERTIFICATE_LOG = TrustedKey(
    "ctfe_2022",
    base64.b64decode(
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEiPSlFi0CmFTfEjCUqF9HuCEcYXNKAaYalIJmBZ8yyezPjTqhxrKBpMnaocVtLJBI1eM3uXnQzQGAJdJ4gs9Fyw=="
    ),
)
MITR = KeylessIdentity("mitr@redhat.com", "https://github.com/login/oauth")


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


def keys(*files: str) -> tuple[TrustedKey, ...]:
    return tuple(load_key(file, read(f"{F}/{file}")) for file in files)


def fulcio(file: str = "fulcio_v1.crt.pem") -> tuple[bytes, ...]:
    found = x509.load_pem_x509_certificates(read(f"{F}/{file}"))
    return tuple(certificate.public_bytes(Encoding.DER) for certificate in found)


def policy_of(case: str) -> CosignPolicy:
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
            other = KeylessIdentity("someone@example.com", MITR.issuer)
            return CosignPolicy(rekor=rekor, ct=(CERTIFICATE_LOG,), fulcio=fulcio(), identities=(other,))
        case "keyless wrong Fulcio root":
            return CosignPolicy(rekor=rekor, fulcio=fulcio("pki_root_crts.pem"), identities=(MITR,))
        case _ if case.startswith("keyless"):
            return CosignPolicy(rekor=rekor, ct=(CERTIFICATE_LOG,), fulcio=fulcio(), identities=(MITR,))
        case _:
            return CosignPolicy(keys=keys("cosign.pub"))


def spoiled(case: str, signature: SimpleSignature) -> SimpleSignature:
    """The signature with the change that the case is about."""
    parts = {name: getattr(signature, name) for name in ("media_type", "payload", "signature", "certificate", "chain", "bundle")}
    if case == "keyless, no SET annotation":
        parts["bundle"] = ""
    if "CVE-2022-36056" in case:
        parts["bundle"] = signature_at(f"{F}/dir-img-cosign-key-rekor-valid/signature-1").bundle
    return SimpleSignature(**parts)


def outcome_of(case: str, path: str) -> Outcome:
    signature = spoiled(case, signature_at(path))
    digest, repository = digest_at(path), "registry.example/app"
    if signature.payload.startswith(b"{"):
        signed, repository = named(signature.payload)
        digest = digest if "no manifest" in case or (ROOT / path.rpartition("/")[0] / "manifest.json").exists() else signed
    if "reference moved" in case:
        repository = "acr.azurecr.io/x"
    return verify_simple(signature, digest, repository, policy_of(case))


@pytest.mark.parametrize(("case", "expected", "path"), ROWS, ids=[row[0] for row in ROWS])
def test_the_verdict_is_that_of_the_index(case: str, expected: str, path: str) -> None:
    outcome = outcome_of(case, path)
    if expected == "not-a-signature":
        assert (outcome.reason, outcome.verdict.accepted) == (Reason.NOT_A_SIGNATURE, False)
    else:
        assert outcome.verdict.value == expected, outcome.sentence


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (
            "key valid, reference moved (ACR import)",
            "signed as 192.168.64.2:5000/cosign-signed-single-sample, found in acr.azurecr.io/x",
        ),
        ("wrong key", "no configured key verifies this signature"),
        ("modified manifest", "signature is for another digest"),
        ("key+rekor, SET by wrong log key", "Rekor SET invalid or unknown log"),
        ("key valid but tlog required and absent", "transparency log entry missing"),
        ("keyless wrong identity", "identity mitr@redhat.com (https://github.com/login/oauth) not allowed"),
        ("keyless wrong Fulcio root", "certificate chain"),
        ("keyless, no SET annotation", "no Rekor bundle: signing time unknown"),
        ("keyless, SET of another signature (CVE-2022-36056)", "Rekor entry is for another signature"),
    ],
)
def test_the_sentence_names_the_rule(case: str, words: str) -> None:
    path = next(path for name, _, path in ROWS if name == case)
    assert words in outcome_of(case, path).sentence


def test_a_keyless_signer_is_named_with_time_and_chain() -> None:
    outcome = outcome_of("keyless (Fulcio+SET)", f"{F}/dir-img-cosign-fulcio-rekor-valid/signature-1")
    assert outcome.signer == "mitr@redhat.com (https://github.com/login/oauth)"
    assert outcome.signing_time is not None
    assert (outcome.signing_time.isoformat(), len(outcome.chain)) == ("2023-01-20T20:51:33+00:00", 3)


def test_a_real_certificate_is_held_against_its_certificate_log() -> None:
    path = f"{F}/dir-img-cosign-fulcio-rekor-valid/signature-1"
    bare = CosignPolicy(rekor=keys("rekor.pub"), fulcio=fulcio(), identities=(MITR,))
    outcome = verify_simple(signature_at(path), digest_at(path), "registry.example/app", bare)
    assert (outcome.verdict, outcome.reason) == (Verdict.INCONCLUSIVE, Reason.NO_KEY)
    assert "no key of a certificate log is configured" in outcome.sentence
