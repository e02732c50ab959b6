"""The impostor rule: it sees what took a name, and says nothing of releases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.domain.world import MANIFEST_TYPE, NOW, World, check, container, digest, running
from tui.domain.common.trust import CheckName, State
from tui.domain.facts.events import ControllersSeen, Event, ManifestsListed, SignaturesVerified, SourceId, SourceKind, SourceState
from tui.domain.facts.image import HistoryEntry, ManifestListing, RepositoryName
from tui.domain.facts.signature import Outcome, Reason, SignatureSystem, StepName, StepState, Verdict, VerificationStep
from tui.domain.facts.workload import ContainerType, ObjectKey, OwnerRef, Resource, TemplateContainer
from tui.domain.policy.policy import Policy
from tui.domain.policy.rules import Rules
from tui.domain.snapshot.snapshot import ImageKey
from tui.domain.workloads import history
from tui.domain.workloads.impostor import Observation, builder_of, compare, shape_of

DOCKERFILE = frozenset({"RUN pip install", "COPY app /app", 'CMD ["app"]', "ENV A=b"})
OTHER = frozenset({"ADD miner /", "ENTRYPOINT miner"})


def seen(
    families: str = "debian python",
    steps: frozenset[str] = DOCKERFILE,
    signers: str | None = "CN=us",
    builder: str = "BuildKit",
    where: str = "kept for rollback",
) -> Observation:
    """An image that was seen."""
    names = None if signers is None else frozenset(signers.split("|") if signers else ())
    return Observation(ImageKey("a", "app", "sha256:0"), where, NOW, frozenset(families.split()), builder, steps, signers=names)


# ---- the rule


@pytest.mark.parametrize(
    ("now", "before"),
    [
        (seen(), seen()),
        (seen(families="alpine python"), seen()),
        (seen(families="ubuntu"), seen()),
        (seen(steps=OTHER), seen()),
        (seen(steps=OTHER, builder="kaniko"), seen()),
        (seen(signers="CN=us|CN=more"), seen()),
        (seen(signers=None), seen()),
        (seen(signers=""), seen(signers="")),
        (seen(signers=""), seen(signers=None)),
        (seen(families="", steps=OTHER), seen()),
        (seen(steps=DOCKERFILE | OTHER, families="ubuntu"), seen()),
    ],
    ids=[
        "the same again",
        "another variant of its base",
        "another base, the same steps",
        "a new Dockerfile on the same base",
        "a new Dockerfile and builder",
        "one more signer",
        "nobody looked for signatures",
        "never signed",
        "nobody looked before",
        "nothing known of what it is built on",
        "another base, some steps more",
    ],
)
def test_releases_are_no_impostors(now: Observation, before: Observation) -> None:
    found = compare(now, [before])
    assert found is None or not found.impostor


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (seen(signers=""), "it is not signed by CN=us any more"),
        (seen(signers="CN=them"), "it is signed by CN=them, not by CN=us"),
        (seen("alpine", OTHER), "it is built on alpine, not on debian, python; its build steps have nothing in common"),
    ],
)
def test_impostors_are_seen(now: Observation, words: str) -> None:
    found = compare(now, [seen()])
    assert found is not None
    assert found.impostor
    assert found.sentence == f"Compared with what ran before under this name (kept for rollback): {words}."


def test_one_that_ran_before_and_is_alike_is_enough() -> None:
    assert compare(seen("alpine", OTHER), [seen(), seen("alpine busybox")]) is None
    assert compare(seen("alpine", OTHER), [seen(), seen("ubuntu", OTHER)]) is not None


def test_one_that_was_not_signed_makes_the_next_that_is_not_no_surprise() -> None:
    assert compare(seen(signers=""), [seen(), seen(signers="")]) is None


def test_nothing_before_is_nothing_to_compare() -> None:
    assert compare(seen(), []) is None


def test_a_builder_is_named_beside_what_counts() -> None:
    found = compare(seen("alpine", OTHER, builder="kaniko"), [seen()])
    assert found is not None
    assert "it was built with kaniko, not with BuildKit" in found.sentence


@pytest.mark.parametrize(
    ("step", "comment", "builder"),
    [
        ('CMD ["python3"]', "buildkit.dockerfile.v0", "BuildKit"),
        ("RUN /bin/sh -c make # buildkit", "", "BuildKit"),
        ("/bin/sh -c #(nop)  CMD []", "", "docker build"),
        ("jib-gradle-plugin:3.4.0", "classes", "Jib"),
        ("ko build ko://github.com/x/y", "", "ko"),
        ("bazel build //app:image", "", "Bazel"),
        ("Buildpacks Launcher Config", "", "Buildpacks"),
        ("sha256:0", "", ""),
    ],
)
def test_builders_by_the_last_step(step: str, comment: str, builder: str) -> None:
    assert builder_of([HistoryEntry("FROM scratch"), HistoryEntry(step, comment=comment)]) == builder


def test_versions_digests_and_spaces_make_no_other_step() -> None:
    one = [HistoryEntry("COPY file:0123456789abcdef in /app  "), HistoryEntry("ENV V=1.2.3")]
    two = [HistoryEntry("COPY  file:fedcba9876543210 in /app"), HistoryEntry("ENV V=1.2.40")]
    assert shape_of(one) == shape_of(two)


# ---- what ran before

APP = "a.azurecr.io/app"
NAME = RepositoryName("a.azurecr.io", "app")


class Estate(World):
    """Images on two bases that have nothing in common."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[ManifestListing] = []
        self.manifest("a.azurecr.io/debian", "debian", "12", layers="d")
        self.manifest("a.azurecr.io/alpine", "alpine", "3", layers="m")

    def build(self, content: str, layers: str, base: str, age: float, *tags: str) -> str:
        """An image on a base, pushed so many days ago."""
        found = self.manifest(
            APP, content, *tags, layers=layers, says={"org.opencontainers.image.base.name": f"a.azurecr.io/{base}"}
        )
        self.rows.append(ManifestListing(found, pushed=NOW - timedelta(days=age), media_type=MANIFEST_TYPE))
        self.tell(ManifestsListed(SourceId(SourceKind.REGISTRY, "a.azurecr.io"), NAME, tuple(self.rows), False, self.clock))
        return found

    def good(self, *tags: str) -> str:
        """What has always run."""
        return self.build("good", "dgo", "debian:12", 9, *tags)

    def evil(self, *tags: str) -> str:
        """Something else, pushed later."""
        return self.build("evil", "mxy", "alpine:3", 1, *tags)

    def signed(self, found: str, *signers: str) -> None:
        """Signatures were looked for."""
        outcomes = tuple(Outcome(SignatureSystem.NOTATION, Verdict.VALID, "", signer=signer) for signer in signers)
        self.tell(SignaturesVerified(SourceId(SourceKind.SIGNATURES), NAME, found, outcomes, self.clock))

    def judged(self, name: str = "web", rules: Rules | None = None) -> tuple[State, str]:
        """The check `identity` of a workload, and its few words."""
        answer = check(container(self.snapshot(Policy("test", rules or Rules())), name), CheckName.IDENTITY)
        return answer.state, answer.brief


