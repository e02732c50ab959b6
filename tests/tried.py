"""What `doctor` would show of a source."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from tui.domain.facts.diagnosis import Diagnosis


async def tried(diagnoses: AsyncGenerator[Diagnosis, None]) -> list[Diagnosis]:
    """All that is told, in its order."""
    async with aclosing(diagnoses) as lines:
        return [line async for line in lines]
