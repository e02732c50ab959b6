"""An answer that is not in the protocol's form is no answer: what stands in front of an API server says 200, 403 and 404 too."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web

from tests.sources.cluster.apiserver import PODS, ApiServer, body, page, pod, write_kubeconfig
from tests.sources.cluster.follow import options, until_health
from tests.sources.cluster.test_pulse import failed, is_pulse, live, reading
from tui.errors import UntrustedPayload
from tui.sources.cluster import ClusterSource

GROUP = "constraints.gatekeeper.sh/v1beta1"


def plain(request: web.Request) -> web.Response | None:
    """404 for the group as Go's http.NotFound writes it."""
    return web.Response(status=404, text="404 page not found") if request.path == f"/apis/{GROUP}" else None


def groups(*names: str) -> bytes:
    """What `/apis` answers."""
    versions = ", ".join(f'{{"name": "g", "versions": [{{"groupVersion": "{name}"}}]}}' for name in names)
    return f'{{"kind": "APIGroupList", "groups": [{versions}]}}'.encode()


@pytest.mark.parametrize(
    "content",
    [b"{}", b"<html>", b'{"metadata": {"resourceVersion": "1"}, "items": []}', b'{"kind": "Pod", "metadata": {}, "items": []}'],
)
async def test_what_is_no_list_is_no_answer(tmp_path: Path, content: bytes) -> None:
    server = ApiServer()
    server.lists(PODS, body(content))
    async with server.running():
        health = await until_health(ClusterSource(options(write_kubeconfig(tmp_path, server.url))), failed)
    assert "sent something other than was asked for" in health.error


@pytest.mark.parametrize("status", [403, 404])
async def test_a_refusal_of_something_else_is_no_missing_right(tmp_path: Path, status: int) -> None:
    server = ApiServer()
    server.gate = lambda _: web.Response(status=status, text="<html>blocked</html>", content_type="text/html")
    async with server.running():
        health = await until_health(ClusterSource(options(write_kubeconfig(tmp_path, server.url))), failed)
    assert f"answered {status}" in health.error
    assert "not as an API server does" in health.error
    assert all(not denial.right for denial in health.denials)


async def test_a_page_of_something_else_is_no_pulse(tmp_path: Path) -> None:
    server, portal = ApiServer(), [False]
    server.lists(PODS, page([pod("a")]))
    server.gate = lambda request: web.Response(text="<html>sign in</html>") if portal[0] and is_pulse(request) else None
    async with server.running(), reading(tmp_path, server) as seen:
        await seen.health(live)
        portal[0] = True
        await seen.health(failed)
        portal[0] = False
        await seen.health(live)


@pytest.mark.parametrize("answer", [b"404 page not found", groups(GROUP), b"{}"])
async def test_a_404_in_plain_text_alone_does_not_make_a_group_absent(tmp_path: Path, answer: bytes) -> None:
    server = ApiServer()
    server.gate = lambda request: (
        web.Response(status=404, text="404 page not found") if request.path == f"/apis/{GROUP}" else None
    )
    server.lists("/apis", body(answer))
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url)))
        async with source.reader().open() as session:
            with pytest.raises(UntrustedPayload):
                await session.resources(GROUP)


async def test_a_group_that_the_server_does_not_list_is_absent(tmp_path: Path) -> None:
    """kube-apiserver answers 404 in plain text for a group that it does not know (Go's http.NotFound)."""
    server = ApiServer()
    server.gate = lambda request: (
        web.Response(status=404, text="404 page not found") if request.path == f"/apis/{GROUP}" else None
    )
    server.lists("/apis", body(groups("apps/v1")))
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url)))
        async with source.reader().open() as session:
            assert await session.resources(GROUP) == ()
