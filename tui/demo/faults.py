"""What goes wrong in the scenario `broken`: wrappers around servers that answer wrongly, late, or not at all."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from tui.demo.cluster import status
from tui.demo.http import Handler, Reply, Request, json_reply
from tui.demo.registry.errors import error, too_many

__all__ = ["Fault", "Faults"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong on one server: requests whose path matches, from and until seconds after the start.

    `what`: `401`, `403`, `500`, `429`, `cut`, `malformed`, `lie`, `flip` (a bit of the body), `page` (of a sign-in), `drop` (no
    answer at all, although the request was carried out), `unheard` (no answer, and nothing was done).
    Of the server `tasks` the path is the name of a task, and `what` how its runs go wrong: `half-way`,
    `nothing`, `other-digest`, `old-base`, `log-cut`, `cancelled`, `queue-full`, `unsigned`.
    `first` limits it to so many requests, the first `spared` of which are answered well; `method` to those of one method.
    """

    server: str
    path: str
    what: str
    begins: float = 0.0
    ends: float = 1e9
    first: int = 1_000_000_000
    spared: int = 0
    method: str = ""


class Faults:
    """The faults of a run; none unless given, or switched on later."""

    def __init__(self, faults: tuple[Fault, ...] = ()) -> None:
        self.switch(*faults)

    def switch(self, *faults: Fault) -> None:
        """From now on these go wrong, and no others."""
        self._faults = faults
        self._counts = [0] * len(faults)
        self._began = time.monotonic()

    @classmethod
    def many(cls) -> Faults:
        """Those of `broken`."""
        return cls(
            (
                # The second cluster answers for a while, then only with errors, and then not at all.
                Fault("prod-neu", r"/.*", "500", begins=10.0, ends=25.0),
                Fault("prod-neu", r"/.*", "drop", begins=25.0),
                Fault("prod-neu", r"/apis/batch/.*", "cut", first=2),
                Fault("prod-weu", r"/api/v1/pods", "429", first=1),
                # The carrier's registry throttles first and fails then.
                Fault("fabrikam.azurecr.io", r"/(acr|v2)/.*", "429", first=4),
                Fault("fabrikam.azurecr.io", r"/(acr|v2)/.*", "500"),
                Fault("contoso.azurecr.io", r"/acr/v1/catalog/media/_manifests", "malformed"),
                Fault("contoso.azurecr.io", r"/v2/checkout/tax/manifests/.*", "lie"),
                Fault("storage", r"/contoso\.azurecr\.io/platform/agent/.*", "flip"),
                # What watches over trust fails, each in its own way.
                Fault("defender", r"/.*", "cut", spared=1),
                Fault("aqua", r"/api/v2/.*", "page"),
                Fault("prisma", r"/api/v1/(images|registry)", "429"),
                Fault("prod-weu", r"/apis/aquasecurity\.github\.io/v1alpha1/.*reports", "malformed"),
                Fault("prod-weu", r"/apis/constraints\.gatekeeper\.sh/v1beta1/k8sallowedrepos", "500"),
                Fault("revocation", r"/.*", "drop"),
            )
        )

    def around(self, server: str, handler: Handler) -> Handler:
        """The handler of a server, with its faults."""

        async def handle(request: Request) -> Reply:
            mine = [(place, fault) for place, fault in enumerate(self._faults) if fault.server == server]
            for place, fault in mine:
                if self._strikes(place, fault, request):
                    if fault.what == "unheard":
                        raise ConnectionResetError
                    if fault.what in _REFUSALS:  # nothing was done, so it may be asked again
                        return _of_azure(fault.what) if server == "arm" else _spoil(fault, request, Reply())
                    return _spoil(fault, request, await handler(request))
            reply = await handler(request)
            if reply.chunks is not None and mine:
                reply.chunks = _until(
                    reply.chunks, self._began + min((fault.begins for _, fault in mine if fault.begins), default=1e9)
                )
            return reply

        return handle

    def of(self, server: str, path: str) -> str:
        """What goes wrong there now with something that is no request, empty when nothing does."""
        for place, fault in enumerate(self._faults):
            if fault.server == server and self._matches(place, fault, path):
                return fault.what
        return ""

    def _strikes(self, place: int, fault: Fault, request: Request) -> bool:
        return fault.method in ("", request.method) and self._matches(place, fault, request.path)

    def _matches(self, place: int, fault: Fault, path: str) -> bool:
        since = time.monotonic() - self._began
        if not fault.begins <= since < fault.ends or self._counts[place] >= fault.first:
            return False
        if re.fullmatch(fault.path, path) is None:
            return False
        self._counts[place] += 1
        return self._counts[place] > fault.spared


