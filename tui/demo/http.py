"""A small HTTP/1.1 server on asyncio: keep-alive, chunked answers, TLS with optional client certificates.

aiohttp's server takes a third of a second to import; the demo's servers have to be up before the first frame has been read.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote

from tui.demo.moments import http_date

__all__ = ["Handler", "Headers", "Reply", "Request", "json_reply", "serve", "text_reply"]

MAX_HEAD = 64 * 1024
MAX_BODY = 4 * 1024 * 1024
# kube-apiserver compresses answers above this size (k8s.io/apiserver, DefaultGzipThresholdBytes).
GZIP_FROM = 128 * 1024
Headers = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Request:
    """One request; `path` is decoded, `target` is as it was sent, `headers` have lower-case names, `certificate` is the common
    name of the client's."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    certificate: str = ""
    pairs: tuple[tuple[str, str], ...] = ()
    target: str = ""

    @property
    def host(self) -> str:
        """The name by which the client asked."""
        return self.headers.get("host", "")


@dataclass(slots=True)
class Reply:
    """One answer; `chunks` makes it an endless one, `cut` closes the connection in the middle of the body."""

    status: int = 200
    body: bytes = b""
    headers: Headers = ()
    chunks: AsyncIterator[bytes] | None = None
    chunked: bool = False
    cut: bool = False
    compress: bool = False
    media_type: str = field(default="application/json", kw_only=True)

    def chunk(self) -> Reply:
        """The same in chunks, without a Content-Length."""
        self.chunked = True
        return self


Handler = Callable[[Request], Awaitable[Reply]]


def json_reply(body: object, status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> Reply:
    """An answer in JSON without spaces, as Go writes it."""
    return Reply(status, json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode(), tuple(headers))


def text_reply(text: str, status: int, headers: Iterable[tuple[str, str]] = ()) -> Reply:
    """An answer in plain text."""
    return Reply(status, text.encode(), tuple(headers), media_type="text/plain; charset=utf-8")


async def serve(handler: Handler, context: ssl.SSLContext | None) -> tuple[asyncio.Server, int]:
    """Serve on a free port of 127.0.0.1; the port is the second value. Raises OSError."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _Connection(handler, reader, writer).run()

    # Bound here, as asyncio goes on without a socket when the process may not open another one.
    listening = socket.create_server(("127.0.0.1", 0), backlog=100)
    # Real servers do so (Go does by default). asyncio does it only for sockets made with their protocol, and without it every
    # answer with a body is held back for the 40 ms by which the client's acknowledgement is late. Connections inherit it.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server = await asyncio.start_server(connected, sock=listening, ssl=context, limit=MAX_HEAD)
    return server, int(listening.getsockname()[1])


class _Connection:
    """One connection and the requests on it, one after the other."""

    def __init__(self, handler: Handler, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._handler, self._reader, self._writer = handler, reader, writer
        self._certificate = _common_name(writer)

    async def run(self) -> None:
        """Until the client leaves, or an answer ends the connection."""
        try:
            while (request := await self._request()) is not None and await self._answer(request):
                pass
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError, asyncio.CancelledError):
            # The client left, sent no HTTP, or the demo ends: asyncio logs a cancelled connection as an error if it gets one.
            pass
        finally:
            self._writer.close()

    async def _request(self) -> Request | None:
        try:
            head = await self._reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return None
        first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        path, _, query = target.partition("?")
        pairs = tuple(parse_qsl(query, keep_blank_values=True))
        return Request(method, unquote(path), dict(pairs), headers, await self._body(headers), self._certificate, pairs, target)

    async def _body(self, headers: Mapping[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return await self._chunked()
        size = int(headers.get("content-length", "0"))
        if size > MAX_BODY:
            raise ValueError("body too large")
        return await self._reader.readexactly(size) if size else b""

    async def _chunked(self) -> bytes:
        parts: list[bytes] = []
        while size := int((await self._reader.readuntil(b"\r\n")).split(b";")[0], 16):
            if size > MAX_BODY:
                raise ValueError("body too large")
            parts.append(await self._reader.readexactly(size))
            await self._reader.readexactly(2)
        await self._reader.readuntil(b"\r\n")
        return b"".join(parts)

    async def _answer(self, request: Request) -> bool:
        """Send the answer; whether the connection stays open."""
        reply = await self._handler(request)
        if reply.chunks is not None:
            await self._stream(reply)
            return False
        body, extra = _encoded(request, reply)
        if reply.chunked:
            self._head(reply, [*extra, ("Transfer-Encoding", "chunked")])
            self._writer.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n")
        else:
            self._head(reply, [*extra, ("Content-Length", str(len(body)))])
            if request.method != "HEAD":
                self._writer.write(body[: len(body) // 2] if reply.cut else body)
        await self._writer.drain()
        return not reply.cut and request.headers.get("connection", "").lower() != "close"

    async def _stream(self, reply: Reply) -> None:
        """Send what comes until it ends or the client leaves, as a watch may be silent for long."""
        self._head(reply, [("Transfer-Encoding", "chunked"), ("Connection", "close")])
        await self._writer.drain()
        if reply.chunks is None:
            return
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(self._send(reply.chunks))
            leaving = group.create_task(self._left())
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
            sending.cancel()
            leaving.cancel()

    async def _send(self, chunks: AsyncIterator[bytes]) -> None:
        with suppress(OSError):  # the client left
            async for chunk in chunks:
                self._writer.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                await self._writer.drain()
            self._writer.write(b"0\r\n\r\n")
            await self._writer.drain()

    async def _left(self) -> None:
        with suppress(OSError):
            await self._reader.read(1)  # nothing comes but the end: the answer says that the connection closes after it

    def _head(self, reply: Reply, extra: Iterable[tuple[str, str]]) -> None:
        try:
            phrase = HTTPStatus(reply.status).phrase
        except ValueError:
            phrase = "Unknown"
        has_type = any(name.lower() == "content-type" for name, _ in reply.headers)
        lines = [f"HTTP/1.1 {reply.status} {phrase}", f"Date: {http_date(datetime.now(UTC))}"]
        if not has_type and (reply.body or reply.chunks):
            lines.append(f"Content-Type: {reply.media_type}")
        lines += [f"{name}: {value}" for name, value in (*reply.headers, *extra)]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace"))


def _encoded(request: Request, reply: Reply) -> tuple[bytes, list[tuple[str, str]]]:
    accepts = "gzip" in request.headers.get("accept-encoding", "")
    if reply.compress and accepts and len(reply.body) > GZIP_FROM and not reply.cut:
        return gzip.compress(reply.body, 1), [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
    return reply.body, []


def _common_name(writer: asyncio.StreamWriter) -> str:
    shown = writer.get_extra_info("peercert") or {}
    for entry in shown.get("subject", ()):
        for name, value in entry:
            if name == "commonName":
                return str(value)
    return ""
