"""When a registry is walked through: after what runs was asked for, once somebody wants it, and again after a while."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from tui.errors import ServerFault, SourceError, Throttled, Unreachable
from tui.sources.kit.polling import Polling
from tui.sources.kit.throttle import Backoff
from tui.sources.registry.health import Health
from tui.sources.registry.options import RegistryOptions
from tui.sources.registry.queue import DemandQueue
from tui.sources.registry.survey import Survey

__all__ = ["SurveyRounds"]

# How long the walk through the rest waits for what runs to be asked for and answered, in seconds.
HEAD_START = 2.0
SURVEY_AGAIN = 600.0
SURVEY_SOON, SURVEY_LATER = 2.0, 60.0
REST = "the rest of the registry"
_TRIED_SOON = (Unreachable, ServerFault, Throttled)


class SurveyRounds:
    """Walks through a registry over and over; `wanted` is set once somebody asks for that, `lost` is told when it is gone."""

    def __init__(
        self, options: RegistryOptions, survey: Survey, health: Health, requested: asyncio.Event, lost: Callable[[], None]
    ) -> None:
        self._options, self._survey, self._health, self._wanted, self._lost = options, survey, health, requested, lost
        self._polling = Polling(REST, SURVEY_AGAIN, Backoff(SURVEY_SOON, SURVEY_LATER))
        self._walked = self._failed = False

    @property
    def walked(self) -> bool:
        """Whether the first walk has ended, or nobody asked for one."""
        return self._walked or not self._wanted.is_set()

    @property
    def unasked(self) -> bool:
        """Whether the registry could be walked through, and nobody asked for that."""
        return self._options.surveyed and not self._wanted.is_set()

    def release(self) -> None:
        """Walk again now if the last walk failed in passing."""
        if self._failed:
            self._polling.wake()

    async def keep(self, up: asyncio.Event, queue: DemandQueue) -> None:
        """For ever, while the registry is `up`."""
        await up.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(HEAD_START):
                await queue.quiet()
        while self._options.surveyed:
            await self._wanted.wait()
            self._health.loading = self._health.loading or not self._walked
            error = await self._walk()
            self._failed = isinstance(error, _TRIED_SOON) or self._survey.failed_in_passing
            self._walked = True
            await self._polling.rest(error if self._failed else None, failed=self._failed)
            await up.wait()
        self._walked = True

    async def _walk(self) -> SourceError | None:
        """One walk through the rest; why it ended early."""
        try:
            await self._survey.run()
        except SourceError as error:
            if isinstance(error, Unreachable):
                self._lost()
            self._health.deny(REST, error)
            return error
        self._health.allow(REST)
        return None
