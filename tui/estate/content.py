"""Immutable content on disk, for the next run: manifests, configs, signatures by digest, and what revocation services said.

One thread reads and writes the file, off the loop. Nothing that goes wrong here fails a command: it is logged once, and what
would have been found is asked for again. What comes out has the digest that it is kept by, or does not come out.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TypeVar

from tui.estate.content_faults import CacheFault, CacheUnusable, FileBusy, WrongFile
from tui.estate.content_file import LARGEST, ContentFile, Entry

__all__ = ["ContentCache"]

T = TypeVar("T")
_log = logging.getLogger(__name__)

PENDING = 8 << 20
"""Bytes that wait to be written at most: where the disk is slower than the network, some are not kept."""
HELD_FOR = 30.0
"""Seconds for which a file that another process holds is let alone: nobody is to wait for it again and again."""
ALGORITHMS = ("sha256", "sha512")
ANSWER = "answer:"


class ContentCache:
    """A store of content and of revocation answers on a file. `close` it: what waits is written then."""

    def __init__(
        self, file: ContentFile, clock: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._file, self._clock, self._monotonic = file, clock, monotonic
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="content")
        self._lock = threading.Lock()
        self._pending: dict[str, Entry] = {}
        self._size = 0
        self._is_closed = self._is_off = self._is_read_only = self._was_set_aside = False
        self._held_until = 0.0

    # ---- ContentStore

    async def get(self, digest: str) -> bytes | None:
        """The bytes that have the digest, None when they are not there."""
        return await self._in_thread(lambda: self._verified(digest))

    def put(self, digest: str, content: bytes) -> None:
        """Keep them, if there is room. Never blocks."""
        self._add(Entry(digest, content, self._clock()))

    # ---- RevocationStore

    async def answer(self, key: str) -> tuple[bytes, datetime] | None:
        """An answer of a revocation service, and when it was fetched."""
        entry = await self._in_thread(lambda: self._answer(key))
        return (entry.body, datetime.fromtimestamp(entry.stored, UTC)) if entry is not None else None

    def keep_answer(self, key: str, body: bytes) -> None:
        """Keep an answer that was fetched just now. Never blocks."""
        self._add(Entry(_answer_name(key), body, self._clock()))

    async def close(self) -> None:
        """Write what waits, and let go of the file."""
        self._is_closed = True
        self._thread.submit(self._finish)
        await asyncio.to_thread(self._thread.shutdown)

    # ---- on the loop

    async def _in_thread(self, work: Callable[[], T]) -> T | None:
        if self._is_closed or self._is_off:
            return None
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _add(self, entry: Entry) -> None:
        if self._is_closed or self._is_read_only or len(entry.body) > min(LARGEST, self._file.limit // 8):
            return
        with self._lock:
            if self._size + len(entry.body) > PENDING or entry.name in self._pending:
                return
            first = not self._pending
            self._pending[entry.name] = entry
            self._size += len(entry.body)
        if first:
            self._thread.submit(self._flush)

    # ---- in the thread

    def _verified(self, digest: str) -> bytes | None:
        with self._lock:
            entry = self._pending.get(digest)
        if entry is None:
            entry = self._attempt(lambda: self._file.get(digest))
        if entry is None or _has(entry.body, digest):
            return entry.body if entry is not None else None
        _log.warning("content under %s in %s is not what it was, and is not used", digest, self._file.path)
        self._attempt(lambda: self._file.drop(digest))
        return None

    def _answer(self, key: str) -> Entry | None:
        entry = self._attempt(lambda: self._file.get(_answer_name(key)))
        return entry if entry is not None and 0 <= entry.stored <= self._clock() else None

    def _flush(self) -> None:
        """Write what waits, and what comes meanwhile, a transaction for all that there is."""
        while entries := self._waiting_entries():
            self._attempt(lambda: self._file.put(entries), writes=True)
            with self._lock:
                for entry in entries:
                    del self._pending[entry.name]
                self._size = sum(len(entry.body) for entry in self._pending.values())

    def _waiting_entries(self) -> list[Entry]:
        with self._lock:
            return list(self._pending.values())

    def _finish(self) -> None:
        self._flush()
        self._file.release()

    def _attempt(self, work: Callable[[], T], writes: bool = False) -> T | None:
        """Do something with the file, once more where it had to be made anew; None where that cannot be.

        Where it cannot be written, it may still be read.
        """
        if self._is_off or (writes and self._is_read_only) or self._monotonic() < self._held_until:
            return None
        try:
            try:
                return work()
            except WrongFile as fault:
                self._set_aside(fault)
                return work()
        except FileBusy as fault:
            self._held_until = self._monotonic() + HELD_FOR
            _log.info("content in %s is not used for a while: %s", self._file.path, fault.words)
        except CacheFault as fault:
            self._is_read_only = True
            self._is_off = not writes
            _log.warning("content is not kept in %s: %s", self._file.path, fault.words)
        return None

    def _set_aside(self, fault: WrongFile) -> None:
        if self._was_set_aside:
            raise CacheUnusable(f"{fault.words}, again")
        self._was_set_aside = True
        aside = self._file.set_aside()
        _log.warning("%s cannot be used: %s. It was set aside as %s, and is made anew", self._file.path, fault.words, aside)


def _answer_name(key: str) -> str:
    """Keys name certificates and addresses, which may be as long as their issuer likes."""
    return ANSWER + hashlib.sha256(key.encode(errors="replace")).hexdigest()


def _has(content: bytes, digest: str) -> bool:
    """Whether content has a digest."""
    algorithm, _, value = digest.partition(":")
    return algorithm in ALGORITHMS and hashlib.new(algorithm, content).hexdigest() == value
