"""A scripted API server: what it answers to each list and watch is written in the test.

Shapes of lists, watch events and Status objects: kubernetes.io/docs/reference/using-api/api-concepts, and what the real
kube-apiserver 1.36 was seen to send (facts on real servers: 410 as an ERROR event under HTTP 200, continue tokens in a 410).
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
Json = dict[str, Any]

PODS = "/api/v1/pods"
DEPLOYMENTS = "/apis/apps/v1/deployments"
NAMESPACES = "/api/v1/namespaces"
ACCESS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_GROUP = re.compile(r"/apis/[^/]+/[^/]+")
WHOAMI = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


class ApiServer:
    """Answers lists and watches from its scripts, in turn; the last one stays. Unscripted: empty lists, silent watches."""

    def __init__(self) -> None:
        self.url = ""
        self.seen: list[web.Request] = []
        self.open_watches = 0
        self.ended = asyncio.Event()
        self._lists: dict[str, deque[Answer]] = defaultdict(deque)
        self._watches: dict[str, deque[Answer]] = defaultdict(deque)
        self._reviews: dict[str, Callable[[Json], Json]] = {}
        self.gate: Callable[[web.Request], web.Response | None] = lambda _: None

    def lists(self, path: str, *answers: Answer) -> None:
        """Answer lists of this path so."""
        self._lists[path].extend(answers)

    def watches(self, path: str, *answers: Answer) -> None:
        """Answer watches of this path so."""
        self._watches[path].extend(answers)

    def review(self, path: str, answer: Callable[[Json], Json]) -> None:
        """Answer a review with this status."""
        self._reviews[path] = answer

    def asked(self, path: str, *, watch: bool = False) -> list[Mapping[str, str]]:
        """The parameters of the lists (or watches) of this path, in order."""
        return [dict(r.query) for r in self.seen if r.path == path and (r.query.get("watch") == "true") is watch]

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request)
        if (refusal := self.gate(request)) is not None:
            return refusal
        if request.method == "POST":
            return await self._answer_review(request)
        watch = request.query.get("watch") == "true"
        if not watch and request.path not in self._lists and _GROUP.fullmatch(request.path):
            return failure(404, "NotFound", "the server could not find the requested resource")
        script = (self._watches if watch else self._lists)[request.path]
        answer = (script.popleft() if len(script) > 1 else script[0]) if script else (hang() if watch else page())
        return await answer(request)

    async def _answer_review(self, request: web.Request) -> web.Response:
        if request.path not in self._reviews:
            return failure(404, "NotFound", "no such review")
        body = await request.json()
        return web.json_response({**body, "status": self._reviews[request.path](body)}, status=201)

    @asynccontextmanager
    async def running(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[ApiServer]:
        """Serve on a free port of this machine."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        port = runner.addresses[0][1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        try:
            yield self
        finally:
            self.ended.set()
            await runner.cleanup()


def failure(code: int, reason: str, message: str = "", headers: Mapping[str, str] | None = None, **more: Any) -> web.Response:
    """A Status, as API servers answer errors."""
    return web.json_response(status(code, reason, message, **more), status=code, headers=headers)


def status(code: int, reason: str, message: str = "", **more: Any) -> Json:
    """A Status object."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": code,
    } | more


def refuse(code: int, reason: str, message: str = "", headers: Mapping[str, str] | None = None, **more: Any) -> Answer:
    """Answer with a Status."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return failure(code, reason, message, headers, **more)

    return answer


def page(items: list[Json] | None = None, *, version: str = "10", token: str = "", remaining: int | None = None) -> Answer:
    """Answer with a page of a list."""
    metadata: Json = {"resourceVersion": version}
    if token:
        metadata["continue"] = token
    if remaining is not None:
        metadata["remainingItemCount"] = remaining
    return body(json.dumps({"kind": "List", "apiVersion": "v1", "metadata": metadata, "items": items}).encode())


def body(content: bytes, content_type: str = "application/json") -> Answer:
    """Answer 200 with these bytes."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=content, content_type=content_type)

    return answer


def cut(content: bytes) -> Answer:
    """Promise more than is sent, then cut the connection."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(content) + 1000)})
        await response.prepare(request)
        await response.write(content)
        assert request.transport is not None
        request.transport.close()
        return response

    return answer


def lines(*chunks: bytes | Json, then: str = "hang") -> Answer:
    """Answer a watch with these events (or raw bytes), one write each, then `hang`, `close` properly or `cut`."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for chunk in chunks:
            await response.write(chunk if isinstance(chunk, bytes) else json.dumps(chunk).encode() + b"\n")
        if then == "hang":
            await asyncio.sleep(3600)
        elif then == "cut":
            assert request.transport is not None
            request.transport.close()
        return response

    return answer


def hang() -> Answer:
    """Open the answer and say nothing."""
    return lines()


def silent() -> Answer:
    """Do not answer at all."""

    async def answer(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(3600)
        raise AssertionError

    return answer


def event(kind: str, item: Json) -> Json:
    """A watch event."""
    return {"type": kind, "object": item}


def bookmark(version: str) -> Json:
    """A bookmark, as the real server writes one for pods."""
    return event(
        "BOOKMARK",
        {
            "kind": "Pod",
            "apiVersion": "v1",
            "metadata": {"resourceVersion": version, "creationTimestamp": None},
            "spec": {"containers": None},
            "status": {},
        },
    )


def pod(name: str, *, namespace: str = "shop", version: str = "1", state: Json | None = None, **metadata: Any) -> Json:
    """A pod with one container."""
    image = "example.azurecr.io/shop/web:3.0"
    created = "2026-11-24T10:00:00Z"
    meta = {"name": name, "namespace": namespace, "uid": f"uid-{name}", "resourceVersion": version, "creationTimestamp": created}
    return {
        "metadata": meta | metadata,
        "spec": {"nodeName": "node-1", "containers": [{"name": "main", "image": image, "imagePullPolicy": "Always"}]},
        "status": {
            "phase": "Running",
            "containerStatuses": [
                {
                    "name": "main",
                    "image": image,
                    "imageID": "example.azurecr.io/shop/web@sha256:" + "a" * 64,
                    "restartCount": 0,
                    "state": state or {"running": {"startedAt": "2026-11-24T10:00:05Z"}},
                }
            ],
        },
    }


def owned(by: str, kind: str = "ReplicaSet", api_version: str = "apps/v1") -> list[Json]:
    """ownerReferences with one controller."""
    return [{"apiVersion": api_version, "kind": kind, "name": by, "uid": f"uid-{by}", "controller": True}]


def write_kubeconfig(
    folder: Path, url: str, user: Json | None = None, *, namespace: str = "", cluster: Mapping[str, object] | None = None
) -> Path:
    """A kubeconfig with the one context `test`."""
    context: Json = {"cluster": "c", "user": "u"} | ({"namespace": namespace} if namespace else {})
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "contexts": [{"name": "test", "context": context}],
        "clusters": [{"name": "c", "cluster": {"server": url, **(cluster or {})}}],
        "users": [{"name": "u", "user": user or {"token": "secret-token"}}],
    }
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(document))
    return path
