"""Bodies of answers within bounds: so many bytes each, so many large ones at once, packed ones unpacked bit by bit."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from weakref import WeakKeyDictionary

import aiohttp
from yarl import URL

from tui.domain.common.text import clean
from tui.errors import UntrustedPayload

__all__ = ["ACCEPT_ENCODING", "Bodies"]

ACCEPT_ENCODING = "gzip, deflate"
ERROR_LIMIT = 64 << 10
CHUNK = 64 << 10
LARGE = 256 << 10
"""Bytes from which a body needs a place among the large ones."""
LARGE_AT_ONCE, LARGE_PER_HOST = 8, 2
"""Large bodies that are read at once, of all hosts and of one: what many hosts send together has to fit into the memory too."""

_places: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


def _all_places() -> asyncio.Semaphore:
    return _places.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(LARGE_AT_ONCE))


class Bodies:
    """Reads the bodies of one service."""

    def __init__(self) -> None:
        self._own = asyncio.Semaphore(LARGE_PER_HOST)

    async def read(self, response: aiohttp.ClientResponse, limit: int, url: URL) -> bytes:
        """The body, of at most `limit` bytes once it is unpacked; of a refusal its beginning. Raises UntrustedPayload."""
        refused = response.status >= 300
        bound = min(limit, ERROR_LIMIT) if refused else limit
        parts, size = [], 0
        async with AsyncExitStack() as places:
            async for part in _unpacked(response, url):
                before, size = size, size + len(part)
                if size > bound and refused:
                    break
                if size > bound:
                    raise UntrustedPayload(
                        f"{url.host} sends more than {bound >> 20} MiB where at most that is allowed",
                        "The answer was dropped unread. If the address is right, tell the owner of the server.",
                    )
                if before <= LARGE < size:
                    await places.enter_async_context(self._own)
                    await places.enter_async_context(_all_places())
                parts.append(part)
            return b"".join(parts)


async def _unpacked(response: aiohttp.ClientResponse, url: URL) -> AsyncIterator[bytes]:
    packing = response.headers.get("Content-Encoding", "").strip().lower()
    if packing in ("", "identity"):
        async for chunk in response.content.iter_chunked(CHUNK):
            yield chunk
        return
    if packing not in ("gzip", "x-gzip", "deflate"):
        raise UntrustedPayload(
            f"{url.host} packs its answer in a way that was not asked for ({clean(packing, 40)})", "Tell the owner of the server."
        )
    unpacker: zlib._Decompress | None = None
    async for chunk in response.content.iter_chunked(CHUNK):
        if unpacker is None:
            # Some servers send raw deflate under the name; a zlib stream begins with 8 in its low bits (RFC 1950).
            unpacker = zlib.decompressobj(
                -zlib.MAX_WBITS if packing == "deflate" and chunk[0] & 0xF != 8 else zlib.MAX_WBITS | 32
            )
        waiting = chunk
        while waiting:
            try:
                part = unpacker.decompress(waiting, CHUNK)
            except zlib.error as error:
                raise UntrustedPayload(f"{url.host} sends an answer that cannot be unpacked", "It is tried again.") from error
            waiting = unpacker.unconsumed_tail
            if part:
                yield part
            elif unpacker.eof or not waiting:
                break
