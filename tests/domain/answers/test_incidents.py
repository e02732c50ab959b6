"""Answers to what incidents ask: what a purge breaks, why a pull fails, and the dossier of a digest; as values and in words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.domain.answers.kit import answered
from tests.domain.answers.test_moves import moved_world
from tests.domain.test_risk import DAY, Shop, its_tag_is_purged_soon, nobody_asked_azure, untagged_in_the_reach_of_retention
from tests.domain.test_trouble import NOT_FOUND, UNAUTHORIZED
from tests.domain.world import NOW, A, B, World, waiting
from tui.domain.answers.at_risk import AtRisk
from tui.domain.answers.dossier import Dossier, MomentKind
from tui.domain.answers.pulls import Grant, GrantKind, Pulls, demands_of_pulls
from tui.domain.common.trust import State
from tui.domain.facts.events import SourceId, SourceKind
from tui.domain.facts.retention import PoliciesRead, RegistryPolicies
from tui.domain.facts.workload import Pod
from tui.domain.query.risk import RiskKind
from tui.domain.snapshot.snapshot import EMPTY, Snapshot
from tui.domain.workloads.counting import UseKind
from tui.presenters.answers.lines import answer_lines
from tui.presenters.answers.sentences import spelled
from tui.presenters.answers.table import answer_sentences
from tui.presenters.glyphs import UNICODE
from tui.reports.answer_wire import answer_row
from widgets.text import ascii_only

TAG = f"{A}/team/app:1"


def words(snapshot: Snapshot, text: str) -> dict[str, str]:
    answer = answered(snapshot, text)
    for line in answer_lines(answer, 80, UNICODE):
        assert sum(len(span.text) for span in line.left) <= 80
    return {sentence.label: sentence.words for sentence in answer_sentences(answer)}


def test_what_goes_next_and_when() -> None:
    shop = Shop()
    shop.use(shop.old)
    untagged_in_the_reach_of_retention(shop)
    snapshot = shop.snapshot()
    details = answered(snapshot, "is:at-risk").details
    assert isinstance(details, AtRisk)
    assert details.kinds == ((RiskKind.RETENTION, 1),)
    assert details.uses == ((UseKind.RUNNING, 1),)
    assert details.next is not None
    assert details.next.risk.due == NOW + 5 * DAY
    said = words(snapshot, "is:at-risk")
    assert said["lost"] == "1 by retention; needed: running 1."
    assert f"{NOW + 5 * DAY:%Y-%m-%d}" in said["next"]
    assert said["fix"].startswith("lock it")


def test_nothing_at_risk_is_not_said_of_what_could_not_be_told() -> None:
    shop = Shop()
    shop.use(shop.old)
    nobody_asked_azure(shop)
    answer = answered(shop.snapshot(), "is:at-risk")
    [runs, *_, unknown] = answer_sentences(answer)
    assert (runs.state, unknown.state) == (State.UNKNOWN, State.UNKNOWN)
    assert isinstance(answer.details, AtRisk)
    assert answer.details.unread == (("The retention policy and the tasks of contoso.azurecr.io have not been read.", 1),)


def test_a_purge_of_tags_is_counted_by_the_images_that_rows_show() -> None:
    shop = Shop()
    shop.use(shop.old)
    its_tag_is_purged_soon(shop)
    answer = answered(shop.snapshot(), "is:at-risk")
    assert isinstance(answer.details, AtRisk)
    assert {loss.image for loss in answer.details.losses} == answer.extent.images


def stuck(message: str, image: str = TAG, secrets: tuple[str, ...] = (), policies: RegistryPolicies | None = None) -> Snapshot:
    world = World()
    world.health(SourceId(SourceKind.CLUSTER, "lab"))
    world.node("n1")
    world.manifest(image.rpartition(":")[0], "a", "1")
    owner = world.deployment("x/web", image)
    pod = world.pod("x/web-0", waiting(image, message=message.replace(TAG, image)), owner=owner, phase="Pending")
    if secrets:
        import msgspec

        from tui.domain.facts.events import PodsSeen

        named: Pod = msgspec.structs.replace(pod, pull_secrets=secrets)
        world.tell(PodsSeen(SourceId(SourceKind.CLUSTER, "lab"), "", 1, (named,)))
    if policies is not None:
        world.tell(PoliciesRead(SourceId(SourceKind.BUILDER, f"acr-tasks/{A}"), A, policies, world.clock))
    return world.snapshot()


@pytest.mark.parametrize(
    ("snapshot", "grant", "fix"),
    [
        (
            stuck(UNAUTHORIZED, policies=RegistryPolicies(by_repository=False)),
            Grant(GrantKind.ROLE, A, "", "AcrPull"),
            f"grant AcrPull on {A} to the kubelet identity.",
        ),
        (
            stuck(UNAUTHORIZED, policies=RegistryPolicies(by_repository=True)),
            Grant(GrantKind.ROLE, A, "team/app", "Container Registry Repository Reader"),
            "grant Container Registry Repository Reader to the kubelet identity.",
        ),
        (
            stuck(UNAUTHORIZED),
            Grant(GrantKind.ROLE, A, "team/app", "AcrPull", sure=False),
            "grant AcrPull on a.azurecr.io to the kubelet identity.",
        ),
        (
            stuck(UNAUTHORIZED, secrets=("regcred",)),
            Grant(GrantKind.SECRET, A, "team/app", secrets=("regcred",)),
            f"{A} refuses the secret regcred: renew it.",
        ),
        (
            stuck(UNAUTHORIZED, f"{B}/team/app:1"),
            Grant(GrantKind.LOGIN, B, "team/app"),
            f"name imagePullSecrets with a login for {B}.",
        ),
    ],
)
def test_the_exact_role_to_ask_for(snapshot: Snapshot, grant: Grant, fix: str) -> None:
    details = answered(snapshot, "is:stuck").details
    assert isinstance(details, Pulls)
    assert details.pulls[0].grant == grant
    said = words(snapshot, "is:stuck")
    assert said["steps"] == "repo ✔ tag ✔ digest ✔ right ✘ network ✔ platform ✔"
    assert said["fix"] == fix


def test_what_is_stuck_for_another_reason_is_said_besides() -> None:
    world = World()
    owner = world.deployment("x/web", TAG)
    world.pod("x/web-0", waiting(TAG, message=NOT_FOUND), owner=owner, phase="Pending")
    world.pod("x/web-1", waiting(TAG, "CrashLoopBackOff", "back-off 5m0s", name="main"), owner=owner)
    details = answered(world.snapshot(), "is:stuck").details
    assert isinstance(details, Pulls)
    assert [(trouble.reason, trouble.pods) for trouble in details.troubles] == [("CrashLoopBackOff", 1)]
    assert words(world.snapshot(), "is:stuck")["also"] == "CrashLoopBackOff 1."


def test_the_dossier_of_a_digest() -> None:
    world, old, new = moved_world()
    world.manifest(f"{B}/copy", "new", "1")
    answer = answered(world.snapshot(), f"digest:{new}")
    assert isinstance(answer.details, Dossier)
    kinds = {moment.kind: moment.at for moment in answer.details.timeline}
    assert kinds[MomentKind.TAGGED] == NOW - timedelta(days=3)
    assert kinds[MomentKind.RUNNING] == NOW - timedelta(days=1)
    assert MomentKind.PUSHED in answer.details.missing
    assert [key.registry for key in answer.details.copies] == [B]
    assert answer.details.nodes == (("lab", "n1"),)
    said = words(world.snapshot(), f"digest:{new}")
    assert "1 copy" in said["pushed"]
    assert said["when"] == "built 10d, tagged 3d, runs 24h; unknown: pushed, signed, scanned."
    assert old


def test_a_digest_that_nobody_has_is_said_so() -> None:
    world, *_ = moved_world()
    said = words(world.snapshot(), "digest:sha256:00000000")
    assert said["runs"].startswith("Nothing")


def test_moves_in_words() -> None:
    world, old, new = moved_world()
    said = words(world.snapshot(), "drift:mixed")
    assert said["moved"].startswith("shop/api:1 names ")
    assert "3 pods still run " in said["runs"]
    assert "rollout undo does not help: same tag" in said["fix"]
    assert old
    assert new


def test_the_registry_is_asked_again_about_what_it_has_not_said() -> None:
    (workload,) = stuck(UNAUTHORIZED).workloads.values()
    assert demands_of_pulls(workload) == (), "all of it is there"
    world = World()
    owner = world.deployment("x/web", TAG)
    world.pod("x/web-0", waiting(TAG), owner=owner, phase="Pending")
    (workload,) = world.snapshot().workloads.values()
    assert [(demand.name.repository, demand.reference) for demand in demands_of_pulls(workload)] == [("team/app", "1")]


def test_registries_without_locks_are_told_to_tag_again() -> None:
    world = World()
    old, new = world.manifest(f"{B}/app", "a"), world.manifest(f"{B}/app", "b", "1")
    world.health(SourceId(SourceKind.CLUSTER, "lab"))
    world.list_tags(f"{B}/app", {"1": new})
    world.run("x/web", f"{B}/app@{old}", f"{B}/app@{old}")
    assert words(world.snapshot(), "is:at-risk")["fix"] == "tag it again."


def test_a_report_and_the_band_say_the_same() -> None:
    for snapshot, text in ((stuck(UNAUTHORIZED), "is:stuck"), (moved_world()[0].snapshot(), "drift:mixed")):
        answer = answered(snapshot, text)
        row = answer_row(answer)
        assert [(sentence.label, sentence.words) for sentence in row.sentences] == [
            (sentence.label, sentence.words) for sentence in answer_sentences(answer)
        ]


def test_signs_are_spelled_for_who_hears_them_and_drawn_in_ascii() -> None:
    said = words(stuck(UNAUTHORIZED), "is:stuck")["steps"]
    assert spelled(said) == "repo yes, tag yes, digest yes, right no, network yes, platform yes"
    assert ascii_only(said) == "repo + tag + digest + right x network + platform +"
    assert spelled("push the tag, or name one that is there.") == "push the tag, or name one that is there."


def test_that_several_names_moved_is_never_left_out() -> None:
    world, *_ = moved_world()
    for number in range(2):
        name = f"{A}/a-repository-with-a-long-name-{number}"
        old = world.manifest(name, f"old {number}", "stable")
        world.manifest(name, f"new {number}", "stable")
        world.run(f"shop/other-{number}", f"{name}:stable", f"{name}@{old}")
    said = words(world.snapshot(), "is:drifted")
    assert "(2 more)" in said["moved"]


@pytest.mark.parametrize(
    "query",
    ["is:stuck", "ns:shop", "payments", "cve:CVE-2026-1", "pkg:openssl", "base:debian", "is:at-risk", "drift:moved", "sev>=low"],
)
def test_before_anything_was_read_nothing_is_fine(query: str) -> None:
    first, *others = answer_sentences(answered(EMPTY, query))
    assert first.state is State.UNKNOWN
    assert "nothing is read yet." in [sentence.words for sentence in others]
