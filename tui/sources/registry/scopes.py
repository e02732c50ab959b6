"""Refusals that hold for a while: what a registry refuses of a repository is asked for once, not for each of its images."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from tui.errors import AuthenticationFailed, Forbidden, SourceError
from tui.sources.kit.throttle import RequestClass
from tui.sources.kit.transport import Reply

__all__ = ["HELD", "RepositoryScopes"]

_log = logging.getLogger(__name__)
FORBIDDEN_BEFORE = 2
"""403s on different things of a repository, of which nothing was answered yet, before all of it counts as refused: the first may
be about one image alone (a lock, a quarantine)."""
REFUSED_SINCE = 5
"""The same where something was answered before."""
HELD = "This was answered once for the whole repository, which is read again at the next refresh."
"""What a held refusal adds to the remedy."""

Send = Callable[[], Awaitable[Reply]]


class _Scope:
    """What one kind of request to one repository came to."""

    __slots__ = ("_alone", "_error", "_is_open", "_refused", "_reply", "_until", "_was_answered")

    def __init__(self) -> None:
        self._alone = asyncio.Lock()
        self._is_open = self._was_answered = False
        self._refused: set[str] = set()
        self._until = float("-inf")
        self._reply: Reply | None = None
        self._error: SourceError | None = None

    async def ask(self, path: str, send: Send, ours: Callable[[Reply], bool], holds: float) -> tuple[Reply, bool]:
        """The answer, and whether it is one that was given to somebody else before. Raises SourceError.

        Until something was answered one asks alone, and the others learn from it.
        """
        if not self._is_open:
            async with self._alone:
                if not self._is_open:
                    remembered = self._held()
                    return (remembered, True) if remembered is not None else (await self._told(path, send, ours, holds), False)
        return await self._told(path, send, ours, holds), False

    def _held(self) -> Reply | None:
        if time.monotonic() >= self._until:
            return None
        if self._error is not None:
            raise self._error.kept()
        return self._reply

    async def _told(self, path: str, send: Send, ours: Callable[[Reply], bool], holds: float) -> Reply:
        try:
            reply = await send()
        except (AuthenticationFailed, Forbidden) as error:
            self._hold(holds, error=error.kept())
            raise
        if reply.status in (401, 403) and ours(reply):
            self._refused.add(path)
            if len(self._refused) >= self._enough(reply):
                self._hold(holds, reply)
        elif reply.status not in (401, 403, 429) and reply.status < 500:
            self._is_open = self._was_answered = True
            self._refused.clear()
        return reply

    def _enough(self, reply: Reply) -> int:
        """How many refusals tell that all is refused: a 401 to a fresh token says that the token lacks the right."""
        if self._was_answered:
            return REFUSED_SINCE
        return FORBIDDEN_BEFORE if reply.status == 403 else 1

    def _hold(self, seconds: float, reply: Reply | None = None, error: SourceError | None = None) -> None:
        self._is_open = False
        self._reply, self._error, self._until = reply, error, time.monotonic() + seconds


class RepositoryScopes:
    """What lists and content of each repository of a registry came to; a refusal counts for `holds` seconds."""

    def __init__(self, holds: float) -> None:
        self._holds = holds
        self._scopes: dict[tuple[str, bool], _Scope] = {}

    async def ask(
        self, scope: str, kind: RequestClass, path: str, send: Send, ours: Callable[[Reply], bool]
    ) -> tuple[Reply, bool]:
        """The answer of the registry, or the refusal that holds, and whether it is that. Raises SourceError."""
        if not scope:
            return await send(), False
        state = self._scopes.setdefault((scope, kind is RequestClass.LIST), _Scope())
        return await state.ask(path, send, ours, self._holds)

    def forget(self) -> None:
        """Everything may be asked for again."""
        self._scopes.clear()
