"""The Notary Project cases of the fixtures: how each is set up, and envelopes of their kind that our own signer makes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.sources.signatures.cases import GOOD, Fixed, statement
from tests.sources.signatures.signer import (
    COSE,
    ENVELOPES,
    JWS,
    NOW,
    Ask,
    N,
    Signer,
    Spec,
    Stamp,
    authority,
    issue,
    key,
    name,
    signer,
    stamping,
    token,
    usual,
    with_token,
)
from tui.domain.facts.signature import Outcome
from tui.sources.signatures.stores import read_store
from tui.verification.notation.judge import judge
from tui.verification.notation.payload import Target
from tui.verification.notation.policy import Statement, StoreType
from tui.verification.notation.static import StaticResult, parse_envelope
from tui.verification.notation.truststores import TrustStore, TrustStores
from tui.verification.revocation import RevocationState

__all__ = ["made_outcome", "outcome_of_envelope", "self_signed", "write_store"]

STORES = ["ca:valid-trust-store", "signingAuthority:valid-trust-store"]


def outcome_of_envelope(case: str, data: bytes, config: Path, now: datetime) -> Outcome:
    """The outcome of an envelope under the set-up of a case; `config` holds the trust stores."""
    media_type = {"media type": "application/unsupported+json", "as COSE": COSE}
    usual_type = JWS if data[:1] == b"{" else COSE
    static = parse_envelope(data, next((kind for words, kind in media_type.items() if case.endswith(words)), usual_type))
    more = stamp_set_up(case) if case.startswith("tsa:") else {"trustStores": STORES} | set_up(case)
    if case == "revocation skip override":
        more |= {"override": {"revocation": "skip"}}
    under = statement(**more)
    own_root = "own self-signed" in case or "ExpiredWithTimestamp" in case
    own = static.chain[-1].der if static.chain and own_root else None
    selected = None if case.endswith("no policy") else under
    return judge(static, subject_of(static, case), selected, stores_of(under, own, config, now), now, revocation_of(case))


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


def stores_of(under: Statement, own_root: bytes | None, config: Path, now: datetime) -> TrustStores:
    """The named stores; with `own_root` the envelope's own root stands in every `ca` store."""
    stores = [read_store(config, kind, name, now) for kind, name in under.stores]
    if own_root is not None:
        stores = [TrustStore(store.kind, store.name, (own_root,)) if store.kind is StoreType.CA else store for store in stores]
    return TrustStores(tuple(stores))


def subject_of(static: StaticResult, case: str) -> Target:
    """The artifact that the signature is held against."""
    target = static.target or Target("application/vnd.docker.distribution.manifest.v2+json", "sha256:00", 528)
    if "wrong subject digest" in case:
        return Target(target.media_type, target.digest[:-1] + ("0" if target.digest[-1] != "0" else "1"), target.size)
    return Target(target.media_type, target.digest, target.size + ("wrong subject size" in case))


def revocation_of(case: str) -> Fixed:
    """What revocation services would say."""
    if "TSA revoked" in case:
        return Fixed(RevocationState.REVOKED)
    return Fixed(RevocationState.UNKNOWN) if case.startswith("revocation ") else GOOD


# ---- made by our own signer

LONG_AGO = NOW - timedelta(days=99)


def made_outcome(case: str, folder: Path) -> Outcome:
    """The outcome of an envelope that is made for the case, with trust stores in a folder."""
    chain, data = _envelope(case)
    _write_stores(folder, usual() if "root not in store" in case else chain)
    return outcome_of_envelope(case, data, folder, NOW)


def _envelope(case: str) -> tuple[Signer, bytes]:
    if case.startswith("tsa:"):
        return _stamped(case)
    if "own self-signed" in case:
        chain = self_signed()
        return chain, ENVELOPES[COSE if "cose" in case else JWS](Ask(chain))
    ask = Ask(**authority()) if case.startswith("sa ") else Ask()
    if "root not in store" in case:
        ask = replace(ask, signer=signer(root={"signing_key": key("ES256", "stranger")}))
    if " expired" in case:
        ask = replace(ask, expiry=NOW - timedelta(hours=1))
    plugin = "plugin-name" if "plugin required" in case else "io.cncf.notary.plugin" if "pluginver" in case else ""
    if plugin:
        attributes: dict[str, object] = {N + "verificationPlugin": plugin}
        if "pluginver" in case:
            attributes[N + "verificationPluginMinVersion"] = case.rpartition("_")[2]
        ask = replace(ask, attributes=attributes, critical=(*ask.crit, *attributes))
    data = ENVELOPES[JWS](ask)
    return ask.signer, _spoiled(data) if "tampered" in case else data


def _spoiled(data: bytes) -> bytes:
    return json.dumps({**json.loads(data), "signature": "no base64url!"}).encode()


def self_signed() -> Signer:
    """A signer whose only certificate is its own."""
    spec = Spec(subject=name("alone"), signing_key=key("ES256", "alone"))
    return Signer("ES256", key("ES256", "alone"), (issue(spec, spec),))


def _stamped(case: str) -> tuple[Signer, bytes]:
    """An envelope with a time stamp, and a chain that it was in time for or not."""
    until = NOW - timedelta(days=10) if "xpired" in case and "unexpired" not in case else NOW + timedelta(days=30)
    at = NOW - timedelta(days=20)
    if "BeforeNotBefore" in case:
        at = NOW - timedelta(days=40)
    if "AfterNotAfter" in case:
        at, until = NOW - timedelta(days=5), NOW - timedelta(days=10)
    life = {"not_before": NOW - timedelta(days=30), "not_after": until}
    chain = signer(leaf=life, root=life)
    ask = Ask(chain, signing_time=NOW - timedelta(days=25))
    kind = COSE if "cose" in case else JWS
    if "withoutTimestamp" in case:
        return chain, ENVELOPES[kind](ask)
    stamp = Stamp(_stamper(), time=at)
    return chain, with_token(kind, ask, lambda signature: token(stamp, signature))


def _stamper() -> Signer:
    return stamping(not_before=LONG_AGO, root={"not_before": LONG_AGO})


def _write_stores(folder: Path, chain: Signer) -> None:
    """The stores that the set-ups name: the right root, another one, that of the stamper, and one that holds no root."""
    stranger = signer(root={"signing_key": key("ES256", "another")}).chain[-1]
    stamper = _stamper()
    stored = {
        "ca/valid-trust-store": chain.chain[-1],
        "signingAuthority/valid-trust-store": chain.chain[-1],
        "ca/valid-trust-store-2": stranger,
        "signingAuthority/valid-trust-store-2": stranger,
        "tsa/test-timestamp": stamper.chain[-1],
        "tsa/test-mismatch": stranger,
        "tsa/test-nonSelfIssued": stamper.chain[0],
    }
    for place, certificate in stored.items():
        write_store(folder, place, certificate)


def write_store(folder: Path, place: str, *certificates: x509.Certificate) -> None:
    """A store below a configuration of notation's: its kind and name, and what is in it."""
    store = folder / "truststore" / "x509" / place
    store.mkdir(parents=True, exist_ok=True)
    store.joinpath("it.crt").write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each in certificates))
