"""The connection to one registry: every request authorised, budgeted and bounded, tried again, and its refusals put in words."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Callable

import msgspec
from yarl import URL

from tui.domain.common.text import clean
from tui.errors import AuthenticationFailed, ConnectionCut, Forbidden, SourceError, UntrustedPayload
from tui.sources.kit.credentials import Credentials
from tui.sources.kit.redirects import same_origin
from tui.sources.kit.retry import Retry
from tui.sources.kit.throttle import Backoff, Throttle
from tui.sources.kit.transport import Reply, Transport, TransportOptions
from tui.sources.registry.faults import RequestContext, fault, no_answer, not_offered, retry_after
from tui.sources.registry.names import MAX_PAGES, ListCut, next_link
from tui.sources.registry.options import RegistryOptions
from tui.sources.registry.request import ANYTHING, Request, tell_pause
from tui.sources.registry.scopes import HELD, RepositoryScopes
from tui.sources.registry.tokens import Authorizer

__all__ = ["RegistryConnection"]

_log = logging.getLogger(__name__)
MAX_429 = 3
LONG_WAIT = 120.0
MAX_5XX = 2
MAX_CUTS = 2
TRANSIENT = frozenset({408, 500, 502, 503, 504})


class RegistryConnection:
    """Requests to one registry. Methods raise SourceError."""

    def __init__(
        self,
        options: RegistryOptions,
        credentials: Credentials,
        throttle: Throttle | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.options = options
        self.throttle = throttle or Throttle(options.requests_per_minute, options.concurrency)
        self.transport = Transport(
            TransportOptions(options.request_timeout, options.ca_file, options.server_name, home=options.base.host or "")
        )
        self.auth = Authorizer(options, credentials, self.transport, self.throttle, clock)
        self._scopes = RepositoryScopes(options.refresh)

    async def close(self) -> None:
        """Release every connection."""
        await self.transport.close()

    async def ping(self) -> Reply:
        """`GET /v2/` without credentials: is it there, and how does it want to be asked? 401 is a good answer."""
        context = RequestContext(self.options.host, "/v2/")
        reply = await self._patiently(Request(path="/v2/", context=context), "")
        if reply.status not in (200, 401):
            raise fault(reply, context, "")
        self.auth.learned(reply)
        return reply

    async def enter(self) -> None:
        """Sign in as far as the registry asks for it, and have it accept that once, before anything is read.

        Raises SourceError where the way to sign in that was configured does not work: then every request would fail alike.
        """
        await self.auth.enter()
        if self.auth.signed_in and not self.auth.identity:
            await self._send(Request(path="/v2/", context=RequestContext(self.options.host, "/v2/")))

    def restart(self) -> None:
        """Sign in anew at the next request, and ask again for what was refused."""
        self.auth.restart()
        self._scopes.forget()

    async def _send(self, request: Request) -> Reply:
        """The answer, whatever its status, after at most two rounds of signing in."""
        for _ in range(3):
            used = await self.auth.authorization(request.scope)
            reply = await self._patiently(request, used)
            if reply.status != 401 or not self._ours(reply):
                if reply.status not in (401, 429):
                    self.throttle.succeeded()
                if used and reply.status < 300:
                    self.auth.succeeded()
                return reply
            if not self.auth.challenged(reply, request.scope, used):
                return reply
        return reply

    async def fetch(self, request: Request) -> Reply:
        """The answer if it is 200. Raises SourceError."""
        reply, remembered = await self._scopes.ask(
            request.scope, request.kind, request.path, lambda: self._send(request), self._ours
        )
        if reply.status in request.lacking:
            raise not_offered(reply, request.context)
        if reply.status in (401, 403) and not self._ours(reply):
            raise self._elsewhere(reply, request.context)
        if reply.status != 200:
            context = (
                msgspec.structs.replace(request.context, remedy=f"{request.context.remedy} {HELD}")
                if remembered
                else request.context
            )
            raise self._explained(fault(reply, context, self.auth.signed_in))
        if request.accept != ANYTHING and reply.is_page:
            raise no_answer(reply, request.context)
        return reply

    def _ours(self, reply: Reply) -> bool:
        """Whether the registry itself spoke, not a host that it redirects to: only its challenges and rights are ours."""
        return same_origin(URL(reply.url), self.options.base)

    def _elsewhere(self, reply: Reply, context: RequestContext) -> Forbidden:
        where = clean(URL(reply.url).host or "", 80)
        return Forbidden(
            f"{context.host} leads to {where} for {context.resource}, which refuses it ({reply.status})",
            "Its storage may let only some networks in: use the VPN or private endpoint, or have this address allowed there.",
            right=f"network access to {where}",
        )

    def _explained(self, error: SourceError) -> SourceError:
        refusals = self.auth.refusals
        if not isinstance(error, AuthenticationFailed) or not refusals:
            return error
        reasons = "; ".join(refusal.headline for refusal in refusals)
        return AuthenticationFailed(f"{error.headline} ({reasons})", refusals[0].remedy or error.remedy)

    async def _patiently(self, request: Request, used: str) -> Reply:
        backoff = Backoff(0.3, 5.0)
        cut, failed = Retry(backoff, request.again(MAX_CUTS)), Retry(backoff, request.again(MAX_5XX))
        limited = Retry(backoff, request.again(MAX_429), LONG_WAIT)
        while True:
            try:
                async with self.throttle.slot(request.kind, request.for_rest):
                    sent = self.throttle.now
                    reply = await self._once(request, used)
            except ConnectionCut:
                if (seconds := cut.wait()) is None:
                    raise
                await self._again(request, "the connection was cut", seconds)
                continue
            wait = retry_after(reply)
            if reply.status == 429 or (reply.status == 503 and wait is not None):
                # Everybody pauses, whether this request is tried again or not.
                tell_pause(request, reply, self.throttle.penalise(wait, sent))
                if limited.wait(wait or 0.0) is None:
                    return reply
            elif reply.status in TRANSIENT and (seconds := failed.wait()) is not None:
                await self._again(request, f"answered {reply.status}", seconds)
            else:
                return reply

    async def _again(self, request: Request, why: str, seconds: float) -> None:
        _log.debug("%s: %s: %s; asked again in %.1f s", request.context.host, request.context.resource, why, seconds)
        await self.throttle.pause(seconds)

    async def _once(self, request: Request, used: str) -> Reply:
        headers = {**request.headers, "Authorization": used} if used else request.headers
        return await self.transport.request(
            request.method,
            f"{str(self.options.base).rstrip('/')}{request.path}",
            headers=headers,
            content=request.content,
            limit=request.limit,
            foreign_redirects=request.foreign,
            rewrite=self.options.route,
        )

    async def pages(self, request: Request, *, once: bool = False) -> AsyncGenerator[Reply, None]:
        """The pages of a list, `Link` followed (distribution: `rel="next"`, RFC 8288); no more than `MAX_PAGES`.

        A page that comes again ends the list, or is an error where each comes `once`. Raises ListCut when there are more.
        """
        paths = {request.path}
        for _ in range(MAX_PAGES):
            page = [await self.fetch(request)]
            link, url = page[0].header("link"), page[0].url
            yield page.pop()  # not held here while others use it: a page may be large
            path = self._next(link, url)
            if once and path in paths:
                raise UntrustedPayload(f"{self.options.host} repeats a page of {request.context.resource}", "Tell its owner.")
            if not path or path in paths:
                return
            paths.add(path)
            request = msgspec.structs.replace(request, path=path)
        words = f"{self.options.host} sends {request.context.resource} without end"
        raise ListCut(words, "Tell its owner; the rest is not read.")

    def _next(self, header: str, url: str) -> str:
        link = next_link(header)
        if not link:
            return ""
        target = self.options.route(URL(url).join(URL(link, encoded=True)))
        if not same_origin(target, self.options.base):
            raise UntrustedPayload(
                f"{self.options.host} continues a list on another host, {clean(target.host or '', 80)}",
                "Not followed. If that host is the registry, set it as its `endpoint`.",
            )
        return target.raw_path_qs
