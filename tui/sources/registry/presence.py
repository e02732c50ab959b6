"""Which manifests a repository is known to have, so that content which is kept need not be asked for one by one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing

from tui.domain.facts.image import ManifestListing, RepositoryName
from tui.errors import SourceError
from tui.sources.ports import ContentStore
from tui.sources.registry.acr_lists import AcrLists
from tui.sources.registry.client import PAGE
from tui.sources.registry.content import stored

__all__ = ["ListedManifests"]

WORTH_A_LIST = 2
"""Manifests of one repository that are asked for by one page of its list instead of one by one."""
MOST_KEPT = 32
"""Lists of one page that are kept for who wants all of the list."""


class ListedManifests:
    """What the lists of repositories said; `lists` are those of an ACR, None for registries that list no manifests.

    That a manifest is listed says that it is there, not what is in it. One that is not on the page that was read is asked for.
    """

    def __init__(self, lists: AcrLists | None, store: ContentStore) -> None:
        self._lists, self._store = lists, store
        self._present: set[tuple[RepositoryName, str]] = set()
        self._pages: dict[RepositoryName, asyncio.Lock] = {}
        self._read: set[RepositoryName] = set()
        self._whole: dict[RepositoryName, tuple[ManifestListing, ...]] = {}

    def __contains__(self, manifest: tuple[RepositoryName, str]) -> bool:
        return manifest in self._present

    def add(self, name: RepositoryName, digests: Iterable[str]) -> None:
        """A list of the registry names these."""
        self._present.update((name, digest) for digest in digests)

    def forget(self) -> None:
        """Lists are read anew when next needed."""
        self._present.clear()
        self._read.clear()
        self._whole.clear()

    async def pages(
        self, lists: AcrLists, name: RepositoryName, for_rest: bool
    ) -> AsyncGenerator[tuple[ManifestListing, ...], None]:
        """All that a repository lists; where the page that `look` read was all of it, that page. Raises SourceError."""
        only_page = self._whole.pop(name, None)
        if only_page is not None:
            yield only_page
            return
        async with aclosing(lists.manifests(name.repository, for_rest)) as pages:
            async for page in pages:
                self.add(name, (row.digest for row in page))
                yield page
        self._read.add(name)

    async def look(self, name: RepositoryName, digests: Iterable[str], for_rest: bool) -> None:
        """Learn of several manifests of a repository whose content is kept.

        What the registry does not list, or not on the first page, stays unknown: it is asked for by itself.
        """
        if self._lists is None:
            return
        async with self._pages.setdefault(name, asyncio.Lock()):
            unknown = [digest for digest in digests if (name, digest) not in self._present]
            if name in self._read or len(unknown) < WORTH_A_LIST or await stored(self._store, unknown[-1]) is None:
                return
            self._read.add(name)
            try:
                await self._first_page(self._lists, name, for_rest)
            except SourceError:
                return  # each is asked for by itself, and tells it

    async def _first_page(self, lists: AcrLists, name: RepositoryName, for_rest: bool) -> None:
        async with aclosing(lists.manifests(name.repository, for_rest)) as pages:
            page = await anext(pages, ())
            self.add(name, (row.digest for row in page))
            # A page with room left is the last one, almost always: then to look for the next asks for nothing.
            if len(page) < PAGE and await anext(pages, None) is None:
                self._whole[name] = page
                while len(self._whole) > MOST_KEPT:
                    del self._whole[next(iter(self._whole))]
