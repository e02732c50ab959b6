"""What may not be read is said with the missing right; what may be read is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.sources.cluster.apiserver import (
    ACCESS,
    NAMESPACES,
    PODS,
    WHOAMI,
    ApiServer,
    failure,
    page,
    pod,
    refuse,
    write_kubeconfig,
)
from tests.sources.cluster.follow import options, pod_names, until, until_health
from tests.tried import tried
from tui.domain.common.source_id import SourceId, SourceKind
from tui.domain.facts.events import SourceState
from tui.domain.facts.workload import Resource
from tui.errors import Forbidden
from tui.sources.cluster import ClusterSource
from tui.sources.cluster.health import HealthBoard

READABLE = {"payments", "shop"}


def only_namespaces(request: web.Request) -> web.Response | None:
    """Forbid everything outside of READABLE, with kube-apiserver's sentence."""
    parts = request.path.split("/")
    inside = "namespaces" in parts and parts.index("namespaces") + 1 < len(parts)
    if request.method == "POST" or request.path == "/version" or (inside and parts[parts.index("namespaces") + 1] in READABLE):
        return None
    resource = parts[-1]
    return failure(
        403, "Forbidden", f'{resource} is forbidden: User "viewer" cannot list resource "{resource}" at the cluster scope'
    )


def allow_readable(review: dict[str, Any]) -> dict[str, Any]:
    return {"allowed": review["spec"]["resourceAttributes"]["namespace"] in READABLE}


def viewer() -> ApiServer:
    server = ApiServer()
    server.gate = only_namespaces
    server.review(ACCESS, allow_readable)
    server.review(WHOAMI, lambda _: {"userInfo": {"username": "viewer"}})
    for namespace in READABLE:
        server.lists(f"/api/v1/namespaces/{namespace}/pods", page([pod(f"in-{namespace}", namespace=namespace)]))
    return server


async def test_asked_namespaces_are_read_whole_and_that_nodes_are_denied_is_a_remark(tmp_path: Path) -> None:
    server = viewer()
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url), namespaces=("payments", "shop")))
        health = await until_health(source, lambda health: health.state is SourceState.OK and bool(health.identity))
    assert [denial.right for denial in health.denials] == ["list nodes"]
    assert (health.objects, health.live, health.identity) == (2, True, "viewer")
    assert server.asked(PODS) == []


async def test_without_names_the_contexts_own_namespace_is_tried_and_it_is_said_how_to_name_more(tmp_path: Path) -> None:
    server = viewer()
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url, namespace="shop")))
        health = await until_health(source, lambda health: health.state is SourceState.PARTIAL)
        events = await until(source, lambda events: "in-shop" in pod_names(events))
    whole = next(denial for denial in health.denials if denial.what == "the whole cluster")
    assert whole.right == "list namespaces"
    assert "-n NAME" in whole.remedy
    assert "in-payments" not in pod_names(events)


async def test_namespaces_that_can_be_listed_are_asked_for_one_by_one(tmp_path: Path) -> None:
    server = viewer()
    named = [{"metadata": {"name": name}} for name in ("kube-system", "payments", "shop")]
    server.gate = lambda request: None if request.path == NAMESPACES else only_namespaces(request)
    server.lists(NAMESPACES, page(named))
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url)))
        health = await until_health(source, lambda health: health.state is SourceState.PARTIAL)
    assert health.objects == 2
    rights = {denial.right for denial in health.denials}
    assert rights == {"list pods cluster-wide", "list pods in namespace kube-system", "list nodes"}


