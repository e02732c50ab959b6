"""How GitHub is spoken to: its address, its refusals, its two kinds of limits.

Sources: docs.github.com REST "troubleshooting" and "rate limits": 404 stands for a missing right on what is private, too; 403 and
429 may be limits, told by `x-ratelimit-remaining: 0` or by `retry-after`; a renamed repository is answered with 301.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tui.domain.common.text import clean
from tui.errors import AuthenticationFailed, ForeignAnswer, SourceError, Throttled
from tui.sources.builders.options import BuilderOptions, connected
from tui.sources.builders.secrets import Secret
from tui.sources.builders.service import Service, asked_to_wait, quoted_message
from tui.sources.kit.refusals import Refusal, Sentence, refusal_of, refused

if TYPE_CHECKING:
    from tui.sources.kit.transport import Reply

__all__ = ["API_VERSION", "READ", "WRITE", "api_of", "github_service", "judge_github", "web_of"]

API_VERSION = "2022-11-28"
ACCEPT = "application/vnd.github+json"
READ, WRITE = "Actions: read", "Actions: write"
SIGN_IN = "Sign in with `gh auth login`, or name the variable with a token in `token_env` of the builder."
CHECK_URL = "Check `url` of the builder in the settings, and any proxy in between."
SECONDARY_WAIT = 60.0
"""Seconds to wait for a secondary limit that names none (docs.github.com: "at least one minute")."""


def api_of(url: str) -> str:
    """The address of the API: of github.com, of a tenant of its own (`NAME.ghe.com`), or of a GitHub Enterprise Server."""
    parts = urlsplit(url or "https://api.github.com")
    host = parts.netloc.lower()
    if host in ("github.com", "www.github.com", "api.github.com"):
        return "https://api.github.com"
    if host.endswith(".ghe.com"):
        return f"https://{host}" if host.startswith("api.") else f"https://api.{host}"
    path = parts.path.rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{path if path.endswith('/api/v3') else f'{path}/api/v3'}"


def web_of(api: str) -> str:
    """The address of the pages for people."""
    parts = urlsplit(api)
    if parts.path.endswith("/api/v3"):
        return f"{parts.scheme}://{parts.netloc}{parts.path.removesuffix('/api/v3')}"
    return f"{parts.scheme}://{parts.netloc.removeprefix('api.')}"


def github_service(options: BuilderOptions, secret: Secret) -> Service:
    """Requests to one GitHub."""
    api = api_of(options.url)
    host = urlsplit(api).hostname or ""
    title = "GitHub" if host == "api.github.com" else f"GitHub at {clean(host, 80)}"

    async def sign_in() -> Mapping[str, str]:
        return {"X-GitHub-Api-Version": API_VERSION, **await secret.headers()}

    def judge(reply: Reply, action: str) -> SourceError | None:
        return judge_github(reply, action, title)

    return Service(title, api, lambda: connected(options, host), sign_in, judge, options.first_wait, secret.refused, ACCEPT)


def judge_github(reply: Reply, purpose: str, title: str) -> SourceError | None:
    """The error that an answer is."""
    if reply.status < 300:
        if not reply.is_page:
            return None
        return ForeignAnswer(f"what answers for {title} sends a page instead of data", CHECK_URL)
    if (wait := _limit(reply)) is not None:
        return Throttled(
            f"{title} asks for fewer requests", "Wait for that long; other programs use the same token.", retry_after=wait
        )
    kind = refusal_of(reply.status)
    return refused(kind, _sentence(kind, reply, title, purpose), asked_to_wait(reply))


def _limit(reply: Reply) -> float | None:
    """The seconds that a limit wants us to wait, None when it is none."""
    if reply.status not in (403, 429):
        return None
    if (seconds := asked_to_wait(reply)) is not None:
        return seconds
    reset = reply.header("x-ratelimit-reset")
    if reply.header("x-ratelimit-remaining") == "0" and reset.isascii() and reset.isdigit() and len(reset) < 12:
        return max(1.0, int(reset) - time.time())
    is_secondary = reply.status == 429 or b"secondary rate limit" in reply.body.lower()
    return SECONDARY_WAIT if is_secondary else None


def _sentence(kind: Refusal, reply: Reply, title: str, action: str) -> Sentence:
    message = quoted_message(reply)
    because = f": {message}" if message else ""
    right = WRITE if action.startswith(("start", "stop")) else READ
    match kind:
        case Refusal.SIGN_IN:
            return Sentence(f"{title} does not accept the sign-in{because}", SIGN_IN)
        case Refusal.RIGHT:
            remedy = f"Use a token with {right} (fine-grained), or with the scope repo (classic)."
            return Sentence(f"{title}: no right to {action}{because}", remedy, right=right)
        case Refusal.ABSENT if not message:
            return Sentence(f"what answers for {title} with 404 does not speak its API", CHECK_URL, error=ForeignAnswer)
        case Refusal.ABSENT:
            remedy = f"Check owner, repository and file; of what is private, a token without {right} sees nothing."
            return Sentence(f"{title} has nothing there to {action}, or does not show it", remedy)
        case Refusal.REDIRECT:
            moved = "The repository was renamed or moved: correct the job in the configuration."
            return Sentence(f"{title} says that it has moved", moved, error=SourceError)
        case Refusal.FAULT:
            return Sentence(
                f"{title} failed with {reply.status}{because}", "See www.githubstatus.com, or ask whoever runs the server."
            )
        case Refusal.LIMIT | Refusal.GONE | Refusal.OTHER:
            if reply.is_page:
                return Sentence(
                    f"what answers for {title} sends a page with {reply.status}", CHECK_URL, error=AuthenticationFailed
                )
            return Sentence(f"{title} refused to {action}{because}", "See the message.", error=SourceError)
