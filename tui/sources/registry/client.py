"""The distribution API of one registry: every request authorised, budgeted, bounded, and each body held against its digest."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from typing import TypeVar
from urllib.parse import quote

import msgspec
from yarl import URL

from tui.domain.common.text import clean
from tui.domain.facts.reference import is_digest, is_tag
from tui.errors import (
    AuthenticationFailed,
    ConnectionCut,
    Forbidden,
    ForeignAnswer,
    NotFound,
    OtherBytes,
    SourceError,
    UntrustedPayload,
)
from tui.sources.kit.credentials import Credentials
from tui.sources.kit.oci import WireManifest
from tui.sources.kit.redirects import same_origin
from tui.sources.kit.retry import Retry
from tui.sources.kit.throttle import Backoff, RequestClass, Throttle
from tui.sources.kit.transport import (
    CONFIG_LIMIT,
    MANIFEST_LIMIT,
    Reply,
    Transport,
    TransportOptions,
    decode_json,
)
from tui.sources.registry.faults import RequestContext, RouteNotFound, acr_remedy, fault, no_answer, not_offered, retry_after
from tui.sources.registry.names import MAX_PAGES, ListCut, at_most, decode_names, next_link
from tui.sources.registry.options import RegistryOptions
from tui.sources.registry.parse import ManifestBody, check_digest, compute_digest
from tui.sources.registry.request import ACCEPT, ANYTHING, INDEX, NO_REFERRERS, Request, tell_pause
from tui.sources.registry.scopes import HELD, RepositoryScopes
from tui.sources.registry.tokens import Authorizer
from tui.sources.registry.wire import CatalogPage, WireTags

__all__ = ["CATALOG_SCOPE", "RegistryClient"]

T = TypeVar("T")
_log = logging.getLogger(__name__)
CATALOG_SCOPE = "registry:catalog:*"
PAGE = 1000
MAX_REPOSITORIES = 50_000
MAX_TAGS = 20_000
MAX_429 = 3
LONG_WAIT = 120.0
MAX_5XX = 2
MAX_CUTS = 2
TRANSIENT = frozenset({408, 500, 502, 503, 504})


class RegistryClient:
    """One registry. Methods raise SourceError; `for_rest` marks work that may use half the budget only."""

    def __init__(
        self,
        options: RegistryOptions,
        credentials: Credentials,
        throttle: Throttle | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.options = options
        self.throttle = throttle or Throttle(options.requests_per_minute, options.concurrency)
        self.transport = Transport(
            TransportOptions(options.request_timeout, options.ca_file, options.server_name, home=options.base.host or "")
        )
        self.auth = Authorizer(options, credentials, self.transport, self.throttle, clock)
        self._scopes = RepositoryScopes(options.refresh)

    async def close(self) -> None:
        """Release every connection."""
        await self.transport.close()

    async def ping(self) -> Reply:
        """`GET /v2/` without credentials: is it there, and how does it want to be asked? 401 is a good answer."""
        context = RequestContext(self.options.host, "/v2/")
        reply = await self._patiently(Request(path="/v2/", context=context), "")
        if reply.status not in (200, 401):
            raise fault(reply, context, "")
        self.auth.learned(reply)
        return reply

    async def enter(self) -> None:
        """Sign in as far as the registry asks for it, and have it accept that once, before anything is read.

        Raises SourceError where the way to sign in that was configured does not work: then every request would fail alike.
        """
        await self.auth.enter()
        if self.auth.signed_in and not self.auth.identity:
            await self._send(Request(path="/v2/", context=RequestContext(self.options.host, "/v2/")))

    def restart(self) -> None:
        """Sign in anew at the next request, and ask again for what was refused."""
        self.auth.restart()
        self._scopes.forget()

    async def _send(self, request: Request) -> Reply:
        """The answer, whatever its status, after at most two rounds of signing in."""
        for _ in range(3):
            used = await self.auth.authorization(request.scope)
            reply = await self._patiently(request, used)
            if reply.status != 401 or not self._ours(reply):
                if reply.status not in (401, 429):
                    self.throttle.succeeded()
                if used and reply.status < 300:
                    self.auth.succeeded()
                return reply
            if not self.auth.challenged(reply, request.scope, used):
                return reply
        return reply

    async def fetch(self, request: Request) -> Reply:
        """The answer if it is 200. Raises SourceError."""
        reply, remembered = await self._scopes.ask(
            request.scope, request.kind, request.path, lambda: self._send(request), self._ours
        )
        if reply.status in request.lacking:
            raise not_offered(reply, request.context)
        if reply.status in (401, 403) and not self._ours(reply):
            raise self._elsewhere(reply, request.context)
        if reply.status != 200:
            context = (
                msgspec.structs.replace(request.context, remedy=f"{request.context.remedy} {HELD}")
                if remembered
                else request.context
            )
            raise self._explained(fault(reply, context, self.auth.signed_in))
        if request.accept != ANYTHING and reply.is_page:
            raise no_answer(reply, request.context)
        return reply

    def _ours(self, reply: Reply) -> bool:
        """Whether the registry itself spoke, not a host that it redirects to: only its challenges and rights are ours."""
        return same_origin(URL(reply.url), self.options.base)

    def _elsewhere(self, reply: Reply, context: RequestContext) -> Forbidden:
        where = clean(URL(reply.url).host or "", 80)
        return Forbidden(
            f"{context.host} leads to {where} for {context.resource}, which refuses it ({reply.status})",
            "Its storage may let only some networks in: use the VPN or private endpoint, or have this address allowed there.",
            right=f"network access to {where}",
        )

    def _explained(self, error: SourceError) -> SourceError:
        refusals = self.auth.refusals
        if not isinstance(error, AuthenticationFailed) or not refusals:
            return error
        reasons = "; ".join(refusal.headline for refusal in refusals)
        return AuthenticationFailed(f"{error.headline} ({reasons})", refusals[0].remedy or error.remedy)

    async def _patiently(self, request: Request, used: str) -> Reply:
        backoff = Backoff(0.3, 5.0)
        cut, failed = Retry(backoff, request.again(MAX_CUTS)), Retry(backoff, request.again(MAX_5XX))
        limited = Retry(backoff, request.again(MAX_429), LONG_WAIT)
        while True:
            try:
                async with self.throttle.slot(request.kind, request.for_rest):
                    sent = self.throttle.now
                    reply = await self._once(request, used)
            except ConnectionCut:
                if (seconds := cut.wait()) is None:
                    raise
                await self._again(request, "the connection was cut", seconds)
                continue
            wait = retry_after(reply)
            if reply.status == 429 or (reply.status == 503 and wait is not None):
                # Everybody pauses, whether this request is tried again or not.
                tell_pause(request, reply, self.throttle.penalise(wait, sent))
                if limited.wait(wait or 0.0) is None:
                    return reply
            elif reply.status in TRANSIENT and (seconds := failed.wait()) is not None:
                await self._again(request, f"answered {reply.status}", seconds)
            else:
                return reply

    async def _again(self, request: Request, why: str, seconds: float) -> None:
        _log.debug("%s: %s: %s; asked again in %.1f s", request.context.host, request.context.resource, why, seconds)
        await self.throttle.pause(seconds)

    async def _once(self, request: Request, used: str) -> Reply:
        headers = {**request.headers, "Authorization": used} if used else request.headers
        return await self.transport.request(
            request.method,
            f"{str(self.options.base).rstrip('/')}{request.path}",
            headers=headers,
            content=request.content,
            limit=request.limit,
            foreign_redirects=request.foreign,
            rewrite=self.options.route,
        )

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

    async def pages(self, request: Request, *, once: bool = False) -> AsyncGenerator[Reply, None]:
        """The pages of a list, `Link` followed (distribution: `rel="next"`, RFC 8288); no more than `MAX_PAGES`.

        A page that comes again ends the list, or is an error where each comes `once`. Raises ListCut when there are more.
        """
        paths = {request.path}
        for _ in range(MAX_PAGES):
            page = [await self.fetch(request)]
            link, url = page[0].header("link"), page[0].url
            yield page.pop()  # not held here while others use it: a page may be large
            path = self._next(link, url)
            if once and path in paths:
                raise UntrustedPayload(f"{self.options.host} repeats a page of {request.context.resource}", "Tell its owner.")
            if not path or path in paths:
                return
            paths.add(path)
            request = msgspec.structs.replace(request, path=path)
        words = f"{self.options.host} sends {request.context.resource} without end"
        raise ListCut(words, "Tell its owner; the rest is not read.")

    def _next(self, header: str, url: str) -> str:
        link = next_link(header)
        if not link:
            return ""
        target = self.options.route(URL(url).join(URL(link, encoded=True)))
        if not same_origin(target, self.options.base):
            raise UntrustedPayload(
                f"{self.options.host} continues a list on another host, {clean(target.host or '', 80)}",
                "Not followed. If that host is the registry, set it as its `endpoint`.",
            )
        return target.raw_path_qs

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
