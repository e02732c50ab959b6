"""What a refusal of a registry means, in our errors and in words."""

from __future__ import annotations

import time

import msgspec

from tui.domain.decoding import from_json
from tui.domain.events import AbsenceKind
from tui.domain.redaction import quoted
from tui.errors import (
    AuthenticationFailed,
    Forbidden,
    NotFound,
    ServerFault,
    SourceError,
    Throttled,
    Unreachable,
    UntrustedPayload,
)
from tui.sources.registry.wire import WireError, WireErrors
from tui.sources.throttle import parse_retry_after
from tui.sources.transport import Reply

__all__ = ["Asked", "RepositoryNotFound", "RouteNotFound", "absence", "fault", "retry_after"]


class RepositoryNotFound(NotFound):
    """The repository is not there (NAME_UNKNOWN)."""


class RouteNotFound(NotFound):
    """The server does not know this kind of request: not the thing is missing but the API."""


class Asked(msgspec.Struct, frozen=True):
    """What was asked of whom, for the words of an error: `what` reads after "cannot read"."""

    host: str
    what: str
    right: str = ""
    remedy: str = ""


def retry_after(reply: Reply) -> float | None:
    """Seconds to wait as the server says, None when it does not."""
    value = reply.header("retry-after")
    return parse_retry_after(value, time.time()) if value else None


def fault(reply: Reply, asked: Asked, identity: str) -> SourceError:
    """The error for an answer that is not a success; `identity` is who asked, empty for nobody."""
    said = _said(reply)
    match reply.status:
        case 401:
            return _refused(asked, identity, said)
        case 403:
            return _forbidden(reply, asked, identity, said)
        case 404:
            return _missing(reply, asked, said)
        case 405:
            return RouteNotFound(f"{asked.host} does not offer {asked.what} (405)", "Nothing to do: other ways are used.")
        case 429:
            return Throttled(
                f"{asked.host} answers that there are too many requests (429)",
                "It is asked again later; set `requests_per_minute` lower to leave room for others.",
                retry_after=retry_after(reply),
            )
        case status if status >= 500:
            return ServerFault(
                f"{asked.host} failed with {status} on {asked.what}{said}{_trace(reply)}",
                "It is tried again; if it lasts, tell the owner of the registry.",
                retry_after=retry_after(reply),
            )
        case status:
            return UntrustedPayload(
                f"{asked.host} answered {status} on {asked.what}{said}{_trace(reply)}", "Is this address really a registry?"
            )


def _refused(asked: Asked, identity: str, said: str) -> SourceError:
    if not identity:
        return AuthenticationFailed(
            f"{asked.host} wants a sign-in for {asked.what}{said}",
            f"Sign in: `docker login {asked.host}`, or for ACR `az login`.",
        )
    # A token that was just issued and is refused lacks the action: signing in again would not help.
    return Forbidden(f"{identity} may not read {asked.what} on {asked.host}{said}", asked.remedy, right=asked.right)


def _forbidden(reply: Reply, asked: Asked, identity: str, said: str) -> SourceError:
    if asked.what == "/v2/" or "not allowed access" in said.lower() or "client with ip" in said.lower():
        return Forbidden(
            f"{asked.host} refuses this machine's network address (403){said}{_trace(reply)}",
            "Its firewall lets only some networks in: use the private endpoint or VPN, or have this address allowed.",
            right="network access",
        )
    who = identity or "a caller that is not signed in"
    return Forbidden(f"{who} may not read {asked.what} on {asked.host}{said}", asked.remedy, right=asked.right)


def _missing(reply: Reply, asked: Asked, said: str) -> NotFound:
    codes = {error.code for error in _errors(reply)}
    if "NAME_UNKNOWN" in codes:
        return RepositoryNotFound(f"{asked.host} has no such repository: {asked.what}", "Was it deleted, renamed or misspelt?")
    if codes & {"MANIFEST_UNKNOWN", "TAG_UNKNOWN", "BLOB_UNKNOWN"}:
        return NotFound(f"{asked.host} does not have {asked.what}", "It was deleted or never pushed.")
    if codes or "json" in reply.header("content-type"):
        return NotFound(f"{asked.host} does not have {asked.what}{said}", "It was deleted or never pushed.")
    return RouteNotFound(f"{asked.host} knows no such path: {asked.what}", "Upper-case names and unknown APIs answer like this.")


def _errors(reply: Reply) -> list[WireError]:
    try:
        return from_json(reply.body, WireErrors).errors or []
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []


def _said(reply: Reply) -> str:
    found = [error.message or error.code or "" for error in _errors(reply)]
    text = "; ".join(part for part in found if part)
    return f": {quoted(text, 160)}" if text else ""


def _trace(reply: Reply) -> str:
    return f" (correlation id {reply.correlation})" if reply.correlation else ""


def absence(error: SourceError) -> AbsenceKind:
    """Why something could not be read, for the table of facts."""
    match error:
        case RouteNotFound() | RepositoryNotFound():
            return AbsenceKind.REPOSITORY_UNKNOWN
        case NotFound():
            return AbsenceKind.MANIFEST_UNKNOWN
        case AuthenticationFailed() | Forbidden():
            return AbsenceKind.DENIED
        case Unreachable():
            return AbsenceKind.UNREACHABLE
        case Throttled():
            return AbsenceKind.THROTTLED
        case UntrustedPayload():
            return AbsenceKind.UNTRUSTED
        case _:
            return AbsenceKind.FAILED
