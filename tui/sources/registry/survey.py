"""The rest of a registry: its repositories, their tags and manifests, and then what those manifests are built of."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from tui.domain.common.text import plural
from tui.domain.facts.events import CatalogListed
from tui.domain.facts.image import ManifestListing, RepositoryName, Tag
from tui.domain.facts.reference import is_repository
from tui.domain.registries.presence import is_attached_tag
from tui.domain.registries.runnable import IMAGE_CONFIGS
from tui.errors import (
    AuthenticationFailed,
    Forbidden,
    NotFound,
    ServerFault,
    SourceError,
    Throttled,
    Unreachable,
    UntrustedPayload,
)
from tui.sources.kit.requestlog import reason
from tui.sources.registry.client import RegistryClient
from tui.sources.registry.faults import RouteNotFound, failure
from tui.sources.registry.health import Health
from tui.sources.registry.reading import Emit, RegistryReader
from tui.sources.registry.tokens import BATCH

__all__ = ["Survey"]

CATALOG = "the list of repositories"
MANIFESTS = "all of its manifests"
SURVEY = "survey"
MAX_REFUSALS = 50
MAX_FAILED = 20_000

_log = logging.getLogger(__name__)


class Survey:
    """Walks through one registry within half of the budget.

    What fails loses nothing else: it is given up for this pass, one repository at most, and named in the health.
    """

    def __init__(
        self, client: RegistryClient, reader: RegistryReader, health: Health, emit: Emit, demanded: Callable[[], frozenset[str]]
    ) -> None:
        self._client, self._reader, self._health, self._emit, self._demanded = client, reader, health, emit, demanded
        self._host = client.options.host
        self._left = client.options.rest_limit
        self._workers = max(1, client.options.concurrency // 2)
        self._refusals = 0
        self.failed_in_passing = False
        self._failed: set[tuple[RepositoryName, str]] = set()

    async def run(self) -> None:
        """One pass. Raises Unreachable when the registry is not there any more, Forbidden when it refuses everything."""
        self._left, self._refusals, self.failed_in_passing = self._client.options.rest_limit, 0, False
        repositories = await self._repositories()
        self._health.repositories = (0, len(repositories))
        for start in range(0, len(repositories), BATCH):
            batch = repositories[start : start + BATCH]
            await self._prefetch(batch)
            await self._batch(batch)
        if self._left > 0:
            self._health.allow(MANIFESTS)
        else:
            self._health.deny(MANIFESTS, _too_many(f"{self._client.options.rest_limit:,} manifests that nothing runs"))

    async def _repositories(self) -> list[str]:
        lists = self._reader.acr or self._client
        names: dict[str, None] = {}
        strange, complete = 0, False
        try:
            async with aclosing(lists.catalog()) as pages:
                async for page in pages:
                    usable = [name for name in page if is_repository(name)]
                    strange += len(page) - len(usable)
                    names.update(dict.fromkeys(usable))
            self._health.allow(CATALOG)
            complete = True
        except (AuthenticationFailed, Forbidden, NotFound, RouteNotFound) as error:
            # Many registries have no catalog, and many rights do not reach it: what runs is known anyway.
            tell = self._health.deny if self._client.options.reads_all else self._health.note
            tell(CATALOG, error)
        except SourceError as error:
            # A list that was cut, or somebody else in the registry's place: what was read of it is used, and it is not all.
            self._deny(CATALOG, error)
            await self._is_there(error)
        return await self._listed(list(names), strange, complete)

    async def _listed(self, names: list[str], strange: int, complete: bool) -> list[str]:
        """The repositories to walk through, those first of which something runs; the list is told, as far as it was read."""
        if strange:
            # Whatever else the list names, nothing can be pulled by it.
            words = f"{self._host} lists {plural(strange, 'invalid repository name')}"
            self._health.note(plural(strange, "name"), UntrustedPayload(words, "Tell the owner of the registry."))
        running = self._demanded()
        if names or complete:
            await self._emit(CatalogListed(self._reader.source, self._host, tuple(names), complete, self._health.now()))
        return sorted(dict.fromkeys((*names, *(() if complete else running))), key=lambda name: (name not in running, name))

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
        except* SourceError as errors:
            raise errors.exceptions[0] from None

    def _deny(self, label: str, error: SourceError, reading: str = "") -> None:
        self.failed_in_passing |= isinstance(error, Unreachable | ServerFault | Throttled)
        self._health.deny(label, error, reading)

    async def _placed(self, places: asyncio.Semaphore, repository: str) -> None:
        async with places:
            await self._repository(RepositoryName(self._host, repository))
        read, total = self._health.repositories
        self._health.repositories = (read + 1, total)

    async def _repository(self, name: RepositoryName) -> None:
        try:
            history = await self._reader.history(name, for_rest=True)
            self._refusals = 0
        except SourceError as error:
            self._deny(str(name), error, SURVEY)
            await self._gave_up(name, error)
            return
        if history.lacking is not None:
            self._health.deny(str(name), history.lacking, SURVEY)
        else:
            self._health.allow(str(name), SURVEY)
        async with aclosing(self._worth_reading(name, history.tags, history.rows)) as digests:
            async for digest in digests:
                if not await self._read(name, digest):
                    return

    async def _gave_up(self, name: RepositoryName, error: SourceError) -> None:
        """Whether the others can still be read. Raises Unreachable when the registry is gone, Forbidden when it refuses all."""
        _log.debug("%s: given up for now: %s", name, reason(error))
        await self._is_there(error)
        self._refusals += isinstance(error, AuthenticationFailed | Forbidden)
        if self._refusals >= MAX_REFUSALS:
            words = f"{self._host} refused {self._refusals} repositories, one after the other: the rest is not asked for"
            if isinstance(error, Forbidden):
                raise Forbidden(words, error.remedy, right=error.right)
            raise AuthenticationFailed(words, error.remedy)

    async def _is_there(self, error: SourceError) -> None:
        """Ask the registry for itself when something of it did not answer. Raises Unreachable when that does not either."""
        if isinstance(error, Unreachable):
            await self._client.ping()

    async def _worth_reading(
        self, name: RepositoryName, tags: tuple[Tag, ...], rows: tuple[ManifestListing, ...]
    ) -> AsyncGenerator[str, None]:
        listed = {row.digest: row for row in rows}
        tagged = [tag.digest for tag in tags if not is_attached_tag(tag.name)]
        attached = {tag.digest for tag in tags if is_attached_tag(tag.name)}
        # Tagged first: reading an index also reads its platforms, which are listed without a tag.
        for digest in dict.fromkeys([*tagged, *listed]):
            row = listed.get(digest)
            artifact = row is not None and row.config_media_type != "" and row.config_media_type not in IMAGE_CONFIGS
            read = self._reader.knows(name, digest) and (name, digest) not in self._failed
            if digest in attached or artifact or read:
                continue
            if self._left <= 0:
                return
            self._left -= 1
            yield digest

    async def _read(self, name: RepositoryName, digest: str) -> bool:
        """Read one manifest; whether more of its repository may be read in this pass."""
        reading = f"{SURVEY} {digest}"
        errors: tuple[SourceError, ...] = ()
        lost = False
        try:
            errors = (await self._reader.read(name, digest, for_rest=True)).errors
        except NotFound as error:  # deleted since it was listed
            await self._emit(failure(self._reader.source, name, digest, error, self._health.now()))
        except SourceError as error:
            errors, lost = (error,), isinstance(error, Unreachable | AuthenticationFailed | Forbidden)
            await self._emit(failure(self._reader.source, name, digest, error, self._health.now()))
        if not errors:
            self._failed.discard((name, digest))
            self._health.allow(str(name), reading)
            return True
        if len(self._failed) < MAX_FAILED:
            self._failed.add((name, digest))
        self._deny(str(name), errors[0], reading)
        if lost:
            # It is not asked on and on after a refusal, and one that hangs does not hold up the others.
            await self._gave_up(name, errors[0])
        return not lost


def _too_many(limit: str) -> UntrustedPayload:
    return UntrustedPayload(
        f"only the first {limit} are read", "What runs is read in any case; name less to be sure of the rest."
    )
