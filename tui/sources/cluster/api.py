"""Requests to one API server: raw bytes in, bounded, with the credential renewed when it ends or is refused."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from typing import Final, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

import aiohttp
import msgspec
from multidict import CIMultiDict
from yarl import URL

from tui.domain.common.text import clean
from tui.errors import AuthenticationFailed, ServerFault, SourceError, UntrustedPayload, UsageError
from tui.sources.cluster.access import Access, ClusterContext, find_place, open_access
from tui.sources.cluster.entries import is_this_machine
from tui.sources.cluster.failures import answer_error, no_answer, outcome_unknown, transport_error
from tui.sources.cluster.options import ClusterOptions
from tui.sources.cluster.socks import LOCALHOST, SOCKS, SocksBridge
from tui.sources.kit.bodies import ERROR_LIMIT, Allowance, read_body
from tui.sources.kit.http import Answer, HttpOptions, HttpSession, Outgoing
from tui.sources.kit.proxies import NO_PROXY, Proxies, Proxy
from tui.sources.kit.requestlog import reason
from tui.sources.kit.throttle import parse_retry_after
from tui.sources.kit.transport import listens
from tui.sources.kit.troubles import may_have_arrived

__all__ = ["Api", "ChangeAnswer", "Stream"]

_log = logging.getLogger(__name__)
# A page of 500 pods is 2 to 5 MB; etcd refuses objects above 1.5 MB, so no honest page comes near this.
MAX_PAGE: Final = 64 * 1024 * 1024
# All pages under way together: lists of several resources run at once.
MAX_HELD: Final = 128 * 1024 * 1024
# An object of etcd's largest size, escaped; longer lines are not watch events.
MAX_LINE: Final = 8 * 1024 * 1024
# A body that trickles is given up after this many time-outs of a single read.
SLOWEST_BODY: Final = 8.0
READ_AHEAD: Final = 256 * 1024
JSON: Final = "application/json"


class _Call(NamedTuple):
    """A request; `purpose` is the right that it needs, in words, `accept` the form in which the answer is wanted."""

    method: str
    path: str
    parameters: Mapping[str, str | int] | None
    purpose: str
    body: bytes | None = None
    accept: str = JSON
    stream: bool = False
    content_type: str = JSON

    @property
    def changes(self) -> bool:
        """Whether something is other than before when it was done."""
        return self.method == "PATCH"


class ChangeAnswer(NamedTuple):
    """What came back for a change: the object as it is now, and the server's id of the request."""

    body: bytes
    request: str


class Stream:
    """The body of a watch, read in bursts of whole lines."""

    def __init__(self, answer: Answer, silence: float, host: str) -> None:
        self._answer = answer
        self._silence = silence
        self._host = host

    def close(self) -> None:
        """End it from here: whoever reads it is told that the connection was cut."""
        self._answer.close()

    async def bursts(self) -> AsyncGenerator[bytes, None]:
        """The whole lines that came together, without the last end of a line; ends when the server closes. Raises SourceError.

        A line that was cut in the middle is dropped: the next watch sends it again.
        """
        partial = b""
        async with aclosing(self.pieces()) as pieces:
            async for piece in pieces:
                lines, end, partial = (partial + piece).rpartition(b"\n")
                if len(partial) > MAX_LINE:
                    raise UntrustedPayload(
                        f"{self._host} sent an endless watch event.", "Check what answers in the API server's place."
                    )
                if end:
                    yield lines

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """The bytes as they come; ends when the server closes, or has said nothing for long. Raises SourceError."""
        async with aclosing(self._answer.pieces()) as pieces:
            while (piece := await self._next(pieces)) is not None:
                yield piece

    async def _next(self, pieces: AsyncIterator[bytes]) -> bytes | None:
        try:
            async with asyncio.timeout(self._silence):
                return await anext(pieces, None)
        except TimeoutError:
            # Nothing for so long means that the connection is dead, though nobody closed it.
            _log.debug("%s has said nothing for %g s: the watch is taken for dead", self._host, self._silence)
            return None
        except (aiohttp.ClientError, OSError) as error:
            raise transport_error(error, self._host) from error


