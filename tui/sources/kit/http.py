"""One request and its answer: connections, time limits, packed bodies, the proxy's headers, and a line in the log for each.

What is above it follows redirects (`transport`), watches (`cluster.api`), or follows addresses out of certificates
(`signatures.fetch`); each has its own words for what goes wrong.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from types import TracebackType
from typing import NamedTuple, Self

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from tui.sources.kit.bodies import ACCEPT_ENCODING, unpacked
from tui.sources.kit.proxies import NO_PROXY, Proxy
from tui.sources.kit.requestlog import RequestLine

__all__ = ["Answer", "Form", "HttpOptions", "HttpSession", "Outgoing"]

USER_AGENT = "trustree"
Form = Mapping[str, str] | list[tuple[str, str]]


class HttpOptions(NamedTuple):
    """Seconds until a connection must stand, connections at once (0: any number), and bytes that are read ahead."""

    connect: float
    at_once: int = 0
    ahead: int = 64 << 10
    resolver: AbstractResolver | None = None


class Outgoing(NamedTuple):
    """A request; `silence` is how many seconds may pass between two pieces of the answer, None for any number.

    `server_name` is the name asked for in TLS when it is not that of the address, `shown` the address for the log when the one
    here only leads to a bridge, `stream` that the body has no end that is waited for.
    """

    method: str
    url: URL
    headers: Mapping[str, str]
    content: Form | bytes | None = None
    proxy: Proxy = NO_PROXY
    server_name: str | None = None
    silence: float | None = None
    shown: URL | None = None
    stream: bool = False


class Answer:
    """The head of an answer, and its body as it comes; leaving it lets go of the connection, or ends it."""

    def __init__(self, response: aiohttp.ClientResponse, line: RequestLine) -> None:
        self._response, self._line = response, line

    @property
    def status(self) -> int:
        """The status."""
        return self._response.status

    @property
    def headers(self) -> dict[str, str]:
        """The headers by lower case names; what came more than once is put together (RFC 9110 5.3)."""
        headers = self._response.headers
        return {name.lower(): ", ".join(headers.getall(name)) for name in headers}

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """The body, unpacked. Raises UntrustedPayload, and what aiohttp raises."""
        async with aclosing(unpacked(self._response)) as pieces:
            async for piece in pieces:
                self._line.size += len(piece)
                yield piece

    def close(self) -> None:
        """End the connection: whoever reads the body is told that it was cut."""
        self._response.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if error is None:
            self._line.ended()
        else:
            self._line.failed(error)
        await self._response.__aexit__(kind, error, tb)


class HttpSession:
    """Connections to servers that are trusted alike. No cookie is kept, no redirect followed, no `~/.netrc` read."""

    def __init__(self, tls: ssl.SSLContext | bool, options: HttpOptions) -> None:
        resolver = options.resolver
        self._connect = options.connect
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=tls, limit=options.at_once, resolver=resolver, use_dns_cache=resolver is None),
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": ACCEPT_ENCODING},
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            read_bufsize=options.ahead,
        )

    async def send(self, outgoing: Outgoing) -> Answer:
        """The head of the answer. Raises what aiohttp raises, OSError, ValueError and TimeoutError."""
        line = RequestLine(outgoing.method, outgoing.shown or outgoing.url)
        try:
            response = await self._session.request(
                outgoing.method,
                outgoing.url,
                headers=outgoing.headers,
                data=outgoing.content,
                allow_redirects=False,
                server_hostname=outgoing.server_name,
                proxy=outgoing.proxy.url,
                proxy_headers=outgoing.proxy.connecting,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._connect, sock_read=outgoing.silence),
            )
        except (aiohttp.ClientError, OSError, ValueError, asyncio.CancelledError) as error:
            line.failed(error)
            raise
        line.answered(response.status, goes_on=outgoing.stream and response.status == 200)
        return Answer(response, line)

    async def close(self) -> None:
        """Release every connection."""
        await self._session.close()
