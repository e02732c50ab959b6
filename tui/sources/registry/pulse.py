"""Whether a registry still answers, asked when it has said nothing for a while: looks at what runs are half a minute apart.

One that fails or is silent is down, and nothing that it said is known any more; one that asks for fewer requests is there, and
what it said counts until it has not confirmed it for too long (`tui.domain.facts.freshness`).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import NoReturn

from tui.errors import SourceError, Throttled
from tui.sources.kit.polling import Polling
from tui.sources.kit.pulse import Heart, Verdict, in_time
from tui.sources.kit.requestlog import reason
from tui.sources.registry.client import RegistryClient
from tui.sources.registry.faults import RequestContext, fault, retry_after
from tui.sources.registry.health import MOMENT, Health

__all__ = ["Pulse"]

_log = logging.getLogger(__name__)
_BY = "pulse"


class Pulse:
    """`down` is told when the registry does not answer, `back` when it does again after it had only asked for patience."""

    def __init__(
        self, client: RegistryClient, health: Health, down: Callable[[SourceError], Awaitable[None]], back: Callable[[], None]
    ) -> None:
        self._client, self._health, self._down, self._back = client, health, down, back
        self._heart = Heart()
        self._slowed = False

    async def keep(self) -> NoReturn:
        """For ever."""
        await Polling("pulse", self._client.options.pulse).keep(self._beat)

    async def _beat(self) -> None:
        if self._health.down is None:
            await self._judge(await self._ask())

    async def _judge(self, error: SourceError | None) -> None:
        verdict = self._heart.beat(error)
        self._health.limited = verdict is Verdict.LIMITED
        if error is None:
            self._health.allow(MOMENT, _BY)
            if self._slowed:
                self._slowed = False
                self._back()
        elif verdict is Verdict.SILENT:
            _log.debug("%s: does not answer: %s", self._client.options.host, reason(error))
            await self._down(error)
        else:
            self._slowed = True
            if verdict is Verdict.UNSURE:
                self._health.deny(MOMENT, error, _BY)

    async def _ask(self) -> SourceError | None:
        """What went wrong, None where it has answered, now or lately."""
        throttle, options = self._client.throttle, self._client.options
        # One request in a while goes through the pause, so that it does not last longer than its cause.
        paused, sent = throttle.waiting > 0, throttle.now
        if self._heard_lately and not paused:
            return None
        return await in_time(
            lambda: self._look(sent, paused),
            options.pulse_timeout,
            f"{options.host} takes requests but has not answered for {options.pulse_timeout:g} s",
            "The server hangs, or a proxy holds the request back: ask whoever runs it. It is retried automatically.",
        )

    async def _look(self, sent: float, paused: bool) -> None:
        """Ask for the root of the API. Raises SourceError."""
        throttle, options = self._client.throttle, self._client.options
        reply = await self._client.transport.request("GET", str(options.base.with_path("/v2/")))
        if reply.status == 429:
            throttle.penalise(retry_after(reply), sent)
        if reply.status not in (200, 401):
            raise fault(reply, RequestContext(options.host, "/v2/"), "")
        if paused:
            _log.debug("%s: answered through the pause", options.host)
            # It is there again; what it said is confirmed by what is read of it now.
            if not throttle.relax():
                raise Throttled(f"{options.host} still refuses some requests")
            return
        self._health.good()

    @property
    def _heard_lately(self) -> bool:
        as_of = self._health.as_of
        return as_of is not None and (self._health.now() - as_of).total_seconds() < self._client.options.pulse
