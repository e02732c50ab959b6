"""What goes wrong in `broken`, each kind of fault on its own."""

from __future__ import annotations

import json

import aiohttp
import pytest

from tests.demo.serving import asking
from tests.demo.test_cluster import ADMIN, make_store
from tests.demo.test_content import company
from tui.demo.cluster.server import ApiServer
from tui.demo.faults import Fault, Faults
from tui.demo.http import Handler
from tui.demo.registry.plain import OpenRegistry

MCR = "mcr.microsoft.com"


def registry(what: str, **limits: int) -> Handler:
    """An open registry with one fault."""
    fault = Fault(MCR, r"/v2/dotnet/.*", what, first=limits.get("first", 100))
    return Faults((fault,)).around(MCR, OpenRegistry(company().yard.shelf(MCR)).handle)


@pytest.mark.parametrize(("what", "status"), [("500", 500), ("429", 429)])
async def test_errors_strike_what_they_are_for_and_nothing_else(what: str, status: int) -> None:
    async with asking(registry(what)) as ask:
        assert (await ask("/v2/dotnet/aspnet/tags/list")).status == status
        assert (await ask("/v2/openjdk/jdk/tags/list")).status == 200


async def test_throttling_names_the_wait_and_ends_after_its_count() -> None:
    async with asking(registry("429", first=1)) as ask:
        assert (await ask("/v2/dotnet/aspnet/tags/list")).headers["retry-after"] == "1"
        assert (await ask("/v2/dotnet/aspnet/tags/list")).status == 200


async def test_a_lie_is_a_body_that_does_not_hash_to_its_digest() -> None:
    async with asking(registry("lie")) as ask:
        lie = await ask("/v2/dotnet/aspnet/manifests/10.0")
    truth = company().yard.newest(f"{MCR}/dotnet/aspnet").stored[-1]
    assert lie.headers["docker-content-digest"] == truth.digest
    assert lie.body.encode() != truth.body


async def test_malformed_json_has_the_right_length_header() -> None:
    async with asking(registry("malformed")) as ask:
        answer = await ask("/v2/dotnet/aspnet/tags/list")
    assert answer.status == 200
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        _ = answer.json


async def test_a_flipped_bit_keeps_the_length_and_a_sign_in_page_is_html() -> None:
    async with asking(registry("flip")) as ask, asking(registry("page")) as page:
        flipped, shown = await ask("/v2/dotnet/aspnet/tags/list"), await page("/v2/dotnet/aspnet/tags/list")
    truth = json.dumps({"name": "dotnet/aspnet", "tags": ["10.0", "10.0.2", "10.0.6", "10.0.7"]}, separators=(",", ":"))
    assert len(flipped.body) == len(truth)
    assert sum(one != other for one, other in zip(flipped.body, truth, strict=True)) == 1
    assert (shown.status, shown.headers["content-type"]) == (200, "text/html; charset=utf-8")


async def test_some_requests_are_spared_at_first() -> None:
    fault = Fault(MCR, r"/v2/dotnet/.*", "500", spared=2)
    async with asking(Faults((fault,)).around(MCR, OpenRegistry(company().yard.shelf(MCR)).handle)) as ask:
        assert [(await ask("/v2/dotnet/aspnet/tags/list")).status for _ in range(3)] == [200, 200, 500]


@pytest.mark.parametrize("what", ["cut", "drop"])
async def test_connections_break_in_the_middle(what: str) -> None:
    async with asking(registry(what)) as ask:
        with pytest.raises(aiohttp.ClientError):
            await ask("/v2/dotnet/aspnet/manifests/10.0")


async def test_a_cluster_that_fails_later_ends_its_watches_too() -> None:
    server = ApiServer(make_store(1), lambda request: ADMIN)
    faults = Faults((Fault("prod-neu", r"/.*", "500", begins=0.2),))
    async with asking(faults.around("prod-neu", server.handle)) as ask:
        watch = await ask("/api/v1/pods?watch=1&sendInitialEvents=true")
        assert watch.body.count("ADDED") == 2
        assert (await ask("/api/v1/pods")).status == 500
