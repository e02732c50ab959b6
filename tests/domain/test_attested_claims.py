"""Who built an image by its attestations: what is verified counts, what is not is told and runs nothing."""

from __future__ import annotations

import itertools
from datetime import timedelta

import msgspec
import pytest

from tests.domain.estates import ACR, NOW
from tests.domain.plans import kit
from tests.domain.test_attribution import basis_of
from tests.domain.test_build_claims import GITHUB, JENKINS_LABEL, JOB, JOBS, LINE, PROVENANCE, image
from tests.domain.world import World, trusting
from tui.domain.assemble.assemble import Assembler
from tui.domain.builds.attribution import attributions
from tui.domain.builds.claimed import deciding
from tui.domain.facts.build_claim import BuildClaim, ClaimedBy
from tui.domain.facts.build_events import JobsSeen, builder_source
from tui.domain.facts.events import SignaturesVerified, SourceHealth, SourceId, SourceKind, SourceState
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.inventory.inventory import Inventory
from tui.domain.facts.signature import Verdict
from tui.domain.plans.builders import ChosenJob, NoJob, choose_job
from tui.domain.snapshot.snapshot import Confidence

DOUBT = "no configured key verifies this signature"
VERIFIED = msgspec.structs.replace(PROVENANCE, by=ClaimedBy.ATTESTATION, signer="release.pub")
DOUBTED = msgspec.structs.replace(PROVENANCE, by=ClaimedBy.ATTESTATION, doubt=DOUBT)
UNREAD = BuildClaim(ClaimedBy.ATTESTATION, doubt="it cannot be read: the registry does not answer")


def test_a_verified_attestation_says_who_builds_it_and_who_signed_that() -> None:
    subject = image(VERIFIED)
    (attribution,) = attributions(subject, JOBS, ())
    assert (attribution.confidence, attribution.basis) == (Confidence.LIKELY, "provenance")
    assert attribution.note.startswith("Its attestation, signed by release.pub and verified, names the GitHub workflow")
    chosen = choose_job(kit.world([subject], jobs=JOBS), subject.key)
    assert isinstance(chosen, ChosenJob)
    assert chosen.warnings[0] == "Only its attestation, signed by release.pub and verified, says that this job builds it."


@pytest.mark.parametrize("verdict", [None, Verdict.VALID])
def test_one_that_is_not_verified_starts_no_job_and_is_told_with_the_line_that_would_confirm_it(verdict: Verdict | None) -> None:
    """Neither does a good signature of the image: it does not cover what is attached."""
    subject = image(DOUBTED, verdict=verdict)
    assert attributions(subject, JOBS, ()) == ()
    chosen = choose_job(kit.world([subject], jobs=JOBS), subject.key)
    assert isinstance(chosen, NoJob)
    assert f"Its attestation, which is not verified ({DOUBT}), names the GitHub workflow {JOB}" in chosen.reason
    assert f'{LINE}"{JOB}"' in chosen.remedy


@pytest.mark.parametrize(
    ("claims", "counting"),
    [
        ((VERIFIED, JENKINS_LABEL), (VERIFIED,)),
        ((DOUBTED, JENKINS_LABEL), (DOUBTED, JENKINS_LABEL)),
        ((UNREAD, JENKINS_LABEL), (JENKINS_LABEL,)),
        ((UNREAD,), ()),
        ((DOUBTED, VERIFIED), (VERIFIED,)),
    ],
)
def test_what_is_verified_counts_alone(claims: tuple[BuildClaim, ...], counting: tuple[BuildClaim, ...]) -> None:
    assert deciding(image(*claims)) == counting


def test_one_that_cannot_be_read_names_nothing() -> None:
    subject = image(UNREAD)
    chosen = choose_job(kit.world([subject], jobs=JOBS), subject.key)
    assert isinstance(chosen, NoJob)
    assert chosen.reason == "No job is known to build it."


def test_it_joins_the_job_when_it_is_verified_and_speaks_for_the_image_that_it_is_about_alone() -> None:
    estate = World()
    index = estate.index(f"{ACR}/api", "abc", "1", attested=True)
    inventory, assembler = Inventory(), Assembler()
    for event in (*estate.events, JobsSeen(builder_source(GITHUB, "gh"), 1, (JOBS[0],))):
        inventory.apply(event)
    images = assembler.assemble(inventory.freeze(), trusting((ACR,)), NOW).images
    key = next(key for key in images if key.digest == index)
    platform, hours = images[key].digests[1], itertools.count(1)

    def told(subject: str, claim: BuildClaim) -> list[tuple[str, str]]:
        source, name = SourceId(SourceKind.SIGNATURES), key.name
        at = NOW + timedelta(hours=next(hours))
        inventory.apply(SignaturesVerified(source, name, subject, (), at, built_by=(claim,)))
        return basis_of(assembler.assemble(inventory.freeze(), trusting((ACR,)), NOW).builders.get(key, ()))

    assert told(platform, VERIFIED) == []
    assert told(index, DOUBTED) == []
    assert told(index, VERIFIED) == [(JOB, "provenance")]
    assert told(index, DOUBTED) == []


def test_however_much_is_attached_it_takes_no_other_claims_place() -> None:
    estate = World()
    digest = estate.manifest(
        f"{ACR}/api", "abc", "1", labels={"org.opencontainers.image.source": "https://github.com/contoso/api"}
    )
    many = tuple(msgspec.structs.replace(DOUBTED, run=str(number)) for number in range(40))
    estate.tell(
        SignaturesVerified(
            SourceId(SourceKind.SIGNATURES), RepositoryName(ACR, "api"), digest, (), NOW, built_by=(*many, VERIFIED)
        )
    )
    (found,) = (each for each in estate.snapshot().images.values() if each.key.digest == digest)
    assert [claim.by for claim in found.built_by[:2]] == [ClaimedBy.ATTESTATION, ClaimedBy.LABEL]
    assert found.built_by[0] == VERIFIED


@pytest.mark.parametrize(
    ("state", "words"), [(SourceState.FAILED, "was not read"), (SourceState.PARTIAL, "was read in part"), (SourceState.OK, "")]
)
def test_what_a_builder_left_untold_may_be_the_job(state: SourceState, words: str) -> None:
    builder = SourceHealth(SourceId(SourceKind.BUILDER, "jenkins/ci"), state, error="Jenkins describes run 2 in another form")
    subject = image()
    chosen = choose_job(kit.world([subject], sources=(builder,)), subject.key)
    assert isinstance(chosen, NoJob)
    told = f", and jenkins/ci {words}: Jenkins describes run 2 in another form." if words else "."
    assert chosen.reason == f"No job is known to build it{told}"