def test_while_it_is_found_out_where_pods_may_be_read_no_other_list_decides() -> None:
    """Right after the start a refusal of the nodes is often all that is known, and lists that are whole say nothing of pods."""
    board = HealthBoard(SourceId(SourceKind.CLUSTER, "test"))
    board.line(Resource.NODES, "").failed(Forbidden("No right to list nodes.", "Ask.", right="list nodes"), 30.0)
    assert board.health().state is SourceState.LOADING
    board.line(Resource.DEPLOYMENTS, "").watching(3)
    assert board.health().state is SourceState.LOADING
    first, second = (board.line(Resource.PODS, name) for name in ("payments", "shop"))
    first.failed(Forbidden("No right to list pods.", "Ask."), 30.0)
    assert board.health().state is SourceState.LOADING
    second.failed(Forbidden("No right to list pods.", "Ask."), 30.0)
    assert board.health().state is SourceState.FAILED
    first.watching(1)
    second.watching(2)
    assert board.health().state is SourceState.OK


async def test_no_right_at_all_fails_with_the_right_and_whom_to_ask(tmp_path: Path) -> None:
    server = ApiServer()
    server.gate = lambda request: failure(403, "Forbidden") if request.method == "GET" else None
    server.review(ACCESS, lambda _: {"allowed": False})
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url)))
        health = await until_health(source, lambda health: health.state is SourceState.FAILED and len(health.denials) == 9)
    assert health.error == "No right to list pods cluster-wide."
    assert "'view'" in health.remedy
    assert not health.live


async def test_one_refused_resource_leaves_the_rest_live(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists("/apis/batch/v1/cronjobs", refuse(403, "Forbidden", "cronjobs.batch is forbidden"))
    server.lists("/apis/batch/v1/namespaces/default/cronjobs", refuse(403, "Forbidden", "cronjobs.batch is forbidden"))
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url)))
        health = await until_health(source, lambda health: health.state is SourceState.PARTIAL and health.live)
    assert any("cronjobs" in denial.right for denial in health.denials)


async def test_a_right_that_is_granted_later_is_used(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists("/api/v1/nodes", refuse(403, "Forbidden"), page([{"metadata": {"name": "n1"}, "status": {}}]))
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url)))
        health = await until_health(source, lambda health: health.objects == 1)
    assert (health.state, health.denials) == (SourceState.OK, ())


async def test_nothing_is_ever_written(tmp_path: Path) -> None:
    server = viewer()
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url, namespace="shop")))
        await until_health(source, lambda health: health.live)
        await tried(source.diagnose())
    posts = {request.path for request in server.seen if request.method != "GET"}
    assert posts <= {ACCESS, WHOAMI}


async def test_doctor_names_each_missing_right(tmp_path: Path) -> None:
    server = viewer()
    server.gate = lambda request: (
        web.json_response({"gitVersion": "v1.36.3"}) if request.path == "/version" else only_namespaces(request)
    )
    async with server.running():
        found = await tried(ClusterSource(options(write_kubeconfig(tmp_path, server.url, namespace="shop"))).diagnose())
    by_name = {item.what: item for item in found}
    assert (by_name["signed in"].detail, by_name["signed in"].identity) == ("viewer", "viewer")
    assert "v1.36.3" in by_name["reachable"].detail
    assert by_name["read pods cluster-wide"].state == "denied"
    assert by_name["read pods cluster-wide"].right == "list and watch pods cluster-wide"
    assert by_name["list namespaces"].state == "denied"
    assert by_name["read pods in namespace shop"].state == "ok"


@pytest.mark.parametrize("namespaces", [("shop",), ("shop", "shop")])
async def test_a_namespace_named_twice_is_read_once(tmp_path: Path, namespaces: tuple[str, ...]) -> None:
    server = viewer()
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url), namespaces=namespaces))
        await until_health(source, lambda health: health.live)
    assert len(server.asked("/api/v1/namespaces/shop/pods")) == 1


async def test_doctor_says_that_the_sign_in_is_refused_not_that_the_server_is_away(tmp_path: Path) -> None:
    server = viewer()
    server.gate = lambda _: web.json_response({"kind": "Status", "code": 401, "reason": "Unauthorized"}, status=401)
    async with server.running():
        found = await tried(ClusterSource(options(write_kubeconfig(tmp_path, server.url))).diagnose())
    assert [(item.what, item.state) for item in found] == [("kubeconfig", "ok"), ("signed in", "denied")]
    assert "az login" in found[1].remedy
