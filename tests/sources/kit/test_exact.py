"""Addresses that go out as they were written: a signature may count every character, a page mark every escape."""

from __future__ import annotations

import pytest
from aiohttp import web
from yarl import URL

from tests.sources.scanners.servers import Service
from tui.sources.kit.exact import exact, led_to
from tui.sources.kit.transport import Transport, TransportOptions


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("https://store.example/logs/a%2fb?sv=2021-12-02&sig=a%2Bb%2F%3D", "/logs/a%2fb?sv=2021-12-02&sig=a%2Bb%2F%3D"),
        ("https://arm.example/runs?$filter=TaskName%20eq%20%27a%27&$skiptoken=x%3a1", None),
        ("https://arm.example?page=2", "/?page=2"),
        ("https://arm.example", "/"),
        ("https://arm.example/a#part", "/a"),
        # What may not stand in a request line is written anew, and so is a way that leads up.
        ("https://jenkins.example/api/json?tree=jobs[name]{0,5}", "/api/json?tree=jobs%5Bname%5D%7B0,5%7D"),
        ("https://arm.example/a b", "/a%20b"),
        ("https://arm.example/a/../b", "/b"),
        ("https://arm.example/a%zz", "/a%25zz"),
    ],
)
def test_path_and_query_go_out_as_they_are_written(address: str, target: str | None) -> None:
    assert exact(address).raw_path_qs == (target or address.removeprefix("https://arm.example"))


def test_names_of_hosts_and_users_are_read_as_ever() -> None:
    assert exact("https://BÜCHER.example:443/a%2F").raw_host == "xn--bcher-kva.example"
    assert exact("http://user:word@host.example/a%2F").user == "user"
    assert exact("http://[::1]:80/a").port == 80
    with pytest.raises(ValueError, match="Port"):
        exact("https://host.example:99999999/")


@pytest.mark.parametrize(
    ("location", "address"),
    [
        ("/v2/a?_state=x%2F%3D", "https://registry.example:5000/v2/a?_state=x%2F%3D"),
        ("https://other.example/a?sig=%2F", "https://other.example/a?sig=%2F"),
        ("//other.example/a", "https://other.example/a"),
        ("beside?x=1", "https://registry.example:5000/v2/beside?x=1"),
        ("?u=https://other.example", "https://registry.example:5000/v2/here?u=https://other.example"),
        ("ftp://other.example/a", "ftp://other.example/a"),
    ],
)
def test_a_redirect_leads_where_it_says(location: str, address: str) -> None:
    assert str(led_to(URL("https://registry.example:5000/v2/here"), location)) == address


async def test_a_signed_address_of_another_host_gets_its_query_as_written_and_no_header_of_ours() -> None:
    """Seen by the server: the raw target, and which headers came along (docs.github.com: job logs are a 302 to a signed blob)."""
    store, api = Service(), Service()
    signed = "/logs/a%2Fb?sv=2021-12-02&se=2026-11-29T18%3A00%3A00Z&sig=x%2By%2Fz%3D"
    targets: list[str] = []

    async def content(request: web.Request) -> web.StreamResponse:
        targets.append(request.raw_path)
        return web.Response(text="a line")

    async def elsewhere(_: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": store.url.replace("127.0.0.1", "localhost") + signed})

    store.on("/logs/a/b", content)
    api.on("/logs", elsewhere)
    secrets = {"Authorization": "Bearer t", "Cookie": "c=1", "X-GitHub-Api-Version": "2022-11-28", "Jenkins-Crumb": "x"}
    async with store.running(), api.running(), Transport(TransportOptions(home="127.0.0.1")) as transport:
        headers = {**secrets, "Accept": "*/*"}
        reply = await transport.request("GET", f"{api.url}/logs", headers=headers, foreign_redirects=True)
        direct = await transport.request("GET", f"{store.url}{signed}", headers={"Accept": "*/*"})
    assert (reply.body, direct.body, targets) == (b"a line", b"a line", [signed, signed])
    assert {name.lower() for name in store.headers[0]} == {"host", "accept", "accept-encoding", "user-agent"}
