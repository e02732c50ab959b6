"""A transport that is made when the first request needs it: aiohttp is not loaded, and nothing opened, before."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.sources.kit.transport import Transport

__all__ = ["TransportOnDemand"]


class TransportOnDemand:
    """Made by `connect` when it is first asked for, and again after it was closed."""

    def __init__(self, connect: Callable[[], Transport]) -> None:
        self._connect = connect
        self._connected: Transport | None = None

    @property
    def requests(self) -> int:
        """Requests sent so far."""
        return self._connected.requests if self._connected else 0

    def open(self) -> Transport:
        """The transport."""
        if self._connected is None:
            self._connected = self._connect()
        return self._connected

    async def close(self) -> None:
        """Release every connection."""
        if self._connected is not None:
            await self._connected.close()
            self._connected = None
