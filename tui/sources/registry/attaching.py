"""Searching for what is attached, apart from reading what runs: its budget is the smallest, and nothing else may wait for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tui.domain.facts.image import RepositoryName
from tui.sources.kit.workqueue import WorkQueue

__all__ = ["ReferrerQueue"]

MOST_TURNS = 4
"""Turns that a search which failed sits out at most: whoever refuses is not asked on and on."""

Subject = tuple[RepositoryName, str]
Search = Callable[[RepositoryName, str], Awaitable[bool]]
"""Searches one manifest and tells what it finds; says whether the search was whole."""


class ReferrerQueue:
    """A queue of manifests to search for what is attached to them; each is searched once, or again until that succeeds."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self._queue: WorkQueue[Subject] = WorkQueue()
        self._asked: set[Subject] = set()
        self._failures: dict[Subject, int] = {}
        self._sitting_out: dict[Subject, int] = {}
        self._passing: dict[Subject, None] = {}

    def add(self, name: RepositoryName, digest: str) -> None:
        """Search a manifest, unless that was asked for already. Never blocks."""
        if (name, digest) not in self._asked:
            self._asked.add((name, digest))
            self._queue.put((name, digest))

    def renew(self, name: RepositoryName, digest: str) -> None:
        """Search a manifest, also when that was done before: something may have been attached since. Never blocks."""
        self._asked.add((name, digest))
        self._queue.put((name, digest))

    def retry(self) -> None:
        """Search again what could not be searched; what fails again and again, more and more seldom."""
        for subject, turns in sorted(self._sitting_out.items()):
            if turns > 0:
                self._sitting_out[subject] = turns - 1
            else:
                del self._sitting_out[subject]
                self._queue.put(subject)

    def hope(self, name: RepositoryName, digest: str) -> None:
        """A search fails of which that may be over at any moment."""
        self._passing[name, digest] = None

    def try_one(self) -> None:
        """Search again one of those that failed in passing, that first which waits longest."""
        subject = next((waiting for waiting in self._passing if waiting in self._sitting_out), None)
        if subject is not None:
            del self._sitting_out[subject]
            self._queue.put(subject)

    def release(self) -> None:
        """Search again now all that failed in passing."""
        for subject in [waiting for waiting in self._passing if waiting in self._sitting_out]:
            del self._sitting_out[subject]
            self._queue.put(subject)
        self._passing.clear()

    def again(self) -> None:
        """Search everything again, unless that is still going on: something may have been attached since."""
        if self.idle:
            for subject in sorted(self._asked):
                self._queue.put(subject)

    @property
    def progress(self) -> tuple[int, int]:
        """Manifests searched, and manifests in all."""
        return len(self._asked) - self._queue.left, len(self._asked)

    @property
    def idle(self) -> bool:
        """Whether every search has ended."""
        return self._queue.idle

    async def work(self, workers: int = 1) -> None:
        """Search one after the other with so many workers, until cancelled."""
        await self._queue.work(self._serve, workers)

    async def _serve(self, subject: Subject) -> None:
        was_passing = subject in self._passing
        self._passing.pop(subject, None)
        if await self._search(*subject):
            self._failures.pop(subject, None)
            self._sitting_out.pop(subject, None)
            if was_passing:
                self.release()
        else:
            failures = self._failures[subject] = self._failures.get(subject, 0) + 1
            self._sitting_out[subject] = min(2 ** min(failures - 1, 10) - 1, MOST_TURNS)
