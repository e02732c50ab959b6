"""What attestations on images say of who built them, and whether somebody vouches for that.

Shapes: GitHub's `attest-build-provenance` (a Sigstore bundle as a referrer, annotated with its predicate type, provenance v1),
`cosign attest` of version 3 (the same) and of version 2 (a DSSE envelope under the tag `.att`, annotated `predicateType`).
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.sources.signatures import cosigner
from tests.sources.signatures.shelf import MANIFEST, Shelf, looked
from tests.sources.signatures.signer import DIGEST
from tui.domain.facts.build import BuilderKind
from tui.domain.facts.build_claim import BuildClaim, ClaimedBy
from tui.domain.facts.events import SignaturesVerified
from tui.domain.facts.image import Descriptor, Referrer
from tui.domain.facts.signature import Verdict
from tui.errors import Unreachable
from tui.sources.signatures.options import SignatureOptions, TrustPaths

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
ENVELOPE = "application/vnd.dsse.envelope.v1+json"
SLSA = "https://slsa.dev/provenance/v1"
KEY, STRANGER, LOG = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
OTHER = "sha256:" + "e" * 64


def statement(digest: str = DIGEST, predicate: str = SLSA) -> bytes:
    """What GitHub's action says of an image (actions/attest-build-provenance)."""
    workflow = {"ref": "refs/heads/main", "repository": "https://github.com/contoso/shop", "path": ".github/workflows/api.yml"}
    definition = {
        "buildType": "https://actions.github.io/buildtypes/workflow/v1",
        "externalParameters": {"workflow": workflow},
        "resolvedDependencies": [],
    }
    details = {
        "builder": {"id": "https://github.com/contoso/shop/.github/workflows/api.yml@refs/heads/main"},
        "metadata": {"invocationId": "https://github.com/contoso/shop/actions/runs/81/attempts/1"},
    }
    return json.dumps(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "registry.example/app", "digest": {"sha256": digest.partition(":")[2]}}],
            "predicateType": predicate,
            "predicate": {"buildDefinition": definition, "runDetails": details},
        }
    ).encode()


def bundled(shelf: Shelf, key: cosigner.CosignKey = KEY, content: bytes = b"", annotated: str = SLSA, **more: Any) -> Referrer:
    """An attestation as a bundle; `annotated` is the kind that its manifest tells."""
    body = cosigner.bundle(key, content=content or statement(), **more)
    layer = {"mediaType": BUNDLE, "digest": shelf.put(body), "size": len(body)}
    manifest = {
        "mediaType": MANIFEST,
        "artifactType": BUNDLE,
        "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": shelf.put(b"{}"), "size": 2},
        "layers": [layer],
        "annotations": {"dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": annotated},
    }
    return shelf.referrer(shelf.put(json.dumps(manifest).encode()), BUNDLE)


def envelope(key: cosigner.CosignKey = KEY, content: bytes = b"") -> dict[str, Any]:
    """A DSSE envelope."""
    content, kind = content or statement(), "application/vnd.in-toto+json"
    signature = cosigner.sign(key, b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(content), content))
    signatures = [{"keyid": "", "sig": cosigner.b64(signature)}]
    return {"payloadType": kind, "payload": cosigner.b64(content), "signatures": signatures}


def enveloped(
    shelf: Shelf, key: cosigner.CosignKey = KEY, content: bytes = b"", annotated: str = SLSA, certificate: str = ""
) -> Referrer:
    """An attestation under the tag `.att`."""
    body = json.dumps(envelope(key, content)).encode()
    annotations = {
        "dev.cosignproject.cosign/signature": "",
        "predicateType": annotated,
        "dev.sigstore.cosign/certificate": certificate,
    }
    return shelf.attach((ENVELOPE, body, annotations), kind="", told=ENVELOPE, found_by="cosign-attestation-tag")


