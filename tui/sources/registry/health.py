"""How a registry source is doing, gathered from all its parts and told at a bounded pace."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime

from tui.domain.facts.events import Denial, Progress, SourceHealth, SourceId, SourceState
from tui.domain.facts.health import denial_of
from tui.errors import AuthenticationFailed, SourceError
from tui.sources.registry.client import RegistryClient

__all__ = ["MOMENT", "Health"]

MOMENT = "anything at the moment"
MAX_DENIALS = 200
MAX_KEPT = 20_000
RATE_WINDOW = 5.0


class Health:
    """The counters behind `SourceHealth`."""

    def __init__(self, source: SourceId, client: RegistryClient, now: Callable[[], datetime]) -> None:
        self._source, self._client, self.now = source, client, now
        self.as_of: datetime | None = None
        self.loading = True
        self.down: SourceError | None = None
        self.limited = False
        self.surveyed = True
        self.repositories: tuple[int, int | None] = (0, None)
        self.demands: tuple[int, int] = (0, 0)
        self.searches: tuple[int, int] = (0, 0)
        self.manifests = 0
        self._unsigned: AuthenticationFailed | None = None
        self._denials: dict[tuple[str, str], Denial] = {}
        self._more = False
        self._notes: dict[str, Denial] = {}
        self._samples: deque[tuple[float, int]] = deque(maxlen=64)

    def good(self) -> None:
        """An answer came."""
        self.as_of = self.now()

    def deny(self, resource: str, error: SourceError, reading: str = "") -> None:
        """Something cannot be read: the source is partial.

        `reading` is the kind of reading that failed: what one of them is refused, another that succeeds does not allow.
        """
        if isinstance(error, AuthenticationFailed):
            self._unsigned = error
        key = reading, resource
        if key in self._denials or len(self._denials) < MAX_KEPT:
            self._denials[key] = denial_of(resource, error)
        else:
            self._more = True

    def weight(self, resource: str, reading: str = "") -> int:
        """The level by which the log names a failure: of what is not told for being too much, the log is the only place."""
        is_shown = (reading, resource) in self._denials or len(self._denials) < MAX_DENIALS
        return logging.DEBUG if is_shown else logging.INFO

    def allow(self, resource: str, reading: str = "") -> None:
        """It can be read after all, in the way that it could not."""
        self._denials.pop((reading, resource), None)
        self._notes.pop(resource, None)

    def note(self, resource: str, error: SourceError) -> None:
        """Something is not offered and not needed: told, but nothing is missing."""
        self._notes[resource] = denial_of(resource, error)

    def read(self, monotonic: float) -> SourceHealth:
        """The state now; `monotonic` in seconds is for the rate."""
        error = self._error
        # Not `answered`: workers read side by side, and no moment is the end of a reading.
        return SourceHealth(
            id=self._source,
            state=self._state(),
            as_of=self.as_of,
            objects=self.manifests,
            requests=self._client.transport.requests,
            error=error.headline if error else "",
            remedy=error.remedy if error else "",
            auth_failed=isinstance(error, AuthenticationFailed),
            live=error is None and not self.loading and not self.limited,
            throttled=self.limited,
            identity=self._client.auth.identity,
            sign_in_error="; ".join(refusal.headline for refusal in self._client.auth.refusals),
            ownership=self._client.auth.ownership,
            endpoint=str(self._client.options.base),
            progress=self._progress(monotonic),
            every=self._client.options.pulse,
            denials=(*self._told(), *self._notes.values()),
            surveyed=self.surveyed,
        )

    @property
    def _error(self) -> SourceError | None:
        # Where nothing at all could be read, the missing sign-in is the failure, not a part of it.
        return self.down or (None if self.manifests or self.loading else self._unsigned)

    def _told(self) -> tuple[Denial, ...]:
        """What cannot be read, the same said once; the last of very many stands for the others."""
        limited = (self._limit(),) if self.limited else ()
        denials = (*limited, *dict.fromkeys(self._denials.values()))
        if len(denials) <= MAX_DENIALS:
            return denials
        return (*denials[:MAX_DENIALS], Denial(f"{len(denials) - MAX_DENIALS:,} more", reason="the log names them"))

    def _state(self) -> SourceState:
        if self._error is not None:
            return SourceState.FAILED
        if self.loading:
            return SourceState.LOADING
        return SourceState.PARTIAL if self._denials or self._more or self.limited else SourceState.OK

    def _limit(self) -> Denial:
        # The length of the pause, not what is left of it: the words are kept while they stay true.
        words = f"{self._client.options.host} refuses: too many requests (429), waiting {self._client.throttle.asked:.0f} s"
        return Denial(what=MOMENT, reason=words, remedy="It is retried automatically; others may use up what it allows.")

    def _progress(self, monotonic: float) -> tuple[Progress, ...]:
        rate, throttle = self._rate(monotonic), self._client.throttle
        wait = round(throttle.waiting, 1)
        counters = [Progress("images", *self.demands, rate, wait, throttle.waiting_reason)]
        read, total = self.repositories
        if total is not None or read:
            counters.append(Progress("repositories", read, total, 0.0))
        counters.append(Progress("manifests", self.manifests, None))
        if self.searches[1]:
            counters.append(Progress("searched for signatures", *self.searches))
        return tuple(counters)

    def _rate(self, monotonic: float) -> float:
        self._samples.append((monotonic, self._client.transport.requests))
        while len(self._samples) > 2 and monotonic - self._samples[0][0] > RATE_WINDOW:
            self._samples.popleft()
        (start, before), (end, after) = self._samples[0], self._samples[-1]
        return round((after - before) / (end - start), 1) if end > start else 0.0
