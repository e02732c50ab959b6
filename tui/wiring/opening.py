"""The way into the estate: what is heavy to import is imported in a thread, while the demo's servers start."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from tui.settings.settings import Settings
from tui.wiring.interpreter import keep_for_good

if TYPE_CHECKING:
    from tui.actions.actions import Actions
    from tui.estate.estate import Estate

__all__ = ["opened", "opened_to_act"]


@asynccontextmanager
async def opened_to_act(settings: Settings) -> AsyncIterator[tuple[Estate, Actions]]:
    """The living estate, followed on, with what changes it. Raises TrustreeError."""
    async with AsyncExitStack() as stack:
        settings, wiring = await _ready(settings, stack)
        yield await stack.enter_async_context(wiring.open_to_act(settings))


@asynccontextmanager
async def opened(settings: Settings, *, once: bool = False) -> AsyncIterator[Estate]:
    """The living estate that the settings describe, running while the context lasts. Raises TrustreeError.

    `once` is for a command that ends when it has its answer: what was read is not looked at again, and registries are read as a
    whole only when the estate is told to survey. The loop stays free meanwhile, for keys and frames: clients of clusters and
    registries take half a second to import.
    """
    async with AsyncExitStack() as stack:
        settings, wiring = await _ready(settings, stack)
        yield await stack.enter_async_context(wiring.open_estate(settings, once=once))


async def _ready(settings: Settings, stack: AsyncExitStack) -> tuple[Settings, Any]:
    """The settings, of the demo where that is asked for, and the module that knows the rest."""
    importing = asyncio.to_thread(importlib.import_module, "tui.wiring.parts")
    if settings.demo:
        from tui.wiring.embedded import embedded

        settings, wiring = await asyncio.gather(stack.enter_async_context(embedded(settings)), importing)
    else:
        wiring = await importing
    keep_for_good()
    return settings, wiring
