"""Azure Resource Graph: queries over everything that the signed-in identity may read, page by page, within its quota.

Source: REST API `Microsoft.ResourceGraph/resources` 2021-03-01 (`$skipToken`, `resultTruncated` is a text), and
learn.microsoft.com/azure/governance/resource-graph/concepts/guidance-for-throttled-requests (`x-ms-user-quota-remaining`,
`x-ms-user-quota-resets-after` as `hh:mm:ss`; about 15 queries in 5 s).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec

from tui.errors import UntrustedPayload
from tui.sources.azure.signed import SIGN_IN, ManagementSignIn
from tui.sources.kit.clouds import PUBLIC
from tui.sources.kit.credentials import EntraToken, EntraTokens
from tui.sources.kit.decoding import decoded
from tui.sources.kit.throttle import Quota
from tui.sources.kit.webapi import ApiRequest, ApiService, WebApi, place_of, quota_reset
from tui.sources.ports import QueryPage

if TYPE_CHECKING:
    from tui.sources.kit.transport import Reply, Transport

__all__ = ["GraphOptions", "GraphSession", "ResourceGraph", "quota_rest"]

PATH = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01"
PAGE_ROWS = 1000  # the most that the service sends
QUOTA_WINDOW = 5.0
LONGEST_RESET = 60.0


class GraphOptions(msgspec.Struct, frozen=True):
    """Where it is, and where it may look: no `subscriptions` mean all that may be read; times are in seconds.

    `purpose` is what the queries are for, after "to".
    """

    endpoint: str = PUBLIC.resource_manager
    ca_file: str = ""
    subscriptions: tuple[str, ...] = ()
    timeout: float = 60.0
    first_wait: float = 1.0
    purpose: str = "read the security findings of Azure"


class _Options(msgspec.Struct, omit_defaults=True):
    top: int = msgspec.field(default=0, name="$top")
    skip_token: str = msgspec.field(default="", name="$skipToken")
    result_format: str = msgspec.field(default="", name="resultFormat")


class _Query(msgspec.Struct, omit_defaults=True):
    query: str
    options: _Options
    subscriptions: tuple[str, ...] = ()


class _Answer(msgspec.Struct, rename="camel"):
    data: list[msgspec.Raw]
    total_records: int | None = None
    result_truncated: str | bool = "false"
    skip_token: str | None = msgspec.field(default=None, name="$skipToken")


class ResourceGraph:
    """`ResourceQueries` of one Azure cloud with one sign-in."""

    def __init__(self, entra: EntraTokens, options: GraphOptions | None = None) -> None:
        self._entra, self._options = entra, options or GraphOptions()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[GraphSession]:
        """Connect; signs in with the first query."""
        from tui.sources.kit.transport import Transport, TransportOptions  # loads aiohttp: not before it is needed

        options = self._options
        service = ApiService(
            title="Azure Resource Graph",
            base=options.endpoint.rstrip("/"),
            sign_in=SIGN_IN,
            right="Microsoft.ResourceGraph/resources/read",
            ask_for="Ask for the role Reader (or Security Reader) on the subscriptions.",
        )
        async with Transport(TransportOptions(timeout=options.timeout, ca_file=options.ca_file)) as transport:
            yield GraphSession(self._entra, options, transport, WebApi(service, transport, options.first_wait))


class GraphSession:
    """A `ResourceQuerySession`."""

    def __init__(self, entra: EntraTokens, options: GraphOptions, transport: Transport, api: WebApi) -> None:
        self._options, self._transport, self._api = options, transport, api
        self._quota = Quota()
        self._sign_in = ManagementSignIn(entra, options.endpoint)

    @property
    def endpoint(self) -> str:
        """The host."""
        return place_of(self._options.endpoint)

    @property
    def identity(self) -> str:
        """Who is signed in, in words; empty before the first query."""
        return self._sign_in.identity

    @property
    def requests(self) -> int:
        """Requests sent so far."""
        return self._transport.requests

    async def pages(self, query: str) -> AsyncGenerator[QueryPage, None]:
        """The rows of a query; the quota that the answers tell is kept. Raises SourceError."""
        token, tokens = "", set[str]()
        rows, totals = 0, list[int]()
        while True:
            await self._quota.free()
            reply = await self._ask(query, token)
            answer = decoded(reply.body, _Answer, "Azure Resource Graph sent something other than rows")
            token = answer.skip_token or ""
            rows += len(answer.data)
            totals.append(answer.total_records or 0)
            # Rows may come and go between two pages: fewer than there were at any time are not all.
            truncated = str(answer.result_truncated).lower() == "true" or rows < min(totals)
            yield QueryPage(tuple(answer.data), answer.total_records or len(answer.data), truncated and not token)
            if not token:
                return
            if token in tokens:
                raise UntrustedPayload("Azure Resource Graph repeats a page", "It is retried.")
            tokens.add(token)
            self._quota.hold(quota_rest(reply))

    async def sign_in(self) -> EntraToken:
        """A token for the queries. Raises AuthenticationFailed."""
        return await self._sign_in.token()

    async def _ask(self, query: str, token: str) -> Reply:
        options = _Options(top=PAGE_ROWS, skip_token=token, result_format="objectArray")
        body, purpose = _Query(query, options, self._options.subscriptions), self._options.purpose
        return await self._sign_in.call(lambda headers: self._api.call(ApiRequest("POST", PATH, purpose, body, headers)))


def quota_rest(reply: Reply) -> float:
    """Seconds to wait before the next query, as the quota's headers say; 0 while there is quota left."""
    if reply.header("x-ms-user-quota-remaining") != "0":
        return 0.0
    reset = quota_reset(reply)
    return QUOTA_WINDOW if reset is None else min(reset, LONGEST_RESET)
