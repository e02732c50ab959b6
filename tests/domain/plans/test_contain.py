"""Containment: what has the content is locked, and nothing runs it any more."""

from __future__ import annotations

import msgspec
import pytest

from tests.domain.estates import NOW
from tests.domain.plans.kit import current, image, key, workload, world
from tests.domain.plans.test_rebuild import shape
from tests.domain.world import A, World, running
from tui.domain.common.trust import State
from tui.domain.facts.workload import ContainerType, Resource, TemplateContainer
from tui.domain.plans.containing import contain
from tui.domain.plans.plan import Plan, StepKind
from tui.domain.snapshot.snapshot import Image, ImageKey, Workload

BAD, GOOD = key("shop/api@1"), key("shop/api@0")
COPY, CHILD = key("shop/copy@1"), key("shop/child@1")


def contained(images: list[Image], *workloads: Workload, select: ImageKey = BAD) -> Plan:
    """The plan that contains it."""
    return contain(world(images, workloads), [select], query="digest", now=NOW)


PLAIN = [image(BAD, "1", "latest")]
BEFORE = msgspec.structs.replace(image(GOOD), verdict=State.PASS)


def test_what_has_the_content_is_locked_before_anything_else() -> None:
    images = [
        msgspec.structs.replace(image(BAD, "1"), same_content=(COPY,)),
        image(COPY, "1"),
        image(CHILD, "1", base=current(BAD)),
    ]
    plan = contained(images, workload("child", CHILD))
    assert shape(plan) == [
        ("lock", "shop/api", 1), ("disable-read", "shop/api", 1), ("lock", "shop/copy", 1), ("disable-read", "shop/copy", 1),
        ("lock", "shop/child", 1), ("disable-read", "shop/child", 1), ("scale-to-zero", "child", 2),
    ]  # fmt: skip
    assert all(step.undo for step in plan.steps)
    assert "n1 in prod" in plan.notes[0]
    assert any("secrets" in sentence for sentence in plan.unknown)


def test_what_its_registry_lost_is_not_locked_there() -> None:
    plan = contained([msgspec.structs.replace(image(BAD), gone=True)], workload("api", BAD))
    assert shape(plan) == [("scale-to-zero", "api", 2)]
    assert "is not in its registry any more" in plan.notes[0]


def test_the_last_good_digest_takes_its_place() -> None:
    place = msgspec.structs.replace(workload("api", BAD), rollback=(GOOD, BAD))
    plan = contained([*PLAIN, BEFORE], place)
    step = plan.steps[-1]
    assert step.kind is StepKind.ROLL_BACK
    assert step.new_image == f"{GOOD.registry}/{GOOD.repository}@{GOOD.digest}"
    assert "would not help" in step.what


def test_an_image_that_fails_is_no_good_one() -> None:
    place = msgspec.structs.replace(workload("api", BAD), rollback=(GOOD,))
    plan = contained([*PLAIN, msgspec.structs.replace(BEFORE, verdict=State.FAIL)], place)
    assert plan.steps[-1].kind is StepKind.SCALE_TO_ZERO


def test_what_git_owns_is_rolled_back_there() -> None:
    place = msgspec.structs.replace(workload("api", BAD, managed_by="Argo CD"), rollback=(GOOD,))
    step = contained([*PLAIN, BEFORE], place).steps[-1]
    assert "Argo CD" in step.blocked
    assert GOOD.digest in step.remedy


def test_what_cannot_be_scaled_is_said() -> None:
    step = contained(PLAIN, workload("agent", BAD, kind="DaemonSet")).steps[-1]
    assert step.blocked
    assert step.remedy


def test_a_registry_without_locks_is_said() -> None:
    foreign = key("acme/api@1", "quay.io")
    plan = contained([image(foreign, "1")], select=foreign)
    assert all(step.blocked and not step.commands for step in plan.steps)


