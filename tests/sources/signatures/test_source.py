"""Signatures as a source: what is read of what is attached, what is told, and when it is judged again."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.sources.signatures import cosigner
from tests.sources.signatures.cases import document
from tests.sources.signatures.shelf import NAME, NOTATION, Shelf, asking, digest_of, listening, looked
from tests.sources.signatures.signer import COSE, DIGEST, ENVELOPES, JWS, NOW, Ask, signer, usual
from tests.tried import tried
from tui.domain.facts.asking import RevocationMode
from tui.domain.facts.events import SignaturesVerified, SourceState
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.patterns import parse_pattern
from tui.domain.facts.signature import Outcome, Reason, SignatureSystem, Verdict
from tui.errors import Unreachable
from tui.sources.signatures.options import SignatureOptions, TrustPaths
from tui.sources.signatures.source import SignatureSource

SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
KEY = ec.generate_private_key(ec.SECP256R1())
USUAL = usual()


class Trusting:
    """A directory as notation keeps it, and a cosign key."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.policy()
        for kind, name in (("ca", "c"), ("signingAuthority", "a")):
            store = directory / "truststore" / "x509" / kind / name
            store.mkdir(parents=True)
            (store / "root.der").write_bytes(USUAL.root)
        (directory / "cosign.pub").write_bytes(cosigner.pem(KEY))

    def policy(self, level: str = "strict", **more: Any) -> None:
        """Write the policy."""
        (self.directory / "trustpolicy.json").write_text(json.dumps(document(level, **more)))

    @property
    def options(self) -> SignatureOptions:
        """Options that name all of it."""
        return SignatureOptions(TrustPaths(str(self.directory), cosign_keys=(str(self.directory / "cosign.pub"),)))


@pytest.fixture
def trusting(tmp_path: Path) -> Trusting:
    return Trusting(tmp_path)


def envelope(media_type: str = JWS, **more: Any) -> tuple[str, bytes, dict[str, str]]:
    """A layer with a good envelope."""
    return media_type, ENVELOPES[media_type](Ask(USUAL, **more)), {}


def simple(**more: Any) -> tuple[str, bytes, dict[str, str]]:
    """A layer with a good simple signature."""
    content = cosigner.payload(**more)
    return SIMPLE, content, {"dev.cosignproject.cosign/signature": cosigner.b64(cosigner.sign(KEY, content))}


def only(found: SignaturesVerified) -> Outcome:
    (outcome,) = found.outcomes
    return outcome


@pytest.mark.parametrize("media_type", [JWS, COSE])
async def test_a_notation_signature_is_verified_and_says_where_it_lies(trusting: Trusting, media_type: str) -> None:
    shelf = Shelf()
    referrer = shelf.attach(envelope(media_type))
    found = await looked(shelf, trusting.options, referrer)
    outcome = only(found)
    assert (outcome.verdict, outcome.system) == (Verdict.VALID, SignatureSystem.NOTATION)
    assert (outcome.artifact, outcome.found_by) == (referrer.descriptor.digest, "referrers")
    assert (found.name, found.subject, found.error) == (NAME, DIGEST, "")


@pytest.mark.parametrize(
    ("told", "kind", "config"),
    [("", NOTATION, ""), ("", "", NOTATION), ("application/vnd.oci.empty.v1+json", NOTATION, ""), (NOTATION, "", NOTATION)],
    ids=str,
)
async def test_the_registrys_word_on_types_is_a_hint_only(trusting: Trusting, told: str, kind: str, config: str) -> None:
    # Azure/acr#784: artifactType is left out of what is typed by its config.
    shelf = Shelf()
    assert only(
        await looked(shelf, trusting.options, shelf.attach(envelope(), kind=kind, config=config, told=told))
    ).verdict.accepted


@pytest.mark.parametrize("found_by", ["cosign-tag", "cosign-attestation-tag", "cosign-sbom-tag"])
async def test_a_signature_of_notation_under_a_tag_of_cosigns_is_none(found_by: str, trusting: Trusting) -> None:
    """Notation asks for referrers alone (notation-go `ListSignatures`, oras-go `Referrers`); the next one counts as before."""
    shelf = Shelf()
    misplaced = shelf.attach(envelope(), found_by=found_by)
    outcome = only(await looked(shelf, trusting.options, misplaced))
    assert outcome.verdict is Verdict.INVALID
    assert "where notation does not look for one" in outcome.sentence
    told = await looked(shelf, trusting.options, misplaced, shelf.attach(envelope(), config="x"))
    assert [each.verdict.accepted for each in told.outcomes] == [False, True]


