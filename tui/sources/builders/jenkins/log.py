"""Logs of Jenkins as they grow, and the line of one that says why its build failed.

Source: jenkinsci/stapler `LargeText.doProgressTextImpl`: `X-Text-Size` is where to go on, `X-More-Data` says that the build runs,
and a place behind the end means the beginning, as the log was begun anew.
"""

from __future__ import annotations

import codecs
from collections.abc import AsyncGenerator, Sequence

from tui.domain.common.redaction import quoted
from tui.errors import SourceError
from tui.sources.builders.service import Service
from tui.sources.kit.loglines import LineCutter
from tui.sources.kit.polling import Polling

__all__ = ["failure_line", "followed_log", "whole_log"]

LARGEST = 4 << 20
"""Bytes of a log that is searched for why it failed."""
_ENDINGS = ("Finished: ", "[Pipeline]", "script returned exit code", "ERROR: script returned exit code")
_SIGNS = ("error", "denied", "failed", "cannot ", "fatal", "unauthorized", "not found")


async def followed_log(service: Service, build: str, poll: float) -> AsyncGenerator[str, None]:
    """The lines of the log of the build at this path, until there are no more."""
    lines, decoder = LineCutter(), codecs.getincrementaldecoder("utf-8")("replace")
    start, more, polling = 0, True, Polling("log", poll)
    while more:
        reply = await service.read(f"{build}/logText/progressiveText?start={start}", "read the log", accept="text/plain")
        size = reply.header("x-text-size")
        end = int(size) if size.isascii() and size.isdigit() and len(size) < 18 else start + len(reply.body)
        if end < start:
            yield "(the log was started again)"
            lines, decoder = LineCutter(), codecs.getincrementaldecoder("utf-8")("replace")
        more = reply.header("x-more-data").lower() == "true"
        for line in lines.feed(decoder.decode(reply.body)):
            yield line
        if more and end == start:
            await polling.rest()
        start = end
    for line in lines.end():
        yield line


async def whole_log(service: Service, build: str) -> list[str]:
    """The log of a build that has ended; nothing when it cannot be read, or is too long to be searched."""
    path = f"{build}/logText/progressiveText?start=0"
    try:
        reply = await service.read(path, "read the log", accept="text/plain", limit=LARGEST)
    except SourceError:
        return []
    lines = LineCutter()
    return [*lines.feed(reply.body.decode("utf-8", "replace")), *lines.end()]


def failure_line(lines: Sequence[str]) -> str:
    """The last line that tells of an error; that a step ended with a code says least, and is taken where nothing says more."""
    telling = [line for line in lines if line and not line.startswith(_ENDINGS)]
    errors = [line for line in telling if any(sign in line.lower() for sign in _SIGNS)]
    codes = [line for line in lines if "exit code" in line]
    return quoted((errors or codes or [""])[-1].removeprefix("ERROR: ").removeprefix("error: "), 300)
