"""The check `signature`: what covers an image, which outcome decides, and that what was not looked at is never unsigned."""

from __future__ import annotations

import pytest

from tests.domain.world import NOW, A, World, check, image, running
from tui.domain.events import (
    HealthChanged,
    SignaturesVerified,
    SourceHealth,
    SourceKind,
    SourceState,
    TagsListed,
)
from tui.domain.image import RepositoryName, Tag
from tui.domain.policy import Policy, Rules
from tui.domain.signature import Outcome, Reason, SignatureSystem, Verdict
from tui.domain.trust import Check, CheckName, State
from tui.domain.wanted import wanted

NAME = RepositoryName(A, "app")
SIGNER = "CN=builder,O=Contoso,C=US"


def outcome(verdict: Verdict, reason: Reason = Reason.NONE, sentence: str = "it is so", signer: str = SIGNER) -> Outcome:
    return Outcome(SignatureSystem.NOTATION, verdict, sentence, reason, signer=signer, scheme="notary.x509")


GOOD = outcome(Verdict.VALID)
BAD = outcome(Verdict.INVALID, Reason.UNTRUSTED, "certificate chain does not contain any trusted certificate")


class Signed(World):
    """A world whose signatures are looked for."""

    def __init__(self, state: SourceState = SourceState.OK) -> None:
        super().__init__()
        self.tell(HealthChanged(SourceHealth("signatures", SourceKind.SIGNATURES, state, self.clock, error="it broke")))

    def looked(self, subject: str, *outcomes: Outcome, error: str = "") -> None:
        """A manifest was looked at."""
        self.tell(SignaturesVerified("signatures", NAME, subject, outcomes, self.clock, error=error))

    def used(self, subject: str) -> None:
        """Something runs it."""
        self.node("n1")
        self.run("prod/app", f"{NAME}@{subject}", f"{NAME}@{subject}")

    def said(self, subject: str, rules: Rules | None = None) -> Check:
        """What the check says of an image."""
        policy = Policy("test", rules) if rules is not None else None
        return check(image(self.snapshot(policy), subject), CheckName.SIGNATURE)


def judged(*outcomes: Outcome, rules: Rules | None = None, error: str = "") -> Check:
    """The check of an image of one manifest that runs and was looked at."""
    world = Signed()
    subject = world.manifest(str(NAME), "x", "1")
    world.used(subject)
    world.looked(subject, *outcomes, error=error)
    return world.said(subject, rules)


@pytest.mark.parametrize(
    ("outcomes", "state", "words"),
    [
        ((GOOD,), State.PASS, f"Signed by {SIGNER} (notation, on the image), verified."),
        ((outcome(Verdict.VALID_WITH_WARNINGS, Reason.EXPIRED),), State.WARN, "accepted with a warning: it is so."),
        ((), State.FAIL, "No signature was found."),
        ((BAD,), State.FAIL, "does not contain any trusted certificate (notation, notary.x509, by CN=builder"),
        ((BAD, BAD), State.FAIL, "None of its 2 signatures verifies"),
        ((BAD, GOOD), State.PASS, "verified"),
        ((outcome(Verdict.INCONCLUSIVE, Reason.PLUGIN_REQUIRED),), State.UNKNOWN, "it cannot be told whether rightly"),
        ((outcome(Verdict.NO_POLICY, Reason.NO_POLICY),), State.UNKNOWN, "nothing says whom to trust"),
        ((BAD, outcome(Verdict.NO_POLICY, Reason.NO_POLICY)), State.FAIL, "None of its 2 signatures verifies"),
        ((outcome(Verdict.SKIPPED, Reason.SKIPPED),), State.OFF, "The trust policy does not ask"),
        ((BAD, outcome(Verdict.SKIPPED, Reason.SKIPPED)), State.FAIL, "None of its 2 signatures verifies"),
    ],
    ids=str,
)
def test_one_good_signature_is_enough_and_the_best_one_decides(outcomes: tuple[Outcome, ...], state: State, words: str) -> None:
    found = judged(*outcomes)
    assert found.state is state
    assert words in found.reason
    assert bool(found.brief) is (state in (State.FAIL, State.WARN, State.UNKNOWN))


def test_a_search_that_was_not_whole_is_never_unsigned() -> None:
    found = judged(error="what is attached to app cannot be read: no right")
    assert (found.state, found.brief) == (State.UNKNOWN, "signatures not read")
    assert "no right" in found.reason
    assert judged(GOOD, error="one of two could not be fetched").state is State.PASS


