"""The demo's *huge* estate, loaded once for all benchmarks of a process that look at it."""

from __future__ import annotations

import asyncio
from functools import cache

from tui.domain.snapshot.snapshot import Snapshot
from tui.settings.settings import Settings
from tui.wiring.opening import opened

__all__ = ["huge_estate"]

LOADING = 600.0


@cache
def huge_estate() -> Snapshot:
    """Its snapshot when everything has been read."""
    return asyncio.run(_load())


async def _load() -> Snapshot:
    async with opened(Settings(demo="huge")) as estate:
        await estate.settled(LOADING)
        return estate.snapshot
