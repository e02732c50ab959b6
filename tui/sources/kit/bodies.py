"""Bodies of answers within bounds: so many bytes each, so many large ones at once, packed ones unpacked bit by bit."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, aclosing, nullcontext
from typing import TYPE_CHECKING, Protocol
from weakref import WeakKeyDictionary

from tui.domain.common.text import clean
from tui.errors import UntrustedPayload

if TYPE_CHECKING:
    import aiohttp

__all__ = ["ACCEPT_ENCODING", "ERROR_LIMIT", "Allowance", "LargeBodies", "read_body", "unpacked"]

ACCEPT_ENCODING = "gzip, deflate"
ERROR_LIMIT = 64 << 10
"""Bytes of a refusal that are read."""
CHUNK = 64 << 10
LARGE = 256 << 10
"""Bytes from which a body needs a place among the large ones."""
LARGE_AT_ONCE, LARGE_PER_HOST = 8, 2
"""Large bodies that are read at once, of all hosts and of one: what many hosts send together has to fit into the memory too."""

_places: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


def _all_places() -> asyncio.Semaphore:
    return _places.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(LARGE_AT_ONCE))


class Allowance(Protocol):
    """The memory that one body may take beside others."""

    async def grow(self, before: int, size: int) -> None:
        """Wait for room for a body that had `before` bytes and has `size` now. Raises SourceError when there is none."""
        ...

    async def aclose(self) -> None:
        """The body is read, or given up."""
        ...


class LargeBodies:
    """Places for the large bodies of one service."""

    def __init__(self) -> None:
        self._own = asyncio.Semaphore(LARGE_PER_HOST)

    def allowance(self) -> Allowance:
        """For one body."""
        return _LargeBody(self._own)


class _Unpacker(Protocol):
    """What `zlib.decompressobj` gives."""

    @property
    def unconsumed_tail(self) -> bytes: ...
    @property
    def eof(self) -> bool: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _LargeBody:
    def __init__(self, own: asyncio.Semaphore) -> None:
        self._own, self._held = own, AsyncExitStack()

    async def grow(self, before: int, size: int) -> None:
        if before <= LARGE < size:
            await self._held.enter_async_context(self._own)
            await self._held.enter_async_context(_all_places())

    async def aclose(self) -> None:
        await self._held.aclose()


async def read_body(
    pieces: AsyncGenerator[bytes, None],
    limit: int,
    allowance: Allowance | None,
    too_large: Callable[[int], Exception] | None,
    peek: Callable[[bytes], None] | None = None,
) -> bytes:
    """A body of at most `limit` bytes; `peek` is shown the first of them while the rest is on the way.

    Of a larger one only the beginning is read when there are no words for it (`too_large`, which is told how large it is).
    """
    parts: list[bytes] = []
    size = 0
    async with nullcontext() if allowance is None else aclosing(allowance), aclosing(pieces):
        async for piece in pieces:
            before, size = size, size + len(piece)
            if size > limit:
                if too_large is None:
                    break
                raise too_large(size)
            if allowance is not None:
                await allowance.grow(before, size)
            if peek is not None and not parts:
                peek(piece)
            parts.append(piece)
        return b"".join(parts)


async def unpacked(response: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
    """A body as it comes, unpacked. Raises UntrustedPayload when it cannot be."""
    packing = response.headers.get("Content-Encoding", "").strip().lower()
    if packing in ("", "identity", "utf-8"):  # the logs of ACR's runs are said to be packed in utf-8, recorded so
        async for chunk in response.content.iter_any():
            yield chunk
        return
    if packing not in ("gzip", "x-gzip", "deflate"):
        raise UntrustedPayload(
            f"{response.url.host} packs its answer in a way that was not asked for ({clean(packing, 40)})",
            "Tell the owner of the server.",
        )
    unpacker: _Unpacker | None = None
    async for chunk in response.content.iter_any():
        if unpacker is None:
            # Some servers send raw deflate under the name; a zlib stream begins with 8 in its low bits (RFC 1950).
            unpacker = zlib.decompressobj(
                -zlib.MAX_WBITS if packing == "deflate" and chunk[0] & 0xF != 8 else zlib.MAX_WBITS | 32
            )
        packed = chunk
        while packed:
            try:
                part = unpacker.decompress(packed, CHUNK)
            except zlib.error as error:
                raise UntrustedPayload(
                    f"{response.url.host} sends an answer that cannot be unpacked", "It is retried."
                ) from error
            packed = unpacker.unconsumed_tail
            if part:
                yield part
            elif unpacker.eof or not packed:
                break
