"""Where cosign's signatures lie and what holds them, as the source reads them from a registry."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from tests.sources.signatures import cosigner
from tests.sources.signatures.instance import Instance
from tests.sources.signatures.shelf import Shelf, asking, listening, looked
from tests.sources.signatures.signer import DIGEST, NOW
from tui.domain.facts.events import SignaturesVerified
from tui.domain.facts.signature import Outcome, Reason, Verdict
from tui.sources.signatures.options import SignatureOptions, TrustPaths
from tui.sources.signatures.source import SignatureSource

SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def options(tmp_path: Path) -> SignatureOptions:
    key = tmp_path / "cosign.pub"
    key.write_bytes(cosigner.pem(KEY))
    return SignatureOptions(TrustPaths(cosign_keys=(str(key),)))


def simple(**more: Any) -> tuple[str, bytes, dict[str, str]]:
    """A layer with a good simple signature."""
    content = cosigner.payload(**more)
    return SIMPLE, content, {"dev.cosignproject.cosign/signature": cosigner.b64(cosigner.sign(KEY, content))}


def only(found: SignaturesVerified) -> Outcome:
    (outcome,) = found.outcomes
    return outcome


async def test_a_simple_signature_counts_where_cosign_looks_for_it(options: SignatureOptions) -> None:
    shelf = Shelf()
    ways = [
        ("cosign-tag", "", True),
        ("referrers", "application/vnd.dev.cosign.artifact.sig.v1+json", True),
        ("tag-schema", "application/vnd.dev.cosign.artifact.sig.v1+json", True),
        ("cosign-attestation-tag", "", False),
        ("cosign-attestation-tag", "application/vnd.dev.cosign.artifact.sig.v1+json", False),
        ("cosign-sbom-tag", "application/vnd.dev.cosign.artifact.sig.v1+json", False),
        ("cosign-sbom-tag", "", False),
        ("referrers", "", False),
    ]
    for found_by, kind, counts in ways:
        attached = shelf.attach(simple(), kind=kind, told=SIMPLE, found_by=found_by)
        assert only(await looked(shelf, options, attached)).verdict.accepted is counts, found_by


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        ({}, True),
        ({"size": 1}, False),
        ({"size": 0}, False),
        ({"data": cosigner.b64(cosigner.payload())}, True),
        ({"data": cosigner.b64(b"something else")}, False),
        ({"data": "!"}, False),
    ],
    ids=["as it is", "another size", "no size", "inline data", "other inline data", "inline junk"],
)
async def test_a_descriptor_that_lies_spoils_the_signature(
    options: SignatureOptions, change: dict[str, Any], counts: bool
) -> None:
    shelf = Shelf()
    first = shelf.attach(simple(), kind="", told=SIMPLE, found_by="cosign-tag")
    body = json.loads(shelf.content[first.descriptor.digest])
    body["layers"][0].update(change)
    lying = shelf.referrer(shelf.put(json.dumps(body).encode()), SIMPLE, "cosign-tag")
    outcome = only(await looked(shelf, options, lying))
    assert outcome.verdict.accepted is counts, outcome.sentence


async def test_a_bundle_beside_another_layer_is_none(options: SignatureOptions) -> None:
    shelf = Shelf()
    two = shelf.attach((BUNDLE, cosigner.bundle(KEY), {}), ("text/plain", b"x", {}), kind=BUNDLE)
    outcome = only(await looked(shelf, options, two))
    assert (outcome.verdict, outcome.reason) == (Verdict.INVALID, Reason.MALFORMED)


async def test_a_certificate_beside_a_signature_ends_it_when_it_expires(options: SignatureOptions) -> None:
    shelf, moment = Shelf(), NOW
    leaf = Instance().issue(KEY, when=NOW).public_bytes(Encoding.PEM).decode()
    media_type, content, notes = simple()
    carried = shelf.attach(
        (media_type, content, {**notes, "dev.sigstore.cosign/certificate": leaf}), kind="", found_by="cosign-tag"
    )
    source = SignatureSource(options, lambda host: shelf, now=lambda: moment, watch=0.01)
    source.examine((asking(DIGEST, carried),))
    async with listening(source) as listener:
        await listener.until(lambda: bool(listener.verified))
        assert only(listener.verified[0]).verdict is Verdict.VALID
        moment += timedelta(days=1)
        await listener.until(lambda: len(listener.verified) > 1)
        assert only(listener.verified[1]).reason is Reason.CERTIFICATE_EXPIRED
