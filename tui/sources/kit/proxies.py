"""The proxy that the environment names for a URL, read as the tools beside us read it: HTTPS_PROXY, HTTP_PROXY, NO_PROXY.

Source: golang.org/x/net/http/httpproxy, by which docker, kubectl, cosign and notation go: the name in capitals first; this
machine is always reached directly; NO_PROXY holds hosts and what lies below them, suffixes that begin with a dot, addresses,
ranges in CIDR form, each but the last with a port, or `*`.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NamedTuple

from yarl import URL

__all__ = ["NO_PROXY", "Proxies", "Proxy", "spared"]

SPOKEN = ("http", "https", "socks5", "socks5h")
_Address = IPv4Address | IPv6Address
_Matcher = Callable[[str, str, _Address | None], bool]


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

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._environ = os.environ if environ is None else environ
        self._known: dict[URL, Proxy] = {}

    def of(self, url: URL) -> Proxy:
        """The proxy on the way to a URL. Raises ValueError when the environment names one that cannot be used."""
        server = url.origin()
        proxy = self._known.get(server)
        if proxy is None:
            proxy = self._known[server] = _named(server, self._environ)
        return proxy


def _named(server: URL, environ: Mapping[str, str]) -> Proxy:
    # httpproxy takes no HTTP_PROXY from a web server's request (`Proxy:` becomes HTTP_PROXY in CGI).
    address = "" if server.scheme == "http" and environ.get("REQUEST_METHOD") else _either(environ, f"{server.scheme}_proxy")
    if not address or spared(server.raw_host or "", server.port or 0, _either(environ, "no_proxy")):
        return NO_PROXY
    url = URL(address if "://" in address else f"http://{address}")
    if url.scheme not in SPOKEN or not url.host:
        raise ValueError(f"{server.scheme.upper()}_PROXY is not the address of a proxy")
    if not url.user:
        return Proxy(url)
    credential = {"Proxy-Authorization": _basic(url.user, url.password or "")}
    tunnel = server.scheme == "https"
    return Proxy(url.with_user(None), credential if tunnel else None, {} if tunnel else credential)


def _either(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name.upper(), "") or environ.get(name, "")


def _basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def spared(host: str, port: int, no_proxy: str) -> bool:
    """Whether a server is reached without the proxy: this machine always, others where NO_PROXY means them."""
    address = _address(host)
    if host == "localhost" or (address is not None and address.is_loopback):
        return True
    return any(matches(host.strip().lower(), str(port), address) for matches in _matchers(no_proxy))


def _matchers(no_proxy: str) -> list[_Matcher]:
    entries = [entry.strip().lower() for entry in no_proxy.split(",")]
    if "*" in entries:
        return [lambda *_: True]
    return [matcher for entry in entries if (matcher := _matcher(entry)) is not None]


def _matcher(entry: str) -> _Matcher | None:
    """What one entry means; None where it means nothing."""
    if "/" in entry:
        return _range(entry) or _domain(entry, "")
    host, port = _split(entry)
    address = _address(host)
    if address is not None:
        return lambda _, server_port, server: server == address and port in ("", server_port)
    return _domain(host, port) if host else None


def _range(entry: str) -> _Matcher | None:
    try:
        network = ip_network(entry, strict=False)
    except ValueError:
        return None
    if not entry.rpartition("/")[2].isdigit():  # a netmask in dots is none of Go's forms
        return None
    return lambda _, __, server: server is not None and server in network


def _domain(host: str, port: str) -> _Matcher:
    host = host.removeprefix("*") if host.startswith("*.") else host
    suffix, exact = (host, "") if host.startswith(".") else (f".{host}", host)
    return lambda name, server_port, _: (name.endswith(suffix) or (bool(exact) and name == exact)) and port in ("", server_port)


def _split(entry: str) -> tuple[str, str]:
    """Host and port, as net.SplitHostPort reads them; without a port the whole is the host."""
    if entry.startswith("["):
        inner, closed, suffix = entry[1:].partition("]")
        return (inner, suffix[1:]) if closed and suffix.startswith(":") else (entry, "")
    host, colon, port = entry.rpartition(":")
    return (host, port) if colon and ":" not in host else (entry, "")


def _address(host: str) -> _Address | None:
    """The address that a host is written as; one of IPv4 within IPv6 is that of IPv4, as in Go."""
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
