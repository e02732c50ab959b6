"""ACR's own listings: catalog, tags and manifests with their attributes, a page a request, as any other list.

The package `azure-containerregistry` has them too, but does not sign in as we do and drops what is needed of the rows:
`mediaType`, `configMediaType`, `signed` and `quarantineState`. It is used for what is asked of one thing alone (`attributes`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from urllib.parse import quote

from tui.domain.facts.image import ManifestListing, Tag
from tui.domain.facts.reference import is_tag
from tui.sources.kit.throttle import RequestClass
from tui.sources.kit.transport import Reply, decode_json
from tui.sources.registry.client import CATALOG_SCOPE, MAX_REPOSITORIES, MAX_TAGS, PAGE, RegistryClient
from tui.sources.registry.faults import RequestContext
from tui.sources.registry.names import at_most, decode_names
from tui.sources.registry.parse import is_digest, listing, tag
from tui.sources.registry.request import Request
from tui.sources.registry.wire import AcrManifests, AcrTags, CatalogPage

__all__ = ["AcrLists"]

MAX_MANIFESTS = 50_000
CATALOG_RIGHT = "AcrPull or Reader; with ABAC: Container Registry Repository Catalog Lister"


class AcrLists:
    """Catalog, tags and manifests of an ACR, page by page. Methods raise SourceError."""

    def __init__(self, client: RegistryClient) -> None:
        self._client = client
        self._host = client.options.host

    async def catalog(self) -> AsyncGenerator[tuple[str, ...], None]:
        """Repository names."""
        remedy = f"Ask for {CATALOG_RIGHT}. Meanwhile repositories are taken from what runs."
        asked = RequestContext(self._host, "the list of repositories", CATALOG_RIGHT, remedy)
        request = Request(path=f"/acr/v1/_catalog?n={PAGE}", asked=asked, scope=CATALOG_SCOPE, kind=RequestClass.LIST)
        async with aclosing(
            at_most(_names(self._client.pages(request, once=True), asked.what), MAX_REPOSITORIES, asked)
        ) as pages:
            async for page in pages:
                yield page

    async def tags(self, repository: str, rest: bool = False) -> AsyncIterator[tuple[Tag, ...]]:
        """Tags with their digests, times and locks. Raises ListCut after `MAX_TAGS`."""
        request = self._request("tags", repository, rest)
        replies = self._client.pages(request, once=True)
        async with aclosing(at_most(_tags(replies, request.asked.what), MAX_TAGS, request.asked)) as pages:
            async for page in pages:
                yield page

    async def manifests(self, repository: str, rest: bool = False) -> AsyncIterator[tuple[ManifestListing, ...]]:
        """Manifests with their attributes. Raises ListCut after `MAX_MANIFESTS`."""
        request = self._request("manifests", repository, rest)
        replies = self._client.pages(request, once=True)
        async with aclosing(at_most(_manifests(replies, request.asked.what), MAX_MANIFESTS, request.asked)) as pages:
            async for page in pages:
                yield page

    def _request(self, rows: str, repository: str, rest: bool) -> Request:
        return Request(
            path=f"/acr/v1/{quote(repository, safe='')}/_{rows}?n={PAGE}",
            asked=self._client.asked_list(f"the {rows} of {repository}", repository),
            scope=self._client.repository_scope(repository),
            kind=RequestClass.LIST,
            rest=rest,
        )


async def _names(replies: AsyncIterator[Reply], what: str) -> AsyncIterator[tuple[str, ...]]:
    async for reply in replies:
        listed = decode_names(reply.body, CatalogPage, what, MAX_REPOSITORIES)
        names = tuple(name or "" for name in listed.repositories or ())
        del reply, listed
        yield names


async def _tags(replies: AsyncIterator[Reply], what: str) -> AsyncIterator[tuple[Tag, ...]]:
    async for reply in replies:
        rows = decode_json(reply.body, AcrTags, what).tags or ()
        tags = tuple(tag(row) for row in rows if is_digest(row.digest or "") and is_tag(row.name or ""))
        del reply, rows
        yield tags


async def _manifests(replies: AsyncIterator[Reply], what: str) -> AsyncIterator[tuple[ManifestListing, ...]]:
    async for reply in replies:
        rows = decode_json(reply.body, AcrManifests, what).manifests or ()
        manifests = tuple(listing(row) for row in rows if is_digest(row.digest or ""))
        del reply, rows
        yield manifests
