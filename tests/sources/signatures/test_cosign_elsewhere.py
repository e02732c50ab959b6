"""Trusted roots from files, and signatures in another repository than their images: from settings to a registry over a socket."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.sources.registry.helpers import options as registry_options
from tests.sources.registry.servers import FakeRegistry
from tests.sources.signatures import cosigner
from tests.sources.signatures.instance import ISSUER, SUBJECT, Instance
from tests.sources.signatures.shelf import Shelf, asking, listening
from tests.sources.signatures.signer import DIGEST, NOW
from tests.tried import tried
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.signature import Outcome, Reason, Verdict
from tui.sources.kit.credentials import Credentials
from tui.sources.ports import AttachmentReader
from tui.sources.registry.attachments import RegistryAttachments
from tui.sources.signatures.elsewhere import AGAIN
from tui.sources.signatures.options import SignatureOptions, Signer, TrustPaths
from tui.sources.signatures.source import SignatureSource

SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
EMPTY = "application/vnd.oci.empty.v1+json"
KEY = ec.generate_private_key(ec.SECP256R1())
OURS = Instance()
THERE = RepositoryName("registry.test", "signatures/all")
TAG = DIGEST.replace(":", "-") + ".sig"


def trusted(folder: Path, **more: object) -> TrustPaths:
    (folder / "cosign.pub").write_bytes(cosigner.pem(KEY))
    (folder / "trusted_root.json").write_bytes(OURS.trusted_root())
    values = {
        "cosign_keys": (str(folder / "cosign.pub"),),
        "trusted_root": str(folder / "trusted_root.json"),
        "identities": (Signer(SUBJECT, ISSUER),),
    }
    return TrustPaths(**{**values, **more})  # type: ignore[arg-type]  # a few of its fields, by name


def simple_layer(server: FakeRegistry) -> dict[str, object]:
    content = cosigner.payload()
    notes = {"dev.cosignproject.cosign/signature": cosigner.b64(cosigner.sign(KEY, content))}
    return {"mediaType": SIMPLE, "annotations": notes, **server.blob(content)}


def sign_there(server: FakeRegistry) -> None:
    body: dict[str, object] = {"config": {"mediaType": EMPTY, **server.blob(b"{}")}, "layers": [simple_layer(server)]}
    server.put(THERE.repository, body, TAG)


def bundle_there(server: FakeRegistry) -> None:
    """As cosign attaches it in a repository that does not have the image."""
    made = OURS.bundle(KEY, OURS.issue(KEY))
    server.put(
        THERE.repository,
        {
            "artifactType": BUNDLE,
            "config": {"mediaType": EMPTY, **server.blob(b"{}")},
            "layers": [{"mediaType": BUNDLE, **server.blob(made)}],
            "subject": {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": DIGEST, "size": 1},
        },
    )


async def judged(source: SignatureSource, shelf_referrers: tuple[object, ...] = ()) -> tuple[tuple[Outcome, ...], str]:
    source.examine((asking(DIGEST, *shelf_referrers),))  # type: ignore[arg-type]  # referrers
    async with listening(source) as listener:
        await listener.until(lambda: bool(listener.verified))
        return listener.verified[0].outcomes, listener.verified[0].error


def opening(server: FakeRegistry) -> AttachmentReader:
    return RegistryAttachments(registry_options(server), Credentials())


async def test_both_kinds_of_signatures_are_found_in_the_other_repository(tmp_path: Path) -> None:
    async with FakeRegistry() as server:
        sign_there(server)
        bundle_there(server)
        options = SignatureOptions(trusted(tmp_path, elsewhere=THERE))
        source = SignatureSource(options, lambda host: Shelf(), now=lambda: NOW, opener=lambda host: opening(server))
        outcomes, error = await judged(source)
        assert (sorted(outcome.signer for outcome in outcomes), error) == (["cosign.pub", f"{SUBJECT} ({ISSUER})"], "")
        assert all(outcome.verdict is Verdict.VALID for outcome in outcomes), [outcome.sentence for outcome in outcomes]


async def test_cosigns_signatures_beside_the_image_do_not_count_then_as_for_cosign(tmp_path: Path) -> None:
    shelf = Shelf()
    content = cosigner.payload()
    notes = {"dev.cosignproject.cosign/signature": cosigner.b64(cosigner.sign(KEY, content))}
    beside = shelf.attach((SIMPLE, content, notes), kind="", told=SIMPLE, found_by="cosign-tag")
    async with FakeRegistry() as server:
        options = SignatureOptions(trusted(tmp_path, elsewhere=THERE))
        source = SignatureSource(options, lambda host: shelf, now=lambda: NOW, opener=lambda host: opening(server))
        assert await judged(source, (beside,)) == ((), "")


async def test_a_repository_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    async with FakeRegistry(auth="basic") as server:
        options = SignatureOptions(trusted(tmp_path, elsewhere=THERE))
        source = SignatureSource(options, lambda host: Shelf(), now=lambda: NOW, opener=lambda host: opening(server))
        outcomes, error = await judged(source)
        assert outcomes == ()
        assert error.startswith(f"Signatures in {THERE}: ")
    source = SignatureSource(options, lambda host: Shelf(), now=lambda: NOW)
    assert "is not asked" in (await judged(source))[1]


async def test_signatures_there_are_looked_for_again(tmp_path: Path) -> None:
    moment: datetime = NOW
    async with FakeRegistry() as server:
        options = SignatureOptions(trusted(tmp_path, elsewhere=THERE))
        source = SignatureSource(
            options, lambda host: Shelf(), now=lambda: moment, watch=0.01, opener=lambda host: opening(server)
        )
        source.examine((asking(DIGEST),))
        async with listening(source) as listener:
            await listener.until(lambda: bool(listener.verified))
            assert listener.verified[0].outcomes == ()
            sign_there(server)
            moment += AGAIN + timedelta(seconds=1)
            await listener.until(lambda: len(listener.verified) > 1)
            assert listener.verified[1].outcomes[0].verdict is Verdict.VALID


async def test_a_trusted_root_is_read_from_its_file_and_read_again(tmp_path: Path) -> None:
    shelf = Shelf()
    attached = shelf.attach((BUNDLE, OURS.bundle(KEY, OURS.issue(KEY)), {}), kind=BUNDLE)
    source = SignatureSource(SignatureOptions(trusted(tmp_path)), lambda host: shelf, now=lambda: NOW, watch=0.01)
    source.examine((asking(DIGEST, attached),))
    async with listening(source) as listener:
        await listener.until(lambda: bool(listener.verified))
        assert listener.verified[0].outcomes[0].verdict is Verdict.VALID
        (tmp_path / "trusted_root.json").write_bytes(Instance("fabrikam").trusted_root())
        await listener.until(lambda: len(listener.verified) > 1)
        outcome = listener.verified[1].outcomes[0]
        assert (outcome.verdict, outcome.reason) == (Verdict.INCONCLUSIVE, Reason.UNTRUSTED)


@pytest.mark.parametrize("content", [b"junk", json.dumps({"mediaType": "x"}).encode(), None], ids=["junk", "other", "missing"])
async def test_a_trusted_root_that_cannot_be_read_trusts_nobody_and_is_told(tmp_path: Path, content: bytes | None) -> None:
    options = SignatureOptions(trusted(tmp_path))
    (tmp_path / "trusted_root.json").unlink()
    if content is not None:
        (tmp_path / "trusted_root.json").write_bytes(content)
    shelf = Shelf()
    attached = shelf.attach((BUNDLE, OURS.bundle(KEY, OURS.issue(KEY)), {}), kind=BUNDLE)
    source = SignatureSource(options, lambda host: shelf, now=lambda: NOW)
    outcomes, _ = await judged(source, (attached,))
    assert outcomes[0].verdict is Verdict.INCONCLUSIVE
    lines = [line for line in await tried(source.diagnose()) if line.state == "failed"]
    assert len(lines) == 1
    assert "trusted_root.json" in lines[0].detail
