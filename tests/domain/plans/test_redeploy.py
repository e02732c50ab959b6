"""What a redeploy is planned to do: by the names that containers have, and of the workloads that are asked for alone."""

from __future__ import annotations

import msgspec
import pytest
import yaml

from tests.domain.estates import NOW
from tests.domain.plans.kit import current, image, key, workload, world
from tui.domain.facts.workload import ContainerType
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


def test_a_patch_for_git_of_a_rollout_replaces_no_list() -> None:
    """kustomize merges no lists of custom resources: a strategic merge patch would leave one container with an image alone."""
    made = with_(pinned("a", OLD, "1"), place=("initContainers", 2))
    made = msgspec.structs.replace(made, managed_by="Argo CD", key=msgspec.structs.replace(made.key, kind="Rollout"))
    (step,) = planned(made).steps
    head, patch = step.remedy.split("\n", 1)
    ((entry),) = yaml.safe_load(patch)
    assert head == "Commit this in Git instead:"
    assert entry["target"] == {"group": "argoproj.io", "kind": "Rollout", "name": "a"}
    assert yaml.safe_load(entry["patch"]) == [
        {"op": "test", "path": "/spec/template/spec/initContainers/2/name", "value": "app"},
        {"op": "replace", "path": "/spec/template/spec/initContainers/2/image", "value": f"{NEW.registry}/web:1@{NEW.digest}"},
    ]


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


@pytest.mark.parametrize(
    ("made", "kinds", "note"),
    [
        (pinned("a", OLD, "1"), [StepKind.PIN], ""),
        (pinned("a", NEW, "1"), [], "has no pods: it takes what its names mean when it starts."),
        (workload("a", NEW), [], "has no pods: it takes what its names mean when it starts."),
        (pinned("a", OLD), [], "runs nothing."),
        (workload("a", OLD, kind="Job"), [], "runs nothing."),
    ],
)
def test_what_has_no_pods_is_looked_at_by_what_it_names(made: Workload, kinds: list[StepKind], note: str) -> None:
    container = msgspec.structs.replace(made.containers[0], runs=(), digests=(), pods=0, pod_refs=())
    idle = msgspec.structs.replace(made, containers=(container,), pods=0, desired=0)
    plan = planned(idle)
    assert [step.kind for step in plan.steps] == kinds
    assert [words.partition(" in prod ")[2] for words in plan.notes] == ([note] if note else [])
    assert plan.unknown == ()


def with_(made: Workload, **fields: object) -> Workload:
    """The workload, its container otherwise."""
    return msgspec.structs.replace(made, containers=(msgspec.structs.replace(made.containers[0], **fields),))


@pytest.mark.parametrize("kind", ["Deployment", "CronJob", "Rollout"])
def test_an_image_volume_is_not_pinned_and_what_does_it_by_hand_is_said(kind: str) -> None:
    """kubernetes.io, Image Volumes: `volumes[].image.reference`; volumes are merged by name, but not in custom resources."""
    made = with_(workload("a", OLD, declared=NEW, policy="IfNotPresent", kind=kind), name="model", type=ContainerType.VOLUME)
    (step,) = planned(made).steps
    assert step.kind is StepKind.PIN
    assert step.blocked == "model is an image volume: trustree changes the images of containers, and not what is mounted."
    assert step.remedy
    patch = f'"volumes": [{{"name": "model", "image": {{"reference": "{NEW.registry}/web:1@{NEW.digest}"}}}}]'
    assert [patch in command for command in step.commands] == ([] if kind == "Rollout" else [True])
    assert all(("jobTemplate" in command) is (kind == "CronJob") for command in step.commands)
    written = with_(made, tag="1", pin=OLD.digest)
    (owned,) = planned(msgspec.structs.replace(written, managed_by="Flux")).steps
    assert owned.commands == ()
    assert "  image:\n" in owned.remedy
    assert f'  reference: "{NEW.registry}/web:1@{NEW.digest}"' in owned.remedy


def test_what_admission_puts_into_the_pods_is_not_looked_for_in_the_template() -> None:
    own = msgspec.structs.replace(workload("a", NEW).containers[0], place=("containers", 0))
    proxy = msgspec.structs.replace(workload("a", OLD, declared=NEW, policy="IfNotPresent").containers[0], name="proxy")
    made = msgspec.structs.replace(workload("a", NEW), containers=(own, proxy))
    (step,) = planned(made).steps
    assert step.blocked == "Container proxy is not in the template: admission puts it into the pods."
    assert step.commands == ()
    debugger = with_(workload("b", OLD, declared=NEW, policy="IfNotPresent"), type=ContainerType.EPHEMERAL)
    assert "ends with it" in planned(debugger).steps[0].blocked


def test_what_cannot_be_pinned_keeps_nothing_else_from_being_changed() -> None:
    made = workload("a", OLD, declared=NEW, policy="IfNotPresent")
    volume = msgspec.structs.replace(made.containers[0], name="model", type=ContainerType.VOLUME)
    steps = planned(msgspec.structs.replace(made, containers=(*made.containers, volume))).steps
    assert [(step.containers, bool(step.blocked)) for step in steps] == [(("model",), True), (("app",), False)]


@pytest.mark.parametrize(
    ("template", "image"),
    [
        ("docker.io/library/web:1", "mirror.example/hub/library/web:1"),
        ("web:1", "web:1@" + OLD.digest),
        ("web", "mirror/web:latest"),
    ],
)
def test_a_condition_is_what_the_template_says_where_admission_rewrites_images(template: str, image: str) -> None:
    made = with_(workload("a", OLD, declared=NEW, policy="IfNotPresent"), template=template, image=image)
    (step,) = planned(made).steps
    assert not step.blocked
    assert [condition.value for condition in step.preconditions] == [template]
    assert step.warnings[-1].startswith(f"Admission makes {image} of {template}, which the template names")


@pytest.mark.parametrize("template", ["web:2", "other:1", "web@" + OTHER.digest, "web:1@" + OTHER.digest])
def test_a_template_that_is_ahead_of_the_pods_is_not_taken_back(template: str) -> None:
    for policy in ("Always", "IfNotPresent"):
        (step,) = planned(with_(workload("a", OLD, declared=NEW, policy=policy), template=template)).steps
        assert step.blocked.startswith(f"Its template names {template}, and its newest pod was made with ")
        assert step.remedy


@pytest.mark.parametrize("kind", ["Deployment", "CronJob"])
def test_what_names_the_new_image_already_needs_nothing(kind: str) -> None:
    """The pods of a CronJob's Jobs that have ended keep the image that they had."""
    template = f"{NEW.registry}/web:1@{NEW.digest}"
    plan = planned(with_(workload("a", OLD, declared=NEW, policy="IfNotPresent", kind=kind), template=template))
    assert plan.steps == ()
    assert plan.notes == (f"{kind} shop/a in prod names the new image already: its next pods run it.",)


def test_the_command_for_a_rollout_leaves_its_other_fields_alone() -> None:
    """A merge patch puts its list in place of all containers: argo-rollouts' own command changes the image alone."""
    (step,) = planned(workload("a", OLD, declared=NEW, kind="Rollout", policy="IfNotPresent")).steps
    reference = f"app={NEW.registry}/web:1@{NEW.digest}"
    assert step.commands == (f"kubectl argo rollouts set image --context prod --namespace shop a {reference}",)
