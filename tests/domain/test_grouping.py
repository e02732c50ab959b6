"""Pods gathered under their top owners, and workloads that have no pods: real chains of ownerReferences, case by case."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.domain.world import A, World, digest, running, workload
from tui.domain.common.memo import Trace
from tui.domain.facts.workload import ContainerType, ObjectKey, OwnerRef, PodContainer, Resource, TemplateContainer
from tui.domain.snapshot.snapshot import Workload
from tui.domain.workloads.grouping import WorkloadDraft, WorkloadGrouping
from tui.domain.workloads.owners import LIMIT, managed_by, team_of

IMAGE = f"{A}/app:1"
MAIN = TemplateContainer("main", ContainerType.CONTAINER, IMAGE)
RUNS = running(IMAGE, f"{A}/app@{digest('new')}")
Case = Callable[[World], None]


def deployment(world: World) -> None:
    world.pod("x/web-7d4b-0", RUNS, owner=world.deployment("x/web", IMAGE))


def cron_job(world: World) -> None:
    top = world.controller("x/CronJob/nightly", Resource.CRONJOBS, MAIN)
    world.pod("x/nightly-1-a", RUNS, owner=world.controller("x/Job/nightly-1", Resource.JOBS, MAIN, owner=top))


def job(world: World) -> None:
    world.pod("x/once-a", RUNS, owner=world.controller("x/Job/once", Resource.JOBS, MAIN))


def stateful_set(world: World) -> None:
    world.pod("x/db-0", RUNS, owner=world.controller("x/StatefulSet/db", Resource.STATEFULSETS, MAIN))


def daemon_set(world: World) -> None:
    world.pod("x/agent-1", RUNS, owner=world.controller("x/DaemonSet/agent", Resource.DAEMONSETS, MAIN))


def rollout(world: World) -> None:
    top = world.controller("x/Rollout/canary", Resource.OTHER, MAIN)
    owner = world.controller("x/ReplicaSet/canary-5f", Resource.REPLICASETS, MAIN, owner=top)
    world.pod("x/canary-5f-1", RUNS, owner=owner)


def deployment_config(world: World) -> None:
    top = world.controller("x/DeploymentConfig/old", Resource.OTHER)
    owner = world.controller("x/ReplicationController/old-1", Resource.REPLICATIONCONTROLLERS, MAIN, owner=top)
    world.pod("x/old-1-a", RUNS, owner=owner)


def custom_owner_that_cannot_be_read(world: World) -> None:
    world.pod("x/kafka-0", RUNS, owner=OwnerRef("core.strimzi.io/v1beta2", "StrimziPodSet", "kafka", "nobody-knows"))


def replica_set_whose_owner_cannot_be_read(world: World) -> None:
    hidden = OwnerRef("argoproj.io/v1alpha1", "Rollout", "hidden", "nobody-knows")
    world.pod("x/hidden-1-a", RUNS, owner=world.controller("x/ReplicaSet/hidden-1", Resource.REPLICASETS, MAIN, owner=hidden))


def static_pod(world: World) -> None:
    node = OwnerRef("v1", "Node", "n1", "node-uid")
    world.pod("kube-system/etcd-n1", RUNS, owner=node, mirror=True)


def pod_of_a_node_without_the_annotation(world: World) -> None:
    world.pod("kube-system/proxy-n1", RUNS, owner=OwnerRef("v1", "Node", "n1", "node-uid"))


def bare_pod(world: World) -> None:
    world.pod("x/shell", RUNS)


def replica_set_of_its_own(world: World) -> None:
    world.pod("x/lone-a", RUNS, owner=world.controller("x/ReplicaSet/lone", Resource.REPLICASETS, MAIN, desired=1))


@pytest.mark.parametrize(
    ("make", "top", "readable"),
    [
        (deployment, "x/Deployment/web", True),
        (cron_job, "x/CronJob/nightly", True),
        (job, "x/Job/once", True),
        (stateful_set, "x/StatefulSet/db", True),
        (daemon_set, "x/DaemonSet/agent", True),
        (rollout, "x/Rollout/canary", True),
        (deployment_config, "x/DeploymentConfig/old", True),
        (custom_owner_that_cannot_be_read, "x/StrimziPodSet/kafka", False),
        (replica_set_whose_owner_cannot_be_read, "x/Rollout/hidden", False),
        (static_pod, "kube-system/Pod/etcd-n1", True),
        (pod_of_a_node_without_the_annotation, "kube-system/Pod/proxy-n1", True),
        (bare_pod, "x/Pod/shell", True),
        (replica_set_of_its_own, "x/ReplicaSet/lone", True),
    ],
)
def test_a_pod_belongs_to_the_top_of_its_owners(make: Case, top: str, readable: bool) -> None:
    world = World()
    make(world)
    (found,) = only(world).values()
    assert found.key == ObjectKey("lab", *top.split("/"))
    assert (found.pods, found.owner_readable) == (1, readable)


def only(world: World) -> dict[ObjectKey, Workload]:
    """The workloads of a world."""
    return dict(world.snapshot().workloads)


def groups(world: World) -> dict[str, WorkloadDraft]:
    """The workloads in the making, by name."""
    grouping = WorkloadGrouping(Trace())
    grouping.renew(world.inventory().freeze().cluster)
    return {key.name: found for key, found in grouping.workloads.items()}


def test_another_object_of_the_owners_name_is_not_the_owner() -> None:
    world = World()
    owner = world.deployment("x/web", IMAGE)
    world.pod("x/web-a", RUNS, owner=OwnerRef(owner.api_version, owner.kind, owner.name, "an-older-one"))
    assert {(key.kind, found.pods) for key, found in only(world).items()} == {("Deployment", 0), ("ReplicaSet", 1)}


def test_owners_that_own_each_other_end() -> None:
    world = World()
    one = OwnerRef("v1", "Ring", "one", "uid-1")
    two = world.controller("x/Ring/one", Resource.OTHER, owner=OwnerRef("v1", "Ring", "two", "uid-2"))
    world.controller("x/Ring/two", Resource.OTHER, owner=one)
    world.pod("x/a", RUNS, owner=two)
    assert sum(found.pods for found in only(world).values()) == 1


def test_a_chain_without_end_is_cut() -> None:
    world = World()
    owner = None
    for number in range(3 * LIMIT):
        owner = world.controller(f"x/Link/l{number}", Resource.OTHER, owner=owner)
    world.pod("x/a", RUNS, owner=owner)
    assert sum(found.pods for found in only(world).values()) == 1


def test_pods_of_one_workload_in_two_clusters_are_two_workloads() -> None:
    world = World()
    for cluster in ("lab", "prod"):
        owner = world.controller("x/DaemonSet/agent", Resource.DAEMONSETS, MAIN, cluster=cluster)
        world.pod("x/agent-1", RUNS, owner=owner, cluster=cluster)
    assert {key.cluster for key in only(world)} == {"lab", "prod"}


# ---- templates, rollback targets, idle ones


def test_old_replica_sets_are_rollback_targets_and_the_present_one_is_none() -> None:
    world = World()
    old, new = world.manifest(f"{A}/app", "old", "0"), world.manifest(f"{A}/app", "new", "1")
    top = world.controller("x/Deployment/web", Resource.DEPLOYMENTS, MAIN, desired=1, revision="3")
    back = TemplateContainer("main", ContainerType.CONTAINER, f"{A}/app:0")
    world.controller("x/ReplicaSet/web-1", Resource.REPLICASETS, back, owner=top, desired=0, revision="2")
    now = world.controller("x/ReplicaSet/web-2", Resource.REPLICASETS, MAIN, owner=top, desired=1, revision="3")
    world.pod("x/web-2-a", running(IMAGE, f"{A}/app@{new}"), owner=now)
    found = workload(world.snapshot(), "web")
    assert [key.digest for key in found.rollback] == [old]
    assert world.snapshot().images[found.rollback[0]].in_use


def test_the_present_replica_set_of_a_deployment_at_zero_is_no_rollback_target() -> None:
    world = World()
    world.manifest(f"{A}/app", "new", "1")
    world.deployment("x/web", IMAGE, 0)
    found = workload(world.snapshot(), "web")
    assert (found.rollback, found.desired, found.pods) == ((), 0, 0)


def test_a_draining_replica_set_is_no_rollback_target() -> None:
    world = World()
    world.manifest(f"{A}/app", "new", "1")
    top = world.controller("x/Deployment/web", Resource.DEPLOYMENTS, MAIN, revision="2")
    old = world.controller("x/ReplicaSet/web-1", Resource.REPLICASETS, MAIN, owner=top, desired=0, revision="1")
    world.pod("x/web-1-a", RUNS, owner=old)
    assert workload(world.snapshot(), "web").rollback == ()


def test_a_suspended_cron_job_is_shown_with_the_image_that_it_would_run() -> None:
    world = World()
    found = world.manifest(f"{A}/app", "new", "1")
    world.controller("x/CronJob/nightly", Resource.CRONJOBS, MAIN, suspended=True)
    shown = workload(world.snapshot(), "nightly")
    declared = shown.containers[0].declared
    assert shown.suspended
    assert declared is not None
    assert declared.digest == found
    assert world.snapshot().images[declared].in_use


def test_an_owner_without_a_template_or_pods_is_no_row() -> None:
    world = World()
    world.controller("x/Kafka/empty", Resource.OTHER)
    assert only(world) == {}


def test_a_rollout_that_was_not_read_takes_the_template_of_its_newest_replica_set() -> None:
    world = World()
    top = OwnerRef("argoproj.io/v1alpha1", "Rollout", "hidden", "nobody-knows")
    old = TemplateContainer("main", ContainerType.CONTAINER, f"{A}/app:0")
    world.controller("x/ReplicaSet/hidden-1", Resource.REPLICASETS, old, owner=top, desired=0)
    world.pod(
        "x/hidden-2-a", RUNS, owner=world.controller("x/ReplicaSet/hidden-2", Resource.REPLICASETS, MAIN, owner=top, desired=1)
    )
    assert groups(world)["hidden"].template == (MAIN,)


def test_containers_of_all_types_are_kept_in_the_order_of_the_spec_and_ephemeral_ones_last() -> None:
    world = World()
    kinds = (ContainerType.INIT, ContainerType.SIDECAR, ContainerType.CONTAINER, ContainerType.VOLUME)
    template = [TemplateContainer(kind.value, kind, IMAGE) for kind in kinds]
    owner = world.controller("x/DaemonSet/agent", Resource.DAEMONSETS, *template)
    shell = PodContainer("debug", ContainerType.EPHEMERAL, IMAGE, state="running")
    world.pod("x/agent-1", shell, *(running(IMAGE, "", kind.value, kind) for kind in kinds), owner=owner)
    found = workload(world.snapshot(), "agent").containers
    assert [each.type for each in found] == [*kinds, ContainerType.EPHEMERAL]


def test_a_container_that_no_pod_has_is_not_invented_beside_pods() -> None:
    """A webhook or a newer template: what runs is what the pods have."""
    world = World()
    top = world.controller(
        "x/StatefulSet/db", Resource.STATEFULSETS, MAIN, TemplateContainer("new", ContainerType.CONTAINER, IMAGE)
    )
    world.pod("x/db-0", RUNS, owner=top)
    assert [each.name for each in workload(world.snapshot(), "db").containers] == ["main"]


# ---- who manages, whose it is


@pytest.mark.parametrize(
    ("words", "by"),
    [
        ({}, ""),
        ({"argocd.argoproj.io/tracking-id": "a:b"}, "Argo CD"),
        ({"argocd.argoproj.io/instance": "a"}, "Argo CD"),
        ({"kustomize.toolkit.fluxcd.io/name": "a"}, "Flux"),
        ({"helm.toolkit.fluxcd.io/name": "a", "meta.helm.sh/release-name": "a"}, "Flux"),
        ({"meta.helm.sh/release-name": "a", "argocd.argoproj.io/instance": "a"}, "Argo CD"),
        ({"meta.helm.sh/release-name": "a"}, "Helm"),
        ({"helm.sh/chart": "a-1"}, "Helm"),
        ({"app.kubernetes.io/managed-by": "Helm"}, "Helm"),
        ({"app.kubernetes.io/managed-by": "kustomize"}, ""),
    ],
)
def test_who_manages_a_workload_is_read_from_its_marks(words: dict[str, str], by: str) -> None:
    assert managed_by([{}, words]) == by


def test_the_team_is_that_of_a_label() -> None:
    assert team_of([{}, {"owner": "b"}, {"team": "pay"}]) == "pay"
    assert team_of([{"app": "x"}]) == ""


def test_the_template_s_image_is_kept_where_admission_rewrote_it_in_the_pods() -> None:
    world = World()
    owner = world.deployment("x/web", "docker.io/library/web:1")
    pod = running("mirror.example/library/web:1", "")
    world.pod("x/web-1", pod, running("mirror.example/proxy:1", "", "proxy"), owner=owner)
    web, proxy = workload(world.snapshot(), "web").containers
    assert (web.image, web.in_template, web.place) == (pod.image, "docker.io/library/web:1", ("containers", 0))
    assert (proxy.in_template, proxy.template, proxy.place) == (proxy.image, "", None)
    world.deployment("x/same", "docker.io/library/web:1")
    assert workload(world.snapshot(), "same").containers[0].template == ""
