"""`azure-containerregistry` over our own connection: each of its requests goes out as one of ours, and it reads the answer.

Importing this loads the package: only `locks` does, in a thread.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, MutableMapping
from types import TracebackType
from typing import Self, TypeVar

import msgspec
from azure.containerregistry import ArtifactManifestProperties, ArtifactTagProperties, RepositoryProperties
from azure.containerregistry.aio import ContainerRegistryClient
from azure.core.exceptions import AzureError
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.core.pipeline.transport import AsyncHttpResponse, AsyncHttpTransport, HttpRequest
from yarl import URL

from tui.errors import UntrustedPayload
from tui.sources.kit.request_ids import hear_ids
from tui.sources.kit.transport import Reply, decode_json
from tui.sources.registry.client import RegistryClient
from tui.sources.registry.faults import RequestContext
from tui.sources.registry.request import Request
from tui.sources.registry.wire import AcrAttributes

__all__ = ["RegistrySdk", "write_scope"]

T = TypeVar("T")
Properties = RepositoryProperties | ArtifactManifestProperties | ArtifactTagProperties


class _OfRepository(msgspec.Struct, rename="camel"):
    """What the package reads of `/acr/v1/{name}`."""

    changeable_attributes: AcrAttributes
    created_time: str | None = None
    last_update_time: str | None = None


class _OfManifest(msgspec.Struct):
    """What the package reads of `/acr/v1/{name}/_manifests/{digest}`."""

    manifest: _OfRepository


class _OfTag(msgspec.Struct):
    """What the package reads of `/acr/v1/{name}/_tags/{tag}`."""

    tag: _OfRepository


class _Exchange(msgspec.Struct, frozen=True):
    """A request that the package is to make: as which of ours it goes out, and the form that the answer must have."""

    request: Request
    shape: type[msgspec.Struct]


class RegistrySdk:
    """The package's client of one registry; it opens no connection and signs nobody in. Methods raise SourceError."""

    def __init__(self, client: RegistryClient) -> None:
        self._client = client
        # We try again, follow and log ourselves.
        self._sdk = ContainerRegistryClient(
            f"https://{client.options.host}",
            None,
            transport=_Transport(client),
            retry_total=0,
            permit_redirects=False,
            http_logging_policy=SansIOHTTPPolicy(),
        )

    async def properties_of_repository(self, repository: str, context: RequestContext) -> RepositoryProperties:
        """The properties of a repository."""
        exchange = _Exchange(self._request(repository, context), _OfRepository)
        return await _read(self._sdk.get_repository_properties(repository, exchange=exchange), context)

    async def properties_of_manifest(self, repository: str, digest: str, context: RequestContext) -> ArtifactManifestProperties:
        """The properties of a manifest."""
        exchange = _Exchange(self._request(repository, context), _OfManifest)
        return await _read(self._sdk.get_manifest_properties(repository, digest, exchange=exchange), context)

    async def properties_of_tag(self, repository: str, tag: str, context: RequestContext) -> ArtifactTagProperties:
        """The properties of a tag."""
        exchange = _Exchange(self._request(repository, context), _OfTag)
        return await _read(self._sdk.get_tag_properties(repository, tag, exchange=exchange), context)

    async def update(self, repository: str, reference: str, values: Mapping[str, bool], context: RequestContext) -> Properties:
        """Change what may be done (`can_delete`, `can_write`, `can_read`, `can_list`); sent once.

        `reference` is a digest, a tag, or empty for the repository. After Unreachable and ServerFault it may be done.
        """
        request = msgspec.structs.replace(self._request(repository, context), scope=write_scope(repository))
        if not reference:
            of_repository = _Exchange(request, _OfRepository)
            return await _read(self._sdk.update_repository_properties(repository, exchange=of_repository, **values), context)
        if ":" in reference:
            of_manifest = _Exchange(request, _OfManifest)
            return await _read(
                self._sdk.update_manifest_properties(repository, reference, exchange=of_manifest, **values), context
            )
        of_tag = _Exchange(request, _OfTag)
        return await _read(self._sdk.update_tag_properties(repository, reference, exchange=of_tag, **values), context)

    def _request(self, repository: str, context: RequestContext) -> Request:
        return Request(path="", context=context, scope=self._client.repository_scope(repository))


def write_scope(repository: str) -> str:
    """What a token must allow that changes attributes (the service's own challenge to such a change names it)."""
    return f"repository:{repository}:metadata_read,metadata_write"


async def _read(answer: Awaitable[T], context: RequestContext) -> T:
    try:
        return await answer
    except (AzureError, ValueError) as error:  # what the package raises for values that it cannot read
        raise UntrustedPayload(
            f"{context.host} did not tell {context.resource} in the form that ACR has", "Tell its owner."
        ) from error


class _Answer(AsyncHttpResponse):
    """A success, as the package reads it."""

    def __init__(self, request: HttpRequest, reply: Reply) -> None:
        super().__init__(request, None)
        self.status_code = reply.status
        self.headers: MutableMapping[str, str] = {"Content-Type": "application/json"}
        self.content_type = "application/json"
        self._content = reply.body

    def body(self) -> bytes:
        """As it came."""
        return self._content


def _content(request: HttpRequest) -> bytes:
    """The body, whichever of its two requests the package hands over."""
    content: object = getattr(request, "content", None) or request.body
    assert isinstance(content, str | bytes)
    return content.encode() if isinstance(content, str) else content


class _Transport(AsyncHttpTransport[HttpRequest, AsyncHttpResponse]):
    """Sends by the registry's client, which signs in, keeps to budgets and raises our errors."""

    def __init__(self, client: RegistryClient) -> None:
        self._client = client

    async def send(self, request: HttpRequest, **kwargs: object) -> AsyncHttpResponse:
        """The answer, held against its form. Raises SourceError."""
        exchange, path = kwargs["exchange"], URL(request.url, encoded=True).raw_path_qs
        assert isinstance(exchange, _Exchange)
        content = _content(request) if request.method == "PATCH" else None
        sent = msgspec.structs.replace(exchange.request, path=path, method=request.method, content=content)
        reply = await self._client.fetch(sent)
        if content is not None:
            hear_ids(reply)
        decode_json(reply.body, exchange.shape, exchange.request.context.resource)
        return _Answer(request, reply)

    async def open(self) -> None:
        """Nothing to do: the client's connection is open."""

    async def close(self) -> None:
        """Nothing to do: the client closes its connection."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        """Nothing to do."""