def test_what_runs_and_was_not_looked_at_is_unknown_and_what_nothing_runs_is_not_asked() -> None:
    world = Signed()
    subject = world.manifest(str(NAME), "x", "1")
    assert world.said(subject).state is State.OFF
    world.used(subject)
    assert world.said(subject).state is State.UNKNOWN
    assert "not been looked for yet" in world.said(subject).reason


@pytest.mark.parametrize("state", [SourceState.FAILED, SourceState.OFF])
def test_a_source_that_is_lost_turns_what_it_said_to_unknown(state: SourceState) -> None:
    world = Signed(state)
    subject = world.manifest(str(NAME), "x", "1")
    world.used(subject)
    world.looked(subject, GOOD)
    found = world.said(subject)
    assert found.state is State.UNKNOWN
    assert "it broke" in found.reason


def test_without_any_source_nothing_is_known() -> None:
    world = World()
    subject = world.manifest(str(NAME), "x", "1")
    world.node("n1")
    world.run("prod/app", f"{NAME}@{subject}", f"{NAME}@{subject}")
    found = check(image(world.snapshot(), subject), CheckName.SIGNATURE)
    assert (found.state, "No source of signatures" in found.reason) == (State.UNKNOWN, True)


def test_an_index_covers_its_platforms_and_a_platform_only_itself() -> None:
    world = Signed()
    index = world.index(str(NAME), "x", "1")
    (amd, arm) = image(world.snapshot(), index).digests[1:]
    world.used(index)
    world.looked(index, GOOD)
    assert "on the index" in world.said(index).reason  # the platforms need not have been looked at
    world.looked(index)
    world.looked(amd, GOOD)
    assert world.said(index).state is State.UNKNOWN  # the other one was not looked at
    world.looked(arm, BAD)
    partly = world.said(index)
    assert (partly.state, partly.brief) == (State.FAIL, "partly signed")
    assert "Only 1 of its 2 platforms" in partly.reason
    world.looked(arm, GOOD, outcome(Verdict.INVALID))
    assert (world.said(index).state, "each of them" in world.said(index).reason) == (State.PASS, True)


def test_the_policy_may_want_particular_signers() -> None:
    wanted = Rules(signers=("CN=release,*",))
    refused = judged(GOOD, rules=wanted)
    assert (refused.state, refused.brief) == (State.FAIL, "wrong signer")
    assert "CN=release,*" in refused.reason
    assert judged(GOOD, outcome(Verdict.VALID, signer="CN=release,O=Contoso"), rules=wanted).state is State.PASS


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason not in (Reason.NONE, Reason.SKIPPED)])
def test_whatever_a_signature_is_refused_for_there_is_a_next_step(reason: Reason) -> None:
    assert judged(outcome(Verdict.INVALID, reason)).remedy.endswith(".")


def test_the_policy_says_how_bad_it_is_or_does_not_ask() -> None:
    lenient = Rules(unsigned=State.WARN, unverified=State.OFF)
    assert judged(rules=lenient).state is State.WARN
    assert judged(BAD, rules=lenient).state is State.OFF
    assert judged(BAD, rules=Rules(unsigned=State.OFF, unverified=State.OFF)).reason == "The policy asks for no signatures."


def test_docker_content_trust_is_named_and_decides_nothing() -> None:
    # The attribute `signed` of a tag in ACR's own list (Azure/acr-cli acr/models.go).
    world = Signed()
    subject = world.manifest(str(NAME), "x", "1")
    world.used(subject)
    world.looked(subject)
    world.tell(TagsListed(f"registry/{A}", NAME, (Tag("1", subject, signed=True),), True, NOW))
    found = world.said(subject)
    assert found.state is State.FAIL
    assert "retired 2028-03-31, not verified" in found.reason


def test_images_show_what_was_found_on_each_of_their_digests() -> None:
    world = Signed()
    index = world.index(str(NAME), "x", "1")
    world.looked(index, GOOD)
    assert [each.subject for each in image(world.snapshot(), index).signatures] == [index]


def test_what_runs_and_what_it_stands_on_is_searched_but_not_bases_in_registries_of_everybody() -> None:
    world = World()
    says = {"org.opencontainers.image.base.name": f"{A}/base/debian:12"}
    public = {"org.opencontainers.image.base.name": "docker.io/library/node:22"}
    for name, said in (("app", says), ("web", public)):
        subject = world.manifest(f"{A}/{name}", name, "1", says=said)
        world.pod(f"prod/{name}", running(f"{A}/{name}:1", f"{A}/{name}@{subject}"))
    asked = {
        f"{each.name}:{each.reference}": each.referrers
        for each in wanted(world.inventory().freeze())
        if ":" not in each.reference
    }
    assert asked == {f"{A}/app:1": True, f"{A}/web:1": True, f"{A}/base/debian:12": True, "docker.io/library/node:22": False}
