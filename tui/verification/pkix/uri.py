"""URIs as Go's net/url reads and writes them: certificates with names that are none are refused by its parser."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import quote, unquote, unquote_to_bytes

from tui.verification.faults import Malformed

__all__ = ["domain_is_valid", "host_of", "rewritten", "scheme_of"]

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_USER = re.compile(r"[A-Za-z0-9._:~!$&'()*+,;=%@-]*", re.ASCII)
_PORT = re.compile(r"(?::[0-9]*)?", re.ASCII)
_HOST = re.compile(r"(?:[A-Za-z0-9_.~!$&'()*+,;=:\[\]<>\"-]|%25|%[89A-Fa-f][0-9A-Fa-f])*", re.ASCII)
_ZONE = re.compile(r"(?:[A-Za-z0-9_.~!$&'()*+,;=:\[\]<>\" -]|%[0-9A-Fa-f]{2})*", re.ASCII)
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})", re.ASCII)

_PLAIN_AUTHORITY = re.compile(r"(?:[A-Za-z0-9._~:-]*@)?[A-Za-z0-9._~:\[\]-]*", re.ASCII)
_PATH = re.compile(r"(?:[A-Za-z0-9._~$&+,/:;=@!'()*\[\]-]|%[0-9A-Fa-f]{2})*", re.ASCII)
_FRAGMENT = re.compile(r"(?:[A-Za-z0-9._~$&+,/:;=@!'()*\[\]?-]|%[0-9A-Fa-f]{2})*", re.ASCII)


def rewritten(text: str) -> str:
    """The URI as Go writes it once it has read it (net/url `URL.String`), which is what names of signers are held against.

    The scheme in small letters, no empty fragment, and escapes for what must not stand there. ValueError when Go could not read
    it, or has an authority that it would write in another way.
    """
    scheme = scheme_of(text)
    rest, _, fragment = text.partition("#")
    hierarchy, question, query = (rest[len(scheme) + 1 :] if scheme else rest).partition("?")
    authority, path = "", hierarchy
    if hierarchy.startswith("//") and (scheme or not hierarchy.startswith("///")):
        host, slash, path = hierarchy[2:].partition("/")
        authority, path = f"//{host}", slash + path
        if _PLAIN_AUTHORITY.fullmatch(host) is None or not (host or path):
            raise Malformed("a URI whose host is written in more than one way")
    if (path.startswith("/") or not scheme) and _PATH.fullmatch(path) is None:
        path = quote(unquote_to_bytes(path), safe="$&+,/:;=@")
    if _FRAGMENT.fullmatch(fragment) is None:
        fragment = quote(unquote_to_bytes(fragment), safe="$&+,/:;=?@!()*")
    head = f"{scheme}:" if scheme else ""
    return f"{head}{authority}{path}{question}{query}" + (f"#{fragment}" if fragment else "")


def scheme_of(text: str) -> str:
    """The scheme in small letters, empty without one; ValueError when Go could not read the URI."""
    host_of(text)
    match = _SCHEME.match(text)
    return match[1].lower() if match else ""


def host_of(text: str) -> str:
    """Host and port without escapes, empty without an authority; ValueError when Go could not read the URI."""
    text, _, fragment = text.partition("#")
    if _CONTROL.search(text) or _ESCAPE.search(fragment):
        raise Malformed("not a URI")
    if text == "*":
        return ""
    if text.startswith(":"):
        raise Malformed("not a URI: it has no scheme")
    match = _SCHEME.match(text)
    scheme, hierarchy = (match[1], text[match.end() :]) if match else ("", text)
    return _after_scheme(scheme.lower(), hierarchy.partition("?")[0])


def _after_scheme(scheme: str, hierarchy: str) -> str:
    if not hierarchy.startswith("/"):
        if not scheme and ":" in hierarchy.partition("/")[0]:
            raise Malformed("not a URI: a colon in its first segment")
        if not scheme and _ESCAPE.search(hierarchy):
            raise Malformed("not a URI: a wrong escape")
        return ""
    host = ""
    if hierarchy.startswith("//") and (scheme or not hierarchy.startswith("///")):
        authority, slash, path = hierarchy[2:].partition("/")
        host, hierarchy = _authority(authority), slash + path
    if _ESCAPE.search(hierarchy):
        raise Malformed("not a URI: a wrong escape")
    return host


def _authority(text: str) -> str:
    user, separator, host = text.rpartition("@")
    if separator and (_USER.fullmatch(user) is None or _ESCAPE.search(user)):
        raise Malformed("not a URI: a wrong user")
    if host.startswith("[") and host.rfind("[") == 0:
        return _literal(host)
    if "[" in host:
        raise Malformed("not a URI: a wrong address")
    at_colon = host.rfind(":")
    if (at_colon >= 0 and _PORT.fullmatch(host[at_colon:]) is None) or _HOST.fullmatch(host) is None:
        raise Malformed("not a URI: a wrong host or port")
    return unquote(host, "latin-1")


def _literal(host: str) -> str:
    address, bracket, port = host[1:].rpartition("]")
    address, _, zone = address.partition("%25")
    if not bracket or _PORT.fullmatch(port) is None or _ZONE.fullmatch(zone) is None:
        raise Malformed("not a URI: a wrong address")
    ipaddress.IPv6Address(address)
    return host


def domain_is_valid(domain: str, *, constraint: bool) -> bool:
    """The rule of Go's x509 for names of constraints, and for hosts of URIs: no empty label, no character out of range."""
    if not domain:
        return True
    if constraint and domain.startswith("."):
        domain = domain[1:]
    return all(domain.split(".")) and all("!" <= character <= "~" for character in domain)
