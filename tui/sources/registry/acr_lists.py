"""ACR's own listings, by `azure-containerregistry`, on our transport.

The package builds the requests and follows the pages. It does not sign in and does not read the answers: left alone it needs
four requests a page (401, exchange, token, retry), its anonymous client drops CA file and time-outs, and its models drop
`mediaType`, `configMediaType`, `signed` and `quarantineState`. So the transport handed to it is a bridge: each request goes out
as one of our own (cached token, budget, limits, endpoint, CA), the raw answer is kept for us, and the package sees an empty
page with the `Link`. That is one request a page, with any endpoint.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING, TypeVar

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

if TYPE_CHECKING:
    from azure.containerregistry.aio import ContainerRegistryClient
    from azure.core.async_paging import AsyncItemPaged

    from tui.sources.registry.bridge import Call

__all__ = ["AcrLists"]

T = TypeVar("T")
MAX_MANIFESTS = 50_000
CATALOG_RIGHT = "AcrPull or Reader; with ABAC: Container Registry Repository Catalog Lister"


class AcrLists:
    """Catalog, tags and manifests of an ACR, page by page. Methods raise SourceError."""

    def __init__(self, client: RegistryClient) -> None:
        self._client = client
        self._host = client.options.host
        self._sdk: ContainerRegistryClient | None = None

    async def catalog(self) -> AsyncGenerator[tuple[str, ...], None]:
        """Repository names."""
        remedy = f"Ask for {CATALOG_RIGHT}. Meanwhile repositories are taken from what runs."
        asked = RequestContext(self._host, "the list of repositories", CATALOG_RIGHT, remedy)
        sdk, call = await self._open(Request(path="", asked=asked, scope=CATALOG_SCOPE, kind=RequestClass.LIST))
        replies = _pages(sdk.list_repository_names(results_per_page=PAGE, ours=call), call)
        async with aclosing(at_most(_names(replies, asked.what), MAX_REPOSITORIES, asked)) as pages:
            async for page in pages:
                yield page

    async def tags(self, repository: str, rest: bool = False) -> AsyncIterator[tuple[Tag, ...]]:
        """Tags with their digests, times and locks. Raises ListCut after `MAX_TAGS`."""
        request = self._request(f"the tags of {repository}", repository, rest)
        sdk, call = await self._open(request)
        replies = _pages(sdk.list_tag_properties(repository, results_per_page=PAGE, ours=call), call)
        async with aclosing(at_most(_tags(replies, request.asked.what), MAX_TAGS, request.asked)) as pages:
            async for page in pages:
                yield page

    async def manifests(self, repository: str, rest: bool = False) -> AsyncIterator[tuple[ManifestListing, ...]]:
        """Manifests with their attributes. Raises ListCut after `MAX_MANIFESTS`."""
        request = self._request(f"the manifests of {repository}", repository, rest)
        sdk, call = await self._open(request)
        replies = _pages(sdk.list_manifest_properties(repository, results_per_page=PAGE, ours=call), call)
        async with aclosing(at_most(_manifests(replies, request.asked.what), MAX_MANIFESTS, request.asked)) as pages:
            async for page in pages:
                yield page

    def _request(self, what: str, repository: str, rest: bool) -> Request:
        return Request(
            path="",
            asked=self._client.asked_list(what, repository),
            scope=self._client.repository_scope(repository),
            kind=RequestClass.LIST,
            rest=rest,
        )

    async def _open(self, request: Request) -> tuple[ContainerRegistryClient, Call]:
        # Importing it takes some hundred milliseconds: not on the loop that paints.
        bridges = await asyncio.to_thread(importlib.import_module, "tui.sources.registry.bridge")
        if self._sdk is None:
            self._sdk = bridges.open_sdk(self._host, self._client.fetch)
        return self._sdk, bridges.Call(request)


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


async def _pages(rows: AsyncItemPaged[T], call: Call) -> AsyncIterator[Reply]:
    async for page in rows.by_page():
        async for _ in page:
            pass
        yield call.take()
