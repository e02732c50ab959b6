"""Azure Resource Manager: reads within its budgets, lists page by page, changes sent once.

Sources: learn.microsoft.com/azure/azure-resource-manager/management: request-limits-and-throttling (token buckets of 250 reads
that fill by 25 a second, `x-ms-ratelimit-remaining-subscription-reads`), async-operations (`Azure-AsyncOperation`, `Location`);
recordings of azure-cli (the `Location` of an operation changes with each answer; a 429 may name its wait in its text alone).
Packages of Azure for this are not used: they register providers by themselves, which is a change.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urljoin, urlsplit

import msgspec

from tui.domain.common.decoding import DECODING, from_json
from tui.errors import SourceError, UntrustedPayload
from tui.sources.azure.signed import SIGN_IN, ManagementSignIn, bearer
from tui.sources.azure.versions import Versions
from tui.sources.kit.clouds import PUBLIC
from tui.sources.kit.connecting import TransportOnDemand
from tui.sources.kit.credentials import EntraToken, EntraTokens
from tui.sources.kit.decoding import decoded
from tui.sources.kit.entries import present
from tui.sources.kit.sending import outcome_unknown, sent_once
from tui.sources.kit.server_clock import ServerClock
from tui.sources.kit.throttle import Quota, parse_retry_after
from tui.sources.kit.webapi import ApiRequest, ApiService, WebApi, place_of, refusal
from tui.sources.resource_ports import ArmRequest

if TYPE_CHECKING:
    from tui.sources.kit.transport import Reply, Transport

__all__ = ["ArmClient", "ArmOptions"]

TITLE = "Azure Resource Manager"
MOST_PAGES = 1_000
READS_LEFT = tuple(f"x-ms-ratelimit-remaining-{scope}-reads" for scope in ("subscription", "subscription-global", "tenant"))
FEW_LEFT, PAUSE = 25, 1.0
"""Reads that are left to others who share the identity, and the seconds in which the bucket gains as many again."""
MOST_POLLS, LONGEST_POLL = 120, 30.0
PAGE = 16 << 20


class ArmOptions(msgspec.Struct, frozen=True):
    """Where it is; times are in seconds."""

    endpoint: str = PUBLIC.resource_manager
    ca_file: str = ""
    timeout: float = 60.0
    first_wait: float = 1.0


class _Page(msgspec.Struct, rename="camel"):
    value: list[msgspec.Raw] | msgspec.UnsetType | None = msgspec.UNSET
    next_link: str | None = None


class _Operation(msgspec.Struct):
    status: str = ""


class ArmClient:
    """A `ResourceManager` of one cloud with one sign-in; connects with the first request."""

    def __init__(self, entra: EntraTokens, options: ArmOptions | None = None) -> None:
        self._options = options or ArmOptions()
        self._sign_in = ManagementSignIn(entra, self._options.endpoint)
        self._transport = TransportOnDemand(self._connect)
        self._clock = ServerClock()
        self._versions = Versions()
        self._quota = Quota()  # shared with everybody who is signed in alike

    @property
    def endpoint(self) -> str:
        """Its host."""
        return place_of(self._options.endpoint)

    @property
    def identity(self) -> str:
        """Who is signed in, in words; empty before the first answer."""
        return self._sign_in.identity

    @property
    def requests(self) -> int:
        """Requests sent so far."""
        return self._transport.requests

    def by_its_clock(self, moment: datetime) -> datetime:
        """A moment of ours by the clock of Azure."""
        return self._clock.of(moment)

    async def close(self) -> None:
        """End its connections."""
        await self._transport.close()

    async def read(self, request: ArmRequest) -> bytes:
        """The answer to a GET. Raises SourceError."""
        return (await self._called("GET", request)).body

    async def ask(self, request: ArmRequest) -> bytes:
        """The answer to a POST that changes nothing. Raises SourceError."""
        return (await self._called("POST", request)).body

    async def pages(self, request: ArmRequest) -> AsyncGenerator[tuple[msgspec.Raw, ...], None]:
        """What a list holds, page by page; the next page is asked for at the same host only. Raises SourceError."""
        paths = {request.path}
        while True:
            no_list = f"{TITLE} answered the request to {request.purpose} with something other than a list"
            page = decoded(await self.read(request), _Page, no_list)
            # The specifications do not require `value`; an object with neither is anything but a list.
            if page.value is msgspec.UNSET and not page.next_link:
                raise UntrustedPayload(no_list, "A proxy in between may have changed the answer; it is retried.")
            yield present(page.value or ())
            if not page.next_link:
                return
            path = self._path_of(page.next_link)
            if path in paths or len(paths) >= MOST_PAGES:
                raise UntrustedPayload(f"{TITLE} does not come to an end with its pages", "It is retried.")
            paths.add(path)
            request = msgspec.structs.replace(request, path=path)

    async def change(self, request: ArmRequest) -> bytes:
        """The answer to a POST, sent once. Raises OutcomeUnknown when it may have been done, SourceError when it was not."""
        signed_in = await self._sign_in.token()
        reply = await self._sent_once(request, signed_in)
        if self._versions.learn(request.path, reply):  # refused before anything was done
            reply = await self._sent_once(request, signed_in)
        if reply.status == 401:  # refused before anything was done: a newer token may be sent
            newer = await self._sign_in.token(refused=signed_in.value)
            if newer.value != signed_in.value:
                reply = await self._sent_once(request, newer)
        if reply.status == 408 or reply.status >= 500 or (reply.status < 300 and reply.is_page):
            raise outcome_unknown(
                TITLE, request.purpose, f"it answered with {reply.status}" + (", a web page" if reply.is_page else "")
            )
        if reply.status == 202:
            return await self._followed(reply, request)
        if reply.status not in (200, 201, 204):
            raise refusal(reply, request.purpose, self._service(request))
        return reply.body

    async def _sent_once(self, request: ArmRequest, signed_in: EntraToken) -> Reply:
        headers = {"Accept": "application/json", **bearer(signed_in)}
        content = b"" if request.body is None else msgspec.json.encode(request.body)
        if content:
            headers["Content-Type"] = "application/json"
        url = self._options.endpoint.rstrip("/") + self._versions.path(request.path)
        answer = self._transport.open().request("POST", url, headers=headers, content=content, limit=PAGE, stay=True)
        return self._heard(await sent_once(answer, TITLE, request.purpose))

    async def _followed(self, accepted: Reply, request: ArmRequest) -> bytes:
        """What a long operation ends with; empty where its answer names nothing to follow.

        What `Azure-AsyncOperation` leads to has ended when its `status` says so; what `Location` leads to when it is not 202.
        The result of the first lies where the second led to.
        """
        reply = accepted
        link, tells = _link_of(reply)
        for _ in range(MOST_POLLS if link else 0):
            await asyncio.sleep(self._poll_wait(reply))  # not `Polling`: each answer says when the next look is due
            reply = await self._polled(link, request)
            status = _status_of(reply)
            if status in ("failed", "canceled"):
                raise SourceError(
                    f"{TITLE}: the request to {request.purpose} ended as {status}", "See the resource in the portal."
                )
            if status == "succeeded" or (not tells and not status and reply.status != 202):
                result = accepted.header("location") if tells else ""
                return (await self._polled(result, request)).body if result else reply.body
            newer, newer_tells = _link_of(reply)
            link, tells = (newer, newer_tells) if newer else (link, tells)
        if link:
            raise outcome_unknown(TITLE, request.purpose, "it has not ended yet")
        return reply.body

    async def _polled(self, link: str, request: ArmRequest) -> Reply:
        try:
            poll = msgspec.structs.replace(request, path=self._path_of(link), body=None)
            return await self._called("GET", poll, accepted=(200, 201, 202, 204))
        except SourceError as error:
            raise outcome_unknown(TITLE, request.purpose, error.headline) from error

    def _poll_wait(self, reply: Reply) -> float:
        asked = parse_retry_after(reply.header("retry-after"), datetime.now(UTC).timestamp())
        return self._options.first_wait if asked is None else min(asked, LONGEST_POLL)

    async def _called(self, method: str, request: ArmRequest, accepted: tuple[int, ...] = (200, 201)) -> Reply:
        """An answer; a token that is refused is got anew, once."""
        await self._quota.free()

        api = WebApi(self._service(request), self._transport.open(), self._options.first_wait, self._versions)

        async def send(headers: dict[str, str]) -> Reply:
            api_request = ApiRequest(method, request.path, request.purpose, request.body, headers)
            return self._heard(await api.call(api_request, PAGE, accepted))

        return await self._sign_in.call(send)

    def _heard(self, reply: Reply) -> Reply:
        self._clock.hear(reply)
        reads_left = map(reply.header, READS_LEFT)
        if any(int(left[:9]) < FEW_LEFT for left in reads_left if left.isascii() and left.isdigit()):
            self._quota.hold(PAUSE)
        return reply

    def _service(self, request: ArmRequest) -> ApiService:
        return ApiService(
            title=TITLE,
            base=self._options.endpoint.rstrip("/"),
            sign_in=SIGN_IN,
            right=request.right,
            ask_for=request.ask_for,
        )

    def _path_of(self, link: str) -> str:
        """The path of a link of an answer, which must lead to the same host: the token goes nowhere else.

        Azure writes it with and without the port of https, and may leave the host out.
        """
        try:
            parts = urlsplit(urljoin(self._options.endpoint, link) if link.startswith("/") else link)
            is_same = _origin(parts) == _origin(urlsplit(self._options.endpoint))
        except ValueError:
            is_same = False
        if not is_same or not parts.path.startswith("/"):
            raise UntrustedPayload(f"{TITLE} leads to another host for the next page", "A proxy in between may have changed it.")
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def _connect(self) -> Transport:
        from tui.sources.kit.transport import Transport, TransportOptions  # loads aiohttp: not before it is needed

        return Transport(TransportOptions(timeout=self._options.timeout, ca_file=self._options.ca_file))


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    """Scheme, host and port; ValueError for a port that is none."""
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _link_of(reply: Reply) -> tuple[str, bool]:
    """Where to ask how an operation goes on, and whether what is there tells it by its `status`; empty where nothing is named."""
    operation = reply.header("azure-asyncoperation")
    return operation or reply.header("location"), bool(operation)


def _status_of(reply: Reply) -> str:
    try:
        return from_json(reply.body, _Operation).status.lower()
    except DECODING:
        return ""
