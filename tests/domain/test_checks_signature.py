"""The check `signature`: what covers an image, which outcome decides, and that what was not looked at is never unsigned."""

from __future__ import annotations

import msgspec
import pytest

from tests.domain.world import ARM, NOW, A, World, check, image, running
from tui.domain.assemble.demands import DemandJoin
from tui.domain.assemble.wanted_signatures import unlooked
from tui.domain.checks.containers import image_checks
from tui.domain.common.trust import Check, CheckName, State
from tui.domain.facts.events import (
    AbsenceKind,
    HealthChanged,
    ReferrersListed,
    SignaturesVerified,
    SourceHealth,
    SourceId,
    SourceKind,
    SourceState,
    TagsListed,
)
from tui.domain.facts.image import RepositoryName, Tag
from tui.domain.facts.patterns import parse_pattern
from tui.domain.facts.signature import Outcome, Reason, SignatureSystem, Verdict
from tui.domain.policy.policy import Policy, Rules
from tui.domain.query.query import parse_query
from tui.domain.snapshot.snapshot import ImageKey, Snapshot, Workload

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
        self.tell(HealthChanged(SourceHealth(SourceId(SourceKind.SIGNATURES), state, self.clock, error="it broke")))

    def looked(self, subject: str, *outcomes: Outcome, error: str = "") -> None:
        """A manifest was looked at."""
        self.tell(SignaturesVerified(SourceId(SourceKind.SIGNATURES), NAME, subject, outcomes, self.clock, error=error))

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
        ((outcome(Verdict.INCONCLUSIVE, Reason.PLUGIN_REQUIRED),), State.UNKNOWN, "whether the signature is valid is not known"),
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


def test_nobody_is_told_to_sign_what_nobody_knows() -> None:
    remedy = judged().remedy
    assert remedy.startswith("Find out first who built and pushed it")
    assert remedy.index("If it is what it should be") < remedy.index("notation sign")


def test_a_signature_that_ends_soon_is_worth_a_warning_unless_another_one_stays() -> None:
    soon = msgspec.structs.replace(GOOD, ending="the signature expires 2026-01-01 00:40 UTC")
    found = judged(soon)
    assert (found.state, found.brief) == (State.WARN, "signature ends soon")
    assert "verified, but the signature expires 2026-01-01 00:40 UTC." in found.reason
    assert found.remedy.startswith("Sign it again before then.")
    assert judged(soon, GOOD).state is State.PASS


def test_a_search_that_was_not_whole_is_never_unsigned() -> None:
    found = judged(error="what is attached to app cannot be read: no right")
    assert (found.state, found.brief) == (State.UNKNOWN, "signatures not read")
    assert "no right" in found.reason
    assert judged(GOOD, error="one of two could not be fetched").state is State.PASS


def test_what_nothing_runs_is_not_exempt() -> None:
    world = Signed()
    subject = world.manifest(str(NAME), "x", "1")
    assert world.said(subject).state is State.UNKNOWN
    assert "nothing that is known runs it" in world.said(subject).reason
    assert world.said(subject, Rules(unsigned=State.OFF, unverified=State.OFF)).state is State.OFF
    world.looked(subject)
    assert world.said(subject).state is State.FAIL


def test_what_runs_and_was_not_looked_at_says_why() -> None:
    world = Signed()
    subject = world.manifest(str(NAME), "x", "1")
    world.used(subject)
    assert world.said(subject).state is State.UNKNOWN
    assert "not been looked for yet" in world.said(subject).reason
    world.tell(ReferrersListed(SourceId(SourceKind.REGISTRY, A), NAME, subject, (), world.clock, "it answers 500"))
    assert "it answers 500." in world.said(subject).reason
    world.fail(str(NAME), subject, AbsenceKind.DENIED, "no right to read it")
    assert world.said(subject).state is State.UNKNOWN


