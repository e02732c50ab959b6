"""One patch, sent once: what is sent, what an unknown outcome becomes, and what is never sent at all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.sources.cluster.apiserver import ACCESS, ApiServer, failure, write_kubeconfig
from tests.sources.cluster.follow import options
from tui.domain.facts.rights import RightState
from tui.domain.facts.rollout import RolloutState, WorkloadChange
from tui.domain.facts.workload import ObjectKey
from tui.errors import Changed, Forbidden, Inapplicable, OutcomeUnknown, SourceError, Throttled
from tui.sources.cluster.rollout.redeployer import KubeRedeployer

KEY = ObjectKey("prod", "shop", "Deployment", "web")
PATH = "/apis/apps/v1/namespaces/shop/deployments/web"
AT = datetime(2026, 11, 29, 7, 0, 0, 123456, UTC)
WRITTEN = "2026-11-29T07:00:00.123456Z"
Json = dict[str, Any]
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def deployment(**metadata: Any) -> Json:
    labels = {"app": "web"}
    init = [{"name": "migrate", "image": "r.example/migrate:1"}]
    containers = [{"name": "main", "image": "r.example/web:1"}, {"name": "proxy", "image": "r.example/proxy:1"}]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "uid": "u1", "resourceVersion": "7", "generation": 1, **metadata},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"initContainers": init, "containers": containers}},
        },
        "status": {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1},
    }


class Cluster:
    """One Deployment behind a scripted server; patches are answered by `answers` in turn, and after those carried out."""

    def __init__(self) -> None:
        self.server, self.object = ApiServer(), deployment()
        self.patches: list[tuple[str, Any]] = []
        self.answers: list[Answer] = []
        self.server.review(ACCESS, lambda review: {"allowed": True})
        self.server.lists(PATH, self._shown)

    async def _shown(self, request: web.Request) -> web.StreamResponse:
        if request.method != "PATCH":
            return web.json_response(self.object)
        self.patches.append((request.headers["Content-Type"], await request.json()))
        assert request.query == {"fieldManager": "trustree"}
        if self.answers:
            return await self.answers.pop(0)(request)
        self.restarted()
        return web.json_response(self.object, headers={"Audit-Id": "a-1"})

    def restarted(self, at: str = WRITTEN) -> None:
        self.object["spec"]["template"]["metadata"]["annotations"] = {"kubectl.kubernetes.io/restartedAt": at}
        self.object["metadata"] |= {"generation": 2, "resourceVersion": "8"}

    @asynccontextmanager
    async def opened(self, folder: Path) -> AsyncIterator[tuple[KubeRedeployer, RolloutState]]:
        async with (
            self.server.running(),
            KubeRedeployer(options(write_kubeconfig(folder, self.server.url)), "prod") as redeployer,
        ):
            yield redeployer, await redeployer.read(KEY)


async def cut(request: web.Request) -> web.StreamResponse:
    """The connection ends without a word."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()


def answered(code: int, reason: str, message: str = "", **more: Any) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return failure(code, reason, message, **more)

    return answer


async def test_a_restart_is_one_patch_that_only_what_was_read_takes(tmp_path: Path) -> None:
    cluster = Cluster()
    async with cluster.opened(tmp_path) as (redeployer, seen):
        receipt = await redeployer.restart(seen, AT)
    assert (receipt.generation, receipt.request, receipt.unchanged) == (2, "a-1", False)
    ((content_type, body),) = cluster.patches
    assert content_type == "application/json-patch+json"
    spec, annotations = "/spec/template/spec", "/spec/template/metadata/annotations"
    assert body == [
        {"op": "test", "path": "/metadata/uid", "value": "u1"},
        {"op": "test", "path": f"{spec}/initContainers/0/name", "value": "migrate"},
        {"op": "test", "path": f"{spec}/initContainers/0/image", "value": "r.example/migrate:1"},
        {"op": "test", "path": f"{spec}/containers/0/name", "value": "main"},
        {"op": "test", "path": f"{spec}/containers/0/image", "value": "r.example/web:1"},
        {"op": "test", "path": f"{spec}/containers/1/name", "value": "proxy"},
        {"op": "test", "path": f"{spec}/containers/1/image", "value": "r.example/proxy:1"},
        {"op": "test", "path": annotations, "value": None},
        {"op": "add", "path": annotations, "value": {"kubectl.kubernetes.io/restartedAt": WRITTEN}},
    ]


