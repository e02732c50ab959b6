"""A JSON web service with a sign-in: statuses as errors, short waits obeyed, sign-in pages told from answers."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, assert_never

import msgspec

from tui.domain.common.redaction import quoted
from tui.errors import (
    AuthenticationFailed,
    ForeignAnswer,
    SourceError,
)
from tui.sources.kit.messages import message_of
from tui.sources.kit.refusals import Refusal, Sentence, refusal_of, refused
from tui.sources.kit.retry import Retry, patiently
from tui.sources.kit.throttle import Backoff, parse_retry_after
from tui.sources.kit.versions import AS_WRITTEN, PathVersions

if TYPE_CHECKING:
    from tui.sources.kit.transport import Reply, Transport

__all__ = ["ApiRequest", "ApiService", "WebApi", "place_of", "quota_reset", "refusal"]

TRIES = 4
LONGEST_WAIT = 120.0
"""Seconds that a request waits for a server that asks for it; a longer wait ends the reading with Throttled."""
WHOLE_SECOND = 1.0
"""A span in whole seconds has lost up to one: who comes when it says so comes early, and is refused once more."""
PAGE_LIMIT = 64 << 20
"""Bytes of one page; real ones have at most some 10 MiB."""
_TOLD_WAIT = re.compile(r"try again after '?(\d{1,5})'? seconds", re.IGNORECASE)


class ApiService(msgspec.Struct, frozen=True):
    """A service in words: what it is called, how to sign in to it, the right that reading needs."""

    title: str
    base: str
    sign_in: str
    right: str = ""
    ask_for: str = ""


class ApiRequest(msgspec.Struct, frozen=True):
    """A request; `path` begins with `/` and has its query, `purpose` reads after "asked to", `body` is sent as JSON."""

    method: str
    path: str
    purpose: str
    body: object = None
    headers: Mapping[str, str] = {}


class WebApi:
    """Sends requests to one service over a transport that its owner closes; `first_wait` seconds grow with each failure."""

    def __init__(
        self, service: ApiService, transport: Transport, first_wait: float = 1.0, versions: PathVersions = AS_WRITTEN
    ) -> None:
        self.service = service
        self._transport, self._first_wait, self._versions = transport, first_wait, versions

    async def call(self, request: ApiRequest, limit: int = PAGE_LIMIT, accepted: Collection[int] = (200, 201)) -> Reply:
        """A reply with an accepted status that claims to be JSON. Raises SourceError.

        429, 5xx and cut answers are asked again a few times, after the wait that the server names.
        """
        retry = Retry(Backoff(self._first_wait, LONGEST_WAIT / 4), TRIES - 1, LONGEST_WAIT)
        return await patiently(lambda: self._once(request, limit, accepted), retry)

    async def _once(self, request: ApiRequest, limit: int, accepted: Collection[int]) -> Reply:
        headers = {"Accept": "application/json", **request.headers}
        content = None
        if request.body is not None:
            headers["Content-Type"] = "application/json"
            content = msgspec.json.encode(request.body)
        url = self.service.base + self._versions.path(request.path)
        reply = await self._transport.request(request.method, url, headers=headers, content=content, limit=limit)
        if reply.status not in accepted:
            if self._versions.learn(request.path, reply):
                return await self._once(request, limit, accepted)
            raise refusal(reply, request.purpose, self.service)
        if reply.is_page:
            raise AuthenticationFailed(
                f"{self.service.title} answers with a web page instead of data",
                f"A sign-in page or a proxy answers like this. {self.service.sign_in}",
            )
        return reply


def refusal(reply: Reply, purpose: str, service: ApiService) -> SourceError:
    """The error that a status means; only the service's own message is quoted, not pages of proxies."""
    kind = refusal_of(reply.status)
    return refused(kind, _sentence(kind, reply, purpose, service), _wait(reply))


def _sentence(kind: Refusal, reply: Reply, action: str, service: ApiService) -> Sentence:
    message = quoted(message_of(reply.body), 200)
    because = f": {message}" if message else ""
    match kind:
        case Refusal.SIGN_IN:
            return Sentence(f"{service.title} does not accept the sign-in{because}", service.sign_in)
        case Refusal.RIGHT:
            return Sentence(f"{service.title}: no right to {action}{because}", service.ask_for, right=service.right)
        case Refusal.ABSENT if not message:
            return Sentence(
                f"{service.title} does not know the request to {action} (404, not in its own form)",
                "A proxy or an ingress answers like this: check the address of the service, and any proxy in between.",
                error=ForeignAnswer,
            )
        case Refusal.ABSENT:
            return Sentence(
                f"{service.title} does not know the request to {action} (404){because}", "Check the address of the service."
            )
        case Refusal.LIMIT:
            return Sentence(f"{service.title} asks for fewer requests", "It is retried.")
        case Refusal.FAULT:
            return Sentence(f"{service.title} failed with {reply.status}{because}", "It is retried.")
        case Refusal.REDIRECT:
            return Sentence(f"{service.title} redirects to nowhere", "Check the address of the service.")
        case Refusal.GONE | Refusal.OTHER:
            words = f"{service.title} refused to {action} with {reply.status}{because}"
            return Sentence(words, "See the message; it is retried.", error=SourceError)
        case _:
            assert_never(kind)


def _wait(reply: Reply) -> float | None:
    """The wait asked for: `Retry-After`, what Resource Graph says of the user's quota, or a sentence of Resource Manager.

    Recorded: 429 without a header, "Please try again after '6' seconds."
    """
    seconds = parse_retry_after(reply.header("retry-after"), datetime.now(UTC).timestamp())
    if seconds is None:
        seconds = quota_reset(reply)
    match = _TOLD_WAIT.search(reply.body[:4096].decode("utf-8", "replace")) if seconds is None and reply.status == 429 else None
    return float(match.group(1)) if match else seconds


def place_of(endpoint: str) -> str:
    """The host of an address, with its port and path; without who signs in by it."""
    return endpoint.partition("://")[2].rpartition("@")[2].strip("/")


def quota_reset(reply: Reply) -> float | None:
    """Seconds until the user's quota of Azure is whole again for certain, as the header says it; None when it does not."""
    span = _clock_seconds(reply.header("x-ms-user-quota-resets-after"))
    return None if span is None else span + WHOLE_SECOND


def _clock_seconds(text: str) -> float | None:
    """Seconds of a span written `hh:mm:ss`, None when it is none."""
    parts = text.split(":")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 4 for part in parts):
        return None
    hours, minutes, seconds = (int(part) for part in parts)
    return float(hours * 3600 + minutes * 60 + seconds)
