"""A server that says what a test tells it to, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

import msgspec
from aiohttp import web

__all__ = ["Asked", "Script", "cut", "json_answer", "serving"]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Asked(NamedTuple):
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: str


class Script:
    """What is answered to `METHOD /path` (without the query): the last answer stays; nothing: 404."""

    def __init__(self, **headers: str) -> None:
        self.asked: list[Asked] = []
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self._answers: dict[str, list[web.Response | Handler | Callable[[], web.Response]]] = {}
        self.url = ""

    def on(self, line: str, *answers: Callable[[], web.Response] | Handler) -> None:
        """These answers, one after the other."""
        self._answers[line] = list(answers)

    def usually(self, line: str, answer: Callable[[], web.Response]) -> None:
        """This answer, unless another is told."""
        self._answers.setdefault(line, [answer])

    def sent(self, method: str = "POST") -> list[Asked]:
        """What was sent by this method."""
        return [asked for asked in self.asked if asked.method == method]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer."""
        self.asked.append(Asked(request.method, str(request.rel_url), dict(request.headers), await request.text()))
        answers = self._answers.get(f"{request.method} {request.rel_url.raw_path}")
        if not answers:
            return web.Response(status=404, headers=self.headers)
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        try:
            made = answer(request)  # type: ignore[call-arg,operator]
        except TypeError:
            made = answer()  # type: ignore[call-arg,operator]
        response: web.StreamResponse = await made if isinstance(made, Awaitable) else made
        for name, value in self.headers.items():
            response.headers.setdefault(name, value)
        return response


def json_answer(value: object, status: int = 200, **headers: str) -> Callable[[], web.Response]:
    """An answer in JSON; `value` may be JSON already."""
    body = value if isinstance(value, bytes) else msgspec.json.encode(value)
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return lambda: web.Response(status=status, body=body, headers={"Content-Type": "application/json", **named})


def plain(text: str = "", status: int = 200, kind: str = "text/plain", **headers: str) -> Callable[[], web.Response]:
    """An answer in words."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: web.Response(status=status, body=text.encode(), headers={"Content-Type": kind, **named})


async def cut(request: web.Request) -> web.StreamResponse:
    """No answer: the connection ends."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@asynccontextmanager
async def serving(script: Script) -> AsyncIterator[str]:
    """Its address while the context lasts."""
    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", script.handle)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    script.url = f"http://{host}:{port}"
    try:
        yield script.url
    finally:
        await runner.cleanup()
