"""Addresses as they were written: the next page, or a signed address, may count character by character.

yarl writes an address anew (`%2F` in a query becomes `/`, `%27` an apostrophe), which means the same to most servers, and not to
one that checks a signature over what it wrote.
"""

from __future__ import annotations

import re

from yarl import URL

__all__ = ["exact", "led_to"]

# What may stand in a path or a query as it is (RFC 3986 3.3 and 3.4), or percent-encoded.
_TARGET = re.compile(r"/(?:[A-Za-z0-9!$&'()*+,\-./:;=?@_~]|%[0-9A-Fa-f]{2})*", re.ASCII)
_DOTS = re.compile(r"/\.{1,2}(?:[/?]|$)")


def exact(address: str) -> URL:
    """An address, its path and query as they are written where they may be sent so. Raises ValueError for what is no address."""
    url = URL(address)
    scheme, separator, _ = address.partition("://")
    target = _target(address[len(scheme) + len(separator) :]) if separator else ""
    if not url.host or url.user is not None or not _TARGET.fullmatch(target) or _DOTS.search(target.partition("?")[0]):
        return url
    return URL(f"{url.origin()}{target}", encoded=True)


def led_to(url: URL, location: str) -> URL:
    """Where an answer from `url` leads to (RFC 9110 10.2.2). Raises ValueError for what is no address."""
    if location.startswith("/") and not location.startswith("//"):
        return exact(f"{url.origin()}{location}")
    return exact(location) if "://" in location.partition("?")[0] else url.join(URL(location))


def _target(rest: str) -> str:
    """Path and query of what follows the scheme; the fragment is nobody's but ours."""
    place = min((index for index in (rest.find("/"), rest.find("?")) if index >= 0), default=len(rest))
    target = rest[place:].partition("#")[0]
    return target if target.startswith("/") else f"/{target}"