def _spoil(fault: Fault, request: Request, reply: Reply) -> Reply:
    cluster = fault.server.startswith("prod-")
    match fault.what:
        case "drop":
            raise ConnectionResetError
        case "500" if fault.server == "arm":
            return _of_azure(fault.what)
        case "401" | "403" | "429" | "500" if fault.server in _BUILDERS:
            return _of_builder(fault)
        case "403" if cluster:
            return status.refused(request.method, request.path)
        case "401" if cluster:
            return status.unauthorized()
        case "429" if fault.server == "prisma":
            return json_reply({"err": "rate limit exceeded"}, 429, (("Retry-After", "900"),))
        case "429":
            return status.too_many(1) if cluster else too_many(1)
        case "403":
            return error(403, "DENIED", "requested access to the resource is denied", None)
        case "500":
            message = "etcdserver: request timed out"
            return status.internal(message) if cluster else error(500, "UNKNOWN", "unknown error", None)
        case "page":
            return Reply(200, _SIGN_IN, media_type="text/html; charset=utf-8")
        case _ if reply.status == 200:
            return _damage(fault, request, reply)
        case _:
            return reply


_REFUSALS = frozenset({"401", "403", "429"})


_BUILDERS = ("azure-pipelines", "github-actions", "jenkins")


def _of_builder(fault: Fault) -> Reply:
    """A refusal of a build system: Jenkins refuses with pages, the others with a message; a limit names its wait."""
    wait = (("Retry-After", "1"),) if fault.what == "429" else ()
    if fault.server == "jenkins":
        page = f"<html><body><h2>HTTP ERROR {fault.what}</h2></body></html>".encode()
        return Reply(int(fault.what), page, (("X-Jenkins", "2.492.3"), *wait), media_type="text/html;charset=iso-8859-1")
    return json_reply({"message": "The request was refused."}, int(fault.what), wait)


def _of_azure(fault: str) -> Reply:
    """A refusal of Azure Resource Manager; a 429 names its wait in its text alone (recorded)."""
    wait = "Number of requests exceeded the backend storage limit. Please try again after '1' seconds."
    code, message = {
        "401": ("ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than current UTC time."),
        "403": ("AuthorizationFailed", "The client does not have authorization to perform action over scope."),
        "429": ("SubscriptionRequestsThrottled", wait),
    }.get(fault, ("InternalServerError", "Encountered internal server error."))
    return json_reply({"error": {"code": code, "message": message}}, int(fault))


def _damage(fault: Fault, request: Request, reply: Reply) -> Reply:
    """An answer that would have been good."""
    match fault.what:
        case "cut":
            return replace(reply, cut=True, compress=False, chunked=False)
        case "malformed":
            return replace(reply, body=reply.body[: len(reply.body) * 2 // 3])
        case "lie" if request.method == "GET":
            return replace(reply, body=reply.body.replace(b'"size":', b'"size" :', 1))
        case "flip":
            middle = len(reply.body) // 2
            return replace(reply, body=reply.body[:middle] + bytes([reply.body[middle] ^ 1]) + reply.body[middle + 1 :])
        case _:
            return reply


_SIGN_IN = b"""<!DOCTYPE html><html><head><title>Sign in to your account</title></head>
<body><form action="/login/callback" method="post"><input name="loginfmt"></form></body></html>
"""


async def _until(chunks: AsyncIterator[bytes], end: float) -> AsyncIterator[bytes]:
    """A stream that ends when its server fails."""
    while True:
        try:
            async with asyncio.timeout(max(0.0, end - time.monotonic())):
                chunk = await anext(chunks)
        except (TimeoutError, StopAsyncIteration):
            return
        yield chunk
