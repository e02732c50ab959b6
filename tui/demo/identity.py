"""A managed identity: the endpoint of App Service's form, which azure-identity really asks (azure-identity, 2019-08-01)."""

from __future__ import annotations

import secrets
import time

from tui.demo.http import Reply, Request, json_reply
from tui.demo.registry.tokens import jwt

__all__ = ["ManagedIdentity"]

LIFE = 86_400
NAME = "mi-trustree-reader"


class ManagedIdentity:
    """Issues Entra tokens for the registries and says which are its own."""

    def __init__(self) -> None:
        self.secret = secrets.token_hex(16)
        self._issued: set[str] = set()

    def issued(self, token: str) -> bool:
        """Whether a token is one of ours."""
        return token in self._issued

    def expire(self) -> None:
        """No token that was issued until now counts any more."""
        self._issued.clear()

    async def handle(self, request: Request) -> Reply:
        """GET /msi/token with the header that proves that the asker sees our environment."""
        if request.path != "/msi/token":
            return json_reply({"statusCode": 404, "message": "Not Found"}, 404)
        if request.headers.get("x-identity-header") != self.secret:
            return json_reply({"statusCode": 401, "message": "Unauthorized"}, 401)
        resource = request.query.get("resource", "")
        expires = int(time.time()) + LIFE
        claims = {
            "aud": resource,
            "iss": "https://sts.windows.net/3c1e6a5d-0000-4000-8000-92b7c0de4411/",
            "exp": expires,
            "idtyp": "app",
            "uti": secrets.token_urlsafe(16),
        }
        token = jwt({**claims, "upn": f"{NAME}@contoso.example", "tid": "3c1e6a5d-0000-4000-8000-92b7c0de4411"})
        self._issued.add(token)
        return json_reply({"access_token": token, "expires_on": str(expires), "resource": resource, "token_type": "Bearer"})
