"""The cases of the estate are what they are said to be: each is checked against the registries it refers to."""

from __future__ import annotations

import json

import pytest

from tests.demo.test_content import company
from tui.demo.estate import controllers as controller_objects
from tui.demo.estate import objects
from tui.demo.estate.images_on_nodes import split
from tui.demo.estate.model import PodModel
from tui.demo.estate.special import HOSTILE
from tui.demo.registry_contents import Repository


def pods(namespace: str, app: str) -> list[PodModel]:
    """The pods of one workload in both clusters."""
    found = [pod for cluster in company().clusters for pod in cluster.estate.pods]
    return [pod for pod in found if pod.namespace == namespace and pod.labels.get("app") == app]


def repository(image: str) -> Repository:
    """The repository of a reference."""
    host, _, name = split(image)[0].partition("/")
    return company().yard.shelf(host).repositories[name]


def running(namespace: str, app: str) -> tuple[str, set[str], Repository]:
    """The tag that is declared, the digests that run, and the repository."""
    found = pods(namespace, app)
    image = found[0].containers[0].box.image
    return split(image)[1], {pod.containers[0].image_id.rpartition("@")[2] for pod in found}, repository(image)


def test_same() -> None:
    tag, digests, there = running("payments", "api")
    assert digests == {there.tags[tag].digest}


def test_moved() -> None:
    tag, digests, there = running("payments", "worker")
    assert there.tags[tag].digest not in digests
    assert digests <= set(there.rows)


def test_mixed() -> None:
    tag, digests, there = running("checkout", "web")
    assert len(digests) == 2
    assert there.tags[tag].digest in digests


def test_gone() -> None:
    tag, digests, there = running("fulfilment", "mailer")
    assert tag not in there.tags
    assert not digests & set(there.rows)


def test_replaced_by_another_image_of_the_same_name() -> None:
    tag, digests, there = running("checkout", "session")
    assert tag in there.tags
    assert not digests & set(there.rows)


def test_pushed_again_for_other_platforms_with_the_same_content() -> None:
    tag, (digest,), there = running("checkout", "pricing")
    assert there.tags[tag].digest != digest
    old, new = (json.loads(there.rows[one].stored.body)["manifests"] for one in (digest, there.tags[tag].digest))
    assert new[0] in old


def test_pinned_while_the_tag_moved() -> None:
    found = pods("catalog", "api")
    image = found[0].containers[0].box.image
    assert image.endswith("@" + found[0].containers[0].image_id.rpartition("@")[2])
    assert repository(image).tags["7"].digest != image.rpartition("@")[2]
    assert found[0].containers[0].shown_image.startswith("sha256:")


@pytest.mark.parametrize(
    ("namespace", "app", "begins"),
    [
        ("identity", "tokens-edge", ""),
        ("platform", "imported", "sha256:"),
        ("legacy", "till-bridge", "docker-pullable://contoso.azurecr.io/notify/sms@sha256:"),
        ("platform", "mirror-tools", "contoso.azurecr.io/platform/toolbox@sha256:"),
    ],
)
def test_forms_of_the_image_id(namespace: str, app: str, begins: str) -> None:
    for pod in pods(namespace, app):
        image_id = pod.containers[0].image_id
        assert image_id.startswith(begins)
        assert begins or (len(image_id) == 64 and ":" not in image_id)


@pytest.mark.parametrize(
    ("namespace", "app", "says"),
    [
        ("catalog", "reco", "not found"),
        ("search", "synonyms", "not found"),
        ("logistics", "portal", "401 Unauthorized"),
        ("platform", "collector", "no such host"),
    ],
)
def test_pulls_that_fail_say_why(namespace: str, app: str, says: str) -> None:
    for pod in pods(namespace, app):
        first = pod.containers[0]
        assert (pod.phase, first.reason, first.image_id) == ("Pending", "ImagePullBackOff", "")
        assert says in first.message


def test_old_replica_sets_name_versions_that_were_purged() -> None:
    sets = [
        one
        for cluster in company().clusters
        for one in cluster.estate.controllers
        if one.kind == "ReplicaSet" and not one.replicas
    ]
    purged = {one.boxes[0].image for one in sets if split(one.boxes[0].image)[1] not in repository(one.boxes[0].image).tags}
    assert {"contoso.azurecr.io/fulfilment/orders:4.0.9", "contoso.azurecr.io/search/api:6.1.0"} <= purged


def test_hostile_text_is_somewhere_in_labels_annotations_and_messages() -> None:
    written = [json.dumps(objects.pod(pod, "1")) for cluster in company().clusters for pod in cluster.estate.pods]
    controllers = [
        json.dumps(controller_objects.controller(one, "1"))
        for cluster in company().clusters
        for one in cluster.estate.controllers
    ]
    banner = company().yard.newest("contoso.azurecr.io/checkout/banner").images["amd64"]
    escaped = json.dumps(HOSTILE)[1:-1]
    assert any(escaped in text for text in written)
    assert any(escaped in text for text in controllers)
    assert HOSTILE in banner.recipe.labels.values()
    assert HOSTILE in banner.recipe.annotations.values()


def test_every_other_running_image_is_there_so_that_only_the_cases_are_unknown() -> None:
    silent = ("docker.io", "quay.io", "registry.internal.contoso.example")
    missing = set()
    for cluster in company().clusters:
        for pod in cluster.estate.pods:
            for one in pod.containers:
                host = split(one.box.image)[0].partition("/")[0]
                if one.image_id and host not in silent and one.box.image.partition("@")[0]:
                    name, tag = split(one.box.image)
                    if tag not in repository(one.box.image).tags:
                        missing.add(f"{name}:{tag}")
    assert missing == {"contoso.azurecr.io/fulfilment/mailer:3"}
