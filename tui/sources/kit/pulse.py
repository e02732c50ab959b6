"""Whether a server still answers: what one beat after another says of it, where a single failure may pass."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum

from tui.errors import NoAnswer, ServerFault, SourceError, Throttled, Unreachable

__all__ = ["FAULTS", "Heart", "Verdict", "in_time"]

FAULTS = 2
"""Failures of the server's own, one after the other, that are more than a hiccup."""


class Verdict(StrEnum):
    """ANSWERS: it is as it was said. LIMITED: it is there, and refuses to be asked so often. SILENT: it does not answer, or only
    with failures. UNSURE: it failed in a way that may pass.
    """

    ANSWERS = "answers"
    LIMITED = "limited"
    SILENT = "silent"
    UNSURE = "unsure"


class Heart:
    """Judges beats. `silent` are the errors by which nobody is there, `patience` the refusals in a row that count as a limit."""

    def __init__(self, silent: tuple[type[SourceError], ...] = (Unreachable,), patience: int = 1) -> None:
        self._silent, self._patience = silent, patience
        self._faults = self._refusals = 0

    def beat(self, error: SourceError | None) -> Verdict:
        """What one beat says, after those before it; `error` is what went wrong, if anything did."""
        if error is None:
            self._faults = self._refusals = 0
            return Verdict.ANSWERS
        self._faults = self._faults + 1 if isinstance(error, ServerFault) else 0
        if isinstance(error, Throttled):
            self._refusals += 1
            return Verdict.LIMITED if self._refusals >= self._patience else Verdict.UNSURE
        return Verdict.SILENT if isinstance(error, self._silent) or self._faults >= FAULTS else Verdict.UNSURE


async def in_time(ask: Callable[[], Awaitable[object]], seconds: float, hangs: str, remedy: str) -> SourceError | None:
    """What went wrong with a request, if anything did: its own error, or the words for one that takes too long."""
    try:
        async with asyncio.timeout(seconds):
            await ask()
    except TimeoutError:
        return NoAnswer(hangs, remedy)
    except SourceError as error:
        return error
    return None
