"""Follows a policy file: a change counts without a restart, a faulty one changes nothing and is shown."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Callable
from datetime import datetime
from pathlib import Path

import msgspec

from tui.domain.facts.events import Event, HealthChanged, SourceHealth, SourceId, SourceKind, SourceState
from tui.domain.facts.health import answered, loading
from tui.domain.policy.policy import Policy
from tui.errors import InvalidConfig
from tui.estate.estate import utc_now
from tui.settings.policy_file import load_policy
from tui.sources.kit.polling import Polling

__all__ = ["PolicyWatch"]

_log = logging.getLogger(__name__)
PAUSE = 1.0
"""Seconds between two looks at the file; it is read once it has not changed from one look to the next."""
Stamp = tuple[int, int, int] | None
Clock = Callable[[], datetime]


class PolicyWatch:
    """A source of no facts but its health; `taken` is called with each policy that is to count from now on.

    It is called again with the same policy when one of its exceptions ends. Raises InvalidConfig at once when the file cannot
    be used: there is no last good one yet.
    """

    def __init__(self, path: str, clock: Clock = utc_now, pause: float = PAUSE) -> None:
        self._path = path
        self._clock = clock
        self._polling = Polling("policy", pause)
        self._read = self._seen = self._stamp()
        self.policy = load_policy(path)
        self.taken: Callable[[Policy], None] = _ignore
        self.id = SourceId(SourceKind.POLICY, self.policy.name)
        self._active = self._standing()
        self._health = self._well()

    async def events(self) -> AsyncGenerator[Event, None]:
        """Its health, now and whenever the file has changed."""
        yield HealthChanged(self._health)
        while True:
            await self._polling.rest()
            if await self._changed():
                yield HealthChanged(self._health)
            elif self._active != (now := self._standing()):
                self._active = now
                self.taken(self.policy)

    async def _changed(self) -> bool:
        """Look at the file; read it when it is another than the one that was read, and at rest."""
        before, self._seen = self._seen, await asyncio.to_thread(self._stamp)
        if self._seen == self._read or self._seen != before:
            return False
        self._read = self._seen
        try:
            policy = await asyncio.to_thread(load_policy, self._path)
        except InvalidConfig as error:
            _log.warning("the policy stays as it was: %s", error.headline)
            self._health = self._ill(error)
            return True
        _log.info("the policy was read anew: %s", self._path)
        self.policy = policy
        self._active, self._health = self._standing(), self._well()
        self.taken(policy)
        return True

    def _stamp(self) -> Stamp:
        """When and where the file was last written; None when it cannot be seen."""
        try:
            status = os.stat(Path(self._path).expanduser())
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino

    def _standing(self) -> tuple[str, ...]:
        """The exceptions that have not ended."""
        now = self._clock()
        return tuple(exception.id for exception in self.policy.exceptions if now < exception.until)

    def _well(self) -> SourceHealth:
        parts = 1 + len(self.policy.scopes) + len(self.policy.exceptions)
        return answered(loading(self.id, endpoint=self._path), self._clock(), objects=parts)

    def _ill(self, error: InvalidConfig) -> SourceHealth:
        headline = f"{error.headline} What was read before still counts."
        return msgspec.structs.replace(self._health, state=SourceState.PARTIAL, error=headline, remedy=error.remedy)


def _ignore(policy: Policy) -> None:
    """Nobody wants to know."""
