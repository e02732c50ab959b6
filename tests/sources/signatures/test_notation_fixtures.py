"""Every Notary Project case of the shared fixtures: verdicts as in their INDEX.md, set-ups as in notation-go's tests."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.sources.signatures.cases import GOOD, Fixed, statement
from tests.sources.signatures.fixtures import ROOT, indexed, needs_fixtures, read
from tests.sources.signatures.signer import COSE, JWS
from tui.domain.facts.signature import Outcome, Reason
from tui.errors import InvalidConfig
from tui.sources.signatures.stores import read_store
from tui.verification.notation.judge import judge
from tui.verification.notation.payload import Target
from tui.verification.notation.policy import Statement, StoreType
from tui.verification.notation.static import StaticResult, parse_envelope
from tui.verification.notation.truststores import TrustStore, TrustStores
from tui.verification.revocation import RevocationState

pytestmark = needs_fixtures

NOW = datetime(2026, 11, 23, tzinfo=UTC)
CONFIG = ROOT / "notation-go" / "verifier" / "testdata"
STORES = ["ca:valid-trust-store", "signingAuthority:valid-trust-store"]
ROWS = [(case, expected, path) for system, case, expected, path in indexed() if system == "notation"]


def parsed(path: str, media_type: str = "") -> StaticResult:
    data = read(path)
    return parse_envelope(data, media_type or (JWS if data[:1] == b"{" else COSE))


def set_up(case: str) -> dict[str, Any]:
    """What differs from a strict policy that trusts the right root."""
    scheme, _, what = case.partition(" ")
    kind, other = ("ca", "signingAuthority") if scheme != "sa" else ("signingAuthority", "ca")
    match what:
        case "tampered, audit level still enforces integrity" | "metadata (audit; root not in store)":
            return {"level": "audit", "trustStores": [f"{kind}:valid-trust-store"]}
        case "expired (permissive logs)":
            return {"level": "permissive"}
        case "expired (override log)":
            return {"override": {"expiry": "log"}}
        case "wrong root":
            return {"trustStores": [f"{kind}:valid-trust-store-2"]}
        case "wrong root (audit)":
            return {"level": "audit", "trustStores": [f"{kind}:valid-trust-store-2"]}
        case "root only in the other store type":
            return {"trustStores": [f"{other}:valid-trust-store"]}
        case "identity mismatch":
            return {"trustedIdentities": ["x509.subject:C=US,ST=WA,O=Another"]}
        case "level skip":
            return {"level": "skip", "trustStores": [], "trustedIdentities": []}
        case _:
            return {}


def stamp_set_up(case: str) -> dict[str, Any]:
    """The policies of notation-go's timestamp tests."""
    tsa = {"tsa: TSA root not trusted": "test-mismatch", "tsa: TSA store holds a non-root": "test-nonSelfIssued"}
    more: dict[str, Any] = {"trustStores": ["ca:valid-trust-store", f"tsa:{tsa.get(case, 'test-timestamp')}"]}
    if case == "tsa: afterCertExpiry, unexpired chain":
        more["verifyTimestamp"] = "afterCertExpiry"
    if case == "tsa: expired cert and no tsa store":
        more["trustStores"] = ["ca:valid-trust-store-2"]
    return more


def stores_of(under: Statement, own_root: bytes | None) -> TrustStores:
    """The named stores; with `own_root` the envelope's own root stands in every `ca` store."""
    found = [read_store(CONFIG, kind, name, NOW) for kind, name in under.stores]
    if own_root is not None:
        found = [TrustStore(one.kind, one.name, (own_root,)) if one.kind is StoreType.CA else one for one in found]
    return TrustStores(tuple(found))


def subject_of(static: StaticResult, case: str) -> Target:
    target = static.target or Target("application/vnd.docker.distribution.manifest.v2+json", "sha256:00", 528)
    if "wrong subject digest" in case:
        return Target(target.media_type, target.digest[:-1] + ("0" if target.digest[-1] != "0" else "1"), target.size)
    return Target(target.media_type, target.digest, target.size + ("wrong subject size" in case))


