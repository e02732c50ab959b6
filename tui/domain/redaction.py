"""What must never be shown or written down: credentials, wherever they turn up in a text."""

from __future__ import annotations

import re

from tui.domain.text import clean

__all__ = ["quoted", "redact"]

HIDDEN = "[hidden]"
_SECRET_NAMES = (
    r"x-registry-auth|client[_-]?secret|client[_-]?assertion|assertion"
    r"|(?:access|refresh|id|identity|bearer|auth|sas)[_-]?token|token|password|passwd|pwd|secret|api[_-]?key|account[_-]?key"
    r"|sig|x-ms-authorization\w*"
)
_HEADER_VALUE = r"(?:\"[^\"]*\"|'[^']*'|[^\r\n]+)"
# Order matters: whole headers and URLs first, then names with values, then what looks like a secret by itself.
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), HIDDEN),
    (
        re.compile(rf"((?:proxy-)?authorization|(?:set-)?cookie)([\"']?\s*[:=]\s*){_HEADER_VALUE}", re.IGNORECASE),
        rf"\1\2{HIDDEN}",
    ),
    (re.compile(r"([?&](?:code|signature)=)[^&\s\"']+", re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(r"\b(bearer|basic|negotiate)\s+[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (re.compile(r"(\b[a-z][a-z0-9+.-]{0,20}://)[^/\s@\"']*@", re.IGNORECASE), rf"\1{HIDDEN}@"),
    (
        re.compile(rf"(?<![A-Za-z])({_SECRET_NAMES})([\"']?\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^\s\"'&,;)}}\]]+)", re.IGNORECASE),
        rf"\1\2{HIDDEN}",
    ),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){0,4}"), HIDDEN),
)


def redact(text: str) -> str:
    """The text without credentials: headers, tokens, signatures of SAS URLs, passwords in URLs, private keys."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def quoted(text: str, limit: int) -> str:
    """What an outside system or program said, for a message of ours: on one line, cut, and without credentials.

    Servers and plugins echo what they were sent: a header, a URL with its signature, a token that they refuse.
    """
    return clean(redact(text), limit)
