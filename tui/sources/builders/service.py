"""Requests to a system that builds: what only reads is asked again, what changes something is sent once.

A change whose answer is lost may have been made: `OutcomeUnknown` says so, and whoever sent it looks the outcome up.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

import msgspec

from tui.domain.common.decoding import DECODING, from_json
from tui.domain.common.redaction import quoted
from tui.domain.facts.build import JobKey, Run
from tui.errors import AuthenticationFailed, NotFound, OutcomeUnknown, SourceError, UntrustedPayload
from tui.sources.kit.connecting import TransportOnDemand
from tui.sources.kit.entries import FORM
from tui.sources.kit.messages import message_of
from tui.sources.kit.retry import Retry, patiently
from tui.sources.kit.sending import outcome_unknown, sent_once
from tui.sources.kit.server_clock import ServerClock
from tui.sources.kit.throttle import Backoff, Quota, parse_retry_after
from tui.sources.kit.versions import AS_WRITTEN, PathVersions

if TYPE_CHECKING:
    from tui.sources.kit.transport import Reply, Transport

__all__ = [
    "PAGE",
    "Judge",
    "Service",
    "SignIn",
    "asked_to_wait",
    "decoded",
    "job_of",
    "path_part",
    "quoted_message",
    "strange",
    "too_many_runs",
]

T = TypeVar("T")
PAGE = 8 << 20
"""Bytes of one answer, a list of a hundred runs with all that is said of them."""
TRIES = 3
LONGEST_WAIT = 20.0
"""Seconds that a read waits for a server that asks for it; a longer wait is the caller's."""

SignIn = Callable[[], Awaitable[Mapping[str, str]]]
"""The headers that sign a request in; none when nobody is to be signed in. Raises AuthenticationFailed."""
Judge = Callable[["Reply", str], SourceError | None]
"""The error that an answer means, None when it is what was asked for; the text says what was wanted, as in "read the job"."""


