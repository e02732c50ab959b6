"""How Jenkins is spoken to: its refusals, and the crumb with the session that it is bound to.

Sources: jenkinsci/jenkins `DefaultCrumbIssuer` (a crumb counts with the session cookie that it came with), `ApiCrumbExclusion`
(an API token needs none), `X-Jenkins` and `X-Error` on its answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tui.domain.common.redaction import quoted
from tui.errors import AuthenticationFailed, Forbidden, ForeignAnswer, NotFound, SourceError
from tui.sources.builders.jenkins.wire import Crumb
from tui.sources.builders.secrets import Secret
from tui.sources.builders.service import Service, asked_to_wait, decoded
from tui.sources.kit.refusals import Refusal, Sentence, refusal_of, refused

if TYPE_CHECKING:
    from tui.sources.kit.transport import Reply, Transport

__all__ = ["JenkinsSession"]

SIGN_IN = "Check `username` and `token_env` of the builder: an API token is made in Jenkins under the user's Security."
CHECK_URL = "Check `url` of the builder in the settings, and any proxy in between."
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}", re.ASCII)
_RESERVED = frozenset({"authorization", "host", "cookie", "content-length", "content-type", "transfer-encoding", "accept"})
_SESSION = re.compile(r"(?:^|[,;\s])(JSESSIONID[A-Za-z0-9._-]*=[^;,\s]{1,512})", re.ASCII)
_NO_CRUMB = b"No valid crumb"


class JenkinsSession:
    """Requests to one Jenkins; a crumb is got before the first thing that is sent, and anew when it is refused."""

    def __init__(self, title: str, url: str, connect: Callable[[], Transport], secret: Secret, first_wait: float) -> None:
        self._secret = secret
        self._crumb: Mapping[str, str] | None = None
        self.service = Service(title, url, connect, secret.headers, self._judge, first_wait, secret.refused)

    async def post(self, path: str, purpose: str, form: Mapping[str, str] | None = None) -> Reply:
        """The answer to something sent once. Raises as `Service.change`; a refused crumb started nothing, and is got anew."""
        for last in (False, True):
            if self._crumb is None:
                self._crumb = await self._new_crumb()
            try:
                return await self.service.change("POST", path, purpose, form=form or {}, headers=self._crumb)
            except _CrumbRefused as error:
                self._crumb = None
                if last:
                    raise Forbidden(error.headline, error.remedy) from error
        raise AssertionError("unreachable")

    async def crumb_state(self) -> str:
        """What `doctor` is told of the crumb. Raises SourceError."""
        self._crumb = await self._new_crumb()
        return "a crumb is given with the session" if self._crumb else "no crumb is asked for"

    async def _new_crumb(self) -> Mapping[str, str]:
        """The headers that go with what is sent; none where Jenkins issues no crumbs (404)."""
        try:
            reply = await self.service.read("/crumbIssuer/api/json", "get a crumb")
        except NotFound:
            return {}
        crumb = decoded(reply, Crumb, self.service.title, "get a crumb")
        field, value = crumb.crumb_request_field, crumb.crumb
        if not _FIELD.fullmatch(field) or field.lower() in _RESERVED or not (value.isascii() and value.isprintable()):
            raise ForeignAnswer(f"{self.service.title} sends a crumb that cannot be sent back", CHECK_URL)
        cookies = "; ".join(_SESSION.findall(reply.header("set-cookie")))
        return {field: value, **({"Cookie": cookies} if cookies else {})}

    def _judge(self, reply: Reply, action: str) -> SourceError | None:
        title = self.service.title
        if 300 <= reply.status < 400:
            if not is_sign_in(reply.header("location")):
                return (
                    None if reply.header("x-jenkins") else ForeignAnswer(f"{title} redirects the request to {action}", CHECK_URL)
                )
            return AuthenticationFailed(f"{title} asks to be signed in to", SIGN_IN)
        if reply.status < 300:
            return self._page(reply, action)
        if reply.status == 403 and _NO_CRUMB in reply.body:
            return _CrumbRefused(f"{title} did not take the crumb it gave, and did nothing", SIGN_IN)
        kind = refusal_of(reply.status)
        if not reply.header("x-jenkins") and kind in (Refusal.ABSENT, Refusal.OTHER, Refusal.GONE):
            return ForeignAnswer(f"what answers for {title} with {reply.status} is not Jenkins", CHECK_URL)
        return refused(kind, _sentence(kind, reply, title, action), asked_to_wait(reply))

    def _page(self, reply: Reply, action: str) -> SourceError | None:
        if not reply.is_page or reply.header("x-text-size") or reply.header("content-type").startswith("text/plain"):
            return None
        if "xml" in reply.header("content-type"):
            return None
        if reply.header("x-jenkins"):
            return AuthenticationFailed(f"{self.service.title} answers the request to {action} with a page", SIGN_IN)
        return ForeignAnswer(f"what answers for {self.service.title} sends a page, and is not Jenkins", CHECK_URL)


class _CrumbRefused(SourceError):
    """The crumb is missing or of another session; nothing was done."""


def is_sign_in(location: str) -> bool:
    """Whether an address is that of a sign-in."""
    path = urlsplit(location).path if len(location) < 2_000 else ""
    return path.rstrip("/").endswith("/login") or path == "login" or "securityRealm" in path or "/oauth" in path


def _sentence(kind: Refusal, reply: Reply, title: str, action: str) -> Sentence:
    error = quoted(reply.header("x-error"), 200)
    because = f": {error}" if error else ""
    match kind:
        case Refusal.SIGN_IN:
            return Sentence(f"{title} does not accept the sign-in", SIGN_IN)
        case Refusal.RIGHT:
            right = _right(action)
            return Sentence(
                f"{title}: no right to {action}{because}", f"Ask whoever runs Jenkins for {right} on the job.", right=right
            )
        case Refusal.ABSENT:
            return Sentence(
                f"{title} has nothing there to {action}, or does not show it",
                "Check the name of the job (folder/name) in the configuration; one that may not be read looks the same.",
            )
        case Refusal.LIMIT:
            return Sentence(f"{title} asks for fewer requests", "Wait a while.")
        case Refusal.FAULT:
            return Sentence(f"{title} failed with {reply.status}{because}", "See its own log; it may be starting.")
        case _:
            return Sentence(f"{title} refused to {action} with {reply.status}{because}", CHECK_URL)


def _right(action: str) -> str:
    if action.startswith("start"):
        return "Job/Build"
    return "Job/Cancel" if action.startswith(("stop", "take")) else "Job/Read"
