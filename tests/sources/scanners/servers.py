"""Scripted services on real sockets, and what a source says of them in one round."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any, Protocol

from aiohttp import web

from tui.domain.facts.events import Event, HealthChanged, ScanGone, ScansCompleted, ScansSeen, SourceHealth, SourceState
from tui.domain.facts.scan import ScanReport
from tui.sources.kit.credentials import EntraToken

# Far beyond what any test needs: it only ends a test that would hang.
PATIENCE = 20.0
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Eventful(Protocol):
    """A source."""

    def events(self) -> Any:
        """Its events."""
        ...


class Service:
    """Answers each path (without its query) from a script, in turn; the last answer stays. `seen` are method, path, query."""

    def __init__(self) -> None:
        self.url = ""
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        self.bodies: list[bytes] = []
        self.headers: list[Mapping[str, str]] = []
        self._scripts: dict[str, deque[Answer]] = defaultdict(deque)

    def on(self, path: str, *answers: Answer) -> None:
        """Answer this path so."""
        self._scripts[path].extend(answers)

    def asked(self, path: str) -> list[dict[str, str]]:
        """The queries with which a path was asked, in order."""
        return [query for _, asked, query in self.seen if asked == path]

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append((request.method, request.path, dict(request.query)))
        self.headers.append(dict(request.headers))
        self.bodies.append(await request.read())
        script = self._scripts[request.path]
        if not script:
            return web.json_response({"message": "no such thing"}, status=404)
        return await (script.popleft() if len(script) > 1 else script[0])(request)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Service]:
        """Serve on a free port of this machine."""
        app = web.Application(client_max_size=1 << 24)
        app.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()


def send(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Answer with JSON."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=json.dumps(body), status=status, headers=headers, content_type="application/json")

    return answer


def page() -> Answer:
    """Answer 200 with a sign-in page."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(text="<!doctype html><title>Sign in</title>", content_type="text/html")

    return answer


def cut(body: bytes = b'{"count": 99, "result": [') -> Answer:
    """Promise more than is sent, then cut the connection."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(body) + 1000), "Content-Type": "application/json"})
        await response.prepare(request)
        await response.write(body)
        assert request.transport is not None
        request.transport.close()
        return response

    return answer


class Told:
    """What a source said in a number of rounds."""

    def __init__(self, events: list[Event]) -> None:
        self.events = events
        reports: dict[str, ScanReport] = {}
        for event in events:
            if isinstance(event, ScansSeen):
                reports |= {report.key: report for report in event.reports}
            elif isinstance(event, ScanGone):
                reports.pop(event.key, None)
        self.reports = reports

    @property
    def health(self) -> SourceHealth:
        """The last word on it."""
        return [event.health for event in self.events if isinstance(event, HealthChanged)][-1]

    @property
    def completed(self) -> bool:
        """Whether a round said that it saw everything."""
        return any(isinstance(event, ScansCompleted) for event in self.events)

    @property
    def one(self) -> ScanReport:
        """The only report."""
        (report,) = self.reports.values()
        return report


async def told(source: Eventful, rounds: int = 1) -> Told:
    """What the source says until so many rounds have ended."""
    events: list[Event] = []
    async with asyncio.timeout(PATIENCE), aclosing(source.events()) as stream:
        async for event in stream:
            events.append(event)
            if isinstance(event, HealthChanged) and event.health.state is not SourceState.LOADING:
                rounds -= 1
                if not rounds:
                    return Told(events)
    raise AssertionError(f"the source ended: {events}")


class Entra:
    """Gives out a token, or the error that it is made with."""

    def __init__(self, error: Exception | None = None, *, renews: bool = False) -> None:
        self._error, self._renews = error, renews
        self.scopes: list[str] = []
        self.refused: list[str] = []

    async def token(self, scope: str, refused: str = "") -> EntraToken:
        """A token."""
        self.scopes.append(scope)
        if self._error is not None:
            raise self._error
        self.refused += [refused] if refused else []
        value = f"entra-token-{len(self.refused)}" if self._renews and self.refused else "entra-token"
        return EntraToken(value, 4e9, "ops@contoso.example (az login)")
