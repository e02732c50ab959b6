"""The objects of one cluster with their versions, and the log that watches are served from."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass

from tui.demo.cluster.kinds import ApiResource
from tui.demo.cluster.status import gone_event
from tui.demo.content import Json, encode

__all__ = ["ObjectStore", "StoredObject", "Watch"]

Key = tuple[str, str]
Make = Callable[[str], Json]
LOG = 4000
BOOKMARK_EVERY = 30.0


class StoredObject:
    """One version of an object; it is written as JSON when first asked for."""

    __slots__ = ("_body", "_kind", "_make", "version")

    def __init__(self, kind: ApiResource, version: int, make: Make) -> None:
        self._kind, self._make, self._body = kind, make, b""
        self.version = version

    @property
    def item(self) -> bytes:
        """As an item of a list, without its kind (as typed lists are written)."""
        if not self._body:
            self._body = encode(self._make(str(self.version)))
        return self._body

    @property
    def whole(self) -> bytes:
        """With its kind, as alone or in an event."""
        return b'{"kind":"%s","apiVersion":"%s",' % (self._kind.kind.encode(), self._kind.api_version.encode()) + self.item[1:]


@dataclass(frozen=True, slots=True)
class Change:
    """One event."""

    version: int
    what: str
    key: Key
    entry: StoredObject


class _Table:
    """The objects of one kind."""

    def __init__(self) -> None:
        self.entries: dict[Key, StoredObject] = {}
        self.log: deque[Change] = deque(maxlen=LOG)
        self.oldest = 0  # a watch from below this version has missed something
        self.expiries = 0
        self.keys: list[Key] | None = None

    def sorted_keys(self) -> list[Key]:
        """Namespace and name of each, in the order of lists."""
        if self.keys is None:
            self.keys = sorted(self.entries)
        return self.keys


class ObjectStore:
    """All objects of one cluster."""

    def __init__(self, version: int) -> None:
        self.version = version
        self.first = version
        self._tables: dict[str, _Table] = {}
        self._waiting: set[asyncio.Event] = set()

    def table(self, kind: ApiResource) -> _Table:
        """The objects of a kind."""
        return self._tables.setdefault(kind.kind, _Table())

    def load(self, kind: ApiResource, namespace: str, name: str, make: Make) -> None:
        """An object that was there before the server started."""
        self.version += 1
        table = self.table(kind)
        table.entries[namespace, name] = StoredObject(kind, self.version, make)
        table.keys = None

    def settle(self) -> None:
        """Everything so far is history: nothing of it can be watched."""
        self.first = self.version
        for table in self._tables.values():
            table.oldest = self.version

    def put(self, kind: ApiResource, namespace: str, name: str, make: Make) -> None:
        """Create or change an object."""
        self.version += 1
        table, entry = self.table(kind), StoredObject(kind, self.version, make)
        event = "MODIFIED" if (namespace, name) in table.entries else "ADDED"
        table.entries[namespace, name] = entry
        if event == "ADDED":
            table.keys = None
        self._log(table, event, (namespace, name), entry)

    def delete(self, kind: ApiResource, namespace: str, name: str, make: Make) -> None:
        """Remove an object; its last state carries the version of the removal."""
        table = self.table(kind)
        if table.entries.pop((namespace, name), None) is not None:
            self.version += 1
            table.keys = None
            self._log(table, "DELETED", (namespace, name), StoredObject(kind, self.version, make))

    def _log(self, table: _Table, event: str, key: Key, entry: StoredObject) -> None:
        if len(table.log) == LOG:
            table.oldest = table.log[0].version
        _ = entry.item  # later changes of the model must not show in this event
        table.log.append(Change(entry.version, event, key, entry))
        self.wake()

    def expire(self, kind: ApiResource) -> None:
        """Compact: running watches of the kind, and continue tokens, are too old from now on."""
        self.version += 1
        table = self.table(kind)
        table.oldest, table.expiries = self.version, table.expiries + 1
        table.log.clear()
        self.wake()

    @property
    def watches(self) -> int:
        """How many watches wait for something to happen."""
        return len(self._waiting)

    def wake(self) -> None:
        """Let every watch look."""
        for event in self._waiting:
            event.set()

    async def wait(self, seconds: float) -> None:
        """Until something changes, or for so long."""
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            pass
        finally:
            self._waiting.discard(event)


class Watch:
    """One watch: the objects as they are when asked for, changes after a version, and bookmarks."""

    def __init__(
        self,
        store: ObjectStore,
        kind: ApiResource,
        matches: Callable[[Key, StoredObject], bool],
        *,
        bookmarks: bool,
        seconds: float,
    ) -> None:
        self._store, self._kind, self._matches = store, kind, matches
        self._bookmarks, self._seconds = bookmarks, seconds

    async def run(self, version: int | None, *, initial: bool) -> AsyncIterator[bytes]:
        """Lines of events. `version` None: from now on; `initial`: the present objects first."""
        table = self._store.table(self._kind)
        if version is not None and version < table.oldest:
            yield _line(gone_event(version, table.oldest))
            return
        reached = self._store.version if version is None else version
        if initial:
            for line in self._present(table):
                yield line
            reached = self._store.version
            if version is None and self._bookmarks:
                yield self._bookmark(reached, {"k8s.io/initial-events-end": "true"})
        async with aclosing(self._follow(table, reached)) as lines:
            async for line in lines:
                yield line

    def _present(self, table: _Table) -> list[bytes]:
        entries = [(key, table.entries[key]) for key in table.sorted_keys()]
        return [_event("ADDED", entry) for key, entry in entries if self._matches(key, entry)]

    async def _follow(self, table: _Table, reached: int) -> AsyncGenerator[bytes, None]:
        loop = asyncio.get_running_loop()
        expiries, end, marked = table.expiries, loop.time() + self._seconds, loop.time()
        while loop.time() < end:
            if table.expiries != expiries:
                yield _line(gone_event(reached, table.oldest))
                return
            for change in [change for change in table.log if change.version > reached]:
                reached = change.version
                if self._matches(change.key, change.entry):
                    yield _event(change.what, change.entry)
            if self._bookmarks and loop.time() - marked >= BOOKMARK_EVERY:
                marked, reached = loop.time(), self._store.version
                yield self._bookmark(reached)
            await self._store.wait(max(0.05, min(end, marked + BOOKMARK_EVERY) - loop.time()))

    def _bookmark(self, version: int, annotations: Json | None = None) -> bytes:
        metadata: Json = {"resourceVersion": str(version), "creationTimestamp": None}
        if annotations:
            metadata["annotations"] = annotations
        body = {"kind": self._kind.kind, "apiVersion": self._kind.api_version, "metadata": metadata}
        return _line({"type": "BOOKMARK", "object": body})


def _event(event: str, entry: StoredObject) -> bytes:
    return b'{"type":"%s","object":%s}\n' % (event.encode(), entry.whole)


def _line(value: object) -> bytes:
    return encode(value) + b"\n"
