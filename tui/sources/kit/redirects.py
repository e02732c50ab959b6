"""Where a server may lead us: what is followed, and what goes along."""

from __future__ import annotations

from collections.abc import Sequence

from yarl import URL

from tui.domain.common.text import clean
from tui.errors import SourceError, UntrustedPayload

__all__ = ["REDIRECTS", "SEE_OTHER", "check_redirect", "is_loopback", "led_there", "same_origin", "sent_inside"]

SEE_OTHER = 303
REDIRECTS = frozenset({301, 302, 303, 307, 308})
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def same_origin(first: URL, second: URL) -> bool:
    """Whether scheme, host and port agree: the only place that may see the same credentials."""
    return (first.scheme, first.host, first.port) == (second.scheme, second.host, second.port)


def is_loopback(host: str | None) -> bool:
    """Whether a host is this machine."""
    return host in LOOPBACK


def sent_inside(home: str, url: URL) -> UntrustedPayload:
    """The error for a service that sends us to an address where it is not itself."""
    return UntrustedPayload(
        f"{home or 'the server'} sends us to {clean(url.host or '', 80)}, which is inside a network where it is not itself",
        "Nothing was sent there. If that is right: a host that signs in is named in `token_hosts` of the registry; for content, "
        "reach the registry by an `endpoint` in that network.",
    )


def led_there(way: Sequence[URL], error: SourceError) -> SourceError:
    """An error of the last place of a way, with a remedy for the first when that led to it: no setting is at fault."""
    first, last = way[0], way[-1]
    if same_origin(first, last):
        return error
    remedy = f"{first.host}:{first.port} redirects there: check its external URL, and whether this machine may reach that host."
    return type(error)(error.headline, remedy)


def check_redirect(url: URL, target: URL, foreign: bool, sending: bool) -> None:
    """Raise UntrustedPayload for a redirect that is not followed; `sending`: something is sent, so that its origin counts."""
    if target.scheme not in ("http", "https") or not target.host:
        raise UntrustedPayload(
            f"{url.host} redirects to something that is not a web address", "Check the endpoint in the settings."
        )
    if url.scheme == "https" and target.scheme != "https":
        raise UntrustedPayload(
            f"{url.host} redirects from https to http ({clean(target.host, 80)})",
            "Not followed, it could be read in transit. Fix the server's external URL.",
        )
    if sending and not same_origin(url, target):
        raise UntrustedPayload(
            f"{url.host}:{url.port} redirects what is sent to it to another place, {clean(str(target.origin()), 80)}",
            "Not followed: it may hold a secret. Fix the server's external URL, or set its `endpoint`.",
        )
    if not foreign and url.host != target.host:
        raise UntrustedPayload(
            f"{url.host} redirects this request to another host, {clean(target.host, 80)}",
            "Not followed: only content may come from elsewhere. If that host is the service, set it as its `endpoint`.",
        )
