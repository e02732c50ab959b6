"""Requests of every source but the clusters, answered whole: time-outs, bounded bodies, redirects that leak nothing."""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self, TypeVar, assert_never

import aiohttp
import msgspec
from yarl import URL

from tui.domain.common.decoding import from_json
from tui.domain.common.text import clean
from tui.errors import ConnectionCut, NoAnswer, SourceError, Unreachable, UntrustedPayload
from tui.private_files import NO_REGULAR
from tui.sources.kit.addresses import OnlyZones, Zone, ZoneRefused, is_address, zones_of_host
from tui.sources.kit.authorities import trusting
from tui.sources.kit.bodies import ERROR_LIMIT, LargeBodies, read_body
from tui.sources.kit.exact import exact, led_to
from tui.sources.kit.http import Answer, Form, HttpOptions, HttpSession, Outgoing
from tui.sources.kit.proxies import Proxies
from tui.sources.kit.redirects import REDIRECTS, SEE_OTHER, check_redirect, led_there, same_origin, sent_inside
from tui.sources.kit.requestlog import cause_of
from tui.sources.kit.troubles import Trouble, trouble_of

__all__ = [
    "CONFIG_LIMIT",
    "LIST_LIMIT",
    "MANIFEST_LIMIT",
    "Reply",
    "Transport",
    "TransportOptions",
    "decode_json",
    "listens",
]

_log = logging.getLogger(__name__)
MANIFEST_LIMIT = 4 << 20
CONFIG_LIMIT = 8 << 20
LIST_LIMIT = 4 << 20
MAX_PARTS = 100_000
"""Commas and braces of a JSON body that is decoded: each may become an object of a hundred bytes and more."""
MAX_REDIRECTS = 5
CONNECT_TIMEOUT = 5.0
PROBE_TIMEOUT = 1.0
AT_ONCE = 32
T = TypeVar("T")


class TransportOptions(msgspec.Struct, frozen=True):
    """How to connect. `timeout` is the whole time in seconds a request may take, `ca_file` a PEM bundle added to the system's.

    `server_name` is the name asked for in TLS and in `Host` when the address connected to is not the server's own name.
    `home` is the host of the service itself: where others send us, only its own zones and public addresses are entered.
    """

    timeout: float = 60.0
    ca_file: str = ""
    server_name: str = ""
    home: str = ""


class Reply(msgspec.Struct, frozen=True):
    """An answer, read whole. Header names are lower case; `url` is where it came from after redirects."""

    status: int
    headers: dict[str, str]
    body: bytes
    url: str

    def header(self, name: str) -> str:
        """A header by its lower case name, empty when absent."""
        return self.headers.get(name, "")

    @property
    def correlation(self) -> str:
        """What to quote to support (ACR: `X-Ms-Correlation-Request-Id`), empty when absent."""
        return clean(self.header("x-ms-correlation-request-id"), 64)

    @property
    def is_page(self) -> bool:
        """Whether it is a web page: a sign-in page, a proxy or an ingress answers so, no service that speaks JSON."""
        return "html" in self.header("content-type").lower() or self.body[:64].lstrip().startswith(b"<")


