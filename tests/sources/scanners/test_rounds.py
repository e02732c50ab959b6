"""A scanner whose next round somebody waits for: it begins early, but never at once again, and never after a refusal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import pytest

from tui.domain.facts.diagnosis import Diagnosis
from tui.domain.facts.events import HealthChanged, SourceId, SourceKind, SourceState
from tui.domain.facts.scan import ScanReport
from tui.errors import Forbidden, SourceError
from tui.sources.ports import RoundSource
from tui.sources.scanners import rounds
from tui.sources.scanners.rounds import Pace, Round, ScannerSource

RARELY = Pace(refresh=3600.0, retry=3600.0, retry_denied=3600.0)


class Counting(ScannerSource):
    """Has nothing to say, as often as it is asked; fails, if told so."""

    def __init__(self, failure: SourceError | None = None) -> None:
        super().__init__(SourceId(SourceKind.SCANNER, "counting"), RARELY)
        self.failure = failure

    async def read(self, round_: Round) -> AsyncGenerator[Sequence[ScanReport], None]:
        """Nothing."""
        if self.failure is not None:
            raise self.failure
        yield ()

    async def diagnose(self) -> AsyncGenerator[Diagnosis, None]:
        """Nothing."""
        nothing: tuple[Diagnosis, ...] = ()
        for line in nothing:
            yield line


async def woken(source: Counting) -> bool:
    """Whether waking it after its first round brings another one."""
    async with aclosing(source.events()) as events:
        async for event in events:
            if isinstance(event, HealthChanged) and event.health.state is not SourceState.LOADING:
                break
        another = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)  # it rests now
        source.wake()
        for _ in range(10):
            await asyncio.sleep(0)
        began = another.done()
        another.cancel()
        await asyncio.wait([another])
        return began


async def test_the_next_round_begins_when_somebody_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "REST", 0.0)
    monkeypatch.setattr(rounds, "SHARE", 0.0)
    source = Counting()
    assert isinstance(source, RoundSource)
    assert await woken(source)


async def test_a_round_that_has_just_ended_is_not_repeated() -> None:
    assert not await woken(Counting())


async def test_who_was_refused_is_not_asked_again_by_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "REST", 0.0)
    monkeypatch.setattr(rounds, "SHARE", 0.0)
    assert not await woken(Counting(Forbidden("Not allowed.")))
