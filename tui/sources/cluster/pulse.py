"""Whether a server still answers, and still lets us read: an open watch tells neither.

A watch of a frozen server stays open and silent, and one that was allowed once goes on after the right or the token is gone,
until it ends by itself. One pod of each place is asked for instead, which costs the server next to nothing.
"""

from __future__ import annotations

import asyncio
from typing import NoReturn

from tui.domain.facts.health import is_refusal
from tui.domain.facts.workload import Resource
from tui.errors import SourceError, Unreachable, UntrustedPayload
from tui.sources.cluster.api import Api
from tui.sources.cluster.health import HealthBoard, HealthLine
from tui.sources.cluster.kinds import KINDS
from tui.sources.cluster.options import ClusterOptions
from tui.sources.cluster.reviews import answers
from tui.sources.kit.polling import Polling
from tui.sources.kit.pulse import Heart, Verdict, in_time

__all__ = ["Pulse"]

_PODS = KINDS[0]
_AT_ONCE = 8
"""Places that are asked at each beat; more of them take turns."""


class Pulse:
    """Asks the lines of pods, again and again, and tells the board how it went."""

    def __init__(self, api: Api, board: HealthBoard, options: ClusterOptions) -> None:
        self._api, self._board, self._options = api, board, options
        self._turn = 0
        self._heart = Heart((Unreachable, UntrustedPayload), patience=2)  # one refusal may pass

    async def keep(self) -> NoReturn:
        """For ever."""
        await Polling("pulse", self._options.pulse).keep(self._beat)

    def _next(self) -> list[HealthLine]:
        """The places whose turn it is, of those that are being watched or wait for the server."""
        lines = [
            line
            for line in self._board.lines(Resource.PODS)
            if line.listed and not (line.error is not None and is_refusal(line.error))
        ]
        if not lines:
            return []
        start = self._turn % len(lines)
        self._turn += _AT_ONCE
        return [*lines[start:], *lines[:start]][:_AT_ONCE]

    async def _beat(self) -> None:
        lines = self._next()
        errors = await asyncio.gather(*(self._ask(line) for line in lines))
        refused = [line for line, error in zip(lines, errors, strict=True) if error is not None and is_refusal(error)]
        for line in refused:
            for beside in self._board.lines(scope=line.scope):
                if beside.live and beside.interrupt is not None:
                    beside.interrupt()
        answered = any(error is None for error in errors)
        if not lines or (refused and not answered):
            return
        error = None if answered else next(error for error in errors if error is not None)
        match self._heart.beat(error):
            case Verdict.ANSWERS:
                self._board.beats()
            case Verdict.LIMITED if error is not None:
                self._board.limited(error)
            case Verdict.SILENT if error is not None:
                self._board.silent(error)
            case _:
                pass

    async def _ask(self, line: HealthLine) -> SourceError | None:
        """What went wrong, if anything did."""
        return await in_time(
            lambda: answers(self._api, _PODS.path(line.scope), _PODS.right(line.scope)),
            self._options.pulse_timeout,
            f"{self._api.host} takes connections but has not answered for {self._options.pulse_timeout:g} s.",
            "The API server hangs, or a proxy holds the request back: ask whoever runs it. It is retried automatically.",
        )
