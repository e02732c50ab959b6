"""What a refusal of a registry means, in our errors and in words."""

from __future__ import annotations

import time
from datetime import datetime
from typing import assert_never

import msgspec

from tui.domain.common.decoding import DECODING, from_json
from tui.domain.common.redaction import quoted
from tui.domain.facts.events import AbsenceKind, LookupFailed, SourceId
from tui.domain.facts.image import RepositoryName
from tui.errors import (
    AuthenticationFailed,
    Forbidden,
    ForeignAnswer,
    NotFound,
    OtherBytes,
    SourceError,
    Throttled,
    Unreachable,
    UntrustedPayload,
)
from tui.sources.kit.refusals import Refusal, Sentence, refusal_of, refused
from tui.sources.kit.throttle import parse_retry_after
from tui.sources.kit.transport import Reply
from tui.sources.registry.options import is_acr
from tui.sources.registry.wire import WireError, WireErrors

__all__ = [
    "RepositoryNotFound",
    "RequestContext",
    "RouteNotFound",
    "absence",
    "acr_remedy",
    "failure",
    "fault",
    "no_answer",
    "not_offered",
    "retry_after",
    "sign_in_to",
]

# Codes by which a registry says that a thing is not there: OCI distribution-spec "Error Codes", NOT_FOUND of Harbor.
ABSENT = frozenset({"MANIFEST_UNKNOWN", "TAG_UNKNOWN", "BLOB_UNKNOWN", "MANIFEST_BLOB_UNKNOWN", "NOT_FOUND"})


class RepositoryNotFound(NotFound):
    """The repository is not there (NAME_UNKNOWN)."""


class RouteNotFound(ForeignAnswer):
    """The server does not know this kind of request: nothing is said of the thing, the API is missing, or no registry spoke."""


class RequestContext(msgspec.Struct, frozen=True):
    """What was asked of whom, for the words of an error: `resource` reads after "cannot read"."""

    host: str
    resource: str
    right: str = ""
    remedy: str = ""


def retry_after(reply: Reply) -> float | None:
    """Seconds to wait as the server says, None when it does not."""
    value = reply.header("retry-after")
    return parse_retry_after(value, time.time()) if value else None


def fault(reply: Reply, context: RequestContext, identity: str) -> SourceError:
    """The error for an answer that is not a success; `identity` is who context, empty for nobody."""
    if reply.status == 405:
        return locked(reply, context) if "REGISTRY_DISALLOWED_OPERATION" in _codes(reply) else not_offered(reply, context)
    kind = refusal_of(reply.status)
    return refused(kind, _sentence(kind, reply, context, identity), retry_after(reply))


def _sentence(kind: Refusal, reply: Reply, context: RequestContext, identity: str) -> Sentence:
    message = _message(reply)
    match kind:
        case Refusal.SIGN_IN:
            return _refused(context, identity, message)
        case Refusal.RIGHT:
            return _forbidden(reply, context, identity, message)
        case Refusal.ABSENT:
            return _missing(reply, context, message)
        case Refusal.LIMIT:
            return Sentence(
                f"{context.host} answers that there are too many requests (429)",
                "It is retried later; set `requests_per_minute` lower to leave room for others.",
            )
        case Refusal.FAULT:
            return Sentence(
                f"{context.host} failed with {reply.status} on {context.resource}{message}{_trace(reply)}",
                "It is retried; if it lasts, tell the owner of the registry.",
            )
        case Refusal.GONE | Refusal.REDIRECT | Refusal.OTHER:
            return Sentence(
                f"{context.host} answered {reply.status} on {context.resource}{message}{_trace(reply)}",
                "Is this address really a registry?",
                error=UntrustedPayload,
            )
        case _:
            assert_never(kind)


def _refused(context: RequestContext, identity: str, message: str) -> Sentence:
    if not identity:
        return Sentence(f"{context.host} wants a sign-in for {context.resource}{message}", sign_in_to(context.host))
    # A token that was just issued and is refused lacks the action: signing in again would not help.
    return _lacking(context, identity, message)


def _lacking(context: RequestContext, identity: str, message: str) -> Sentence:
    words = f"{identity} may not read {context.resource} on {context.host}{message}"
    return Sentence(words, context.remedy, right=context.right, error=Forbidden)


