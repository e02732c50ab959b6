"""Owners of kinds that are not listed are asked for by name, once."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.sources.cluster.apiserver import PODS, Answer, ApiServer, body, owned, page, pod, refuse, write_kubeconfig
from tests.sources.cluster.follow import options, until
from tui.domain.facts.events import ControllersSeen, Event, ObjectGone, SourceId, SourceKind
from tui.domain.facts.workload import Controller, Resource
from tui.sources.cluster import ClusterSource

GROUP = "/apis/argoproj.io/v1alpha1"
ROLLOUT = f"{GROUP}/namespaces/shop/rollouts/web"
TEMPLATE = {"spec": {"containers": [{"name": "main", "image": "a:1"}]}}


def served(item: object) -> Answer:
    return body(json.dumps(item).encode())


def rollout(uid: str = "uid-web", **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "web", "namespace": "shop", "uid": uid},
        "spec": {"replicas": 2} | spec,
        "status": {"readyReplicas": 1},
    }


def cluster(*rollouts: Answer) -> ApiServer:
    """Two ReplicaSets of one Rollout."""
    server = ApiServer()
    owner = owned("web", "Rollout", "argoproj.io/v1alpha1")
    names = ("web-1", "web-2")
    sets = [{"metadata": {"name": name, "namespace": "shop", "uid": name, "ownerReferences": owner}} for name in names]
    server.lists("/apis/apps/v1/replicasets", page(sets))
    resources = [{"name": name, "kind": "Rollout", "namespaced": True} for name in ("rollouts/status", "rollouts")]
    server.lists(GROUP, served({"resources": resources}))
    server.lists(ROLLOUT, *rollouts)
    return server


def other(events: list[Event]) -> Controller | None:
    last = events[-1]
    return last.controllers[0] if isinstance(last, ControllersSeen) and last.resource is Resource.OTHER else None


def met(events: list[Event]) -> bool:
    return other(events) is not None


async def owner_of(server: ApiServer, folder: Path) -> Controller:
    async with server.running():
        events = await until(ClusterSource(options(write_kubeconfig(folder, server.url))), met)
    found = other(events)
    assert found is not None
    return found


async def test_a_rollout_is_read_once_however_many_objects_it_owns(tmp_path: Path) -> None:
    server = cluster(served(rollout(template=TEMPLATE)))
    found = await owner_of(server, tmp_path)
    assert (found.kind, found.name, found.desired, found.ready, found.readable) == ("Rollout", "web", 2, 1, True)
    assert [container.image for container in found.containers] == ["a:1"]
    assert len(server.asked(ROLLOUT)) == 1


async def test_a_rollout_that_refers_to_a_deployment_has_its_template(tmp_path: Path) -> None:
    """Argo Rollouts: spec.workloadRef."""
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "template"}
    server = cluster(served(rollout(workloadRef=reference)))
    server.lists("/apis/apps/v1", served({"resources": [{"name": "deployments", "kind": "Deployment", "namespaced": True}]}))
    deployment = {"metadata": {"name": "template"}, "spec": {"replicas": 0, "template": TEMPLATE}}
    server.lists("/apis/apps/v1/namespaces/shop/deployments/template", served(deployment))
    found = await owner_of(server, tmp_path)
    assert [container.image for container in found.containers] == ["a:1"]


@pytest.mark.parametrize(
    "answer",
    [refuse(403, "Forbidden"), refuse(500, "InternalError"), body(b"nonsense"), served({"metadata": 5})],
)
async def test_an_owner_that_cannot_be_read_leaves_its_name(tmp_path: Path, answer: Answer) -> None:
    found = await owner_of(cluster(answer), tmp_path)
    assert (found.kind, found.name, found.uid, found.readable) == ("Rollout", "web", "uid-web", False)


async def test_strange_specs_are_read_as_far_as_they_go(tmp_path: Path) -> None:
    found = await owner_of(cluster(served(rollout(replicas={"min": 1}, template="none"))), tmp_path)
    assert (found.desired, found.containers, found.readable) == (None, (), True)


async def test_an_owner_of_an_owner_is_followed(tmp_path: Path) -> None:
    above = owned("top", "Application", "argoproj.io/v1alpha1")
    server = cluster(served({"metadata": {"name": "web", "namespace": "shop", "uid": "uid-web", "ownerReferences": above}}))

    def second(events: list[Event]) -> bool:
        return (found := other(events)) is not None and found.name == "top"

    async with server.running():
        await until(ClusterSource(options(write_kubeconfig(tmp_path, server.url))), second)


async def test_an_owner_that_goes_away_is_gone(tmp_path: Path) -> None:
    server = cluster(served(rollout(template=TEMPLATE)), refuse(404, "NotFound"))
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url), refresh_owners=0.05))
        events = await until(source, lambda events: isinstance(events[-1], ObjectGone))
    assert events[-1] == ObjectGone(SourceId(SourceKind.CLUSTER, "test"), Resource.OTHER, "uid-web")


async def test_an_answer_that_takes_longer_than_a_turn_is_not_thrown_away(tmp_path: Path) -> None:
    async def late(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.2)  # four turns
        return await served(rollout(template=TEMPLATE))(request)

    server = cluster(late, refuse(404, "NotFound"))
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url), refresh_owners=0.05))
        events = await until(source, lambda events: isinstance(events[-1], ObjectGone))
    assert [found.name for each in events if (found := other([each]))] == ["web"]


async def test_another_object_of_the_same_name_is_not_the_owner(tmp_path: Path) -> None:
    server = cluster(served(rollout(uid="another", template=TEMPLATE)))
    server.lists(PODS, page([pod("bare", ownerReferences=owned("x", "StrimziPodSet", "kafka/v1"))]))
    server.lists("/apis/kafka/v1", refuse(403, "Forbidden"))
    async with server.running():
        events = await until(ClusterSource(options(write_kubeconfig(tmp_path, server.url))), met)
    found = other(events)
    assert found is not None
    assert (found.kind, found.readable) == ("StrimziPodSet", False)
