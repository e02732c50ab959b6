"""The token layer: exchanges once, caches per scope, renews before the end, and asks once however many wait.

The procedure, in steps:
1. a challenge names the token service; credentials go there only if `may_hand_over` says so;
2. ACR with Entra ID: the Entra token is exchanged for a refresh token of the registry (3 h 15 min), kept for that long;
3. a refresh token, a login or nothing is turned into an access token per scope (ACR: 75 min), kept likewise;
4. a sign-in that is refused before it ever worked gives way to the next one that the options allow;
5. a 401 although the token is fresh is a missing right, never a reason to sign in again;
6. a sign-in that nobody accepted yet is tried by one request at a time, and a failure is remembered for everybody.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Callable, Iterable, Sequence

import msgspec
from yarl import URL

from tui.domain.facts.events import Ownership
from tui.errors import AuthenticationFailed, Forbidden, SourceError, Unreachable
from tui.sources.kit.credentials import Credentials
from tui.sources.kit.throttle import Throttle
from tui.sources.kit.transport import Reply, Transport
from tui.sources.registry.challenge import Challenge, granted, lifetime, parse_challenge
from tui.sources.registry.options import RegistryOptions
from tui.sources.registry.signin import Identity, SignIns
from tui.sources.registry.tokenservice import TokenService
from tui.sources.registry.wire import WireToken

__all__ = ["BATCH", "Authorizer"]

BATCH = 20
"""Scopes in one token: so many make one of a few kilobytes, which front ends still take as a header."""

_log = logging.getLogger(__name__)
RENEW_SHARE = 0.1
RENEW_MOST = 300.0
FRESH = 30.0
MAX_HELD = 20_000
REMEMBERED = 60.0
"""Seconds for which a sign-in that failed is not tried again: whoever asks then is told at once."""


class _IssuedToken(msgspec.Struct, frozen=True, gc=False):
    """A token with its times in epoch seconds; `shared` when it was asked for together with other scopes."""

    value: str
    issued: float
    expires: float
    shared: bool = False

    def usable(self, now: float) -> bool:
        """Whether it need not be renewed yet."""
        return now < self.expires - min(RENEW_MOST, RENEW_SHARE * (self.expires - self.issued))


class Authorizer:
    """Knows the value of `Authorization` for a scope."""

    def __init__(
        self,
        options: RegistryOptions,
        credentials: Credentials,
        transport: Transport,
        throttle: Throttle,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._options, self._clock = options, clock
        self._service = TokenService(options, transport, throttle)
        self._ways = SignIns(options, credentials)
        self._challenge: Challenge | None = None
        self._identity: Identity | None = None
        self._accepted: Identity | None = None
        self._proven = False
        self._batches = True
        self._refresh: _IssuedToken | None = None
        self._access: dict[str, _IssuedToken] = {}
        self._expected: dict[str, None] = {}
        self._batch = asyncio.Lock()
        self._locks: dict[str, asyncio.Lock] = {}
        self._entry = asyncio.Lock()
        self._proving = asyncio.Lock()
        self._failure: tuple[float, SourceError] | None = None

    @property
    def identity(self) -> str:
        """Who the registry took us for, in words; empty for nobody and before a sign-in was accepted."""
        return self._identity.words if self._identity is not None and self._accepted is self._identity else ""

    @property
    def signed_in(self) -> str:
        """Who we are, be it accepted or not; empty for nobody."""
        return self._identity.words if self._identity else ""

    @property
    def refusals(self) -> tuple[SourceError, ...]:
        """Why better ways to sign in did not work."""
        return tuple(self._ways.refusals)

    @property
    def ownership(self) -> Ownership:
        """Whose the registry is, as far as it was asked for."""
        return self._ways.ownership

    @property
    def exchanges(self) -> int:
        """Exchanges of an Entra token so far."""
        return self._service.exchanges

    @property
    def tokens(self) -> int:
        """Access tokens asked for so far."""
        return self._service.tokens

    def restart(self) -> None:
        """Sign in anew at the next request: the operator may have signed in since."""
        self._ways.restart()
        self._identity = self._refresh = self._accepted = self._failure = None
        self._proven = False
        self._access.clear()

    async def authorization(self, scope: str) -> str:
        """The header for a scope, empty while the registry asks for none or nobody is signed in. Raises SourceError."""
        if self._challenge is None:
            return ""
        if self._challenge.scheme == "basic":
            return await self._basic()
        return f"Bearer {(await self._token(scope)).value}"

    def challenged(self, reply: Reply, scope: str, used: str) -> bool:
        """A 401 came although `used` was sent: True when it makes sense to ask again with a new header."""
        challenge = parse_challenge(reply.header("www-authenticate"))
        if challenge is None:
            return False
        earlier, self._challenge = self._challenge, challenge
        if earlier is None or earlier.scheme != challenge.scheme:
            return True
        if challenge.scheme == "basic":
            return self._basic_refused(used)
        token = self._access.get(scope)
        if token is None or f"Bearer {token.value}" != used:
            return True
        if not token.shared and self._clock() - token.issued < FRESH:
            return False
        _log.debug(
            "%s: the token for %s is not accepted any more (401): a new one is asked for", self._options.host, scope or "it"
        )
        del self._access[scope]
        return True

    def learned(self, reply: Reply) -> None:
        """An answer to `/v2/`: remember how it wants to be asked."""
        if reply.status == 401:
            self._challenge = parse_challenge(reply.header("www-authenticate"))

    async def enter(self) -> None:
        """Sign in as far as that is possible without naming a repository. Raises SourceError."""
        if self._challenge is None:
            return
        if self._challenge.scheme == "basic":
            await self._basic()
        elif self._options.acr:
            await self._issue_none()
        else:
            await self._token("")

    def expect(self, scopes: Iterable[str]) -> None:
        """These scopes will be asked for: an ACR gives one token for several of them."""
        if self._options.acr:
            self._expected.update((scope, None) for scope in scopes if scope not in self._access)

    async def _together(self, scope: str) -> None:
        """A token for a scope and for those that are expected, as many as go into one. Raises SourceError."""
        async with self._batch:
            if scope not in self._expected:
                return  # somebody else has asked for it meanwhile
            batch = [scope, *itertools.islice((other for other in self._expected if other != scope), BATCH - 1)]
            try:
                await self.prefetch(batch)
            except Unreachable:
                raise
            except SourceError:
                self._batches = False  # each asks for its own, and its own refusal is told
            finally:
                for expected in batch:
                    self._expected.pop(expected, None)

    async def prefetch(self, scopes: Sequence[str]) -> None:
        """One token for many scopes, so that a walk through a registry does not cost one token each (ACR)."""
        lacking = [scope for scope in scopes if (token := self._access.get(scope)) is None or not token.usable(self._clock())]
        if not self._batches or len(lacking) < 2 or self._challenge is None or self._challenge.scheme == "basic":
            return
        token = await self._issue(tuple(lacking))
        names = granted(token.value)
        good = [scope for scope in lacking if names is None or scope.split(":")[1] in names]
        # A service that only honours one of several scopes is not asked for several again.
        self._batches = len(good) > 1
        for scope in good:
            self._access[scope] = token

    async def _basic(self) -> str:
        identity = await self._who()
        if identity.login is None:
            return ""
        self._service.check_channel(self._options.base)
        return identity.login.basic()

    def _basic_refused(self, used: str) -> bool:
        if not used or self._proven:
            return False
        if used == f"{self._identity.login.basic() if self._identity and self._identity.login else ''}":
            self._give_way(_refusal(self._options.host, self.signed_in))
        return True

    def _give_way(self, error: SourceError) -> None:
        """The identity was refused: be the next one, or remember for a while that nobody may be anybody. Raises SourceError."""
        self._identity = self._refresh = self._accepted = None
        try:
            self._ways.refuse(error)
        except SourceError as last:
            self._failure = (self._clock() + REMEMBERED, last)
            raise

    def succeeded(self) -> None:
        """The registry accepted us: from now on a refusal is about a right."""
        self._proven = True
        if self._identity is not None and not self._identity.anonymous:
            self._accepted = self._identity

    async def _who(self) -> Identity:
        async with self._entry:
            if self._failure is not None and self._clock() < self._failure[0]:
                raise self._failure[1]
            if self._identity is None:
                self._identity = await self._entered()
            return self._identity

    async def _entered(self) -> Identity:
        try:
            identity = await self._ways.current()
        except AuthenticationFailed as error:
            self._failure = (self._clock() + REMEMBERED, error)
            raise
        self._failure = None
        return identity

    async def _token(self, scope: str) -> _IssuedToken:
        token = self._access.get(scope)
        if token is not None and token.usable(self._clock()):
            return token
        if self._batches and scope in self._expected:
            await self._together(scope)
        async with self._locks.setdefault(scope, asyncio.Lock()):
            token = self._access.get(scope)
            if token is None or not token.usable(self._clock()):
                token = await self._issue((scope,) if scope else ())
                self._make_room()
                self._access[scope] = token
            return token

    def _make_room(self) -> None:
        if len(self._access) >= MAX_HELD:
            self._access.clear()
            self._locks = {scope: lock for scope, lock in self._locks.items() if lock.locked()}

    async def _issue_none(self) -> None:
        identity = await self._who()
        if identity.entra is not None:
            await self._attempt(identity, None)

    async def _issue(self, scopes: tuple[str, ...]) -> _IssuedToken:
        while True:
            identity = await self._who()
            if identity.anonymous or self._accepted is identity:
                token = await self._attempt(identity, scopes)
            else:
                # One tries, the others learn from it: many wrong passwords at once lock accounts.
                async with self._proving:
                    token = await self._attempt(identity, scopes) if self._identity is identity else None
            if token is not None:
                return token

    async def _attempt(self, identity: Identity, scopes: tuple[str, ...] | None) -> _IssuedToken | None:
        """A token, or None when the identity was refused and the next one is to be tried; scopes None: only exchange."""
        challenge = self._challenge
        if challenge is None:
            raise _refusal(self._options.host, identity.words)
        realm = self._service.realm(challenge, identity)
        try:
            answer = await self._ask(identity, challenge, realm, scopes)
        except (AuthenticationFailed, Forbidden) as error:
            if self._proven or identity.anonymous:
                raise
            if self._identity is identity:
                self._give_way(error)
            return None
        self._accepted = None if identity.anonymous else self._identity
        if answer is None or scopes is None:
            return None
        self._proven = self._proven or not identity.anonymous
        now = self._clock()
        value = answer.access_token or answer.token or ""
        return _IssuedToken(value, now, lifetime(value, answer.expires_in, now), shared=len(scopes) > 1)

    async def _ask(self, who: Identity, challenge: Challenge, realm: URL, scopes: tuple[str, ...] | None) -> WireToken | None:
        refresh = await self._refresh_token(who, challenge, realm)
        if scopes is None:
            return None
        try:
            return await self._service.token(challenge, realm, who, refresh, scopes)
        except AuthenticationFailed:
            cached = self._refresh
            if cached is None or cached.value != refresh or self._clock() - cached.issued < FRESH:
                raise
            # The registry rolled its keys or the token was revoked before its end: one new exchange is worth a try.
            _log.debug("%s: the registry's refresh token is not accepted any more: exchanged anew", self._options.host)
            self._refresh = None
            refresh = await self._refresh_token(who, challenge, realm)
            return await self._service.token(challenge, realm, who, refresh, scopes)

    async def _exchanged(self, challenge: Challenge, realm: URL, entra: str) -> str:
        """A refresh token. An Entra token that is over before its time is got anew, once."""
        try:
            return await self._service.exchange(challenge, realm, entra)
        except AuthenticationFailed:
            newer = await self._ways.renewed(entra)
            if newer == entra:
                raise
            _log.debug("%s: the token of Entra ID is not accepted any more: a new one is exchanged", self._options.host)
            return await self._service.exchange(challenge, realm, newer)

    async def _refresh_token(self, identity: Identity, challenge: Challenge, realm: URL) -> str:
        if identity.entra is None:
            return identity.refresh_token
        async with self._entry:
            if self._refresh is None or not self._refresh.usable(self._clock()):
                # The Entra token itself lives for about an hour: take the newest for each exchange.
                newest = await self._ways.current()
                token = await self._exchanged(challenge, realm, (newest.entra or identity.entra).value)
                now = self._clock()
                self._refresh = _IssuedToken(token, now, lifetime(token, None, now))
            return self._refresh.value


def _refusal(host: str, who: str) -> AuthenticationFailed:
    return AuthenticationFailed(
        f"{host} refused the sign-in{f' of {who}' if who else ''}",
        f"Check user and password, or sign in again: `docker login {host}`.",
    )
