"""The distribution API of one registry: what is read of it, each body held against its digest."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from typing import TypeVar
from urllib.parse import quote

from tui.domain.common.text import clean
from tui.domain.facts.reference import is_digest, is_tag
from tui.errors import ForeignAnswer, NotFound, OtherBytes, UntrustedPayload
from tui.sources.kit.oci import WireManifest
from tui.sources.kit.throttle import RequestClass
from tui.sources.kit.transport import CONFIG_LIMIT, MANIFEST_LIMIT, Reply, decode_json
from tui.sources.registry.connection import RegistryConnection
from tui.sources.registry.faults import RequestContext, RouteNotFound, acr_remedy, not_offered
from tui.sources.registry.names import at_most, decode_names
from tui.sources.registry.parse import ManifestBody, check_digest, compute_digest
from tui.sources.registry.request import ACCEPT, ANYTHING, INDEX, NO_REFERRERS, Request
from tui.sources.registry.wire import CatalogPage, WireTags

__all__ = ["CATALOG_SCOPE", "RegistryClient"]

T = TypeVar("T")
CATALOG_SCOPE = "registry:catalog:*"
PAGE = 1000
MAX_REPOSITORIES = 50_000
MAX_TAGS = 20_000


class RegistryClient(RegistryConnection):
    """One registry. Methods raise SourceError; `for_rest` marks work that may use half the budget only."""

    def expect(self, repositories: Iterable[str]) -> None:
        """So many repositories will be read: their tokens are asked for together where that can be."""
        self.auth.expect(map(self.repository_scope, sorted(repositories)))

    def repository_scope(self, repository: str) -> str:
        """What a token for a repository must allow: ACR lists need `metadata_read` besides `pull`."""
        return f"repository:{repository}:{'pull,metadata_read' if self.options.acr else 'pull'}"

    def asked_list(self, resource: str, repository: str) -> RequestContext:
        """The words for errors on what a repository lists: who may pull need not be allowed to list."""
        if not self.options.acr:
            return self.asked(resource, repository)
        return RequestContext(self.options.host, resource, f"metadata/read on {repository}", acr_remedy("metadata/read"))

    def asked(self, resource: str, repository: str) -> RequestContext:
        """The words for errors on the content of a repository, with the right that would be needed."""
        if self.options.acr:
            return RequestContext(self.options.host, resource, f"content/read on {repository}", acr_remedy("content/read"))
        return RequestContext(
            self.options.host,
            resource,
            f"pull on {repository}",
            "Ask the owner of the registry for read access to the repository.",
        )

    # ---- manifests and blobs

    async def manifest(self, repository: str, reference: str, for_rest: bool = False) -> ManifestBody:
        """A manifest by tag or digest, held against the digest asked for and the one the registry tells.

        It may come from another host (registry.k8s.io keeps content elsewhere), which sees no credentials: where the registry
        says over its own connection that the content of a tag is, is its own word; the digest holds for the content.
        """
        try:
            return await self._manifest(repository, reference, for_rest)
        except OtherBytes:
            # An answer that was cut on the way looks alike: only who says it twice lies.
            return await self._manifest(repository, reference, for_rest)

    async def _manifest(self, repository: str, reference: str, for_rest: bool) -> ManifestBody:
        request = self._manifest_request("GET", repository, reference, for_rest)
        reply = await self.fetch(request)
        label, declared = f"{repository}{_at(reference)}", reply.header("docker-content-digest")
        expected = reference if is_digest(reference) else declared
        if is_digest(expected):
            check_digest(reply.body, expected, label)
        if is_digest(declared) and declared.partition(":")[0] == expected.partition(":")[0] and declared != expected:
            raise UntrustedPayload(
                f"{label}: the registry names another digest than the one asked for", "Do not run it; check for a proxy."
            )
        digest = expected if is_digest(expected) else compute_digest(reply.body)
        return ManifestBody(digest, reply.body, reply.header("content-type"))

    async def head(self, repository: str, reference: str, for_rest: bool = False) -> str:
        """The digest that a tag names now (a hint: only a body proves it), or a check that a digest is there.

        An answer without a body proves nothing but by the digest in its header: whatever else it says is asked again in full.
        """
        request = self._manifest_request("HEAD", repository, reference, for_rest)
        try:
            declared = (await self.fetch(request)).header("docker-content-digest")
        except (NotFound, UntrustedPayload):
            declared = ""
        if is_digest(declared) and declared == (reference if is_digest(reference) else declared):
            return declared
        return (await self.manifest(repository, reference, for_rest)).digest

    def _manifest_request(self, method: str, repository: str, reference: str, for_rest: bool) -> Request:
        return Request(
            method=method,
            path=f"/v2/{quote(repository)}/manifests/{quote(reference, safe=':')}",
            context=self.asked(f"{repository}{_at(reference)}", repository),
            scope=self.repository_scope(repository),
            accept=ACCEPT,
            limit=MANIFEST_LIMIT,
            for_rest=for_rest,
            foreign=True,
        )

    async def blob(self, repository: str, digest: str, limit: int = CONFIG_LIMIT, for_rest: bool = False) -> bytes:
        """A small blob, verified; it may come from another host (storage), which sees no credentials."""
        try:
            return await self._blob(repository, digest, limit, for_rest)
        except OtherBytes:
            return await self._blob(repository, digest, limit, for_rest)

    async def _blob(self, repository: str, digest: str, limit: int, for_rest: bool) -> bytes:
        reply = await self.fetch(
            Request(
                path=f"/v2/{quote(repository)}/blobs/{quote(digest, safe=':')}",
                context=self.asked(f"{repository}@{digest[:19]} (blob)", repository),
                scope=self.repository_scope(repository),
                accept=ANYTHING,
                limit=limit,
                for_rest=for_rest,
                foreign=True,
            )
        )
        check_digest(reply.body, digest, f"blob {digest[:19]} of {repository}")
        return reply.body

    # ---- lists

    def catalog(self) -> AsyncGenerator[tuple[str, ...], None]:
        """Repository names, page by page (`/v2/_catalog`, where it exists). Raises ListCut after `MAX_REPOSITORIES`."""
        context = RequestContext(
            self.options.host, "the list of repositories", "catalog", "Repositories are taken from what runs instead."
        )
        request = Request(path=f"/v2/_catalog?n={PAGE}", context=context, scope=CATALOG_SCOPE, kind=RequestClass.LIST)
        names = self._names(request, CatalogPage, MAX_REPOSITORIES, lambda page: (name or "" for name in page.repositories or ()))
        return at_most(names, MAX_REPOSITORIES, context)

    async def _names(
        self, request: Request, kind: type[T], most: int, names_of: Callable[[T], Iterable[str]]
    ) -> AsyncGenerator[tuple[str, ...], None]:
        async with aclosing(self.pages(request)) as replies:
            async for reply in replies:
                names = tuple(names_of(decode_names(reply.body, kind, request.context.resource, most)))
                del reply
                yield names

    def tags(self, repository: str, for_rest: bool = False) -> AsyncGenerator[tuple[str, ...], None]:
        """Tag names, page by page: those that a reference could hold. Raises ListCut after `MAX_TAGS`."""
        request = Request(
            path=f"/v2/{quote(repository)}/tags/list?n={PAGE}",
            context=self.asked_list(f"the tags of {repository}", repository),
            scope=self.repository_scope(repository),
            kind=RequestClass.LIST,
            for_rest=for_rest,
        )
        names = self._names(request, WireTags, MAX_TAGS, lambda page: (name for name in page.tags or () if name and is_tag(name)))
        return at_most(names, MAX_TAGS, request.context)

    async def referrers(self, repository: str, digest: str) -> AsyncGenerator[WireManifest, None]:
        """Indexes of what is attached to a digest; never filtered by the server (ACR leaves types out: Azure/acr#784)."""
        request = Request(
            path=f"/v2/{quote(repository)}/referrers/{quote(digest, safe=':')}",
            context=self.asked(f"what is attached to {repository}@{digest[:19]}", repository),
            scope=self.repository_scope(repository),
            kind=RequestClass.REFERRERS,
            accept=INDEX,
            limit=MANIFEST_LIMIT,
            foreign=True,
            lacking=NO_REFERRERS,
        )
        try:
            async with aclosing(self.pages(request)) as replies:
                async for reply in replies:
                    yield self._referrers_in(reply, request.context)
        except ForeignAnswer as error:
            raise RouteNotFound(error.headline, error.remedy) from error

    def _referrers_in(self, reply: Reply, context: RequestContext) -> WireManifest:
        index = decode_json(reply.body, WireManifest, context.resource)
        if INDEX not in (reply.header("content-type").partition(";")[0].strip(), index.media_type):
            raise not_offered(reply, context)
        return index


def _at(reference: str) -> str:
    return f"@{reference[:19]}" if ":" in reference else f":{clean(reference, 128)}"
