"""The proxy that the environment names for a URL (HTTPS_PROXY, HTTP_PROXY, NO_PROXY, as urllib reads them)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import NamedTuple
from urllib.request import getproxies, proxy_bypass

from yarl import URL

__all__ = ["NO_PROXY", "Proxies", "Proxy"]


class Proxy(NamedTuple):
    """Where to send requests instead, None for straight to the server, and what the proxy is told of us.

    `connecting` are headers for the proxy when it opens a tunnel, `forwarded` those of each request that it reads itself.
    """

    url: URL | None = None
    connecting: Mapping[str, str] | None = None
    forwarded: Mapping[str, str] = {}


NO_PROXY = Proxy()


class Proxies:
    """What the environment says, read once for each server.

    aiohttp's own `trust_env` reads it anew for every request, and `~/.netrc` too, in two visits to a thread: with a busy
    interpreter each visit costs longer than the request, and a credential from there would be one that nobody asked for.
    """

    def __init__(self) -> None:
        self._known: dict[URL, Proxy] = {}

    def of(self, url: URL) -> Proxy:
        """The proxy on the way to a URL. Raises ValueError when the environment names something that is no address."""
        server = url.origin()
        found = self._known.get(server)
        if found is None:
            found = self._known[server] = _named(server)
        return found


def _named(server: URL) -> Proxy:
    named = getproxies().get(server.scheme, "")
    if not named or proxy_bypass(f"{server.host}:{server.port}"):
        return NO_PROXY
    at = URL(named if "://" in named else f"http://{named}")
    if not at.user:
        return Proxy(at)
    credential = {"Proxy-Authorization": _basic(at.user, at.password or "")}
    tunnel = server.scheme == "https"
    return Proxy(at.with_user(None), credential if tunnel else None, {} if tunnel else credential)


def _basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
