"""The transport that `azure-containerregistry` is given: its requests go out as ours, the answers stay with us."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from types import TracebackType
from typing import Self

import msgspec
from azure.containerregistry.aio import ContainerRegistryClient
from azure.core.pipeline.transport import AsyncHttpResponse, AsyncHttpTransport, HttpRequest
from yarl import URL

from tui.domain.common.text import clean
from tui.errors import UntrustedPayload
from tui.sources.kit.transport import Reply
from tui.sources.registry.options import names
from tui.sources.registry.request import Request

__all__ = ["Bridge", "Call", "open_sdk"]

EMPTY_PAGE = b"{}"


class Call:
    """One listing: the request that every page of it is modelled on, and the last raw page."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self._page: Reply | None = None
        self._seen: set[str] = set()

    def keep(self, reply: Reply) -> None:
        """A page came."""
        self._page = reply

    def take(self) -> Reply:
        """The page that came last."""
        page, self._page = self._page, None
        if page is None:
            raise UntrustedPayload(f"{self.request.asked.host} sent no page of {self.request.asked.what}", "It is tried again.")
        return page

    def once(self, path: str) -> str:
        """The path, unless this listing has already been there."""
        if path in self._seen:
            raise UntrustedPayload(f"{self.request.asked.host} repeats a page of {self.request.asked.what}", "Tell its owner.")
        self._seen.add(path)
        return path


class _Page(AsyncHttpResponse):
    """What the package sees: an empty page that says where the next one is."""

    def __init__(self, request: HttpRequest, reply: Reply) -> None:
        super().__init__(request, None)
        self.status_code = reply.status
        self.headers: MutableMapping[str, str] = {"Content-Type": "application/json"}
        if reply.header("link"):
            self.headers["Link"] = reply.header("link")
        self.content_type = "application/json"

    def body(self) -> bytes:
        """An empty object: no row is decoded twice."""
        return EMPTY_PAGE


class Bridge(AsyncHttpTransport[HttpRequest, AsyncHttpResponse]):
    """Hands each request to `fetch`, which signs in, keeps to budgets and raises our errors."""

    def __init__(self, host: str, fetch: Callable[[Request], Awaitable[Reply]]) -> None:
        self._host, self._fetch = host, fetch

    async def send(self, request: HttpRequest, **kwargs: object) -> AsyncHttpResponse:
        """The page of our listing that the package wants next."""
        ours, url = kwargs["ours"], URL(request.url, encoded=True)
        if not isinstance(ours, Call):
            raise TypeError("a listing is started with ours")
        if not names(url, self._host):
            raise UntrustedPayload(
                f"{self._host} continues a list on another host, {clean(url.host or '', 80)}",
                "Not followed. If that host is the registry, set it as its `endpoint`.",
            )
        path = ours.once(url.raw_path_qs)
        reply = await self._fetch(msgspec.structs.replace(ours.request, path=path))
        ours.keep(reply)
        return _Page(request, reply)

    async def open(self) -> None:
        """Nothing to do: our own transport is open."""

    async def close(self) -> None:
        """Nothing to do: our own transport is closed by its owner."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        tb: TracebackType | None = None,
    ) -> None:
        """Nothing to do."""


def open_sdk(host: str, fetch: Callable[[Request], Awaitable[Reply]]) -> ContainerRegistryClient:
    """The package's client; it never opens a connection or signs in itself."""
    return ContainerRegistryClient(f"https://{host}", None, transport=Bridge(host, fetch), retry_total=0)