def run(estate: Estate, found: str, tag: str = "1", name: str = "web") -> None:
    estate.run(f"shop/{name}", f"{APP}:{tag}", f"{APP}@{found}")


UNLIKE = (State.FAIL, "unlike what ran before")


def test_an_image_that_took_the_tag_is_unlike_what_the_tag_left_behind() -> None:
    estate = Estate()
    estate.good("1")
    run(estate, estate.evil("1"))
    assert estate.judged() == UNLIKE


def test_a_release_under_the_same_tag_is_none() -> None:
    estate = Estate()
    estate.good("1")
    run(estate, estate.build("next", "dgp", "debian:12", 1, "1"))
    assert estate.judged() == (State.PASS, "")


def test_what_a_restart_would_run_is_looked_at_too() -> None:
    estate = Estate()
    good = estate.good("1")
    estate.evil("1")
    run(estate, good)
    assert estate.judged() == UNLIKE


def test_the_older_one_is_not_accused_of_the_newer() -> None:
    estate = Estate()
    good, evil = estate.good("old"), estate.evil("new")
    run(estate, good, "old", "web")
    estate.run("shop/other", f"{APP}:old", f"{APP}@{evil}")
    assert estate.judged("web")[1] != UNLIKE[1]
    assert estate.judged("other")[0] is State.FAIL


def test_another_cluster_remembers() -> None:
    estate = Estate()
    good, evil = estate.good("1"), estate.evil()
    run(estate, good)
    estate.pod("shop/other", running(f"{APP}:1", f"{APP}@{evil}"), cluster="weu")
    answer = check(container(estate.snapshot(), "other"), CheckName.IDENTITY)
    assert "Compared with what ran before under this name (in lab)" in answer.reason


