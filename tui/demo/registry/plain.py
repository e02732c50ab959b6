"""Plain distribution registries: open to everybody (as mcr.microsoft.com), or behind Basic authentication; and blob storage."""

from __future__ import annotations

import base64
from collections.abc import Iterable

from tui.demo.http import Reply, Request, json_reply, text_reply
from tui.demo.registry.distribution import Distribution
from tui.demo.registry.errors import API_VERSION, JSON, error, no_route
from tui.demo.registry_contents import RegistryContents

__all__ = ["OpenRegistry", "PasswordRegistry", "Storage"]

# Answers of distribution v3 (seen on 3.1.2): no Expose headers, and no referrers route.
_DISTRIBUTION = (API_VERSION, ("X-Content-Type-Options", "nosniff"))


class OpenRegistry:
    """A registry that asks nobody for anything; the catalog is not public."""

    def __init__(self, shelf: RegistryContents) -> None:
        self.distribution = Distribution(shelf)

    async def handle(self, request: Request) -> Reply:
        """One request."""
        if request.path == "/v2/_catalog":
            return no_route()
        return self.distribution.answer(request) if request.path.startswith("/v2") else no_route()


class PasswordRegistry:
    """distribution v3 with a password file: Basic authentication, no referrers API."""

    def __init__(self, shelf: RegistryContents, user: str, password: str) -> None:
        self._expected = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self.distribution = Distribution(shelf, referrers=False, headers=_DISTRIBUTION)

    async def handle(self, request: Request) -> Reply:
        """One request."""
        if not request.path.startswith("/v2"):
            return no_route()
        if request.headers.get("authorization", "") != self._expected:
            ask = ("Www-Authenticate", 'Basic realm="Registry Realm"')
            return error(401, "UNAUTHORIZED", "authentication required", None, (*_DISTRIBUTION, ask))
        return self.distribution.answer(request)


class Storage:
    """Where blobs are redirected to: it knows signed URLs only, and refuses a request that carries a registry's credentials."""

    def __init__(self, shelves: Iterable[RegistryContents]) -> None:
        self._shelves = {shelf.host: shelf for shelf in shelves}

    async def handle(self, request: Request) -> Reply:
        """One request."""
        if "authorization" in request.headers:
            words = "Authentication information is not given in the correct format. Check the value of Authorization header."
            return text_reply(f"<Error><Code>InvalidAuthenticationInfo</Code><Message>{words}</Message></Error>", 400)
        host, _, path = request.path.lstrip("/").partition("/")
        name, _, digest = path.rpartition("/")
        shelf = self._shelves.get(host)
        repository = shelf.open(name) if shelf else None
        body = repository.blobs.get(digest) if repository and request.query.get("sig") else None
        if body is None:
            return json_reply({"error": "BlobNotFound"}, 404, (JSON,))
        return Reply(200, body, (("Content-Type", "application/octet-stream"), ("X-Ms-Blob-Type", "BlockBlob")))
