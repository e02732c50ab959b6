"""Whether a server still answers, and still lets us read: an open watch tells neither.

A watch of a frozen server stays open and silent, and one that was allowed once goes on after the right or the token is gone,
until it ends by itself. One pod of each place is asked for instead, which costs the server next to nothing.
"""

from __future__ import annotations

import asyncio
from typing import NoReturn

from tui.domain.facts.workload import Resource
from tui.errors import AuthenticationFailed, Forbidden, ServerFault, SourceError, Throttled, Unreachable, UntrustedPayload
from tui.sources.cluster.api import Api
from tui.sources.cluster.health import HealthBoard, HealthLine
from tui.sources.cluster.kinds import KINDS
from tui.sources.cluster.options import ClusterOptions
from tui.sources.cluster.reviews import answers
from tui.sources.kit.polling import Polling

__all__ = ["Pulse"]

_PODS = KINDS[0]
_REFUSED = (Forbidden, AuthenticationFailed)
_AT_ONCE = 8
"""Places that are asked at each beat; more of them take turns."""


class Pulse:
    """Asks the lines of pods, again and again, and tells the board how it went."""

    def __init__(self, api: Api, board: HealthBoard, options: ClusterOptions) -> None:
        self._api, self._board, self._options = api, board, options
        self._turn = 0
        self._faults = self._refusals = 0

    async def keep(self) -> NoReturn:
        """For ever."""
        await Polling("pulse", self._options.pulse).keep(self._beat)

    def _next(self) -> list[HealthLine]:
        """The places whose turn it is, of those that are being watched or wait for the server."""
        lines = [line for line in self._board.lines(Resource.PODS) if line.listed and not isinstance(line.error, _REFUSED)]
        if not lines:
            return []
        start = self._turn % len(lines)
        self._turn += _AT_ONCE
        return [*lines[start:], *lines[:start]][:_AT_ONCE]

    async def _beat(self) -> None:
        lines = self._next()
        answers = await asyncio.gather(*(self._ask(line) for line in lines))
        refused = [
            line for line, error in zip(lines, answers, strict=True) if isinstance(error, Forbidden | AuthenticationFailed)
        ]
        for line in refused:
            for beside in self._board.lines(scope=line.scope):
                if beside.live and beside.interrupt is not None:
                    beside.interrupt()
        if any(error is None for error in answers):
            self._faults = self._refusals = 0
            self._board.beats()
        elif lines and not refused:
            self._missed(next(error for error in answers if error is not None))

    def _missed(self, error: SourceError) -> None:
        """A server that asks for fewer requests is there, and one refusal or failure of its own may pass."""
        self._faults += isinstance(error, ServerFault)
        self._refusals += isinstance(error, Throttled)
        if isinstance(error, Throttled) and self._refusals > 1:
            self._board.limited(error)
        if isinstance(error, Unreachable | UntrustedPayload) or self._faults > 1:
            self._board.silent(error)

    async def _ask(self, line: HealthLine) -> SourceError | None:
        """What went wrong, if anything did."""
        try:
            async with asyncio.timeout(self._options.pulse_timeout):
                await answers(self._api, _PODS.path(line.scope), _PODS.right(line.scope))
        except TimeoutError:
            return Unreachable(
                f"{self._api.host} takes connections but has not answered for {self._options.pulse_timeout:g} s.",
                "The API server hangs, or something on the way holds what is sent: ask who runs it. It is tried again by itself.",
            )
        except SourceError as error:
            return error
        return None