class Api:
    """An API server with our credential; an async context manager. `requests` counts what was sent."""

    def __init__(self, place: ClusterContext, options: ClusterOptions) -> None:
        self.requests = 0
        self._place = place
        self._options = options
        self._access: Access | None = None
        self._session: HttpSession | None = None
        self._proxies = Proxies()
        self._renewal = asyncio.Lock()
        self._renewed = 0.0
        self._failure: tuple[float, SourceError] | None = None
        self._held = _BodiesTogether(self._too_large)
        self._bridge: SocksBridge | None = None
        self._bridged: str | None = None

    async def __aenter__(self) -> Api:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    @property
    def place(self) -> str:
        """Which server this is: its address, and what is trusted there; empty until it is known."""
        return self._access.place if self._access else ""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What an operator should know of the kubeconfig's entries."""
        return self._access.remarks if self._access else ()

    @property
    def host(self) -> str:
        """Host and port of the server; the context's name until it is known."""
        return urlsplit(self._access.server).netloc if self._access else self._place.context

    async def get(
        self,
        path: str,
        parameters: Mapping[str, str | int] | None = None,
        *,
        purpose: str,
        peek: Callable[[bytes], None] | None = None,
        accept: str = JSON,
    ) -> bytes:
        """The body of a 200; `peek` is shown its first bytes while the rest is on the way.

        `purpose` is the right that it needs, in words. Raises SourceError.
        """
        return await self._whole(_Call("GET", path, parameters, purpose, accept=accept), peek)

    async def review(self, path: str, body: object, *, purpose: str) -> bytes:
        """The answer to a question about ourselves.

        Reviews (authorization.k8s.io, authentication.k8s.io) are asked by POST, yet nothing is stored: the server computes
        the answer and forgets the object.
        """
        return await self._whole(_Call("POST", path, None, purpose, msgspec.json.encode(body)))

    async def change(self, path: str, content: bytes, content_type: str, *, purpose: str) -> ChangeAnswer:
        """Send a patch, once. Raises OutcomeUnknown when it may have been done, any other SourceError when nothing was."""
        call = _Call("PATCH", path, None, purpose, content, content_type=content_type)
        async with await self._send(call) as answer:
            try:
                async with asyncio.timeout(self._options.request_timeout):
                    body = await self._body(answer, MAX_LINE)
            except (aiohttp.ClientError, OSError, UntrustedPayload) as error:
                raise outcome_unknown(purpose, self.host) from error
            return ChangeAnswer(body, clean(answer.headers.get("audit-id", ""), 64))

    @asynccontextmanager
    async def stream(
        self, path: str, parameters: Mapping[str, str | int], *, purpose: str, accept: str = JSON
    ) -> AsyncIterator[Stream]:
        """A watch, or a log that grows. Raises SourceError."""
        async with await self._send(_Call("GET", path, parameters, purpose, accept=accept, stream=True)) as answer:
            try:
                yield Stream(answer, self._options.silence, self.host)
            finally:
                # There is no end to wait for; closing drops the connection.
                answer.close()

    async def _whole(self, call: _Call, peek: Callable[[bytes], None] | None = None) -> bytes:
        try:
            async with asyncio.timeout(self._options.request_timeout * SLOWEST_BODY):
                async with await self._send(call) as answer:
                    return await self._body(answer, MAX_PAGE, peek)
        except (aiohttp.ClientError, OSError) as error:
            raise transport_error(error, self.host) from error

    async def _body(self, answer: Answer, limit: int, peek: Callable[[bytes], None] | None = None) -> bytes:
        """The body. Raises UntrustedPayload when it, or all that are read now, is too large."""
        return await read_body(answer.pieces(), limit, self._held.allowance(), self._too_large, peek)

    def _too_large(self, size: int) -> UntrustedPayload:
        return UntrustedPayload(
            f"{self.host} sent an answer of more than {size // 1024 - 1} kB.", "Check what answers in the API server's place."
        )

    async def _send(self, call: _Call) -> Answer:
        """The answer, if it is a success. A 401 renews the credential once."""
        for again in (True, False):
            access, session = await self._ready()
            answer = await self._request(access, session, call)
            if answer.status in (200, 201):
                return answer
            async with answer:
                error = await self._refusal(answer, call.purpose)
            if call.changes and isinstance(error, ServerFault):
                raise outcome_unknown(call.purpose, self.host) from error
            just_renewed = (
                asyncio.get_running_loop().time() - self._renewed < self._options.renewal_pause and self._access is access
            )
            if not isinstance(error, AuthenticationFailed) or not again or just_renewed:
                raise error
            await self._renew(access)
        raise AssertionError("unreachable")

    async def _request(self, access: Access, session: HttpSession, call: _Call) -> Answer:
        self.requests += 1
        outgoing = None
        try:
            outgoing = await self._outgoing(access, call)
            async with asyncio.timeout(self._options.connect_timeout + self._options.request_timeout):
                return await session.send(outgoing)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            failure = await self._failed(error, access)
            if call.changes and outgoing is not None and self._bridge is None and may_have_arrived(error):
                raise outcome_unknown(call.purpose, self.host) from error
            raise failure from error

    async def _outgoing(self, access: Access, call: _Call) -> Outgoing:
        """The request as it goes out. Raises ValueError and OSError."""
        query = f"?{urlencode(call.parameters, quote_via=quote)}" if call.parameters else ""
        address = url = URL(access.server + call.path + query, encoded=True)
        proxy = self._proxy(access, url)
        headers = _headers(access, call, proxy)
        if proxy.url is not None and proxy.url.scheme in SOCKS:
            headers["Host"] = url.host_port_subcomponent or ""
            address, proxy = await self._through(proxy.url, url), NO_PROXY
        return Outgoing(
            call.method,
            address,
            headers,
            content=call.body,
            proxy=proxy,
            server_name=(access.server_hostname or self._bridged) if access.tls is not None else None,
            silence=None if call.stream else self._options.request_timeout,
            shown=url,
            stream=call.stream,
        )

    async def _failed(self, error: Exception, access: Access) -> SourceError:
        """A server that takes no connection, and one that takes it and then says nothing, are mended by different people."""
        if self._bridge is not None:
            return self._bridge.failure or transport_error(error, self.host)
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            url = URL(access.server)
            if self._proxy(access, url).url is None and await listens(url):
                return no_answer(self.host)
        return transport_error(error, self.host)

    def _proxy(self, access: Access, url: URL) -> Proxy:
        """The proxy that the kubeconfig names, else that of the environment, which is never asked for this machine."""
        if access.proxy:
            return Proxy(URL(access.proxy))
        return NO_PROXY if _near(access.server) else self._proxies.of(url)

    async def _through(self, proxy: URL, url: URL) -> URL:
        """The same URL at our end of the bridge through a SOCKS proxy; the server's name stays what is verified."""
        assert url.host is not None
        if self._bridge is None:
            self._bridge = SocksBridge(proxy, url.host, url.port or 443, self._options.connect_timeout)
            self._bridged = url.host
        return url.with_host(LOCALHOST).with_port(await self._bridge.open())

    async def _refusal(self, answer: Answer, request: str) -> SourceError:
        try:
            body = await self._body(answer, ERROR_LIMIT)
        except (aiohttp.ClientError, OSError, UntrustedPayload):
            body = b""
        error = answer_error(answer.status, body, request, self.host)
        wait = parse_retry_after(answer.headers.get("retry-after", ""), datetime.now(UTC).timestamp())
        if wait is not None and hasattr(error, "retry_after"):
            error.retry_after = min(wait, 300.0)
        return error

    async def _ready(self) -> tuple[Access, HttpSession]:
        access = self._access
        if access is None or access.stale(datetime.now(UTC)):
            await self._renew(access)
        assert self._access is not None
        assert self._session is not None
        return self._access, self._session

    async def _renew(self, used: Access | None) -> None:
        """Sign in anew, unless another request has done so since `used` was handed out, or has just failed to."""
        clock = asyncio.get_running_loop().time
        requested_at = clock()
        async with self._renewal:
            if self._access is not used:
                return
            if self._failure is not None and self._failure[0] >= requested_at:
                raise self._failure[1]
            if used is not None:
                _log.debug("%s: the sign-in has ended, or is not accepted any more (401)", self.host)
            try:
                fresh = await self._sign_in()
            except SourceError as error:
                _log.debug("%s: the sign-in failed: %s", self.host, reason(error))
                self._failure = (clock(), error)
                raise
            if self._session is None or used is None or fresh.fingerprint != used.fingerprint:
                await self._close()
                # Every watch holds a connection, so their number is not limited here.
                tls = fresh.tls if fresh.tls is not None else True
                self._session = HttpSession(tls, HttpOptions(self._options.connect_timeout, ahead=READ_AHEAD))
            self._access, self._renewed = fresh, clock()
            until = f", until {fresh.expires:%H:%M:%S} UTC" if fresh.expires else ""
            _log.debug("%s: %s at %s%s", self._place.context, "signed in" if used is None else "signed in anew", self.host, until)

    async def _sign_in(self) -> Access:
        try:
            if self._access is not None:
                # Somebody may have signed in again by other means since.
                self._place = await asyncio.to_thread(find_place, self._options)
            return await open_access(self._place, self._options)
        except UsageError as error:
            raise AuthenticationFailed(error.headline, error.remedy) from error

    async def _close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None
        if self._bridge is not None:
            await self._bridge.close()
            self._bridge = self._bridged = None