class Transport:
    """A pool of connections to one service and the hosts it redirects to."""

    def __init__(self, options: TransportOptions) -> None:
        self._options = options
        self._session: HttpSession | None = None
        self._wary: HttpSession | None = None
        self._allowed: frozenset[Zone] | None = None
        self._opening = asyncio.Lock()
        self._proxies = Proxies()
        self._bodies = LargeBodies()
        self._count = 0

    @property
    def requests(self) -> int:
        """Requests sent so far, redirects included."""
        return self._count

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """Release every connection."""
        for session in (self._session, self._wary):
            if session is not None:
                await session.close()
        self._session = self._wary = None

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        form: Form | None = None,
        content: bytes | None = None,
        limit: int = LIST_LIMIT,
        foreign_redirects: bool = False,
        rewrite: Callable[[URL], URL] | None = None,
        wary: bool = False,
        stay: bool = False,
        follow: bool = True,
    ) -> Reply:
        """Send a form or `content` as it is, follow redirects, read the body up to `limit` bytes.

        Raises Unreachable, UntrustedPayload. `Authorization` goes to the origin of `url` only; a redirect to another host is
        followed only with `foreign_redirects` (content), never from https to http; a 303 to another host leads to a page about
        the thing, not to the thing (RFC 9110 15.4.4), and is the answer then. `rewrite` maps the target of a redirect.

        `wary`: somebody else named the address, which must be public or where the service itself is. What a redirect finds on
        another host always must. A form stays with its origin, and so does everything with `stay`. Without `follow` a redirect is
        the answer itself.
        """
        way = [exact(url)]
        try:
            async with asyncio.timeout(self._options.timeout):
                sent = content if content is not None else form
                return await self._follow(
                    method, way, dict(headers or {}), sent, limit, foreign_redirects, rewrite, wary, stay, follow
                )
        except aiohttp.ConnectionTimeoutError as error:
            raise led_there(way, await self._not_connected(way[-1])) from error
        except TimeoutError as error:
            raise led_there(way, _timed_out(way[-1], self._options.timeout)) from error
        except (aiohttp.ClientError, OSError, ssl.SSLError, ValueError) as error:
            raise led_there(way, _failed(error, way[-1], self._options)) from error

    async def _follow(
        self,
        method: str,
        way: list[URL],
        headers: dict[str, str],
        sent: Form | bytes | None,
        limit: int,
        foreign: bool,
        rewrite: Callable[[URL], URL] | None,
        wary: bool,
        stay: bool,
        follow: bool,
    ) -> Reply:
        for _ in range(MAX_REDIRECTS + 1):
            url = way[-1]
            reply = await self._once(method, url, headers, sent, limit, wary)
            if not follow or reply.status not in REDIRECTS or not reply.header("location"):
                return reply
            target = led_to(url, reply.header("location"))
            target = rewrite(target) if rewrite else target
            foreign = foreign and sent is None
            if foreign and reply.status == SEE_OTHER and url.host != target.host:
                return reply
            check_redirect(url, target, foreign, stay or sent is not None)
            wary = wary or url.host != target.host
            if not same_origin(url, target):
                headers = {name: value for name, value in headers.items() if name.lower() in ("accept", "range")}
            way.append(target)
        raise UntrustedPayload(
            f"{way[0].host} redirects in a circle", f"More than {MAX_REDIRECTS} redirects; check the proxy or mirror."
        )

    async def _not_connected(self, url: URL) -> Unreachable:
        """A host that takes no connection, and one that takes it and then says nothing, are mended by different people."""
        if self._proxies.of(url).url is None and await listens(url):
            return NoAnswer(
                f"{url.host}:{url.port} takes connections but does not answer: no TLS handshake within {CONNECT_TIMEOUT:g} s",
                "The server hangs, or a firewall holds what is sent: restart the server, or ask whoever runs it.",
            )
        return Unreachable(
            f"{url.host}:{url.port} took no connection within {CONNECT_TIMEOUT:g} s",
            "Check network, VPN, firewall and proxy (HTTPS_PROXY, NO_PROXY); the server may hang.",
        )

    async def _once(
        self,
        method: str,
        url: URL,
        headers: Mapping[str, str],
        sent: Form | bytes | None,
        limit: int,
        wary: bool,
    ) -> Reply:
        self._count += 1
        name = self._options.server_name if url.scheme == "https" else ""
        extra = {"Host": name} if name else {}
        proxy = self._proxies.of(url)
        if proxy.url is not None and proxy.url.scheme not in ("http", "https"):
            raise Unreachable(
                f"the way to {url.host} leads by a {proxy.url.scheme} proxy, which only clusters are read through",
                "Name an HTTP proxy in HTTPS_PROXY, or the host in NO_PROXY.",
            )
        if wary:
            await self._check_place(url, proxied=proxy.url is not None)
        session = await (self._open_wary() if wary and proxy.url is None else self._open())
        outgoing = Outgoing(
            method,
            url,
            {**headers, **extra, **proxy.forwarded},
            content=sent,
            proxy=proxy,
            server_name=name or None,
            silence=self._options.timeout,
        )
        async with await session.send(outgoing) as answer:
            body = b"" if method == "HEAD" else await self._body(answer, limit, url)
            return Reply(status=answer.status, headers=answer.headers, body=body, url=str(url))

    async def _body(self, answer: Answer, limit: int, url: URL) -> bytes:
        """The body; of a refusal its beginning. Raises UntrustedPayload."""

        def too_large(_: int) -> UntrustedPayload:
            return UntrustedPayload(
                f"{url.host} sends more than {limit >> 20} MiB where at most that is allowed",
                "The answer was dropped unread. If the address is right, tell the owner of the server.",
            )

        refused = answer.status >= 300
        bound = min(limit, ERROR_LIMIT) if refused else limit
        return await read_body(answer.pieces(), bound, self._bodies.allowance(), None if refused else too_large)

    async def _check_place(self, url: URL, *, proxied: bool) -> None:
        """Raise UntrustedPayload for an address inside a network; names are checked again as they are connected to.

        Behind a proxy it is the proxy that resolves: what this machine knows of the name counts then.
        """
        host = url.host or ""
        zones = await zones_of_host(host) if proxied or is_address(host) else frozenset[Zone]()
        if not zones <= await self._zones():
            raise sent_inside(self._options.home, url)

    async def _zones(self) -> frozenset[Zone]:
        """Where others may send us: to everybody, and where the service is itself."""
        if self._allowed is None:
            home = await zones_of_host(self._options.home) if self._options.home else frozenset[Zone]()
            self._allowed = (home | {Zone.PUBLIC}) - {Zone.RESERVED}
        return self._allowed

    async def _open(self) -> HttpSession:
        async with self._opening:
            if self._session is None:
                self._session = await self._opened(None)
            return self._session

    async def _open_wary(self) -> HttpSession:
        async with self._opening:
            if self._wary is None:
                self._wary = await self._opened(OnlyZones(aiohttp.ThreadedResolver(), self._zones))
            return self._wary

    async def _opened(self, resolver: OnlyZones | None) -> HttpSession:
        # Reading the system's certificates takes tens of milliseconds: not on the loop that paints.
        context = await asyncio.to_thread(trusting, self._options.ca_file)
        return HttpSession(context, HttpOptions(CONNECT_TIMEOUT, AT_ONCE, resolver=resolver))


