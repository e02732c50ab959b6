"""The log of a run as it grows, over a real socket: ranges, the end, expired addresses, cuts and what terminals must not see."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from aiohttp import web

from tests.sources.builders.arm import REGISTRY, builder, run
from tests.sources.scanners.servers import Service, send
from tui.domain.facts.build import BuilderKind, Run, RunState
from tui.errors import Forbidden, SourceError, UntrustedPayload

RUN = Run(BuilderKind.ACR_TASKS, "contoso.azurecr.io", "cf2", RunState.RUNNING)
SECRET = "c2VjcmV0LXNpZ25hdHVyZQ"


class Blob:
    """An append blob that grows by a piece with each look; `complete` is told with the last one, by GET first."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces, self.content, self.statuses = list(pieces), b"", list[int]()
        self.headers: list[str] = []
        self.told = False

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.headers.append(request.headers.get("Authorization", ""))
        if self.statuses:
            return web.Response(status=self.statuses.pop(0))
        if request.method == "HEAD":
            if self.pieces:
                self.content += self.pieces.pop(0)
            return web.Response(headers={"Content-Length": str(len(self.content)), **self._metadata(request.method)})
        first, last = map(int, request.headers["x-ms-range"].removeprefix("bytes=").split("-"))
        body = self.content[first : last + 1]
        if not body:
            return web.Response(status=416)
        headers = {"Content-Encoding": "utf-8", "Content-Type": "text/plain; charset=utf-8", **self._metadata("GET")}
        headers["Content-Range"] = f"bytes {first}-{first + len(body) - 1}/{len(self.content)}"
        return web.Response(status=206, body=body, headers=headers)

    def _metadata(self, method: str) -> dict[str, str]:
        if self.pieces or (method == "HEAD" and not self.told):
            return {}
        self.told = True
        return {"x-ms-meta-Complete": "successful"}


async def read(blob: Callable[[web.Request], object], link: str = "", state: str = "Running") -> list[str]:
    service = Service()
    service.on("/logs/rawtext.log", blob)  # type: ignore[arg-type]
    service.on(f"{REGISTRY}/runs/cf2", send(run(status=state)))
    async with service.running():
        service.on(
            f"{REGISTRY}/runs/cf2/listLogSasUrl", send({"logLink": link or f"{service.url}/logs/rawtext.log?sv=1&sig={SECRET}"})
        )
        tasks, arm = builder(service)
        try:
            return [line async for line in tasks.log(RUN)]
        finally:
            await tasks.aclose()
            await arm.close()


async def test_lines_come_whole_although_pieces_end_anywhere() -> None:
    euro = "Größe: 1 €\r\nStep 1/2 : FROM \x1b[32mnode\x1b[0m\n10%\r20%\rdone\n".encode()
    blob = Blob(b"", euro[:3], euro[3:12], euro[12:], b"no end")
    assert await read(blob) == ["Größe: 1 €", "Step 1/2 : FROM node", "done", "no end"]
    assert set(blob.headers) == {""}


async def test_a_log_that_was_kept_as_an_artifact_is_read_with_one_request() -> None:
    # azure-cli `acr/_stream_utils.py`: `logArtifactLink`, where it is told, is streamed with one GET, without ranges.
    service, methods = Service(), list[tuple[str, bool]]()

    async def artifact(request: web.Request) -> web.StreamResponse:
        methods.append((request.method, "x-ms-range" in request.headers))
        return web.Response(body=b"one\r\ntwo\n")

    service.on("/artifact", artifact)
    async with service.running():
        link = {"logLink": "https://blob.example/x", "logArtifactLink": f"{service.url}/artifact?sig={SECRET}"}
        service.on(f"{REGISTRY}/runs/cf2/listLogSasUrl", send(link))
        tasks, arm = builder(service)
        try:
            assert [line async for line in tasks.log(RUN)] == ["one", "two"]
        finally:
            await tasks.aclose()
            await arm.close()
    assert methods == [("GET", False)]


async def test_a_log_that_is_not_there_yet_is_waited_for() -> None:
    blob = Blob(b"begun\n")
    blob.statuses = [404, 404]
    assert await read(blob) == ["begun"]


async def test_an_address_that_has_expired_is_got_anew() -> None:
    blob = Blob(b"one\n", b"two\n")

    async def expiring(request: web.Request) -> web.StreamResponse:
        if blob.content and not blob.told and not expired:
            expired.append(True)
            return web.Response(status=403)
        return await blob(request)

    expired: list[bool] = []
    assert await read(expiring) == ["one", "two"]
    assert expired


async def test_an_address_that_is_refused_at_once_is_a_refusal() -> None:
    blob = Blob(b"one\n")
    blob.statuses = [403] * 9
    with pytest.raises(Forbidden):
        await read(blob)


async def test_a_failing_store_is_asked_again() -> None:
    blob = Blob(b"one\n")
    blob.statuses = [500, 503]
    assert await read(blob) == ["one"]


async def test_a_run_that_is_over_ends_a_log_that_nobody_ended() -> None:
    class Forgotten(Blob):
        def _metadata(self, method: str) -> dict[str, str]:
            return {}

    assert await read(Forgotten(b"one\n"), state="Canceled") == ["one"]


async def test_a_log_that_never_ends_is_given_up() -> None:
    class Forgotten(Blob):
        def _metadata(self, method: str) -> dict[str, str]:
            return {}

    with pytest.raises(SourceError):
        await read(Forgotten(b"one\n"), link="")


@pytest.mark.parametrize("link", ["http://logs.example/a?sig=s", "ftp://127.0.0.1/", "not an address", "https://[::1"])
async def test_an_address_that_leads_elsewhere_is_not_gone_to(link: str) -> None:
    with pytest.raises(UntrustedPayload) as raised:
        await read(Blob(), link)
    assert "sig" not in str(raised.value)


async def test_the_signature_is_in_no_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        await read(Blob(b"one\n"))
    assert SECRET not in caplog.text
    assert "rawtext.log" in caplog.text