@pytest.mark.parametrize("desired", [0, 3])
def test_what_would_run_is_looked_at_and_nothing_is_complete_before(desired: int) -> None:
    world = Signed()
    subject = world.manifest(str(NAME), "x", "1")
    world.health(SourceId(SourceKind.CLUSTER, "lab"))
    world.health(SourceId(SourceKind.REGISTRY, A), identity="me")
    world.deployment("prod/app", f"{NAME}:1", desired)
    assert any(demand.referrers for demand in DemandJoin().of(world.inventory().freeze()) if demand.reference == "1")
    assert "not been looked for yet" in world.said(subject).reason
    assert not world.snapshot().complete
    assert [
        wish.reference for wishes in unlooked(world.snapshot(), (ImageKey(A, "app", subject),), ()).values() for wish in wishes
    ] == [subject]
    world.looked(subject)
    assert world.said(subject).state is State.FAIL
    assert world.snapshot().complete
    assert not unlooked(world.snapshot(), world.snapshot().images, ())


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


# What a pod names, what is signed, and the answer: notation and cosign resolve the reference to a digest, and look at that alone
# (notation-go `Verify`: `repo.Resolve`, then `ListSignatures` of that descriptor; cosign `ResolveDigest`, then `SignatureTag`).
NAMES = [
    # named by            reported as  signed            state         words
    ("tag of the index", "index", ("index",), State.PASS, "on the index"),
    ("tag of the index", "index", ("amd", "arm"), State.FAIL, "2 of its 2 platforms are signed, but the name gives the index"),
    ("tag of the index", "index", ("amd",), State.FAIL, "1 of its 2 platforms is signed"),
    ("tag of the index", "index", (), State.FAIL, "No signature was found on the index."),
    ("tag of the index", "amd", ("index",), State.PASS, "on the index"),
    ("tag of the index", "amd", ("amd", "arm"), State.FAIL, "notation verify and cosign verify look at that alone, and refuse"),
    ("digest of the index", "index", ("index",), State.PASS, "on the index"),
    ("digest of the index", "index", ("amd", "arm"), State.FAIL, "the name gives the index"),
    ("digest of the index", "amd", ("amd", "arm"), State.FAIL, "the name gives the index"),
    ("digest of a platform", "amd", ("amd",), State.PASS, "on the platform linux/amd64"),
    ("digest of a platform", "amd", ("index", "arm"), State.FAIL, "No signature was found on the platform linux/amd64."),
    ("digest of a platform", "amd", ("index",), State.FAIL, "Another digest of it is signed"),
    ("digest of a platform", "index", ("amd",), State.PASS, "on the platform linux/amd64"),
    ("tag of a platform", "amd", ("amd",), State.PASS, "on the platform linux/amd64"),
    ("tag of a platform", "amd", ("index",), State.FAIL, "on the platform linux/amd64"),
]


def indexed(world: World) -> dict[str, str]:
    """An index of two platforms, one of which has a tag of its own: digests by a short name."""
    index = world.index(str(NAME), "x", "1")
    amd, arm = image(world.snapshot(), index).digests[1:]
    world.tag(str(NAME), amd, "1-amd64")
    return {"index": index, "amd": amd, "arm": arm}


def reference(named: str, digests: dict[str, str]) -> str:
    """What the spec says."""
    written = {
        "tag of the index": ":1",
        "tag of a platform": ":1-amd64",
        "digest of the index": f"@{digests['index']}",
        "digest of a platform": f"@{digests['amd']}",
    }
    return f"{NAME}{written[named]}"


@pytest.mark.parametrize(("named", "reported", "signed", "state", "words"), NAMES)
@pytest.mark.parametrize("started", [True, False])
def test_the_digest_that_the_name_gives_must_be_signed(
    named: str, reported: str, signed: tuple[str, ...], state: State, words: str, started: bool
) -> None:
    world = Signed()
    digests = indexed(world)
    for name, subject in digests.items():
        world.looked(subject, *((GOOD,) if name in signed else ()))
    world.node("n1")
    world.run("prod/app", reference(named, digests), *([f"{NAME}@{digests[reported]}"] if started else []))
    snapshot = world.snapshot()
    found = check(image(snapshot, digests["index"]), CheckName.SIGNATURE)
    assert (found.state, words in found.reason) == (state, True), found.reason
    (workload,) = snapshot.workloads.values()
    assert (workload.verdict is State.FAIL) is (state is State.FAIL or workload.containers[0].checks[0].state is State.FAIL)