async def listens(url: URL) -> bool:
    """Whether a host takes a connection at all; nothing is sent."""
    try:
        async with asyncio.timeout(PROBE_TIMEOUT):
            _, writer = await asyncio.open_connection(url.host, url.port)
    except (TimeoutError, OSError):
        return False
    writer.transport.abort()
    return True


def _timed_out(url: URL, seconds: float) -> NoAnswer:
    return NoAnswer(
        f"{url.host}:{url.port} did not answer in full within {seconds:g} s",
        "Check network, VPN and proxy (HTTPS_PROXY, NO_PROXY); raise `request_timeout` if it is just slow.",
    )


def _failed(error: Exception, url: URL, options: TransportOptions) -> SourceError:
    return _unready(error, url, options) or _unreachable(error, url, options)


def _unready(error: Exception, url: URL, options: TransportOptions) -> SourceError | None:
    """What kept us from even trying: a CA file that cannot be used, or a name that leads inside."""
    match error:
        case OSError(strerror=reason) if reason == NO_REGULAR:
            return Unreachable(
                f"the CA file {clean(options.ca_file, 200)} is not a regular file", "Correct `ca_file` in the settings."
            )
        case FileNotFoundError() | IsADirectoryError() | PermissionError() if options.ca_file:
            return Unreachable(f"the CA file {clean(options.ca_file, 200)} cannot be read", "Correct `ca_file` in the settings.")
        case aiohttp.ClientConnectorDNSError(os_error=ZoneRefused()):
            return sent_inside(options.home, url)
    return None