def _forbidden(reply: Reply, context: RequestContext, identity: str, message: str) -> Sentence:
    if context.resource == "/v2/" or "not allowed access" in message.lower() or "client with ip" in message.lower():
        return Sentence(
            f"{context.host} refuses this machine's network address (403){message}{_trace(reply)}",
            "Its firewall lets only some networks in: use the private endpoint or VPN, or have this address allowed.",
            right="network access",
        )
    if not identity:
        # Nobody lacks a right who is not signed in: it is the sign-in that is missing.
        words = f"{context.host} refuses {context.resource} to a caller that is not signed in (403){message}{_trace(reply)}"
        return Sentence(words, sign_in_to(context.host), error=AuthenticationFailed)
    return _lacking(context, identity, message)


def acr_remedy(action: str) -> str:
    """Which role or token of ACR brings an action on a repository (azure.md 1.2, 1.3)."""
    return (
        f"AcrPull on the registry has it, a token of the registry needs {action} in its scope map; "
        "with ABAC ask for Container Registry Repository Reader on the repository."
    )


def sign_in_to(host: str) -> str:
    """How somebody signs in to a registry."""
    return f"Sign in: `az login`, or `docker login {host}`." if is_acr(host) else f"Sign in: `docker login {host}`."


def not_offered(reply: Reply, context: RequestContext) -> RouteNotFound:
    """The error for an answer by which a registry says that it has no such API."""
    return RouteNotFound(
        f"{context.host} does not offer {context.resource} ({reply.status})", "Nothing to do: other ways are used."
    )


def locked(reply: Reply, context: RequestContext) -> Forbidden:
    """The error for what a lock of ACR forbids to everybody (Azure/azure-sdk-for-net#22827: 405 with a code of its own)."""
    return Forbidden(
        f"{context.host} does not allow {context.resource} to anybody: it is locked, or not to be read{_message(reply)}",
        "Ask the registry's owner who locked it; `az acr repository show` shows its attributes.",
        right="an unlocked image",
    )


def no_answer(reply: Reply, context: RequestContext) -> ForeignAnswer:
    """The error for a success with something else than was asked for."""
    return ForeignAnswer(
        f"{context.host} answers {context.resource} with a web page ({reply.status}): no registry speaks there",
        "A sign-in page, a proxy or an ingress answers like this. Check the address, and any proxy in between.",
    )


def _missing(reply: Reply, context: RequestContext, message: str) -> Sentence:
    """What a 404 means: only what is in the registry's own form says that something is not there."""
    codes = _codes(reply)
    if "NAME_UNKNOWN" in codes:
        words = f"{context.host} has no such repository: {context.resource}"
        return Sentence(words, "Was it deleted, renamed or misspelt?", error=RepositoryNotFound)
    if codes & ABSENT:
        return Sentence(f"{context.host} does not have {context.resource}{message}", "It was deleted or never pushed.")
    return Sentence(
        f"{context.host} knows no such path: {context.resource} (404{message if codes else ', not in the form of a registry'})",
        "An ingress or proxy, an unknown API or a name in upper case gets the same answer; whether it is there is not known.",
        error=RouteNotFound,
    )


def _errors(reply: Reply) -> list[WireError]:
    try:
        return from_json(reply.body, WireErrors).errors or []
    except DECODING:
        return []


def _codes(reply: Reply) -> set[str]:
    return {error.code for error in _errors(reply) if error.code}


def _message(reply: Reply) -> str:
    messages = [error.message or error.code or "" for error in _errors(reply)]
    text = "; ".join(filter(None, messages))
    return f": {quoted(text, 160)}" if text else ""


def _trace(reply: Reply) -> str:
    return f" (correlation id {reply.correlation})" if reply.correlation else ""


def absence(error: SourceError) -> AbsenceKind:
    """Why something could not be read, for the table of facts."""
    match error:
        case RepositoryNotFound():
            return AbsenceKind.REPOSITORY_UNKNOWN
        case NotFound():
            return AbsenceKind.MANIFEST_UNKNOWN
        case AuthenticationFailed() | Forbidden():
            return AbsenceKind.DENIED
        case Unreachable():
            return AbsenceKind.UNREACHABLE
        case Throttled():
            return AbsenceKind.THROTTLED
        case OtherBytes():
            return AbsenceKind.OTHER_BYTES
        case UntrustedPayload():
            return AbsenceKind.UNTRUSTED
        case _:
            return AbsenceKind.FAILED


def failure(source: SourceId, name: RepositoryName, reference: str, error: SourceError, moment: datetime) -> LookupFailed:
    """The fact that something could not be read, and why."""
    return LookupFailed(
        source=source,
        name=name,
        reference=reference,
        kind=absence(error),
        reason=error.headline,
        at=moment,
        remedy=error.remedy,
        right=error.right if isinstance(error, Forbidden) else "",
    )
