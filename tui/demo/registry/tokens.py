"""Tokens of an Azure Container Registry: the exchange of an Entra token, and access tokens per scope.

Paths, bodies and claims: ../recordings of the real service (azure-cli-extensions, test_acrquery; sdk-python 2021-06).
"""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Callable, Mapping
from typing import TypedDict
from urllib.parse import parse_qsl

from tui.demo.http import Headers, Reply, Request, json_reply
from tui.demo.registry.errors import JSON, error

__all__ = ["Grant", "TokenService", "jwt"]

REFRESH_LIFE = 11_700  # 3 h 15 min
ACCESS_LIFE = 4_500  # 75 min
# Premium registries: 20,000 a minute.
RATE = 333.316667
# scope string -> the actions that are granted
Grant = Callable[[str, str, list[str]], list[str]]


def jwt(claims: Mapping[str, object]) -> str:
    """A token with these claims; the signature is random, as only its issuer looks at it."""
    header = {"alg": "RS256", "typ": "JWT", "kid": "DEMO:DEMO:DEMO:DEMO:DEMO:DEMO:DEMO:DEMO:DEMO:DEMO:DEMO:DEMO"}
    parts = [json.dumps(part, separators=(",", ":")).encode() for part in (header, claims)]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (*parts, secrets.token_bytes(32)))


class _Entry(TypedDict):
    Type: str
    Name: str
    Actions: list[str]


class TokenService:
    """Issues tokens for one registry; `entra` says whether an Entra token is good, `grant` which actions a scope gives.

    With `anonymous` a token is issued to nobody, too (`anonymousPullEnabled`).
    """

    def __init__(self, host: str, entra: Callable[[str], bool], grant: Grant, *, anonymous: bool = False) -> None:
        self._host, self._entra, self._grant, self._anonymous = host, entra, grant, anonymous
        self._refresh: dict[str, float] = {}
        self._access: dict[str, tuple[float, frozenset[str]]] = {}
        self._left = RATE

    def allows(self, token: str, needed: tuple[str, ...]) -> bool:
        """Whether an access token is good for all of the scopes `type:name:action`."""
        expires, scopes = self._access.get(token, (0.0, frozenset()))
        return expires > time.time() and all(scope in scopes for scope in needed)

    def exchange(self, request: Request) -> Reply:
        """POST /oauth2/exchange: an Entra token for a refresh token."""
        form = _form(request)
        if form.get("grant_type") != "access_token" or not self._entra(form.get("access_token", "")):
            return self._refused()
        token = jwt(self._claims(REFRESH_LIFE, {"grant_type": "refresh_token", **_PERMISSIONS}))
        self._refresh[token] = time.time() + REFRESH_LIFE
        return json_reply({"refresh_token": token}, headers=self._rate()).chunk()

    def issue(self, request: Request) -> Reply:
        """POST or GET /oauth2/token: an access token for one or several scopes."""
        pairs = parse_qsl(request.body.decode("utf-8", "replace")) if request.method == "POST" else request.pairs
        form = dict(pairs)
        if not self._signed_in(form):
            return self._refused()
        scopes = [scope for name, value in pairs if name == "scope" for scope in value.split(" ") if scope]
        access = [self._entry(scope) for scope in scopes]
        token = jwt(
            self._claims(ACCESS_LIFE, {"grant_type": "access_token", "access": [entry for entry in access if entry["Actions"]]})
        )
        granted = frozenset(f"{entry['Type']}:{entry['Name']}:{action}" for entry in access for action in entry["Actions"])
        self._access[token] = (time.time() + ACCESS_LIFE, granted)
        return json_reply({"access_token": token}, headers=self._rate()).chunk()

    def _signed_in(self, form: Mapping[str, str]) -> bool:
        if form.get("grant_type") == "password":
            return self._anonymous and "username" not in form
        return form.get("grant_type") == "refresh_token" and self._refresh.get(form.get("refresh_token", ""), 0.0) > time.time()

    def _entry(self, scope: str) -> _Entry:
        kind, _, resource = scope.partition(":")
        name, _, actions = resource.rpartition(":")
        return {"Type": kind, "Name": name, "Actions": self._grant(kind, name, actions.split(","))}

    def _claims(self, life: int, more: Mapping[str, object]) -> dict[str, object]:
        now = int(time.time())
        who = {"jti": secrets.token_hex(16), "sub": "6b1f2c3a-0000-4000-8000-5f0e9f1d7a11", "nbf": now - 900, "exp": now + life}
        about = {"iat": now, "iss": "Azure Container Registry", "aud": self._host, "version": "1.0", "rid": secrets.token_hex(16)}
        return {
            **who,
            **about,
            "appid": "0f6b1c2d-0000-4000-8000-3a5d2e8c4b77",
            "tenant": "3c1e6a5d-0000-4000-8000-92b7c0de4411",
            **more,
        }

    def _rate(self) -> Headers:
        # A token bucket that other clients share: it comes back by itself.
        self._left = RATE if self._left < RATE - 2 else self._left - 1 / 60
        return (JSON, ("x-ms-ratelimit-remaining-calls-per-second", f"{self._left:.6f}"))

    def _refused(self) -> Reply:
        words = "authentication required, visit https://aka.ms/acr/authorization for more information."
        return error(401, "UNAUTHORIZED", words, None)


_PERMISSIONS: dict[str, object] = {
    "permissions": {"Actions": ["read", "write", "delete", "deleted/read", "deleted/restore/action"], "NotActions": None},
    "roles": [],
}


def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode("utf-8", "replace")))