async def test_what_is_no_signature_is_not_even_read(trusting: Trusting) -> None:
    shelf = Shelf()
    sbom = shelf.attach(("application/spdx+json", b"{}", {}), kind="application/spdx+json")
    odd = shelf.attach(("text/plain", b"x", {}), kind="", told="")
    found = await looked(shelf, trusting.options, sbom, odd)
    assert found.outcomes == ()
    assert found.error == ""
    assert shelf.asked == [odd.descriptor.digest]


async def test_cosign_by_legacy_tag_and_by_bundle(trusting: Trusting) -> None:
    shelf = Shelf()
    legacy = shelf.attach(simple(), kind="", told=SIMPLE, found_by="cosign-tag")
    bundle = shelf.attach((BUNDLE, cosigner.bundle(KEY), {}), kind=BUNDLE)
    found = await looked(shelf, trusting.options, legacy, bundle)
    assert [(each.verdict, each.signer, each.found_by) for each in found.outcomes] == [
        (Verdict.VALID, "cosign.pub", "cosign-tag"),
        (Verdict.VALID, "cosign.pub", "referrers"),
    ]


async def test_statements_in_bundles_are_no_signatures(trusting: Trusting) -> None:
    shelf = Shelf()
    statement = cosigner.bundle(KEY, predicate="https://slsa.dev/provenance/v1")
    assert (await looked(shelf, trusting.options, shelf.attach((BUNDLE, statement, {}), kind=BUNDLE))).outcomes == ()


async def test_two_layers_are_a_malformed_signature(trusting: Trusting) -> None:
    # signature-specification.md: exactly one layer.
    shelf = Shelf()
    outcome = only(await looked(shelf, trusting.options, shelf.attach(envelope(), envelope(COSE))))
    assert (outcome.verdict, outcome.reason) == (Verdict.INVALID, Reason.MALFORMED)
    assert "2 layers" in outcome.sentence


@pytest.mark.parametrize("body", [b"no json", b"[]", b'{"layers": 7}', b'{"layers": [{"digest": 1}]}', b"[" * 100_000], ids=repr)
async def test_a_hostile_manifest_is_an_error_of_the_search(trusting: Trusting, body: bytes) -> None:
    shelf = Shelf()
    found = await looked(shelf, trusting.options, shelf.referrer(shelf.put(body), NOTATION), shelf.attach(envelope()))
    assert "is not a manifest" in found.error
    assert only(found).verdict is Verdict.VALID


async def test_what_cannot_be_fetched_is_never_no_signature(trusting: Trusting) -> None:
    shelf = Shelf()
    referrer = shelf.attach(envelope())
    shelf.broken[referrer.descriptor.digest] = Unreachable("registry.example does not answer")
    found = await looked(shelf, trusting.options, referrer)
    assert (found.outcomes, found.error) == ((), "registry.example does not answer")
    assert (await looked(Shelf(), trusting.options, error="no right to list referrers")).error == "no right to list referrers"


async def test_a_registry_that_is_not_asked_is_said_to_be(trusting: Trusting) -> None:
    source = SignatureSource(trusting.options, lambda host: None, now=lambda: NOW)
    source.examine((asking(DIGEST, Shelf().attach(envelope())),))
    async with listening(source) as listener:
        await listener.until(lambda: bool(listener.verified))
        assert "registry.example is not asked" in listener.verified[0].error


async def test_without_any_policy_nothing_says_whom_to_trust(tmp_path: Path) -> None:
    shelf = Shelf()
    options = SignatureOptions(TrustPaths(str(tmp_path / "nowhere")))
    found = await looked(
        shelf, options, shelf.attach(envelope()), shelf.attach(simple(), kind="", told=SIMPLE, found_by="cosign-tag")
    )
    assert [each.verdict for each in found.outcomes] == [Verdict.NO_POLICY, Verdict.NO_POLICY]


async def test_a_policy_that_cannot_be_used_decides_nothing(trusting: Trusting) -> None:
    (trusting.directory / "trustpolicy.json").write_text("{")
    shelf = Shelf()
    outcome = only(await looked(shelf, trusting.options, shelf.attach(envelope())))
    assert (outcome.verdict, outcome.reason) == (Verdict.INCONCLUSIVE, Reason.TRUST_STORE)


async def test_a_scope_that_skips_says_so_even_without_a_signature(trusting: Trusting) -> None:
    trusting.policy("skip", trustStores=[], trustedIdentities=[])
    assert only(await looked(Shelf(), trusting.options)).verdict is Verdict.SKIPPED


