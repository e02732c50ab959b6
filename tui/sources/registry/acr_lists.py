"""ACR's own listings: catalog, tags and manifests with their attributes, a page a request, as any other list.

The package `azure-containerregistry` has them too, but does not sign in as we do and drops what is needed of the rows:
`mediaType`, `configMediaType`, `signed` and `quarantineState`. It is used for what is asked of one thing alone (`attributes`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TypeAlias, TypeVar
from urllib.parse import quote

from tui.domain.facts.image import ManifestListing, Tag
from tui.domain.facts.reference import is_digest, is_tag
from tui.sources.kit.throttle import RequestClass
from tui.sources.kit.transport import Reply, decode_json
from tui.sources.registry.client import CATALOG_SCOPE, MAX_REPOSITORIES, MAX_TAGS, PAGE, RegistryClient
from tui.sources.registry.faults import RequestContext
from tui.sources.registry.names import at_most, decode_names
from tui.sources.registry.parse import listing, tag
from tui.sources.registry.repository_locks import RepositoryLocks, may_be_deleted, under
from tui.sources.registry.request import Request
from tui.sources.registry.wire import AcrManifests, AcrTags, CatalogPage

__all__ = ["AcrLists"]

T = TypeVar("T")
R = TypeVar("R", Tag, ManifestListing)
Decode: TypeAlias = Callable[[bytes, str], tuple[T, ...]]

MAX_MANIFESTS = 50_000
CATALOG_RIGHT = "AcrPull or Reader; with ABAC: Container Registry Repository Catalog Lister"


class AcrLists:
    """Catalog, tags and manifests of an ACR, page by page. Methods raise SourceError."""

    def __init__(self, client: RegistryClient) -> None:
        self._client = client
        self._host = client.options.host
        self._locks = RepositoryLocks(client)

    def catalog(self) -> AsyncGenerator[tuple[str, ...], None]:
        """Repository names."""
        remedy = f"Ask for {CATALOG_RIGHT}. Meanwhile repositories are taken from what runs."
        context = RequestContext(self._host, "the list of repositories", CATALOG_RIGHT, remedy)
        request = Request(path=f"/acr/v1/_catalog?n={PAGE}", context=context, scope=CATALOG_SCOPE, kind=RequestClass.LIST)
        return self._pages(request, _names, MAX_REPOSITORIES)

    def tags(self, repository: str, for_rest: bool = False) -> AsyncGenerator[tuple[Tag, ...], None]:
        """Tags with their digests, times and own locks. Raises ListCut after `MAX_TAGS`."""
        return self._pages(self._request("tags", repository, for_rest), _tags, MAX_TAGS)

    def manifests(self, repository: str, for_rest: bool = False) -> AsyncGenerator[tuple[ManifestListing, ...], None]:
        """Manifests with their own attributes. Raises ListCut after `MAX_MANIFESTS`."""
        return self._pages(self._request("manifests", repository, for_rest), _manifests, MAX_MANIFESTS)

    async def under_lock(self, rows: tuple[R, ...], repository: str, for_rest: bool) -> tuple[R, ...]:
        """Rows of a repository, with what a lock on all of it adds: asked for where that is told on, and not for every list."""
        if not any(map(may_be_deleted, rows)):
            return rows
        of_repository = await self._locks.of(repository, for_rest)
        return tuple(under(row, of_repository) for row in rows)

    def _request(self, rows: str, repository: str, for_rest: bool) -> Request:
        return Request(
            path=f"/acr/v1/{quote(repository, safe='')}/_{rows}?n={PAGE}",
            context=self._client.asked_list(f"the {rows} of {repository}", repository),
            scope=self._client.repository_scope(repository),
            kind=RequestClass.LIST,
            for_rest=for_rest,
        )

    def _pages(self, request: Request, decode: Decode[T], most: int) -> AsyncGenerator[tuple[T, ...], None]:
        """The rows of each page, decoded, up to so many."""
        decoded = _decoded(self._client.pages(request, once=True), decode, request.context.resource)
        return at_most(decoded, most, request.context)


async def _decoded(replies: AsyncGenerator[Reply, None], decode: Decode[T], label: str) -> AsyncGenerator[tuple[T, ...], None]:
    async with aclosing(replies):
        async for reply in replies:
            rows = decode(reply.body, label)
            del reply  # not held here while others use the rows: a page may be large
            yield rows


def _names(body: bytes, label: str) -> tuple[str, ...]:
    return tuple(name or "" for name in decode_names(body, CatalogPage, label, MAX_REPOSITORIES).repositories or ())


def _tags(body: bytes, label: str) -> tuple[Tag, ...]:
    rows = decode_json(body, AcrTags, label).tags or ()
    return tuple(tag(row) for row in rows if is_digest(row.digest or "") and is_tag(row.name or ""))


def _manifests(body: bytes, label: str) -> tuple[ManifestListing, ...]:
    rows = decode_json(body, AcrManifests, label).manifests or ()
    return tuple(listing(row) for row in rows if is_digest(row.digest or ""))