KINDS = {
    "Deployment": ("Ends its 2 pods.", "scale deployment/api --replicas 0", ""),
    "StatefulSet": ("Ends its 2 pods.", "scale statefulset/api --replicas 0", ""),
    "ReplicaSet": ("Ends its 2 pods.", "scale replicaset/api --replicas 0", ""),
    "ReplicationController": ("Ends its 2 pods.", "scale replicationcontroller/api --replicas 0", ""),
    "Rollout": ("Ends its 2 pods.", "scale rollouts.argoproj.io/api --replicas 0", ""),
    "CronJob": ("Suspends it: it starts no more.", '{"spec": {"suspend": true}}', ""),
    "Job": ("Suspends it, which ends its 2 pods.", '{"spec": {"suspend": true}}', ""),
    "DaemonSet": ("Ends its pods.", "", "A DaemonSet cannot be scaled to zero."),
    "Pod": ("Ends its pods.", "", "A Pod cannot be scaled to zero."),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_stopped_or_it_is_said_why_not(kind: str) -> None:
    step = contained(PLAIN, workload("api", BAD, kind=kind)).steps[-1]
    what, command, blocked = KINDS[kind]
    assert (step.what, step.blocked) == (what, blocked)
    assert [command in line for line in step.commands] == ([True] if command else [])
    assert bool(step.undo) is (not blocked)
    assert not blocked or step.remedy


@pytest.mark.parametrize(
    ("kind", "changes", "why"),
    [
        ("Job", {"desired": None}, "Job shop/api in prod has ended: nothing of it runs."),
        ("Deployment", {}, "Deployment shop/api in prod is scaled to zero: nothing of it runs."),
        ("CronJob", {"suspended": True}, "CronJob shop/api in prod is suspended: nothing of it runs."),
    ],
)
def test_what_rests_already_is_no_step(kind: str, changes: dict[str, object], why: str) -> None:
    place = msgspec.structs.replace(workload("api", BAD, kind=kind, pods=0), **changes)
    plan = contained(PLAIN, place)
    assert {step.kind for step in plan.steps} == {StepKind.LOCK, StepKind.DISABLE_READ}
    assert plan.notes[0] == why


def test_what_is_not_in_the_template_is_ended_and_not_rolled_back() -> None:
    made = msgspec.structs.replace(workload("api", BAD), rollback=(GOOD,))
    volume = msgspec.structs.replace(made.containers[0], type=ContainerType.VOLUME)
    steps = contained([*PLAIN, BEFORE], msgspec.structs.replace(made, containers=(volume,))).steps
    assert steps[-1].kind is StepKind.SCALE_TO_ZERO


def test_a_roll_back_is_held_against_the_template_and_undone_to_it() -> None:
    made = msgspec.structs.replace(workload("api", BAD), rollback=(GOOD,))
    app = msgspec.structs.replace(made.containers[0], template="docker.io/shop/api:2")
    step = contained([*PLAIN, BEFORE], msgspec.structs.replace(made, containers=(app,))).steps[-1]
    assert [condition.value for condition in step.preconditions] == ["docker.io/shop/api:2"]
    assert step.undo.endswith("app=docker.io/shop/api:2")
    assert "It takes the place of docker.io/shop/api:2, which its template names and its pods do not run yet." in step.warnings


@pytest.mark.parametrize("jobs", [True, False])
@pytest.mark.parametrize("suspended", [True, False])
def test_a_cron_job_between_two_of_its_jobs_is_suspended(*, jobs: bool, suspended: bool) -> None:
    """Nothing of it runs now, and its next Job starts what is compromised."""
    real = World()
    real.node("n1")
    bad = real.manifest(f"{A}/app", "bad", "1")
    template = TemplateContainer("main", ContainerType.CONTAINER, f"{A}/app:1")
    top = real.controller("x/CronJob/nightly", Resource.CRONJOBS, template, suspended=suspended)
    if jobs:
        job = real.controller("x/Job/nightly-1", Resource.JOBS, template, owner=top)
        real.pod("x/nightly-1-a", running(f"{A}/app:1", f"{A}/app@{bad}"), owner=job, phase="Succeeded")
    snapshot = real.snapshot()
    selected = next(key for key in snapshot.images if key.digest == bad)
    plan = contain(snapshot, [selected], query="digest", now=NOW)
    ends = [step.target for step in plan.steps if step.kind is StepKind.SCALE_TO_ZERO]
    assert ends == ([] if suspended else ["CronJob x/nightly in lab"])
    assert any("is suspended: nothing of it runs" in note for note in plan.notes) is suspended
