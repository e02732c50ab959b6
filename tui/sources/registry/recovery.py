"""What failed in passing is read again as soon as that works: one of it is tried at each beat, and what succeeds frees the rest.

A registry may answer whether it is there and still fail at everything else, as when only its token service is away: then
nothing but a reading itself tells that it is over.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import NoReturn

from tui.errors import AuthenticationFailed, ServerFault, SourceError, Throttled, Unreachable
from tui.sources.kit.polling import Polling
from tui.sources.registry.attaching import ReferrerQueue
from tui.sources.registry.client import RegistryClient
from tui.sources.registry.health import Health
from tui.sources.registry.queue import DemandQueue, QueuedDemand

__all__ = ["PASSING", "Recovery", "goes_on", "is_unsettled"]

PASSING = (Unreachable, AuthenticationFailed, ServerFault, Throttled)
"""What may be over at any moment. A refused sign-in has its own, longer pauses: some wrong passwords lock an account."""
_TRIED = (Unreachable, ServerFault, Throttled)


def is_unsettled(entry: QueuedDemand) -> bool:
    """Whether the last try of it failed in passing, or a look at it came to nothing."""
    return isinstance(entry.error, PASSING) or entry.missed > 0


class Recovery:
    """Tries one of what failed in passing at each beat, the one first that waits longest; `look` looks at one again."""

    def __init__(
        self,
        client: RegistryClient,
        health: Health,
        queue: DemandQueue,
        attaching: ReferrerQueue,
        look: Callable[[QueuedDemand], Awaitable[None]],
    ) -> None:
        self._client, self._health, self._queue, self._attaching, self._look = client, health, queue, attaching, look

    async def keep(self) -> NoReturn:
        """For ever."""
        await Polling("recovery", self._client.options.pulse).keep(self._try)

    async def _try(self) -> None:
        # Not before all has been tried once: what loads is not held up, and comes to an end.
        if not self._queue.idle or self._health.down is not None or self._client.throttle.waiting > 0:
            return
        entry = min(filter(self._is_tried, self._queue), key=lambda candidate: candidate.tried_at, default=None)
        if entry is None:
            self._attaching.try_one()
            return
        entry.tried_at = time.monotonic()
        if entry.error is not None:
            self._queue.again(entry)
        else:
            await self._look(entry)

    def _is_tried(self, entry: QueuedDemand) -> bool:
        return self._queue.rests(entry) and (isinstance(entry.error, _TRIED) or entry.missed > 0)

    def release(self) -> None:
        """What failed in passing is read now, not when its turn would come; what was only missed at the next look."""
        for entry in self._queue:
            if is_unsettled(entry):
                entry.freed = True
            if isinstance(entry.error, PASSING):
                self._queue.again(entry)
        self._attaching.release()


def goes_on(before: SourceError | None, after: SourceError) -> bool:
    """Whether a failure goes on that was there before: else it is a new one, and is tried again soon."""
    return before is not None and isinstance(before, PASSING) == isinstance(after, PASSING)
