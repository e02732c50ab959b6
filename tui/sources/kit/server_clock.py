"""The clock of a service, as the `Date` of its answers tells it: what it writes down is compared by that, not by ours."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.sources.kit.transport import Reply

__all__ = ["ServerClock"]

_UNTOLD = timedelta(seconds=2)
"""What a `Date` in whole seconds, and the way of an answer, leave out."""


class ServerClock:
    """How far the clock of a service is ahead of ours; nothing, as long as it has not told."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def hear(self, reply: Reply) -> None:
        """Take the time from an answer that has one."""
        with suppress(ValueError, OverflowError, TypeError):
            self._ahead = parsedate_to_datetime(reply.header("date")) - datetime.now(UTC)

    def of(self, moment: datetime) -> datetime:
        """A moment of ours by that clock, early rather than late."""
        return moment + self._ahead - _UNTOLD
