"""Which servers are reached by the proxy of the environment: as Go's httpproxy reads it (its own table of cases)."""

from __future__ import annotations

import pytest
from aiohttp import web
from yarl import URL

from tests.sources.registry.servers import FakeRegistry
from tui.errors import Unreachable
from tui.sources.kit.proxies import NO_PROXY, Proxies, spared
from tui.sources.kit.transport import Transport, TransportOptions

# golang.org/x/net/http/httpproxy, TestUseProxy and its issues.
GO = (
    "foobar.com, .barbaz.net, *.star.net, suffix.port:8443, 192.168.1.1, 192.168.1.2:81, 192.168.1.3:80, 10.0.0.0/30, "
    "2001:db8::52:0:1, [2001:db8::52:0:2]:443, [2002:db8::52:0:3]:80, 2002:db8::1/32, :80, , bad/x, xn--fsq092h.com"
)


@pytest.mark.parametrize(
    ("host", "port", "direct"),
    [
        ("localhost", 80, True),
        ("127.0.0.1", 443, True),
        ("127.0.0.2", 443, True),
        ("::1", 80, True),
        ("::ffff:127.0.0.1", 80, True),
        ("[::2]", 80, False),
        ("local.localhost", 80, False),
        ("barbaz.net", 80, False),
        ("www.barbaz.net", 443, True),
        ("foobar.com", 443, True),
        ("FooBar.com", 443, True),
        ("www.foobar.com", 80, True),
        ("foofoobar.com", 80, False),
        ("star.net", 80, False),
        ("a.star.net", 80, True),
        ("suffix.port", 8443, True),
        ("a.suffix.port", 8443, True),
        ("suffix.port", 443, False),
        ("192.168.1.1", 443, True),
        ("192.168.1.2", 81, True),
        ("192.168.1.2", 80, False),
        ("192.168.1.3", 80, True),
        ("192.168.1.4", 80, False),
        ("10.0.0.2", 443, True),
        ("10.0.0.4", 443, False),
        ("::ffff:10.0.0.2", 443, True),
        ("2001:db8::52:0:1", 443, True),
        ("2001:db8::52:0:2", 443, True),
        ("2001:db8::52:0:2", 80, False),
        ("2002:db8::52:0:3", 443, True),
        ("2001:db8::52:0:3", 443, False),
        ("xn--fsq092h.com", 443, True),
        ("example.com", 443, False),
    ],
)
def test_no_proxy_is_read_as_go_reads_it(host: str, port: int, direct: bool) -> None:
    assert spared(host, port, GO) is direct


@pytest.mark.parametrize("no_proxy", ["*", "foo.com, *", " * ,x"])
def test_a_star_alone_spares_everything(no_proxy: str) -> None:
    assert spared("example.com", 443, no_proxy)
    assert not spared("example.com", 443, "*.com.example")


@pytest.mark.parametrize(
    ("environ", "url", "proxy"),
    [
        ({"HTTPS_PROXY": "http://p:1"}, "https://r.test/", "http://p:1"),
        ({"https_proxy": "http://p:1"}, "https://r.test/", "http://p:1"),
        ({"HTTPS_PROXY": "http://big:1", "https_proxy": "http://small:1"}, "https://r.test/", "http://big:1"),
        ({"HTTPS_PROXY": "http://p:1"}, "http://r.test/", None),
        ({"HTTP_PROXY": "http://p:1"}, "http://r.test/", "http://p:1"),
        ({"HTTP_PROXY": "http://p:1", "REQUEST_METHOD": "GET"}, "http://r.test/", None),
        ({"ALL_PROXY": "http://p:1"}, "https://r.test/", None),
        ({"HTTPS_PROXY": "p:1"}, "https://r.test/", "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "r.test:443"}, "https://r.test/", None),
        ({"HTTPS_PROXY": "http://p:1", "no_proxy": "r.test"}, "https://r.test/", None),
        ({"HTTPS_PROXY": "http://p:1"}, "https://127.0.0.1:5000/", None),
    ],
)
def test_which_variable_counts(environ: dict[str, str], url: str, proxy: str | None) -> None:
    found = Proxies(environ).of(URL(url))
    assert (str(found.url) if found.url else None) == proxy


def test_what_is_no_proxy_is_refused() -> None:
    with pytest.raises(ValueError, match="HTTPS_PROXY"):
        Proxies({"HTTPS_PROXY": "ftp://p:1"}).of(URL("https://r.test/"))
    assert Proxies({}).of(URL("https://r.test/")) == NO_PROXY


async def test_servers_on_this_machine_and_in_a_range_never_meet_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeRegistry() as proxy, FakeRegistry() as server:

        async def refuse(_: web.Request) -> web.StreamResponse:
            return web.Response(status=502)

        proxy.fault = refuse
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "10.0.0.0/8")
        async with Transport(TransportOptions(timeout=5.0)) as transport:
            assert (await transport.request("GET", f"{server.url}/v2/")).status == 200
            port = URL(server.url).port
            assert (await transport.request("GET", f"http://localhost:{port}/v2/")).status == 200
            assert not proxy.requests
            assert (await transport.request("GET", "http://11.0.0.1/v2/")).status == 502
            assert len(proxy.requests) == 1


async def test_a_socks_proxy_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:1080")
    monkeypatch.setenv("NO_PROXY", "")
    async with Transport(TransportOptions()) as transport:
        with pytest.raises(Unreachable, match="socks5 proxy"):
            await transport.request("GET", "https://registry.invalid/v2/")
