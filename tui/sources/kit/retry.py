"""What may pass is asked again: how often, after how long, and a line in the log for each wait."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from math import inf
from typing import TypeVar

from tui.errors import ServerFault, SourceError, Throttled, TrustreeError, Unreachable
from tui.sources.kit.requestlog import reason
from tui.sources.kit.throttle import Backoff

__all__ = ["PASSING", "Retry", "asked_wait", "patiently"]

_log = logging.getLogger(__name__)
T = TypeVar("T")
PASSING = (Throttled, ServerFault, Unreachable)
"""What may be over a moment later."""


class Retry:
    """At most `more` further tries, after the wait that the server names or a growing guess; none after one of over `longest`."""

    def __init__(self, backoff: Backoff, more: int, longest: float = inf) -> None:
        self._backoff, self._left, self._longest = backoff, more, longest

    def wait(self, requested: float | None = None) -> float | None:
        """Seconds until the next try, None when there is none; `requested` is the wait that the server names."""
        if self._left <= 0:
            return None
        self._left -= 1
        seconds = self._backoff.next() if requested is None else requested
        return seconds if seconds <= self._longest else None


def asked_wait(error: TrustreeError) -> float | None:
    """The seconds that a server asked to be left alone, None when it named none."""
    return error.retry_after if isinstance(error, Throttled | ServerFault) else None


async def _rest(_: SourceError, seconds: float) -> None:
    await asyncio.sleep(seconds)


async def patiently(
    attempt: Callable[[], Awaitable[T]], retry: Retry, pause: Callable[[SourceError, float], Awaitable[None]] = _rest
) -> T:
    """What the first attempt brings that works. Raises SourceError: what cannot pass at once, what may after the last try."""
    while True:
        try:
            return await attempt()
        except PASSING as error:
            seconds = retry.wait(asked_wait(error))
            if seconds is None:
                raise
            _log.debug("%s; asked again in %.1f s", reason(error), seconds)
            await pause(error, seconds)