@pytest.fixture
def options(tmp_path: Path) -> SignatureOptions:
    """A policy that trusts one key."""
    (tmp_path / "release.pub").write_bytes(cosigner.pem(KEY))
    return SignatureOptions(TrustPaths(cosign_keys=(str(tmp_path / "release.pub"),)))


def claim_of(told_of: SignaturesVerified) -> BuildClaim:
    """The one claim; an attestation is no signature, and its failure is none either."""
    assert told_of.outcomes == ()
    assert told_of.error == ""
    (claim,) = told_of.built_by
    assert claim.by is ClaimedBy.ATTESTATION
    return claim


@pytest.mark.parametrize("attach", [bundled, enveloped])
async def test_a_verified_attestation_says_who_built_it_and_who_vouches_for_that(attach: Any, options: SignatureOptions) -> None:
    shelf = Shelf()
    claim = claim_of(await looked(shelf, options, attach(shelf)))
    assert (claim.kind, claim.job, claim.run) == (BuilderKind.GITHUB_ACTIONS, "contoso/shop/api.yml", "81")
    assert (claim.host, claim.repository) == ("github.com", "github.com/contoso/shop")
    assert claim.signer.endswith("release.pub")
    assert claim.doubt == ""


@pytest.mark.parametrize("attach", [bundled, enveloped])
async def test_one_that_a_stranger_signed_is_told_with_the_reason(attach: Any, options: SignatureOptions) -> None:
    shelf = Shelf()
    claim = claim_of(await looked(shelf, options, attach(shelf, STRANGER)))
    assert (claim.job, claim.signer) == ("contoso/shop/api.yml", "")
    assert "no configured key verifies this signature" in claim.doubt
    claim = claim_of(await looked(shelf, SignatureOptions(), attach(shelf)))
    assert claim.doubt == "no cosign key and no identity is configured for it"


@pytest.mark.parametrize("attach", [bundled, enveloped])
async def test_one_about_another_image_says_nothing_of_this(attach: Any, options: SignatureOptions) -> None:
    shelf = Shelf()
    claim = claim_of(await looked(shelf, options, attach(shelf, content=statement(OTHER))))
    assert (claim.job, claim.repository, claim.doubt) == ("", "", "signature is for another digest")


@pytest.mark.parametrize("attach", [bundled, enveloped])
async def test_other_statements_are_not_read_as_provenance(attach: Any, options: SignatureOptions) -> None:
    shelf = Shelf()
    kind = "https://spdx.dev/Document"
    assert (await looked(shelf, options, attach(shelf, content=statement(predicate=kind), annotated=kind))).built_by == ()
    assert (await looked(shelf, options, attach(shelf, content=statement(predicate=kind), annotated=""))).built_by == ()
    assert claim_of(await looked(shelf, options, attach(shelf, annotated=""))).job == "contoso/shop/api.yml"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"payload": "!", "payloadType": "x", "signatures": []}', b"\xff" * 40])
async def test_what_is_no_attestation_is_said_to_be_none(body: bytes, options: SignatureOptions) -> None:
    shelf = Shelf()
    layer = (ENVELOPE, body, {"predicateType": SLSA})
    claim = claim_of(await looked(shelf, options, shelf.attach(layer, kind="", found_by="cosign-attestation-tag")))
    assert (claim.job, claim.doubt) == ("", "the envelope is malformed")


async def test_one_that_cannot_be_read_is_told_and_spoils_no_signature(options: SignatureOptions) -> None:
    shelf = Shelf()
    attached = enveloped(shelf)
    blob = next(digest for digest, body in shelf.content.items() if b"payloadType" in body)
    shelf.broken[blob] = Unreachable("registry.example does not answer")
    claim = claim_of(await looked(shelf, options, attached))
    assert claim.doubt == "it cannot be read: registry.example does not answer"


async def test_a_manifest_of_an_attestation_that_cannot_be_read_spoils_no_signature_either(options: SignatureOptions) -> None:
    shelf = Shelf()
    attached = enveloped(shelf)
    shelf.broken[attached.descriptor.digest] = Unreachable("registry.example does not answer")
    claim = claim_of(await looked(shelf, options, attached))
    assert claim.doubt == "it cannot be read: registry.example does not answer"


