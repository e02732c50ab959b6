"""Whether a registry still answers, asked when it has said nothing for a while: looks at what runs are half a minute apart.

One that fails or is silent is down, and nothing that it said is known any more; one that asks for fewer requests is there, and
what it said counts until it has not confirmed it for too long (`tui.domain.facts.freshness`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import NoReturn

from tui.errors import NoAnswer, ServerFault, SourceError, Throttled, Unreachable
from tui.sources.kit.polling import Polling
from tui.sources.kit.requestlog import reason
from tui.sources.registry.client import RegistryClient
from tui.sources.registry.faults import RequestContext, fault, retry_after
from tui.sources.registry.health import MOMENT, Health

__all__ = ["Pulse"]

_log = logging.getLogger(__name__)
_BY = "pulse"
_FAULTS = 2
"""Failures of the server's own, one after the other, that are more than a hiccup."""


class Pulse:
    """`down` is told when the registry does not answer, `back` when it does again after it had only asked for patience."""

    def __init__(
        self, client: RegistryClient, health: Health, down: Callable[[SourceError], Awaitable[None]], back: Callable[[], None]
    ) -> None:
        self._client, self._health, self._down, self._back = client, health, down, back
        self._faults = 0
        self._slowed = False

    async def keep(self) -> NoReturn:
        """For ever."""
        await Polling("pulse", self._client.options.pulse).keep(self._beat)

    async def _beat(self) -> None:
        if self._health.down is None:
            await self._judge(await self._ask())

    async def _judge(self, error: SourceError | None) -> None:
        self._faults = self._faults + 1 if isinstance(error, ServerFault) else 0
        self._health.limited = isinstance(error, Throttled)
        if error is None:
            self._health.allow(MOMENT, _BY)
            if self._slowed:
                self._slowed = False
                self._back()
        elif self._health.limited:
            self._slowed = True
        elif isinstance(error, Unreachable) or self._faults >= _FAULTS:
            _log.debug("%s: does not answer: %s", self._client.options.host, reason(error))
            await self._down(error)
        else:
            self._slowed = True
            self._health.deny(MOMENT, error, _BY)

    async def _ask(self) -> SourceError | None:
        """What went wrong, None where it has answered, now or lately."""
        throttle, options = self._client.throttle, self._client.options
        # One request in a while goes through the pause, so that it does not last longer than its cause.
        paused, sent = throttle.waiting > 0, throttle.now
        if self._heard_lately and not paused:
            return None
        try:
            async with asyncio.timeout(options.pulse_timeout):
                reply = await self._client.transport.request("GET", str(options.base.with_path("/v2/")))
        except TimeoutError:
            return NoAnswer(
                f"{options.host} takes requests but has not answered for {options.pulse_timeout:g} s",
                "The server hangs, or something on the way holds what is sent: ask who runs it. It is asked again by itself.",
            )
        except SourceError as error:
            return error
        if reply.status == 429:
            throttle.penalise(retry_after(reply), sent)
        if reply.status not in (200, 401):
            return fault(reply, RequestContext(options.host, "/v2/"), "")
        if paused:
            _log.debug("%s: answered through the pause", options.host)
            # It is there again; what it said is confirmed by what is read of it now.
            return None if throttle.relax() else Throttled(f"{options.host} still refuses some requests")
        self._health.good()
        return None

    @property
    def _heard_lately(self) -> bool:
        at = self._health.as_of
        return at is not None and (self._health.now() - at).total_seconds() < self._client.options.pulse
