"""What pods, controllers and nodes say, taken from the wire."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tests.sources.cluster.apiserver import owned, pod
from tui.domain.common.source_id import SourceId, SourceKind
from tui.domain.facts.workload import ContainerType, Controller, Node, OwnerRef, Pod, Resource
from tui.errors import SourceError
from tui.sources.cluster.facts import ClusterFacts
from tui.sources.cluster.kinds import KINDS, ResourceKind
from tui.sources.cluster.pages import next_token
from tui.sources.cluster.readers import Fact, KindReader, reader_of


def kind_of(resource: Resource) -> ResourceKind:
    return next(kind for kind in KINDS if kind.resource is resource)


def reader(resource: Resource = Resource.PODS) -> KindReader:
    return reader_of(kind_of(resource), ClusterFacts("prod"), SourceId(SourceKind.CLUSTER, "prod"), lambda: "api.example")


def read(item: object, resource: Resource = Resource.PODS) -> Fact:
    made = reader(resource)
    page = made.page(json.dumps({"kind": "List", "metadata": {"resourceVersion": "1"}, "items": [item]}).encode())
    (fact,) = made.facts(page.items, {}, {}, lambda *_: None)
    return fact


def read_pod(**parts: Any) -> Pod:
    fact = read(pod("web") | parts)
    assert isinstance(fact, Pod)
    return fact


def read_controller(item: object, resource: Resource) -> Controller:
    fact = read(item, resource)
    assert isinstance(fact, Controller)
    return fact


def test_a_pod_has_what_its_spec_says_and_what_its_status_reports() -> None:
    made = read_pod()
    container = made.containers[0]
    assert (made.cluster, made.namespace, made.name, made.node, made.phase) == ("prod", "shop", "web", "node-1", "Running")
    assert container.image == "example.azurecr.io/shop/web:3.0"
    assert container.image_id == "example.azurecr.io/shop/web@sha256:" + "a" * 64
    assert (container.state, container.pull_policy) == ("running", "Always")


def test_containers_of_every_type_come_in_the_order_in_which_they_start() -> None:
    spec = {
        "containers": [{"name": "main", "image": "m"}],
        "initContainers": [{"name": "migrate", "image": "i"}, {"name": "proxy", "image": "p", "restartPolicy": "Always"}],
        "ephemeralContainers": [{"name": "debug", "image": "d"}],
        "volumes": [{"name": "data", "emptyDir": {}}, {"name": "model", "image": {"reference": "v", "pullPolicy": "Always"}}],
    }
    mount = {"name": "model", "mountPath": "/m", "volumeStatus": {"image": {"imageRef": "v@sha256:" + "b" * 64}}}
    status = {
        "initContainerStatuses": [{"name": "migrate", "imageID": "i@sha256:1", "state": {"terminated": {"reason": "Completed"}}}],
        "containerStatuses": [{"name": "main", "imageID": "m@sha256:1", "volumeMounts": [mount]}],
        "ephemeralContainerStatuses": [{"name": "debug", "imageID": "d@sha256:1"}],
    }
    containers = read_pod(spec=spec, status=status).containers
    kinds = [ContainerType.INIT, ContainerType.SIDECAR, ContainerType.CONTAINER, ContainerType.EPHEMERAL, ContainerType.VOLUME]
    assert [container.type for container in containers] == kinds
    assert [container.image_id for container in containers] == [
        "i@sha256:1",
        "",
        "m@sha256:1",
        "d@sha256:1",
        "v@sha256:" + "b" * 64,
    ]
    assert (containers[0].state, containers[0].reason) == ("terminated", "Completed")


def test_a_pod_that_has_not_started_has_no_image_id() -> None:
    container = read_pod(status={"phase": "Pending"}).containers[0]
    assert (container.image_id, container.state) == ("", "")


def test_nulls_in_place_of_lists_and_maps_are_empty() -> None:
    made = read(
        {"metadata": {"name": "a", "labels": None, "ownerReferences": None}, "spec": {"containers": None, "volumes": None}}
    )
    assert isinstance(made, Pod)
    assert (made.containers, made.owner, made.labels) == ((), None, {})


def test_a_static_pod_is_known_by_its_annotation() -> None:
    metadata = {
        "name": "kube-proxy",
        "annotations": {"kubernetes.io/config.mirror": "x"},
        "ownerReferences": owned("n1", "Node", "v1"),
    }
    made = read_pod(metadata=metadata)
    assert made.mirror
    assert made.owner == OwnerRef("v1", "Node", "n1", "uid-n1")


def test_only_the_controlling_owner_counts() -> None:
    references = [{"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "1"}, *owned("rs")]
    assert read_pod(metadata={"name": "a", "ownerReferences": references}).owner == OwnerRef(
        "apps/v1", "ReplicaSet", "rs", "uid-rs"
    )


def test_only_labels_that_say_who_manages_are_kept() -> None:
    labels = {"app": "web", "helm.sh/chart": "web-1", "team": "shop"}
    assert read_pod(metadata={"name": "a", "labels": labels}).labels == {"helm.sh/chart": "web-1", "team": "shop"}


def test_equal_texts_owners_and_labels_are_kept_once() -> None:
    made = reader()
    items = [pod(name, ownerReferences=owned("rs"), labels={"team": "x"}) for name in ("a", "b")]
    page = made.page(json.dumps({"kind": "List", "metadata": {}, "items": items}).encode())
    first, second = made.facts(page.items, {}, {}, lambda *_: None)
    assert isinstance(first, Pod)
    assert isinstance(second, Pod)
    assert first.owner is second.owner
    assert first.labels is second.labels
    assert first.containers[0].image_id is second.containers[0].image_id


TEMPLATE = {"spec": {"containers": [{"name": "main", "image": "a:1", "imagePullPolicy": "IfNotPresent"}]}}


@pytest.mark.parametrize(
    ("resource", "spec", "status", "desired", "ready"),
    [
        (Resource.DEPLOYMENTS, {"replicas": 3, "template": TEMPLATE}, {"readyReplicas": 2}, 3, 2),
        (Resource.DEPLOYMENTS, {"replicas": 0, "template": TEMPLATE}, {}, 0, 0),
        (Resource.STATEFULSETS, {"replicas": 1, "template": TEMPLATE}, {"readyReplicas": 1}, 1, 1),
        (Resource.REPLICASETS, {"replicas": 2, "template": TEMPLATE}, {}, 2, 0),
        (Resource.REPLICATIONCONTROLLERS, {"replicas": 1, "template": TEMPLATE}, {}, 1, 0),
        (Resource.DAEMONSETS, {"template": TEMPLATE}, {"desiredNumberScheduled": 4, "numberReady": 3}, 4, 3),
        (Resource.JOBS, {"template": TEMPLATE}, {}, None, None),
        (Resource.CRONJOBS, {"jobTemplate": {"spec": {"template": TEMPLATE}}}, {}, None, None),
    ],
)
def test_controllers(resource: Resource, spec: object, status: object, desired: int | None, ready: int | None) -> None:
    made = read_controller({"metadata": {"name": "x", "namespace": "n", "uid": "u"}, "spec": spec, "status": status}, resource)
    assert [(item.name, item.image, item.pull_policy) for item in made.containers] == [("main", "a:1", "IfNotPresent")]
    assert (made.kind, made.desired, made.ready) == (kind_of(resource).kind, desired, ready)
    assert made.api_version == kind_of(resource).api_version


def test_a_suspended_cron_job_and_a_revision() -> None:
    cron = read_controller({"metadata": {"name": "c"}, "spec": {"suspend": True}}, Resource.CRONJOBS)
    annotations = {"deployment.kubernetes.io/revision": "7", "argocd.argoproj.io/tracking-id": "app:x", "other": "y"}
    replicas = read_controller({"metadata": {"name": "r", "annotations": annotations}}, Resource.REPLICASETS)
    assert cron.suspended
    assert (replicas.revision, replicas.annotations) == ("7", {"argocd.argoproj.io/tracking-id": "app:x"})


def test_a_node() -> None:
    info = {"operatingSystem": "linux", "architecture": "arm64", "containerRuntimeVersion": "containerd://1.7.13"}
    item = {"metadata": {"name": "n1"}, "status": {"nodeInfo": info}}
    assert read(item, Resource.NODES) == Node("prod", "n1", "linux", "arm64", "containerd://1.7.13")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def mutilated(draw: st.DrawFn) -> dict[str, Any]:
    """A pod in which one thing, at any depth, is replaced by anything."""
    item = pod("web", ownerReferences=owned("rs"), labels={"team": "x"}, annotations={"a": "b"})
    place: Any = item
    while True:
        key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else list(range(len(place)))))
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or draw(st.booleans()):
            place[key] = draw(JSON)
            return item
        place = inner


@examples(150)
@given(mutilated(), st.sampled_from([kind.resource for kind in KINDS]))
def test_whatever_stands_in_an_object_costs_at_most_that_object(item: dict[str, Any], resource: Resource) -> None:
    made = reader(resource)
    body = json.dumps({"kind": "List", "metadata": {"resourceVersion": "1"}, "items": [item, item]}).encode()
    page = made.page(body)
    facts = made.facts(page.items, {}, {}, lambda *_: None)
    made.seen("", 1, facts)
    change = made.change(json.dumps({"type": "ADDED", "object": item}).encode())
    assert page.broken in (0, 2)
    assert (change is None) == (page.broken == 2)


@examples(150)
@given(st.binary(max_size=60))
def test_whatever_bytes_come_raise_only_source_errors(body: bytes) -> None:
    made = reader()
    for read_bytes in (made.page, made.change):
        with contextlib.suppress(SourceError):
            read_bytes(body)


@pytest.mark.parametrize(
    ("head", "token"),
    [
        (b'{"kind":"PodList","metadata":{"resourceVersion":"1","continue":"abc","remainingItemCount":3},"items":[', "abc"),
        (b'{"metadata":{"resourceVersion":"1"},"items":[{"x":{"continue":"no"}}', ""),
        (b'{"metadata":{"continue":""},"items":[', ""),
        (b'{"metadata":{"continue":"a\\"b"},"items":[', ""),
        (b"\xff\xfe", ""),
    ],
)
def test_the_token_in_the_head_of_a_page(head: bytes, token: str) -> None:
    assert next_token(head) == token
