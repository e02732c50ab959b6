"""The hosts of registries as people write them: an address of the web will do, as long as it says no more than a host."""

from __future__ import annotations

import re

from tui.domain.common.text import clean
from tui.domain.facts.reference import is_registry
from tui.errors import UsageError

__all__ = ["endpoint_fault", "holds_user", "registry_host"]

SCHEME = "https://"
RIGHT = "Write it as host or host:port, such as contoso.azurecr.io."
SIGN_IN = "Sign in by `docker login HOST`, or by `username` and `password_env` of the registry in the settings."
PLAIN = 'Write the host alone; plain http is asked for in the settings: [registry."HOST"] with endpoint = "http://HOST".'
_SHOWN = re.compile(r"(?:[a-z]{2,6}://)?(?:[\w.-]*|\[[\w:.]*\])(?::\d*)?(?:/[\w./-]*)?|[0-9a-f:]+")


def registry_host(text: str, where: str) -> str:
    """The host that a text names, without `https://` and a slash at its end. Raises UsageError, and repeats no password.

    `where` begins the sentence: what the text was given to.
    """
    if holds_user(text):
        raise UsageError(f"{where} names a user, or a password, besides the host.", f"{RIGHT} {SIGN_IN}")
    host = text.removeprefix(SCHEME).removesuffix("/")
    if not host:
        raise UsageError(f"{where} names no host.", RIGHT)
    if "://" in host:
        raise UsageError(f"{where} names {_shown(text)}, which is not spoken to over https.", PLAIN)
    if "/" in host:
        remedy = f"{RIGHT} What is shown of it is chosen by a query, such as repo:NAME."
        raise UsageError(f"{where} names {_shown(text)}: a registry has no path.", remedy)
    if not is_registry(host) or not _readable(host):
        raise UsageError(f"{where} names {_shown(text)}, which is not the host of a registry.", RIGHT)
    return host


def holds_user(address: str) -> bool:
    """Whether an address holds a user or a password, which would be shown wherever it is."""
    return "@" in address or "%40" in address


def endpoint_fault(address: str) -> str:
    """Why an address cannot be connected to as the endpoint of a registry, without repeating it; empty when it can."""
    if holds_user(address):
        return "holds a user or a password"
    host = address.removeprefix("http://").removeprefix(SCHEME).removesuffix("/")
    if "://" in host:
        return "is not of http or https"
    if "/" in host:
        return "has a path, which no registry has"
    return "" if is_registry(host) and _readable(host) else "is not an address"


def _readable(host: str) -> bool:
    """Whether labels that stand for other alphabets can be read as such (RFC 3492)."""
    for label in host.lower().partition(":")[0].split("."):
        if label.startswith("xn--"):
            try:
                decoded = label[4:].encode().decode("punycode")
                if decoded.isascii() or not decoded.isprintable():
                    return False
            except UnicodeError:
                return False
    return True


def _shown(text: str) -> str:
    """The text in quotes; something else when it could hold more than an address."""
    return f"“{clean(text, 80)}”" if _SHOWN.fullmatch(text) else "something"
