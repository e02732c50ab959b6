"""The tags of repositories: each list is read once, however many need it, until it is to be read anew."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing

import msgspec

from tui.domain.facts.image import RepositoryName, Tag
from tui.errors import SourceError, Unreachable
from tui.sources.ports import ContentStore
from tui.sources.registry.acr_lists import AcrLists
from tui.sources.registry.client import RegistryClient
from tui.sources.registry.content import keep_manifest, stored
from tui.sources.registry.listed import gathered, is_kept
from tui.sources.registry.parse import ManifestBody
from tui.sources.registry.room import Room

__all__ = ["TagList", "TagLists"]

TAG = 500
"""Bytes that a tag takes, about, with the digest that it names."""


class TagList(msgspec.Struct, frozen=True):
    """The tags that a repository lists and why that is not all; `tags` are those of ACR, which say what they name."""

    names: tuple[str, ...]
    tags: tuple[Tag, ...] = ()
    lacking: SourceError | None = None
    listed_at: float = 0.0


class TagLists:
    """Reads lists of tags of one registry; `acr` are the lists of an ACR, None for other registries."""

    def __init__(
        self, client: RegistryClient, acr: AcrLists | None, room: Room, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client, self._acr, self._room, self._clock = client, acr, room, clock
        self._lists: dict[RepositoryName, TagList] = {}
        self._refused: set[RepositoryName] = set()
        self._locks: dict[RepositoryName, asyncio.Lock] = {}
        self._asking: dict[RepositoryName, asyncio.Lock] = {}
        self._taken: set[tuple[RepositoryName, str]] = set()

    async def of(self, name: RepositoryName, for_rest: bool = False) -> TagList:
        """The list, as far as it goes and there is room for it. Raises SourceError."""
        async with self._locks.setdefault(name, asyncio.Lock()):
            tag_list = self._lists.get(name)
            if tag_list is None:
                tag_list = await (self._plain(name, for_rest) if self._acr is None else self._of_acr(self._acr, name, for_rest))
                self._refused.discard(name)
                self._lists[name] = tag_list
            return tag_list

    async def names(self, name: RepositoryName) -> frozenset[str] | None:
        """The names of all tags, None when they cannot be listed: then each name is tried. Raises Unreachable."""
        tag_list = await self._known(name)
        return frozenset(tag_list.names) if tag_list is not None and tag_list.lacking is None else None

    async def named(self, name: RepositoryName, tag: str) -> str:
        """The digest that a list read just now says a tag names, empty when there is none. Raises Unreachable.

        Only for who asks for the first time: who asks again wants to know what it names by now.
        """
        if self._acr is None or (name, tag) in self._taken:
            return ""
        self._taken.add((name, tag))
        return self.listed(name, tag) if await self._known(name) is not None else ""

    def listed(self, name: RepositoryName, tag: str) -> str:
        """The digest that the list says a tag names, if it was read just now; else empty."""
        tag_list = self._lists.get(name)
        if tag_list is None or not self._is_fresh(tag_list):
            return ""
        return next((listed.digest for listed in tag_list.tags if listed.name == tag), "")

    def _is_fresh(self, tag_list: TagList) -> bool:
        options = self._client.options
        return options.once or self._clock() - tag_list.listed_at <= options.refresh

    async def manifest(self, store: ContentStore, repository: str, tag: str) -> ManifestBody:
        """What a tag names: where a list that was read just now says that, and it is kept, it is not sent again.

        Raises SourceError.
        """
        digest = self.listed(RepositoryName(self._client.options.host, repository), tag)
        content = await stored(store, digest) if digest else None
        if content is not None:
            return ManifestBody(digest, content, "")
        body = await self._client.manifest(repository, tag)
        keep_manifest(store, body)
        return body

    async def _known(self, name: RepositoryName) -> TagList | None:
        """The list; None when it was refused, until lists are read anew. Raises Unreachable."""
        async with self._asking.setdefault(name, asyncio.Lock()):
            if name in self._refused:
                return None
            try:
                return await self.of(name)
            except Unreachable:
                raise
            except SourceError:
                self._refused.add(name)
                return None

    def refresh(self) -> None:
        """Read every list anew when next needed."""
        self._lists.clear()
        self._refused.clear()

    def forget(self, name: RepositoryName) -> None:
        """Read one anew when next needed."""
        self._lists.pop(name, None)

    async def _of_acr(self, lists: AcrLists, name: RepositoryName, for_rest: bool) -> TagList:
        tags, lacking = await gathered(self._room, lists.tags(name.repository, for_rest), name, for_rest)
        return TagList(tuple(tag.name for tag in tags), tags, lacking, self._clock())

    async def _plain(self, name: RepositoryName, for_rest: bool) -> TagList:
        names: list[str] = []
        lacking: SourceError | None = None
        try:
            async with aclosing(self._client.tags(name.repository, for_rest)) as pages:
                async for page in pages:
                    self._room.reserve((name, Tag), (len(names) + len(page)) * TAG, f"the rest of the tags of {name}", for_rest)
                    names += page
        except SourceError as error:
            if not is_kept(error, bool(names)):
                raise
            lacking = error.kept()
        return TagList(tuple(names), (), lacking, self._clock())
