"""The log of a run of ACR Tasks as it grows: an append blob behind an address that is a secret for about an hour.

Sources: azure-cli `acr/_stream_utils.py` (HEAD, `x-ms-range`, pauses that double up to 15 s), and recordings of it: the metadata
`Complete` may be seen first with a GET, `Content-Encoding: utf-8` means nothing, lines end in LF and in CR LF, a piece may end
in the middle of a character; 404 until the first line is there, 403 when the address has expired. A log that was kept as an
artifact (`logArtifactLink`) is read with one plain GET.
"""

from __future__ import annotations

import asyncio
import codecs
import ipaddress
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from tui.errors import Forbidden, ForeignAnswer, NoAnswer, SourceError, UntrustedPayload
from tui.sources.kit.loglines import LineCutter
from tui.sources.kit.refusals import Sentence, refusal_of, refused
from tui.sources.kit.retry import Retry, patiently
from tui.sources.kit.throttle import Backoff

if TYPE_CHECKING:
    from tui.sources.kit.transport import Reply, Transport

__all__ = ["LogAddress", "LogTimes", "RunLog"]

PIECE = 256 << 10
MOST = 64 << 20
"""Bytes of a log that are read; what comes after is in the portal."""
FEW_EMPTY = 3


class LogTimes(msgspec.Struct, frozen=True):
    """Seconds between two looks, at most so many of them, without news at most so long, and before a failed look is repeated."""

    pause: float = 1.0
    longest_pause: float = 15.0
    patience: float = 3600.0
    first_wait: float = 1.0


class LogAddress(msgspec.Struct, frozen=True):
    """Where a log is; `is_whole`: nothing more is written there, and it is read with one request."""

    url: str
    is_whole: bool = False


class RunLog:
    """Reads one log. `address` gives a fresh address, `has_ended` says whether the run is over."""

    def __init__(
        self,
        transport: Transport,
        address: Callable[[], Awaitable[LogAddress]],
        has_ended: Callable[[], Awaitable[bool]],
        times: LogTimes | None = None,
    ) -> None:
        self._transport, self._address, self._has_ended = transport, address, has_ended
        self._times = times or LogTimes()
        self._url, self._is_whole = "", False
        self._offset = 0
        self._is_complete = False

    async def lines(self) -> AsyncGenerator[str, None]:
        """The lines as they come, cleaned, until the log is complete. Raises SourceError."""
        cutter, decoder = LineCutter(), codecs.getincrementaldecoder("utf-8")("replace")
        async with aclosing(self._pieces()) as pieces:
            async for piece in pieces:
                for line in cutter.feed(decoder.decode(piece)):
                    yield line
        for line in [*cutter.feed(decoder.decode(b"", final=True)), *cutter.end()]:
            yield line
        if self._offset >= MOST:
            yield f"... the log is longer than {MOST >> 20} MiB; the rest is in the Azure portal"

    async def _pieces(self) -> AsyncGenerator[bytes, None]:
        empty, waited, was_over = 0, 0.0, False
        while self._offset < MOST:
            piece = await self._next()
            if piece:
                empty, waited = 0, 0.0
                yield piece
                continue
            if self._is_complete or was_over:
                return
            empty += 1
            if empty >= FEW_EMPTY:
                was_over = await self._has_ended()  # one more look after that: what was written last is read
            pause = min(self._times.pause * 2 ** min(10, max(0, empty - FEW_EMPTY)), self._times.longest_pause)
            waited += pause
            if waited > self._times.patience:
                raise NoAnswer("the log of the run has not grown for an hour", "See the run in the Azure portal.")
            # Not `Polling`: the pauses count against a patience, and grow with looks that bring nothing, not with failures.
            await asyncio.sleep(0.0 if was_over else pause)

    async def _next(self) -> bytes:
        """What came since; empty when nothing did."""
        if self._is_whole and self._is_complete:
            return b""
        head = await self._asked("HEAD")
        if head is None:
            return b""
        if self._is_whole:
            self._is_complete = True
            return self._grown(head.body[self._offset :])
        self._is_complete = _is_complete(head)
        length = head.header("content-length")
        if length.isascii() and length.isdigit() and int(length) <= self._offset:
            return b""
        reply = await self._asked("GET")
        if reply is None:
            return b""
        # Complete as of this answer, which may hold less than all of it: the next look tells.
        self._is_complete = self._is_complete or _is_complete(reply)
        return self._grown(reply.body if reply.status == 206 else reply.body[self._offset :])

    def _grown(self, piece: bytes) -> bytes:
        self._offset += len(piece)
        return piece

    async def _asked(self, method: str) -> Reply | None:
        """An answer; None while there is nothing. An address that has expired is got anew, once."""
        retry = Retry(Backoff(self._times.first_wait, self._times.longest_pause), 5, 120.0)
        fresh = not self._url
        if fresh:
            await self._find()
        try:
            return await patiently(lambda: self._once(method), retry)
        except Forbidden:
            if fresh:
                raise
            await self._find()
        return await patiently(lambda: self._once(method), retry)

    async def _find(self) -> None:
        address = await self._address()
        self._url, self._is_whole = _checked(address.url), address.is_whole

    async def _once(self, method: str) -> Reply | None:
        method = "GET" if self._is_whole else method
        ranged = method == "GET" and not self._is_whole
        headers = {"x-ms-range": f"bytes={self._offset}-{self._offset + PIECE - 1}"} if ranged else {}
        reply = await self._transport.request(method, self._url, headers=headers, limit=MOST, stay=True)
        if reply.status in (404, 416):
            return None
        if reply.status not in (200, 206):
            raise _refusal(reply)
        if method == "GET" and "html" in reply.header("content-type").lower():
            raise ForeignAnswer("a web page came instead of the run's log", "A proxy in between answers like this.")
        return reply


def _is_complete(reply: Reply) -> bool:
    """Whether the blob says that nothing more will be written; how the run ended is told by the run."""
    return bool(reply.header("x-ms-meta-complete"))


def _checked(link: str) -> str:
    """The address, if it may be gone to: it holds a signature, so it is never part of a sentence. Raises UntrustedPayload."""
    try:
        parts = urlsplit(link)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host or (parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host))):
        raise UntrustedPayload("Azure names an address for the run's log that cannot be used", "See the run in the Azure portal.")
    return link


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refusal(reply: Reply) -> SourceError:
    sentence = Sentence(f"the store of the run's log answered with {reply.status}", "It is retried; the portal shows it, too.")
    return refused(refusal_of(reply.status), sentence)
