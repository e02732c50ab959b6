"""What a kubeconfig's entries mean: each key as client-go takes it, and none dropped without a word."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.sources.cluster.apiserver import PODS, ApiServer, failure, page, pod, write_kubeconfig
from tests.sources.cluster.follow import options, until_health
from tests.tried import tried
from tui.domain.facts.events import SourceHealth, SourceState
from tui.errors import InvalidConfig
from tui.sources.cluster import ClusterSource
from tui.sources.cluster.diagnosis import diagnose
from tui.sources.cluster.entries import impersonation, read_cluster, read_user


async def failed(path: Path) -> SourceHealth:
    return await until_health(ClusterSource(options(path)), lambda health: health.state is SourceState.FAILED)


async def live(path: Path) -> SourceHealth:
    return await until_health(ClusterSource(options(path)), lambda health: health.live)


async def test_who_is_impersonated_is_sent_with_every_request_and_said(tmp_path: Path) -> None:
    user = {
        "token": "t",
        "as": "auditor",
        "as-uid": "7",
        "as-groups": ["g1", "g2"],
        "as-user-extra": {"example.org/Why?": ["z"], "reason": ["x", "y"]},
    }
    server = ApiServer()
    async with server.running():
        health = await live(write_kubeconfig(tmp_path, server.url, user))
    assert server.seen
    for request in server.seen:
        sent = [(name, value) for name, value in request.headers.items() if name.startswith("Impersonate-")]
        assert sent == [
            ("Impersonate-User", "auditor"),
            ("Impersonate-Uid", "7"),
            ("Impersonate-Group", "g1"),
            ("Impersonate-Group", "g2"),
            ("Impersonate-Extra-example.org%2FWhy%3F", "z"),
            ("Impersonate-Extra-reason", "x"),
            ("Impersonate-Extra-reason", "y"),
        ]
    assert "It is read as 'auditor' (the kubeconfig's 'as')." in health.remarks


async def test_the_token_file_wins_and_is_read_again_when_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tok").write_text("first\n")
    server = ApiServer()
    server.lists(PODS, page([pod("a")]))

    def renew(request: Any) -> Any:
        if request.headers["Authorization"] == "Bearer first":
            (tmp_path / "new").write_text("second\n")
            (tmp_path / "new").replace(tmp_path / "tok")
            return failure(401, "Unauthorized")
        return None

    server.gate = renew
    async with server.running():
        await live(write_kubeconfig(tmp_path, server.url, {"token": "old", "tokenFile": "tok"}))
    sent = {request.headers["Authorization"] for request in server.seen}
    assert sent == {"Bearer first", "Bearer second"}


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe"])
async def test_the_token_that_is_written_down_stands_in_for_a_file_that_cannot_be_read(
    tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "tok").write_bytes(content)
    server = ApiServer()
    async with server.running():
        await live(write_kubeconfig(tmp_path, server.url, {"token": "old", "tokenFile": "tok"}))
        alone = await failed(write_kubeconfig(tmp_path, server.url, {"tokenFile": "tok"}))
    assert {request.headers["Authorization"] for request in server.seen} == {"Bearer old"}
    assert "is empty or cannot be read" in alone.error
    assert alone.auth_failed


async def test_a_plugin_is_not_run_where_a_credential_is_written(tmp_path: Path) -> None:
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(tmp_path / "none")}
    server = ApiServer()
    async with server.running():
        await live(write_kubeconfig(tmp_path, server.url, {"token": "t", "exec": plugin}))


async def test_null_is_empty_in_every_key(tmp_path: Path) -> None:
    nulls: dict[str, Any] = dict.fromkeys(["exec", "auth-provider", "as", "as-groups", "username", "client-certificate-data"])
    server = ApiServer()
    async with server.running():
        cluster = dict.fromkeys(["certificate-authority", "proxy-url", "tls-server-name", "insecure-skip-tls-verify"])
        await live(write_kubeconfig(tmp_path, server.url, {"token": "t", **nulls}, cluster=cluster))


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ({"as-groups": ["g"]}, "but not 'as'"),
        ({"as-uid": "1"}, "but not 'as'"),
        ({"as": "a\nb"}, "control characters"),
        ({"as": 7}, "cannot be used"),
        ({"as": "a", "as-groups": "g"}, "cannot be used"),
        ({"token": "t", "username": "u"}, "only one way to sign in"),
    ],
)
def test_what_kubectl_refuses_is_refused(user: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        impersonation(read_user(user, "test"))
    assert said in caught.value.headline


@pytest.mark.parametrize(
    ("cluster", "said"),
    [
        ({"insecure-skip-tls-verify": "false"}, "Expected `bool`"),
        ({"insecure-skip-tls-verify": True, "certificate-authority-data": "eA=="}, "exclude each other"),
    ],
)
def test_a_cluster_that_would_be_read_without_verification_by_mistake_is_refused(cluster: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        read_cluster({"server": "https://c.example", **cluster}, "test")
    assert said in caught.value.headline


@pytest.mark.parametrize(
    "server", ["http://10.1.2.3:8080", "http://cluster.example", "http://127.evil.example", "http://[::2]:1"]
)
async def test_plain_http_off_this_machine_is_refused(tmp_path: Path, server: str) -> None:
    health = await failed(write_kubeconfig(tmp_path, server))
    assert "over plain http" in health.error
    assert "ssh -L" in health.remedy


async def test_plain_http_by_a_proxy_elsewhere_is_refused(tmp_path: Path) -> None:
    health = await failed(write_kubeconfig(tmp_path, "http://127.0.0.1:1", cluster={"proxy-url": "http://proxy.example:3128"}))
    assert "over plain http" in health.error


@pytest.mark.parametrize("proxy", ["socks4://h:1", "ftp://h", "h:3128", "http://", "http://h:99999", "socks5://[::1"])
async def test_a_proxy_of_another_kind_is_named_at_once(tmp_path: Path, proxy: str) -> None:
    health = await failed(write_kubeconfig(tmp_path, "https://127.0.0.1:1", cluster={"proxy-url": proxy}))
    assert "proxy-url" in health.error
    assert "socks5://" in health.remedy


@pytest.mark.parametrize("server", ["", "127.0.0.1:1", "ftp://h", "https://", "https://[::1", "https://h:99999"])
async def test_an_address_that_is_none_is_refused(tmp_path: Path, server: str) -> None:
    assert "no usable server address" in (await failed(write_kubeconfig(tmp_path, server))).error


async def test_keys_that_are_not_understood_are_said(tmp_path: Path) -> None:
    server = ApiServer()
    async with server.running():
        path = write_kubeconfig(tmp_path, server.url, {"token": "t", "tokenfile": "x"}, cluster={"proxy": "y", "extensions": []})
        health = await live(path)
        asked = await asyncio.wait_for(tried(diagnose(options(path))), 20)
    assert health.state is SourceState.OK
    assert health.remarks == (
        "The kubeconfig's cluster has keys that are not understood and not used: proxy.",
        "The kubeconfig's user has keys that are not understood and not used: tokenfile.",
    )
    assert {item.detail for item in asked} >= set(health.remarks)