def _unreachable(error: Exception, url: URL, options: TransportOptions) -> SourceError:
    host, port = url.raw_host, url.port
    match trouble_of(error):
        case Trouble.CERTIFICATE | Trouble.TLS:
            return _tls(error, url, options)
        case Trouble.NAME:
            return Unreachable(
                f"the name {host} does not resolve",
                "Check spelling and DNS; behind a private endpoint use its private DNS zone, or set `endpoint`.",
            )
        case Trouble.PROXY:
            return Unreachable(
                f"the proxy in front of {host} refused", "Check HTTPS_PROXY, and NO_PROXY for hosts reached directly."
            )
        case Trouble.CONNECTION:
            number = getattr(error, "errno", None)
            reason = os.strerror(number) if number else "no connection"
            return Unreachable(
                f"{host}:{port} cannot be connected to: {reason}", "Is it running, and does a firewall let this machine in?"
            )
        case Trouble.NOT_HTTP:
            return UntrustedPayload(
                f"{host} sent an answer that is not proper HTTP", "Is this address really that of the service?"
            )
        case Trouble.CUT:
            return ConnectionCut(
                f"{host} cut the connection before its answer was complete", "It is retried; check the proxies in between."
            )
        case Trouble.ADDRESS:
            return Unreachable(f"{clean(str(url), 120)} is not a usable address", "Check `endpoint` in the settings.")
        case Trouble.SILENCE | Trouble.TIME:
            return _timed_out(url, options.timeout)
        case Trouble.OTHER:
            _log.info("%s: %s", host, cause_of(error))
            return Unreachable(f"{host} did not answer as HTTP servers do", "Check network and proxy; the log says more.")
        case trouble:
            assert_never(trouble)


def _tls(error: Exception, url: URL, options: TransportOptions) -> Unreachable:
    text = str(error).lower()
    authorities = options.ca_file or os.environ.get("SSL_CERT_FILE", "") or "the system's CAs"
    if "hostname mismatch" in text or "ip address mismatch" in text:
        return Unreachable(
            f"the certificate of {url.host} is for another name",
            "Set `endpoint` to a name that the certificate holds, or `server_name` to the one it holds.",
        )
    if "expired" in text:
        return Unreachable(f"the certificate of {url.host} has expired", "Renew it, or check this machine's clock.")
    if "certificate" in text:
        return Unreachable(
            f"the certificate of {url.host} is signed by a CA that is not trusted here ({clean(authorities, 120)})",
            "Set `ca_file` for it to its CA, or SSL_CERT_FILE for all.",
        )
    return Unreachable(
        f"{url.host}:{url.port} does not speak TLS as expected", 'If it is plain http, set `endpoint = "http://..."`.'
    )


def decode_json(body: bytes, kind: type[T], document: str) -> T:
    """Decode a body into a struct. Raises UntrustedPayload when it is malformed, of another shape or nested too deep."""
    if body.count(b",") > MAX_PARTS or body.count(b"{") > MAX_PARTS:
        raise UntrustedPayload(f"{document} has more than {MAX_PARTS:,} parts", "It was dropped; tell the owner of the registry.")
    try:
        return from_json(body, kind)
    except RecursionError as error:
        raise UntrustedPayload(f"{document} is nested too deeply", "It was dropped; tell the owner of the registry.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        _log.debug("%s: %s", document, error)
        raise UntrustedPayload(
            f"{document} did not come as the JSON expected",
            "Is the address really a registry? A proxy or sign-in page answers like this.",
        ) from error