async def test_a_second_restart_tests_the_first_and_leaves_other_annotations(tmp_path: Path) -> None:
    cluster = Cluster()
    cluster.restarted("2026-11-01T00:00:00Z")
    async with cluster.opened(tmp_path) as (redeployer, seen):
        await redeployer.restart(seen, AT)
    ((_, body),) = cluster.patches
    path = "/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt"
    test, add = {"op": "test", "path": path, "value": "2026-11-01T00:00:00Z"}, {"op": "add", "path": path, "value": WRITTEN}
    assert body[-2:] == [test, add]


async def test_what_is_in_the_core_group_is_scaled_where_an_api_server_has_it(tmp_path: Path) -> None:
    server = ApiServer()
    controller = {
        **deployment(),
        "apiVersion": "v1",
        "kind": "ReplicationController",
        "spec": {**deployment()["spec"], "selector": {"app": "web"}},
    }
    patches: list[Any] = []

    async def shown(request: web.Request) -> web.StreamResponse:
        if request.method == "PATCH":
            patches.append(await request.json())
            controller["spec"]["replicas"] = 0
        return web.json_response(controller)

    server.lists("/api/v1/namespaces/shop/replicationcontrollers/web", shown)
    async with server.running(), KubeRedeployer(options(write_kubeconfig(tmp_path, server.url)), "prod") as redeployer:
        seen = await redeployer.read(ObjectKey("prod", "shop", "ReplicationController", "web"))
        await redeployer.scale(seen, 0)
    assert [patch["spec"] for patch in patches] == [{"replicas": 0}]


async def test_a_pin_tests_what_it_replaces_and_leaves_the_rest(tmp_path: Path) -> None:
    cluster, wished = Cluster(), "r.example/web@sha256:" + "0" * 64
    async with cluster.opened(tmp_path) as (redeployer, seen):
        await redeployer.pin(seen, {"main": wished})
    ((content_type, body),) = cluster.patches
    assert content_type == "application/json-patch+json"
    assert body == [
        {"op": "test", "path": "/metadata/uid", "value": "u1"},
        {"op": "test", "path": "/spec/template/spec/containers/0/name", "value": "main"},
        {"op": "test", "path": "/spec/template/spec/containers/0/image", "value": "r.example/web:1"},
        {"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": wished},
    ]


@pytest.mark.parametrize(
    "answer", [cut, answered(500, "InternalError"), answered(504, "Timeout"), answered(503, "ServiceUnavailable")]
)
async def test_an_unknown_outcome_is_looked_up_and_never_sent_again(answer: Answer, tmp_path: Path) -> None:
    cluster = Cluster()
    cluster.answers = [answer]
    async with cluster.opened(tmp_path) as (redeployer, seen):
        with pytest.raises(OutcomeUnknown):
            await redeployer.restart(seen, AT)
    assert len(cluster.patches) == 1


async def test_a_change_whose_answer_was_lost_is_found_done(tmp_path: Path) -> None:
    cluster = Cluster()

    async def done_and_cut(request: web.Request) -> web.StreamResponse:
        cluster.restarted()
        return await cut(request)

    cluster.answers = [done_and_cut]
    async with cluster.opened(tmp_path) as (redeployer, seen):
        assert (await redeployer.restart(seen, AT)).generation == 2
        assert (await redeployer.restart(seen, AT)).unchanged
    assert len(cluster.patches) == 1


async def test_an_answer_that_is_none_of_an_api_server_is_an_unknown_outcome(tmp_path: Path) -> None:
    cluster = Cluster()

    async def page(_: web.Request) -> web.StreamResponse:
        return web.Response(text="<html>", content_type="text/html")

    cluster.answers = [page]
    async with cluster.opened(tmp_path) as (redeployer, seen):
        with pytest.raises(OutcomeUnknown):
            await redeployer.restart(seen, AT)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (answered(403, "Forbidden", 'deployments.apps "web" is forbidden: User "x" cannot patch'), Forbidden),
        (answered(403, "Forbidden", 'admission webhook "gate.example" denied the request: no'), Inapplicable),
        (answered(422, "Invalid", 'Deployment.apps "web" is invalid: spec'), Inapplicable),
        (answered(429, "TooManyRequests"), Throttled),
        (answered(400, "BadRequest"), SourceError),
    ],
)
async def test_a_refusal_says_that_nothing_was_done(answer: Answer, error: type[SourceError], tmp_path: Path) -> None:
    cluster = Cluster()
    cluster.answers = [answer]
    async with cluster.opened(tmp_path) as (redeployer, seen):
        with pytest.raises(SourceError) as raised:
            await redeployer.restart(seen, AT)
    assert type(raised.value) is error
    assert len(cluster.patches) == 1


