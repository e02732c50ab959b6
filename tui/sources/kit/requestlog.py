"""Requests as lines of the log: method, address, status, time and size, and nothing of it that could be a secret."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from tui.errors import SourceError, TrustreeError

if TYPE_CHECKING:
    from yarl import URL

__all__ = ["RequestLine", "cause_of", "reason", "shown"]

_log = logging.getLogger("tui.sources.http")
LONGEST_ADDRESS, LONGEST_VALUE, MOST_PARAMETERS = 500, 120, 16
# Parameters whose values are never secret. Of others only the name is written: signatures and codes travel in addresses, too.
_PLAIN_NAMES = (
    "n last limit offset page pagesize watch resourceVersion allowWatchBookmarks timeoutSeconds artifactType digest orderby"
    " service scope api-version"
)
PLAIN = frozenset(_PLAIN_NAMES.split())


def shown(url: URL) -> str:
    """An address for the log: without who signs in by it, and with the values of known parameters only."""
    text = f"{url.scheme}://{url.host_port_subcomponent or url.host}{url.raw_path}"
    parts = url.raw_query_string.split("&") if url.raw_query_string else []
    query = "&".join(map(_parameter, parts[:MOST_PARAMETERS])) + ("&..." if len(parts) > MOST_PARAMETERS else "")
    text = f"{text}?{query}" if query else text
    return text if len(text) <= LONGEST_ADDRESS else f"{text[:LONGEST_ADDRESS]}..."


def _parameter(part: str) -> str:
    name, equals, value = part.partition("=")
    if not equals:
        return "..."  # a bare value
    if name not in PLAIN:
        return name[:40]
    return f"{name}={value[:LONGEST_VALUE].replace('%3A', ':').replace('%2F', '/').replace('%2C', ',')}"


class RequestLine:
    """One request on its way; each thing that comes of it is one line. `size` is added to by whoever reads the body."""

    __slots__ = ("_began", "_goes_on", "_method", "_status", "_url", "size")

    def __init__(self, method: str, url: URL) -> None:
        self._method, self._url = method, url
        self._began = time.monotonic()
        self._status, self._goes_on = 0, False
        self.size = 0

    def answered(self, status: int, *, goes_on: bool = False) -> None:
        """The head of the answer came; `goes_on`: its body is a stream, whose end is a line of its own."""
        self._status, self._goes_on = status, goes_on
        if goes_on:
            self._write("%d in %d ms, and goes on", status, self._elapsed)

    def ended(self) -> None:
        """The body was read, or is not wanted."""
        if self._goes_on:
            self._write("ended after %d ms, %d bytes", self._elapsed, self.size)
        else:
            self._write("%d in %d ms, %d bytes", self._status, self._elapsed, self.size)

    def failed(self, error: BaseException) -> None:
        """There is no whole answer."""
        status = f"{self._status}, then " if self._status else ""
        if isinstance(error, asyncio.CancelledError):
            self._write("%sgiven up after %d ms", status, self._elapsed)
        elif isinstance(error, SourceError):
            self._write("%sgiven up after %d ms: %s", status, self._elapsed, reason(error))
        else:
            self._write("%sno answer after %d ms: %s", status, self._elapsed, cause_of(error))

    @property
    def _elapsed(self) -> int:
        return round((time.monotonic() - self._began) * 1000)

    def _write(self, message: str, *values: object) -> None:
        if _log.isEnabledFor(logging.DEBUG):
            _log.debug(f"%s %s: {message}", self._method, shown(self._url), *values)


def reason(error: TrustreeError) -> str:
    """What the operator is told of an error, and what caused it."""
    cause, headline = error.__cause__, error.headline.removesuffix(".")
    return headline if cause is None or isinstance(cause, SourceError) else f"{headline} [{cause_of(cause)}]"


def cause_of(error: BaseException) -> str:
    """What an error says of itself, without the addresses and headers that some repeat."""
    # Of aiohttp's errors, which this module does not load: those about an answer, and those about an address.
    words = getattr(error, "message", "") if hasattr(error, "request_info") else "" if hasattr(error, "url") else str(error)
    first = words.partition("\n")[0]  # azure-identity has an answer's body in the lines after it
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
