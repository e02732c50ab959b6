"""Signatures of the demo's images, judged by the program's own verifier: each is worth what its case says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from tests.demo.test_content import NOW, company
from tui.demo.content import Stored
from tui.demo.estate.images_on_nodes import split
from tui.demo.estate.signed import CASES, SigningMethod
from tui.demo.registry_contents import Repository
from tui.demo.signing.cosign import simple_tag
from tui.demo.signing.revocation import revocation_list
from tui.demo.trust import write_cosign_keys, write_trust
from tui.domain.facts.signature import Outcome, Reason, Verdict
from tui.sources.signatures.stores import read_policy, read_stores
from tui.verification.cosign.bundle_judge import verify_bundle
from tui.verification.cosign.keys import CosignPolicy, load_key
from tui.verification.cosign.simple import signature_of_layer, verify_simple
from tui.verification.notation.judge import judge
from tui.verification.notation.payload import Target
from tui.verification.notation.static import parse_envelope

CONTOSO = "contoso.azurecr.io"


class Verifier:
    """Looks at images as the program does, with the demo's trust policy and keys."""

    def __init__(self, directory: Path) -> None:
        signers, shelves = company().signers, company().yard.shelves
        folder = write_trust(directory, signers, shelves.values())
        self.policy = read_policy(folder)
        self.stores = read_stores(folder, self.policy, NOW)
        self.keys = tuple(load_key(name, path.read_bytes()) for name, path in write_cosign_keys(directory, signers).items())

    def outcomes(self, reference: str) -> list[Outcome]:
        """One for each signature of an image, on what its tag names or on one of its platforms."""
        name, tag = split(reference)
        host, _, repository = name.partition("/")
        there = company().yard.shelf(host).repositories[repository]
        row = there.find(tag)
        assert row is not None
        subjects = [row.stored, *(there.rows[str(child["digest"])].stored for child in row.stored.children)]
        return [outcome for subject in subjects for outcome in self._outcomes(name, there, subject)]

    def _outcomes(self, name: str, there: Repository, subject: Stored) -> Iterator[Outcome]:
        cosign = CosignPolicy(keys=self.keys)
        target = Target(subject.media_type, subject.digest, len(subject.body))
        for found in there.referrers(subject.digest):
            (layer,) = json.loads(found.body)["layers"]
            body, media_type = there.blobs[layer["digest"]], layer["mediaType"]
            if "notary" in (found.artifact_type or found.config_media_type):
                yield judge(parse_envelope(body, media_type), target, self.policy.select(name), self.stores, NOW)
            elif "sigstore.bundle" in found.artifact_type:
                yield verify_bundle(body, subject.digest, cosign)
        if (row := there.find(simple_tag(subject.digest))) is not None:
            (layer,) = json.loads(row.stored.body)["layers"]
            signature = signature_of_layer(layer["mediaType"], there.blobs[layer["digest"]], layer["annotations"])
            yield verify_simple(signature, subject.digest, name, cosign)


@pytest.fixture(scope="module")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Verifier:
    """One for all tests."""
    return Verifier(tmp_path_factory.mktemp("trust"))


@pytest.mark.parametrize(
    ("reference", "agent"),
    [
        ("payments/api:1.14.2", "notation"),
        ("checkout/cart:5.1.2", "notation"),
        ("data/etl:20.6", "notation"),
        ("base/python:3.12.11", "notation"),
        ("identity/tokens:3.2.1", ""),
        ("search/api:6.2.3", ""),
        ("catalog/media:2.7.1", "notation"),
    ],
)
def test_most_images_are_signed_well_each_team_in_its_way(verifier: Verifier, reference: str, agent: str) -> None:
    (outcome,) = verifier.outcomes(f"{CONTOSO}/{reference}")
    assert outcome.verdict is Verdict.VALID, outcome.sentence
    assert outcome.agent.startswith(agent)


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("checkout/tax:1.9.3", Reason.EXPIRED),
        ("data/reports:7.8.0", Reason.TIMESTAMP_MISSING),
        ("loyalty/campaigns:1.4.2", Reason.IDENTITY_MISMATCH),
        ("fulfilment/labels:2.2.4", Reason.SIGNATURE_MISMATCH),
        ("notify/sms:3.0.2", Reason.WRONG_SUBJECT),
        ("notify/mailer:3.1", Reason.WRONG_KEY),
        ("vendor/chat:12", Reason.UNTRUSTED),
    ],
)
def test_each_bad_signature_is_bad_for_its_own_reason(verifier: Verifier, reference: str, reason: Reason) -> None:
    (outcome,) = verifier.outcomes(f"{CONTOSO}/{reference}")
    assert (outcome.verdict, outcome.reason) == (Verdict.INVALID, reason), outcome.sentence


