"""What other sources read of a cluster: discovery, raw pages and single objects of any resource.

Source: kubernetes.io/docs/reference/using-api/api-concepts, "Receiving resources as Tables" (negotiation of
PartialObjectMetadataList), "Retrieving large results sets in chunks" and "API discovery".
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from types import TracebackType
from typing import Self
from urllib.parse import quote

import msgspec

from tui.domain.common.text import clean
from tui.errors import Forbidden, NotFound, UntrustedPayload
from tui.sources.cluster.access import find_place
from tui.sources.cluster.api import JSON, Api
from tui.sources.cluster.client import ClusterClient
from tui.sources.cluster.failures import cut_list
from tui.sources.cluster.options import ClusterOptions
from tui.sources.cluster.reviews import decode_answer, list_namespaces
from tui.sources.kit.retry import Retry, patiently
from tui.sources.kit.throttle import Backoff
from tui.sources.ports import ApiResource

__all__ = ["KubeSession"]

PAGE_TRIES = 3
REVIEWS_AT_ONCE = 8
MAX_NAME = 253
MAX_TOKEN, MAX_PAGES = 64 * 1024, 20_000
# The second choice is what servers send that do not know the first.
METADATA_ONLY = f"{JSON};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,{JSON}"


class _Resource(msgspec.Struct):
    name: str = ""
    kind: str = ""
    namespaced: bool = False


class _GroupVersion(msgspec.Struct, rename="camel"):
    group_version: str = ""


class _Group(msgspec.Struct):
    versions: list[_GroupVersion] | None = None


class _Groups(msgspec.Struct):
    kind: str = ""
    groups: list[_Group] | None = None


class _Resources(msgspec.Struct):
    kind: str = ""
    resources: list[_Resource] | None = None


class _Metadata(msgspec.Struct):
    token: str = msgspec.field(default="", name="continue")
    remaining: int | None = msgspec.field(default=None, name="remainingItemCount")


class _Listing(msgspec.Struct):
    metadata: _Metadata


class KubeSession:
    """A `ClusterSession`; an async context manager that raises UsageError when the kubeconfig cannot be used."""

    def __init__(self, options: ClusterOptions) -> None:
        self._options = options
        self._groups: frozenset[str] | None = None

    async def __aenter__(self) -> Self:
        place = await asyncio.to_thread(find_place, self._options)
        self._namespace = place.namespace
        self._api = Api(place, self._options)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        await self._api.__aexit__(kind, error, tb)

    @property
    def endpoint(self) -> str:
        """Host and port of the server; the context's name until it is known."""
        return self._api.host

    @property
    def requests(self) -> int:
        """Requests sent so far."""
        return self._api.requests

    async def resources(self, group_version: str) -> tuple[ApiResource, ...]:
        """What is served under a group and version, empty when the server does not know it. Raises SourceError."""
        request = f"discover {group_version}"
        try:
            body = await self._patiently(f"/apis/{group_version}", {}, request)
        except NotFound:
            return ()
        except UntrustedPayload:
            if group_version in await self._served():
                raise
            return ()
        answer = decode_answer(body, _Resources, request, self.endpoint)
        if answer.resources is None and answer.kind != "APIResourceList":
            raise self._foreign(request)
        entries = answer.resources or ()
        return tuple(
            ApiResource(group_version, clean(entry.name, MAX_NAME), clean(entry.kind, MAX_NAME), entry.namespaced)
            for entry in entries
            if entry.name and "/" not in entry.name  # `pods/log` is a part of a resource
        )

    async def _served(self) -> frozenset[str]:
        """The groups and versions that the server knows, as it lists them itself.

        It answers 404 for one that it does not know, without a word in the protocol's form; so does whatever stands in front
        of it for anything at all. Raises SourceError.
        """
        if self._groups is not None:
            return self._groups
        request = "discover the groups of the API"
        answer = decode_answer(await self._patiently("/apis", {}, request), _Groups, request, self.endpoint)
        if answer.kind != "APIGroupList":
            raise self._foreign(request)
        self._groups = frozenset(version.group_version for group in answer.groups or () for version in group.versions or ())
        return self._groups

    def _foreign(self, request: str) -> UntrustedPayload:
        return UntrustedPayload(
            f"{self.endpoint} answered the request to {request}, but not as an API server does.",
            "Check 'server' in the kubeconfig, and whether a proxy answers in its place.",
        )

    async def pages(
        self, resource: ApiResource, namespace: str = "", *, size: int = 500, metadata_only: bool = False
    ) -> AsyncGenerator[bytes, None]:
        """The list of a resource, page by page as raw JSON. Raises SourceError."""
        path, right = _path(resource, namespace), _right("list", resource, namespace)
        accept = METADATA_ONLY if metadata_only else JSON
        token, tokens = "", set[str]()
        while True:
            parameters: dict[str, str | int] = {"limit": size, "continue": token} if token else {"limit": size}
            body = await self._patiently(path, parameters, right, accept)
            metadata = decode_answer(body, _Listing, right, self.endpoint).metadata
            token = metadata.token
            yield body
            if not token and (metadata.remaining or 0) > 0:
                raise cut_list(self.endpoint, resource.name, metadata.remaining or 0)
            if not token:
                return
            if token in tokens or len(token) > MAX_TOKEN or len(tokens) > MAX_PAGES:
                raise UntrustedPayload(
                    f"{self.endpoint} sends a list of {resource.name} without end.", "Tell whoever runs the API server."
                )
            tokens.add(token)

    async def item(self, resource: ApiResource, namespace: str, name: str) -> bytes:
        """One object as raw JSON. Raises SourceError, NotFound when it is gone."""
        path = f"{_path(resource, namespace)}/{quote(name, safe='')}"
        return await self._patiently(path, {}, _right("get", resource, namespace))

    async def readable(self, resource: ApiResource) -> tuple[str, ...]:
        """The namespaces in which the resource may be listed; the context's own where none can be listed."""
        try:
            candidates = await list_namespaces(self._api)
        except Forbidden:
            candidates = (self._namespace,)
        client, places = ClusterClient(self._api), asyncio.Semaphore(REVIEWS_AT_ONCE)
        group = resource.group_version.rpartition("/")[0]

        async def check(namespace: str) -> bool:
            async with places:
                return await client.may_do(group, resource.name, "list", namespace)

        answers = await asyncio.gather(*(check(namespace) for namespace in candidates))
        return tuple(namespace for namespace, allowed in zip(candidates, answers, strict=True) if allowed)

    async def _patiently(self, path: str, parameters: dict[str, str | int], request: str, accept: str = JSON) -> bytes:
        """The body; what may pass is tried again a few times, as long as the server asks."""
        retry = Retry(Backoff(self._options.backoff, self._options.backoff_most), PAGE_TRIES - 1)
        return await patiently(lambda: self._api.get(path, parameters, purpose=request, accept=accept), retry)


def _path(resource: ApiResource, namespace: str) -> str:
    place = f"namespaces/{quote(namespace, safe='')}/" if namespace else ""
    # A name comes from the server: it stays one part of the path.
    return f"/apis/{resource.group_version}/{place}{quote(resource.name, safe='')}"


def _right(verb: str, resource: ApiResource, namespace: str) -> str:
    """The right that reading needs, in words."""
    group = resource.group_version.rpartition("/")[0]
    where = f" in namespace {namespace}" if namespace else " cluster-wide" if resource.namespaced else ""
    return f"{verb} {resource.name}.{group}{where}"
