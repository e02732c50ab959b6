"""How Azure DevOps is spoken to: its sign-in pages, its refusals, and the permissions that it tells without acting.

Sources: recorded answers (401 with an empty list); a token that is over or wrong is answered with 203 and a sign-in page, or with
302 to `_signin`; "Permissions - Has Permissions" and "Security namespaces" of its documentation for the bits of `Build`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from tui.domain.common.text import clean
from tui.errors import AuthenticationFailed, ForeignAnswer, SourceError
from tui.sources.builders.options import BuilderOptions, connected
from tui.sources.builders.pipelines.versions import ServerVersions
from tui.sources.builders.secrets import Secret
from tui.sources.builders.service import Service, asked_to_wait, quoted_message
from tui.sources.kit.refusals import Refusal, Sentence, refusal_of, refused

if TYPE_CHECKING:
    from tui.sources.kit.transport import Reply

__all__ = ["BUILD_NAMESPACE", "QUEUE", "RIGHTS", "STOP", "VERSION", "VIEW", "permission_path", "pipelines_service"]

VERSION = "api-version=7.1"
BUILD_NAMESPACE = "33344d9c-fc72-4d6f-aba5-fa317101a7e9"
VIEW, QUEUE, STOP = 1, 128, 512
RIGHTS = {VIEW: "View builds", QUEUE: "Queue builds", STOP: "Stop builds"}
SIGN_IN = "Name the variable with a personal access token (Build: Read & execute) in `token_env`, or sign in with `az login`."
CHECK_URL = "Check `url` of the builder in the settings (https://dev.azure.com/ORGANISATION), and any proxy in between."


def pipelines_service(options: BuilderOptions, secret: Secret) -> Service:
    """Requests to one organisation."""
    parts = urlsplit(options.url)
    host = parts.hostname or ""
    title = f"Azure DevOps ({clean(parts.path.strip('/') or host, 80)})"

    def judge(reply: Reply, action: str) -> SourceError | None:
        return _judge(reply, action, title)

    return Service(
        *(title, options.url, lambda: connected(options, host), secret.headers, judge, options.first_wait, secret.refused),
        versions=ServerVersions(),
    )


def permission_path(token: str, bit: int) -> str:
    """Where it is asked whether we have a permission of builds."""
    return f"/_apis/permissions/{BUILD_NAMESPACE}/{bit}?tokens={quote(token, safe='')}&{VERSION}"


def _judge(reply: Reply, action: str, title: str) -> SourceError | None:
    is_sign_in = reply.status == 203 or reply.status in (301, 302, 303, 307)
    if is_sign_in or (reply.status < 300 and reply.is_page):
        return AuthenticationFailed(f"{title} shows a sign-in page: nobody is signed in, or the token has expired", SIGN_IN)
    if reply.status < 300:
        return None
    kind = refusal_of(reply.status)
    return refused(kind, _sentence(kind, reply, title, action), asked_to_wait(reply))


def _sentence(kind: Refusal, reply: Reply, title: str, action: str) -> Sentence:
    message = quoted_message(reply)
    because = f": {message}" if message else ""
    match kind:
        case Refusal.SIGN_IN:
            return Sentence(f"{title} does not accept the sign-in", SIGN_IN)
        case Refusal.RIGHT:
            right = RIGHTS[QUEUE if action.startswith("start") else STOP if action.startswith("stop") else VIEW]
            remedy = f"Ask an administrator of the project for “{right}” of the pipeline; a token needs Build: Read & execute."
            return Sentence(f"{title}: no right to {action}{because}", remedy, right=right)
        case Refusal.ABSENT if not message:
            return Sentence(f"what answers for {title} with 404 does not speak its API", CHECK_URL, error=ForeignAnswer)
        case Refusal.ABSENT:
            remedy = "Check project and number of the pipeline; what may not be seen looks the same."
            return Sentence(f"{title} has nothing there to {action}, or does not show it{because}", remedy)
        case Refusal.LIMIT:
            return Sentence(f"{title} asks for fewer requests", "Wait for that long; other programs use the same user.")
        case Refusal.FAULT:
            return Sentence(f"{title} failed with {reply.status}{because}", "See status.dev.azure.com.")
        case Refusal.REDIRECT | Refusal.GONE | Refusal.OTHER:
            return Sentence(f"{title} refused to {action}{because}", "See the message.", error=SourceError)
