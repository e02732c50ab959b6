"""List, then watch, then list again when the position is lost: one resource in one scope.

Pages by limit and continue, the next one fetched while the last is decoded; bookmarks keep the position young; 410 in any of
its three forms starts anew. What was read stays known through every failure.
Source: kubernetes.io/docs/reference/using-api/api-concepts, "Efficient detection of changes" and "Retrieving large results".
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from tui.domain.common.text import clean
from tui.domain.facts.events import Event, ListCompleted, ObjectGone
from tui.errors import Expired, Forbidden, SourceError, Unreachable, UntrustedPayload
from tui.sources.cluster.api import Api, Stream
from tui.sources.cluster.facts import MAX_TEXT
from tui.sources.cluster.failures import cut_list
from tui.sources.cluster.health import HealthLine
from tui.sources.cluster.options import ClusterOptions
from tui.sources.cluster.pages import Body, Pages
from tui.sources.cluster.readers import Change, Fact, KindReader, ListPage, Meet
from tui.sources.cluster.room import Share
from tui.sources.kit.allotment import Allotment
from tui.sources.kit.retry import Retry, asked_wait, patiently
from tui.sources.kit.throttle import Backoff

__all__ = ["Emit", "Follower"]

_log = logging.getLogger(__name__)

Emit = Callable[[Event], Awaitable[None]]

# Facts made between two looks at the event loop: about 5 ms.
_SLICE = 100
_PAGE_TRIES = 3
# Pages without an object that name a next one: honest servers send none (nothing is selected here).
_EMPTY_PAGES = 10
_LONGEST_TOKEN = 64 * 1024
# Watches end by themselves after this many seconds and a random part more, so that they do not all reopen at once.
_WATCH_SECONDS = 300


class Follower:
    """Keeps the facts of one resource in one scope up to date until it is cancelled."""

    def __init__(
        self,
        reader: KindReader,
        scope: str,
        api: Api,
        options: ClusterOptions,
        line: HealthLine,
        room: Allotment,
        emit: Emit,
        meet: Meet,
        generation: Callable[[], int],
    ) -> None:
        self._reader = reader
        self._scope = scope
        self._api = api
        self._options = options
        self._line = line
        self._share = Share(room)
        self._emit = emit
        self._meet = meet
        self._next_generation = generation
        self._generation = 0
        self._path = reader.kind.path(scope)
        self._version = ""
        self._known: dict[str, Fact] = {}
        self._backoff = Backoff(options.backoff, options.backoff_most)
        self._patched = False
        self._stream: Stream | None = None
        self._doubted = False
        line.interrupt = self._doubt

    async def run(self, *, give_up: bool = False) -> None:
        """For ever. With `give_up`, raises Forbidden when the first list is refused."""
        while True:
            try:
                if not self._version:
                    self._version = await self._list()
                await self._watch_until_doubted()
            except Expired:
                self._version = ""
                wait = self._backoff.next()
                self._note("the position is not known any more (410): listed again in %.1f s", wait)
                await asyncio.sleep(wait)  # not `Polling`: a watch has no rounds, its position says when to list
            except Forbidden as error:
                if give_up and not self._line.listed:
                    raise
                await self._pause(error, self._options.retry_denied)
            except SourceError as error:
                if isinstance(error, UntrustedPayload):
                    self._version = ""
                await self._pause(error, self._delay(error))

    def _note(self, message: str, *values: object) -> None:
        """One line of the log; never one for an object."""
        if _log.isEnabledFor(logging.DEBUG):
            _log.debug(f"%s: %s: {message}", self._reader.source, self._line.what, *values)

    async def _pause(self, error: SourceError, seconds: float) -> None:
        await self._line.rest(error, seconds)

    def _doubt(self) -> None:
        """Somebody was refused what is watched here: a watch that is open would go on all the same, so it is asked for anew."""
        self._note("somebody was refused what is watched here: it is asked for again")
        self._doubted = True
        if self._stream is not None:
            self._stream.close()

    def _delay(self, error: SourceError) -> float:
        guess = self._backoff.next()
        seconds = asked_wait(error)
        return guess if seconds is None else max(seconds, 0.05)

    # ---- list

    async def _list(self) -> str:
        """One cycle; the version to watch from. Raises Expired when the position was lost on the way."""
        self._generation = self._next_generation()
        listed: dict[str, Fact] = {}
        version, token, broken, patched, empty = "", "", 0, False, 0
        self._make_room()
        failure: SourceError | None = None
        async with asyncio.TaskGroup() as group:
            pages = Pages(group, self._try_page)
            while True:
                body = await pages.take(token)
                if isinstance(body, Expired) and body.continue_token and not patched:
                    self._note("the rest of the list is not kept any more (410): it is read on from a newer state")
                    # The server lets us read on from a newer state; what went away in between is missed.
                    patched, token = True, body.continue_token
                    continue
                page = body if isinstance(body, SourceError) else self._decode(body)
                if isinstance(page, SourceError):
                    failure = page
                    break
                version, token = page.metadata.resource_version or version, page.metadata.continue_token
                missing = 0 if token else page.metadata.remaining_item_count or 0
                empty = 0 if page.items else empty + 1
                broken += page.broken + await self._take(page, listed)
                # The next page is decoded into the memory of this one, while the processor's caches still hold that.
                del page, body
                if empty > _EMPTY_PAGES or len(token) > _LONGEST_TOKEN:
                    failure = UntrustedPayload(
                        f"{self._api.host} sends a list of {self._reader.kind.resource} without end.",
                        "Check what answers in the API server's place.",
                    )
                    break
                if missing > 0:
                    failure = cut_list(self._api.host, self._reader.kind.resource, missing)
                if not token or self._line.cut:
                    break
            pages.close()
        if failure is not None:
            raise failure
        return await self._complete(listed, version, broken, patched)

    async def _complete(self, listed: dict[str, Fact], version: str, broken: int, patched: bool) -> str:
        """Remove what was not seen, if everything was; then the version to watch from."""
        self._line.broken = broken
        if patched and not self._patched:
            # Listed in two halves of different age: once more, and if that fails too, take it as it is (so does client-go).
            self._patched = True
            self._known |= listed
            raise Expired("The list was interrupted by a compaction.", "It is listed again.")
        self._patched = False
        self._note("listed, %d objects, %d of them unreadable, version %.40s", len(listed), broken, version)
        if broken or self._line.cut:
            # An unreadable object may be one that we knew; nothing is removed on the word of such a list.
            for identity in self._known.keys() - listed.keys():
                self._share.add(self._known[identity])
            self._known |= listed
        else:
            self._known = listed
            await self._emit(ListCompleted(self._reader.source, self._reader.kind.resource, self._scope, self._generation))
        if not version:
            raise UntrustedPayload(
                f"{self._api.host} sent a list without a version.", "Check what answers in the API server's place."
            )
        return version

    async def _try_page(self, token: str, peek: Callable[[bytes], None]) -> Body:
        """The body of a page, or why there is none."""
        parameters: dict[str, str | int] = {"limit": self._options.page_size}
        if token:
            parameters["continue"] = token
        right = self._reader.kind.right(self._scope)
        # The pages before this one need not be read again for a cut connection.
        retry = Retry(self._backoff, _PAGE_TRIES - 1 if token else 0)
        try:
            return await patiently(lambda: self._api.get(self._path, parameters, purpose=right, peek=peek), retry, self._pause)
        except SourceError as error:
            return error

    def _make_room(self) -> None:
        """What was taken for the last list is free for this one."""
        self._share.clear()
        self._line.cut = False

    def _decode(self, body: bytes) -> ListPage | SourceError:
        try:
            return self._reader.page(body)
        except SourceError as error:
            return error

    async def _take(self, page: ListPage, listed: dict[str, Fact]) -> int:
        """Tell the facts of a page; how many of its objects could not be read."""
        items, number = page.items, 0
        facts: list[Fact] = []
        while items:
            # Decoding the page has held the event loop for long enough already.
            await asyncio.sleep(0)
            # What facts are made of is let go of at once.
            wires = items[:_SLICE]
            del items[:_SLICE]
            slice_facts = self._reader.facts(wires, self._known, listed, self._meet)
            if not self._share.fit(slice_facts):
                for wire in wires:
                    listed.pop(self._reader.identity(wire), None)
                self._line.cut = True
                break
            number += len(wires)
            facts += slice_facts
        remaining = page.metadata.remaining_item_count
        last = not page.metadata.continue_token
        self._line.counted(len(listed), len(listed) if last else None if remaining is None else len(listed) + max(remaining, 0))
        if facts:
            await self._emit(self._reader.seen(self._scope, self._generation, facts))
        return number - len(facts)

    # ---- watch

    async def _watch_until_doubted(self) -> None:
        self._doubted = False
        try:
            await self._watch()
        except Unreachable:
            if not self._doubted:
                raise
        finally:
            self._stream = None

    async def _watch(self) -> None:
        """Follow until the server closes or falls silent."""
        parameters: dict[str, str | int] = {
            "watch": "true",
            "resourceVersion": self._version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": _WATCH_SECONDS + random.randrange(_WATCH_SECONDS),  # noqa: S311  spreads load, hides nothing
        }
        heard = False
        right = self._reader.kind.right(self._scope, "watch")
        async with self._api.stream(self._path, parameters, purpose=right) as stream:
            self._stream = stream
            self._note("watched from version %.40s", self._version)
            self._line.watching(len(self._known))
            async with aclosing(stream.bursts()) as bursts:
                async for lines in bursts:
                    heard = True
                    self._backoff.reset()
                    await self._apply(lines)
        self._note("the watch has ended%s", "" if heard else " without a word")
        if not heard:
            # A server that closes at once must not be asked in a circle.
            await asyncio.sleep(self._backoff.next())

    async def _apply(self, lines: bytes) -> None:
        """One burst: of several events of an object the last counts; what changes nothing that we know is not told."""
        changed: dict[str, Fact] = {}
        deleted: dict[str, None] = {}
        failure: SourceError | None = None
        number = 0
        try:
            for change in self._reader.changes(lines):
                self._apply_change(change, changed, deleted)
                number += 1
                if number % _SLICE == 0:
                    await asyncio.sleep(0)
        except SourceError as error:
            failure = error
        self._line.watching(len(self._known))
        if changed:
            await self._emit(self._reader.seen(self._scope, self._generation, changed.values()))
        for uid in deleted:
            await self._emit(ObjectGone(self._reader.source, self._reader.kind.resource, clean(uid, MAX_TEXT)))
        if failure is not None:
            raise failure

    def _apply_change(self, change: Change | None, changed: dict[str, Fact], deleted: dict[str, None]) -> None:
        if change is None:
            self._line.broken += 1
            return
        self._version = change.object.metadata.resource_version or self._version
        match change.type:
            case "ADDED" | "MODIFIED":
                identity = self._reader.identity(change.object)
                before = self._known.get(identity)
                facts = self._reader.facts((change.object,), self._known, self._known, self._meet)
                if not facts:
                    self._line.broken += 1
                elif not self._share.fits(facts[0], before):
                    if before is not None:
                        self._share.remove(before)
                    self._known.pop(identity, None)
                    self._line.cut = True
                elif facts[0] is not before:
                    changed[identity] = facts[0]
                    deleted.pop(identity, None)
            case "DELETED":
                identity = self._reader.identity(change.object)
                if (left := self._known.pop(identity, None)) is not None:
                    self._share.remove(left)
                changed.pop(identity, None)
                deleted[identity] = None
            case _:
                # BOOKMARK, and whatever later servers invent: only its version counts.
                pass
