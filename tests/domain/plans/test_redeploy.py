"""What a redeploy is planned to do: by the names that containers have, and of the workloads that are asked for alone."""

from __future__ import annotations

import msgspec
import pytest

from tests.domain.estates import NOW
from tests.domain.plans.kit import current, image, key, workload, world
from tui.domain.plans.plan import Plan, StepKind
from tui.domain.plans.redeploying import redeploy
from tui.domain.snapshot.snapshot import Image, ImageKey, Workload

OLD, NEW, OTHER = key("web@old"), key("web@new"), key("web@other")
IMAGES = (image(OLD), image(NEW, "1"), image(OTHER, "2"))


def planned(*workloads: Workload, images: tuple[Image, ...] = IMAGES) -> Plan:
    return redeploy(world(images, workloads), (), [each.key for each in workloads], query="q", now=NOW)


def pinned(name: str, runs: ImageKey, tag: str = "") -> Workload:
    """A workload whose digest is written beside its tag."""
    made = workload(name, runs, pin=True)
    return msgspec.structs.replace(made, containers=(msgspec.structs.replace(made.containers[0], tag=tag),))


def test_each_container_gets_what_its_own_tag_names() -> None:
    """Two tags named one image, and have moved apart: neither workload gets what the other's tag names."""
    plan = planned(workload("a", OLD, tag="1", declared=NEW), workload("b", OLD, tag="2", declared=OTHER))
    assert [(step.kind, step.image) for step in plan.steps] == [(StepKind.RESTART, NEW), (StepKind.RESTART, OTHER)]
    still = planned(workload("a", OLD, tag="1", declared=NEW), workload("c", OLD, tag="3", declared=OLD))
    assert [step.target for step in still.steps] == ["Deployment shop/a in prod"]
    assert still.notes == ("Deployment shop/c in prod runs what its names mean now.",)


def test_only_the_workloads_that_are_asked_for_are_changed() -> None:
    asked, other = workload("a", OLD, declared=NEW), workload("b", OLD, declared=NEW)
    plan = redeploy(world(IMAGES, [asked, other]), (), [asked.key], query="q", now=NOW)
    assert [step.workload for step in plan.steps] == [asked.key]


def test_a_digest_beside_a_tag_is_pinned_anew_and_keeps_the_tag() -> None:
    (step,) = planned(pinned("a", OLD, "1")).steps
    assert (step.kind, step.image) == (StepKind.PIN, NEW)
    assert step.new_image == f"{NEW.registry}/web:1@{NEW.digest}"
    assert step.commands[0].endswith(f"app={NEW.registry}/web:1@{NEW.digest}")


def test_a_digest_without_a_tag_is_left_alone() -> None:
    plan = planned(pinned("a", OLD), workload("b", OLD, declared=NEW))
    assert [step.target for step in plan.steps] == ["Deployment shop/b in prod"]
    assert plan.notes == ("Deployment shop/a in prod names a digest without a tag: nothing says what else it should run.",)


def test_a_name_that_nobody_resolves_is_not_known() -> None:
    asked = workload("a", OLD)
    asked = msgspec.structs.replace(asked, containers=(msgspec.structs.replace(asked.containers[0], declared=None),))
    plan = planned(asked)
    assert (plan.steps, plan.notes) == ((), ())
    assert "What container app of Deployment shop/a in prod should run is not known" in plan.unknown[0]


def test_the_same_content_under_another_digest_needs_nothing() -> None:
    new = msgspec.structs.replace(image(NEW, "1"), same_content=(OLD,))
    assert planned(workload("a", OLD, declared=NEW), images=(image(OLD), new)).steps == ()


@pytest.mark.parametrize("is_current", [True, False])
def test_its_base_is_called_todays_only_where_that_is_known(*, is_current: bool) -> None:
    new = image(NEW, "1", base=current(key("debian@1")) if is_current else None)
    (step,) = planned(workload("a", OLD, declared=NEW), images=(image(OLD), new)).steps
    assert ("the newest build of its base" in step.why) is is_current
    assert step.why.count("sha256:") == 2


def test_a_pull_policy_that_keeps_the_old_image_has_the_digest_pinned_or_is_warned_of() -> None:
    (step,) = planned(workload("a", OLD, declared=NEW, policy="IfNotPresent")).steps
    assert (step.kind, step.blocked) == (StepKind.PIN, "")
    assert "Its pull policy is IfNotPresent" in step.why
    (owned,) = planned(workload("b", OLD, declared=NEW, policy="IfNotPresent", managed_by="Flux")).steps
    assert owned.kind is StepKind.RESTART
    assert len(owned.warnings) == 2


@pytest.mark.parametrize("owner", ["Argo CD", "Flux", "Helm"])
def test_a_pin_of_what_git_owns_is_refused_with_a_patch(owner: str) -> None:
    owned = msgspec.structs.replace(pinned("a", OLD, "1"), managed_by=owner)
    (step,) = planned(owned).steps
    assert step.blocked == f"{owner} owns it and would undo the change of its image."
    assert f'image: "{NEW.registry}/web:1@{NEW.digest}"' in step.remedy
    assert step.remedy.startswith(
        "Set the image in the values of its chart" if owner == "Helm" else "Commit this in Git instead:"
    )


def test_that_an_old_version_gives_way_to_a_newer_one_is_warned_of() -> None:
    images = (image(OLD), image(NEW, "1.0.2", "1.0"))
    (step,) = planned(workload("a", OLD, tag="1.0.1", declared=NEW, policy="IfNotPresent"), images=images).steps
    assert step.warnings == ("It names version 1.0.1 and would run 1.0.2: see what has changed between them before.",)
    (same,) = planned(workload("a", OLD, tag="1.0", declared=NEW, policy="IfNotPresent"), images=images).steps
    assert same.warnings == ()


@pytest.mark.parametrize("kind", ["ReplicaSet", "ReplicationController", "Job", "Pod"])
@pytest.mark.parametrize("policy", ["Always", "IfNotPresent"])
def test_what_replaces_no_pods_says_what_can_be_done_instead(kind: str, policy: str) -> None:
    (step,) = planned(workload("a", OLD, declared=NEW, kind=kind, policy=policy)).steps
    assert step.blocked
    assert step.remedy
    assert ("template" in step.remedy) is (kind.startswith("Replica") and policy == "IfNotPresent")


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "Rollout"])
def test_what_replaces_its_pods_is_restarted_or_pinned(kind: str) -> None:
    kinds = [
        planned(workload("a", OLD, declared=NEW, kind=kind, policy=policy)).steps[0].kind for policy in ("Always", "IfNotPresent")
    ]
    assert kinds == [StepKind.RESTART, StepKind.PIN]
