"""What a registry's 401 asks for: the `WWW-Authenticate` header and the life of the tokens it leads to."""

from __future__ import annotations

import base64
import re

import msgspec

from tui.domain.common.decoding import from_json

__all__ = ["Challenge", "granted", "lifetime", "parse_challenge"]

_SCHEME = re.compile(r"(?:^|,)\s*(Bearer|Basic)(?=\s|$|,)", re.IGNORECASE)
_PARAMETER = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
MAX_HEADER = 8192
# "If omitted, this defaults to 60 seconds" (distribution, docs/spec/auth/token.md).
DEFAULT_LIFE = 60.0
MAX_LIFE = 12 * 3600.0


class Challenge(msgspec.Struct, frozen=True):
    """One challenge: `bearer` or `basic`, with the token service of a bearer one; `scope` is empty on `/v2/`."""

    scheme: str
    realm: str = ""
    service: str = ""
    scope: str = ""


def parse_challenge(header: str) -> Challenge | None:
    """The challenge to answer, Bearer before Basic; None when there is none that we know (RFC 9110 11.6.1)."""
    text = header[:MAX_HEADER]
    challenges: dict[str, Challenge] = {}
    starts = list(_SCHEME.finditer(text))
    for index, match in enumerate(starts):
        end = starts[index + 1].start() if index + 1 < len(starts) else len(text)
        values = {
            m[1].lower(): re.sub(r"\\(.)", r"\1", m[2] or "") or m[3] or "" for m in _PARAMETER.finditer(text[match.end() : end])
        }
        scheme = match[1].lower()
        challenges[scheme] = Challenge(scheme, values.get("realm", ""), values.get("service", ""), values.get("scope", ""))
    return challenges.get("bearer") or challenges.get("basic")


class _Life(msgspec.Struct):
    exp: float | None = None
    access: list[dict[str, object]] | None = None


def lifetime(token: str, expires_in: float | None, now: float) -> float:
    """When a token ends, in epoch seconds: its `exp` if it is a JWT, otherwise `expires_in`."""
    claims = _claims(token)
    if claims is not None and claims.exp is not None:
        return min(claims.exp, now + MAX_LIFE)
    return now + min(expires_in if expires_in and expires_in > 0 else DEFAULT_LIFE, MAX_LIFE)


def granted(token: str) -> frozenset[str] | None:
    """The repositories that an access token is good for, None when it does not tell.

    ACR writes the members of `access` with capitals, others do not (azure.md 1.1): both are read.
    """
    claims = _claims(token)
    if claims is None or claims.access is None:
        return None
    entries = [{key.lower(): value for key, value in entry.items()} for entry in claims.access]
    return frozenset(str(entry.get("name")) for entry in entries if entry.get("actions"))


def _claims(token: str) -> _Life | None:
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        return from_json(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)), _Life)
    except (ValueError, msgspec.DecodeError, RecursionError):
        return None
