"""How a cluster source is doing, gathered from its lists and watches."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from tui.domain.facts.events import Denial, Progress, SourceHealth, SourceId, SourceState
from tui.domain.facts.health import denial_of
from tui.domain.facts.source_health import is_of_nodes
from tui.domain.facts.workload import Resource
from tui.errors import AuthenticationFailed, Forbidden, ServerFault, SourceError, Unreachable
from tui.sources.cluster.room import MOST
from tui.sources.kit.allotment import Allotment
from tui.sources.kit.moments import utc_now
from tui.sources.kit.polling import waited
from tui.sources.kit.requestlog import reason

__all__ = ["HealthBoard", "HealthLine"]

_log = logging.getLogger(__name__)
_FRESH_SECONDS = 5.0


class HealthLine:
    """The state of one list and watch; whoever runs it writes it, and says `changed` to the board."""

    def __init__(self, board: HealthBoard, resource: Resource, scope: str) -> None:
        self.resource = resource
        self.scope = scope
        self.objects = 0
        self.total: int | None = None
        self.listed = False
        self.live = False
        self.error: SourceError | None = None
        self.wait = 0.0
        self.broken = 0
        self.cut = False
        self.confirmed: datetime | None = None
        self.interrupt: Callable[[], None] | None = None
        self._board = board
        self._woken = asyncio.Event()

    def answered(self) -> None:
        """The server answered well."""
        if self.error is not None or self.wait:
            _log.debug("%s: %s: answered again", self._board.source, self.what)
            self.error, self.wait = None, 0.0
            self._board.changed()
        self.confirmed = self._board.answered()

    def counted(self, objects: int, total: int | None) -> None:
        """A page came."""
        self.objects, self.total = objects, total
        self.answered()
        self._board.changed()

    def watching(self, objects: int) -> None:
        """The list is complete and the watch is open."""
        changed = not self.live
        self.objects, self.total, self.listed, self.live = objects, None, True, True
        self.answered()
        if changed:
            self._board.changed()

    def failed(self, error: SourceError, wait: float) -> None:
        """It failed and is tried again after `wait` seconds."""
        _log.debug("%s: %s: %s; tried again within %.1f s", self._board.source, self.what, reason(error), wait)
        self.error, self.wait, self.live = error, wait, False
        self._board.changed()

    async def rest(self, error: SourceError, seconds: float) -> None:
        """Say that it failed and wait; no longer than until the server answers again, unless it was the server that asked."""
        self._woken.clear()
        self.failed(error, seconds)
        await waited(self._woken, seconds)

    def wake(self) -> None:
        """The server answers again: what waits only because it did not need not wait longer."""
        if isinstance(self.error, Unreachable) or (isinstance(self.error, ServerFault) and self.error.retry_after is None):
            self._woken.set()

    @property
    def what(self) -> str:
        """In words."""
        return f"{self.resource} in {self.scope}" if self.scope else str(self.resource)


class HealthBoard:
    """All lines of a source; `health()` is the word of the moment."""

    def __init__(self, source: SourceId, clock: Callable[[], datetime] = utc_now, every: float = 0.0, room: int = MOST) -> None:
        self.room = Allotment(room)
        self.identity = ""
        self.endpoint = ""
        self.remarks: tuple[str, ...] = ()
        self.known_by: tuple[str, ...] = ()
        self.requests: Callable[[], int] = lambda: 0
        self.source, self._every = source, every
        self._clock = clock
        self._lines: list[HealthLine] = []
        self._denials: dict[str, Denial] = {}
        self._as_of: datetime | None = None
        self._silent: SourceError | None = None
        self._limited: SourceError | None = None
        self._started = clock()
        self._dirty = asyncio.Event()

    def line(self, resource: Resource, scope: str) -> HealthLine:
        """A new line."""
        line = HealthLine(self, resource, scope)
        self._lines.append(line)
        self.changed()
        return line

    def drop(self, line: HealthLine) -> None:
        """This line is given up for others."""
        self._lines.remove(line)
        self.changed()

    def deny(self, denial: Denial) -> None:
        """Something that no line stands for cannot be read."""
        self._denials[denial.what] = denial
        self.changed()

    def answered(self) -> datetime:
        """Remember the time, and say so when the last word is old. The time."""
        now = self._clock()
        if self._as_of is None or (now - self._as_of).total_seconds() >= _FRESH_SECONDS:
            self.changed()
        self._as_of = now
        return now

    # ---- the pulse

    def lines(self, resource: Resource | None = None, scope: str | None = None) -> list[HealthLine]:
        """The lines of a resource, and of a scope, or all."""
        return [
            line
            for line in self._lines
            if (resource is None or line.resource is resource) and (scope is None or line.scope == scope)
        ]

    def beats(self) -> None:
        """The server answers: whatever is watched is as it was said, and nobody needs to wait for it."""
        now = self.answered()
        for line in self._lines:
            if line.live:
                line.confirmed = now
            line.wake()
        self._silent = self._limited = None
        self.changed()

    def silent(self, error: SourceError) -> None:
        """The server does not answer, though watches may still be open."""
        self._silent = error
        self.changed()

    def limited(self, error: SourceError) -> None:
        """The server is there and refuses to be asked so often: what it said is not confirmed meanwhile."""
        self._limited = error
        self.changed()

    def changed(self) -> None:
        """There is something new to say."""
        self._dirty.set()

    async def wait(self) -> None:
        """Until there is something new to say."""
        await self._dirty.wait()
        self._dirty.clear()

    def health(self) -> SourceHealth:
        """The state of the source now."""
        failing = (denial_of(line.what, line.error) for line in self._lines if line.error)
        limit = self._limited
        slowed = (denial_of("anything at the moment", limit),) if limit is not None else ()
        denials = (*slowed, *self._denials.values(), *failing, *_broken(self._lines), *_cut(self._lines))
        # What nodes are like answers few questions: only where one is open is anything missing without them.
        state, error, remedy = self._verdict(any(not is_of_nodes(denial) for denial in denials))
        # Not `answered`: each line is open, lost or refused by itself, and all of them together are one word.
        return SourceHealth(
            id=self.source,
            state=state,
            as_of=self._confirmed,
            objects=sum(line.objects for line in self._lines),
            requests=self.requests(),
            error=error,
            remedy=remedy,
            auth_failed=any(isinstance(line.error, AuthenticationFailed) for line in self._lines),
            throttled=limit is not None,
            live=bool(self._lines)
            and self._silent is None
            and limit is None
            and all(line.live or isinstance(line.error, Forbidden) for line in self._lines)
            and any(line.live for line in self._lines),
            identity=self.identity,
            endpoint=self.endpoint,
            progress=self._progress(),
            denials=denials,
            remarks=self.remarks,
            known_by=self.known_by,
            every=self._every,
            lost_scopes=tuple(
                (line.scope, line.error.headline)
                for line in self._lines
                if line.resource is Resource.PODS and line.scope and line.error is not None and line.confirmed is not None
            ),
        )

    @property
    def _confirmed(self) -> datetime | None:
        """When the pods were confirmed last, of all places that may be read; before that, when anything was said."""
        pods = [line.confirmed for line in self.lines(Resource.PODS) if not isinstance(line.error, Forbidden)]
        return min((confirmed for confirmed in pods if confirmed is not None), default=self._as_of)

    def _verdict(self, partial: bool) -> tuple[SourceState, str, str]:
        failing = [line.error for line in self._lines if line.error]
        pods = [line for line in self._lines if line.resource is Resource.PODS]
        # Without pods nothing runs, as far as we know; without the others something is still to be seen. While it is found out
        # in which namespaces pods may be read, no list of them is there, and what others say decides nothing.
        lost = [line.error for line in pods if line.error]
        if self._silent is not None:
            return SourceState.FAILED, self._since(self._silent), self._silent.remedy
        if pods and len(lost) == len(pods):
            error = next((item for item in failing if not isinstance(item, Forbidden)), lost[0])
            return SourceState.FAILED, self._since(error), error.remedy
        if not pods or any(not line.listed and line.error is None for line in self._lines):
            return SourceState.LOADING, "", ""
        if partial:
            worst = next((item for item in failing if not isinstance(item, Forbidden)), None)
            return SourceState.PARTIAL, worst.headline if worst else "", worst.remedy if worst else ""
        return SourceState.OK, "", ""

    def _since(self, error: SourceError) -> str:
        if self._confirmed is None or isinstance(error, Forbidden):
            return error.headline
        return f"{error.headline.removesuffix('.')}. No answer since {self._confirmed.astimezone():%H:%M:%S}."

    def _progress(self) -> tuple[Progress, ...]:
        loading = [line for line in self._lines if line.resource is Resource.PODS and not line.listed]
        waits = [line for line in self._lines if line.wait > 0 and line.error]
        if not loading and not waits:
            return ()
        counted = loading or [line for line in self._lines if line.resource is Resource.PODS]
        totals = [line.total for line in counted]
        pods_total = None if any(total is None for total in totals) else sum(total or 0 for total in totals)
        longest = max(waits, key=lambda line: line.wait, default=None)
        elapsed = max((self._clock() - self._started).total_seconds(), 0.001)
        return (
            Progress(
                unit="pods",
                done=sum(line.objects for line in counted),
                total=pods_total if loading else None,
                rate=round(self.requests() / elapsed, 1),
                waiting=round(longest.wait, 1) if longest else 0.0,
                waiting_reason=longest.error.headline if longest and longest.error else "",
            ),
        )


def _broken(lines: list[HealthLine]) -> list[Denial]:
    return [
        Denial(
            what=f"{line.broken} of the {line.what}",
            reason="The API server sent objects that cannot be read.",
            remedy="Look at them with kubectl; they are read again at the next list.",
        )
        for line in lines
        if line.broken
    ]


def _cut(lines: list[HealthLine]) -> list[Denial]:
    return [
        Denial(
            what=f"more than {line.objects:,} {line.what}",
            reason="The API server sends more than can be kept.",
            remedy="Name the namespaces that matter: -n NAME, as often as needed.",
        )
        for line in lines
        if line.cut
    ]
