"""Requests to one API server: raw bytes in, bounded, with the credential renewed when it ends or is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

import aiohttp
import msgspec
from multidict import CIMultiDict
from yarl import URL

from tui.errors import AuthenticationFailed, SourceError, UntrustedPayload, UsageError
from tui.sources.cluster.access import Access, ClusterContext, find_place, open_access
from tui.sources.cluster.entries import is_this_machine
from tui.sources.cluster.failures import answer_error, no_answer, transport_error
from tui.sources.cluster.options import ClusterOptions
from tui.sources.cluster.socks import LOCALHOST, SOCKS, SocksBridge
from tui.sources.kit.proxies import NO_PROXY, Proxies, Proxy
from tui.sources.kit.throttle import parse_retry_after
from tui.sources.kit.transport import listens

__all__ = ["Api", "Stream"]

# A page of 500 pods is 2 to 5 MB; etcd refuses objects above 1.5 MB, so no honest page comes near this.
MAX_PAGE: Final = 64 * 1024 * 1024
# All pages under way together: lists of several resources run at once.
MAX_HELD: Final = 128 * 1024 * 1024
MAX_ERROR: Final = 64 * 1024
# An object of etcd's largest size, escaped; longer lines are not watch events.
MAX_LINE: Final = 8 * 1024 * 1024
# A body that trickles is given up after this many time-outs of a single read.
SLOWEST_BODY: Final = 8.0
_BUFFER: Final = 256 * 1024
JSON: Final = "application/json"


class _Call(NamedTuple):
    """A request; `what` is the right that it needs, in words, `accept` the form in which the answer is wanted."""

    method: str
    path: str
    parameters: Mapping[str, str | int] | None
    what: str
    body: bytes | None = None
    accept: str = JSON


class Stream:
    """The body of a watch, read in bursts of whole lines."""

    def __init__(self, response: aiohttp.ClientResponse, silence: float, host: str) -> None:
        self._response = response
        self._silence = silence
        self._host = host

    def close(self) -> None:
        """End it from here: whoever reads it is told that the connection was cut."""
        self._response.close()

    async def bursts(self) -> AsyncIterator[list[bytes]]:
        """The lines that came together, as bytes; ends when the server closes. Raises SourceError.

        A line that was cut in the middle is dropped: the next watch sends it again.
        """
        rest = b""
        chunks = self._response.content.iter_any()
        while True:
            try:
                async with asyncio.timeout(self._silence):
                    chunk = await anext(chunks, None)
            except TimeoutError:
                # Nothing for so long means that the connection is dead, though nobody closed it.
                return
            except (aiohttp.ClientError, OSError) as error:
                raise transport_error(error, self._host) from error
            if chunk is None:
                return
            lines = (rest + chunk).split(b"\n")
            rest = lines.pop()
            if len(rest) > MAX_LINE:
                raise UntrustedPayload(
                    f"{self._host} sent a watch event without end.", "Check what answers in the API server's place."
                )
            if lines:
                yield [line for line in lines if line.strip()]


class Api:
    """An API server with our credential; an async context manager. `requests` counts what was sent."""

    def __init__(self, place: ClusterContext, options: ClusterOptions) -> None:
        self.requests = 0
        self._place = place
        self._options = options
        self._access: Access | None = None
        self._session: aiohttp.ClientSession | None = None
        self._proxies = Proxies()
        self._renewal = asyncio.Lock()
        self._renewed = 0.0
        self._failure: tuple[float, SourceError] | None = None
        self._held = _Held()
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
        what: str,
        peek: Callable[[bytes], None] | None = None,
        accept: str = JSON,
    ) -> bytes:
        """The body of a 200; `peek` is shown its first bytes while the rest is on the way.

        `what` is the right that it needs, in words. Raises SourceError.
        """
        return await self._whole(_Call("GET", path, parameters, what, accept=accept), peek)

    async def review(self, path: str, body: object, *, what: str) -> bytes:
        """The answer to a question about ourselves.

        Reviews (authorization.k8s.io, authentication.k8s.io) are asked by POST, yet nothing is stored: the server computes
        the answer and forgets the object.
        """
        return await self._whole(_Call("POST", path, None, what, msgspec.json.encode(body)))

    @asynccontextmanager
    async def stream(self, path: str, parameters: Mapping[str, str | int], *, what: str) -> AsyncIterator[Stream]:
        """A watch. Raises SourceError."""
        response = await self._send(_Call("GET", path, parameters, what), read_timeout=None)
        try:
            yield Stream(response, self._options.silence, self.host)
        finally:
            # A watch has no end to wait for; closing drops the connection.
            response.close()

    async def _whole(self, call: _Call, peek: Callable[[bytes], None] | None = None) -> bytes:
        try:
            async with asyncio.timeout(self._options.request_timeout * SLOWEST_BODY):
                response = await self._send(call, read_timeout=self._options.request_timeout)
                async with response:
                    return await self._held.bounded(response, MAX_PAGE, self.host, peek)
        except (aiohttp.ClientError, OSError) as error:
            raise transport_error(error, self.host) from error

    async def _send(self, call: _Call, read_timeout: float | None) -> aiohttp.ClientResponse:
        """The answer, if it is a success. A 401 renews the credential once."""
        for again in (True, False):
            access, session = await self._ready()
            response = await self._request(access, session, call, read_timeout)
            if response.status in (200, 201):
                return response
            async with response:
                error = await self._refusal(response, call.what)
            just_renewed = (
                asyncio.get_running_loop().time() - self._renewed < self._options.renewal_pause and self._access is access
            )
            if not isinstance(error, AuthenticationFailed) or not again or just_renewed:
                raise error
            await self._renew(access)
        raise AssertionError("unreachable")

    async def _request(
        self,
        access: Access,
        session: aiohttp.ClientSession,
        call: _Call,
        read_timeout: float | None,
    ) -> aiohttp.ClientResponse:
        query = f"?{urlencode(call.parameters, quote_via=quote)}" if call.parameters else ""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._options.connect_timeout, sock_read=read_timeout)
        self.requests += 1
        try:
            url = URL(access.server + call.path + query, encoded=True)
            proxy = self._proxy(access, url)
            headers = _headers(access, call, proxy)
            if proxy.url is not None and proxy.url.scheme in SOCKS:
                headers["Host"] = url.host_port_subcomponent or ""
                url, proxy = await self._through(proxy.url, url), NO_PROXY
            async with asyncio.timeout(self._options.connect_timeout + self._options.request_timeout):
                return await session.request(
                    call.method,
                    url,
                    data=call.body,
                    headers=headers,
                    timeout=timeout,
                    proxy=proxy.url,
                    proxy_headers=proxy.connecting,
                    server_hostname=(access.server_hostname or self._bridged) if access.tls is not None else None,
                    # A credential never follows a redirect to another host, and API servers have none.
                    allow_redirects=False,
                )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise await self._failed(error, access) from error

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

    async def _refusal(self, response: aiohttp.ClientResponse, what: str) -> SourceError:
        try:
            body = await self._held.bounded(response, MAX_ERROR, self.host)
        except (aiohttp.ClientError, OSError, UntrustedPayload):
            body = b""
        error = answer_error(response.status, body, what, self.host)
        wait = parse_retry_after(response.headers.get("Retry-After", ""), datetime.now(UTC).timestamp())
        if wait is not None and hasattr(error, "retry_after"):
            error.retry_after = min(wait, 300.0)
        return error

    async def _ready(self) -> tuple[Access, aiohttp.ClientSession]:
        access = self._access
        if access is None or access.stale(datetime.now(UTC)):
            await self._renew(access)
        assert self._access is not None
        assert self._session is not None
        return self._access, self._session

    async def _renew(self, used: Access | None) -> None:
        """Sign in anew, unless another request has done so since `used` was handed out, or has just failed to."""
        clock = asyncio.get_running_loop().time
        asked = clock()
        async with self._renewal:
            if self._access is not used:
                return
            if self._failure is not None and self._failure[0] >= asked:
                raise self._failure[1]
            try:
                fresh = await self._sign_in()
            except SourceError as error:
                self._failure = (clock(), error)
                raise
            if self._session is None or used is None or fresh.fingerprint != used.fingerprint:
                await self._close()
                self._session = _session(fresh)
            self._access, self._renewed = fresh, clock()

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


def _session(access: Access) -> aiohttp.ClientSession:
    # Every watch holds a connection, so their number is not limited here.
    connector = aiohttp.TCPConnector(limit=0, ssl=access.tls if access.tls is not None else True)
    return aiohttp.ClientSession(connector=connector, read_bufsize=_BUFFER, cookie_jar=aiohttp.DummyCookieJar())


def _headers(access: Access, call: _Call, proxy: Proxy) -> CIMultiDict[str]:
    headers = CIMultiDict({"Accept": call.accept, "Content-Type": JSON, **proxy.forwarded})
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


class _Held:
    """Bodies that are being read, together."""

    def __init__(self) -> None:
        self._bytes = 0

    async def bounded(
        self, response: aiohttp.ClientResponse, most: int, host: str, peek: Callable[[bytes], None] | None = None
    ) -> bytes:
        """The body. Raises UntrustedPayload when it, or all of them together, is too large."""
        chunks: list[bytes] = []
        size = 0
        try:
            async for chunk in response.content.iter_any():
                size += len(chunk)
                self._bytes += len(chunk)
                if size > most or self._bytes > MAX_HELD:
                    raise UntrustedPayload(
                        f"{host} sent an answer of more than {size // 1024 - 1} kB.",
                        "Check what answers in the API server's place.",
                    )
                if peek is not None and not chunks:
                    peek(chunk)
                chunks.append(chunk)
            return b"".join(chunks)
        finally:
            self._bytes -= size