def revocation_of(case: str) -> Fixed:
    if "TSA revoked" in case:
        return Fixed(RevocationState.REVOKED)
    return Fixed(RevocationState.UNKNOWN) if case.startswith("revocation ") else GOOD


def outcome_of(case: str, path: str) -> Outcome:
    media_type = {"media type": "application/unsupported+json", "as COSE": COSE}
    static = parsed(path, next((kind for words, kind in media_type.items() if case.endswith(words)), ""))
    more = stamp_set_up(case) if case.startswith("tsa:") else {"trustStores": STORES} | set_up(case)
    if case == "revocation skip override":
        more |= {"override": {"revocation": "skip"}}
    under = statement(**more)
    own_root = "own self-signed" in case or "ExpiredWithTimestamp" in case
    own = static.chain[-1].der if static.chain and own_root else None
    selected = None if case.endswith("no policy") else under
    return judge(static, subject_of(static, case), selected, stores_of(under, own), NOW, revocation_of(case))


@pytest.mark.parametrize(("case", "expected", "path"), ROWS, ids=[row[0] for row in ROWS])
def test_the_verdict_is_that_of_the_index(case: str, expected: str, path: str) -> None:
    if case.endswith("identity empty value"):
        with pytest.raises(InvalidConfig, match="C, ST"):
            statement(trustedIdentities=["x509.subject:C=US,ST=,O=Notary"])
        return
    outcome = outcome_of(case, path)
    assert outcome.verdict.value in expected.split(" or "), outcome.sentence


@pytest.mark.parametrize(
    "entry", json.loads(read("generated/index.json")) if ROOT.exists() else [], ids=lambda entry: entry["file"]
)
def test_envelopes_of_notation_core_go_are_valid(entry: dict[str, Any]) -> None:
    root = x509.load_pem_x509_certificate(read(f"generated/{entry['root']}"))
    static = parse_envelope(read(f"generated/{entry['file']}"), entry["mediaType"])
    subject = Target(entry["subject"]["mediaType"], entry["subject"]["digest"], entry["subject"]["size"])
    der = (root.public_bytes(Encoding.DER),)
    trusted = TrustStores((TrustStore(StoreType.CA, "c", der), TrustStore(StoreType.AUTHORITY, "a", der)))
    now = root.not_valid_before_utc + timedelta(hours=1)
    outcome = judge(static, subject, statement(), trusted, max(now, static.signing_time.whole if static.signing_time else now))
    assert (outcome.verdict.value, outcome.scheme) == (entry["verdict"], entry["scheme"]), outcome.sentence


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        ("ca", "trust-store-with-invalid-certs", "cannot be used"),
        ("ca", "trust-store-with-leaf-certs", "neither a CA nor self-signed"),
        ("ca", "trust-store-with-leaf-certs-in-single-file", "neither a CA nor self-signed"),
        ("tsa", "test-nonCA", "is not a root CA"),
        ("tsa", "test-nonSelfIssued", "is not a root CA"),
        ("ca", "missing", "does not exist"),
        ("ca", "valid-trust-store", ""),
        ("ca", "valid-trust-store-self-signed", ""),
        ("tsa", "test-timestamp", ""),
    ],
)
def test_stores_of_notation_go_read_as_there(kind: str, name: str, words: str) -> None:
    store = read_store(CONFIG, StoreType(kind), name, NOW)
    assert (words in store.fault) if words else (not store.fault and store.certificates)


def test_an_expired_root_is_kept_with_a_note() -> None:
    store = read_store(CONFIG, StoreType.CA, "valid-trust-store", NOW + timedelta(days=9 * 365))
    assert store.certificates
    assert any("expired" in note for note in store.notes)


def test_every_case_is_there() -> None:
    assert len(ROWS) >= 55
    assert Path(ROOT / "INDEX.md").exists()
    assert (
        outcome_of("tsa: TSA revoked", next(path for case, _, path in ROWS if case == "tsa: TSA revoked")).reason
        is Reason.REVOKED
    )
