"""A scanner's console: signed in with a bearer token that is got anew when it is old or refused, within a request budget."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec

from tui.domain.facts.diagnosis import Diagnosis, Tried, diagnosis_of
from tui.domain.facts.events import SourceId, SourceKind
from tui.errors import AuthenticationFailed, SourceError
from tui.sources.kit.throttle import Bucket
from tui.sources.kit.webapi import ApiRequest, ApiService, WebApi, place_of
from tui.sources.scanners.findings import Pool, decode
from tui.sources.scanners.rounds import Pace, Round, ScannerSource

if TYPE_CHECKING:
    from tui.sources.kit.transport import Reply, Transport

__all__ = ["Console", "ConsoleOptions", "ConsoleSource", "token_in"]

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

    async def get(self, path: str, purpose: str) -> Reply:
        """A page. Raises SourceError."""
        await self._ensure(self._since + self.options.lifetime < self._now())
        try:
            return await self._get(path, purpose)
        except AuthenticationFailed:
            # A token that was just made, or was given to us, is refused for good.
            if self.options.token or self._now() - self._since < self.options.lifetime / 10:
                raise
        await self._ensure(True)
        return await self._get(path, purpose)

    async def post(self, path: str, body: object, purpose: str, base: str = "") -> Reply:
        """Send a sign-in. Raises SourceError."""
        api = self._api
        if base:
            api = WebApi(msgspec.structs.replace(api.service, base=base), self._transport, self.options.first_wait)
        return await api.call(ApiRequest("POST", path, purpose, body), limit=1 << 20)

    async def _get(self, path: str, purpose: str) -> Reply:
        await self._bucket.turn()
        headers = {"Authorization": f"Bearer {self._token}"}
        return await self._api.call(ApiRequest("GET", path, purpose, headers=headers), limit=PAGE_LIMIT)

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


class ConsoleSource(ScannerSource):
    """A `Source` and `Probe` of a console whose lists are read in rounds; `right` is what the `scanner` calls ours."""

    def __init__(self, name: str, options: ConsoleOptions, pace: Pace | None, scanner: str, right: str, ask_for: str) -> None:
        super().__init__(SourceId(SourceKind.SCANNER, name), pace or Pace())
        self._options = options
        self._pool = Pool()
        self._service = ApiService(
            title=f"{scanner} at {place_of(options.endpoint)}",
            base=options.endpoint.rstrip("/"),
            sign_in="Check username and password_env (or token_env) of the scanner in the configuration.",
            right=right,
            ask_for=ask_for,
        )

    @abstractmethod
    async def _sign_in(self, console: Console) -> str:
        """A token for what comes next. Raises SourceError."""
        ...

    @abstractmethod
    def _counts(self) -> Mapping[str, Callable[[Console], Awaitable[str]]]:
        """By what each list is read for: how to learn in words how much it holds."""
        ...

    @asynccontextmanager
    async def _opened(self, round_: Round | None = None) -> AsyncIterator[Console]:
        """The console while the context lasts; a round is told of it."""
        from tui.sources.kit.transport import Transport, TransportOptions  # loads aiohttp: not before it is needed

        options = self._options
        async with Transport(TransportOptions(timeout=options.timeout, ca_file=options.ca_file)) as transport:
            if round_ is not None:
                round_.requests = lambda: transport.requests
                round_.endpoint, round_.identity = options.endpoint, options.username
            yield Console(self._service, options, transport, self._sign_in)

    async def diagnose(self) -> AsyncGenerator[Diagnosis, None]:
        """Whether the sign-in works, and each list may be read."""
        async with self._opened() as console:
            for action, count in self._counts().items():
                try:
                    yield Diagnosis(action, Tried.OK, await count(console))
                except AuthenticationFailed as error:
                    yield diagnosis_of("signed in", error)
                    return
                except SourceError as error:
                    yield diagnosis_of(action, error)


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
