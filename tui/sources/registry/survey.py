"""The rest of a registry: its repositories, their tags and manifests, and then what those manifests are built of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from tui.domain.events import CatalogListed
from tui.domain.image import ManifestListing, RepositoryName, Tag
from tui.domain.reference import is_repository
from tui.domain.runnable import IMAGE_CONFIGS
from tui.errors import AuthenticationFailed, Forbidden, NotFound, SourceError, Unreachable, UntrustedPayload
from tui.sources.registry.client import RegistryClient
from tui.sources.registry.health import Health
from tui.sources.registry.reading import Emit, Reader, failure
from tui.sources.registry.referrers import is_referrer_tag

__all__ = ["Survey"]

# So many scopes still make a token of a few kilobytes, which front ends take as a header.
BATCH = 20
CATALOG = "the list of repositories"
MAX_REPOSITORIES = 50_000


class Survey:
    """Walks through one registry within half of the budget."""

    def __init__(
        self, client: RegistryClient, reader: Reader, health: Health, emit: Emit, demanded: Callable[[], frozenset[str]]
    ) -> None:
        self._client, self._reader, self._health, self._emit, self._demanded = client, reader, health, emit, demanded
        self._host = client.options.host
        self._left = client.options.rest_limit
        self._workers = max(1, client.options.concurrency // 2)

    async def run(self) -> None:
        """One pass. Raises Unreachable; everything else that fails is noted and loses nothing else."""
        self._left = self._client.options.rest_limit
        repositories = await self._repositories()
        self._health.repositories = (0, len(repositories))
        for start in range(0, len(repositories), BATCH):
            batch = repositories[start : start + BATCH]
            await self._prefetch(batch)
            await self._batch(batch)

    async def _repositories(self) -> list[str]:
        lists = self._reader.acr or self._client
        names: list[str] = []
        try:
            async for page in lists.catalog():
                names.extend(page)
                if len(names) >= MAX_REPOSITORIES:
                    break
        except (AuthenticationFailed, Forbidden, NotFound) as error:
            # Many registries have no catalog, and many rights do not reach it: what runs is known anyway.
            tell = self._health.deny if self._client.options.whole else self._health.note
            tell(CATALOG, error)
            return sorted(self._demanded())
        except UntrustedPayload as error:
            # Something else than a registry answers, or somebody in its place: that is never as it should be.
            self._health.deny(CATALOG, error)
            return sorted(self._demanded())
        self._health.allow(CATALOG)
        names = self._usable(names)
        await self._emit(self._listed(names, len(names) < MAX_REPOSITORIES))
        running = self._demanded()
        return sorted(dict.fromkeys(names), key=lambda name: name not in running)

    def _usable(self, names: list[str]) -> list[str]:
        """The names that a reference could hold: whatever else the list names, nothing can be pulled by it."""
        found = [name for name in names if is_repository(name)]
        if more := len(names) - len(found):
            words = f"{self._host} lists {more:,} names that are no names of repositories"
            self._health.note(f"{more:,} names", UntrustedPayload(words, "Tell the owner of the registry."))
        return found

    def _listed(self, names: list[str], complete: bool) -> CatalogListed:
        return CatalogListed(self._reader.source, self._host, tuple(names), complete, self._health.now())

    async def _prefetch(self, repositories: list[str]) -> None:
        if self._reader.acr is None:
            return
        try:
            await self._client.auth.prefetch([self._client.repository_scope(name) for name in repositories])
        except Unreachable:
            raise
        except SourceError:
            # Each repository asks for its own token then, and its own refusal is told.
            return

    async def _batch(self, repositories: list[str]) -> None:
        places = asyncio.Semaphore(self._workers)
        try:
            async with asyncio.TaskGroup() as group:
                for repository in repositories:
                    group.create_task(self._placed(places, repository))
        except* Unreachable as errors:
            raise errors.exceptions[0] from None

    async def _placed(self, places: asyncio.Semaphore, repository: str) -> None:
        async with places:
            await self._repository(RepositoryName(self._host, repository))
        done, total = self._health.repositories
        self._health.repositories = (done + 1, total)

    async def _repository(self, name: RepositoryName) -> None:
        try:
            tags, rows = await self._reader.history(name, rest=True)
            self._health.allow(str(name))
        except Unreachable:
            raise
        except SourceError as error:
            self._health.deny(str(name), error)
            return
        async for digest in self._worth_reading(name, tags, rows):
            await self._read(name, digest)

    async def _worth_reading(
        self, name: RepositoryName, tags: tuple[Tag, ...], rows: tuple[ManifestListing, ...]
    ) -> AsyncIterator[str]:
        listed = {row.digest: row for row in rows}
        tagged = [tag.digest for tag in tags if not is_referrer_tag(tag.name)]
        attached = {tag.digest for tag in tags if is_referrer_tag(tag.name)}
        # Tagged first: reading an index also reads its platforms, which are listed without a tag.
        for digest in dict.fromkeys([*tagged, *listed]):
            row = listed.get(digest)
            artifact = row is not None and row.config_media_type != "" and row.config_media_type not in IMAGE_CONFIGS
            if digest in attached or artifact or self._reader.knows(name, digest):
                continue
            if self._left <= 0:
                return
            self._left -= 1
            yield digest

    async def _read(self, name: RepositoryName, digest: str) -> None:
        try:
            await self._reader.read(name, digest, rest=True)
        except Unreachable:
            raise
        except SourceError as error:
            await self._emit(failure(self._reader.source, name, digest, error, self._health.now()))
