"""Every Notary Project case of the shared fixtures, and its like made by our own signer: verdicts as in their INDEX.md.

The set-ups are those of notation-go's tests.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.sources.signatures.cases import statement, verify
from tests.sources.signatures.fixtures import HERE, ROOT, Case, cases, read, shapes
from tests.sources.signatures.notation_cases import made_outcome, outcome_of_envelope, self_signed, write_store
from tests.sources.signatures.signer import NOW as TODAY
from tests.sources.signatures.signer import Ask, authority, stamping, usual
from tui.domain.facts.signature import Outcome, Reason, Verdict
from tui.errors import InvalidConfig
from tui.sources.signatures.stores import read_store
from tui.verification.notation.judge import judge
from tui.verification.notation.payload import Target
from tui.verification.notation.policy import StoreType
from tui.verification.notation.static import parse_envelope
from tui.verification.notation.truststores import TrustStore, TrustStores

NOW = datetime(2026, 11, 23, tzinfo=UTC)
CONFIG = ROOT / "notation-go" / "verifier" / "testdata"
CASES = cases("notation")
BAD_STORES = [
    ("ca", "trust-store-with-invalid-certs", "cannot be used"),
    ("ca", "trust-store-with-leaf-certs", "neither a CA nor self-signed"),
    ("ca", "trust-store-with-leaf-certs-in-single-file", "neither a CA nor self-signed"),
    ("tsa", "test-nonCA", "is not a root CA"),
    ("tsa", "test-nonSelfIssued", "is not a root CA"),
    ("ca", "missing", "does not exist"),
    ("ca", "valid-trust-store", ""),
    ("ca", "valid-trust-store-self-signed", ""),
    ("tsa", "test-timestamp", ""),
]


def outcome_of(case: Case, folder: Path) -> Outcome:
    """The outcome of the fixture, or of what is made for the case."""
    if case.path:
        return outcome_of_envelope(case.name, read(case.path), CONFIG, NOW)
    return made_outcome(case.name, folder)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_verdict_is_that_of_the_index(case: Case, tmp_path: Path) -> None:
    if case.name.endswith("identity empty value"):
        with pytest.raises(InvalidConfig, match="C, ST"):
            statement(trustedIdentities=["x509.subject:C=US,ST=,O=Notary"])
        return
    outcome = outcome_of(case, tmp_path)
    assert outcome.verdict.value in case.verdict.split(" or "), outcome.sentence
    if " or " not in case.verdict:
        assert case.reason in {outcome.reason, *(step.reason for step in outcome.steps)}, outcome.sentence
        assert bool(outcome.reason) is bool(case.reason)


@pytest.mark.parametrize("envelope", shapes()["envelope"], ids=lambda envelope: " ".join(envelope.values()))
def test_an_envelope_of_each_algorithm_scheme_and_form_is_valid(envelope: dict[str, str]) -> None:
    scheme = authority() if envelope["scheme"].endswith("signingAuthority") else {}
    outcome = verify(Ask(usual(envelope["algorithm"]), **scheme), envelope["media_type"])
    assert (outcome.verdict.value, outcome.scheme) == (envelope["verdict"], envelope["scheme"]), outcome.sentence


if HERE:

    @pytest.mark.parametrize("entry", json.loads(read("generated/index.json")), ids=lambda entry: entry["file"])
    def test_envelopes_of_notation_core_go_are_valid(entry: dict[str, Any]) -> None:
        root = x509.load_pem_x509_certificate(read(f"generated/{entry['root']}"))
        static = parse_envelope(read(f"generated/{entry['file']}"), entry["mediaType"])
        subject = Target(entry["subject"]["mediaType"], entry["subject"]["digest"], entry["subject"]["size"])
        der = (root.public_bytes(Encoding.DER),)
        trusted = TrustStores((TrustStore(StoreType.CA, "c", der), TrustStore(StoreType.AUTHORITY, "a", der)))
        now = root.not_valid_before_utc + timedelta(hours=1)
        outcome = judge(
            static, subject, statement(), trusted, max(now, static.signing_time.whole if static.signing_time else now)
        )
        assert (outcome.verdict.value, outcome.scheme) == (entry["verdict"], entry["scheme"]), outcome.sentence

    @pytest.mark.parametrize(("kind", "name", "words"), BAD_STORES)
    def test_stores_of_notation_go_read_as_there(kind: str, name: str, words: str) -> None:
        store = read_store(CONFIG, StoreType(kind), name, NOW)
        assert (words in store.fault) if words else (not store.fault and store.certificates)

    def test_an_expired_root_is_kept_with_a_note() -> None:
        store = read_store(CONFIG, StoreType.CA, "valid-trust-store", NOW + timedelta(days=9 * 365))
        assert store.certificates
        assert any("expired" in note for note in store.notes)


@pytest.mark.parametrize(("kind", "store", "words"), BAD_STORES)
def test_stores_of_each_kind_read_as_those_of_notation_go(kind: str, store: str, words: str, tmp_path: Path) -> None:
    leaf, root = usual().chain
    (alone,) = self_signed().chain
    held = {
        "trust-store-with-leaf-certs": (leaf,),
        "trust-store-with-leaf-certs-in-single-file": (leaf, leaf),
        "test-nonCA": (alone,),
        "test-nonSelfIssued": (stamping().chain[0],),
        "valid-trust-store": (root,),
        "valid-trust-store-self-signed": (alone,),
        "test-timestamp": (stamping().chain[-1],),
    }
    if store in held:
        write_store(tmp_path, f"{kind}/{store}", *held[store])
    elif store != "missing":
        write_store(tmp_path, f"{kind}/{store}", root)
        (tmp_path / "truststore" / "x509" / kind / store / "it.crt").write_bytes(b"no certificate")
    found = read_store(tmp_path, StoreType(kind), store, TODAY)
    assert (words in found.fault) if words else (not found.fault and found.certificates)


def test_every_case_is_there() -> None:
    made = [case for case in CASES if not case.path]
    assert len(made) >= 55
    assert {case.verdict for case in made} >= {str(verdict) for verdict in Verdict}
    assert next(case.reason for case in made if case.name == "tsa: TSA revoked") == Reason.REVOKED