async def test_a_scope_of_the_configuration_overrides(trusting: Trusting, tmp_path: Path) -> None:
    shelf = Shelf()
    referrer = shelf.attach(envelope())
    elsewhere = TrustPaths(str(tmp_path / "nowhere"))
    scoped = SignatureOptions(elsewhere, ((parse_pattern("registry.example/app"), trusting.options.usual),))
    other = SignatureOptions(elsewhere, ((parse_pattern("registry.example/other"), trusting.options.usual),))
    assert only(await looked(shelf, scoped, referrer)).verdict is Verdict.VALID
    assert only(await looked(shelf, other, referrer)).verdict is Verdict.NO_POLICY


async def test_another_policy_counts_without_fetching_again(trusting: Trusting) -> None:
    shelf = Shelf()
    source = SignatureSource(trusting.options, lambda host: shelf, now=lambda: NOW, watch=0.01)
    source.examine((asking(DIGEST, shelf.attach(envelope())),))
    async with listening(source) as listener:
        await listener.until(lambda: bool(listener.verified) and source.idle)
        asked = list(shelf.asked)
        trusting.policy(trustedIdentities=["x509.subject: C=US, ST=WA, O=Other"])
        await listener.until(lambda: len(listener.verified) == 2)
    assert [only(each).verdict for each in listener.verified] == [Verdict.VALID, Verdict.INVALID]
    assert only(listener.verified[1]).reason is Reason.IDENTITY_MISMATCH
    assert shelf.asked == asked


async def test_a_root_that_leaves_the_store_is_trusted_no_more(trusting: Trusting) -> None:
    shelf = Shelf()
    source = SignatureSource(trusting.options, lambda host: shelf, now=lambda: NOW, watch=0.01)
    source.examine((asking(DIGEST, shelf.attach(envelope())),))
    async with listening(source) as listener:
        await listener.until(lambda: bool(listener.verified) and source.idle)
        (trusting.directory / "truststore" / "x509" / "ca" / "c" / "root.der").write_bytes(signer("ES384").root)
        await listener.until(lambda: len(listener.verified) == 2)
    assert only(listener.verified[1]).reason is Reason.UNTRUSTED


async def test_what_expires_is_judged_again_by_the_clock_alone(trusting: Trusting) -> None:
    shelf = Shelf()
    clock = [NOW]

    def now() -> datetime:
        return clock[0]

    source = SignatureSource(trusting.options, lambda host: shelf, now=now, watch=0.01)
    source.examine((asking(DIGEST, shelf.attach(envelope(expiry=NOW + timedelta(hours=1)))),))
    async with listening(source) as listener:
        await listener.until(lambda: bool(listener.verified) and source.idle)
        clock[0] = NOW + timedelta(hours=2)
        await listener.until(lambda: len(listener.verified) == 2)
    assert [only(each).reason for each in listener.verified] == [Reason.NONE, Reason.EXPIRED]


async def test_what_was_told_is_asked_for_once_and_what_is_new_again(trusting: Trusting) -> None:
    shelf = Shelf()
    first, second = shelf.attach(envelope()), shelf.attach(envelope(COSE))
    source = SignatureSource(trusting.options, lambda host: shelf, now=lambda: NOW)
    demand = asking(DIGEST, first)
    source.examine((demand, asking(DIGEST, first)))
    async with listening(source) as listener:
        await listener.until(lambda: bool(listener.verified) and source.idle)
        source.examine((demand,))
        before = source.idle
        source.examine((asking(DIGEST, first, second),))
        assert (before, source.idle) == (True, False)
        await listener.until(lambda: len(listener.verified) == 2)
    assert [len(each.outcomes) for each in listener.verified] == [1, 2]


async def test_a_failure_is_tried_again(trusting: Trusting) -> None:
    shelf = Shelf()
    referrer = shelf.attach(envelope())
    shelf.broken[referrer.descriptor.digest] = Unreachable("away")
    clock = [NOW]
    source = SignatureSource(trusting.options, lambda host: shelf, now=lambda: clock[0], watch=0.01)
    source.examine((asking(DIGEST, referrer),))
    async with listening(source) as listener:
        await listener.until(lambda: bool(listener.verified) and source.idle)
        shelf.broken.clear()
        clock[0] = NOW + timedelta(minutes=1)
        await listener.until(lambda: len(listener.verified) == 2)
        await listener.until(lambda: listener.health.state is SourceState.OK)
    assert [each.error for each in listener.verified] == ["away", ""]