def test_a_time_stamp_outlives_the_certificate(verifier: Verifier) -> None:
    (outcome,) = verifier.outcomes(f"{CONTOSO}/data/etl:20.5")
    assert outcome.chain[0].not_after < NOW
    assert outcome.timestamp is not None
    assert outcome.timestamp.trusted
    assert outcome.verdict is Verdict.VALID, outcome.sentence


def test_one_good_signature_beside_a_bad_one(verifier: Verifier) -> None:
    verdicts = {outcome.verdict for outcome in verifier.outcomes(f"{CONTOSO}/payments/gateway:4.4.0")}
    assert verdicts == {Verdict.VALID, Verdict.INVALID}


def test_an_import_carries_the_signature_along_under_the_old_name(verifier: Verifier) -> None:
    (outcome,) = verifier.outcomes("fabrikam.azurecr.io/mirror/toolbox:1.6")
    assert (outcome.verdict, outcome.reason) == (Verdict.VALID_WITH_WARNINGS, Reason.REFERENCE_MOVED)


def test_other_owners_have_statements_of_their_own(verifier: Verifier) -> None:
    (carrier,) = verifier.outcomes("fabrikam.azurecr.io/logistics/tracker:3.5")
    (upstream,) = verifier.outcomes("mcr.microsoft.com/oss/kubernetes/coredns:v1.12.1")
    (old,) = verifier.outcomes("legacy.contoso.example/erp/server:2019.4")
    assert [one.statement for one in (carrier, upstream, old)] == ["fabrikam", "microsoft", "legacy"]
    assert [one.verdict for one in (carrier, upstream, old)] == [Verdict.VALID, Verdict.VALID, Verdict.VALID_WITH_WARNINGS]


def test_the_old_server_lists_what_refers_to_an_image_by_tag() -> None:
    there = company().yard.shelf("legacy.contoso.example").repositories["erp/server"]
    row = there.find("2019.4")
    assert row is not None
    listed = there.find(row.stored.digest.replace(":", "-"))
    assert listed is not None
    kinds = {child["artifactType"] for child in json.loads(listed.stored.body)["manifests"]}
    assert "application/vnd.cncf.notary.signature" in kinds


@pytest.mark.parametrize("reference", [name for name, way in CASES.items() if way is SigningMethod.NONE])
def test_some_images_have_no_signature(verifier: Verifier, reference: str) -> None:
    assert verifier.outcomes(reference) == []


def test_a_revoked_certificate_is_on_the_list_that_it_names_and_its_neighbour_is_not(verifier: Verifier) -> None:
    """The lists are fetched when the estate runs; here nobody asks, and that is said."""
    for reference in ("ml/ranker:0.44", "ml/features:0.15.2"):
        (outcome,) = verifier.outcomes(f"{CONTOSO}/{reference}")
        assert (outcome.verdict, outcome.reason) == (Verdict.INCONCLUSIVE, Reason.REVOCATION_OFFLINE), outcome.sentence
    signers = company().signers
    listed = x509.load_der_x509_crl(revocation_list(signers, NOW))
    serials = [x509.load_der_x509_certificate(one.chain[0]).serial_number for one in (signers.revoked, signers.listed)]
    assert [listed.get_revoked_certificate_by_serial_number(serial) is not None for serial in serials] == [True, False]
    authority = x509.load_der_x509_certificate(signers.authority.anchor).public_key()
    assert isinstance(authority, ec.EllipticCurvePublicKey)
    assert listed.is_signature_valid(authority)
