"""What other sources read of a cluster: discovery, raw pages, single objects, and the namespaces that may be listed."""

from __future__ import annotations

import json
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from tests.sources.cluster.apiserver import ACCESS, NAMESPACES, ApiServer, body, cut, page, refuse, write_kubeconfig
from tests.sources.cluster.follow import options
from tui.errors import Expired, Forbidden, NotFound, SourceError, UntrustedPayload
from tui.sources.cluster import ClusterSource
from tui.sources.ports import ApiResource, ClusterReader, ClusterSession

GROUP = "aquasecurity.github.io/v1alpha1"
REPORTS = ApiResource(GROUP, "vulnerabilityreports", "VulnerabilityReport")
LIST = f"/apis/{GROUP}/vulnerabilityreports"
DISCOVERY = {
    "kind": "APIResourceList",
    "groupVersion": GROUP,
    "resources": [
        {
            "name": "vulnerabilityreports",
            "singularName": "",
            "namespaced": True,
            "kind": "VulnerabilityReport",
            "verbs": ["list"],
        },
        {"name": "vulnerabilityreports/status", "namespaced": True, "kind": "VulnerabilityReport", "verbs": ["get"]},
        {"name": "clustersbomreports", "namespaced": False, "kind": "ClusterSbomReport", "verbs": ["list"]},
    ],
}


def reader(server: ApiServer, folder: Path, **more: Any) -> ClusterReader:
    return ClusterSource(options(write_kubeconfig(folder, server.url), **more)).reader()


async def read(session: ClusterSession, namespace: str = "", **more: Any) -> list[bytes]:
    async with aclosing(session.pages(REPORTS, namespace, **more)) as pages:
        return [each async for each in pages]


async def test_discovery_tells_resources_and_that_a_group_is_absent(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(f"/apis/{GROUP}", body(json.dumps(DISCOVERY).encode()))
    server.lists("/apis/constraints.gatekeeper.sh/v1beta1", refuse(404, "NotFound", "the server could not find it"))
    async with server.running(), reader(server, tmp_path).open() as session:
        assert await session.resources(GROUP) == (
            REPORTS,
            ApiResource(GROUP, "clustersbomreports", "ClusterSbomReport", namespaced=False),
        )
        assert await session.resources("constraints.gatekeeper.sh/v1beta1") == ()


async def test_pages_follow_the_tokens_and_ask_for_metadata_alone(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(LIST, page([{"n": 1}], token="t/1"), page([{"n": 2}]))
    async with server.running(), reader(server, tmp_path).open() as session:
        pages = await read(session, size=50, metadata_only=True)
        assert [json.loads(each)["items"] for each in pages] == [[{"n": 1}], [{"n": 2}]]
        assert server.asked(LIST) == [{"limit": "50"}, {"limit": "50", "continue": "t/1"}]
        assert "as=PartialObjectMetadataList" in server.seen[-1].headers["Accept"]
        assert session.requests == 2


async def test_a_list_that_ends_before_all_that_is_said_to_follow_is_not_whole(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(LIST, page([{"n": 1}], token="t", remaining=3), page([{"n": 2}], remaining=2))
    async with server.running(), reader(server, tmp_path).open() as session:
        with pytest.raises(UntrustedPayload, match="although 2 more are said to follow"):
            await read(session)


async def test_an_object_is_read_by_its_name_whatever_is_in_it(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(f"/apis/{GROUP}/namespaces/shop/vulnerabilityreports/web", body(b'{"a": 1}'))
    server.lists(f"/apis/{GROUP}/namespaces/shop/vulnerabilityreports/a?b/c", refuse(404, "NotFound", "no"))
    async with server.running(), reader(server, tmp_path).open() as session:
        assert await session.item(REPORTS, "shop", "web") == b'{"a": 1}'
        with pytest.raises(NotFound):
            await session.item(REPORTS, "shop", "a?b/c")


async def test_what_passes_is_tried_again_and_what_does_not_is_said(tmp_path: Path) -> None:
    server = ApiServer()
    wait = {"Retry-After": "0"}
    server.lists(LIST, refuse(429, "TooManyRequests", headers=wait), cut(b'{"metadata"'), page([{"n": 1}], token="t"))
    server.lists(LIST, refuse(500, "InternalError"), refuse(410, "Expired", metadata={"continue": "u"}))
    async with server.running(), reader(server, tmp_path).open() as session:
        with pytest.raises(Expired):
            await read(session)


async def test_a_refused_list_names_the_right_and_the_namespaces_that_are_left(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(LIST, refuse(403, "Forbidden", "no"))
    server.lists(NAMESPACES, page([{"metadata": {"name": name}} for name in ("shop", "payments", "secret")]))
    server.review(ACCESS, lambda asked: {"allowed": asked["spec"]["resourceAttributes"]["namespace"] != "secret"})
    async with server.running(), reader(server, tmp_path).open() as session:
        with pytest.raises(Forbidden, match=r"list vulnerabilityreports\.aquasecurity\.github\.io cluster-wide"):
            await read(session)
        assert await session.readable(REPORTS) == ("shop", "payments")


async def test_without_a_list_of_namespaces_the_contexts_own_is_tried(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(NAMESPACES, refuse(403, "Forbidden", "no"))
    server.review(ACCESS, lambda _: {"allowed": True})
    async with server.running(), reader(server, tmp_path).open() as session:
        assert await session.readable(REPORTS) == ("default",)


@pytest.mark.parametrize("sent", [b"<html>Sign in</html>", b"{}", b'{"metadata": 7}', b"[" * 100_000, b"\xff\xfe"])
async def test_hostile_pages_raise_only_source_errors(tmp_path: Path, sent: bytes) -> None:
    server = ApiServer()
    server.lists(LIST, body(sent))
    async with server.running(), reader(server, tmp_path).open() as session:
        with pytest.raises(SourceError):
            await read(session)


async def test_a_list_that_repeats_itself_ends(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(LIST, page([], token="again"))
    async with server.running(), reader(server, tmp_path).open() as session:
        with pytest.raises(UntrustedPayload, match="without end"):
            await read(session)