def test_each_container_is_judged_by_its_own_name() -> None:
    world = Signed()
    digests = indexed(world)
    world.looked(digests["index"])
    for name in ("amd", "arm"):
        world.looked(digests[name], GOOD)
    world.node("n1")
    for workload, named in (("pinned", "digest of a platform"), ("tagged", "tag of the index")):
        world.run(f"prod/{workload}", reference(named, digests), f"{NAME}@{digests['amd']}")
    snapshot = world.snapshot(Policy("test", Rules(trusted=(parse_pattern(A),), max_age=0)))
    assert check(image(snapshot, digests["index"]), CheckName.SIGNATURE).state is State.FAIL
    states = {
        key.name: next(each.state for each in image_checks_of(workload, snapshot) if each.name is CheckName.SIGNATURE)
        for key, workload in snapshot.workloads.items()
    }
    assert states == {"pinned": State.PASS, "tagged": State.FAIL}
    rows = parse_query("is:unsigned").images(snapshot, NOW)
    assert {key.name for key in rows.workloads} == {"tagged"}


def image_checks_of(workload: Workload, snapshot: Snapshot) -> list[Check]:
    """What decides about the one container of a workload."""
    (container,) = workload.containers
    return [*container.checks, *image_checks(container, snapshot.images)]


def test_a_platform_that_a_signed_and_an_unsigned_index_hold_is_judged_by_the_one_that_the_tag_names() -> None:
    world = Signed()
    old = world.index(str(NAME), "x", "1")
    amd = image(world.snapshot(), old).digests[1]
    evil = world.index(str(NAME), "x", "2", contents={ARM: "y"})
    world.looked(old, GOOD)
    for subject in (evil, amd):
        world.looked(subject)
    world.node("n1")
    world.run("prod/app", f"{NAME}:2", f"{NAME}@{amd}")
    snapshot = world.snapshot()
    (workload,) = snapshot.workloads.values()
    (found,) = [each for each in image_checks_of(workload, snapshot) if each.name is CheckName.SIGNATURE]
    assert found.state is State.FAIL


def test_the_policy_may_want_particular_signers() -> None:
    wanted = Rules(signers=("CN=release,*",))
    refused = judged(GOOD, rules=wanted)
    assert (refused.state, refused.brief) == (State.FAIL, "wrong signer")
    assert "CN=release,*" in refused.reason
    assert judged(GOOD, outcome(Verdict.VALID, signer="CN=release,O=Contoso"), rules=wanted).state is State.PASS


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason not in (Reason.NONE, Reason.SKIPPED)])
def test_whatever_a_signature_is_refused_for_there_is_a_next_step(reason: Reason) -> None:
    assert judged(outcome(Verdict.INVALID, reason)).remedy.endswith(".")


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (Reason.UNTRUSTED, "trusted_root under [signatures]"),
        (Reason.IDENTITY_MISMATCH, "identities under [signatures]"),
        (Reason.NO_KEY, "trusted_root"),
        (Reason.MISSING_EXTRA, "trusted_root"),
        (Reason.WRONG_SUBJECT, "Do not run it"),
    ],
)
def test_what_cosign_signed_is_mended_in_its_own_settings(reason: Reason, words: str) -> None:
    by_cosign = Outcome(SignatureSystem.COSIGN, Verdict.INCONCLUSIVE, "it is so", reason)
    assert words in judged(by_cosign).remedy


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
    world.tell(TagsListed(SourceId(SourceKind.REGISTRY, A), NAME, (Tag("1", subject, signed=True),), True, NOW))
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
        for each in DemandJoin().of(world.inventory().freeze())
        if ":" not in each.reference
    }
    assert asked == {f"{A}/app:1": True, f"{A}/web:1": True, f"{A}/base/debian:12": True, "docker.io/library/node:22": False}