async def test_a_log_that_is_asked_for_must_hold_the_attestation(tmp_path: Path) -> None:
    for name, key in (("release.pub", KEY), ("rekor.pub", LOG)):
        (tmp_path / name).write_bytes(cosigner.pem(key))
    paths = TrustPaths(cosign_keys=(str(tmp_path / "release.pub"),), rekor_keys=(str(tmp_path / "rekor.pub"),), require_log=True)
    shelf = Shelf()
    assert claim_of(await looked(shelf, SignatureOptions(paths), bundled(shelf, log=LOG))).doubt == ""
    for attach in (bundled, enveloped):
        claim = claim_of(await looked(shelf, SignatureOptions(paths), attach(shelf)))
        assert claim.doubt == "transparency log entry missing"


async def test_a_certificate_under_the_old_tag_is_not_taken_for_a_key(options: SignatureOptions) -> None:
    shelf = Shelf()
    claim = claim_of(await looked(shelf, options, enveloped(shelf, certificate="x")))
    assert "in Sigstore bundles alone" in claim.doubt


@pytest.mark.parametrize(
    ("way", "words"), [("tag-schema-unused", "lies under the tag schema alone"), ("tag-schema-unsure", "failed")]
)
async def test_where_cosign_does_not_look_nothing_is_verified(way: str, words: str, options: SignatureOptions) -> None:
    shelf = Shelf()
    attached = bundled(shelf)
    elsewhere = Referrer(Descriptor(MANIFEST, attached.descriptor.digest, attached.descriptor.size, artifact_type=BUNDLE), way)
    claim = claim_of(await looked(shelf, options, elsewhere))
    assert words in claim.doubt
    assert claim.signer == ""


NOTES = {"predicateType": SLSA, "dev.cosignproject.cosign/signature": ""}
GOOD = envelope()
(SIGNATURE,) = GOOD["signatures"]
WRAPPED = base64.encodebytes(base64.b64decode(GOOD["payload"])).decode()
URL_SAFE = SIGNATURE["sig"].translate(str.maketrans("+/", "-_"))


@pytest.mark.parametrize(
    ("changes", "verified"),
    [
        ({}, True),
        ({"signatures": [*envelope(STRANGER)["signatures"], SIGNATURE]}, True),
        ({"signatures": [{**SIGNATURE, "keyid": "x"}]}, True),
        ({"signatures": [{"sig": URL_SAFE}]}, True),
        ({"payload": WRAPPED}, True),
        ({"more": 1}, True),
        ({"signatures": ["x", SIGNATURE]}, False),
        ({"signatures": [1, SIGNATURE]}, False),
        ({"signatures": [{**SIGNATURE, "keyid": 1}]}, False),
        ({"signatures": [{**SIGNATURE, "SIG": "AAAA"}]}, False),
        ({"PAYLOAD": cosigner.b64(statement(OTHER))}, False),
        ({"Signatures": []}, False),
        ({"payloadtype": "x"}, False),
    ],
)
async def test_an_envelope_is_read_as_cosign_reads_it(changes: dict[str, Any], verified: bool, options: SignatureOptions) -> None:
    """Measured with `cosign verify-attestation` 3.1.3: another member in capitals counts for it, and the last one decides."""
    shelf = Shelf()
    layer = (ENVELOPE, json.dumps(GOOD | changes).encode(), NOTES)
    claim = claim_of(await looked(shelf, options, shelf.attach(layer, kind="", told=ENVELOPE, found_by="cosign-attestation-tag")))
    assert bool(claim.signer) is verified
    assert claim.doubt == ("" if verified else "the envelope is malformed")