async def test_health_tells_what_is_trusted_and_what_is_wrong_with_it(trusting: Trusting) -> None:
    store = trusting.directory / "truststore" / "x509" / "signingAuthority" / "a"
    (store / "junk.pem").write_text("junk")
    shelf = Shelf()
    source = SignatureSource(trusting.options, lambda host: shelf, now=lambda: NOW)
    source.examine((asking(DIGEST, shelf.attach(envelope())),))
    async with listening(source) as listener:
        await listener.until(lambda: listener.health.state is SourceState.PARTIAL)
        health = listener.health
    assert health.endpoint == str(trusting.directory)
    assert health.objects == 1
    assert {each.unit: (each.done, each.total) for each in health.progress} == {
        "manifests": (1, 1),
        "policy statements": (1, None),
        "trusted certificates": (1, None),
        "cosign signers": (1, None),
    }
    assert [denial.what for denial in health.denials] == ["trust store signingAuthority:a"]


async def test_nothing_heavy_is_loaded_before_something_is_to_be_looked_at(trusting: Trusting) -> None:
    source = SignatureSource(trusting.options, lambda host: None)
    events = source.events()
    first = await anext(events)
    await events.aclose()  # type: ignore[attr-defined]  # it is a generator
    assert source.idle
    assert first.health.state is SourceState.OK  # type: ignore[union-attr]


async def test_revocation_is_asked_of_nobody_whom_a_stranger_names(trusting: Trusting, monkeypatch: pytest.MonkeyPatch) -> None:
    from tui.sources.signatures import fetch

    async def never(self: object, lookups: object) -> None:
        raise AssertionError("a stranger's URL was followed")

    monkeypatch.setattr(fetch.RevocationFetcher, "fetch", never)
    stranger = signer("ES256", leaf={"ocsp": ("http://ocsp.example/",)})
    shelf = Shelf()
    foreign = shelf.attach((JWS, ENVELOPES[JWS](Ask(stranger)), {}))
    assert not only(await looked(shelf, trusting.options, foreign)).verdict.accepted


async def test_offline_a_revocation_service_leaves_it_undecided(trusting: Trusting) -> None:
    revocable = signer("ES256", leaf={"ocsp": ("http://ocsp.example/",)})
    (trusting.directory / "truststore" / "x509" / "ca" / "c" / "root.der").write_bytes(revocable.root)
    shelf = Shelf()
    options = SignatureOptions(trusting.options.usual, revocation=RevocationMode.OFFLINE)
    outcome = only(await looked(shelf, options, shelf.attach((JWS, ENVELOPES[JWS](Ask(revocable)), {}))))
    assert (outcome.verdict, outcome.reason) == (Verdict.INCONCLUSIVE, Reason.REVOCATION_OFFLINE)


async def test_doctor_names_what_is_trusted_and_what_is_missing(trusting: Trusting, tmp_path: Path) -> None:
    lines = {line.what: line for line in await tried(SignatureSource(trusting.options, lambda host: None).diagnose())}
    assert {what: line.state for what, line in lines.items() if what != "keyless bundles"} == {
        "trust policy": "ok",
        "cosign": "ok",
        "revocation": "ok",
    }
    missing = TrustPaths(str(tmp_path / "nowhere"), cosign_keys=(str(tmp_path / "none.pub"),))
    lines = {line.what: line for line in await tried(SignatureSource(SignatureOptions(missing), lambda host: None).diagnose())}
    assert lines["trust policy"].state == "off"
    assert lines[f"file {tmp_path / 'none.pub'}"].state == "failed"
    assert "cannot be used: No such file" in lines[f"file {tmp_path / 'none.pub'}"].detail


async def test_the_same_envelope_in_two_repositories_is_parsed_once(trusting: Trusting, monkeypatch: pytest.MonkeyPatch) -> None:
    from tui.sources.signatures import assessing
    from tui.verification.notation.static import parse_envelope

    parsed: list[str] = []

    def counted(data: bytes, media_type: str) -> Any:
        parsed.append(digest_of(data))
        return parse_envelope(data, media_type)

    monkeypatch.setattr(assessing, "parse_envelope", counted)
    shelf = Shelf()
    referrer = shelf.attach(envelope())
    source = SignatureSource(trusting.options, lambda host: shelf, now=lambda: NOW)
    source.examine((asking(DIGEST, referrer),))
    async with listening(source) as listener:
        await listener.until(lambda: bool(listener.verified) and source.idle)
        source.examine((asking(DIGEST, referrer, name=RepositoryName("registry.example", "copy")),))
        await listener.until(lambda: len(listener.verified) == 2)
    assert len(parsed) == 1
