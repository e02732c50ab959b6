"""A scanner's console: signed in with a bearer token that is got anew when it is old or refused, within a request budget."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec

from tui.errors import AuthenticationFailed
from tui.sources.kit.throttle import Bucket
from tui.sources.kit.webapi import ApiRequest, ApiService, WebApi
from tui.sources.scanners.findings import decode

if TYPE_CHECKING:
    from tui.sources.kit.transport import Reply, Transport

__all__ = ["Console", "ConsoleOptions", "opened", "token_in"]

PAGE_LIMIT = 128 << 20
"""Bytes of one page of 50 images with everything that was found in them."""

SignIn = Callable[["Console"], Awaitable[str]]


class ConsoleOptions(msgspec.Struct, frozen=True):
    """Where a console is and who asks: a user with a password, or a token that the operator got. Times are in seconds.

    `per_minute` is the request budget, `lifetime` the age at which a token that we got is renewed. `sign_in` is where to sign
    in when that is not the console itself.
    """

    endpoint: str
    ca_file: str = ""
    username: str = ""
    password: str = ""
    token: str = ""
    sign_in: str = ""
    timeout: float = 120.0
    first_wait: float = 1.0
    per_minute: float = 120.0
    lifetime: float = 1500.0

    def __repr__(self) -> str:
        return f"ConsoleOptions(endpoint={self.endpoint!r}, username={self.username!r})"

    __str__ = __repr__


class Console:
    """Reads from one console; `sign_in` gets a token, and is told to once for all requests."""

    def __init__(self, service: ApiService, options: ConsoleOptions, transport: Transport, sign_in: SignIn) -> None:
        self.options = options
        self._api = WebApi(service, transport, options.first_wait)
        self._transport, self._sign_in = transport, sign_in
        self._token, self._since = options.token, float("inf") if options.token else float("-inf")
        self._bucket = Bucket(options.per_minute, self._now(), burst_seconds=10.0)

    @property
    def requests(self) -> int:
        """Requests sent so far."""
        return self._transport.requests

    async def get(self, path: str, what: str) -> Reply:
        """A page. Raises SourceError."""
        await self._ensure(self._since + self.options.lifetime < self._now())
        try:
            return await self._get(path, what)
        except AuthenticationFailed:
            # A token that was just made, or was given to us, is refused for good.
            if self.options.token or self._now() - self._since < self.options.lifetime / 10:
                raise
        await self._ensure(True)
        return await self._get(path, what)

    async def post(self, path: str, body: object, what: str, base: str = "") -> Reply:
        """Send a sign-in. Raises SourceError."""
        api = self._api
        if base:
            api = WebApi(msgspec.structs.replace(api.service, base=base), self._transport, self.options.first_wait)
        return await api.call(ApiRequest("POST", path, what, body), limit=1 << 20)

    async def _get(self, path: str, what: str) -> Reply:
        if wait := self._bucket.reserve(self._now()):
            await asyncio.sleep(wait)
        headers = {"Authorization": f"Bearer {self._token}"}
        return await self._api.call(ApiRequest("GET", path, what, headers=headers), limit=PAGE_LIMIT)

    async def _ensure(self, needed: bool) -> None:
        if not needed:
            return
        if not self.options.username or not self.options.password:
            raise AuthenticationFailed(
                f"{self._api.service.title} needs a sign-in", "Set username and password_env, or token_env, of the scanner."
            )
        self._token = await self._sign_in(self)
        self._since = self._now()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


@asynccontextmanager
async def opened(service: ApiService, options: ConsoleOptions, sign_in: SignIn) -> AsyncIterator[Console]:
    """A console while the context lasts."""
    from tui.sources.kit.transport import Transport, TransportOptions  # loads aiohttp: not before it is needed

    async with Transport(TransportOptions(timeout=options.timeout, ca_file=options.ca_file)) as transport:
        yield Console(service, options, transport, sign_in)


class _Token(msgspec.Struct):
    token: str | None = None


class _TokenAnswer(msgspec.Struct):
    """`{"token"}` of Prisma Cloud and self-hosted Aqua, `{"data": {"token"}}` of Aqua's cloud."""

    token: str | None = None
    data: _Token | None = None


def token_in(reply: Reply, title: str) -> str:
    """The token in the answer to a sign-in. Raises AuthenticationFailed, UntrustedPayload."""
    answer = decode(reply.body, _TokenAnswer, f"the sign-in of {title}")
    token = answer.token or (answer.data.token if answer.data else None)
    if not token or not token.isascii() or not token.isprintable():
        raise AuthenticationFailed(f"{title} gave no token for the sign-in", "Check the user, and whether it may use the API.")
    return token
