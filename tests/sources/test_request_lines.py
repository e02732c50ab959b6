"""Requests in the log: what was asked of whom and what came of it, and no secret, whatever the address holds."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

import pytest
from aiohttp import web
from yarl import URL

from tui.errors import SourceError
from tui.sources.kit.requestlog import LONGEST_ADDRESS, cause_of, shown
from tui.sources.kit.transport import Transport, TransportOptions


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (
            "https://c.azurecr.io/v2/shop/api/tags/list?n=1000&last=1.8",
            "https://c.azurecr.io/v2/shop/api/tags/list?n=1000&last=1.8",
        ),
        (
            "https://c.azurecr.io/oauth2/token?scope=repository%3Ashop%2Fapi%3Apull&service=c&account=ops",
            "https://c.azurecr.io/oauth2/token?scope=repository:shop/api:pull&service=c&account",
        ),
        ("https://b.blob.core.windows.net/c/x?sv=2020&sig=s3cret%3D", "https://b.blob.core.windows.net/c/x?sv&sig"),
        ("https://k:6443/api/v1/pods?limit=500&continue=s3cret", "https://k:6443/api/v1/pods?limit=500&continue"),
        ("https://ops:s3cret@c.example:8443/x", "https://c.example:8443/x"),
        ("https://[::1]:6443/x?s3cret", "https://[::1]:6443/x?..."),
    ],
)
def test_an_address_is_shown_without_what_could_be_secret(url: str, words: str) -> None:
    assert shown(URL(url)) == words


def test_an_address_is_bounded() -> None:
    assert len(shown(URL(f"https://c.example/{'a' * 9_000}?" + "&".join(f"n={i}" for i in range(500))))) <= LONGEST_ADDRESS + 3


async def lines(caplog: pytest.LogCaptureFixture, path: str) -> list[str]:
    """What is logged of one request to a server with these paths."""
    over = asyncio.Event()

    async def whole(_: web.Request) -> web.Response:
        return web.Response(text="12345")

    async def denied(_: web.Request) -> web.Response:
        return web.Response(status=403, text="no")

    async def cut(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"abc")
        assert request.transport is not None
        request.transport.close()
        return response

    async def never(_: web.Request) -> web.Response:
        await over.wait()
        return web.Response()

    app = web.Application()
    app.router.add_get("/whole", whole)
    app.router.add_get("/denied", denied)
    app.router.add_get("/cut", cut)
    app.router.add_get("/never", never)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    try:
        with caplog.at_level(logging.DEBUG, "tui.sources.http"):
            async with Transport(TransportOptions(timeout=0.5)) as transport:
                with suppress(SourceError):
                    await transport.request("GET", f"http://127.0.0.1:{port}{path}", headers={"Authorization": "Bearer s3cret"})
    finally:
        over.set()
        await runner.cleanup()
    assert "s3cret" not in caplog.text
    return [record.getMessage().replace(f":{port}", "") for record in caplog.records if record.name == "tui.sources.http"]


@pytest.mark.parametrize(
    ("path", "begin", "end"),
    [
        ("/whole?n=1", "GET http://127.0.0.1/whole?n=1: 200 in ", " ms, 5 bytes"),
        ("/denied", "GET http://127.0.0.1/denied: 403 in ", " ms, 2 bytes"),
        ("/cut", "GET http://127.0.0.1/cut: 200, then no answer after ", ""),
        ("/never", "GET http://127.0.0.1/never: given up after ", " ms"),
    ],
)
async def test_each_request_is_one_line(caplog: pytest.LogCaptureFixture, path: str, begin: str, end: str) -> None:
    (line,) = await lines(caplog, path)
    assert line.startswith(begin)
    assert line.endswith(end)


def test_a_cause_is_told_without_what_follows_in_other_lines() -> None:
    assert cause_of(ValueError("of another type\nContent: a body")) == "ValueError: of another type"
    assert cause_of(TimeoutError()) == "TimeoutError"
