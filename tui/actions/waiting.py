"""Waiting for what others do: looked at again and again, with a limit measured in time awake, and the last reason kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tui.actions.clock import Clock
from tui.actions.ledger import Ledger
from tui.actions.transitions import Proof
from tui.actions.verify import Awaited, Refuted, Verdict
from tui.domain.common.text import full_stop
from tui.domain.plans.plan import Step

__all__ = ["await_verdict", "minutes"]


SLOWING = 5
"""Looks until the pause between two of them is the usual one."""


async def await_verdict(
    ledger: Ledger, clock: Clock, step: Step, ask: Callable[[], Awaitable[Verdict]], every: float, limit: float
) -> Proof | Refuted | Awaited:
    """Ask until it is proven or refuted; what it still waits for when the limit is over. A sleeping machine waits for nothing.

    The first looks come sooner one after the other than `every` seconds: most of what is waited for is there at once.
    """
    end, looks = clock.monotonic() + limit, 0
    while True:
        verdict = await ask()
        if not isinstance(verdict, Awaited):
            return verdict
        if clock.monotonic() >= end:
            return verdict
        ledger.note(step, full_stop(f"Waits for {verdict.words}"))
        looks += 1
        await clock.sleep(every * min(1.0, looks / SLOWING))


def minutes(seconds: float) -> str:
    """A limit in words."""
    return f"{seconds / 60:g} min" if seconds >= 60 else f"{seconds:g} s"