def _headers(access: Access, call: _Call, proxy: Proxy) -> CIMultiDict[str]:
    headers = CIMultiDict({"Accept": call.accept, "Content-Type": call.content_type, **proxy.forwarded})
    if access.authorization:
        headers["Authorization"] = access.authorization
    # On this machine compression costs more than it saves (2.3 MB a page against 160 kB).
    if not access.compressed or _near(access.server):
        headers["Accept-Encoding"] = "identity"
    for name, value in access.impersonating:
        headers.add(name, value)
    return headers


def _near(server: str) -> bool:
    return is_this_machine(urlsplit(server).hostname or "")


class _BodiesTogether:
    """Bodies of one server that are being read, together."""

    def __init__(self, too_large: Callable[[int], UntrustedPayload]) -> None:
        self.bytes, self.too_large = 0, too_large

    def allowance(self) -> Allowance:
        """For one body."""
        return _BodyAmongOthers(self)


class _BodyAmongOthers:
    def __init__(self, together: _BodiesTogether) -> None:
        self._together, self._bytes = together, 0

    async def grow(self, before: int, size: int) -> None:
        self._together.bytes += size - before
        self._bytes = size
        if self._together.bytes > MAX_HELD:
            raise self._together.too_large(size)

    async def aclose(self) -> None:
        self._together.bytes -= self._bytes