@pytest.mark.parametrize(
    ("notes", "doubt"),
    [
        ({"predicateType": SLSA}, "its layer lacks the annotation that cosign gives to signatures"),
        ({**NOTES, "dev.sigstore.cosign/rfc3161timestamp": "x"}, "the time stamp beside the signature is malformed"),
        ({**NOTES, "dev.sigstore.cosign/rfc3161timestamp": '{"SignedRFC3161Timestamp": "AAAA"}'}, ""),
    ],
)
async def test_what_lies_beside_an_envelope_must_be_in_order(
    notes: dict[str, str], doubt: str, options: SignatureOptions
) -> None:
    shelf = Shelf()
    layer = (ENVELOPE, json.dumps(GOOD).encode(), notes)
    claim = claim_of(await looked(shelf, options, shelf.attach(layer, kind="", told=ENVELOPE, found_by="cosign-attestation-tag")))
    assert (claim.doubt, bool(claim.signer)) == (doubt, not doubt)


@pytest.mark.parametrize("media_type", [BUNDLE, ENVELOPE])
@pytest.mark.parametrize(
    ("lie", "words"),
    [
        ({"size": 5}, "its descriptor says 5 bytes, it has "),
        ({"size": None}, "its descriptor says 0 bytes, it has "),
        ({"data": "eA=="}, "its descriptor carries other data than its digest says"),
        ({"data": "!"}, "its descriptor carries inline data that is not base64"),
    ],
)
async def test_an_attestation_that_its_descriptor_tells_otherwise_of_is_not_verified(
    media_type: str, lie: dict[str, Any], words: str, options: SignatureOptions
) -> None:
    shelf = Shelf()
    body = cosigner.bundle(KEY, content=statement()) if media_type == BUNDLE else json.dumps(GOOD).encode()
    layer = {"mediaType": media_type, "digest": shelf.put(body), "size": len(body), "annotations": NOTES, **lie}
    manifest = {"mediaType": MANIFEST, "layers": [layer], "annotations": {"dev.sigstore.bundle.predicateType": SLSA}}
    found_by = "referrers" if media_type == BUNDLE else "cosign-attestation-tag"
    attached = shelf.referrer(shelf.put(json.dumps(manifest).encode()), media_type, found_by)
    claim = claim_of(await looked(shelf, options, attached))
    assert claim.doubt.startswith(words)
    assert claim.signer == ""


@pytest.mark.parametrize(
    ("attach", "found_by", "words"),
    [
        (enveloped, "referrers", "an attestation of the older form that lies among the referrers"),
        (enveloped, "cosign-tag", "an attestation of the older form that lies under the tag of signatures (.sig)"),
        (enveloped, "cosign-sbom-tag", "an attestation of the older form that lies under the tag of bills of materials (.sbom)"),
        (bundled, "cosign-attestation-tag", "a bundle that lies under the tag of attestations (.att)"),
        (bundled, "cosign-tag", "a bundle that lies under the tag of signatures (.sig)"),
    ],
)
async def test_an_attestation_counts_only_where_cosign_looks_for_its_form(
    attach: Any, found_by: str, words: str, options: SignatureOptions
) -> None:
    shelf = Shelf()
    claim = claim_of(await looked(shelf, options, msgspec.structs.replace(attach(shelf), found_by=found_by)))
    assert claim.doubt == f"{words}, where cosign does not look for one"
    assert claim.signer == ""


@pytest.mark.parametrize("found_by", ["cosign-tag", "cosign-attestation-tag", "cosign-sbom-tag"])
async def test_a_bundle_under_a_tag_of_cosigns_is_no_signature(found_by: str, options: SignatureOptions) -> None:
    shelf, body = Shelf(), cosigner.bundle(KEY, digest=DIGEST)
    attached = shelf.attach((BUNDLE, body, {}), kind="", told=BUNDLE, found_by=found_by)
    (outcome,) = (await looked(shelf, options, attached)).outcomes
    assert outcome.verdict is Verdict.INVALID
    assert "where cosign does not look for one" in outcome.sentence