class Service:
    """One system: its address, how to sign in, and which of its answers are refusals.

    `accept` is the type of its answers. `refused` is told when the headers that signed in are not accepted: where `sign_in` has
    others then, it is asked once more.
    """

    def __init__(
        self,
        title: str,
        base: str,
        connect: Callable[[], Transport],
        sign_in: SignIn,
        judge: Judge,
        first_wait: float = 1.0,
        refused: Callable[[], None] = lambda: None,
        accept: str = "application/json",
        versions: PathVersions = AS_WRITTEN,
    ) -> None:
        self.title, self.base = title, base.rstrip("/")
        self.judge = judge
        self._sign_in, self._first_wait, self._refused = sign_in, first_wait, refused
        self._transport = TransportOnDemand(connect)
        self._accept, self._versions = accept, versions
        self._clock = ServerClock()
        self._quota = Quota()

    @property
    def requests(self) -> int:
        """Requests sent so far."""
        return self._transport.requests

    async def aclose(self) -> None:
        """Release every connection."""
        await self._transport.close()

    async def read(
        self,
        path: str,
        purpose: str,
        *,
        accept: str = "",
        limit: int = PAGE,
        elsewhere: bool = False,
        judge: Judge | None = None,
    ) -> Reply:
        """An answer to a GET; `elsewhere`: its content may lie on another host, which never sees the credential.

        429, 5xx and cut answers are asked again a few times. Raises SourceError.
        """

        async def once(before: Mapping[str, str] | None = None) -> Reply:
            await self._quota.free()
            signed_in = await self._sign_in()
            headers = {"Accept": accept or self._accept, **signed_in}
            url = self.base + self._versions.path(path)
            reply = self._heard(
                await self._transport.open().request(
                    "GET", url, headers=headers, limit=limit, foreign_redirects=elsewhere, follow=elsewhere
                )
            )
            if self._versions.learn(path, reply):
                return await once(before)
            if error := (judge or self.judge)(reply, purpose):
                if before is None and await self._has_others(signed_in, error):
                    return await once(signed_in)
                raise error
            return reply

        return await patiently(once, Retry(Backoff(self._first_wait, LONGEST_WAIT / 2), TRIES - 1, LONGEST_WAIT))

    async def answer(self, path: str, kind: type[T], purpose: str) -> T:
        """The same, decoded."""
        return decoded(await self.read(path, purpose), kind, self.title, purpose)

    async def change(
        self,
        method: str,
        path: str,
        purpose: str,
        *,
        body: object = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        judge: Judge | None = None,
    ) -> Reply:
        """The answer to something sent once; redirects are answers. Raises OutcomeUnknown when it may have been done.

        Any other SourceError says that it was not.
        """
        content = None if body is None else msgspec.json.encode(body)
        more = {} if body is None else {"Content-Type": "application/json"}
        signed_in = await self._sign_in()
        reply = await self._sent(method, path, purpose, {**signed_in, **more, **(headers or {})}, content, form)
        refusal = (judge or self.judge)(reply, purpose)
        if reply.status == 401 and refusal is not None and await self._has_others(signed_in, refusal):
            signed_in = await self._sign_in()  # it was refused before anything was done
            reply = await self._sent(method, path, purpose, {**signed_in, **more, **(headers or {})}, content, form)
            refusal = (judge or self.judge)(reply, purpose)
        if refusal is not None:
            # A sign-in page says that nothing was done; of any other strange answer nobody can tell.
            if reply.status < 300 and not isinstance(refusal, AuthenticationFailed):
                raise self.unknown(purpose, refusal.headline)
            raise refusal
        return reply

    async def _has_others(self, signed_in: Mapping[str, str], error: SourceError) -> bool:
        """Whether a sign-in that is not accepted can be made anew."""
        if not isinstance(error, AuthenticationFailed):
            return False
        self._refused()
        return dict(await self._sign_in()) != dict(signed_in)

    async def _sent(
        self,
        method: str,
        path: str,
        action: str,
        headers: Mapping[str, str],
        content: bytes | None,
        form: Mapping[str, str] | None,
    ) -> Reply:
        """Send once, in the version that the system has. Raises OutcomeUnknown when nobody can say whether it was carried out."""
        await self._quota.free()
        answer = self._transport.open().request(
            method,
            self.base + self._versions.path(path),
            headers={"Accept": self._accept, **headers},
            content=content,
            form=form,
            limit=PAGE,
            follow=False,
        )
        reply = self._heard(await sent_once(answer, self.title, action))
        if self._versions.learn(path, reply):
            return await self._sent(method, path, action, headers, content, form)
        if reply.status >= 500:
            message = quoted_message(reply)
            raise self.unknown(action, f"it failed with {reply.status}" + (f": {message}" if message else ""))
        return reply

    def by_its_clock(self, moment: datetime) -> datetime:
        """A moment of ours by the clock of the system."""
        return self._clock.of(moment)

    def _heard(self, reply: Reply) -> Reply:
        """Its time, and how long it wants to be left alone: Azure DevOps says so with what it answers, before it refuses."""
        if reply.status < 400 and (seconds := asked_to_wait(reply)):
            self._quota.hold(min(seconds, LONGEST_WAIT))
        self._clock.hear(reply)
        return reply

    def unknown(self, purpose: str, reason: str) -> OutcomeUnknown:
        """The error for a change that may have been made."""
        return outcome_unknown(self.title, purpose, reason)


def path_part(name: str) -> str:
    """A name as one part of a path. Raises NotFound for one that would lead elsewhere."""
    if name.strip() in ("", ".", ".."):
        raise NotFound("a job has a name that leads elsewhere", "Correct the job in the configuration.")
    return quote(name, safe="")


def quoted_message(reply: Reply) -> str:
    """What a refusal in JSON says of itself, fit to be shown; empty when it says nothing."""
    return quoted(message_of(reply.body), 200)


def asked_to_wait(reply: Reply) -> float | None:
    """The seconds of `Retry-After`, None when it is not there."""
    return parse_retry_after(reply.header("retry-after"), datetime.now(UTC).timestamp())


def decoded(reply: Reply, kind: type[T], title: str, purpose: str) -> T:
    """The body of an answer. Raises UntrustedPayload when it is not in the form of the protocol."""
    try:
        return from_json(reply.body, kind)
    except DECODING as error:
        raise strange(title, purpose) from error


def strange(title: str, purpose: str) -> UntrustedPayload:
    """The error for an answer that is not in the form of the protocol."""
    return UntrustedPayload(
        f"{title} answers the request to {purpose} {FORM}",
        "Check the address of the builder in the configuration, and any proxy in between.",
    )


def too_many_runs(title: str) -> SourceError:
    """The error where a run is looked for and not all pages could be: that it is not there is not known then."""
    return SourceError(
        f"{title} has more runs since then than are looked through, so whether it was started is not known",
        "Look for the run there yourself.",
    )


def job_of(run: Run, title: str, named_by: str) -> JobKey:
    """The job of a run, `title` and what it is `named_by` as the builder calls them. Raises NotFound where it names none."""
    if run.job is None:
        raise NotFound(f"{title} is identified by its {named_by}, and none is named", f"Start it from its {named_by}.")
    return run.job
