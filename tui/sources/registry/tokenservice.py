"""The requests to a registry's token service, and who may be told what."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress

from yarl import URL

from tui.domain.common.text import clean, first_few
from tui.errors import AuthenticationFailed, Forbidden, SourceError, UntrustedPayload
from tui.sources.kit.redirects import is_loopback, same_origin
from tui.sources.kit.retry import Retry
from tui.sources.kit.throttle import PREMIUM_BUDGETS, Backoff, RequestClass, Throttle
from tui.sources.kit.transport import Reply, Transport, decode_json
from tui.sources.registry.challenge import Challenge
from tui.sources.registry.faults import RequestContext, fault, retry_after, sign_in_to
from tui.sources.registry.options import RegistryOptions, at_home, is_named, may_ask, may_hand_over
from tui.sources.registry.signin import Identity
from tui.sources.registry.wire import WireToken

__all__ = ["TokenService"]

_log = logging.getLogger(__name__)
TOKEN_LIMIT = 1 << 20
MOST_OF_STANDARD = 10_000 / 60
"""Sign-ins a second that a Standard registry allows."""
CLIENT_ID = "trustree"
TRIES = 4
Form = list[tuple[str, str]]


class TokenService:
    """Asks for refresh and access tokens. Sources: distribution docs/spec/auth; Azure/acr AAD-OAuth.md and recordings."""

    def __init__(self, options: RegistryOptions, transport: Transport, throttle: Throttle) -> None:
        self._options, self._transport, self._throttle = options, transport, throttle
        self.exchanges = 0
        self.tokens = 0

    def realm(self, challenge: Challenge, who: Identity) -> URL:
        """Where to ask, led to the endpoint. Raises AuthenticationFailed when this identity must not go there.

        0. What is spoken to over https is never left for plain http. 1. The registry itself may always be asked: its scheme, host
        and port. 2. A token of Entra ID goes to no other place that the operator does not name.
        3. A login goes where its registry's logins are known to go. 4. Nobody's request carries no secret, but what it brings
        goes to the registry: another host is asked only where everybody could have that.
        """
        try:
            realm = URL(challenge.realm)
            host = realm.host
        except ValueError as error:
            raise UntrustedPayload(f"{self._options.host} names no usable token service", "Is it really a registry?") from error
        routed = self._options.route(realm)
        if host and self._options.base.scheme == "https" and routed.scheme != "https":
            raise AuthenticationFailed(
                f"{self._options.host} is spoken to over https and wants sign-ins sent over plain http, to "
                f"{clean(str(routed.origin()), 120)}",
                "Nothing was sent there: it could be read in transit. The registry's realm must be an https address.",
            )
        if host and (same_origin(routed, self._options.base) or self._may_sign_in(realm, who)):
            if not who.anonymous:
                self.check_channel(routed)
            return routed
        other = "port" if host and host == self._options.base.host else "host"
        raise AuthenticationFailed(
            f"{self._options.host} wants sign-ins sent to another {other}: {clean(str(realm.with_query(None)), 120)}",
            "Nothing was sent there. If that is its token service, add the host to `token_hosts` of this registry.",
        )

    def _may_sign_in(self, realm: URL, who: Identity) -> bool:
        if who.entra is not None and not is_named(self._options, realm):
            return False
        return may_hand_over(self._options, realm) or (who.anonymous and may_ask(self._options, realm))

    def check_channel(self, url: URL) -> None:
        """Raise AuthenticationFailed when credentials would be readable on the way."""
        if url.scheme != "https" and not is_loopback(url.host):
            raise AuthenticationFailed(
                f"{self._options.host} asks for a sign-in over plain http",
                'Nothing was sent: it could be read in transit. Use https, or `auth = "anonymous"`.',
            )

    async def exchange(self, challenge: Challenge, realm: URL, entra: str) -> str:
        """ACR: a refresh token for a token of Entra ID."""
        self.exchanges += 1
        service = challenge.service or self._options.host
        form = [("grant_type", "access_token"), ("service", service), ("access_token", entra)]
        reply = await self._ask("POST", realm.with_path("/oauth2/exchange").with_query(None), form)
        answer = self._read(reply, "the exchange of the Entra token")
        if not answer.refresh_token:
            raise UntrustedPayload(
                f"{self._options.host} exchanged the Entra token for nothing", "Is it really a container registry?"
            )
        _log.debug("%s: the token of Entra ID was exchanged for one of the registry", self._options.host)
        return answer.refresh_token

    async def token(self, challenge: Challenge, realm: URL, who: Identity, refresh: str, scopes: Sequence[str]) -> WireToken:
        """An access token for the scopes, by whatever this identity has."""
        self.tokens += 1
        service = challenge.service or self._options.host
        fields: Form = [("service", service), *(("scope", scope) for scope in scopes)]
        if refresh:
            grant = [("grant_type", "refresh_token"), ("refresh_token", refresh), ("client_id", CLIENT_ID)]
            reply = await self._ask("POST", realm, [*grant, *fields])
        elif who.login is None and self._options.acr:
            reply = await self._ask("POST", realm, [("grant_type", "password"), *fields])
        else:
            reply = await self._docker_style(realm, who, fields)
        answer = self._read(reply, "the token service")
        if not (answer.access_token or answer.token):
            raise UntrustedPayload(f"the token service of {self._options.host} gave no token", "Is it really a registry?")
        lives = f"{answer.expires_in} s" if answer.expires_in else "as long as it says itself"
        scope = first_few(scopes, 1) or "no scope"
        _log.debug("%s: a token for %s as %s, valid %s", self._options.host, scope, who.words or "anybody", lives)
        return answer

    async def _docker_style(self, realm: URL, who: Identity, fields: Form) -> Reply:
        url = realm.extend_query(fields)
        if who.login is None:
            return await self._ask("GET", url)
        reply = await self._ask("GET", url.extend_query(account=who.login.username), headers={"Authorization": who.login.basic()})
        if reply.status not in (404, 405):
            return reply
        grant = [("grant_type", "password"), ("username", who.login.username), ("password", who.login.password)]
        return await self._ask("POST", realm, [*grant, ("client_id", CLIENT_ID), *fields])

    async def _ask(self, method: str, url: URL, form: Form | None = None, headers: dict[str, str] | None = None) -> Reply:
        retry = Retry(Backoff(), TRIES - 1)
        while True:
            async with self._throttle.slot(RequestClass.OAUTH):
                # Whoever answers for the registry chose the place, unless it is the registry's own or named by the operator.
                wary = not at_home(self._options, url)
                reply = await self._transport.request(
                    method,
                    str(url),
                    headers=headers,
                    form=form,
                    limit=TOKEN_LIMIT,
                    rewrite=self._options.route,
                    wary=wary,
                    stay=True,
                )
            if reply.status != 429 or retry.wait(0.0) is None:
                self._learn(reply)
                return reply
            seconds = self._throttle.penalise(retry_after(reply))
            _log.debug("%s: the token service answered 429; everybody waits %.1f s", self._options.host, seconds)

    def _learn(self, reply: Reply) -> None:
        """ACR tells how many sign-ins a second are left, which tells its kind: at most 166.67 in Basic and Standard."""
        if not self._options.acr or self._options.requests_per_minute:
            return
        with suppress(ValueError):
            if float(reply.header("x-ms-ratelimit-remaining-calls-per-second")) > MOST_OF_STANDARD + 1.0:
                self._throttle.allow(PREMIUM_BUDGETS)

    def _read(self, reply: Reply, endpoint: str) -> WireToken:
        if reply.status != 200:
            raise self._refused(reply, endpoint)
        return decode_json(reply.body, WireToken, f"the answer of {endpoint} of {self._options.host}")

    def _refused(self, reply: Reply, endpoint: str) -> SourceError:
        error = fault(reply, RequestContext(self._options.host, endpoint), "")
        # 400 is how OAuth says that a grant is invalid (RFC 6749 5.2).
        if reply.status in (400, 401):
            return AuthenticationFailed(
                f"{self._options.host} refused the sign-in at {endpoint} ({reply.status})",
                f"It may be wrong or have expired. {sign_in_to(self._options.host)}",
            )
        if reply.status == 403 and not isinstance(error, Forbidden):
            return AuthenticationFailed(f"{self._options.host} refused the sign-in at {endpoint} (403)", error.remedy)
        return error