async def test_a_status_that_was_written_meanwhile_does_not_hold_a_change_up(tmp_path: Path) -> None:
    cluster = Cluster()
    conflict = answered(409, "Conflict", "the object has been modified; please apply your changes to the latest version")
    cluster.answers = [conflict, conflict]
    async with cluster.opened(tmp_path) as (redeployer, seen):
        assert (await redeployer.restart(seen, AT)).generation == 2
    assert len(cluster.patches) == 3


async def test_a_test_of_the_patch_that_fails_shows_what_changed(tmp_path: Path) -> None:
    cluster = Cluster()

    async def moved(_: web.Request) -> web.StreamResponse:
        cluster.object["spec"]["template"]["spec"]["containers"][0]["image"] = "r.example/web:2"
        return failure(422, "Invalid", "the server rejected our request due to an error in our request")

    cluster.answers = [moved]
    async with cluster.opened(tmp_path) as (redeployer, seen):
        with pytest.raises(Changed) as error:
            await redeployer.pin(seen, {"main": "r.example/web:3"})
    assert error.value.differences == ("Container main has r.example/web:2 instead of r.example/web:1.",)
    assert len(cluster.patches) == 1


async def test_another_order_meanwhile_is_read_again_and_the_right_container_is_changed(tmp_path: Path) -> None:
    cluster, wished = Cluster(), "r.example/web:2"

    async def reordered(_: web.Request) -> web.StreamResponse:
        cluster.object["spec"]["template"]["spec"]["containers"].reverse()
        return failure(422, "Invalid", "the server rejected our request due to an error in our request")

    cluster.answers = [reordered]
    async with cluster.opened(tmp_path) as (redeployer, seen):
        await redeployer.pin(seen, {"main": wished, "migrate": "r.example/migrate:2"})
    spec = "/spec/template/spec"
    replaced = [[entry["path"] for entry in body if entry["op"] == "replace"] for _, body in cluster.patches]
    assert replaced == [
        [f"{spec}/initContainers/0/image", f"{spec}/containers/0/image"],
        [f"{spec}/initContainers/0/image", f"{spec}/containers/1/image"],
    ]


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (lambda body: body["metadata"].update(uid="u2"), "another object"),
        (lambda body: body["spec"]["template"]["spec"]["containers"].pop(), "Container proxy is not there any more."),
        (
            lambda body: body["spec"]["template"]["metadata"].update(annotations={"kubectl.kubernetes.io/restartedAt": "today"}),
            "Somebody else restarted it at today.",
        ),
    ],
)
async def test_what_differs_is_shown_and_nothing_is_sent(
    change: Callable[[Json], object], difference: str, tmp_path: Path
) -> None:
    cluster = Cluster()
    async with cluster.opened(tmp_path) as (redeployer, seen):
        change(cluster.object)
        with pytest.raises(Changed) as error:
            await redeployer.restart(seen, AT)
    assert any(difference in each for each in error.value.differences)
    assert cluster.patches == []


async def test_a_pin_of_one_container_does_not_care_about_the_others(tmp_path: Path) -> None:
    cluster = Cluster()
    async with cluster.opened(tmp_path) as (redeployer, seen):
        cluster.object["spec"]["template"]["spec"]["containers"][1]["image"] = "r.example/proxy:2"
        await redeployer.pin(seen, {"main": "r.example/web:2"})
    assert len(cluster.patches) == 1


@pytest.mark.parametrize("mark", ["argocd.argoproj.io/tracking-id", "meta.helm.sh/release-name"])
async def test_what_would_be_undone_is_not_pinned(mark: str, tmp_path: Path) -> None:
    cluster = Cluster()
    cluster.object = deployment(annotations={mark: "shop:x"})
    async with cluster.opened(tmp_path) as (redeployer, seen):
        with pytest.raises(Inapplicable, match="would undo a pin"):
            await redeployer.pin(seen, {"main": "r.example/web:2"})
        with pytest.raises(Inapplicable, match="no container other"):
            await redeployer.pin(seen, {"other": "r.example/web:2"})
    assert cluster.patches == []


async def test_rights_are_asked_without_sending_anything_else(tmp_path: Path) -> None:
    cluster = Cluster()
    cluster.server.review(ACCESS, lambda review: {"allowed": review["spec"]["resourceAttributes"]["verb"] != "patch"})
    async with cluster.opened(tmp_path) as (redeployer, _):
        rights = {right.name: right for right in await redeployer.rights(KEY, WorkloadChange.PIN)}
    assert rights["patch deployments.apps"].state is RightState.MISSING
    assert {rights[name].state for name in rights if not name.startswith("patch")} == {RightState.HELD}
    assert len(rights) == 4
    assert cluster.patches == []