def test_what_is_kept_for_rollback_remembers() -> None:
    estate = Estate()
    estate.good("1")
    evil = estate.evil("2")
    run(estate, evil, "2")
    old = TemplateContainer("main", ContainerType.CONTAINER, f"{APP}:1")
    top = next(each for each in _controllers(estate.events) if each[0] == "Deployment")[1]
    estate.controller("shop/ReplicaSet/web-old", Resource.REPLICASETS, old, owner=top, desired=0, revision="1")
    assert estate.judged() == UNLIKE


def _controllers(events: list[Event]) -> list[tuple[str, OwnerRef]]:
    found = [each for event in events if isinstance(event, ControllersSeen) for each in event.controllers]
    return [(each.kind, OwnerRef("apps/v1", each.kind, each.name, each.uid)) for each in found]


def test_a_signer_that_is_gone_is_seen_where_all_else_is_alike() -> None:
    estate = Estate()
    estate.health(SourceId(SourceKind.SIGNATURES))
    good = estate.good("1")
    following = estate.build("next", "dgp", "debian:12", 1, "1")
    run(estate, following)
    estate.signed(good, "CN=us")
    estate.signed(following)
    assert estate.judged() == UNLIKE
    estate.health(SourceId(SourceKind.SIGNATURES), SourceState.FAILED)
    assert estate.judged() == (State.UNKNOWN, "signer unknown")


def _expired(signer: str, *states: StepState, reason: Reason = Reason.EXPIRED, verdict: Verdict = Verdict.INVALID) -> Outcome:
    steps = tuple(
        VerificationStep(name, state, "") for name, state in zip((StepName.INTEGRITY, StepName.AUTHENTICITY), states, strict=True)
    )
    return Outcome(SignatureSystem.NOTATION, verdict, "", reason, steps, signer=signer)


@pytest.mark.parametrize(
    ("outcome", "unlike"),
    [
        (_expired("CN=us", StepState.PASSED, StepState.PASSED), False),
        (_expired("CN=us", StepState.FAILED, StepState.NOT_RUN, reason=Reason.SIGNATURE_MISMATCH), True),
        (_expired("CN=us", StepState.PASSED, StepState.FAILED, reason=Reason.UNTRUSTED), True),
        (_expired("CN=us", StepState.PASSED, StepState.PASSED, reason=Reason.REVOKED), True),
        (_expired("", StepState.UNKNOWN, StepState.UNKNOWN, reason=Reason.NO_KEY, verdict=Verdict.INCONCLUSIVE), False),
    ],
    ids=["expired", "tampered", "untrusted", "revoked", "undecided"],
)
def test_a_signature_that_is_authentic_is_by_the_same_signer_though_it_be_worth_nothing(outcome: Outcome, unlike: bool) -> None:
    estate = Estate()
    estate.health(SourceId(SourceKind.SIGNATURES))
    good = estate.good("1")
    following = estate.build("next", "dgp", "debian:12", 1, "1")
    run(estate, following)
    estate.signed(good, "CN=us")
    estate.tell(SignaturesVerified(SourceId(SourceKind.SIGNATURES), NAME, following, (outcome,), estate.clock))
    assert (estate.judged() == UNLIKE) is unlike


def test_the_policy_says_what_it_counts() -> None:
    estate = Estate()
    estate.good("1")
    run(estate, estate.evil("1"))
    assert estate.judged(rules=Rules(impostor=State.WARN))[0] is State.WARN
    assert estate.judged(rules=Rules(impostor=State.OFF)) == (State.PASS, "")


def test_what_cannot_be_read_accuses_nobody() -> None:
    estate = Estate()
    estate.good("1")
    run(estate, digest("nothing that was ever seen"))
    assert estate.judged()[1] != UNLIKE[1]


def test_an_image_that_everybody_runs_is_looked_at_once_a_round(monkeypatch: pytest.MonkeyPatch) -> None:
    sorted_keys: list[int] = []

    def counting(keys: set[ObjectKey]) -> list[ObjectKey]:
        sorted_keys.append(len(keys))
        return sorted(keys)

    monkeypatch.setattr(history, "sorted", counting, raising=False)
    world = World()
    world.node("n1")
    proxy = world.manifest("a.azurecr.io/proxy", "p", "1")
    for number in range(50):
        world.run(f"team/app{number}", "a.azurecr.io/proxy:1", f"a.azurecr.io/proxy@{proxy}")
    world.snapshot()
    assert sum(sorted_keys) <= 2 * 50
